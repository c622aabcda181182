"""Cases: one concern at one home, as a set of links to referrals; its risk, owner, contacts and notes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.case import CaseState, ContactMethod, ContactResult, HoldReason, RejectReason
from prevention.domain.confidentiality import MarkChoice
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.models.account import User
from prevention.models.agency import Agency, Team
from prevention.models.base import Base, Edited, Identified, Linked
from prevention.models.premises import Premises
from prevention.models.referral import Referral

_OPEN = "state NOT IN ('SIGNPOSTED_LOW', 'REJECTED', 'REDIRECTED', 'CLOSED')"


class Case(Identified, Edited, Base):
    """One concern at one home. Open cases always have an owner and a next-action time (domain.md section 8).

    ``act_by`` is what the queue sorts by within risk: the due time, or the next-action time where the level
    has no due time. ``reasons``, ``staff_safety``, ``contact_constraints``, ``referrer_kinds`` and
    ``referral_count`` sum up the linked referrals so that a list needs no join.
    """

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint(
            f"NOT ({_OPEN}) OR ((owner_team_id IS NOT NULL OR owner_user_id IS NOT NULL) "
            "AND next_action_at IS NOT NULL)",
            name="open_has_owner_and_next_action",
        ),
        Index("ix_cases_queue", "owner_agency_id", "risk_rank", "act_by", "id", postgresql_where=text("is_open")),
        Index("ix_cases_all", "risk_rank", "act_by", "id", postgresql_where=text("is_open")),
        Index("ix_cases_owner_user", "owner_user_id", "risk_rank", "act_by", "id", postgresql_where=text("is_open")),
        Index("ix_cases_owner_team", "owner_team_id", "risk_rank", "act_by", "id", postgresql_where=text("is_open")),
        Index("ix_cases_premises_id_opened_at", "premises_id", "opened_at"),
        Index("ix_cases_opened", "owner_agency_id", "opened_at", "id"),
    )

    reference: Mapped[str]
    owner_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    owner_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    owner_user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    state: Mapped[CaseState]
    is_open: Mapped[bool] = mapped_column(Computed(_OPEN, persisted=True))
    risk_level: Mapped[RiskLevel]
    risk_rank: Mapped[int] = mapped_column(SmallInteger)
    assessed_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    act_by: Mapped[datetime]
    next_action: Mapped[str]
    next_action_at: Mapped[datetime | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[VisitOutcome | None]
    reject_reason: Mapped[RejectReason | None]
    hold_reason: Mapped[HoldReason | None]
    held_until: Mapped[datetime | None]
    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"))
    borough_code: Mapped[str | None] = mapped_column(ForeignKey("areas.code"))
    reasons: Mapped[list[str]] = mapped_column(default=list)
    staff_safety: Mapped[list[str]] = mapped_column(default=list)
    contact_constraints: Mapped[list[str]] = mapped_column(default=list)
    referrer_kinds: Mapped[list[str]] = mapped_column(default=list)
    referral_count: Mapped[int] = mapped_column(default=0)
    last_referral_at: Mapped[datetime]
    premises: Mapped[Premises] = relationship()
    owner_agency: Mapped[Agency] = relationship()
    owner_team: Mapped[Team | None] = relationship()
    owner_user: Mapped[User | None] = relationship()
    referral_links: Mapped[list["ReferralLink"]] = relationship(
        back_populates="case", order_by="ReferralLink.valid_from"
    )


class CaseInvolvement(Base):
    """An agency that owns the case or whose referral feeds it: who may know that the case exists."""

    __tablename__ = "case_involvements"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), primary_key=True, index=True)
    since: Mapped[datetime]
    case: Mapped[Case] = relationship()


class SearchDocument(TypeDecorator[str]):
    """Words to be found by, given as text: the database keeps each word once, as it is."""

    impl = TSVECTOR
    cache_ok = True

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[str]:
        """Make text a document."""
        return func.to_tsvector("simple", type_coerce(bindparam, Text()))


class CaseSearch(Base):
    """What a case can be found by: names, address, postcode, phone, references, without a confidential address."""

    __tablename__ = "case_search"
    __table_args__ = (Index("ix_case_search_document", "document", postgresql_using="gin"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    document: Mapped[str] = mapped_column(SearchDocument)
    case: Mapped[Case] = relationship()


class ReferralLink(Identified, Linked, Base):
    """This referral speaks of this case."""

    __tablename__ = "referral_links"
    __table_args__ = (
        Index("uq_referral_links_open", "referral_id", unique=True, postgresql_where=text("valid_to IS NULL")),
        Index("ix_referral_links_case_id", "case_id"),
    )

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    added: Mapped[list[str]] = mapped_column(default=list)
    referral: Mapped[Referral] = relationship()
    case: Mapped[Case] = relationship(back_populates="referral_links")


class RiskAssessment(Identified, Base):
    """One assessment of a case. Never edited: a re-assessment is a new row (domain.md 1.1).

    ``triggers`` are the rules that gave the level, each with its factors; ``factors`` is every factor weighed,
    who supplied it, and whether it ``triggered`` (``domain/risk_rules.Factor.as_data``).
    """

    __tablename__ = "risk_assessments"
    __table_args__ = (Index("ix_risk_assessments_case_id_assessed_at", "case_id", "assessed_at"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"))
    visit_id: Mapped[UUID | None] = mapped_column(ForeignKey("visits.id"))
    level: Mapped[RiskLevel]
    score: Mapped[int | None]
    rule_pack: Mapped[str]
    rule_pack_version: Mapped[str]
    assessed_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    assessed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    overridden: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(default="")
    triggers: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    factors: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    case: Mapped[Case] = relationship()
    referral: Mapped[Referral | None] = relationship()


class Assignment(Identified, Base):
    """Who was given the case, by whom, from when to when."""

    __tablename__ = "assignments"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class ContactAttempt(Identified, Base):
    """An attempt to reach the home. Never edited."""

    __tablename__ = "contact_attempts"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    method: Mapped[ContactMethod]
    result: Mapped[ContactResult]
    note: Mapped[str] = mapped_column(default="")


class CaseNote(Identified, Base):
    """A note: seen by its author's agency, and by others only when ``shared``."""

    __tablename__ = "case_notes"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    written_at: Mapped[datetime]
    text: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)


class MarkDecision(Identified, Base):
    """What somebody decided about a case's confidential address: to keep the mark until a review, or to take it off.

    Taking off needs an answer of a second person, of ``answering_agency_id``. ``agreed`` is None until there is one,
    and for a decision that needs none (domain.md 4.5).
    """

    __tablename__ = "mark_decisions"
    __table_args__ = (
        CheckConstraint("agreed IS NOT TRUE OR answered_by <> made_by", name="second_person"),
        Index("ix_mark_decisions_case_id_made_at", "case_id", "made_at"),
        Index(
            "uq_mark_decisions_unanswered",
            "case_id",
            unique=True,
            postgresql_where=text("choice = 'TAKE_OFF' AND answered_at IS NULL"),
        ),
    )

    premises_id: Mapped[UUID] = mapped_column(ForeignKey("premises.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    choice: Mapped[MarkChoice]
    reason: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    review_on: Mapped[date | None]
    answering_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    agreed: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="")
