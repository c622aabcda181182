"""Referrals as received, their amendments, and the runs that import files of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    Channel,
    CurrentLocation,
    LawfulBasis,
    SharingPreference,
    Told,
)
from prevention.models.agency import Agency
from prevention.models.base import Base, Identified
from prevention.models.person import PersonRecord
from prevention.models.premises import Premises


class Referral(Identified, Base):
    """A referral as received, for ever: the database refuses to change or delete it. Edits are amendments.

    ``content`` is all that was said, as received, in the shape of ``domain/referral_content.py``; the columns
    repeat what is searched or counted. ``original`` keeps the sender's own columns word for word.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        UniqueConstraint("source_system", "source_ref"),
        UniqueConstraint("receipt"),
        Index("ix_referrals_agency_id_received_at_id", "agency_id", "received_at", "id"),
        Index("ix_referrals_referred_by_received_at_id", "referred_by", "received_at", "id"),
        Index("ix_referrals_premises_id", "premises_id"),
    )

    receipt: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    source_system: Mapped[str]
    source_ref: Mapped[str]
    channel: Mapped[Channel]
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    concern_observed_at: Mapped[datetime | None]
    referred_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    referrer_name: Mapped[str]
    referrer_team: Mapped[str]
    referrer_contact: Mapped[str]
    feedback_to: Mapped[str]
    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"))
    reasons: Mapped[list[str]]
    immediate_danger: Mapped[bool]
    narrative: Mapped[str]
    household_flags: Mapped[list[str]]
    current_location: Mapped[CurrentLocation]
    location_detail: Mapped[str]
    told: Mapped[Told]
    told_detail: Mapped[str]
    agrees: Mapped[Agrees]
    capacity_concern: Mapped[CapacityConcern]
    lawful_basis: Mapped[LawfulBasis]
    sharing_preference: Mapped[SharingPreference]
    staff_safety: Mapped[list[str]]
    contact_constraints: Mapped[list[str]]
    source_grade: Mapped[str]
    source_grade_scheme: Mapped[str]
    other_agencies_told: Mapped[str]
    suspect: Mapped[bool]
    original: Mapped[dict[str, Any]]
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    agency: Mapped[Agency] = relationship()
    premises: Mapped[Premises] = relationship()
    person_records: Mapped[list[PersonRecord]] = relationship(order_by=[PersonRecord.created_at, PersonRecord.id])
    amendments: Mapped[list["ReferralAmendment"]] = relationship(
        order_by="[ReferralAmendment.made_at, ReferralAmendment.id]"
    )

    @property
    def current_content(self) -> dict[str, Any]:
        """What the referral says now: as received, or as last amended."""
        return self.amendments[-1].content if self.amendments else self.content

    @property
    def current_premises(self) -> Premises:
        """Where the referral says the home is now: as received, or as last amended."""
        return self.person_records[-1].premises if self.person_records else self.premises


class ReferralAmendment(Identified, Base):
    """A change to a referral: the fields that differ, from what to what, by whom and why. Never edited.

    ``changes`` maps a field of the content (``domain/referral_content.py``) to ``{"from": …, "to": …}``;
    ``content`` is the whole content after the change.
    """

    __tablename__ = "referral_amendments"

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"), index=True)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str]
    changes: Mapped[dict[str, Any]]
    original: Mapped[dict[str, Any]]
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]


class ImportState(StrEnum):
    """Where an import stands."""

    PREVIEWING = "PREVIEWING"
    PREVIEWED = "PREVIEWED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.capitalize()


class RowOutcome(StrEnum):
    """What became of one row of a file."""

    NEW = "NEW"
    JOINED = "JOINED"
    REVIEW = "REVIEW"
    AMENDED = "AMENDED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"NEW": "New case", "JOINED": "Joined an open case", "REVIEW": "For review"}.get(
            self.value, self.value.capitalize()
        )


class ImportRun(Identified, Base):
    """One file handed in: its preview, its progress, its report. ``stored_as`` names the kept file."""

    __tablename__ = "import_runs"
    __table_args__ = (Index("ix_import_runs_created_at_id", "created_at", "id"),)

    reference: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    profile: Mapped[str]
    file_name: Mapped[str]
    stored_as: Mapped[str]
    state: Mapped[ImportState]
    preview: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    joined: Mapped[int] = mapped_column(default=0)
    review: Mapped[int] = mapped_column(default=0)
    amended: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")


class ImportRow(Base):
    """One row of a run that a person may want to see: refused, with the reason and the original columns."""

    __tablename__ = "import_rows"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[RowOutcome]
    reason: Mapped[str]
    original: Mapped[dict[str, Any]]
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"))
