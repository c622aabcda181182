"""Agencies, their teams, and the areas teams cover."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.agency import AgencyKind, TeamKind
from prevention.models.base import Base, Edited, Identified


class Area(Base):
    """A borough or ward: ONS code and name (domain.md 5.5). Reference data.

    A borough lies in itself. ``superseded`` marks a ward of an earlier list that teams or homes still speak of.
    """

    __tablename__ = "areas"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    borough_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    superseded: Mapped[bool] = mapped_column(default=False, server_default=false())


class Agency(Identified, Edited, Base):
    """A service that refers, visits, or both."""

    __tablename__ = "agencies"
    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("code"))

    code: Mapped[str]
    name: Mapped[str]
    short_name: Mapped[str]
    kind: Mapped[AgencyKind]
    rule_pack: Mapped[str] = mapped_column(default="london_four_level")
    mailbox: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    teams: Mapped[list["Team"]] = relationship(back_populates="agency", order_by="Team.name")


class Team(Identified, Edited, Base):
    """A station, specialist team, ward team or desk. One desk per agency takes in new cases."""

    __tablename__ = "teams"
    __table_args__ = (
        UniqueConstraint("agency_id", "name"),
        Index("uq_teams_one_intake_desk", "agency_id", unique=True, postgresql_where=text("is_intake_desk")),
    )

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    name: Mapped[str]
    kind: Mapped[TeamKind]
    mailbox: Mapped[str] = mapped_column(default="")
    is_intake_desk: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    agency: Mapped[Agency] = relationship(back_populates="teams")
    areas: Mapped[list[Area]] = relationship(secondary="team_areas", order_by="Area.name")


class TeamArea(Base):
    """A team covers an area."""

    __tablename__ = "team_areas"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"), primary_key=True, index=True)
