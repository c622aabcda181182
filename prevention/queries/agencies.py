"""Reads of agencies and teams for administrators, and of the open work that stands in the way of deactivating."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from prevention.domain.account import Actor, Role
from prevention.domain.followup import OPEN_FOLLOWUP_STATES
from prevention.domain.visit import OPEN_VISIT_STATES
from prevention.errors import NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team, TeamArea
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.models.visit import Visit
from prevention.policies.agencies import administered_agencies, administered_teams
from prevention.queries.coverage import agency_covers
from prevention.queries.pages import Page, page_of

TEAMS_A_PAGE = 25
AGENCIES_A_PAGE = 25


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How much somebody would have to take over. ``members`` are people who work in a team and can sign in."""

    cases: int
    visits: int
    followups: int
    members: int = 0

    @property
    def total(self) -> int:
        """Everything together; 0 means nothing stands in the way."""
        return self.cases + self.visits + self.followups + self.members

    @property
    def parts(self) -> tuple[tuple[int, str], ...]:
        """What there is, with its noun in the right number; nothing that is zero."""
        nouns = (
            (self.cases, "open case", "open cases"),
            (self.visits, "booked visit", "booked visits"),
            (self.followups, "open follow-up", "open follow-ups"),
            (self.members, "member", "members"),
        )
        return tuple((count, one if count == 1 else many) for count, one, many in nouns if count)

    @property
    def words(self) -> str:
        """``3 open cases and 1 booked visit``; empty when there is nothing."""
        parts = [f"{count:,} {noun}" for count, noun in self.parts]
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """One agency of the list, with how many active teams and users it has."""

    agency: Agency
    teams: int
    users: int


def agencies(session: Session, actor: Actor, *, after: UUID | None, before: UUID | None) -> Page[AgencyLine]:
    """The agencies the actor administers: their own first, then partners by name."""
    teams = select(func.count()).select_from(Team).where(Team.agency_id == Agency.id, Team.active).scalar_subquery()
    users = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.agency_id == Agency.id, User.active)
        .scalar_subquery()
    )
    found = page_of(
        session,
        select(Agency, teams, users).where(administered_agencies(actor)),
        order=(Agency.id != actor.agency_id, func.lower(Agency.name), Agency.id),
        row_id=Agency.id,
        after=after,
        before=before,
        size=AGENCIES_A_PAGE,
    )
    return found.of([AgencyLine(*row) for row in found.rows])


def agency(session: Session, actor: Actor, agency_id: UUID) -> Agency:
    """One agency.

    Raises:
        NotFound: there is none the actor may administer.
    """
    found = session.scalar(select(Agency).where(Agency.id == agency_id, administered_agencies(actor)))
    if found is None:
        raise NotFound
    return found


def agency_choices(session: Session, actor: Actor) -> list[Agency]:
    """The agencies the actor administers, for a choice: their own first, then partners by name."""
    return list(
        session.scalars(
            select(Agency)
            .where(administered_agencies(actor))
            .order_by(Agency.id != actor.agency_id, func.lower(Agency.name), Agency.id)
        )
    )


def teams_of(
    session: Session, actor: Actor, agency_id: UUID, *, after: UUID | None, before: UUID | None
) -> Page[tuple[Team, int]]:
    """The agency's teams and how many active members each has: the intake desk first, inactive ones last."""
    found = page_of(
        session,
        select(Team, _members_of(Team.id))
        .where(Team.agency_id == agency_id, administered_teams(actor))
        .options(selectinload(Team.areas)),
        order=(~Team.is_intake_desk, ~Team.active, func.lower(Team.name), Team.id),
        row_id=Team.id,
        after=after,
        before=before,
        size=TEAMS_A_PAGE,
    )
    return found.of([(team, members) for team, members in found.rows])


