"""Splink 5 beside the engine: for each set of records the settings that its own documentation uses for it.

FEBRL, ``fake_1000`` and ``historical_50k`` are worked examples there. For referrals of UK households, which are not,
the settings are comparisons of its library, term frequencies for names, one comparison for the address, and training on
blocks tighter than a household, which of those tried is the kindest.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from tests.bench.labelled import Labelled

#: From what probability on its examples make groups.
CLUSTERS_FROM = 0.95
_Rule = Any


@dataclass(frozen=True)
class Recipe:
    """What is said to Splink about one kind of records: what it compares, where it looks, and how it is trained.

    ``surely_same`` are rules that hold for nothing but one person, for ``recall`` of all pairs of one person.
    """

    comparisons: Sequence[Any]
    blocks: Sequence[_Rule]
    surely_same: Sequence[_Rule]
    recall: float
    training_blocks: Sequence[_Rule]
    columns: Mapping[str, str] = field(default_factory=dict)
    random_pairs: float = 1e6
    with_term_frequencies: bool = False


@dataclass(frozen=True)
class Answers:
    """Splink's pairs as (place, place, bits), the group of each record, and how long it took."""

    pairs: Sequence[tuple[int, int, float]]
    groups: Sequence[int]
    seconds: float


def answers(data: Labelled) -> Answers:
    """Train Splink on the records, without labels, and let it score and group them."""
    start = perf_counter()
    recipe = _RECIPES[data.name]()
    logging.getLogger("splink").setLevel(logging.ERROR)  # its advice on settings, which here are its own
    database = duckdb.connect()
    database.execute("SET threads = 1")  # as the engine has
    linker = _linker(data, recipe, database)
    train = linker.training
    train.estimate_probability_two_random_records_match(list(recipe.surely_same), recall=recipe.recall)
    train.estimate_u_using_random_sampling(max_pairs=recipe.random_pairs, seed=1)
    for block in recipe.training_blocks:
        train.estimate_parameters_using_expectation_maximisation(
            block, estimate_without_term_frequencies=not recipe.with_term_frequencies
        )
    scored = linker.inference.predict(warning_mode="never")
    grouped = linker.clustering.cluster_pairwise_predictions_at_threshold(
        scored, threshold_match_probability=CLUSTERS_FROM
    )
    pairs = database.execute(
        f"SELECT least(place_l, place_r), greatest(place_l, place_r), match_weight FROM {scored.physical_name}"
    ).fetchall()
    names = database.execute(f"SELECT place, cluster_id FROM {grouped.physical_name} ORDER BY place").fetchall()
    return Answers(pairs, [group for _, group in names], perf_counter() - start)


def _linker(data: Labelled, recipe: Recipe, database: duckdb.DuckDBPyConnection) -> Linker:
    """Splink on the records: one table, or one for each source where only pairs of two are looked for."""
    settings = SettingsCreator(
        link_type="link_only" if data.across else "dedupe_only",
        unique_id_column_name="place",
        comparisons=list(recipe.comparisons),
        blocking_rules_to_generate_predictions=list(recipe.blocks),
    )
    api = DuckDBAPI(database)
    made = "".join(f", {words} AS {name}" for name, words in recipe.columns.items())
    api.register([{"place": at, **row} for at, row in enumerate(data.rows)], table_name="given")
    tables = []
    for source in sorted({record.source for record in data.records}) if data.across else [None]:
        where = f"WHERE source = '{source}'" if source is not None else ""
        name = f"records_{source or 'all'}"
        database.execute(f"CREATE TABLE {name} AS SELECT *{made} FROM given {where}")
        tables.append(api.register(name))
    return Linker(tables, settings, log_level=None)


# --- referrals of UK households -------------------------------------------------------------------------------------


