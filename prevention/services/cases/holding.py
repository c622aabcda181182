"""Holding a case until a review date, and going on. The clock never stops (domain.md section 2)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.domain.case import TRANSITIONS, CaseState, HoldReason
from prevention.domain.case_moves import load_next_actions
from prevention.errors import Conflict, Invalid
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.moving import move
from prevention.services.work import Work


def hold(work: Work, case_id: UUID, *, version: int, reason: HoldReason, until: datetime) -> Case:
    """Put the case off until ``until`` (aware), when somebody looks again. Its deadline stays as it is.

    Raises:
        Invalid: ``until`` is not ahead, or further than the rules' longest hold (field ``review_on``).
        StaleCase: it was changed meanwhile.
        Conflict: the case is closed.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    if until <= work.now:
        raise Invalid({"review_on": "The review date must be after today"})
    rules = load_next_actions()
    if until > rules.longest_hold.after(work.now, rules.calendar):
        raise Invalid({"review_on": f"The review date must be within {rules.longest_hold.words}"})
    was = case.state
    move(work, case, CaseState.ON_HOLD, next_action_at=until)
    case.hold_reason, case.held_until = reason, until
    work.record(AuditTag.CASE_HELD, case, case_id=case.id, reason=reason.value, was=was.value)
    return case


def resume(work: Work, case_id: UUID, *, version: int) -> Case:
    """Go on with a held case, from the state it was in.

    Raises:
        StaleCase: it was changed meanwhile.
        Conflict: the case is not on hold.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    if case.state is not CaseState.ON_HOLD:
        raise Conflict("This case is not on hold.")
    move(work, case, _state_before(work, case))
    work.record(AuditTag.CASE_RESUMED, case, case_id=case.id, now=case.state.value)
    return case


def _state_before(work: Work, case: Case) -> CaseState:
    """The state the first of the running holds began in; where it cannot go back there, on to contacting."""
    held = work.session.scalars(
        select(AuditEvent)
        .where(AuditEvent.case_id == case.id, AuditEvent.tag == AuditTag.CASE_HELD)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )
    for event in held:
        was = CaseState(event.detail.get("was", CaseState.ON_HOLD))
        if was is not CaseState.ON_HOLD:
            return was if was in TRANSITIONS[CaseState.ON_HOLD] else CaseState.CONTACTING
    return CaseState.ACCEPTED
