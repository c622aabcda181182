"""Visits, what they found and fitted, and what they sent onward."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.risk import RiskLevel
from prevention.domain.visit import (
    AlarmPower,
    AlarmType,
    Equipment,
    EquipmentAction,
    OnwardDestination,
    OnwardKind,
    Room,
    VisitOutcome,
    VisitState,
    VisitType,
)
from prevention.models.account import User
from prevention.models.agency import Team
from prevention.models.base import Base, Edited, Identified
from prevention.models.case import Case
from prevention.models.premises import Premises


class Visit(Identified, Edited, Base):
    """One visit to a home: booked, started, perhaps interrupted, finished with an outcome.

    ``record`` is the visit form's content (``domain/visit_record.py``); what is counted or chased also has
    rows of its own below.
    """

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_visits_officer", "officer_id", "scheduled_at", "id", postgresql_where=text("finished_at IS NULL")),
        Index("ix_visits_team", "team_id", "scheduled_at", "id", postgresql_where=text("finished_at IS NULL")),
        Index("ix_visits_premises_id_finished_at", "premises_id", "finished_at"),
    )

    reference: Mapped[str]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    outreach_id: Mapped[UUID | None] = mapped_column(ForeignKey("outreach.id"), index=True)
    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    officer_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    visit_type: Mapped[VisitType]
    state: Mapped[VisitState]
    scheduled_at: Mapped[datetime]
    booked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    access_note: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime | None]
    interrupted_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[VisitOutcome | None]
    risk_before: Mapped[RiskLevel | None]
    risk_after: Mapped[RiskLevel | None]
    record: Mapped[dict[str, Any]] = mapped_column(default=dict)
    case: Mapped[Case | None] = relationship()
    premises: Mapped[Premises] = relationship()
    officer: Mapped[User | None] = relationship(foreign_keys=[officer_id])
    team: Mapped[Team | None] = relationship()
    alarms: Mapped[list["AlarmRecord"]] = relationship(order_by="AlarmRecord.room")
    equipment: Mapped[list["EquipmentItem"]] = relationship(order_by="EquipmentItem.item")
    clutter: Mapped[list["ClutterRating"]] = relationship(order_by="ClutterRating.room")
    onward: Mapped[list["OnwardReferral"]] = relationship(order_by="OnwardReferral.made_at")


class VisitDraft(Base):
    """What has been typed into a visit form and not finished. ``revision`` rises with every save."""

    __tablename__ = "visit_drafts"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    revision: Mapped[int]
    content: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))


class AlarmRecord(Identified, Base):
    """An alarm found or fitted (domain.md 1.4 D)."""

    __tablename__ = "alarm_records"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    room: Mapped[Room]
    alarm_type: Mapped[AlarmType]
    power: Mapped[AlarmPower | None]
    interlinked: Mapped[bool | None]
    working: Mapped[bool | None]
    fitted_today: Mapped[bool]
    expiry_year: Mapped[int | None] = mapped_column(SmallInteger)
    condition: Mapped[str] = mapped_column(default="")


class EquipmentItem(Identified, Base):
    """Equipment fitted, left, ordered or declined (domain.md 1.6)."""

    __tablename__ = "equipment_items"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    item: Mapped[Equipment]
    action: Mapped[EquipmentAction]
    quantity: Mapped[int] = mapped_column(SmallInteger)
    location: Mapped[str] = mapped_column(default="")


class ClutterRating(Base):
    """Clutter image rating of one room, 1 to 9 (domain.md 1.5)."""

    __tablename__ = "clutter_ratings"
    __table_args__ = (CheckConstraint("rating BETWEEN 1 AND 9", name="one_to_nine"),)

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    room: Mapped[Room] = mapped_column(primary_key=True)
    rating: Mapped[int] = mapped_column(SmallInteger)


class OnwardReferral(Identified, Edited, Base):
    """Sent or signposted to somebody else (domain.md 1.8), until they answer."""

    __tablename__ = "onward_referrals"

    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    destination: Mapped[OnwardDestination]
    kind: Mapped[OnwardKind]
    agreed: Mapped[bool | None]
    reason: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime]
    answered_on: Mapped[date | None]
    answer: Mapped[str] = mapped_column(default="")
