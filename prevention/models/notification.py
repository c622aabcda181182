"""The outbox, the messages sent to people, and the very-high alerts on screen."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.models.base import Base, Identified
from prevention.models.case import Case
from prevention.models.referral import Referral


class OutboxMessage(Identified, Base):
    """Work to hand to a worker, written in the transaction that caused it. ``payload`` holds ids only.

    ``problem`` parks a row nobody can hand over, such as a topic without a task, where a person sees it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_unsent", "created_at", "id", postgresql_where=text("sent_at IS NULL AND problem = ''")),
    )

    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "WAITING"
    SENT = "SENT"
    FAILED = "FAILED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.capitalize()


class Message(Identified, Base):
    """A message to a mailbox. ``effect_key`` is unique, so twice is once. Holds no personal detail.

    WAITING until a worker has handed it over; not before ``try_at``, which moves on after each failed attempt.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("effect_key"),
        Index("ix_messages_agency_id_created_at_id", "agency_id", "created_at", "id"),
        Index("ix_messages_waiting", "try_at", "id", postgresql_where=text("state = 'WAITING'")),
    )

    effect_key: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"))
    template: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    state: Mapped[MessageState]
    attempts: Mapped[int] = mapped_column(default=0)
    try_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    case: Mapped[Case | None] = relationship()
    referral: Mapped[Referral | None] = relationship()


class Alert(Identified, Base):
    """A very-high case that a coordinator of ``agency_id`` must acknowledge by name."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_open", "agency_id", "raised_at", "id", postgresql_where=text("acknowledged_at IS NULL")),
        Index("uq_alerts_one_open_per_case", "case_id", unique=True, postgresql_where=text("acknowledged_at IS NULL")),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    why: Mapped[str]
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    case: Mapped[Case] = relationship()
