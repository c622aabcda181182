"""The engine beside two records that anyone may add to (``matching_edge_cases.yaml``): what is right, and why."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from prevention.domain.match import MatchDecision
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching import blocking
from prevention.matching.decide import Outcome, decide
from prevention.matching.explain import explain
from prevention.matching.frequencies import Frequencies
from prevention.matching.model import default_model
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder
from prevention.matching.normalise.people import tidy_person
from prevention.matching.profile import Profile
from prevention.matching.record import Record

RECEIVED = date(2026, 11, 22)
SAME, REVIEW, MEMBER, STRANGER = "same person", "review", "other member of the household", "stranger"
#: What a case may expect, with the answers that are right.
EXPECTED = {
    SAME: {SAME},
    REVIEW: {REVIEW},
    MEMBER: {MEMBER},
    STRANGER: {STRANGER},
    "not joined": {REVIEW, MEMBER, STRANGER},
    "not lost": {SAME, REVIEW},
}
_PERSON = {"full_name", "title", "first_name", "middle_name", "surname", "dob", "age", "sex", "nhs_number", "phone",
           "email"}  # fmt: skip
_ADDRESS = {"uprn": "uprn", "address": "lines", "postcode": "postcode"}
#: Every value is text, as it would be in a file; a key that is given twice is refused.
CASES: list[dict[str, Any]] = YAML(typ="base", pure=True).load(
    (Path(__file__).parent / "matching_edge_cases.yaml").read_text("utf-8")
)


def _text(value: str | dict[str, str]) -> str:
    return value if isinstance(value, str) else value["text"] * int(value["times"])


def _record(given: dict[str, Any], record_id: str) -> Record:
    person = GivenPerson(**{column: _text(given[column]) for column in _PERSON & given.keys()})
    address = GivenAddress(**{_ADDRESS[column]: _text(given[column]) for column in _ADDRESS.keys() & given.keys()})
    return Record.from_tidied(
        record_id,
        tidy_person(person, RECEIVED, DateOrder.ISO),
        tidy_address(address),
        source=given.get("source", ""),
        received=RECEIVED,
    )


def _decide(new: Record, known: Record) -> Outcome:
    """What ``flask matching explain`` says of the two in a file of their own."""
    rarity = Frequencies.of([new, known]).rarity(new, default_model())
    return decide(new, Profile.of(known.record_id, [known]), rarity=rarity)


def _answer(new: Record, known: Record, outcome: Outcome) -> str:
    """What becomes of the two: only records that share a key are ever compared."""
    if not set(blocking.keys(new)) & set(blocking.keys(known)):
        return STRANGER
    if outcome.decision is MatchDecision.JOINED:
        return SAME
    if outcome.decision is MatchDecision.REVIEW:
        return REVIEW
    return MEMBER if outcome.p_same_household > 0.5 else STRANGER


def _report(case: dict[str, Any], outcome: Outcome, answer: str) -> str:
    told = explain(outcome)
    lines = [f"  {line.bits:+8.2f}  {line.field}: {line.words}".rstrip(": ") for line in told.lines]
    return "\n".join(
        [
            f"{case['name']}: {case['why']}",
            f"  one:      {case['one']}",
            f"  other:    {case['other']}",
            f"  expected: {case['expect']}",
            f"  answered: {answer} (one person {outcome.p_same_person}, one home {outcome.p_same_household})",
            f"  {told.sentence}",
            *lines,
        ]
    )


def _parameter(case: dict[str, Any]) -> Any:
    wrong = case.get("known_wrong")
    marks = pytest.mark.xfail(reason=wrong, strict=True, raises=AssertionError) if wrong else ()
    return pytest.param(case, id=case["name"], marks=marks)


@pytest.mark.parametrize("case", [_parameter(case) for case in CASES])
def test_the_answer_is_right_whoever_comes_first(case: dict[str, Any]) -> None:
    one, other = _record(case["one"], "one"), _record(case["other"], "other")
    for new, known in ((one, other), (other, one)):
        outcome = _decide(new, known)
        answer = _answer(new, known, outcome)
        assert answer in EXPECTED[case["expect"]], _report(case, outcome, answer)


def test_there_are_enough_cases_and_each_says_what_and_why() -> None:
    assert len(CASES) >= 150
    assert len({case["name"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.keys() - {"known_wrong"} == {"name", "expect", "why", "one", "other"}, case
        assert case["expect"] in EXPECTED, case
        assert case["why"].endswith("."), case
        for given in (case["one"], case["other"]):
            assert given.keys() <= _PERSON | _ADDRESS.keys() | {"source"}, case
