"""Likenesses for a person to settle: a referral that may speak of an open case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.match import BatchState, ReviewAnswer
from prevention.models.base import Base, Identified
from prevention.models.case import Case
from prevention.models.referral import Referral


class AdoptedModel(Identified, Base):
    """A model of the engine as it was taken into use. The last one decides; with none, the one that comes along does.

    Rows stay: what was decided with a model keeps its version.
    """

    __tablename__ = "adopted_models"
    __table_args__ = (Index("ix_adopted_models_adopted_at_id", "adopted_at", "id"),)

    version: Mapped[str]
    content: Mapped[str]
    adopted_at: Mapped[datetime]


class MatchBatch(Identified, Base):
    """A comparison of everybody with everybody: how far it is (``share``, of 1), and what became of what was alike.

    ``moved_at`` is when it last said how far it is: one that says nothing for long has lost its worker.
    """

    __tablename__ = "match_batches"
    __table_args__ = (Index("ix_match_batches_created_at_id", "created_at", "id"),)

    created_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    state: Mapped[BatchState]
    model_version: Mapped[str] = mapped_column(default="")
    records: Mapped[int] = mapped_column(default=0)
    share: Mapped[float] = mapped_column(default=0.0)
    linked: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)


class MatchCandidate(Identified, Base):
    """This referral, which has a case of its own, looks like that case. Open until somebody answers."""

    __tablename__ = "match_candidates"
    __table_args__ = (
        UniqueConstraint("referral_id", "case_id"),
        Index("ix_match_candidates_open", "found_at", "id", postgresql_where=text("answer IS NULL")),
        Index("ix_match_candidates_case_id", "case_id"),
    )

    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    found_at: Mapped[datetime]
    p_same_person: Mapped[float]
    p_same_household: Mapped[float]
    model_version: Mapped[str]
    words: Mapped[str]
    contributions: Mapped[list[dict[str, Any]]]
    answer: Mapped[ReviewAnswer | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    answer_reason: Mapped[str] = mapped_column(default="")
    referral: Mapped[Referral] = relationship()
    case: Mapped[Case] = relationship()
