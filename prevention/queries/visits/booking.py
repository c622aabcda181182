"""What a booking needs to know: the case, who could go and what they have on, and what speaks against a slot."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import PERMISSIONS, Actor, Permission
from prevention.domain.local_time import LONDON, day_bounds
from prevention.domain.referral import StaffSafety
from prevention.domain.visit import OPEN_VISIT_STATES, VisitState
from prevention.errors import NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Team
from prevention.models.case import Case, CaseInvolvement
from prevention.models.visit import Visit
from prevention.policies.cases import may_work_on_case, visible_cases
from prevention.queries.coverage import HomeAreas, team_covers


@dataclass(frozen=True, slots=True)
class Load:
    """An officer or team that could go, and what they already have on the day."""

    officer: User | None
    team: Team
    times: tuple[datetime, ...]

    @property
    def value(self) -> str:
        """What the booking form sends: ``user:<id>`` or ``team:<id>``."""
        return f"user:{self.officer.id}" if self.officer else f"team:{self.team.id}"


def crews(session: Session, actor: Actor, day: date, home: HomeAreas) -> list[Load]:
    """Every active team of the actor's agency, each followed by its officers, with their visits on a London ``day``.

    Teams that cover the home come first.
    """
    covers = team_covers(Team.id, home.borough, home.ward)
    teams = session.scalars(
        select(Team).where(Team.agency_id == actor.agency_id, Team.active).order_by(covers.desc(), Team.name, Team.id)
    ).all()
    recorders = [role for role, permissions in PERMISSIONS.items() if Permission.VISIT_RECORD in permissions]
    members = session.scalars(
        select(Membership)
        .join(Membership.user)
        .where(Membership.agency_id == actor.agency_id, Membership.role.in_(recorders), User.active)
        .options(joinedload(Membership.user))
        .order_by(User.name, Membership.id)
    ).all()
    start, end = day_bounds(day)
    booked: dict[UUID, list[datetime]] = defaultdict(list)
    rows = session.execute(
        select(Visit.officer_id, Visit.team_id, Visit.scheduled_at)
        .where(
            Visit.agency_id == actor.agency_id,
            Visit.state != VisitState.CANCELLED,
            Visit.scheduled_at >= start,
            Visit.scheduled_at < end,
        )
        .order_by(Visit.scheduled_at)
    )
    for officer_id, team_id, at in rows:
        given_to = officer_id or team_id
        if given_to is not None:
            booked[given_to].append(at)
    found: list[Load] = []
    for team in teams:
        found.append(Load(None, team, tuple(booked[team.id])))
        found.extend(
            Load(member.user, team, tuple(booked[member.user_id])) for member in members if member.team_id == team.id
        )
    return found


@dataclass(frozen=True, slots=True)
class OtherBooking:
    """A visit already booked at the same home. ``agency`` is None when the actor may not know whose it is."""

    scheduled_at: datetime
    agency: str | None
    visit_id: UUID | None


def case_for_booking(session: Session, actor: Actor, case_id: UUID) -> Case:
    """The case a visit may be booked for.

    Raises:
        NotFound: there is none, or the actor may not know of it.
        NotAllowed: another agency owns it, or the actor's role does not book.
    """
    case = session.scalar(
        select(Case)
        .where(Case.id == case_id, visible_cases(actor))
        .options(joinedload(Case.premises), joinedload(Case.owner_team), joinedload(Case.owner_user))
    )
    if case is None:
        raise NotFound
    involved = session.scalars(select(CaseInvolvement.agency_id).where(CaseInvolvement.case_id == case.id)).all()
    may_work_on_case(actor, case, involved, Permission.VISIT_BOOK).require()
    return case


def other_bookings(session: Session, actor: Actor, case: Case, besides: UUID | None = None) -> list[OtherBooking]:
    """Open visits at the case's premises, by any agency: two crews at one door waste one (domain.md 10).

    Of an agency that is not involved in the case only the time is told, never who it is or why.
    """
    rows = session.execute(
        select(Visit.id, Visit.scheduled_at, Visit.agency_id, Agency.short_name)
        .join(Agency, Agency.id == Visit.agency_id)
        .where(Visit.premises_id == case.premises_id, Visit.state.in_(OPEN_VISIT_STATES))
        .order_by(Visit.scheduled_at, Visit.id)
    ).all()
    others = [row for row in rows if row.id != besides]
    if not others:
        return []
    involved = set(session.scalars(select(CaseInvolvement.agency_id).where(CaseInvolvement.case_id == case.id)))
    return [
        OtherBooking(
            scheduled_at=row.scheduled_at,
            agency=row.short_name if row.agency_id in involved or row.agency_id == actor.agency_id else None,
            visit_id=row.id if row.agency_id == actor.agency_id else None,
        )
        for row in others
    ]


@dataclass(frozen=True, slots=True)
class BookingWarning:
    """Something a coordinator must have seen before booking. ``code`` is what they confirm, ``words`` what is shown."""

    code: str
    words: str


def booking_warnings(
    session: Session,
    actor: Actor,
    case: Case,
    scheduled_at: datetime,
    *,
    one_officer: bool,
    besides: UUID | None = None,
) -> list[BookingWarning]:
    """What speaks against a slot: two crews at one door, too late, or one person where two must go (domain.md 1.10)."""
    found = []
    for other in other_bookings(session, actor, case, besides):
        day = other.scheduled_at.astimezone(LONDON)
        who = other.agency or "Another service"
        found.append(
            BookingWarning(
                f"DOUBLE:{day:%Y%m%d%H%M}",
                f"{who} has a visit booked at this home on {day.day} {day:%B} at {day:%H:%M}. "
                "Two visits may waste a crew: ask whether they can go together.",
            )
        )
    if case.due_at is not None and scheduled_at > case.due_at:
        due = case.due_at.astimezone(LONDON)
        found.append(
            BookingWarning(
                f"AFTER_DUE:{scheduled_at.astimezone(LONDON):%Y%m%d%H%M}",
                f"This slot is after the time by which the home must be visited: {due.day} {due:%B}, {due:%H:%M}.",
            )
        )
    if one_officer and StaffSafety.TWO_PERSON.value in case.staff_safety:
        found.append(
            BookingWarning(
                "TWO_PERSON", "This home needs two people. Make sure a second person goes, or choose a team."
            )
        )
    return found


def open_visit_of(session: Session, case_id: UUID) -> Visit | None:
    """The visit that is booked or under way for a case."""
    return session.scalar(
        select(Visit)
        .where(Visit.case_id == case_id, Visit.state.in_(OPEN_VISIT_STATES))
        .order_by(Visit.scheduled_at, Visit.id)
        .limit(1)
    )
