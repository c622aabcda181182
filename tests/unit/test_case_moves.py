"""Moves of a case and what comes next (domain.md section 8)."""

from datetime import UTC, datetime, timedelta

import pytest

from prevention.domain.case import FINAL_STATES, TRANSITIONS, CaseState, RejectReason
from prevention.domain.case_moves import (
    check_closing,
    check_passing_outside,
    check_rejecting,
    load_next_actions,
    move,
    next_action_after_interruption,
    next_action_for,
    state_after_outcome,
)
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import Conflict, Invalid

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = load_next_actions()
OPEN = [state for state in CaseState if state.is_open]


def test_a_move_that_is_allowed() -> None:
    assert move(CaseState.TRIAGE, CaseState.ACCEPTED, has_owner=True, next_action_at=NOON) is CaseState.ACCEPTED


def test_a_move_that_is_not() -> None:
    with pytest.raises(Conflict, match="“Closed” cannot become “Booked”"):
        move(CaseState.CLOSED, CaseState.BOOKED, has_owner=True, next_action_at=NOON)


def test_an_open_case_needs_an_owner_and_a_time() -> None:
    with pytest.raises(Invalid) as refused:
        move(CaseState.TRIAGE, CaseState.ACCEPTED, has_owner=False, next_action_at=None)
    assert set(refused.value.problems) == {"owner", "next_action_at"}


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_final_state_needs_neither_and_only_reopens(state: CaseState) -> None:
    assert TRANSITIONS[state] == {CaseState.TRIAGE}
    assert move(CaseState.ON_HOLD, state, has_owner=False, next_action_at=None) is state


@pytest.mark.parametrize("state", OPEN)
def test_every_open_case_can_close_wait_and_change_hands(state: CaseState) -> None:
    assert {CaseState.CLOSED, CaseState.ON_HOLD, CaseState.REDIRECTED, state} <= TRANSITIONS[state]


@pytest.mark.parametrize("outcome", VisitOutcome)
@pytest.mark.parametrize("state", [CaseState.BOOKED, CaseState.IN_PROGRESS])
def test_every_outcome_can_be_recorded_on_a_visit(state: CaseState, outcome: VisitOutcome) -> None:
    to = state_after_outcome(outcome)
    assert move(state, to, has_owner=True, next_action_at=NOON) is to


@pytest.mark.parametrize("outcome", [VisitOutcome.REFUSED_BY_PHONE, VisitOutcome.NOT_CONTACTABLE])
def test_outcomes_by_phone_need_no_visit(outcome: VisitOutcome) -> None:
    assert state_after_outcome(outcome) in TRANSITIONS[CaseState.CONTACTING]


def test_somebody_goes_back_to_an_interrupted_visit_within_a_day() -> None:
    back = next_action_after_interruption(RiskLevel.HIGH, NOON, RULES)
    assert (back.words, back.at) == ("Go back to the interrupted visit", NOON + timedelta(hours=24))


@pytest.mark.parametrize("level", RiskLevel)
@pytest.mark.parametrize("state", OPEN)
def test_the_next_action_is_never_later_than_the_deadline(state: CaseState, level: RiskLevel) -> None:
    due = NOON + timedelta(minutes=10)
    action = next_action_for(state, level, NOON, due, RULES, agreed_at=NOON + timedelta(days=3))
    assert action.at == due
    assert action.words
    assert next_action_for(state, level, NOON, None, RULES).at >= NOON


def test_next_action_examples() -> None:
    triage = next_action_for(CaseState.TRIAGE, RiskLevel.MEDIUM, NOON, None, RULES)
    assert triage.at == NOON + timedelta(hours=2)
    booked = next_action_for(
        CaseState.BOOKED, RiskLevel.HIGH, NOON, NOON + timedelta(days=7), RULES, agreed_at=NOON + timedelta(days=2)
    )
    assert (booked.words, booked.at) == ("Carry out the visit", NOON + timedelta(days=2))
    worst = next_action_for(CaseState.NO_ACCESS, RiskLevel.VERY_HIGH, NOON, None, RULES)
    assert "manager" in worst.words
    visited = next_action_for(CaseState.COMPLETED, RiskLevel.VERY_HIGH, NOON, None, RULES)
    assert visited.words.startswith("At very high risk after the visit")
    assert visited.at == NOON + timedelta(hours=4)
    overdue = next_action_for(CaseState.ASSIGNED, RiskLevel.HIGH, NOON, NOON - timedelta(days=1), RULES)
    assert overdue.at == NOON - timedelta(days=1)


def test_a_final_state_has_no_next_action() -> None:
    with pytest.raises(ValueError, match="no next action"):
        next_action_for(CaseState.CLOSED, RiskLevel.HIGH, NOON, None, RULES)


def test_very_high_is_never_closed_unvisited_without_a_manager() -> None:
    with pytest.raises(Invalid) as refused:
        check_closing(RiskLevel.VERY_HIGH, VisitOutcome.NO_ACCESS_NO_REPLY, " ")
    assert list(refused.value.problems) == ["manager_decision"]
    with pytest.raises(Invalid):
        check_closing(RiskLevel.VERY_HIGH, None, "")
    check_closing(RiskLevel.VERY_HIGH, VisitOutcome.NO_ACCESS_NO_REPLY, "Joint visit with police planned")
    check_closing(RiskLevel.VERY_HIGH, VisitOutcome.COMPLETED, "")
    check_closing(RiskLevel.HIGH, VisitOutcome.NO_ACCESS_NO_REPLY, "")


def test_very_high_is_not_turned_down_by_a_code_alone() -> None:
    with pytest.raises(Invalid) as refused:
        check_rejecting(RiskLevel.VERY_HIGH, RejectReason.NOT_ELIGIBLE, " ")
    assert list(refused.value.problems) == ["note"]
    check_rejecting(RiskLevel.VERY_HIGH, RejectReason.NOT_ELIGIBLE, "Empty since June: seen by the crew")
    check_rejecting(RiskLevel.VERY_HIGH, RejectReason.DECEASED, "")
    check_rejecting(RiskLevel.HIGH, RejectReason.NOT_ELIGIBLE, "")


def test_very_high_does_not_leave_the_list_without_a_word_on_who_goes() -> None:
    with pytest.raises(Invalid) as refused:
        check_passing_outside(RiskLevel.VERY_HIGH, None, "")
    assert list(refused.value.problems) == ["reason"]
    check_passing_outside(RiskLevel.VERY_HIGH, None, "Kent's desk rang back: they go now")
    check_passing_outside(RiskLevel.VERY_HIGH, VisitOutcome.COMPLETED, "")
    check_passing_outside(RiskLevel.HIGH, None, "")
