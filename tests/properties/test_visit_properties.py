"""Visits: both faces of each policy agree, and the form, the record and the draft say the same."""

from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList, False_, True_
from sqlalchemy.sql.operators import eq, in_op

from prevention.blueprints.visits.record_fields import fields_of, form_from
from prevention.blueprints.visits.record_form import OUTCOMES
from prevention.domain.account import SYSTEM, Actor, Permission, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.behaviour import Behaviour, Wellbeing
from prevention.domain.home import HIGHEST_STOREY, LOWEST_STOREY, Home, PropertyType, Tenure
from prevention.domain.referral import CapacityConcern
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import (
    AlarmPower,
    AlarmType,
    Component,
    Equipment,
    EquipmentAction,
    ObservedRisk,
    OnwardDestination,
    OnwardKind,
    Room,
    VisitState,
)
from prevention.domain.visit_record import (
    AlarmCondition,
    AlarmEntry,
    Alternative,
    ComponentCheck,
    EquipmentEntry,
    EscapePlan,
    NoAccess,
    NoticeGiven,
    OnwardEntry,
    People,
    PrivacyNotice,
    Refusal,
    VisitRecord,
    WhoSeen,
    from_json,
    to_json,
)
from prevention.models.outreach import Outreach
from prevention.models.visit import Visit
from prevention.policies.outreach import may_record_outreach, visible_outreach
from prevention.policies.visits import (
    may_open_address,
    may_record_visit,
    may_view_visit,
    recordable_visits,
    visible_visits,
)
from prevention.services.visits.drafting import clean_fields

IDS = [UUID(int=number) for number in range(1, 5)]
ids = st.sampled_from(IDS)
maybe_ids = st.none() | ids

actors = st.just(SYSTEM) | st.builds(
    Actor,
    user_id=maybe_ids,
    agency_id=maybe_ids,
    agency_kind=st.none() | st.sampled_from(AgencyKind),
    role=st.none() | st.sampled_from(Role),
    team_ids=st.frozensets(ids, max_size=2),
)


def holds(condition: ColumnElement[bool], row: object) -> bool:
    """Whether a condition made of and, or, =, IS NULL and IN holds for a row, as SQL would have it."""
    if isinstance(condition, True_ | False_):
        return isinstance(condition, True_)
    if isinstance(condition, BooleanClauseList):
        parts = [holds(part, row) for part in condition.clauses]
        return all(parts) if condition.operator.__name__ == "and_" else any(parts)
    if isinstance(condition, BinaryExpression):
        value = getattr(row, condition.left.key)
        right = getattr(condition.right, "value", None)
        if condition.operator is in_op:
            return value is not None and value in right
        return value == right if condition.operator is eq else value is None
    return holds(condition.element, row)


@given(actor=actors, agency=ids, officer=maybe_ids, team=maybe_ids)
def test_both_faces_of_the_visit_policies_agree(
    actor: Actor, agency: UUID, officer: UUID | None, team: UUID | None
) -> None:
    visit = Visit(agency_id=agency, officer_id=officer, team_id=team)
    assert may_view_visit(actor, visit).allowed == holds(visible_visits(actor), visit)
    assert may_record_visit(actor, visit).allowed == holds(recordable_visits(actor), visit)


@given(actor=actors, agency=ids, officer=maybe_ids, team=maybe_ids, state=st.sampled_from(VisitState))
def test_a_visit_opens_a_confidential_address_to_those_it_was_given_to_and_to_nobody_who_books(
    actor: Actor, agency: UUID, officer: UUID | None, team: UUID | None, state: VisitState
) -> None:
    visit = Visit(agency_id=agency, officer_id=officer, team_id=team, state=state)
    if not may_open_address(actor, visit).allowed:
        return
    assert may_record_visit(actor, visit).allowed
    assert not actor.is_system
    assert not actor.has(Permission.VISIT_BOOK), "who books a visit for themselves has no reason yet"
    assert actor.agency_id == agency
    assert state not in {VisitState.FINISHED, VisitState.CANCELLED}
    assert actor.user_id == officer if officer is not None else team in actor.team_ids


def test_the_officer_and_the_team_open_what_was_given_to_them() -> None:
    crew, mate = (Actor(user, IDS[0], AgencyKind.FIRE, Role.FIELD_OFFICER, frozenset({IDS[3]})) for user in IDS[1:3])
    named = Visit(agency_id=IDS[0], officer_id=crew.user_id, team_id=IDS[3], state=VisitState.BOOKED)
    teams = Visit(agency_id=IDS[0], officer_id=None, team_id=IDS[3], state=VisitState.STARTED)
    assert [may_open_address(actor, named).allowed for actor in (crew, mate)] == [True, False]
    assert [may_open_address(actor, teams).allowed for actor in (crew, mate)] == [True, True]


