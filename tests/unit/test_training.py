"""Training: what is like the records a model was fitted on changes little, what is otherwise here is learned."""

import csv
import gzip
from collections import Counter
from dataclasses import replace
from math import comb
from pathlib import Path

import pytest

from prevention.adapters.whole_table import WholeTable
from prevention.cli.matching import read_records
from prevention.domain.match import MatchDecision
from prevention.errors import Invalid
from prevention.matching.compare import LEVELS, Comparison
from prevention.matching.frequencies import NameRarity
from prevention.matching.model import Model, default_model, read_model, write_model
from prevention.matching.score import score
from prevention.matching.training import ENOUGH_DECISIONS, ENOUGH_OF_EACH, Decided, Pattern, train
from prevention.matching.training_report import report

LINKAGE = Path(__file__).parents[3] / "shared" / "data" / "linkage"
SILENT = Comparison(**{name: "missing" if "missing" in levels else "straight" for name, levels in LEVELS.items()})
#: One person, two members of a household, and strangers who share a surname and a birthday.
ONE = replace(SILENT, forename="exact", surname="exact", dob="exact", sex="same", premises="same_address")
MEMBERS = replace(SILENT, forename="different", surname="exact", dob="different", premises="same_address")
STRANGERS = replace(SILENT, forename="different", surname="different", dob="different", premises="other_flat")


def patterns(*counts: tuple[Comparison, int]) -> list[Pattern]:
    return [Pattern(comparison, NameRarity(), pairs) for comparison, pairs in counts]


def usual() -> list[Pattern]:
    """Pairs of all kinds, half of them without a phone: nearer to what the model knows than three patterns would be."""
    return [
        Pattern(replace(base, phone=phone, dob=dob), NameRarity(), pairs)
        for base, pairs in ((ONE, 150), (MEMBERS, 300), (STRANGERS, 550))
        for phone in ("missing", "different")
        for dob in (base.dob, "missing")
    ]


def trained(given: list[Pattern], **options: object) -> Model:
    return train(given, default_model(), version="of-a-test", records=1_000, **options).model  # type: ignore[arg-type]


def test_a_model_survives_its_file() -> None:
    assert read_model(write_model(default_model())) == default_model()
    model = trained(usual())
    assert read_model(write_model(model)) == model


def test_the_same_pairs_make_the_same_model() -> None:
    assert write_model(trained(usual())) == write_model(trained(usual()))


def test_a_level_that_tells_less_here_weighs_less() -> None:
    """Where many strangers share a phone (a hostel's, a surgery's) agreeing on one says less."""
    shared = [Pattern(replace(each.comparison, phone="same"), NameRarity(), 200) for each in usual()[8:]]
    with_shared, without = trained(usual() + shared), trained(usual())
    assert with_shared.shares["phone"]["same"].u > without.shares["phone"]["same"].u
    assert with_shared.bits["phone"]["same"].person < without.bits["phone"]["same"].person - 0.5


def test_what_is_not_met_and_what_is_judgement_stay() -> None:
    before, after = default_model(), trained(usual())
    assert after.bits["nhs_number"]["same"] == before.bits["nhs_number"]["same"]
    assert after.bits["dob"]["age_differs"] == before.bits["dob"]["age_differs"]
    moved = [
        abs(after.bits[name][level].person - before.bits[name][level].person)
        for name, levels in LEVELS.items()
        for level in levels
    ]
    assert max(moved) <= 6, "three bits for a level, and as many for what its field says when it is missing"
    assert (after.join, after.review, after.margin) == (before.join, before.review, before.margin)
    assert after.rarity == before.rarity


def test_missing_says_nothing() -> None:
    after = trained(usual())
    for name, levels in LEVELS.items():
        silent = after.bits[name]["missing" if "missing" in levels else "straight"]
        assert (silent.person, silent.household) == (0, 0)


def test_more_pairs_of_one_person_raise_what_is_said_before_anything_is_compared() -> None:
    more = usual() + patterns((ONE, 2_000))
    assert trained(more).prior_shares.m > trained(usual()).prior_shares.m
    assert trained(more).prior.person > trained(usual()).prior.person


