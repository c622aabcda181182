"""What coordinators and crews of the demonstration did before today, through the product's own services."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from prevention.domain.account import Actor, Role
from prevention.domain.case import CaseState, ContactMethod, ContactResult
from prevention.domain.followup import FollowUpState
from prevention.domain.local_time import LONDON
from prevention.domain.referral import CapacityConcern
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import (
    AlarmPower,
    AlarmType,
    Component,
    ObservedRisk,
    OnwardDestination,
    OnwardKind,
    Room,
    VisitOutcome,
    VisitType,
)
from prevention.domain.visit_record import (
    AlarmEntry,
    Alternative,
    ComponentCheck,
    EscapePlan,
    NoAccess,
    OnwardEntry,
    People,
    Refusal,
    VisitRecord,
    WhoSeen,
)
from prevention.errors import Conflict, Invalid, NotAllowed
from prevention.extensions import current_session
from prevention.models.account import Membership
from prevention.models.agency import Agency, Team
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.queries.accounts import acting_under
from prevention.queries.coverage import areas_of, team_covers
from prevention.queries.visits.booking import booking_warnings
from prevention.services.cases.assigning import assign
from prevention.services.cases.closing import close
from prevention.services.cases.contacting import log_contact
from prevention.services.cases.triage import accept
from prevention.services.followups.completing import complete
from prevention.services.visits.booking import Slot, book
from prevention.services.visits.recording import finish
from prevention.services.work import Work
from prevention.unit_of_work import unit_of_work

#: Of the cases that have waited long enough, how many somebody worked on, and how that ended.
_WORKED = 0.8
_ENDINGS = (
    (0.78, VisitOutcome.COMPLETED),
    (0.92, VisitOutcome.NO_ACCESS_NO_REPLY),
    (1.0, VisitOutcome.REFUSED_AT_DOOR),
)
#: Share of completed visits that pass something on to another service.
_ONWARD = 0.15
#: States in which somebody still has a word to say, days later.
_TO_SETTLE = (CaseState.NO_ACCESS, CaseState.REFUSED, CaseState.COMPLETED, CaseState.FOLLOW_UP)
#: Per crew at the end: visits booked for today, visits booked at all, and cases given in all.
_TODAY_EACH, _BOOKED_EACH, _MOST_EACH = 3, 5, 8
#: How long a case waits before the crew goes, by level: well inside the deadline.
_WAIT = {
    RiskLevel.VERY_HIGH: timedelta(hours=2),
    RiskLevel.HIGH: timedelta(days=3),
    RiskLevel.MEDIUM: timedelta(days=9),
    RiskLevel.LOW: timedelta(days=12),
}


@dataclass(frozen=True, slots=True)
class _Staff:
    """Who works for one agency: its coordinator, and an officer of each team that has one."""

    coordinator: Actor
    officers: dict[UUID, Actor]

    @property
    def anybody(self) -> Actor:
        """The officer who goes where no team's officer does."""
        return next(iter(self.officers.values()))

    def officer_for(self, case: Case) -> Actor | None:
        """The officer of a team that covers the case's home."""
        home = areas_of(case)
        covering = select(Team.id).where(Team.id.in_(self.officers), team_covers(Team.id, home.borough, home.ward))
        team_id = current_session().scalar(covering.order_by(Team.name, Team.id).limit(1))
        return self.officers[team_id] if team_id else None


def work_through(at: datetime, now: datetime, random: Random) -> None:
    """Do at ``at`` most of what waited long enough; today's end (``at`` is ``now``) books visits for the crews."""
    for agency_id, staff in _staff_by_agency().items():
        if at < now:
            _settle(staff, agency_id, at, random)
        for case_id, level in _waiting(agency_id, at) if at < now else ():
            if random.random() > _WORKED:
                continue
            try:
                _carry_out(staff, case_id, level, at, random)
            except (Conflict, Invalid, NotAllowed):
                continue  # somebody has to decide first: it stays on the queue
        if at == now:
            _prepare_today(staff, agency_id, now)


