"""The audit trail; rows that carry a case are its timeline."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.models.base import Base, Identified
from prevention.models.case import Case


class AuditTag(StrEnum):
    """Everything the product keeps a trace of, as ``subject:action``."""

    SIGNED_IN = "account:signed_in"
    SIGN_IN_FAILED = "account:sign_in_failed"
    LOCKED_OUT = "account:locked_out"
    SIGNED_OUT = "account:signed_out"
    PASSWORD_CHANGED = "account:password_changed"  # noqa: S105 - a tag, not a password
    USER_SAVED = "account:saved"
    AGENCY_SAVED = "agency:saved"
    TEAM_SAVED = "team:saved"
    REFERRAL_RECEIVED = "referral:received"
    REFERRAL_JOINED = "referral:joined"
    REFERRAL_AMENDED = "referral:amended"
    REFERRAL_SEPARATED = "referral:separated"
    AMENDMENT_PROPOSED = "referral:change_proposed"
    AMENDMENT_SETTLED = "referral:change_settled"
    IMPORT_STARTED = "import:started"
    IMPORT_FINISHED = "import:finished"
    IMPORT_CANCELLED = "import:cancelled"
    IMPORT_REPORTED = "import:reported"
    CASE_OPENED = "case:opened"
    CASE_VIEWED = "case:viewed"
    CASE_REOPENED = "case:reopened"
    CASE_ASSESSED = "case:assessed"
    CASE_OVERRIDDEN = "case:risk_overridden"
    CASE_ESCALATED = "case:escalated"
    CASE_ACCEPTED = "case:accepted"
    CASE_REJECTED = "case:rejected"
    CASE_REDIRECTED = "case:redirected"
    CASE_SIGNPOSTED = "case:signposted"
    CASE_HELD = "case:held"
    CASE_RESUMED = "case:resumed"
    CASE_ASSIGNED = "case:assigned"
    CASE_CONTACTED = "case:contacted"
    CASE_NOTED = "case:noted"
    CASE_CLOSED = "case:closed"
    CASE_EXPORTED = "case:exported"
    ALERT_RAISED = "alert:raised"
    ALERT_ACKNOWLEDGED = "alert:acknowledged"
    ADDRESS_REVEALED = "address:revealed"
    MARK_KEPT = "address:mark_kept"
    MARK_REMOVAL_ASKED = "address:mark_removal_asked"
    MARK_REMOVAL_DECLINED = "address:mark_removal_declined"
    MARK_TAKEN_OFF = "address:mark_taken_off"
    MATCH_FOUND = "match:found"
    MATCH_ANSWERED = "match:answered"
    MODEL_ADOPTED = "match:model_adopted"
    VISIT_BOOKED = "visit:booked"
    VISIT_STARTED = "visit:started"
    VISIT_INTERRUPTED = "visit:interrupted"
    VISIT_FINISHED = "visit:finished"
    VISIT_CANCELLED = "visit:cancelled"
    OUTREACH_SAVED = "outreach:saved"
    FOLLOWUP_PLANNED = "followup:planned"
    FOLLOWUP_FELL_DUE = "followup:fell_due"
    FOLLOWUP_DONE = "followup:done"
    FOLLOWUP_CANCELLED = "followup:cancelled"
    FOLLOWUP_REASSIGNED = "followup:reassigned"
    ONWARD_REFERRED = "onward:referred"
    REFERRER_TOLD = "referrer:told"
    DEMONSTRATION_BEGUN = "demonstration:begun"
    DEMONSTRATION_LOADED = "demonstration:loaded"
    MESSAGE_RETRIED = "message:retried"


class AuditEvent(Identified, Base):
    """Who did what to which thing, when, for which agency. Never edited; ``detail`` holds codes, no names."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_case_id_at_id", "case_id", "at", "id"),
        Index("ix_audit_events_subject", "subject_id", "at"),
        Index("ix_audit_events_at", "at", "id"),
    )

    at: Mapped[datetime]
    tag: Mapped[AuditTag]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    subject_type: Mapped[str]
    subject_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    case: Mapped[Case | None] = relationship()
