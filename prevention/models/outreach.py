"""Outreach that belongs to no referral: hot strikes, campaigns, community events and talks."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.visit import VisitOutcome
from prevention.models.base import Base, Edited, Identified
from prevention.models.premises import Premises


class OutreachKind(StrEnum):
    """What kind of outreach."""

    HOT_STRIKE = "HOT_STRIKE"
    CAMPAIGN = "CAMPAIGN"
    COMMUNITY_EVENT = "COMMUNITY_EVENT"
    TALK = "TALK"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "HOT_STRIKE": "Hot strike after an incident",
            "CAMPAIGN": "Campaign, door to door",
            "COMMUNITY_EVENT": "Community event",
            "TALK": "Talk",
        }[self.value]


class Outreach(Identified, Edited, Base):
    """One piece of outreach: a street after a fire, a campaign's address list, a stall, a talk."""

    __tablename__ = "outreach"
    __table_args__ = (Index("ix_outreach_agency_id_held_on_id", "agency_id", "held_on", "id"),)

    reference: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    kind: Mapped[OutreachKind]
    title: Mapped[str]
    place: Mapped[str]
    held_on: Mapped[date]
    incident_ref: Mapped[str] = mapped_column(default="")
    audience: Mapped[str] = mapped_column(default="")
    head_count: Mapped[int | None]
    leaflets: Mapped[int | None]
    note: Mapped[str] = mapped_column(default="")
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    doors: Mapped[list["OutreachDoor"]] = relationship(back_populates="outreach", order_by="OutreachDoor.position")


class OutreachReferral(Base):
    """A referral taken there and then, at an event or talk; one taken at a door stands on the door."""

    __tablename__ = "outreach_referrals"

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"), primary_key=True)
    outreach_id: Mapped[UUID] = mapped_column(ForeignKey("outreach.id"), index=True)


class OutreachDoor(Identified, Edited, Base):
    """One address of a hot strike or campaign, and what happened at the door."""

    __tablename__ = "outreach_doors"
    __table_args__ = (Index("ix_outreach_doors_outreach_id_position", "outreach_id", "position"),)

    outreach_id: Mapped[UUID] = mapped_column(ForeignKey("outreach.id"))
    position: Mapped[int]
    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"), index=True)
    outcome: Mapped[VisitOutcome | None]
    alarms_fitted: Mapped[int] = mapped_column(default=0)
    leaflet_left: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(default="")
    knocked_at: Mapped[datetime | None]
    knocked_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"))
    premises: Mapped[Premises] = relationship()
    outreach: Mapped[Outreach] = relationship(back_populates="doors")
