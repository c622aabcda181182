"""Every record of a table beside every other: Splink on DuckDB, with the engine's own levels and weights.

The rule is not written a second time. Splink finds the pairs by the engine's keys, adds up the model's bits and makes
the groups, a chunk of records at a time; how alike two records are it asks of the engine (``levels``, a function of
ours that DuckDB calls once for each pair); what may become of them is :func:`prevention.matching.decide.judge`'s.

Needs ``requirements/batch.txt``: a process that does no such comparison imports nothing from here.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil, log2

import duckdb
import numpy as np
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.clustering import cluster_pairwise_predictions_at_threshold

from prevention.matching import lists
from prevention.matching.blocking import cap, keys
from prevention.matching.compare import LEVELS, Comparison, compare
from prevention.matching.decide import ScoredPair, judge
from prevention.matching.frequencies import Frequencies, NameRarity
from prevention.matching.model import Model
from prevention.matching.record import Record
from prevention.matching.training import Pattern, Trained, unlikeness

# Splink's advice is for whoever writes settings: it finds it odd that a level of ours may be neither null nor a column.
logging.getLogger("splink").setLevel(logging.ERROR)

#: Records on the left of a chunk's pairs: some 500,000 pairs, whose weights take a quarter of a gigabyte.
_CHUNK = 50_000
#: Keys handed to DuckDB at a time.
_ROWS = 500_000
_PARTS = ("person", "household", "home")
_BITS_A_FIELD = 4
_ALL_BITS = 2**_BITS_A_FIELD - 1
_SHIFT = {name: at * _BITS_A_FIELD for at, name in enumerate(LEVELS)}
_NUMBER = {name: {level: number for number, level in enumerate(levels)} for name, levels in LEVELS.items()}
_LEVEL = {name: tuple(levels) for name, levels in LEVELS.items()}


def packed(comparison: Comparison) -> int:
    """A comparison as one number, four bits a field, for a column of a table."""
    number = 0
    for name, shift in _SHIFT.items():
        number |= _NUMBER[name][getattr(comparison, name)] << shift
    return number


def unpacked(number: int) -> Comparison:
    """The comparison that :func:`packed` made the number of."""
    return Comparison(**{name: _LEVEL[name][number >> shift & _ALL_BITS] for name, shift in _SHIFT.items()})


def splink_settings(model: Model) -> SettingsCreator:
    """The model in Splink's words: for each class a comparison of every field, whose levels weigh what ours do.

    Splink knows two classes and adds up one weight. Three stand side by side here and are weighed in :data:`_SCORED`.
    Runs on each of Splink's backends where a function ``levels(place_l, place_r)`` is registered.
    """
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="place",
        blocking_rules_to_generate_predictions=[block_on("key", arrays_to_explode=["key"])],
        comparisons=[_comparison(model, part, name) for part in _PARTS for name in LEVELS],
        probability_two_random_records_match=0.5,
        retain_matching_columns=True,  # the levels too
        retain_intermediate_calculation_columns=True,
        additional_columns_to_retain=["forename_rarity", "surname_rarity"],
    )


def _comparison(model: Model, part: str, name: str) -> dict[str, object]:
    levels = []
    for number, (level, words) in enumerate(LEVELS[name].items()):
        bits = getattr(model.bits[name][level], part)
        levels.append(
            {
                "sql_condition": f"levels(place_l, place_r) >> {_SHIFT[name]} & {_ALL_BITS} = {number}",
                "label_for_charts": words,
                # What counts is the ratio; neither may be more than one.
                "m_probability": 2.0 ** min(bits, 0.0),
                "u_probability": 2.0 ** -max(bits, 0.0),
            }
        )
    levels[-1]["sql_condition"] = "ELSE"
    return {"output_column_name": f"{part}_{name}", "comparison_levels": levels}


class WholeTable:
    """A table of records, ready to be compared with itself. Some 2 kB a record are held in memory."""

    def __init__(
        self,
        records: Sequence[Record],
        model: Model,
        frequencies: Frequencies | None = None,
        keys_of: Callable[[Record], Sequence[str]] = keys,
    ) -> None:
        self._records = records
        self._model = model
        self._keys_of = keys_of
        self._database = duckdb.connect()
        self._database.execute("SET threads = 1")  # levels are Python's, one at a time; more threads only wait
        self._splink = DuckDBAPI(self._database)
        self._database.create_function("levels", self._levels, ["BIGINT", "BIGINT"], "BIGINT")
        counted = frequencies or Frequencies.of(records)
        self._counted_records = counted.records
        self._strangers = log2(max(counted.records, model.prior_records) / model.prior_records)
        self._load(counted)

    def pairs(self, reached: Callable[[float], None] = lambda _share: None) -> Iterator[ScoredPair]:
        """Every two records that share a key and may be one person or of one home (above 1 %).

        ``reached`` is told after each chunk what share of the records is done; what it raises ends the comparison.
        """
        for weighed in self._weighed(reached):
            self._database.execute(_scored(weighed, self._model, self._strangers))
            while rows := self._database.fetchmany(10_000):
                for left, right, bits, person, home, number in rows:
                    comparison = unpacked(number)
                    both = self._records[left], self._records[right]
                    decision, _ = judge(comparison, bits, both, self._model)
                    yield ScoredPair(left, right, bits, person, home, comparison, decision)

    def patterns(self, reached: Callable[[float], None] = lambda _share: None) -> list[Pattern]:
        """How often each comparison is met among all pairs that share a key, in a fixed order."""
        counted: Counter[tuple[int, float, float]] = Counter()
        for weighed in self._weighed(reached):
            for number, forename, surname, pairs in self._database.execute(_counted(weighed)).fetchall():
                counted[number, forename, surname] += pairs
        return [
            Pattern(unpacked(number), NameRarity(self._counted_records, forename, surname), pairs)
            for (number, forename, surname), pairs in sorted(counted.items())
        ]

    def _weighed(self, reached: Callable[[float], None]) -> Iterator[str]:
        """The names of tables with Splink's weights for every pair, a chunk of records in each; gone when read."""
        linker = Linker(self._splink.register("records"), splink_settings(self._model), log_level=None)
        chunks = max(1, ceil(len(self._records) / _CHUNK))
        for chunk in range(1, chunks + 1):
            weighed = linker.inference.predict_chunk((chunk, chunks), (1, 1), warning_mode="never")
            yield weighed.physical_name
            weighed.drop_table_from_database_and_remove_from_cache()
            reached(chunk / chunks)

    def groups(self, pairs: Iterable[tuple[int, int]]) -> list[int]:
        """For each record the place of the first that it is connected with by these pairs, in any number of steps."""
        self._database.execute("CREATE OR REPLACE TABLE edges (place_l BIGINT, place_r BIGINT)")
        _insert(self._database, "edges", zip(*pairs, strict=True))
        grouped = cluster_pairwise_predictions_at_threshold(
            self._splink.register("records"), self._splink.register("edges"), self._splink, "place"
        )
        rows = self._database.execute(
            f"SELECT min(place) OVER (PARTITION BY cluster_id) FROM {grouped.physical_name} ORDER BY place"  # noqa: S608 - Splink's name
        ).fetchall()
        return [first for (first,) in rows]

    def _levels(self, one: int, other: int) -> int:
        return packed(compare(self._records[one], self._records[other]))

    def _load(self, frequencies: Frequencies) -> None:
        """Give DuckDB the records: their places, how rare their names are, and their keys but for those of too many."""
        rarities = [frequencies.rarity(record, self._model) for record in self._records]
        self._database.execute("CREATE TABLE names (place BIGINT, forename_rarity DOUBLE, surname_rarity DOUBLE)")
        columns = (range(len(rarities)), [each.forename for each in rarities], [each.surname for each in rarities])
        _insert(self._database, "names", columns)
        self._database.execute("CREATE TABLE held (place BIGINT, key VARCHAR)")
        places: list[int] = []
        words: list[str] = []
        for at, record in enumerate(self._records):
            found = self._keys_of(record)
            words += found
            places += [at] * len(found)
            if len(words) > _ROWS or at == len(self._records) - 1:
                _insert(self._database, "held", (places, words))
                places, words = [], []
        counted = self._database.execute("SELECT key, count(*) FROM held GROUP BY key HAVING count(*) > 1").fetchall()
        shared = [key for key, count in counted if count <= cap(key)]
        self._database.execute("CREATE TABLE shared (key VARCHAR)")
        _insert(self._database, "shared", (shared,))
        self._database.execute(
            "CREATE TABLE records AS SELECT names.*, coalesce(list(held.key), []) AS key "
            "FROM names LEFT JOIN (held SEMI JOIN shared USING (key)) held USING (place) GROUP BY ALL"
        )
        self._database.execute("DROP TABLE held; DROP TABLE shared; DROP TABLE names")


