"""The visit form's content: what each outcome needs, drafts that outlive releases, and pre-filling."""

import json
from dataclasses import replace

import pytest

from prevention.domain.behaviour import Behaviour, Topic, behaviours_by_topic
from prevention.domain.home import Home, PropertyType, Tenure
from prevention.domain.referral import CapacityConcern, ReferralReason, StaffSafety
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import Circumstance, assess, load_pack
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
    VisitOutcome,
)
from prevention.domain.visit_findings import factors_from_visit, settled_by_visit, warnings_from_visit
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
    prefill_from,
    problems,
    to_json,
)

WORKING = AlarmEntry(Room.HALL, AlarmType.SMOKE_OPTICAL, AlarmPower.SEALED_10YR, working=True, expiry_year=2036)
FULL = VisitRecord(
    outcome=VisitOutcome.COMPLETED,
    seen=WhoSeen.RESIDENT,
    people=People(aged_65_or_over=1, lives_alone=True, care_agency="Kind Care"),
    notice=PrivacyNotice(NoticeGiven.LEAFLET, version="March 2026"),
    home=Home(PropertyType.FLAT_CONVERTED, Tenure.COUNCIL, storey=-1, lift=False, telecare_provider="Camden Careline"),
    components={Component.COOKING: ComponentCheck(ObservedRisk.HIGH, advice_given=True, action_taken="Timer")},
    alarms=(WORKING,),
    equipment=(EquipmentEntry(Equipment.HEAT_ALARM, EquipmentAction.ORDERED, location="Kitchen"),),
    clutter={Room.LIVING_ROOM: 6, Room.KITCHEN: 3},
    behaviours=frozenset({Behaviour.CHIP_PAN, Behaviour.EMOLLIENTS}),
    escape=EscapePlan(discussed=True, can_leave_alone=True),
    onward=(OnwardEntry(OnwardDestination.FALLS_SERVICE, OnwardKind.REFERRAL, agreed=True),),
    risk_after=RiskLevel.MEDIUM,
    notes="Spoke for an hour",
)


def test_no_reply_is_two_taps() -> None:
    assert problems(VisitRecord(), VisitOutcome.NO_ACCESS_NO_REPLY) == {}


def test_an_outcome_is_always_needed() -> None:
    assert problems(VisitRecord(), None) == {"outcome": "Say how the visit ended"}


def test_a_completed_visit_needs_what_it_is_for() -> None:
    assert set(problems(VisitRecord(), VisitOutcome.COMPLETED)) == {"seen", "alarms", "escape-discussed", "risk_after"}
    assert problems(FULL, VisitOutcome.COMPLETED) == {}


def test_a_home_without_alarms_can_be_said() -> None:
    record = VisitRecord(no_alarms_found=True)
    assert "alarms" not in problems(record, VisitOutcome.COMPLETED)
    both = VisitRecord(no_alarms_found=True, alarms=(WORKING,))
    assert "no_alarms_found" in problems(both, VisitOutcome.COMPLETED)


def test_a_refusal_needs_four_answers() -> None:
    assert len(problems(VisitRecord(), VisitOutcome.REFUSED_AT_DOOR)) == 4
    refusal = Refusal(WhoSeen.RESIDENT, CapacityConcern.NO, risk_explained=True, alternative=Alternative.LEAFLET)
    assert problems(VisitRecord(refusal=refusal), VisitOutcome.REFUSED_AT_DOOR) == {}


def test_a_lower_risk_needs_a_reason() -> None:
    assert "risk_after_reason" in problems(FULL, VisitOutcome.COMPLETED, risk_before=RiskLevel.HIGH)
    assert problems(FULL, VisitOutcome.COMPLETED, risk_before=RiskLevel.MEDIUM) == {}


def test_a_card_left_where_none_may_be_left() -> None:
    record = VisitRecord(no_access=NoAccess(card_left=True))
    assert problems(record, VisitOutcome.NO_ACCESS_NO_REPLY) == {}
    found = problems(record, VisitOutcome.NO_ACCESS_NO_REPLY, do_not_leave_card=True)
    assert list(found) == ["no_access-card_left"]