def _staff_by_agency() -> dict[UUID, _Staff]:
    session = current_session()
    found = {}
    for agency in session.scalars(select(Agency).where(Agency.active).order_by(Agency.code)):
        held = session.scalars(
            select(Membership).where(Membership.agency_id == agency.id).order_by(Membership.id)
        ).all()
        coordinator = next((acting_under(each) for each in held if each.role is Role.COORDINATOR), None)
        officers = {
            each.team_id: acting_under(each) for each in held if each.role is Role.FIELD_OFFICER and each.team_id
        }
        if coordinator is None or not officers:
            continue
        found[agency.id] = _Staff(coordinator, officers)
    return found


def _waiting(agency_id: UUID, at: datetime) -> list[tuple[UUID, RiskLevel]]:
    """The agency's undecided cases that have waited long enough at ``at``, worst first."""
    rows = current_session().execute(
        select(Case.id, Case.risk_level, Case.last_referral_at)
        .where(Case.owner_agency_id == agency_id, Case.state == CaseState.TRIAGE)
        .order_by(Case.risk_rank, Case.act_by, Case.id)
    )
    return [(case_id, level) for case_id, level, received_at in rows if received_at < at - _WAIT[level]]


def _settle(staff: _Staff, agency_id: UUID, at: datetime, random: Random) -> None:
    """Go back to the homes nobody opened, end what was refused or done, and do the follow-ups that fell due."""
    rows = current_session().execute(
        select(Case.id, Case.state, Case.version_id, Case.risk_level)
        .where(
            Case.owner_agency_id == agency_id,
            Case.state.in_(_TO_SETTLE),
            or_(Case.state != CaseState.FOLLOW_UP, Case.next_action_at <= at),
        )
        .order_by(Case.act_by, Case.id)
    )
    for case_id, state, version, level in rows.all():
        if random.random() > _WORKED:
            continue
        try:
            if state is CaseState.NO_ACCESS:
                _carry_out(staff, case_id, level, at, random)
            else:
                outcome = VisitOutcome.REFUSED_AT_DOOR if state is CaseState.REFUSED else VisitOutcome.COMPLETED
                with unit_of_work(current_session(), staff.coordinator, now=at) as work:
                    close(work, case_id, version=version, outcome=outcome)
        except (Conflict, Invalid, NotAllowed):
            continue  # somebody has to decide first
    due = current_session().scalars(
        select(FollowUp.id).where(
            FollowUp.agency_id == agency_id, FollowUp.state == FollowUpState.WAITING, FollowUp.due_at < at
        )
    )
    for followup_id in due.all():
        with unit_of_work(current_session(), staff.coordinator, now=at) as work:
            complete(work, followup_id)


def _carry_out(staff: _Staff, case_id: UUID, level: RiskLevel, at: datetime, random: Random) -> None:
    """Book, visit and settle one case; low risk gets advice by phone and is closed."""
    session = current_session()
    case = session.get_one(Case, case_id)
    version = case.version_id
    if level is RiskLevel.LOW:
        with unit_of_work(session, staff.coordinator, now=at) as work:
            close(work, case_id, version=version, outcome=VisitOutcome.NOT_ELIGIBLE_LOW_RISK)
        return
    officer = staff.officer_for(case) or staff.anybody
    with unit_of_work(session, staff.coordinator, now=at) as work:
        visit_id = book(work, case_id, _slot(work, case_id, officer, at + timedelta(hours=1))).id
    drawn = random.random()
    outcome = next(ending for share, ending in _ENDINGS if drawn <= share)
    with unit_of_work(session, officer, now=at + timedelta(hours=2)) as work:
        finish(work, visit_id, _record(outcome, random))
    if outcome is VisitOutcome.COMPLETED and random.random() < _WORKED:
        with unit_of_work(session, staff.coordinator, now=at + timedelta(hours=3)) as work:
            visited = work.session.get_one(Case, case_id)
            if visited.state is CaseState.COMPLETED:  # else something is left to follow up
                close(work, case_id, version=visited.version_id, outcome=VisitOutcome.COMPLETED)


def _round_slot(now: datetime, place: int) -> datetime:
    """A slot on the quarter hour: the first in the next hours, at night from nine on, the rest on later mornings."""
    if place < _TODAY_EACH:
        nine = now.astimezone(LONDON).replace(hour=9, minute=0, second=0, microsecond=0)
        later = max(now, nine.astimezone(UTC)) + timedelta(minutes=30 + 90 * place)
        return later.replace(minute=later.minute - later.minute % 15, second=0, microsecond=0)
    morning = (now.astimezone(LONDON) + timedelta(days=place - _TODAY_EACH + 1)).replace(
        hour=9 + place % 4, minute=30, second=0, microsecond=0
    )
    return morning.astimezone(UTC)


