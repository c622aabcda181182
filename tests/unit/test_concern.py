"""The rule table: when a referral beside a case is one more voice, for a person to look at, or something new."""

from datetime import UTC, datetime, timedelta

import pytest

from prevention.domain.concern import ConcernRules, load_concern_rules, same_concern
from prevention.domain.match import MatchDecision

J, V, N = MatchDecision.JOINED, MatchDecision.REVIEW, MatchDecision.NEW
RULES = ConcernRules("test", same_concern_within=timedelta(days=60), looked_back=timedelta(days=365))
AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("person", "same_premises", "case_is_open", "days", "expected"),
    [
        # surely the same person
        (J, True, True, 0, J),
        (J, True, True, 60, J),
        (J, True, True, -60, J),
        (J, True, True, 61, V),
        (J, False, True, 1, V),
        (J, False, True, 400, V),
        (J, True, False, 1, N),
        (J, False, False, 1, N),
        # perhaps the same person
        (V, True, True, 1, V),
        (V, False, True, 60, V),
        (V, True, False, 1, V),
        (V, False, False, 1, V),
        (V, True, True, 61, N),
        (V, False, False, 61, N),
        # somebody else, or nobody named
        (N, True, True, 1, V),
        (N, True, True, 61, N),
        (N, False, True, 1, N),
        (N, True, False, 1, N),
    ],
)
def test_the_table(
    person: MatchDecision, same_premises: bool, case_is_open: bool, days: int, expected: MatchDecision
) -> None:
    found = same_concern(
        person,
        same_premises=same_premises,
        case_is_open=case_is_open,
        received_at=AT + timedelta(days=days),
        last_referral_at=AT,
        rules=RULES,
    )
    assert found is expected


def test_a_second_too_late_is_too_late() -> None:
    late = AT + timedelta(days=60, seconds=1)
    found = same_concern(J, same_premises=True, case_is_open=True, received_at=late, last_referral_at=AT, rules=RULES)
    assert found is V


def test_the_rules_that_ship() -> None:
    rules = load_concern_rules()
    assert rules.version
    assert timedelta(days=7) <= rules.same_concern_within <= timedelta(days=365)
