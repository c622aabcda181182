"""A file taken in record by record, its pairs, and the figures that hold both against a truth."""

from dataclasses import replace
from datetime import date

import pytest

from prevention.domain.match import MatchDecision
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching.evaluation import Truth, b_cubed, evaluate, pairwise
from prevention.matching.frequencies import Frequencies
from prevention.matching.linking import link, score_pairs
from prevention.matching.model import default_model
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder
from prevention.matching.normalise.people import tidy_person
from prevention.matching.record import Record

TODAY = date(2026, 11, 22)


def record(record_id: str, name: str, dob: str = "", lines: str = "12 Essex Road", **more: str) -> Record:
    person = GivenPerson(full_name=name, dob=dob, sex=more.get("sex", ""), phone=more.get("phone", ""))
    address = GivenAddress(lines=lines, postcode=more.get("postcode", "N1 8LY"))
    return Record.from_tidied(record_id, tidy_person(person, TODAY, DateOrder.ISO), tidy_address(address))


JOHN = record("1", "John Whitfield", "1950-07-11", sex="M")
AGAIN = record("2", "WHITFIELD, Jon", "1950-11-07", "12 ESSEX RD", sex="M")
MARY = record("3", "Mary Whitfield", "1952-01-30", sex="F")
STRANGER = record("4", "Karl Osei", "1988-03-02", "47 Catford Broadway", postcode="SE6 4SP", sex="M")
MOVED = record("5", "John Whitfield", "1950-07-11", "9 Catford Broadway", postcode="SE6 4SP", sex="M")


def test_people_and_households_of_a_file() -> None:
    told = list(link([JOHN, AGAIN, MARY, STRANGER, MOVED]))
    assert [each.person_id for each in told] == ["1", "1", "3", "4", "1"]
    assert [each.household_id for each in told[:4]] == ["1", "1", "1", "4"]
    assert told[4].household_id != "1"
    assert [each.decision for each in told] == [
        MatchDecision.NEW, MatchDecision.JOINED, MatchDecision.NEW, MatchDecision.NEW, MatchDecision.JOINED
    ]  # fmt: skip
    assert told[0].probability == 0.0
    assert told[1].probability > 0.97


def test_one_for_review_stays_apart() -> None:
    son = replace(JOHN, record_id="6", dob=date(1978, 3, 2))
    nobody_knows_which = replace(JOHN, record_id="7", dob=None, sex="")
    told = list(link([JOHN, son, nobody_knows_which]))
    assert told[2].decision is MatchDecision.REVIEW
    assert told[2].person_id == "7"


def test_the_same_file_gives_the_same_answer() -> None:
    held = [JOHN, AGAIN, MARY, STRANGER, MOVED]
    assert list(link(held)) == list(link(held))


def test_pairs_above_one_percent_once_each() -> None:
    pairs = {(left.record_id, right.record_id): outcome for left, right, outcome in score_pairs([JOHN, AGAIN, MARY])}
    assert pairs.keys() == {("1", "2"), ("1", "3"), ("2", "3")}
    assert pairs["1", "2"].p_same_person > 0.97
    assert pairs["1", "3"].p_same_person < 0.01
    assert pairs["1", "3"].p_same_household > 0.9


def test_names_unheard_of_are_rarer_than_common_ones_and_counts_tell() -> None:
    model = default_model()
    none, many = Frequencies(), Frequencies.of([STRANGER] * 5000)
    assert none.rarity(record("8", "Zebulon Quartermaine"), model).surname > none.rarity(JOHN, model).surname - 10
    assert many.rarity(STRANGER, model).surname < none.rarity(STRANGER, model).surname - 8
    assert many.rarity(record("9", ""), model).forename == 0.0


def test_rates() -> None:
    rates = pairwise(["a", "a", "b", "b"], ["p", "p", "p", "q"])
    assert (rates.precision, rates.recall) == (0.5, pytest.approx(1 / 3))
    assert rates.f1 == pytest.approx(0.4)
    assert b_cubed(["a", "a"], ["p", "p"]).f1 == 1.0
    halves = b_cubed(["a", "b"], ["p", "p"])
    assert (halves.precision, halves.recall) == (1.0, 0.5)


def test_an_evaluation_says_what_is_right_and_what_is_missed() -> None:
    truth = {
        "1": Truth("john", "h"), "2": Truth("john", "h"), "3": Truth("mary", "h"), "4": Truth("karl", "k"),
        "5": Truth("another john", "j"),
    }  # fmt: skip
    found = evaluate([JOHN, AGAIN, MARY, STRANGER, MOVED], truth)
    assert found.candidate_recall == 1.0
    assert found.taken_in.recall == 1.0
    assert found.taken_in.precision == pytest.approx(1 / 3)  # the namesake was joined to both of John's records
    assert found.automatic_right == 0.5
    assert found.for_review == 0.0
    assert sum(each.pairs for each in found.reliability) > 0
    lines = list(found.lines())
    assert lines[0].startswith("Pairs at even odds: precision ")
    assert any("for review: 0.0000" in line for line in lines)