def learn_from_list(
    records: Sequence[Record], before: Model, version: str, reached: Callable[[float], None] = lambda _share: None
) -> tuple[Trained, list[Pattern]]:
    """The model of a list of people without homes, and how the pairs among which it looks for one person compare.

    Raises:
        Invalid: there is nothing to learn from.
    """
    model = lists.learn(records, before, version)
    patterns = WholeTable(records, model, keys_of=lists.keys).patterns(reached)
    trained = Trained(
        model=lists.with_prior(model, patterns),
        before=before,
        pairs=sum(pattern.pairs for pattern in patterns),
        unlike=round(unlikeness(patterns, before), 2),
        rounds=None,
        decisions=0,
        calibrated=None,
    )
    return trained, patterns


def _insert(database: duckdb.DuckDBPyConnection, table: str, columns: Iterable[Sequence[object]]) -> None:
    """Add rows to a table, given as its columns."""
    given = {f"c{number}": np.array(column) for number, column in enumerate(columns)}
    if given:
        database.register("given", given)
        database.execute(f"INSERT INTO {table} SELECT * FROM given")  # noqa: S608 - our own tables' names
        database.unregister("given")


#: The levels as :func:`packed` has them, from the numbers that Splink gives them: the last of a field is its 0.
_PACKED = " | ".join(
    f"(({len(LEVELS[name]) - 1} - gamma_person_{name})::BIGINT << {shift})" for name, shift in _SHIFT.items()
)
_AGREES = {
    name: f"gamma_person_{name} = {len(LEVELS[name]) - 1 - _NUMBER[name]['exact']}" for name in ("forename", "surname")
}


