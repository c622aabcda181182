"""A list of people without homes: its keys, and a model learned from nothing but the list."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from prevention.adapters.whole_table import WholeTable, learn_from_list
from prevention.errors import Invalid
from prevention.matching import blocking, lists
from prevention.matching.compare import LEVELS, compare
from prevention.matching.evaluation import pairwise
from prevention.matching.frequencies import Frequencies
from prevention.matching.model import Model, default_model, read_model, write_model
from prevention.matching.record import Record
from prevention.matching.score import score
from prevention.matching.training import Trained
from prevention.matching.training_report import report

LINKAGE = Path(__file__).parents[3] / "shared" / "data" / "linkage"
FORENAMES = ("ADA", "BRAM", "CLEO", "DINA", "EDIE", "FRANK", "GITA", "HUGO", "IVY", "JOAN")
SURNAMES = ("ASHE", "BROOK", "COLE", "DRAKE", "ELDER", "FINCH", "GRANT", "HURST", "IRELAND", "JOLLY")


def people(number: int = 100) -> list[Record]:
    """Everybody twice, the second time now and then with another first name, a birth a day off, or names swapped."""
    found = []
    for at in range(number):
        name = FORENAMES[at % 10], SURNAMES[at // 10 % 10]
        born = date(1930, 3, 4) + timedelta(days=at * 211)
        first = Record(f"{at}a", forenames=name[:1], surnames=name[1:], dob=born)
        second = replace(first, record_id=f"{at}b")
        if at % 5 == 1:
            second = replace(second, dob=born + timedelta(days=1))
        elif at % 5 == 2:
            second = replace(second, forenames=(FORENAMES[(at + 3) % 10],))
        elif at % 10 == 3:
            second = replace(second, forenames=name[1:], surnames=name[:1])
        found += [first, second]
    return found


@pytest.fixture(scope="module")
def learned() -> Trained:
    return learn_from_list(people(), default_model(), "of-a-list")[0]


def bits(one: Record, other: Record, model: Model, records: Sequence[Record]) -> float:
    rarity = Frequencies.of(records).rarity(one, model)
    return score(compare(one, other), model, rarity).bits


def test_people_are_told_apart_by_what_the_list_taught(learned: Trained) -> None:
    held = people()
    same = [bits(held[at], held[at + 1], learned.model, held) for at in range(0, len(held), 2)]
    other = [bits(held[at], held[at + 3], learned.model, held) for at in range(0, len(held) - 3, 2)]
    assert min(same) > max(other)
    table = WholeTable(held, learned.model, keys_of=lists.keys)
    groups = table.groups([(pair.left, pair.right) for pair in table.pairs() if pair.bits >= 0])
    assert pairwise(groups, [record.record_id[:-1] for record in held]).f1 > 0.9


def test_the_same_list_makes_the_same_model_and_it_survives_its_file(learned: Trained) -> None:
    again = learn_from_list(people(), default_model(), "of-a-list")[0]
    assert write_model(again.model) == write_model(learned.model)
    assert read_model(write_model(learned.model)) == learned.model


def test_nobody_of_a_list_is_taken_for_a_member_of_a_household(learned: Trained) -> None:
    one, other = people()[:2]
    told = score(compare(one, other), learned.model, Frequencies.of(people()).rarity(one, learned.model))
    assert told.p_other_member < 1e-9


def test_what_is_missing_says_nothing_and_what_was_not_met_says_what_it_did(learned: Trained) -> None:
    model, before = learned.model, default_model()
    assert all(model.bits[name]["missing"].person == 0 for name, levels in LEVELS.items() if "missing" in levels)
    assert model.bits["phone"]["same"] == replace(before.bits["phone"]["same"], household=0.0)


def test_swapped_names_are_worth_less_than_names_in_order(learned: Trained) -> None:
    """Names are compared in the order that agrees better, so that they are swapped is nothing that speaks for them."""
    order = learned.model.bits["order"]
    assert order["swapped"].person < order["straight"].person <= 0


def test_no_name_of_the_list_is_in_its_model(learned: Trained) -> None:
    text = write_model(learned.model) + report(learned, [])
    assert not any(f'"{name}"' in text or f" {name} " in text for name in FORENAMES + SURNAMES)


def test_the_keys_of_a_list_are_more_than_those_of_referrals() -> None:
    held = Record("1", forenames=("ADA",), surnames=("ASHE", "COLE"), dob=date(1950, 7, 1), email="ada@example.org")
    found = set(lists.keys(held))
    assert found > set(blocking.keys(held))
    assert found >= {"day:1950-07-01", "mailbox:ada", "word:ADA", "word:ASHE", "word:COLE"}
    assert lists.keys(Record("2")) == ()


def test_a_list_that_teaches_nothing_is_refused() -> None:
    for held in ([], people()[:1], [record for record in people() if record.record_id.endswith("a")]):
        with pytest.raises(Invalid, match="nothing to learn"):
            lists.learn(held, default_model(), "x")


def test_births_of_other_centuries_are_compared() -> None:
    """Years before 1000 have fewer digits."""
    early, late = Record("1", dob=date(812, 3, 4)), Record("2", dob=date(1812, 3, 4))
    assert compare(early, late).dob == "one_digit"
    assert compare(late, Record("3", dob=date(1066, 10, 14))).dob == "different"


@pytest.mark.long
def test_a_list_of_splink_is_put_together_better_than_by_splink() -> None:
    """0.914 of pairs (F1); Splink by its own settings 0.84 (docs/benchmarks.md)."""
    if not LINKAGE.exists():  # a clone without ../shared has nothing to measure here
        return
    with (LINKAGE / "fake_1000.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    held = [
        Record(
            row["unique_id"],
            forenames=tuple(row["first_name"].upper().split()),
            surnames=tuple(row["surname"].upper().split()),
            dob=date.fromisoformat(row["dob"]),
            email=row["email"] or None,
            postcode=row["city"].upper() or None,
        )
        for row in rows
    ]
    model = learn_from_list(held, default_model(), "x")[0].model
    table = WholeTable(held, model, keys_of=lists.keys)
    groups = table.groups([(pair.left, pair.right) for pair in table.pairs() if pair.bits >= 2])
    assert pairwise(groups, [row["cluster"] for row in rows]).f1 > 0.905
