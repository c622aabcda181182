"""Reads of outreach: the list, one piece with its progress, its doors and what is already known at them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import Actor
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.domain.visit_rules import load_visit_rules
from prevention.errors import NotFound
from prevention.models.agency import Team
from prevention.models.case import Case
from prevention.models.outreach import Outreach, OutreachDoor, OutreachReferral
from prevention.models.visit import Visit
from prevention.policies.cases import visible_cases
from prevention.policies.outreach import visible_outreach
from prevention.policies.visits import visible_visits

PAGE = 25
DOORS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list of doors is done, what was given out, and how many were referred there and then."""

    doors: int
    knocked: int
    alarms: int
    leaflets: int
    referrals: int


@dataclass(frozen=True, slots=True)
class DoorHints:
    """What the actor's agency already knows at a door: an open case, a finished visit, another list's knock."""

    case_id: UUID | None = None
    case_reference: str = ""
    visited_at: datetime | None = None
    knocked_at: datetime | None = None

    @property
    def any(self) -> bool:
        """Whether there is something to know."""
        return bool(self.case_id or self.visited_at or self.knocked_at)


def list_outreach(
    session: Session, actor: Actor, after: tuple[date, UUID] | None = None
) -> list[tuple[Outreach, Progress]]:
    """The actor's agency's outreach, latest first; one row more than a page says that there are more."""
    query = select(Outreach).where(visible_outreach(actor)).order_by(Outreach.held_on.desc(), Outreach.id.desc())
    if after is not None:
        query = query.where(tuple_(Outreach.held_on, Outreach.id) < after)
    found = session.scalars(query.limit(PAGE + 1)).all()
    progress = _progress(session, [outreach.id for outreach in found])
    return [(outreach, progress[outreach.id]) for outreach in found]


def one_outreach(session: Session, actor: Actor, outreach_id: UUID) -> tuple[Outreach, Progress]:
    """One piece of outreach and how far it is done.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    outreach = session.scalar(select(Outreach).where(Outreach.id == outreach_id, visible_outreach(actor)))
    if outreach is None:
        raise NotFound
    return outreach, _progress(session, [outreach_id])[outreach_id]


def doors_of(session: Session, outreach: Outreach, after: int = 0, *, only_left: bool = False) -> list[OutreachDoor]:
    """A page of doors in walking order after a position, and one more when there are more."""
    query = (
        select(OutreachDoor)
        .where(OutreachDoor.outreach_id == outreach.id, OutreachDoor.position > after)
        .options(joinedload(OutreachDoor.premises))
        .order_by(OutreachDoor.position, OutreachDoor.id)
        .limit(DOORS_A_PAGE + 1)
    )
    if only_left:
        query = query.where(OutreachDoor.outcome.is_(None))
    return list(session.scalars(query))


def one_door(session: Session, outreach: Outreach, door_id: UUID) -> OutreachDoor:
    """One door of the list.

    Raises:
        NotFound: it is not on this list.
    """
    door = session.scalar(
        select(OutreachDoor)
        .where(OutreachDoor.id == door_id, OutreachDoor.outreach_id == outreach.id)
        .options(joinedload(OutreachDoor.premises))
    )
    if door is None:
        raise NotFound
    return door


def next_door(session: Session, outreach: Outreach, after: int) -> OutreachDoor | None:
    """The next door nobody has knocked at, going on from ``after`` and then from the start."""
    left = (
        select(OutreachDoor)
        .where(OutreachDoor.outreach_id == outreach.id, OutreachDoor.outcome.is_(None))
        .order_by((OutreachDoor.position <= after), OutreachDoor.position)
        .limit(1)
    )
    return session.scalar(left)


def hints(session: Session, actor: Actor, doors: Sequence[OutreachDoor], now: datetime) -> dict[UUID, DoorHints]:
    """What is already known at these doors, by door.

    Nothing is said of a confidential address: on a street's list it must look like any other door (domain.md 4.5).
    """
    by_premises = {door.premises_id: door for door in doors if not door.premises.confidential}
    if not by_premises:
        return {door.id: DoorHints() for door in doors}
    places = list(by_premises)
    lately = now - load_visit_rules().visited_lately
    cases = {
        row.premises_id: row
        for row in session.execute(
            select(Case.premises_id, Case.id, Case.reference)
            .where(Case.premises_id.in_(places), Case.is_open, visible_cases(actor))
            .order_by(Case.opened_at)
        )
    }
    visited = _latest(
        session,
        select(Visit.premises_id, func.max(Visit.finished_at))
        .where(
            Visit.premises_id.in_(places),
            Visit.state == VisitState.FINISHED,
            Visit.outcome == VisitOutcome.COMPLETED,
            Visit.finished_at > lately,
            visible_visits(actor),
        )
        .group_by(Visit.premises_id),
    )
    here = {door.outreach_id for door in doors}
    knocked = _latest(
        session,
        select(OutreachDoor.premises_id, func.max(OutreachDoor.knocked_at))
        .join(Outreach, Outreach.id == OutreachDoor.outreach_id)
        .where(
            OutreachDoor.premises_id.in_(places),
            OutreachDoor.outreach_id.not_in(here),
            OutreachDoor.outcome == VisitOutcome.COMPLETED,
            OutreachDoor.knocked_at > lately,
            visible_outreach(actor),
        )
        .group_by(OutreachDoor.premises_id),
    )
    found = {}
    for door in doors:
        case = cases.get(door.premises_id) if door.premises_id in by_premises else None
        found[door.id] = DoorHints(
            case_id=case.id if case else None,
            case_reference=case.reference if case else "",
            visited_at=visited.get(door.premises_id),
            knocked_at=knocked.get(door.premises_id),
        )
    return found


def own_teams(session: Session, actor: Actor) -> list[Team]:
    """The active teams of the actor's agency, by name."""
    return list(
        session.scalars(select(Team).where(Team.agency_id == actor.agency_id, Team.active).order_by(Team.name, Team.id))
    )


def _latest(session: Session, query: object) -> dict[UUID, datetime]:
    rows = session.execute(query).all()  # type: ignore[call-overload] # a select of two columns
    return {premises_id: at for premises_id, at in rows if at is not None}


def _progress(session: Session, ids: Sequence[UUID]) -> dict[UUID, Progress]:
    found: dict[UUID, Progress] = defaultdict(lambda: Progress(0, 0, 0, 0, 0))
    if not ids:
        return found
    rows = session.execute(
        select(
            OutreachDoor.outreach_id,
            func.count(),
            func.count(OutreachDoor.outcome),
            func.coalesce(func.sum(OutreachDoor.alarms_fitted), 0),
            func.count().filter(OutreachDoor.leaflet_left),
            func.count(OutreachDoor.referral_id),
        )
        .where(OutreachDoor.outreach_id.in_(ids))
        .group_by(OutreachDoor.outreach_id)
    )
    for outreach_id, doors, knocked, alarms, leaflets, referrals in rows:
        found[outreach_id] = Progress(doors, knocked, alarms, leaflets, referrals)
    without_door = session.execute(
        select(OutreachReferral.outreach_id, func.count())
        .where(OutreachReferral.outreach_id.in_(ids))
        .group_by(OutreachReferral.outreach_id)
    )
    for outreach_id, referrals in without_door:
        found[outreach_id] = replace(found[outreach_id], referrals=found[outreach_id].referrals + referrals)
    return found
