"""Follow-ups: rows with a due time, picked up by a periodic task (architecture.md)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.models.account import User
from prevention.models.agency import Team
from prevention.models.base import Base, Edited, Identified
from prevention.models.case import Case


class FollowUp(Identified, Edited, Base):
    """Something that must happen by a time. ``effect_key`` is unique: the same cause never makes two.

    WAITING until ``due_at``; then a worker leases it, tells the owner, and it is DUE; a person ends it. Whoever it is
    ``not_by`` cannot: it asks for a second person.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("effect_key"),
        CheckConstraint("owner_team_id IS NOT NULL OR owner_user_id IS NOT NULL", name="has_owner"),
        Index("ix_follow_ups_to_pick", "due_at", "id", postgresql_where=text("state = 'WAITING'")),
        Index(
            "ix_follow_ups_open",
            "agency_id",
            "due_at",
            "id",
            postgresql_where=text("state IN ('WAITING', 'DUE')"),
        ),
        Index("ix_follow_ups_ended", "agency_id", "ended_at", "id", postgresql_where=text("ended_at IS NOT NULL")),
    )

    effect_key: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"), index=True)
    onward_referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("onward_referrals.id"))
    kind: Mapped[FollowUpKind]
    why: Mapped[str]
    rule: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[FollowUpState]
    owner_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"), index=True)
    owner_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    not_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    fell_due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    end_note: Mapped[str] = mapped_column(default="")
    case: Mapped[Case | None] = relationship()
    owner_team: Mapped[Team | None] = relationship()
    owner_user: Mapped[User | None] = relationship(foreign_keys=[owner_user_id])