@given(actor=actors, agency=ids)
def test_both_faces_of_the_outreach_policy_agree(actor: Actor, agency: UUID) -> None:
    outreach = Outreach(agency_id=agency)
    assert may_record_outreach(actor, outreach).allowed == holds(visible_outreach(actor), outreach)


words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30).map(str.strip)
answers = st.none() | st.booleans()
counts = st.none() | st.integers(0, 50)

records = st.builds(
    VisitRecord,
    outcome=st.none() | st.sampled_from(OUTCOMES),
    seen=st.none() | st.sampled_from(WhoSeen),
    people=st.builds(
        People,
        aged_65_or_over=counts,
        disabled=counts,
        under_5=counts,
        lives_alone=answers,
        has_carer=answers,
        care_agency=words,
        care_visits_per_day=counts,
    ),
    notice=st.builds(PrivacyNotice, given=st.none() | st.sampled_from(NoticeGiven), version=words, why_not=words),
    home=st.builds(
        Home,
        property_type=st.none() | st.sampled_from(PropertyType),
        tenure=st.none() | st.sampled_from(Tenure),
        storey=st.none() | st.integers(LOWEST_STOREY, HIGHEST_STOREY),
        lift=answers,
        telecare_provider=words,
    ),
    components=st.dictionaries(
        st.sampled_from(Component),
        st.builds(
            ComponentCheck,
            risk_observed=st.none() | st.sampled_from(ObservedRisk),
            advice_given=st.booleans(),
            action_taken=words,
            resident_commitment=words,
            note=words,
        ).filter(lambda check: check != ComponentCheck()),
        max_size=3,
    ),
    alarms=st.lists(
        st.builds(
            AlarmEntry,
            room=st.sampled_from(Room),
            type=st.sampled_from(AlarmType),
            power=st.none() | st.sampled_from(AlarmPower),
            interlinked=answers,
            working=answers,
            fitted_today=st.booleans(),
            expiry_year=st.none() | st.integers(2000, 2099),
            condition=st.none() | st.sampled_from(AlarmCondition),
        ),
        max_size=4,
    ).map(tuple),
    no_alarms_found=st.booleans(),
    equipment=st.lists(
        st.builds(
            EquipmentEntry,
            item=st.sampled_from(Equipment),
            action=st.sampled_from(EquipmentAction),
            quantity=st.integers(0, 50),
            location=words,
        ),
        max_size=3,
    ).map(tuple),
    clutter=st.dictionaries(st.sampled_from(Room), st.integers(1, 9)),
    behaviours=st.frozensets(st.sampled_from(Behaviour), max_size=6),
    escape=st.builds(
        EscapePlan,
        discussed=answers,
        night_plan=answers,
        can_leave_alone=answers,
        doors_closed_at_night=answers,
        understands_advice=answers,
        note=words,
    ),
    wellbeing=st.frozensets(st.sampled_from(Wellbeing)),
    refusal=st.builds(
        Refusal,
        who=st.none() | st.sampled_from(WhoSeen),
        capacity_concern=st.none() | st.sampled_from(CapacityConcern),
        risk_explained=answers,
        advice_left=answers,
        alternative=st.none() | st.sampled_from(Alternative),
    ),
    no_access=st.builds(NoAccess, card_left=answers, note=words),
    onward=st.lists(
        st.builds(
            OnwardEntry,
            destination=st.sampled_from(OnwardDestination),
            kind=st.sampled_from(OnwardKind),
            agreed=answers,
            reason=words,
        ),
        max_size=3,
    ).map(tuple),
    left_to_do=words,
    risk_after=st.none() | st.sampled_from(RiskLevel),
    risk_after_reason=words,
    notes=words,
)


@pytest.fixture(scope="module")
def plain_app() -> Flask:
    app = Flask("forms only")
    app.config.update(SECRET_KEY="forms only", WTF_CSRF_ENABLED=False)
    return app


@given(record=records)
@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_a_record_comes_back_from_the_form(plain_app: Flask, record: VisitRecord) -> None:
    with plain_app.test_request_context():
        form = form_from(clean_fields(fields_of(record)))
        assert form.to_record(2026) == record
        assert from_json(to_json(record)) == record


@given(
    fields=st.dictionaries(
        st.text(max_size=40)
        | st.sampled_from(["notes", "alarms-0-room", "people-under_5", "outcome", "alarms-99999-room"]),
        st.lists(st.text(max_size=40), max_size=3),
        max_size=12,
    )
)
@settings(deadline=None, max_examples=60)
def test_any_draft_can_be_kept_and_shown(plain_app: Flask, fields: dict[str, list[str]]) -> None:
    kept = clean_fields(fields)
    assert clean_fields(kept) == kept
    with plain_app.test_request_context():
        form_from(kept).to_record(2026)
