"""Logging attempts to reach the home (domain.md 1.11)."""

from datetime import datetime
from uuid import UUID

from prevention.domain.account import Permission
from prevention.domain.case import CaseState, ContactMethod, ContactResult
from prevention.errors import Conflict, Invalid
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ContactAttempt
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.moving import move
from prevention.services.work import Work

_NOT_YET_REACHED = frozenset({CaseState.TRIAGE, CaseState.ACCEPTED, CaseState.ASSIGNED, CaseState.CONTACTING})


def log_contact(
    work: Work,
    case_id: UUID,
    *,
    version: int,
    method: ContactMethod,
    result: ContactResult,
    note: str = "",
    try_again_at: datetime | None = None,
) -> ContactAttempt:
    """Keep an attempt made just now. A refusal moves the case to "Refused"; any other keeps it in contacting.

    ``try_again_at`` (aware) is when somebody tries next; without it the rules say when.

    Raises:
        Invalid: the next try would be in the past (field ``try_again_on``).
        StaleCase: the case was changed meanwhile.
        Conflict: the case is closed.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_CONTACT)
    check_version(case, version)
    if not case.state.is_open:
        raise Conflict("This case is closed. Reopen it before you log a contact.")
    if try_again_at is not None and try_again_at <= work.now:
        raise Invalid({"try_again_on": "The next try must be after today"})
    if work.actor.user_id is None:
        raise Invalid({"method": "Only a person can log a contact"})
    attempt = ContactAttempt(
        case_id=case.id, made_at=work.now, made_by=work.actor.user_id, method=method, result=result, note=note.strip()
    )
    work.session.add(attempt)
    _move_on(work, case, result, try_again_at)
    work.record(AuditTag.CASE_CONTACTED, case, case_id=case.id, method=method.value, result=result.value)
    return attempt


def _move_on(work: Work, case: Case, result: ContactResult, try_again_at: datetime | None) -> None:
    if case.state in _NOT_YET_REACHED:
        move(work, case, CaseState.CONTACTING, next_action_at=try_again_at)
        if result is ContactResult.REFUSED:
            move(work, case, CaseState.REFUSED)
    elif result is ContactResult.REFUSED and case.state is not CaseState.REFUSED:
        move(work, case, CaseState.CONTACTING)
        move(work, case, CaseState.REFUSED)
    elif try_again_at is not None:
        move(work, case, case.state, next_action=case.next_action, next_action_at=try_again_at)
