"""Booking, moving and cancelling visits, and taking one from the team's list."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.domain.case import CaseState
from prevention.domain.case_moves import state_after_outcome
from prevention.domain.outcomes import Needed, facts
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.visit import VisitOutcome, VisitState, VisitType
from prevention.domain.visit_record import VisitRecord, to_json
from prevention.domain.visit_rules import load_visit_rules
from prevention.errors import Conflict, Invalid
from prevention.models.account import Membership, User
from prevention.models.agency import Team
from prevention.models.audit import AuditTag
from prevention.models.case import Assignment, Case
from prevention.models.visit import Visit
from prevention.policies.visits import may_manage_booking, may_take_visit
from prevention.queries.visits.booking import booking_warnings, open_visit_of
from prevention.services.cases.assigning import ASSIGNABLE_ROLES, end_assignment
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.moving import move
from prevention.services.cases.noting import write_note
from prevention.services.visits.finding import change_state, check_visit_version, load_visit
from prevention.services.work import Work

LONGEST_NOTE = 1000
#: Visits that can be given another time or crew: to come, or cut short by an emergency.
MOVABLE = frozenset({VisitState.BOOKED, VisitState.INTERRUPTED})
CANCELLED = (VisitOutcome.CANCELLED_BY_RESIDENT, VisitOutcome.CANCELLED_BY_SERVICE)


@dataclass(frozen=True, slots=True)
class Slot:
    """When (aware UTC), by whom, what kind. An officer goes with their team; a team alone leaves it to the crew.

    ``accepted`` are the codes of the warnings that the coordinator has seen and goes against.
    """

    scheduled_at: datetime
    visit_type: VisitType
    officer_id: UUID | None = None
    team_id: UUID | None = None
    access_note: str = ""
    accepted: frozenset[str] = frozenset()


def book(work: Work, case_id: UUID, slot: Slot, *, case_version: int | None = None) -> Visit:
    """Book a visit for a case: the case becomes booked and its owner the officer or team that goes.

    The same booking sent twice gives the visit that is there already.

    Raises:
        NotFound, NotAllowed: the actor may not book for this case.
        Conflict: the case changed since the page was made, another visit is booked, or it cannot be booked now.
        Invalid: the slot, the officer or team, the note; ``accepted`` when a warning was not seen yet.
    """
    case = load_case(work, case_id, Permission.VISIT_BOOK)
    officer, team = _crew(work, case.owner_agency_id, slot)
    existing = open_visit_of(work.session, case.id)
    if existing is not None:
        if _is_same(existing, slot, officer, team):
            return existing
        raise Conflict("A visit is already booked for this case. Move or cancel that one instead.")
    if case_version is not None:
        check_version(case, case_version)
    _check(work, case, slot)
    visit = Visit(
        reference=new_reference(ReferenceKind.VISIT),
        case_id=case.id,
        premises_id=case.premises_id,
        agency_id=case.owner_agency_id,
        team_id=team.id,
        officer_id=officer.id if officer else None,
        visit_type=slot.visit_type,
        state=VisitState.BOOKED,
        scheduled_at=slot.scheduled_at,
        booked_by=work.actor.user_id,
        access_note=slot.access_note,
        risk_before=case.risk_level,
        record={},
    )
    work.session.add(visit)
    work.session.flush()  # the trail names the visit
    give_case(work, case, officer.id if officer else None, team.id)
    move(work, case, CaseState.BOOKED, next_action="Visit booked", next_action_at=slot.scheduled_at)
    work.record(
        AuditTag.VISIT_BOOKED,
        visit,
        case_id=case.id,
        scheduled_at=slot.scheduled_at.isoformat(),
        visit_type=slot.visit_type.value,
        against=sorted(code.split(":")[0] for code in slot.accepted),
    )
    return visit


def rebook(work: Work, visit_id: UUID, slot: Slot, *, reason: str, version: int | None = None) -> Visit:
    """Move a booked visit, or one that an emergency cut short, to another time, officer or team. What was typed stays.

    Raises:
        NotFound, NotAllowed: the actor may not change this booking.
        Conflict: somebody changed it meanwhile, it is under way, or it is over.
        Invalid: as ``book``; ``reason`` when it is missing.
    """
    visit = load_visit(work, visit_id, may_manage_booking)
    check_visit_version(visit, version)
    if visit.state not in MOVABLE:
        raise Conflict(f"This visit is {visit.state.label.lower()}, so it cannot be moved.")
    officer, team = _crew(work, visit.agency_id, slot)
    if not reason.strip():
        raise Invalid({"reason": "Say why the visit is moved"})
    if visit.case is not None:
        _check(work, visit.case, slot, besides=visit.id)
    change_state(visit, VisitState.BOOKED)
    visit.interrupted_at = None
    was = visit.scheduled_at
    visit.scheduled_at = slot.scheduled_at
    visit.visit_type = slot.visit_type
    visit.officer_id = officer.id if officer else None
    visit.team_id = team.id
    visit.access_note = slot.access_note
    if visit.case is not None and visit.case.state.is_open:
        give_case(work, visit.case, visit.officer_id, team.id)
        move(work, visit.case, CaseState.BOOKED, next_action="Visit booked", next_action_at=slot.scheduled_at)
    work.record(
        AuditTag.VISIT_BOOKED,
        visit,
        case_id=visit.case_id,
        rebooked=True,
        was=was.isoformat(),
        scheduled_at=slot.scheduled_at.isoformat(),
    )
    if visit.case is not None:
        write_note(work, visit.case, f"Visit moved: {reason.strip()[:LONGEST_NOTE]}", shared=False)
    return visit


def cancel(work: Work, visit_id: UUID, outcome: VisitOutcome, note: str = "", *, version: int | None = None) -> Visit:
    """Cancel a visit. ``outcome`` says whose wish it was; the case goes where that outcome leads.

    Raises:
        NotFound, NotAllowed: the actor may not change this booking.
        Conflict: somebody changed it meanwhile, or it is finished.
        Invalid: not an outcome of cancelling, or its note is missing or too long.
    """
    visit = load_visit(work, visit_id, may_manage_booking)
    if visit.state is VisitState.CANCELLED and visit.outcome is outcome:
        return visit
    check_visit_version(visit, version)
    if outcome not in CANCELLED:
        raise Invalid({"outcome": "Say who cancels"})
    if Needed.NOTES in facts(outcome).needs and not note.strip():
        raise Invalid({"note": "Say in a few words why"})
    if len(note) > LONGEST_NOTE:
        raise Invalid({"note": f"Use {LONGEST_NOTE:,} characters or fewer"})
    change_state(visit, VisitState.CANCELLED)
    visit.outcome = outcome
    visit.recorded_by = work.actor.user_id
    visit.record = to_json(VisitRecord(outcome=outcome, notes=note.strip()))
    case = visit.case
    if case is not None and case.state in {CaseState.BOOKED, CaseState.IN_PROGRESS}:
        move(work, case, state_after_outcome(outcome))
    work.record(AuditTag.VISIT_CANCELLED, visit, case_id=visit.case_id, outcome=outcome.value)
    return visit


def take(work: Work, visit_id: UUID) -> Visit:
    """Take a visit that is the actor's team's and nobody's in particular. Taking one's own again changes nothing.

    Raises:
        NotFound: the actor may not know of it.
        NotAllowed: somebody else has it, or it is another team's.
        Conflict: it is over.
    """
    visit = load_visit(work, visit_id, may_take_visit)
    if visit.officer_id == work.actor.user_id:
        return visit
    if visit.state not in {VisitState.BOOKED, VisitState.INTERRUPTED}:
        raise Conflict(f"This visit is {visit.state.label.lower()}.")
    visit.officer_id = work.actor.user_id
    if visit.case is not None and visit.case.state.is_open:
        give_case(work, visit.case, work.actor.user_id, visit.team_id)
    work.record(AuditTag.CASE_ASSIGNED, visit, case_id=visit.case_id, taken=True)
    return visit


def give_case(work: Work, case: Case, user_id: UUID | None, team_id: UUID | None) -> None:
    """Make these the owners of the case, and keep who had it before. Giving it to the same owners changes nothing."""
    if case.owner_user_id == user_id and case.owner_team_id == team_id:
        return
    end_assignment(work, case)
    case.owner_user_id = user_id
    case.owner_team_id = team_id
    work.session.add(
        Assignment(
            case_id=case.id,
            user_id=user_id,
            team_id=team_id,
            assigned_at=work.now,
            assigned_by=work.actor.user_id,
            note="With the visit",
        )
    )


def _crew(work: Work, agency_id: UUID, slot: Slot) -> tuple[User | None, Team]:
    """The officer, if one was chosen, and the team that goes; both of the agency, and able to record visits."""
    if slot.officer_id is not None:
        held = work.session.scalar(
            select(Membership).where(
                Membership.user_id == slot.officer_id,
                Membership.agency_id == agency_id,
                Membership.role.in_(ASSIGNABLE_ROLES),
            )
        )
        if held is None or not held.user.active or held.team is None:
            raise Invalid({"crew": "Choose an officer or team of your own agency"})
        return held.user, held.team
    team = work.session.get(Team, slot.team_id) if slot.team_id is not None else None
    if team is None or team.agency_id != agency_id or not team.active:
        raise Invalid({"crew": "Choose an officer or team of your own agency"})
    return None, team


def _check(work: Work, case: Case, slot: Slot, besides: UUID | None = None) -> None:
    problems = {}
    rules = load_visit_rules()
    if rules.is_too_late(slot.scheduled_at, work.now):
        problems["date"] = "Choose a time that is still to come"
    if rules.is_too_far(slot.scheduled_at, work.now):
        problems["date"] = f"Choose a date within {rules.ahead_by.words}"
    if len(slot.access_note) > LONGEST_NOTE:
        problems["access_note"] = f"Use {LONGEST_NOTE:,} characters or fewer"
    if problems:
        raise Invalid(problems)
    alone = slot.officer_id is not None
    warnings = booking_warnings(work.session, work.actor, case, slot.scheduled_at, one_officer=alone, besides=besides)
    unseen = [warning for warning in warnings if warning.code not in slot.accepted]
    if unseen:
        raise Invalid({"accepted": " ".join(warning.words for warning in unseen)})


def _is_same(visit: Visit, slot: Slot, officer: User | None, team: Team) -> bool:
    return (
        visit.scheduled_at == slot.scheduled_at
        and visit.officer_id == (officer.id if officer else None)
        and visit.team_id == team.id
        and visit.visit_type is slot.visit_type
        and visit.access_note == slot.access_note
    )
