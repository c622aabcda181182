"""Follow-ups: planned once, picked once, ended once, and never by two workers."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import (
    AlarmType,
    Equipment,
    EquipmentAction,
    OnwardDestination,
    OnwardKind,
    Room,
    VisitOutcome,
    VisitState,
)
from prevention.errors import Conflict, Invalid, NotAllowed, NotFound
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.models.notification import Message, OutboxMessage
from prevention.models.referral import Referral
from prevention.models.visit import AlarmRecord, EquipmentItem, OnwardReferral, Visit
from prevention.services.followups import picking
from prevention.services.followups.completing import cancel, complete, reassign
from prevention.services.followups.planning import plan, plan_after_visit, plan_on_referral
from prevention.services.notifications.messages import NewMessage
from prevention.services.work import Work
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger


@pytest.fixture
def case(arrange: Arranger) -> Case:
    return arrange.case(arrange.agency(), state=CaseState.FOLLOW_UP, risk_level=RiskLevel.HIGH)


def _states(rows: Session) -> list[FollowUpState]:
    return list(rows.scalars(select(FollowUp.state).order_by(FollowUp.due_at, FollowUp.id)))


def _tags(rows: Session) -> list[AuditTag]:
    return list(rows.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))


def _finished(arrange: Arranger, case: Case, outcome: VisitOutcome, **values: object) -> Visit:
    return arrange.visit(case, state=VisitState.FINISHED, outcome=outcome, finished_at=NOW, **values)


class TestPlanning:
    def test_a_plan_belongs_to_the_case_owner_and_is_made_once(
        self, session: GuardedSession, case: Case, rows: Session
    ) -> None:
        for _ in range(2):
            with unit_of_work(session, SYSTEM, now=NOW) as work:
                plan(
                    work,
                    case=session.get_one(Case, case.id),
                    kind=FollowUpKind.MARAC_ACTION,
                    due_at=NOW + timedelta(days=30),
                    why="Action from the meeting",
                    rule="by-hand",
                    effect_key="marac:1",
                )
        followup = rows.scalars(select(FollowUp)).one()
        assert (followup.owner_team_id, followup.owner_user_id) == (case.owner_team_id, None)
        assert (followup.state, followup.agency_id) == (FollowUpState.WAITING, case.owner_agency_id)
        assert _tags(rows) == [AuditTag.FOLLOWUP_PLANNED]
        assert not list(rows.scalars(select(OutboxMessage)))

    def test_no_reply_at_high_risk_leads_to_another_attempt_until_three(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        visits = [_finished(arrange, case, VisitOutcome.NO_ACCESS_NO_REPLY, risk_before=RiskLevel.HIGH)]
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            first = plan_after_visit(work, session.get_one(Visit, visits[0].id))
            assert [item.kind for item in first] == [FollowUpKind.REVISIT]
            assert plan_after_visit(work, session.get_one(Visit, visits[0].id)) == []
        for _ in range(2):
            visits.append(_finished(arrange, case, VisitOutcome.NO_ACCESS_NO_REPLY, risk_before=RiskLevel.HIGH))
            with unit_of_work(session, SYSTEM, now=NOW) as work:
                last = plan_after_visit(work, session.get_one(Visit, visits[-1].id))
                kinds = {item.kind for item in last}
        assert kinds == {FollowUpKind.SEND_LETTER, FollowUpKind.FEEDBACK_TO_REFERRER}
        revisits = list(rows.scalars(select(FollowUp).where(FollowUp.kind == FollowUpKind.REVISIT)))
        assert [item.state for item in revisits] == [FollowUpState.DONE, FollowUpState.DONE]
        assert all(item.end_note.startswith("Visit V-") for item in revisits)

    def test_equipment_onward_and_alarms_are_followed_up(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        visit = _finished(arrange, case, VisitOutcome.COMPLETED, risk_after=RiskLevel.LOW)
        item = EquipmentItem(item=Equipment.HEAT_ALARM, action=EquipmentAction.ORDERED, quantity=1)
        sent = OnwardReferral(
            case_id=case.id,
            destination=OnwardDestination.FALLS_SERVICE,
            kind=OnwardKind.REFERRAL,
            made_at=NOW,
        )
        alarm = AlarmRecord(
            room=Room.HALL, alarm_type=AlarmType.SMOKE_OPTICAL, working=True, fitted_today=True, expiry_year=2036
        )
        for row in (item, sent, alarm):
            row.visit_id = visit.id
            arrange.save(row)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            planned = {item.kind: item for item in plan_after_visit(work, session.get_one(Visit, visit.id))}
            assert planned.keys() == {
                FollowUpKind.FIT_EQUIPMENT,
                FollowUpKind.CHASE_ONWARD_REFERRAL,
                FollowUpKind.ALARM_EXPIRY,
            }
            assert planned[FollowUpKind.CHASE_ONWARD_REFERRAL].onward_referral_id == sent.id
        again = _finished(arrange, case, VisitOutcome.COMPLETED, risk_after=RiskLevel.LOW)
        alarm = AlarmRecord(
            room=Room.HALL, alarm_type=AlarmType.SMOKE_OPTICAL, working=True, fitted_today=False, expiry_year=2036
        )
        alarm.visit_id = again.id
        arrange.save(alarm)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert plan_after_visit(work, session.get_one(Visit, again.id)) == []

    def test_a_visit_without_a_case_is_followed_up_by_its_team(
        self, session: GuardedSession, arrange: Arranger, case: Case
    ) -> None:
        station = arrange.team(case.owner_agency)
        visit = arrange.visit(
            case,
            case_id=None,
            team_id=station.id,
            state=VisitState.FINISHED,
            outcome=VisitOutcome.COMPLETED_PARTIAL,
            finished_at=NOW,
        )
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            planned = plan_after_visit(work, session.get_one(Visit, visit.id))
            assert [item.owner_team_id for item in planned] == [station.id]

    def test_an_arson_threat_asks_for_a_letterbox_within_a_day_once(
        self, session: GuardedSession, arrange: Arranger, rows: Session
    ) -> None:
        fire = arrange.agency()
        referrals = [arrange.referral(fire, reasons=["ARSON_THREAT", "ASB"]) for _ in range(2)]
        case = arrange.case(fire, referrals=tuple(referrals))
        for referral in (*referrals, arrange.referral(fire, reasons=["NO_ALARM"])):
            with unit_of_work(session, SYSTEM, now=NOW) as work:
                plan_on_referral(work, session.get_one(Referral, referral.id), session.get_one(Case, case.id))
        planned = rows.scalars(select(FollowUp)).one()
        assert (planned.kind, planned.due_at) == (FollowUpKind.FIT_EQUIPMENT, NOW + timedelta(hours=24))

    def test_an_unfinished_visit_is_refused(self, session: GuardedSession, arrange: Arranger, case: Case) -> None:
        visit = arrange.visit(case)
        with pytest.raises(ValueError, match="when it is finished"), unit_of_work(session, SYSTEM) as work:
            plan_after_visit(work, session.get_one(Visit, visit.id))


class TestPicking:
    def test_what_is_due_falls_due_once_and_tells_the_team(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        due = arrange.followup(case, kind=FollowUpKind.REVISIT, why="Try again in the evening")
        later = arrange.followup(case, due_at=NOW + timedelta(days=1))
        for _ in range(2):
            with unit_of_work(session, SYSTEM, now=NOW) as work:
                claimed = picking.claim_due(work)
            with unit_of_work(session, SYSTEM, now=NOW) as work:
                picking.fall_due(work, [*claimed, due.id, later.id])
        assert _states(rows) == [FollowUpState.DUE, FollowUpState.WAITING]
        found = rows.get_one(FollowUp, due.id)
        assert (found.fell_due_at, found.leased_until) == (NOW, None)
        assert _tags(rows) == [AuditTag.FOLLOWUP_FELL_DUE]
        message = rows.scalars(select(Message)).one()
        assert message.effect_key == f"followup:{due.id}:due"
        assert message.recipient == "team-1@example.org"
        assert "What: Visit again" in message.body
        assert "Try again" not in message.body
        assert rows.get_one(Case, case.id).next_action == "Try again in the evening"

    @pytest.mark.parametrize("kind", [FollowUpKind.RAISE_SAFEGUARDING, FollowUpKind.MARAC_ACTION])
    def test_sensitive_kinds_are_not_named_in_mail(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session, kind: FollowUpKind
    ) -> None:
        due = arrange.followup(case, kind=kind)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            picking.fall_due(work, [due.id])
        message = rows.scalars(select(Message)).one()
        assert kind.label not in message.subject + message.body
        assert case.reference in message.body

    @pytest.mark.parametrize("state", [CaseState.BOOKED, CaseState.IN_PROGRESS])
    def test_a_visit_that_is_booked_stays_the_next_action(
        self, session: GuardedSession, arrange: Arranger, rows: Session, state: CaseState
    ) -> None:
        case = arrange.case(arrange.agency(), state=state, next_action="Visit booked")
        due = arrange.followup(case, kind=FollowUpKind.CALL_BACK)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert picking.fall_due(work, [due.id])
        assert rows.get_one(Case, case.id).next_action == "Visit booked"

    def test_a_closed_case_keeps_its_next_action_empty(
        self, session: GuardedSession, arrange: Arranger, rows: Session
    ) -> None:
        case = arrange.case(arrange.agency(), state=CaseState.CLOSED, next_action="", next_action_at=None)
        due = arrange.followup(case, kind=FollowUpKind.REVISIT)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert picking.fall_due(work, [due.id]) == 1
        assert rows.get_one(Case, case.id).next_action == ""

    def test_a_lease_holds_until_it_runs_out(self, session: GuardedSession, arrange: Arranger, case: Case) -> None:
        due = arrange.followup(case)
        for now, expected in (
            (NOW, [due.id]),
            (NOW + picking.LEASE - timedelta(seconds=1), []),
            (NOW + picking.LEASE, [due.id]),
        ):
            with unit_of_work(session, SYSTEM, now=now) as work:
                assert picking.claim_due(work) == expected

    def test_one_that_cannot_fall_due_does_not_hold_back_the_others(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        poison = arrange.followup(case, due_at=NOW - timedelta(days=1))
        arrange.followup(case)
        write = picking.write_message

        def fail_once(work: Work, message: NewMessage) -> bool:
            if message.effect_key == f"followup:{poison.id}:due":
                raise LookupError("a template is missing")
            return write(work, message)

        monkeypatch.setattr(picking, "write_message", fail_once)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            claimed = picking.claim_due(work)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert picking.fall_due(work, claimed) == 1
        assert _states(rows) == [FollowUpState.WAITING, FollowUpState.DUE]
        assert rows.get_one(FollowUp, poison.id).leased_until == NOW + picking.LEASE

    def test_two_pickers_at_once_never_take_the_same_row(
        self, engine: Engine, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        for _ in range(40):
            arrange.followup(case)
        claimed: dict[int, list[UUID]] = {0: [], 1: []}
        start = threading.Barrier(2)

        def pick(number: int) -> None:
            with GuardedSession(engine) as session:
                start.wait(timeout=30)
                while True:
                    with unit_of_work(session, SYSTEM, now=NOW) as work:
                        batch = picking.claim_due(work, limit=5)
                    if not batch:
                        return
                    claimed[number] += batch
                    with unit_of_work(session, SYSTEM, now=NOW) as work:
                        picking.fall_due(work, batch)

        workers = [threading.Thread(target=pick, args=(number,)) for number in claimed]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)
        taken = claimed[0] + claimed[1]
        assert len(taken) == len(set(taken)) == 40
        assert set(_states(rows)) == {FollowUpState.DUE}
        assert rows.scalar(select(func.count()).select_from(Message)) == 40

    def test_two_workers_holding_the_same_rows_carry_each_once(
        self, engine: Engine, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        """One was frozen past its lease: both believe the rows are theirs."""
        ids = [arrange.followup(case).id for _ in range(20)]
        fell = []
        start = threading.Barrier(2)

        def carry(order: list[UUID]) -> None:
            with GuardedSession(engine) as session:
                start.wait(timeout=30)
                with unit_of_work(session, SYSTEM, now=NOW) as work:
                    fell.append(picking.fall_due(work, order))

        workers = [threading.Thread(target=carry, args=(order,)) for order in (ids, ids[::-1])]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(timeout=60)
        assert sum(fell) == 20
        assert _tags(rows).count(AuditTag.FOLLOWUP_FELL_DUE) == 20

    def test_a_person_acting_meanwhile_wins(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        due = arrange.followup(case)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            claimed = picking.claim_due(work)
        with unit_of_work(session, actor_of(arrange.user(case.owner_agency))) as work:
            complete(work, due.id)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert picking.fall_due(work, claimed) == 0
        assert _states(rows) == [FollowUpState.DONE]
        assert not list(rows.scalars(select(Message)))


class TestEnding:
    def test_done_twice_is_done_once(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        due = arrange.followup(case, state=FollowUpState.DUE)
        users = [arrange.user(case.owner_agency, Role.FIELD_OFFICER) for _ in range(2)]
        for user in users:
            with unit_of_work(session, actor_of(user)) as work:
                complete(work, due.id, note=" Spoke to them ")
        found = rows.get_one(FollowUp, due.id)
        assert (found.state, found.ended_by, found.end_note) == (FollowUpState.DONE, users[0].id, "Spoke to them")
        assert _tags(rows) == [AuditTag.FOLLOWUP_DONE]

    def test_the_last_one_suggests_closing_the_case(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        followups = [arrange.followup(case, state=FollowUpState.DUE) for _ in range(2)]
        arrange.followup(case, kind=FollowUpKind.ALARM_EXPIRY, due_at=NOW + timedelta(days=3650))
        actor = actor_of(arrange.user(case.owner_agency))
        with unit_of_work(session, actor) as work:
            complete(work, followups[0].id)
        assert not rows.get_one(Case, case.id).next_action.startswith("Every follow-up")
        rows.rollback()
        with unit_of_work(session, actor) as work:
            complete(work, followups[1].id)
            ended_at = work.now
        found = rows.get_one(Case, case.id)
        assert found.next_action == "Every follow-up is done: close the case with its outcome"
        assert (found.state, found.next_action_at, found.act_by) == (CaseState.FOLLOW_UP, ended_at, ended_at)

    def test_what_was_next_for_the_case_is_so_no_longer_when_done(
        self, session: GuardedSession, arrange: Arranger, rows: Session
    ) -> None:
        case = arrange.case(arrange.agency(), state=CaseState.UNABLE, next_action="Decide")
        first, second = (
            arrange.followup(case, kind=FollowUpKind.CALL_BACK, why=why, due_at=NOW - timedelta(hours=hours))
            for why, hours in (("Ring the daughter", 1), ("Ring the referrer", 2))
        )
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert picking.fall_due(work, [first.id]) == 1
            assert picking.fall_due(work, [second.id]) == 1
        found = rows.get_one(Case, case.id)
        assert found.next_action == "Ring the referrer"
        actor = actor_of(arrange.user(case.owner_agency))
        with unit_of_work(session, actor, now=NOW) as work:
            complete(work, second.id)
        rows.refresh(found)
        assert (found.next_action, found.next_action_at) == ("Ring the daughter", first.due_at)
        with unit_of_work(session, actor, now=NOW) as work:
            complete(work, first.id)
        rows.refresh(found)
        assert found.next_action.startswith("Decide another way to help")
        assert found.next_action_at is not None
        assert found.next_action_at > NOW

    def test_a_held_case_keeps_its_review_date_when_something_else_is_done(
        self, session: GuardedSession, arrange: Arranger, rows: Session
    ) -> None:
        until = NOW + timedelta(days=5)
        case = arrange.case(
            arrange.agency(), state=CaseState.ON_HOLD, held_until=until, next_action_at=until, due_at=None
        )
        asked = arrange.followup(case, kind=FollowUpKind.CALL_BACK, why="Ask the ward", due_at=NOW)
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            assert picking.fall_due(work, [asked.id]) == 1
        with unit_of_work(session, actor_of(arrange.user(case.owner_agency)), now=NOW) as work:
            complete(work, asked.id)
        found = rows.get_one(Case, case.id)
        assert (found.next_action, found.next_action_at) == ("Look again: can the visit go ahead?", until)

    def test_a_chase_keeps_the_answer(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        visit = _finished(arrange, case, VisitOutcome.COMPLETED)
        sent = OnwardReferral(
            case_id=case.id, destination=OnwardDestination.TELECARE, kind=OnwardKind.REFERRAL, made_at=NOW
        )
        sent.visit_id = visit.id
        arrange.save(sent)
        due = arrange.followup(case, kind=FollowUpKind.CHASE_ONWARD_REFERRAL, onward_referral_id=sent.id)
        with unit_of_work(session, actor_of(arrange.user(case.owner_agency)), now=NOW) as work:
            complete(work, due.id, note="Fitted last week")
        found = rows.get_one(OnwardReferral, sent.id)
        assert (found.answer, found.answered_on) == ("Fitted last week", NOW.date())

    def test_cancelling_needs_a_reason_and_the_right(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        due = arrange.followup(case)
        coordinator = actor_of(arrange.user(case.owner_agency))
        stranger = actor_of(arrange.user(case.owner_agency, Role.FIELD_OFFICER))
        with pytest.raises(Invalid), unit_of_work(session, coordinator) as work:
            cancel(work, due.id, reason=" ")
        with pytest.raises(NotAllowed), unit_of_work(session, stranger) as work:
            cancel(work, due.id, reason="Not mine")
        for _ in range(2):
            with unit_of_work(session, coordinator) as work:
                cancel(work, due.id, reason="They moved")
        assert rows.get_one(FollowUp, due.id).end_note == "They moved"
        assert _tags(rows) == [AuditTag.FOLLOWUP_CANCELLED]
        with pytest.raises(Conflict), unit_of_work(session, coordinator) as work:
            complete(work, due.id)

    def test_reassigning_stays_within_the_agency(
        self, session: GuardedSession, arrange: Arranger, case: Case, rows: Session
    ) -> None:
        due = arrange.followup(case)
        station = arrange.team(case.owner_agency)
        officer = arrange.user(case.owner_agency, Role.FIELD_OFFICER, team=station)
        elsewhere = arrange.agency(AgencyKind.POLICE)
        coordinator = actor_of(arrange.user(case.owner_agency))
        with unit_of_work(session, coordinator) as work:
            reassign(work, due.id, user_id=officer.id)
        found = rows.get_one(FollowUp, due.id)
        assert (found.owner_team_id, found.owner_user_id) == (station.id, officer.id)
        wrong = ({"team_id": elsewhere.teams[0].id}, {"user_id": arrange.user(elsewhere).id}, {})
        for owner in wrong:
            with pytest.raises(Invalid), unit_of_work(session, coordinator) as work:
                reassign(work, due.id, **owner)

    def test_another_agency_sees_nothing_to_end(self, session: GuardedSession, arrange: Arranger, case: Case) -> None:
        due = arrange.followup(case)
        outsider = actor_of(arrange.user(arrange.agency(AgencyKind.POLICE), Role.SUPERVISOR))
        with pytest.raises(NotFound), unit_of_work(session, outsider) as work:
            complete(work, due.id)
        with pytest.raises(NotFound), unit_of_work(session, outsider) as work:
            cancel(work, due.id, reason="x")
        with pytest.raises(NotFound), unit_of_work(session, outsider) as work:
            reassign(work, due.id)
