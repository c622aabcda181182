"""Moving a case from state to state; the one place that keeps its next action and queue time true."""

from datetime import datetime

from prevention.domain import case_moves
from prevention.domain.case import DEADLINE_MET, CaseState
from prevention.domain.risk import RiskLevel
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.services.work import Work

#: States whose next action waits for a time that somebody agreed.
_AGREED = frozenset({CaseState.BOOKED, CaseState.ON_HOLD})


def move(
    work: Work,
    case: Case,
    to: CaseState,
    *,
    next_action: str = "",
    next_action_at: datetime | None = None,
) -> None:
    """Move ``case`` to ``to``; without a next action of the caller's, the rules give one.

    ``next_action_at`` is a time somebody agreed (a slot, a review date). Leaving an open state for a final one
    sets ``closed_at``; coming back clears it.

    Raises:
        Conflict: the case cannot go there from where it is.
        Invalid: it would be open without an owner.
    """
    if to.is_open:
        _set_next_action(work, case, to, next_action, next_action_at)
    has_owner = case.owner_team_id is not None or case.owner_user_id is not None
    case.state = case_moves.move(case.state, to, has_owner=has_owner, next_action_at=case.next_action_at)
    if to.is_open:
        case.closed_at = None
    else:
        case.closed_at = work.now
        case.next_action = ""
        case.next_action_at = None
    if to is not CaseState.ON_HOLD:
        case.hold_reason = None
        case.held_until = None
    set_act_by(case)


def open_again(work: Work, case: Case) -> None:
    """Bring a closed case back to triage with its last owner.

    A deadline that has not passed stands: closing and opening again buys no time. One that ran out while the case was
    closed is forgotten, so that the assessment that follows starts a clock.

    Raises:
        Conflict: the case is open.
    """
    if case.due_at is not None and case.due_at <= work.now:
        case.due_at = None
    move(work, case, CaseState.TRIAGE)
    case.outcome = case.reject_reason = None
    work.record(AuditTag.CASE_REOPENED, case, case_id=case.id)


def plan_by_state(work: Work, case: Case) -> None:
    """Let an open case's next action be what its state asks for; a review date that somebody set stands."""
    _set_next_action(work, case, case.state, "", case.held_until)
    set_act_by(case)


def refresh_next_action(work: Work, case: Case, was: RiskLevel) -> None:
    """Bring the next action of an open case up to date with its risk and due time; its level was ``was`` before.

    Looking again buys no time and forgets no promise: what somebody agreed (a slot, a review date) stands, unless the
    risk rose and the rules want somebody sooner. Never later than the due time.
    """
    if not case.state.is_open:
        return
    words, at = case.next_action, case.next_action_at
    stays, risen = case.risk_level is was, case.risk_level.rank < was.rank
    stands = stays or (case.state in _AGREED and not risen)
    _set_next_action(work, case, case.state, words if stays else "", at if stands else None)
    if risen and at is not None and case.next_action_at is not None:
        case.next_action_at = min(at, case.next_action_at)
    set_act_by(case)


def set_act_by(case: Case) -> None:
    """Keep what the queue sorts by: the deadline while it stands, else the next action."""
    if case.due_at is not None and case.state not in DEADLINE_MET:
        case.act_by = case.due_at
    elif case.next_action_at is not None:
        case.act_by = case.next_action_at


def _set_next_action(work: Work, case: Case, state: CaseState, words: str, at: datetime | None) -> None:
    due = None if state in DEADLINE_MET else case.due_at
    rules = case_moves.load_next_actions()
    planned = case_moves.next_action_for(state, case.risk_level, work.now, due, rules, agreed_at=at)
    case.next_action = words or planned.words
    case.next_action_at = planned.at