def team(session: Session, actor: Actor, team_id: UUID) -> Team:
    """One team with its agency and areas.

    Raises:
        NotFound: there is none the actor may administer.
    """
    found = session.scalar(
        select(Team)
        .where(Team.id == team_id, administered_teams(actor))
        .options(joinedload(Team.agency), selectinload(Team.areas))
    )
    if found is None:
        raise NotFound
    return found


def team_choices(session: Session, actor: Actor, agency_id: UUID) -> list[Team]:
    """The agency's active teams by name, for a choice."""
    return list(
        session.scalars(
            select(Team)
            .where(Team.agency_id == agency_id, Team.active, administered_teams(actor))
            .order_by(func.lower(Team.name), Team.id)
        )
    )


def boroughs(session: Session) -> list[Area]:
    """London's boroughs by name."""
    return list(session.scalars(select(Area).where(Area.code == Area.borough_code).order_by(Area.name, Area.code)))


def wards(session: Session, team_id: UUID | None = None) -> list[Area]:
    """The wards a team may be given, by name: those in force, and of an earlier list those it has."""
    has = Area.code.in_(select(TeamArea.area_code).where(TeamArea.team_id == team_id))
    offered = select(Area).where(Area.code != Area.borough_code, or_(~Area.superseded, has))
    return list(session.scalars(offered.order_by(Area.name, Area.code)))


def boroughs_without_a_team(session: Session, agency_id: UUID) -> list[Area]:
    """The boroughs that no active team of the agency covers, nor any ward of them, by name."""
    uncovered = select(Area).where(Area.code == Area.borough_code, ~agency_covers(agency_id, Area.code))
    return list(session.scalars(uncovered.order_by(Area.name, Area.code)))


def open_work_of_user(session: Session, user_id: UUID) -> OpenWork:
    """What is the user's own and not ended."""
    return OpenWork(
        *_counts(session, Case.owner_user_id == user_id, Visit.officer_id == user_id, FollowUp.owner_user_id == user_id)
    )


def open_work_of_team(session: Session, team_id: UUID) -> OpenWork:
    """What is the team's and not ended, and who works in it."""
    counts = _counts(
        session, Case.owner_team_id == team_id, Visit.team_id == team_id, FollowUp.owner_team_id == team_id
    )
    return OpenWork(*counts, members=session.scalar(select(_members_of(team_id))) or 0)


def open_work_of_agency(session: Session, agency_id: UUID) -> OpenWork:
    """What is the agency's and not ended."""
    return OpenWork(
        *_counts(
            session,
            Case.owner_agency_id == agency_id,
            Visit.agency_id == agency_id,
            FollowUp.agency_id == agency_id,
        )
    )


def who_reassigns(session: Session, agency_id: UUID) -> Sequence[User]:
    """Up to five of the agency's active coordinators and supervisors, by name: they can give open work to others."""
    return session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.agency_id == agency_id,
            Membership.role.in_((Role.COORDINATOR, Role.SUPERVISOR)),
            User.active,
        )
        .order_by(func.lower(User.name), User.id)
        .limit(5)
    ).all()


def _members_of(team_id: object) -> ColumnElement[int]:
    counted = (
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.team_id == team_id, User.active)
    )
    return counted.scalar_subquery()


def _counts(
    session: Session, cases: ColumnElement[bool], visits: ColumnElement[bool], followups: ColumnElement[bool]
) -> tuple[int, int, int]:
    open_visit = and_(Visit.state.in_(OPEN_VISIT_STATES), Visit.finished_at.is_(None))
    row = session.execute(
        select(
            select(func.count()).select_from(Case).where(cases, Case.is_open).scalar_subquery(),
            select(func.count()).select_from(Visit).where(visits, open_visit).scalar_subquery(),
            select(func.count())
            .select_from(FollowUp)
            .where(followups, FollowUp.state.in_(OPEN_FOLLOWUP_STATES))
            .scalar_subquery(),
        )
    ).one()
    return row[0], row[1], row[2]