def test_slips_of_the_finger() -> None:
    record = VisitRecord(
        alarms=(AlarmEntry(Room.HALL, AlarmType.HEAT, expiry_year=20366),),
        equipment=(EquipmentEntry(Equipment.HEAT_ALARM, EquipmentAction.FITTED, quantity=0),),
        clutter={Room.KITCHEN: 10},
        people=People(under_5=-1),
        notice=PrivacyNotice(NoticeGiven.NOT_GIVEN, why_not=" "),
        home=Home(storey=100),
        onward=(OnwardEntry(OnwardDestination.TELECARE, OnwardKind.REFERRAL),),
    )
    assert set(problems(record, VisitOutcome.NO_ACCESS_NO_REPLY)) == {
        "alarms-0-expiry_year",
        "equipment-0-quantity",
        "clutter-KITCHEN",
        "people-under_5",
        "notice-why_not",
        "home-storey",
        "onward-0-reason",
    }


@pytest.mark.parametrize(("storey", "words"), [(None, ""), (-2, "Floor -2"), (-1, "Basement"), (0, "Ground floor")])
def test_a_floor_in_words(storey: int | None, words: str) -> None:
    assert Home(storey=storey).storey_words == words


@pytest.mark.parametrize("given", [None, NoticeGiven.SPOKEN, NoticeGiven.LEAFLET])
def test_only_a_notice_that_was_not_given_asks_why(given: NoticeGiven | None) -> None:
    assert problems(replace(FULL, notice=PrivacyNotice(given)), VisitOutcome.COMPLETED) == {}
    refused = PrivacyNotice(NoticeGiven.NOT_GIVEN)
    assert list(problems(replace(FULL, notice=refused), VisitOutcome.COMPLETED)) == ["notice-why_not"]
    said = replace(refused, why_not="The carer asked us to hurry")
    assert problems(replace(FULL, notice=said), VisitOutcome.COMPLETED) == {}


def test_a_notice_is_never_shown_as_given_on_another_day() -> None:
    assert prefill_from(FULL).notice == PrivacyNotice()
    partial = prefill_from(replace(FULL, outcome=VisitOutcome.COMPLETED_PARTIAL))
    assert (partial.notice, partial.home) == (PrivacyNotice(), FULL.home)


def test_there_and_back_through_json() -> None:
    assert from_json(json.loads(json.dumps(to_json(FULL)))) == FULL
    assert from_json({}) == VisitRecord()


def test_a_draft_survives_an_upgrade() -> None:
    data = to_json(FULL) | {
        "sprinklers": {"rooms": 2},
        "outcome": "A_CODE_NOBODY_KNOWS",
        "behaviours": ["CHIP_PAN", "GONE", 7, None],
        "alarms": [{"room": "HALL", "type": "HEAT", "colour": "red"}, {"room": "HALL"}, "x"],
        "clutter": {"KITCHEN": "many", "HALL": 2, "ATTIC": 3},
        "people": "many",
        "notes": 5,
        "seen": None,
        "no_alarms_found": 1,
    }
    record = from_json(data)
    assert record.unknown == {"sprinklers": {"rooms": 2}}
    assert to_json(record)["sprinklers"] == {"rooms": 2}
    assert record.outcome is None
    assert record.behaviours == {Behaviour.CHIP_PAN}
    assert record.alarms == (AlarmEntry(Room.HALL, AlarmType.HEAT),)
    assert record.clutter == {Room.HALL: 2}
    assert record.people == People()
    assert (record.notes, record.no_alarms_found) == ("", False)


def test_pre_filling_shows_nothing_as_seen_today() -> None:
    start = prefill_from(FULL)
    assert start.people == FULL.people
    assert [alarm.working for alarm in start.alarms] == [None]
    assert start.home == FULL.home
    assert start == VisitRecord(people=start.people, home=start.home, alarms=start.alarms)
    old = VisitRecord(alarms=(AlarmEntry(Room.HALL, AlarmType.HEAT, condition=AlarmCondition.PAST_END_OF_LIFE),))
    assert prefill_from(old).alarms == ()


