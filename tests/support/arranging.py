"""Makes the rows a test starts from. Everything has a sensible default; a test names what it is about."""

from itertools import count
from typing import TypeVar

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind, TeamKind
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team
from prevention.models.base import Base
from tests.support.client import PASSWORD

Row = TypeVar("Row", bound=Base)

#: Cheap on purpose: tests sign in often, and argon2's cost is argon2's own business.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


class Arranger:
    """Adds rows and commits each call. ``session`` is there for what has no method of its own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._numbers = count(1)

    def save(self, row: Row) -> Row:
        """Add and commit any row."""
        self.session.add(row)
        self.session.commit()
        return row

    def agency(self, kind: AgencyKind = AgencyKind.FIRE, *, name: str = "", rule_pack: str = "london_four_level") -> Agency:
        """An agency with its intake desk, ``agency.teams[0]``, that covers no area in particular."""
        number = next(self._numbers)
        agency = Agency(
            code=f"{kind.value}-{number}",
            name=name or f"{kind.label} Service {number}",
            short_name=f"{kind.label[0]}S{number}",
            kind=kind,
            rule_pack=rule_pack,
            mailbox=f"desk-{number}@example.org",
        )
        agency.teams.append(
            Team(name="Prevention desk", kind=TeamKind.DESK, is_intake_desk=True, mailbox=f"team-{number}@example.org")
        )
        return self.save(agency)

    def team(self, agency: Agency, *, name: str = "", areas: tuple[str, ...] = ()) -> Team:
        """A station of ``agency`` covering ``areas`` (ONS codes)."""
        number = next(self._numbers)
        team = Team(name=name or f"Station {number}", kind=TeamKind.STATION, mailbox=f"station-{number}@example.org")
        team.agency_id = agency.id
        team.areas = [area for code in areas if (area := self.session.get(Area, code)) is not None]
        return self.save(team)

    def user(self, agency: Agency, role: Role = Role.COORDINATOR, *, team: Team | None = None, name: str = "") -> User:
        """A user holding ``role`` in ``agency``; the password is ``tests.support.client.PASSWORD``."""
        number = next(self._numbers)
        user = User(
            email=f"user-{number}@example.org",
            name=name or f"{role.label} {number}",
            password_hash=_HASH,
            session_key=f"key-{number}",
        )
        user.memberships.append(Membership(agency=agency, team=team, role=role))
        return self.save(user)
