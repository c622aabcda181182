"""Which teams cover which homes: the one rule, for whoever orders, counts or chooses teams by it."""

from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, or_, select, true
from sqlalchemy.orm import aliased

from prevention.models.agency import Area, Team, TeamArea
from prevention.models.case import Case

Code: TypeAlias = SQLColumnExpression[Any] | str | None

_covered = aliased(Area)
_anybody = aliased(Team)


@dataclass(frozen=True, slots=True)
class HomeAreas:
    """The borough and the ward a home lies in, by code; None where it is not known."""

    borough: str | None = None
    ward: str | None = None


def areas_of(case: Case | None) -> HomeAreas:
    """Where a case's home lies, as far as the choice of a team may tell it.

    A confidential home's ward counts as not known: which teams come first would give it away.
    """
    if case is None:
        return HomeAreas()
    return HomeAreas(case.borough_code, None if case.premises.confidential else case.premises.ward_code)


def team_covers(team_id: SQLColumnExpression[UUID], borough: Code, ward: Code) -> ColumnElement[bool]:
    """Whether the team covers a home of ``borough`` and ``ward``: its borough or its ward.

    Where the home's ward is not known, any ward of its borough counts.
    """
    covering = (
        select(TeamArea.team_id)
        .join(_covered, _covered.code == TeamArea.area_code)
        .where(TeamArea.team_id == team_id, _covered.borough_code == borough, _reaches(borough, ward))
    )
    return exists(covering.correlate_except(TeamArea, _covered))


def agency_covers(agency_id: SQLColumnExpression[UUID] | UUID, borough: Code) -> ColumnElement[bool]:
    """Whether an agency covers ``borough``: one of its active teams covers a home somewhere in it."""
    covering = select(_anybody.id).where(
        _anybody.agency_id == agency_id, _anybody.active, team_covers(_anybody.id, borough, None)
    )
    return exists(covering.correlate_except(_anybody))


def _reaches(borough: Code, ward: Code) -> ColumnElement[bool]:
    """Whether a covered area, which lies in ``borough``, is all of it or the ward; any does where there is no ward."""
    if ward is None:
        return true()
    known = or_(_covered.code == borough, _covered.code == ward)
    return known if isinstance(ward, str) else or_(known, ward.is_(None))
