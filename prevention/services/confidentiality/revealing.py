"""Looking at an address that is kept confidential: at once, for a reason, and checked afterwards (domain.md 4.5)."""

from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.domain.address_reveal import RevealReason
from prevention.domain.followup import OPEN_FOLLOWUP_STATES, FollowUpKind
from prevention.errors import Conflict
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.services.cases.finding import load_case
from prevention.services.followups.planning import plan
from prevention.services.work import Work


def reveal_address(work: Work, case_id: UUID, *, reason: RevealReason) -> str:
    """The confidential address of a case of the actor's own agency, on one line; who asked and why is kept.

    Nobody waits for a second person, who may not be there at 03:00: one of the agency checks it afterwards.

    Raises:
        Conflict: the address is not confidential.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.ADDRESS_REVEAL)
    if not case.premises.confidential:
        raise Conflict("This address is not confidential.")
    event = work.record(AuditTag.ADDRESS_REVEALED, case.premises, case_id=case.id, reason=reason.value)
    _ask_to_check(work, case, event)
    return case.premises.address_line


def _ask_to_check(work: Work, case: Case, event: AuditEvent) -> None:
    """Have a second person check the look, once for all looks of one person at a case that nobody has checked yet."""
    waiting = select(FollowUp.id).where(
        FollowUp.case_id == case.id,
        FollowUp.kind == FollowUpKind.ACKNOWLEDGE_REVEAL,
        FollowUp.not_by == work.actor.user_id,
        FollowUp.state.in_(OPEN_FOLLOWUP_STATES),
    )
    if work.session.scalar(waiting.limit(1)) is not None:
        return
    plan(
        work,
        case=case,
        kind=FollowUpKind.ACKNOWLEDGE_REVEAL,
        due_at=work.now,
        why="Somebody looked at this confidential address. See who and why on the case’s timeline: was it needed?",
        rule="address-revealed",
        effect_key=f"revealed:{event.id}",
        agency_id=case.owner_agency_id,
        not_by=work.actor.user_id,
    )
