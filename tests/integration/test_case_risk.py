"""Assessing a case: each time a row, never later than before, a person's word stands, a visit puts things right."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import Circumstance, Factor
from prevention.domain.visit import AlarmType, Component, ObservedRisk, Room, VisitOutcome, VisitState, VisitType
from prevention.domain.visit_findings import factors_from_visit
from prevention.domain.visit_record import AlarmEntry, ComponentCheck, EscapePlan, VisitRecord, to_json
from prevention.errors import Invalid
from prevention.models.agency import Agency
from prevention.models.case import Case, RiskAssessment
from prevention.models.notification import Alert
from prevention.models.visit import Visit
from prevention.services.cases.assessing import escalate, override, reassess
from prevention.services.cases.moving import move
from prevention.services.work import Work
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import command, hand_in

R = ReferralReason
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FITTED = AlarmEntry(room=Room.HALL, type=AlarmType.SMOKE_OPTICAL, fitted_today=True, working=True)


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.fixture
def ambulance(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.AMBULANCE)


@pytest.fixture
def coordinator(arrange: Arranger, fire: Agency) -> Actor:
    return actor_of(arrange.user(fire, Role.COORDINATOR))


@contextmanager
def on_case(
    session: GuardedSession, case_id: object, *, now: datetime, actor: Actor = SYSTEM
) -> Iterator[tuple[Work, Case]]:
    with unit_of_work(session, actor, now=now) as work:
        yield work, work.session.get_one(Case, case_id)


def assessments(rows: Session) -> list[RiskAssessment]:
    rows.rollback()
    return list(rows.scalars(select(RiskAssessment).order_by(RiskAssessment.assessed_at, RiskAssessment.id)))


def record_visit(work: Work, case: Case, record: VisitRecord, *, assess: bool = True, **values: Any) -> Visit:
    """What recording a finished visit leaves behind, as far as risk goes."""
    visit = Visit(
        reference=f"V-{work.now:%d%H%M%S}",
        case_id=case.id,
        premises_id=case.premises_id,
        agency_id=case.owner_agency_id,
        team_id=case.owner_team_id,
        visit_type=VisitType.HFSV,
        state=VisitState.FINISHED,
        scheduled_at=work.now,
        finished_at=work.now,
        record=to_json(record),
        outcome=record.outcome,
        **values,
    )
    work.session.add(visit)
    work.session.flush()
    if assess:
        found = factors_from_visit(record, AgencyKind.FIRE, "LFB")
        reassess(work, case, visit=visit, extra_factors=found)
    return visit


def test_the_first_clock_starts_when_the_case_is_assessed(session: GuardedSession, rows: Session, fire: Agency) -> None:
    received = NOW - 3 * DAY
    receipt = hand_in(session, command(fire, R.SMOKING_IN_BED, received_at=received))
    row = assessments(rows)[0]
    assert (row.level, row.assessed_at, row.due_at) == (RiskLevel.HIGH, NOW, NOW + 7 * DAY)
    assert (row.rule_pack, row.rule_pack_version) == ("london_four_level", "2026.1")
    assert row.referral_id == receipt.referral_id
    assert row.triggers[0]["label"] == "Smokes in bed"
    assert row.factors[0]["agency_name"] == fire.short_name
    assert row.factors[0]["triggered"] is True


def test_a_referral_from_the_future_buys_no_time(session: GuardedSession, rows: Session, fire: Agency) -> None:
    hand_in(session, command(fire, R.SMOKING_IN_BED, received_at=NOW + 30 * DAY))
    assert assessments(rows)[0].due_at == NOW + 7 * DAY


def test_low_risk_has_no_deadline_but_a_next_action(session: GuardedSession, rows: Session, fire: Agency) -> None:
    hand_in(session, command(fire, R.TARGETED_LIST))
    case = rows.scalars(select(Case)).one()
    assert (case.risk_level, case.due_at) == (RiskLevel.LOW, None)
    assert case.act_by == case.next_action_at is not None


def test_each_assessment_is_a_row_and_the_due_time_the_earlier(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    receipt = hand_in(session, command(fire, R.SMOKING_IN_BED))
    worse = Factor(Circumstance.BED_BOUND, FactorSource.VISIT_OBSERVED, AgencyKind.FIRE, "LFB")
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, case):
        reassess(work, case)
        assert (case.risk_level, case.due_at) == (RiskLevel.HIGH, NOW + 7 * DAY)
    with on_case(session, receipt.case_id, now=NOW + 6 * DAY + 23 * HOUR) as (work, case):
        reassess(work, case, extra_factors=[worse])
        assert (case.risk_level, case.due_at) == (RiskLevel.VERY_HIGH, NOW + 7 * DAY)
        assert (case.risk_rank, case.act_by) == (0, NOW + 7 * DAY)
    with on_case(session, receipt.case_id, now=NOW + 8 * DAY) as (work, case):
        reassess(work, case)
        assert case.risk_level is RiskLevel.VERY_HIGH  # what a visit found stands
    assert [row.level for row in assessments(rows)] == [RiskLevel.HIGH] * 2 + [RiskLevel.VERY_HIGH] * 2
    assert rows.scalars(select(Alert)).one().why == "Smokes and is cared for in bed"


def test_an_override_needs_a_reason_and_a_change(session: GuardedSession, fire: Agency, coordinator: Actor) -> None:
    receipt = hand_in(session, command(fire, R.SMOKING_IN_BED))
    with on_case(session, receipt.case_id, now=NOW + HOUR, actor=coordinator) as (work, case):
        with pytest.raises(Invalid) as missing:
            override(work, case, RiskLevel.LOW, "  ")
        assert set(missing.value.problems) == {"reason"}
        with pytest.raises(Invalid) as same:
            override(work, case, RiskLevel.HIGH, "Because")
        assert set(same.value.problems) == {"level"}


def test_an_override_stands_with_its_name_until_something_worse_and_new_comes(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    receipt = hand_in(session, command(fire, R.SMOKING_IN_BED))
    with on_case(session, receipt.case_id, now=NOW + HOUR, actor=coordinator) as (work, case):
        override(work, case, RiskLevel.MEDIUM, " No bed in use ")
    for step in (2, 3, 4):  # the same said again, and something new that makes it no worse
        given = command(ambulance, R.SMOKING_IN_BED, *([R.ISOLATION] if step == 3 else []))
        assert hand_in(session, given, now=NOW + step * HOUR).risk_level is RiskLevel.MEDIUM
    standing = assessments(rows)[-1]
    assert (standing.overridden, standing.assessed_by) == (True, coordinator.user_id)
    assert standing.reason == "No bed in use"
    worse = hand_in(session, command(ambulance, R.HOME_OXYGEN), now=NOW + 5 * HOUR)
    assert worse.risk_level is RiskLevel.VERY_HIGH
    last = assessments(rows)[-1]
    assert (last.overridden, last.assessed_by) == (False, None)
    assert last.due_at == NOW + 9 * HOUR


def test_a_worse_clutter_rating_is_news_to_an_override(
    session: GuardedSession, fire: Agency, coordinator: Actor
) -> None:
    receipt = hand_in(session, command(fire, R.HOARDING))

    def rated(clutter: int) -> Factor:
        return Factor(Circumstance.CLUTTER_RATED, FactorSource.VISIT_OBSERVED, AgencyKind.FIRE, "LFB", clutter=clutter)

    with on_case(session, receipt.case_id, now=NOW + HOUR, actor=coordinator) as (work, case):
        reassess(work, case, extra_factors=[rated(4)])
    with on_case(session, receipt.case_id, now=NOW + 2 * HOUR, actor=coordinator) as (work, case):
        override(work, case, RiskLevel.LOW, "Being cleared this week")
    with on_case(session, receipt.case_id, now=NOW + 3 * HOUR) as (work, case):
        assert reassess(work, case).level is RiskLevel.LOW
    with on_case(session, receipt.case_id, now=NOW + 4 * HOUR) as (work, case):
        assert reassess(work, case, extra_factors=[rated(9)]).level is RiskLevel.HIGH


def test_an_override_upwards_rings_once_and_counts_from_now(
    session: GuardedSession, rows: Session, fire: Agency, coordinator: Actor
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    with on_case(session, receipt.case_id, now=NOW + DAY, actor=coordinator) as (work, case):
        override(work, case, RiskLevel.VERY_HIGH, "Neighbour smelled smoke twice")
        assert case.due_at == NOW + DAY + 4 * HOUR
    with on_case(session, receipt.case_id, now=NOW + DAY + HOUR) as (work, case):
        assert reassess(work, case).level is RiskLevel.VERY_HIGH
    assert len(rows.scalars(select(Alert)).all()) == 1


def test_escalating_makes_very_high_and_rings_once(
    session: GuardedSession, rows: Session, fire: Agency, coordinator: Actor
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    for step in (1, 2):
        with on_case(session, receipt.case_id, now=NOW + step * HOUR, actor=coordinator) as (work, case):
            escalate(work, case)
            assert (case.risk_level, case.urgent, case.due_at) == (RiskLevel.VERY_HIGH, True, NOW + 5 * HOUR)
    with on_case(session, receipt.case_id, now=NOW + 3 * HOUR) as (work, case):
        assert reassess(work, case).level is RiskLevel.VERY_HIGH
    alert = rows.scalars(select(Alert)).one()
    assert alert.agency_id == fire.id


def test_anybody_can_escalate_again_after_an_override(
    session: GuardedSession, fire: Agency, coordinator: Actor
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    with on_case(session, receipt.case_id, now=NOW + HOUR, actor=coordinator) as (work, case):
        escalate(work, case)
    with on_case(session, receipt.case_id, now=NOW + 2 * HOUR, actor=coordinator) as (work, case):
        override(work, case, RiskLevel.MEDIUM, "Visited by the crew next door")
        assert reassess(work, case).level is RiskLevel.MEDIUM
    with on_case(session, receipt.case_id, now=NOW + 3 * HOUR, actor=coordinator) as (work, case):
        assert escalate(work, case).level is RiskLevel.VERY_HIGH


def test_a_fitted_alarm_lowers_the_risk_at_the_next_assessment(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM, R.DEMENTIA_MEMORY, R.COOKING))
    assert receipt.risk_level is RiskLevel.HIGH
    safe = VisitRecord(
        outcome=VisitOutcome.COMPLETED,
        alarms=(FITTED,),
        components={Component.COOKING: ComponentCheck(risk_observed=ObservedRisk.NONE)},
    )
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, case):
        record_visit(work, case, safe)
        assert case.risk_level is RiskLevel.MEDIUM
    weighed = {factor["reason"] for factor in assessments(rows)[-1].factors}
    assert weighed == {"DEMENTIA_MEMORY"}
    again = hand_in(session, command(ambulance, R.NO_ALARM), now=NOW + 2 * DAY)
    assert again.case_id == receipt.case_id
    assert again.risk_level is RiskLevel.HIGH  # said after the visit, so it counts


def test_what_was_said_before_the_visit_but_came_in_late_is_settled_too(
    session: GuardedSession, fire: Agency, ambulance: Agency
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM, R.MOBILITY_ESCAPE))
    record = VisitRecord(
        outcome=VisitOutcome.COMPLETED, alarms=(FITTED,), escape=EscapePlan(discussed=True, can_leave_alone=False)
    )
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, case):
        record_visit(work, case, record)
        assert case.risk_level is RiskLevel.MEDIUM
    late = hand_in(session, command(ambulance, R.NO_ALARM, received_at=NOW + HOUR), now=NOW + 2 * DAY)
    assert (late.case_id, late.risk_level) == (receipt.case_id, RiskLevel.MEDIUM)


def test_an_amendment_after_the_visit_says_it_anew(session: GuardedSession, fire: Agency) -> None:
    given = command(fire, R.NO_ALARM, R.FRAILTY)
    receipt = hand_in(session, given)
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, case):
        record_visit(work, case, VisitRecord(outcome=VisitOutcome.COMPLETED, alarms=(FITTED,)))
        assert case.risk_level is RiskLevel.LOW
    other = hand_in(session, replace(given, narrative="The phone number is wrong"), now=NOW + 2 * DAY)
    assert other.risk_level is RiskLevel.LOW
    less = replace(given, reasons=frozenset({R.FRAILTY}))
    assert hand_in(session, less, now=NOW + 3 * DAY).risk_level is RiskLevel.LOW
    assert hand_in(session, given, now=NOW + 4 * DAY).risk_level is RiskLevel.MEDIUM


@pytest.mark.parametrize("outcome", [VisitOutcome.NO_ACCESS_NO_REPLY, VisitOutcome.COMPLETED_PARTIAL])
def test_a_visit_that_was_not_completed_settles_nothing(
    session: GuardedSession, fire: Agency, outcome: VisitOutcome
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, case):
        record_visit(work, case, VisitRecord(outcome=outcome, alarms=(FITTED,)))
        assert case.risk_level is RiskLevel.MEDIUM


def test_a_visit_answers_the_urgent_call_and_a_later_visit_the_earlier_findings(
    session: GuardedSession, rows: Session, fire: Agency, coordinator: Actor
) -> None:
    receipt = hand_in(session, command(fire, R.FRAILTY))
    with on_case(session, receipt.case_id, now=NOW + HOUR, actor=coordinator) as (work, case):
        escalate(work, case)
    bare = VisitRecord(outcome=VisitOutcome.COMPLETED, no_alarms_found=True, clutter={Room.LIVING_ROOM: 7})
    with on_case(session, receipt.case_id, now=NOW + 2 * HOUR) as (work, case):
        record_visit(work, case, bare)
        assert case.risk_level is RiskLevel.HIGH
    with on_case(session, receipt.case_id, now=NOW + 3 * HOUR) as (work, case):
        assert reassess(work, case).level is RiskLevel.HIGH  # its own findings are not settled by itself
    tidy = VisitRecord(outcome=VisitOutcome.COMPLETED, alarms=(FITTED,), clutter={Room.LIVING_ROOM: 2})
    with on_case(session, receipt.case_id, now=NOW + 4 * HOUR) as (work, case):
        record_visit(work, case, tidy, assess=False)
    with on_case(session, receipt.case_id, now=NOW + 5 * HOUR) as (work, case):
        assert reassess(work, case).level is RiskLevel.LOW
    assert {factor["reason"] for factor in assessments(rows)[-1].factors} == {"FRAILTY"}


def test_a_visit_record_nobody_can_read_settles_nothing(
    session: GuardedSession, arrange: Arranger, rows: Session, fire: Agency
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    case = rows.get_one(Case, receipt.case_id)
    broken = {"outcome": 7, "alarms": "none"}
    arrange.visit(case, state=VisitState.FINISHED, finished_at=NOW + HOUR, record=broken)
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, fresh):
        assert reassess(work, fresh).level is RiskLevel.MEDIUM


def test_the_agency_chooses_its_rule_pack(session: GuardedSession, rows: Session, arrange: Arranger) -> None:
    agency = arrange.agency(AgencyKind.FIRE, rule_pack="charlie_p")
    hand_in(session, command(agency, R.HOARDING, R.NO_ALARM))
    row = assessments(rows)[0]
    assert row.rule_pack == "charlie_p"
    assert row.score is not None


def test_a_closed_case_that_is_assessed_again_rings_nobody(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    danger = Factor(Circumstance.IMMEDIATE_DANGER, FactorSource.CREW_OBSERVED)
    with on_case(session, receipt.case_id, now=NOW + DAY) as (work, case):
        move(work, case, CaseState.CLOSED)
        assert reassess(work, case, extra_factors=[danger]).level is RiskLevel.VERY_HIGH
    assert rows.scalars(select(Alert)).all() == []
