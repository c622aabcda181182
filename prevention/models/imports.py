"""Files handed in: the run that imports one, and the rows of it a person may want to see."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from prevention.domain.imports import ImportState, RowOutcome
from prevention.models.base import Base, Identified


class ImportRun(Identified, Base):
    """One file of ``agency_id`` handed in: its preview, its progress, its report. ``stored_as`` names the kept file.

    ``handed_in_by_id`` is the agency that whoever handed it in acted for; None for the product itself.
    ``leased_until``: until then a worker has it in hand, or will soon; see ``services/imports/runs.hand_on``.
    """

    __tablename__ = "import_runs"
    __table_args__ = (Index("ix_import_runs_created_at_id", "created_at", "id"),)

    reference: Mapped[str]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    handed_in_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    created_at: Mapped[datetime]
    profile: Mapped[str]
    file_name: Mapped[str]
    stored_as: Mapped[str]
    state: Mapped[ImportState]
    preview: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    joined: Mapped[int] = mapped_column(default=0)
    review: Mapped[int] = mapped_column(default=0)
    amended: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    to_confirm: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")


class ImportRow(Base):
    """One row of a run that a person may want to see: refused, with the reason and the original columns in order.

    ``original`` is JSON and not JSONB, which would lose the order of the sender's columns.
    """

    __tablename__ = "import_rows"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[RowOutcome]
    reason: Mapped[str]
    original: Mapped[dict[str, Any]] = mapped_column(JSON)
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"))