def test_pre_filling_after_a_partial_visit_carries_on() -> None:
    partial = VisitRecord(
        outcome=VisitOutcome.COMPLETED_PARTIAL,
        behaviours=FULL.behaviours,
        clutter=FULL.clutter,
        equipment=FULL.equipment,
        left_to_do="Bedrooms",
    )
    start = prefill_from(partial)
    assert (start.behaviours, start.clutter) == (FULL.behaviours, FULL.clutter)
    assert (start.outcome, start.equipment, start.left_to_do) == (None, (), "")


def test_behaviours_have_words_and_a_topic() -> None:
    grouped = behaviours_by_topic()
    assert set(grouped) == set(Topic)
    assert sum(map(len, grouped.values())) == len(Behaviour)
    assert len({item.label for item in Behaviour}) == len(Behaviour)


def test_what_a_visit_found_becomes_factors() -> None:
    found = factors_from_visit(FULL)
    assert {factor.source for factor in found} == {FactorSource.VISIT_OBSERVED}
    assert {factor.reason for factor in found} >= {
        ReferralReason.COOKING,
        ReferralReason.EMOLLIENT,
        Circumstance.CLUTTER_RATED,
    }
    assert [factor.clutter for factor in found if factor.clutter] == [3, 6]
    assert ReferralReason.NO_ALARM not in {factor.reason for factor in found}
    none = factors_from_visit(VisitRecord(no_alarms_found=True, escape=EscapePlan(can_leave_alone=False)))
    assert {factor.reason for factor in none} == {ReferralReason.NO_ALARM, ReferralReason.MOBILITY_ESCAPE}


def test_a_completed_visit_settles_what_the_officer_can_know() -> None:
    fitted = VisitRecord(
        outcome=VisitOutcome.COMPLETED,
        alarms=(AlarmEntry(Room.HALL, AlarmType.SMOKE_OPTICAL, fitted_today=True),),
    )
    answered = {Circumstance.URGENT_ESCALATION, Circumstance.IMMEDIATE_DANGER}
    assert settled_by_visit(fitted) == {ReferralReason.NO_ALARM, *answered}
    assert settled_by_visit(VisitRecord(alarms=(WORKING,))) == frozenset()
    assert settled_by_visit(replace(fitted, outcome=VisitOutcome.COMPLETED_PARTIAL)) == frozenset()


def test_what_a_visit_found_warns_the_next_crew() -> None:
    seen = [Behaviour.WEAPONS_SEEN, Behaviour.INFESTATION_OR_FILTH, Behaviour.CHIP_PAN]
    assert warnings_from_visit(VisitOutcome.COMPLETED, seen) == {
        StaffSafety.POLICE_ATTEND,
        StaffSafety.TWO_PERSON,
        StaffSafety.INFECTION,
    }
    assert warnings_from_visit(VisitOutcome.NO_ACCESS_UNSAFE, []) == {StaffSafety.TWO_PERSON}
    assert warnings_from_visit(VisitOutcome.NO_ACCESS_NO_REPLY, []) == frozenset()


def test_a_behaviour_may_stand_for_two_factors() -> None:
    found = factors_from_visit(VisitRecord(behaviours=frozenset({Behaviour.OXYGEN_AND_SMOKING})))
    assert assess(found, load_pack()).level is RiskLevel.VERY_HIGH


@pytest.mark.parametrize("outcome", VisitOutcome)
def test_every_needed_field_can_be_given(outcome: VisitOutcome) -> None:
    refusal = Refusal(WhoSeen.CARER, CapacityConcern.UNKNOWN, risk_explained=False, alternative=Alternative.NONE)
    given = VisitRecord(
        seen=WhoSeen.CARER,
        no_alarms_found=True,
        escape=EscapePlan(discussed=False),
        refusal=refusal,
        left_to_do="Bedrooms",
        risk_after=RiskLevel.HIGH,
        notes="What happened",
    )
    assert problems(given, outcome) == {}
