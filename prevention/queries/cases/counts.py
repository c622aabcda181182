"""The numbers over the queue, each of which links to its list; and how much everybody has open."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, and_, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from prevention.domain.account import PERMISSIONS, Actor, Permission
from prevention.domain.followup import OPEN_FOLLOWUP_STATES
from prevention.domain.risk import RiskLevel
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.models.referral import ProposedAmendment
from prevention.policies.followups import visible_followups
from prevention.policies.referrals import unanswered, visible_proposals
from prevention.queries.cases.queue import Due, due_condition, unassigned_condition
from prevention.queries.coverage import HomeAreas, team_covers
from prevention.queries.matches import open_candidates


@dataclass(frozen=True, slots=True)
class Counts:
    """How many open cases of the actor's agency are what, and what else waits for its coordinators."""

    very_high: int
    overdue: int
    breaching_today: int
    unassigned: int
    for_review: int
    followups_due: int
    to_confirm: int


def counts(session: Session, actor: Actor, now: datetime) -> Counts:
    """The numbers for the top of the queue, in one statement. Today is the London day of ``now`` (aware)."""
    own = and_(Case.is_open, Case.owner_agency_id == actor.agency_id)
    cases = (
        select(
            func.count().filter(Case.risk_rank == RiskLevel.VERY_HIGH.rank).label("very_high"),
            func.count().filter(due_condition(Due.OVERDUE, now)).label("overdue"),
            func.count().filter(due_condition(Due.TODAY, now)).label("breaching_today"),
            func.count().filter(unassigned_condition(actor)).label("unassigned"),
        )
        .where(own)
        .subquery()
    )
    review = select(func.count()).select_from(open_candidates(actor).subquery()).scalar_subquery()
    due = (
        select(func.count())
        .select_from(FollowUp)
        .where(
            visible_followups(actor),
            FollowUp.state.in_(OPEN_FOLLOWUP_STATES),
            FollowUp.due_at <= now,
        )
        .scalar_subquery()
    )
    to_confirm = (
        select(func.count())
        .select_from(ProposedAmendment)
        .where(visible_proposals(actor), unanswered())
        .scalar_subquery()
    )
    row = session.execute(select(cases, review, due, to_confirm)).one()
    return Counts(*row)


@dataclass(frozen=True, slots=True)
class Owner:
    """A team or an officer cases can be given to, and how many open ones they have, a team with its officers'.

    ``covers``: how many of the cases lie where the team works.
    """

    team_id: UUID | None
    user_id: UUID | None
    name: str
    team_name: str
    open_cases: int
    covers: int

    @property
    def value(self) -> str:
        """What the form sends: ``team:<id>`` or ``user:<id>``."""
        return f"user:{self.user_id}" if self.user_id else f"team:{self.team_id}"


def owners(session: Session, agency_id: UUID, homes: Sequence[HomeAreas]) -> tuple[Owner, ...]:
    """Whom cases can be given to: the teams that cover most of them first, each followed by its officers.

    ``homes`` says where the home of each case lies.
    """
    teams = _teams(session, agency_id, homes)
    load = _load(session, agency_id)
    roles = [role for role, held in PERMISSIONS.items() if Permission.VISIT_RECORD in held]
    members = session.execute(
        select(Membership.team_id, User.id, User.name)
        .join(User, User.id == Membership.user_id)
        .where(Membership.agency_id == agency_id, Membership.role.in_(roles), User.active)
        .order_by(User.name, User.id)
    ).all()
    found: list[Owner] = []
    for team_id, name, covers in teams:
        found.append(Owner(team_id, None, name, name, load[team_id], covers))
        found.extend(
            Owner(team_id, member.id, member.name, name, load[member.id], covers)
            for member in members
            if member.team_id == team_id
        )
    found.extend(
        Owner(None, member.id, member.name, "", load[member.id], covers=0)
        for member in members
        if member.team_id is None
    )
    return tuple(found)


def _teams(session: Session, agency_id: UUID, homes: Sequence[HomeAreas]) -> list[tuple[UUID, str, int]]:
    """Each active team with how many of the ``homes`` it covers, most first."""
    each = (
        func.unnest(
            literal([home.borough for home in homes], ARRAY(Text)), literal([home.ward for home in homes], ARRAY(Text))
        )
        .table_valued(column("borough", Text), column("ward", Text), name="homes")
        .render_derived()
    )
    covered = select(func.count()).select_from(each).where(team_covers(Team.id, each.c.borough, each.c.ward))
    covers = covered.correlate(Team).scalar_subquery().label("covers")
    rows = session.execute(
        select(Team.id, Team.name, covers)
        .where(Team.agency_id == agency_id, Team.active)
        .order_by(covers.desc(), Team.name, Team.id)
    )
    return [(row.id, row.name, row.covers) for row in rows]


def _load(session: Session, agency_id: UUID) -> Counter[UUID]:
    """Open cases by officer, and by team with those its officers have."""
    rows = session.execute(
        select(Case.owner_team_id, Case.owner_user_id, func.count())
        .where(Case.is_open, Case.owner_agency_id == agency_id)
        .group_by(Case.owner_team_id, Case.owner_user_id)
    )
    load: Counter[UUID] = Counter()
    for team_id, user_id, count in rows:
        for holder in (team_id, user_id):
            if holder is not None:
                load[holder] += count
    return load


def teams_of(session: Session, agency_id: UUID | None) -> list[tuple[UUID, str]]:
    """The active teams of an agency, by name: choices of the queue's filter."""
    rows = session.execute(
        select(Team.id, Team.name).where(Team.agency_id == agency_id, Team.active).order_by(Team.name, Team.id)
    )
    return [(row.id, row.name) for row in rows]


def boroughs(session: Session) -> list[tuple[str, str]]:
    """The boroughs' codes and names, by name: choices of the queue's filter."""
    rows = session.execute(select(Area.code, Area.name).where(Area.kind == "borough").order_by(Area.name))
    return [(row.code, row.name) for row in rows]


def other_agencies(session: Session, agency_id: UUID) -> list[tuple[UUID, str]]:
    """The other active agencies whose desk takes cases, by name: where a case can be passed to."""
    rows = session.execute(
        select(Agency.id, Agency.name)
        .join(Team, and_(Team.agency_id == Agency.id, Team.is_intake_desk, Team.active))
        .where(Agency.active, Agency.id != agency_id)
        .order_by(Agency.name, Agency.id)
    )
    return [(row.id, row.name) for row in rows]
