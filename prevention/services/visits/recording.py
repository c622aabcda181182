"""Recording a visit: start, interrupt, resume, finish. Finishing is one step and safe to repeat."""

from dataclasses import dataclass, replace
from uuid import UUID

from prevention.domain.case import TRANSITIONS, CaseState, HoldReason
from prevention.domain.case_moves import (
    check_closing,
    load_next_actions,
    next_action_after_interruption,
    state_after_outcome,
)
from prevention.domain.referral import ContactConstraint
from prevention.domain.risk import RiskLevel
from prevention.domain.risk_rules import Circumstance
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.domain.visit_findings import factors_from_visit, settled_by_visit
from prevention.domain.visit_record import VisitRecord, problems, to_json
from prevention.errors import Conflict, Invalid
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.models.visit import AlarmRecord, ClutterRating, EquipmentItem, OnwardReferral, Visit
from prevention.policies.visits import may_record_visit
from prevention.services.cases.assessing import reassess
from prevention.services.cases.assigning import end_assignment
from prevention.services.cases.moving import move
from prevention.services.cases.summarising import warn_next_crew
from prevention.services.followups.completing import first_due
from prevention.services.followups.planning import plan_after_visit
from prevention.services.notifications.alerts import settle_alert
from prevention.services.notifications.messages import tell_outcome
from prevention.services.visits.booking import give_case
from prevention.services.visits.drafting import drop_draft
from prevention.services.visits.finding import change_state, load_visit
from prevention.services.work import Work