def _uk() -> Recipe:
    return Recipe(
        comparisons=[
            cl.NameComparison("forename").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("sex"),
            _address(),
            cl.ExactMatch("phone"),
            cl.ExactMatch("email"),
        ],
        blocks=[
            block_on("forename", "surname"),
            block_on("surname", "dob"),
            block_on("forename", "dob"),
            block_on("postcode", "surname"),
            block_on("postcode", "forename"),
            block_on("postcode", "dob"),
            block_on("address", "substr(forename, 1, 1)"),
            block_on("uprn", "substr(forename, 1, 1)"),
            block_on("phone"),
            block_on("email"),
        ],
        surely_same=[block_on("forename", "surname", "dob"), block_on("forename", "surname", "postcode")],
        recall=0.8,
        training_blocks=[
            block_on("forename", "surname", "dob"),
            block_on("forename", "surname", "postcode"),
            block_on("dob", "postcode"),
        ],
        random_pairs=1e7,
    )


def _essnet() -> Recipe:
    """A census and a survey: no phones, e-mails or property numbers, and few enough to look further."""
    uk = _uk()
    blocks = [block_on("forename", "surname"), block_on("dob"), block_on("postcode")]
    return replace(uk, comparisons=uk.comparisons[:5], blocks=blocks)


def _address() -> cl.CustomComparison:
    """One comparison for the home: the dwelling, its postcode, its sector, its area."""
    inward = "regexp_extract(postcode_{side}, '^[^ ]+ ?[0-9]?')"
    same_sector = f"{inward.format(side='l')} = {inward.format(side='r')}"
    outward = "split_part(postcode_{side}, ' ', 1)"
    same_outward = f"{outward.format(side='l')} = {outward.format(side='r')}"
    return cl.CustomComparison(
        output_column_name="home",
        comparison_levels=[
            cll.Or(cll.NullLevel("postcode"), cll.NullLevel("address")),
            cll.ExactMatchLevel("address"),
            cll.ExactMatchLevel("postcode"),
            cll.CustomLevel(same_sector, label_for_charts="same sector"),
            cll.CustomLevel(same_outward, label_for_charts="same outward half"),
            cll.ElseLevel(),
        ],
    )


# --- worked examples of Splink's documentation ----------------------------------------------------------------------


def _febrl3() -> Recipe:
    return Recipe(
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocks=[block_on(each) for each in ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")],
        surely_same=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
        training_blocks=[block_on("date_of_birth"), block_on("postcode")],
        with_term_frequencies=True,
    )


def _febrl4() -> Recipe:
    return Recipe(
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        blocks=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
        surely_same=[block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        recall=0.8,
        training_blocks=[block_on("date_of_birth"), block_on("postcode")],
    )


def _fake_1000() -> Recipe:
    like_birth = "levenshtein(r.dob, l.dob) <= 1"
    return Recipe(
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        blocks=[block_on(each) for each in ("first_name", "surname", "dob", "email")],
        surely_same=[
            f"l.first_name = r.first_name and {like_birth}",
            f"l.surname = r.surname and {like_birth}",
            "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
            block_on("email"),
        ],
        recall=0.7,
        training_blocks=[block_on("dob"), block_on("email"), block_on("first_name", "surname")],
    )


def _historical() -> Recipe:
    area = "substr(postcode_fake, 1, 3)"
    return Recipe(
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="both_names"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        blocks=[
            block_on("substr(first_name, 1, 3)", "substr(surname, 1, 4)"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("postcode_fake", "first_name"),
            block_on("postcode_fake", "surname"),
            block_on("dob", "birth_place"),
            block_on(area, "dob"),
            block_on(area, "first_name"),
            block_on(area, "surname"),
            block_on("substr(first_name, 1, 2)", "substr(surname, 1, 2)", "substr(dob, 1, 4)"),
        ],
        surely_same=[
            block_on("first_name", "surname", "dob"),
            block_on("substr(first_name, 1, 2)", "surname", "substr(postcode_fake, 1, 2)"),
            block_on("dob", "postcode_fake"),
        ],
        recall=0.6,
        training_blocks=[block_on("first_name", "surname"), block_on("dob")],
        columns={"both_names": "first_name || ' ' || surname"},
        random_pairs=1e7,
    )


_RECIPES: Mapping[str, Callable[[], Recipe]] = {
    "uk_10k": _uk,
    "uk_100k": _uk,
    "essnet_even": _essnet,
    "febrl3": _febrl3,
    "febrl4": _febrl4,
    "fake_1000": _fake_1000,
    "historical_50k": _historical,
}
