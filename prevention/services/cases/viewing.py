"""Leaving a trace of who looked at a case, or took the queue away as a file (domain.md 4.9)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
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