#: The outcomes whose hold the officer's word explains.
_HOLDS = {VisitOutcome.HOSPITAL_OR_RESPITE: HoldReason.IN_HOSPITAL}


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished visit. ``already``: it had been finished before, and nothing was changed now."""

    visit: Visit
    already: bool


def start(work: Work, visit_id: UUID) -> Visit:
    """Start a visit, or go on with one that was interrupted. Nobody's visit becomes the actor's own.

    Raises:
        NotFound, NotAllowed: as ``may_record_visit`` decides.
        Conflict: it is over.
    """
    visit = load_visit(work, visit_id, may_record_visit)
    if visit.state is VisitState.STARTED:
        return visit
    resumed = visit.state is VisitState.INTERRUPTED
    change_state(visit, VisitState.STARTED)
    if visit.started_at is None:
        visit.started_at = work.now
    visit.interrupted_at = None
    _give_to_starter(work, visit)
    _move_case(work, visit, CaseState.IN_PROGRESS)
    work.record(AuditTag.VISIT_STARTED, visit, case_id=visit.case_id, resumed=resumed)
    return visit


def take_back_start(work: Work, visit_id: UUID) -> Visit:
    """Undo a start by mistake, such as a tap on the wrong card: the visit is booked as before. What was typed stays.

    Raises:
        NotFound, NotAllowed: as ``may_record_visit`` decides.
        Conflict: it is not under way.
    """
    visit = load_visit(work, visit_id, may_record_visit)
    if visit.state is VisitState.BOOKED:
        return visit
    if visit.state is not VisitState.STARTED:
        raise Conflict(f"This visit is {visit.state.label.lower()}, so its start cannot be taken back.")
    change_state(visit, VisitState.BOOKED)
    visit.started_at = None
    case = visit.case
    if case is not None and case.state is CaseState.IN_PROGRESS and case.owner_agency_id == visit.agency_id:
        move(work, case, CaseState.BOOKED, next_action="Visit booked", next_action_at=visit.scheduled_at)
    work.record(AuditTag.VISIT_BOOKED, visit, case_id=visit.case_id, started_by_mistake=True)
    return visit


def interrupt(work: Work, visit_id: UUID) -> Visit:
    """Break a visit off for an emergency call. What was typed stays, and somebody goes back (domain.md 1.1).

    Raises:
        NotFound, NotAllowed: as ``may_record_visit`` decides.
        Conflict: it has not begun, or is over.
    """
    visit = load_visit(work, visit_id, may_record_visit)
    if visit.state is VisitState.INTERRUPTED:
        return visit
    change_state(visit, VisitState.INTERRUPTED)
    visit.interrupted_at = work.now
    case = visit.case
    if case is not None and case.state is CaseState.IN_PROGRESS:
        back = next_action_after_interruption(case.risk_level, work.now, load_next_actions())
        move(work, case, CaseState.IN_PROGRESS, next_action=back.words, next_action_at=back.at)
    work.record(AuditTag.VISIT_INTERRUPTED, visit, case_id=visit.case_id)
    return visit


def finish(work: Work, visit_id: UUID, record: VisitRecord) -> Finished:
    """Finish a visit with its record: rows to count and chase, risk, case, follow-ups, all or nothing.

    A second finish of the same visit changes nothing and gives the saved one. A case that was closed, or given to
    another agency meanwhile, is left as it is: a visit that happened is never refused.

    Raises:
        NotFound, NotAllowed: as ``may_record_visit`` decides.
        Conflict: the visit was cancelled.
        Invalid: by field of the form, what the outcome still needs.
    """
    visit = load_visit(work, visit_id, may_record_visit)
    if visit.state is VisitState.FINISHED:
        return Finished(visit, already=True)
    if visit.state is VisitState.CANCELLED:
        raise Conflict("This visit was cancelled. What you typed is kept: ask your coordinator to book it again.")
    case = visit.case
    level_before = case.risk_level if case is not None else visit.risk_before
    constraints = case.contact_constraints if case is not None else []
    found = problems(
        record,
        record.outcome,
        risk_before=level_before,
        do_not_leave_card=ContactConstraint.DO_NOT_LEAVE_CARD.value in constraints,
    )
    if found or record.outcome is None:
        raise Invalid(found)
    change_state(visit, VisitState.FINISHED)
    if visit.started_at is None:
        visit.started_at = work.now
    visit.interrupted_at = None
    visit.finished_at = work.now
    visit.recorded_by = work.actor.user_id
    visit.outcome = record.outcome
    visit.risk_before = level_before
    visit.record = to_json(record)
    _give_to_starter(work, visit)
    _keep_rows(work, visit, record)
    work.record(AuditTag.VISIT_FINISHED, visit, case_id=visit.case_id, outcome=record.outcome.value)
    if case is not None:
        warn_next_crew(case, record)
    if case is not None and case.state.is_open:
        _reassess(work, case, visit, record)
        _end_of_visit(work, visit, case, record.outcome)
    visit.risk_after = record.risk_after or (case.risk_level if case is not None else None)
    work.session.flush()  # planning reads the visit's rows
    plan_after_visit(work, visit)
    _wait_for_followups(work, visit)
    drop_draft(work, visit.id)
    return Finished(visit, already=False)


def _give_to_starter(work: Work, visit: Visit) -> None:
    """Who starts a visit that is nobody's has it."""
    if visit.officer_id is None and work.actor.user_id is not None and visit.team_id in work.actor.team_ids:
        visit.officer_id = work.actor.user_id
        if visit.case is not None and visit.case.state.is_open:
            give_case(work, visit.case, visit.officer_id, visit.team_id)


def _keep_rows(work: Work, visit: Visit, record: VisitRecord) -> None:
    """Rows for what is counted or chased; the whole form stays in ``visit.record``."""
    work.session.add_all(
        AlarmRecord(
            visit_id=visit.id,
            room=alarm.room,
            alarm_type=alarm.type,
            power=alarm.power,
            interlinked=alarm.interlinked,
            working=alarm.working,
            fitted_today=alarm.fitted_today,
            expiry_year=alarm.expiry_year,
            condition=alarm.condition.value if alarm.condition else "",
        )
        for alarm in record.alarms
    )
    work.session.add_all(
        EquipmentItem(
            visit_id=visit.id, item=entry.item, action=entry.action, quantity=entry.quantity, location=entry.location
        )
        for entry in record.equipment
    )
    work.session.add_all(
        ClutterRating(visit_id=visit.id, room=room, rating=rating) for room, rating in record.clutter.items()
    )
    passed_on = [
        OnwardReferral(
            visit_id=visit.id,
            case_id=visit.case_id,
            destination=entry.destination,
            kind=entry.kind,
            agreed=entry.agreed,
            reason=entry.reason,
            made_at=work.now,
        )
        for entry in record.onward
    ]
    work.session.add_all(passed_on)
    work.session.flush()  # the trail names the onward referrals
    for onward in passed_on:
        work.record(
            AuditTag.ONWARD_REFERRED,
            onward,
            case_id=visit.case_id,
            destination=onward.destination.value,
            kind=onward.kind.value,
        )