def test_records_of_another_kind_are_refused() -> None:
    nothing_but_names = replace(SILENT, forename="similar", surname="similar")
    with pytest.raises(Invalid, match="too unlike"):
        trained(patterns((nothing_but_names, 5_000)))


def test_nothing_to_learn_from() -> None:
    with pytest.raises(Invalid, match="nothing to learn"):
        trained([])


def _decided(same: int, other: int) -> list[Decided]:
    doubtful = replace(ONE, dob="missing", premises="different")
    return [Decided(doubtful, NameRarity(), same_person=True)] * same + [
        Decided(doubtful, NameRarity(), same_person=False)
    ] * other


def test_enough_decisions_of_reviewers_move_every_answer() -> None:
    cautious = train(usual(), default_model(), version="x", records=1_000, decided=_decided(40, 160))
    trusting = train(usual(), default_model(), version="x", records=1_000, decided=_decided(160, 40))
    assert cautious.calibrated is not None
    assert trusting.calibrated is not None
    assert cautious.calibrated < trusting.calibrated
    doubtful = _decided(1, 0)[0]
    assert score(doubtful.comparison, cautious.model, NameRarity()).p_same_person == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize(
    ("same", "other"), [(ENOUGH_DECISIONS - 21, 20), (ENOUGH_DECISIONS, ENOUGH_OF_EACH - 1), (0, 500), (0, 0)]
)
def test_too_few_decisions_move_nothing(same: int, other: int) -> None:
    found = train(usual(), default_model(), version="x", records=1_000, decided=_decided(same, other))
    assert found.calibrated is None
    assert found.model.bits == trained(usual()).bits


def test_the_report_tells_what_the_model_is() -> None:
    given = usual()
    found = train(given, default_model(), version="2026-11-28-0900", records=1_000, decided=_decided(40, 160))
    told = report(found, given)
    assert told.startswith("# Model 2026-11-28-0900\n")
    assert "Calibrated on 200 decisions" in told
    assert "| same date of birth |" in told
    pairs = {line.split("|")[1].strip(): int(line.split("|")[2].replace(",", "")) for line in told.splitlines()
             if line.startswith(("| +", "| -"))}  # fmt: skip
    assert pairs["-8"] >= pairs["+0"] >= pairs["+12"]
    assert all(line.count("|") in {0, 5, 10} for line in told.splitlines()), "a broken table"


@pytest.mark.long
@pytest.mark.parametrize(("name", "least"), [("uk_10k", 0.982), ("essnet_even", 0.983)])
def test_what_is_learned_without_labels_is_right(name: str, least: float) -> None:
    """Of the kind it was fitted on nothing is lost; of a census, which it was not, F1 rises from 0.978."""
    if not LINKAGE.exists():  # a clone without ../shared has nothing to measure here
        return
    records = list(read_records(LINKAGE / f"{name}.csv.gz"))
    with gzip.open(LINKAGE / f"{name}_truth.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        truth = {row["record_id"]: row["person"] for row in csv.DictReader(stream)}
    found = train(WholeTable(records, default_model()).patterns(), default_model(), version="x", records=len(records))
    pairs = [
        (pair, truth[records[pair.left].record_id] == truth[records[pair.right].record_id])
        for pair in WholeTable(records, found.model).pairs()
    ]
    likely = [same for pair, same in pairs if pair.bits >= 0]
    joined = [same for pair, same in pairs if pair.decision is MatchDecision.JOINED]
    everybody = sum(comb(records_of_one, 2) for records_of_one in Counter(truth.values()).values())
    assert 2 * sum(likely) / (len(likely) + everybody) >= least, "F1 of pairs at even odds"
    assert sum(joined) / len(joined) >= 0.998


def test_records_that_are_few_or_many_keep_the_scale() -> None:
    """What is said before anything is compared is for a store of so many records; a small one must not shrink it."""
    few = train(usual(), default_model(), version="x", records=10).model
    many = train(usual(), default_model(), version="x", records=1_000_000).model
    assert few.prior_records == default_model().prior_records
    assert many.prior_records == 1_000_000