def _slot(work: Work, case_id: UUID, officer: Actor, at: datetime) -> Slot:
    """A slot whose warnings the coordinator has seen and goes against."""
    case = work.session.get_one(Case, case_id)
    warnings = booking_warnings(work.session, work.actor, case, at, one_officer=True)
    seen = frozenset(warning.code for warning in warnings)
    return Slot(at, VisitType.HFSV, officer_id=officer.user_id, accepted=seen)


def _record(outcome: VisitOutcome, random: Random) -> VisitRecord:
    if outcome is VisitOutcome.NO_ACCESS_NO_REPLY:
        return VisitRecord(outcome=outcome, no_access=NoAccess(card_left=False))
    if outcome is VisitOutcome.REFUSED_AT_DOOR:
        return VisitRecord(
            outcome=outcome,
            refusal=Refusal(
                who=WhoSeen.RESIDENT,
                capacity_concern=CapacityConcern.NO,
                risk_explained=True,
                advice_left=True,
                alternative=Alternative.ANOTHER_TIME,
            ),
        )
    rooms = random.sample([Room.HALL, Room.LANDING, Room.LIVING_ROOM], k=random.choice([1, 2]))
    alarms = [AlarmEntry(room, AlarmType.SMOKE_OPTICAL, AlarmPower.SEALED_10YR, fitted_today=True) for room in rooms]
    passed_on = random.choice([OnwardKind.REFERRAL, OnwardKind.SIGNPOST])
    onward = [OnwardEntry(random.choice(list(OnwardDestination)), passed_on, agreed=True)]
    return VisitRecord(
        outcome=outcome,
        seen=WhoSeen.RESIDENT,
        people=People(aged_65_or_over=random.choice([0, 1, 2]), disabled=random.choice([0, 0, 1]), under_5=0),
        components={
            component: ComponentCheck(ObservedRisk.LOW, advice_given=True)
            for component in random.sample(list(Component), k=4)
        },
        alarms=tuple(alarms),
        clutter={Room.LIVING_ROOM: random.choice([1, 1, 2, 2, 3, 5])},
        escape=EscapePlan(discussed=True, can_leave_alone=True),
        onward=tuple(onward) if random.random() < _ONWARD else (),
        risk_after=RiskLevel.LOW,
        risk_after_reason="Alarms fitted and advice given",
    )


def _prepare_today(staff: _Staff, agency_id: UUID, now: datetime) -> None:
    """Give every crew something to do: visits today and in the next days, a case or two to contact."""
    given: dict[UUID | None, int] = {}
    cases = current_session().scalars(
        select(Case)
        .where(
            Case.owner_agency_id == agency_id,
            Case.state == CaseState.TRIAGE,
            Case.risk_level.in_([RiskLevel.HIGH, RiskLevel.MEDIUM]),
            Case.borough_code.is_not(None),
        )
        .options(joinedload(Case.premises))
        .order_by(Case.risk_rank, Case.act_by, Case.id)
    )
    waiting = [(case.id, case.version_id, staff.officer_for(case)) for case in cases]
    for case_id, version, officer in waiting:
        place = given.get(officer.user_id, 0) if officer else _MOST_EACH
        if officer is None or place >= _MOST_EACH:
            continue
        try:
            _give(staff, officer, case_id, version, place, now)
        except (Conflict, Invalid, NotAllowed):
            continue
        given[officer.user_id] = place + 1


def _give(staff: _Staff, officer: Actor, case_id: UUID, version: int, place: int, now: datetime) -> None:
    with unit_of_work(current_session(), staff.coordinator, now=now) as work:
        if place < _BOOKED_EACH:
            at = _round_slot(now, place)
            book(work, case_id, _slot(work, case_id, officer, at))
            return
        case = accept(work, case_id, version=version)
        assign(work, case_id, version=case.version_id, user_id=officer.user_id)
    if place > _BOOKED_EACH:
        with unit_of_work(current_session(), officer, now=now) as work:
            current = work.session.get_one(Case, case_id).version_id
            log_contact(work, case_id, version=current, method=ContactMethod.PHONE, result=ContactResult.NO_REPLY)
