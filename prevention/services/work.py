"""What every write is given: the session, who acts, the time, and how to tell others and leave a trace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from prevention.domain.account import Actor
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.base import Base
from prevention.models.notification import OutboxMessage


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of work. ``now`` (aware UTC) is the only clock a service reads; leaving the block commits.

    ``trial``: nothing of it will be kept, so it holds no locks on words that others would wait for.
    """

    session: Session
    actor: Actor
    now: datetime
    trial: bool = False

    def emit(self, topic: str, **ids: UUID | str) -> None:
        """Hand ``topic`` with ids to the workers after the commit: a row in the outbox, same transaction."""
        payload = {name: str(value) for name, value in ids.items()}
        self.session.add(OutboxMessage(topic=topic, payload=payload, created_at=self.now))

    def record(
        self, tag: AuditTag, subject: Base | None = None, *, case_id: UUID | None = None, **detail: Any
    ) -> AuditEvent:
        """Leave a trace. With ``case_id`` it is part of that case's timeline. ``detail``: codes, no personal data."""
        event = AuditEvent(
            at=self.now,
            tag=tag,
            user_id=self.actor.user_id,
            agency_id=self.actor.agency_id,
            subject_type=type(subject).__name__ if subject is not None else "",
            subject_id=getattr(subject, "id", None),
            case_id=case_id,
            detail=detail,
        )
        self.session.add(event)
        return event