def _reassess(work: Work, case: Case, visit: Visit, record: VisitRecord) -> None:
    """Assess the case anew, in one row, when the visit found or settled something or its officer sets the level.

    In one row, so that going down by the rules and up again by hand buys no time, and rings no alert a second time.
    """
    agency = work.session.get_one(Agency, visit.agency_id)
    factors = factors_from_visit(record, agency.kind, agency.short_name)
    settled = settled_by_visit(record)
    chosen = record.risk_after
    if factors or settled or chosen not in {None, case.risk_level}:
        try:
            why = record.risk_after_reason.strip()
            reassess(work, case, visit=visit, extra_factors=factors, chosen=chosen, reason=why)
        except Invalid as invalid:
            raise Invalid({"risk_after_reason": invalid.problems["reason"]}) from invalid
    if Circumstance.URGENT_ESCALATION in settled:
        case.urgent = False
    if visit.risk_before is RiskLevel.VERY_HIGH and case.risk_level is not RiskLevel.VERY_HIGH:
        settle_alert(work, case)


def _move_case(work: Work, visit: Visit, to: CaseState) -> None:
    """Move the visit's case when it still is this agency's and may go there; else it stays as somebody put it."""
    case = visit.case
    if case is None or case.owner_agency_id != visit.agency_id or not case.state.is_open:
        return
    if to in TRANSITIONS[case.state]:
        move(work, case, to)


def _end_of_visit(work: Work, visit: Visit, case: Case, outcome: VisitOutcome) -> None:
    """Take the case where the outcome leads. One that ends there ends as if a coordinator had closed it."""
    to = state_after_outcome(outcome)
    if not to.is_open:
        try:
            check_closing(case.risk_level, outcome, manager_decision="")
        except Invalid:
            to = CaseState.UNABLE  # a manager decides first
    _move_case(work, visit, to)
    case.outcome = outcome
    _explain_hold(case, outcome)
    if not case.state.is_open:
        case.urgent = False
        end_assignment(work, case)
        settle_alert(work, case)
        work.record(AuditTag.CASE_CLOSED, case, case_id=case.id, outcome=outcome.value)
        tell_outcome(work, case)


def _wait_for_followups(work: Work, visit: Visit) -> None:
    """Keep a case whose visit left something to do in FOLLOW_UP until that is done (domain.md section 8).

    A home still at very high risk does not wait for them: somebody decides first.
    """
    case = visit.case
    if case is None or case.state is not CaseState.COMPLETED or case.risk_level is RiskLevel.VERY_HIGH:
        return
    due_at = first_due(work, case.id)
    if due_at is not None and case.owner_agency_id == visit.agency_id:
        move(work, case, CaseState.FOLLOW_UP, next_action_at=due_at)


def _explain_hold(case: Case, outcome: VisitOutcome) -> None:
    reason = _HOLDS.get(outcome)
    if reason is not None and case.state is CaseState.ON_HOLD:
        case.hold_reason = reason
        case.held_until = case.next_action_at


def short_record(outcome: VisitOutcome, record: VisitRecord, draft: VisitRecord | None) -> VisitRecord:
    """The record of a visit that ended at the door: the few answers asked for, over what had been typed before."""
    return replace(
        draft or VisitRecord(),
        outcome=outcome,
        seen=record.seen,
        refusal=record.refusal,
        no_access=record.no_access,
        notes=record.notes or (draft.notes if draft else ""),
    )
