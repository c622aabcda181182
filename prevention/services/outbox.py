"""The outbox: what must reach the workers, written in the transaction that caused it, handed over after the commit.

A relay that dies between handing over and marking hands over again, so every task it starts is idempotent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import literal, or_, select, update

from prevention.models.notification import OutboxMessage
from prevention.services.work import Work

#: How long a relay has to hand over what it claimed.
LEASE = timedelta(seconds=30)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row to hand over. ``payload`` holds ids as text."""

    id: UUID
    topic: str
    payload: dict[str, str]


def claim_unsent(work: Work, *, limit: int = BATCH) -> list[Claimed]:
    """Lease up to ``limit`` rows nobody has handed over, oldest first; rows another relay holds are passed.

    The lease lasts 30 seconds from ``work.now``; a row whose lease ran out is claimed again.
    """
    rows = work.session.scalars(
        select(OutboxMessage)
        .where(
            OutboxMessage.sent_at.is_(None),
            # A literal, so that the planner knows the partial index fits even for a prepared statement.
            OutboxMessage.problem == literal("", literal_execute=True),
            or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until <= work.now),
        )
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.leased_until = work.now + LEASE
    return [Claimed(row.id, row.topic, dict(row.payload)) for row in rows]


def mark_handed_over(work: Work, ids: Sequence[UUID]) -> None:
    """Say that these rows reached the broker. Said already: nothing changes."""
    work.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids), OutboxMessage.sent_at.is_(None))
        .values(sent_at=work.now, leased_until=None)
    )


def release(work: Work, ids: Sequence[UUID]) -> None:
    """Give rows back that could not be handed over, so that the next relay need not wait for the lease."""
    work.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids), OutboxMessage.sent_at.is_(None))
        .values(leased_until=None)
    )


def park(work: Work, message_id: UUID, problem: str) -> None:
    """Take a row nobody can hand over out of the line, with the reason, for a person to see."""
    row = work.session.get_one(OutboxMessage, message_id, with_for_update=True)
    row.problem = problem
    row.leased_until = None
