"""The rule table: when a referral beside a case is one more voice, for a person to look at, or something new."""

from datetime import timedelta

import pytest

from prevention.domain.concern import ConcernRules, load_concern_rules, same_concern
from prevention.domain.match import MatchDecision

J, V, N = MatchDecision.JOINED, MatchDecision.REVIEW, MatchDecision.NEW
RULES = ConcernRules("test", timedelta(days=60), timedelta(days=90), timedelta(days=365), 8)


def ask(
    person: MatchDecision, *, premises: bool, is_open: bool, silence: timedelta, dated: bool = True
) -> MatchDecision:
    return same_concern(person, same_premises=premises, case_is_open=is_open, silence=silence, dated=dated, rules=RULES)


@pytest.mark.parametrize(
    ("person", "same_premises", "case_is_open", "days", "expected"),
    [
        # surely the same person
        (J, True, True, 0, J),
        (J, True, True, 60, J),
        (J, True, True, 61, V),
        (J, True, True, 90, V),
        (J, True, True, 91, N),
        (J, False, True, 1, V),
        (J, False, True, 90, V),
        (J, False, True, 91, N),
        # perhaps the same person
        (V, True, True, 1, V),
        (V, False, True, 60, V),
        (V, True, True, 61, N),
        (V, False, True, 61, N),
        # somebody else, or nobody named
        (N, True, True, 60, V),
        (N, True, True, 61, N),
        (N, False, True, 1, N),
        # nothing joins a closed case
        (J, True, False, 1, N),
        (J, False, False, 1, N),
        (V, True, False, 1, N),
        (N, True, False, 1, N),
    ],
)
def test_the_table(
    person: MatchDecision, same_premises: bool, case_is_open: bool, days: int, expected: MatchDecision
) -> None:
    found = ask(person, premises=same_premises, is_open=case_is_open, silence=timedelta(days=days))
    assert found is expected


@pytest.mark.parametrize(
    ("person", "days", "expected"), [(J, 0, V), (J, 90, V), (J, 91, N), (V, 0, V), (V, 61, N), (N, 0, N)]
)
def test_without_a_time_of_its_own_nothing_joins_and_only_the_same_person_is_asked_about(
    person: MatchDecision, days: int, expected: MatchDecision
) -> None:
    found = ask(person, premises=True, is_open=True, silence=timedelta(days=days), dated=False)
    assert found is expected


def test_a_second_too_late_is_too_late() -> None:
    assert ask(J, premises=True, is_open=True, silence=timedelta(days=60, seconds=1)) is V


def test_the_rules_that_ship() -> None:
    rules = load_concern_rules()
    assert rules.version
    assert timedelta(days=7) <= rules.same_concern_within <= rules.asked_within <= rules.looked_back
    assert rules.most_people_of_a_household >= 4