def _counted(table: str) -> str:
    """The question how often each comparison is met, with names so rare, in whole bits, where they agree."""
    rarities = [f"CASE WHEN {_AGREES[name]} THEN round({name}_rarity_l) ELSE 0 END" for name in ("forename", "surname")]
    return f"SELECT {_PACKED}, {rarities[0]}, {rarities[1]}, count(*) FROM {table} GROUP BY ALL"  # noqa: S608 - as below


def _scored(table: str, model: Model, strangers: float) -> str:
    """The question for the probabilities of what Splink has weighed, as ``prevention.matching.score`` has them.

    Splink's weights are summed for each class; how rare an agreeing name is comes on top, by the names of the earlier.
    """
    sums = {part: " + ".join(f"mw_{part}_{name}" for name in LEVELS) for part in _PARTS}
    for part in _PARTS:
        for name in ("forename", "surname"):
            weight = getattr(model.rarity[name].bits, part)
            sums[part] += f" + CASE WHEN {_AGREES[name]} THEN {weight!r} * {name}_rarity_l ELSE 0 END"
        sums[part] += f" + {getattr(model.prior, part) - strangers!r}"
    return f"""
        WITH weighed AS (
            SELECT place_l, place_r, {_PACKED} AS number,
                {sums["person"]} AS person, {sums["household"]} AS household, {sums["home"]} AS home
            FROM {table}
        ), told AS (
            SELECT *, person - greatest(household, 0) - log2(1 + pow(2, -abs(household))) AS bits FROM weighed
        ), likely AS (
            SELECT place_l, place_r, bits, 1 / (1 + pow(2, -bits)) AS p_same_person,
                1 / (1 + pow(2, -home)) AS p_same_household, number
            FROM told
        )
        SELECT * FROM likely WHERE p_same_person > 0.01 OR p_same_household > 0.01 ORDER BY place_l, place_r
    """  # noqa: S608 - names of fields and Splink's name of its table
