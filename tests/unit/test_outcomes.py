"""Outcome codes (domain.md 1.7) and what the screen says next (1.11)."""

import re

import pytest

from prevention.domain.followup_rules import load_followup_rules
from prevention.domain.outcomes import Needed, facts, feedback_for_referrer, what_happens_next
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome

RULES = load_followup_rules()
O = VisitOutcome  # noqa: E741 - read beside the table of codes
UNSAFE_WORDS = re.compile(
    r"hospital|respite|died|death|deceased|health|dement|alcohol|drug|police|crime|abuse|refus|unsafe|moved|family",
    re.IGNORECASE,
)


@pytest.mark.parametrize("outcome", VisitOutcome)
def test_feedback_is_in_safe_words(outcome: VisitOutcome) -> None:
    for closed in (True, False):
        words = feedback_for_referrer(outcome, closed=closed)
        assert words.endswith(".")
        assert not UNSAFE_WORDS.search(words)


@pytest.mark.parametrize("outcome", VisitOutcome)
def test_feedback_at_closure_promises_nothing(outcome: VisitOutcome) -> None:
    assert not re.search(r"still|again|trying|going back", feedback_for_referrer(outcome, closed=True))


def test_feedback_before_any_visit() -> None:
    assert feedback_for_referrer(None, closed=False) == "Thank you. The referral is being looked at."
    assert "no visit is planned" in feedback_for_referrer(None, closed=True)


def test_only_a_completed_visit_counts() -> None:
    assert [outcome for outcome in VisitOutcome if facts(outcome).counts_as_hfsv] == [O.COMPLETED]


@pytest.mark.parametrize("outcome", [O.NO_ACCESS_NO_REPLY, O.DECEASED, O.NOT_CONTACTABLE, O.MOVED_AWAY, O.DUPLICATE])
def test_an_outcome_at_the_door_asks_for_nothing_more(outcome: VisitOutcome) -> None:
    assert facts(outcome).needs == frozenset()


def test_a_refusal_asks_what_the_rule_asks() -> None:
    for outcome in (O.REFUSED_AT_DOOR, O.REFUSED_BY_PHONE):
        assert facts(outcome).needs == {
            Needed.REFUSED_BY,
            Needed.CAPACITY,
            Needed.RISK_EXPLAINED,
            Needed.ALTERNATIVE,
        }


@pytest.mark.parametrize("level", RiskLevel)
@pytest.mark.parametrize("outcome", VisitOutcome)
def test_every_outcome_says_what_happens_next(outcome: VisitOutcome, level: RiskLevel) -> None:
    for card in (True, False):
        for attempts in (1, 3):
            words = what_happens_next(outcome, level, RULES, attempts_so_far=attempts, do_not_leave_card=card)
            assert words.endswith(".")
            assert "{" not in words
            if card:
                assert "Leave a card" not in words


def test_no_reply_sentences() -> None:
    assert what_happens_next(O.NO_ACCESS_NO_REPLY, RiskLevel.VERY_HIGH, RULES) == (
        "Leave a card. Somebody phones the resident and the referrer within 4 hours, a second attempt is made within "
        "24 hours, and a manager decides what happens next."
    )
    assert what_happens_next(O.NO_ACCESS_NO_REPLY, RiskLevel.HIGH, RULES) == (
        "Leave a card. Somebody tries again within 2 days, at another time of day (attempt 2 of 3)."
    )
    assert what_happens_next(O.NO_ACCESS_NO_REPLY, RiskLevel.HIGH, RULES, at_the_door=False) == (
        "Somebody tries again within 2 days, at another time of day (attempt 2 of 3)."
    )
    assert what_happens_next(
        O.NO_ACCESS_NO_REPLY, RiskLevel.MEDIUM, RULES, attempts_so_far=3, do_not_leave_card=True
    ) == (
        "Do not leave a card and do not speak to neighbours. A letter or text goes out within 1 working day, and the "
        "referrer is told."
    )


def test_refusal_sentences() -> None:
    assert "looked at again in 3 months" in what_happens_next(O.REFUSED_AT_DOOR, RiskLevel.HIGH, RULES)
    assert "manager" in what_happens_next(O.REFUSED_AT_DOOR, RiskLevel.VERY_HIGH, RULES)
    assert "months" not in what_happens_next(O.REFUSED_AT_DOOR, RiskLevel.MEDIUM, RULES)


def test_a_home_still_at_very_high_risk_is_not_said_to_be_done_with() -> None:
    rules = load_followup_rules()
    done = what_happens_next(VisitOutcome.COMPLETED, RiskLevel.HIGH, rules)
    still = what_happens_next(VisitOutcome.COMPLETED, RiskLevel.VERY_HIGH, rules)
    assert "closes the case" in done
    assert "closes the case" not in still
    assert "still at very high risk" in still


def test_a_home_found_to_be_at_very_high_risk_is_said_to_be_raised() -> None:
    words = what_happens_next(O.COMPLETED, RiskLevel.VERY_HIGH, RULES, level_before=RiskLevel.HIGH)
    assert "now at very high risk: the coordinators are alerted" in words
    assert "call 999" in words
    kept = what_happens_next(O.COMPLETED, RiskLevel.VERY_HIGH, RULES, level_before=RiskLevel.VERY_HIGH)
    assert "alerted" not in kept
