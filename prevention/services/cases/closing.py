"""Closing a case with an outcome, and opening it again. Every referrer is told in safe words."""

from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.domain.case import CaseState
from prevention.domain.case_moves import check_closing
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import OPEN_VISIT_STATES, VisitOutcome
from prevention.errors import Conflict, Invalid
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.models.visit import Visit
from prevention.queries.cases.joined import goes_on_as
from prevention.services.cases import assessing
from prevention.services.cases.assigning import end_assignment
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.moving import move, open_again
from prevention.services.cases.noting import write_note
from prevention.services.notifications.alerts import raise_alert, settle_alert
from prevention.services.notifications.messages import tell_outcome
from prevention.services.work import Work

#: What only a crew at the door can say: a case ends so only where a finished visit did.
_AT_THE_DOOR = frozenset(
    {
        VisitOutcome.COMPLETED,
        VisitOutcome.REFUSED_AT_DOOR,
        VisitOutcome.NO_ACCESS_NO_REPLY,
        VisitOutcome.NO_ACCESS_UNSAFE,
    }
)


def close(work: Work, case_id: UUID, *, version: int, outcome: VisitOutcome, manager_decision: str = "") -> Case:
    """Close the case with ``outcome``. A very-high case nobody got into needs a manager's decision in words, which
    is kept as a note (domain.md 1.11).

    Raises:
        Invalid: that decision is missing (field ``manager_decision``), or no visit ended so (field ``outcome``).
        StaleCase: it was changed meanwhile.
        Conflict: a visit is still to come, or the case is closed already.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_CLOSE)
    check_version(case, version)
    if outcome in _AT_THE_DOOR and not _a_visit_ended(work, case, outcome):
        raise Invalid({"outcome": "No visit for this case ended so. Record the visit first, or choose what happened"})
    check_closing(case.risk_level, outcome, manager_decision)
    coming = work.session.scalar(
        select(Visit.reference).where(Visit.case_id == case.id, Visit.state.in_(OPEN_VISIT_STATES)).limit(1)
    )
    if coming is not None:
        raise Conflict(f"Visit {coming} is still booked. Cancel or finish it before you close the case.")
    move(work, case, CaseState.CLOSED)
    case.outcome = outcome
    case.urgent = False
    end_assignment(work, case)
    settle_alert(work, case)
    if manager_decision.strip():
        write_note(work, case, f"Manager's decision: {manager_decision.strip()}", shared=False)
    work.record(AuditTag.CASE_CLOSED, case, case_id=case.id, outcome=outcome.value)
    tell_outcome(work, case)
    return case


def _a_visit_ended(work: Work, case: Case, outcome: VisitOutcome) -> bool:
    ended = select(Visit.id).where(Visit.case_id == case.id, Visit.outcome == outcome, Visit.finished_at.is_not(None))
    return work.session.scalar(ended.limit(1)) is not None


def reopen(work: Work, case_id: UUID, *, version: int, reason: str) -> Case:
    """Open a closed case again: back to triage with its last owner, by the deadline it had. Very high rings again.

    Where that deadline has passed, a new clock starts.

    Raises:
        Invalid: no reason (field ``reason``).
        StaleCase: it was changed meanwhile.
        Conflict: the case is open, or its referrals feed another case now.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    if not reason.strip():
        raise Invalid({"reason": "Say why the case is opened again"})
    if case.state.is_open:
        raise Conflict("This case is open already.")
    if goes_on_as(work.session, case) is not None:
        raise Conflict("What this case was about goes on in another case, so it stays closed.")
    open_again(work, case)
    write_note(work, case, f"Opened again: {reason.strip()}", shared=False)
    assessing.reassess(work, case, reason="Opened again")
    if case.risk_level is RiskLevel.VERY_HIGH:
        raise_alert(work, case, "A very high risk case was opened again")
    return case
