"""Users, the roles they hold in agencies, and where they are signed in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prevention.domain.account import Role
from prevention.models.agency import Agency, Team
from prevention.models.base import Base, Edited, Identified


class User(Identified, Edited, Base):
    """Somebody who signs in.

    ``temporary_until``: an administrator made the password; it works until then, and must be changed. None: it is their
    own.
    """

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email"),)

    email: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    temporary_until: Mapped[datetime | None]
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_signed_in_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    memberships: Mapped[list["Membership"]] = relationship(back_populates="user", order_by="Membership.id")


class Membership(Identified, Base):
    """A role held in an agency, and the team worked in."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("user_id", "agency_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id"), index=True)
    role: Mapped[Role]
    user: Mapped[User] = relationship(back_populates="memberships")
    agency: Mapped[Agency] = relationship()
    team: Mapped[Team | None] = relationship()


class UserSession(Identified, Base):
    """A user signed in on one device. The row is there as long as the session lives; its end is the row's."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
