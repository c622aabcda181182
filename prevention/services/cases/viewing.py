"""Leaving a trace of who looked: at a case, and at an address that is kept confidential (domain.md 4.5, 4.9)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.domain.address_reveal import RevealReason
from prevention.errors import Conflict
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.services.cases.finding import load_case
from prevention.services.work import Work

#: One trace per reader and case within this time; a page that is reloaded says nothing new.
VIEWED_AGAIN_AFTER = timedelta(hours=1)


def note_viewed(work: Work, case_id: UUID) -> bool:
    """Keep that the actor looked at the case; False when that is on record within the last hour."""
    seen = work.session.scalar(
        select(AuditEvent.id)
        .where(
            AuditEvent.case_id == case_id,
            AuditEvent.at > work.now - VIEWED_AGAIN_AFTER,
            AuditEvent.tag == AuditTag.CASE_VIEWED,
            AuditEvent.user_id == work.actor.user_id,
        )
        .limit(1)
    )
    if seen is not None:
        return False
    event = work.record(AuditTag.CASE_VIEWED, case_id=case_id)
    event.subject_type, event.subject_id = Case.__name__, case_id
    return True


def note_exported(work: Work, narrowed_to: Mapping[str, Sequence[str]]) -> None:
    """Keep that the actor took the queue out of the product as a file, and what it was narrowed to: codes only."""
    work.record(AuditTag.CASE_EXPORTED, filter={name: list(values) for name, values in narrowed_to.items()})


def reveal_address(work: Work, case_id: UUID, *, reason: RevealReason) -> str:
    """The confidential address of a case of the actor's own agency, on one line; who asked and why is kept.

    Raises:
        Conflict: the address is not confidential.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.ADDRESS_REVEAL)
    if not case.premises.confidential:
        raise Conflict("This address is not confidential.")
    work.record(AuditTag.ADDRESS_REVEALED, case.premises, case_id=case.id, reason=reason.value)
    return case.premises.address_line
