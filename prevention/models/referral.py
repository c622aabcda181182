"""Referrals as received, their amendments, and what files propose to change."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    Channel,
    CurrentLocation,
    LawfulBasis,
    SharingPreference,
    SourceReference,
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
        UniqueConstraint("agency_id", "source_system", "source_ref"),
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
    def reference(self) -> SourceReference:
        """What the referral is known by."""
        return SourceReference(self.agency_id, self.source_system, self.source_ref)

    @property
    def sender_reference(self) -> str:
        """The number the sender knows it by: what was typed into a form, or a file's; empty when there was none."""
        if self.reference.is_of_a_form:
            return str(self.original.get("reference", ""))
        return self.source_ref if self.source_ref != self.receipt else ""

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
    ``content`` is the whole content after the change. ``said`` is what the sender itself said when it sent the referral
    again, which may differ where somebody has corrected it; None for a person's own amendment.
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
    said: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class ProposalState(StrEnum):
    """Where a proposed amendment stands."""

    WAITING = "WAITING"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    REPLACED = "REPLACED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"REPLACED": "No longer asked"}.get(self.value, self.value.capitalize())


class ProposedAmendment(Identified, Base):
    """What a file would change and only a person of the referral's agency may: they accept it or decline it.

    ``sent_by_id`` is the agency whose file it is from: another, or the referral's own where somebody has corrected what
    the file says. ``changes`` maps a field of the content to the value proposed; ``said`` is all that the file said.
    ``about_another``: the reference seems to have been used for somebody else, so it can only be declined.

    It came with the file of ``import_run_id``. A person may answer all of a file at once: ``ordered_answer`` then says
    what a worker shall settle it as for ``ordered_by``, who saw the referral with ``ordered_version`` amendments.
    """

    __tablename__ = "proposed_amendments"
    __table_args__ = (
        Index("ix_proposed_amendments_referral_id_proposed_at", "referral_id", "proposed_at", "id"),
        Index(
            "ix_proposed_amendments_waiting",
            "agency_id",
            "proposed_at",
            "id",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index(
            "ix_proposed_amendments_import_run_id_waiting",
            "import_run_id",
            postgresql_where=text("state = 'WAITING'"),
        ),
    )

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    sent_by_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    proposed_at: Mapped[datetime]
    changes: Mapped[dict[str, Any]]
    said: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    original: Mapped[dict[str, Any]] = mapped_column(JSON)
    about_another: Mapped[bool]
    import_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("import_runs.id"))
    state: Mapped[ProposalState]
    ordered_answer: Mapped[ProposalState | None]
    ordered_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    ordered_version: Mapped[int | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(default="")
    referral: Mapped[Referral] = relationship()
    sent_by: Mapped[Agency] = relationship(foreign_keys=[sent_by_id])
