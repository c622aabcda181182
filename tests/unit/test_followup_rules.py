"""What a visit, a referral and a closure lead to (domain.md 1.11 and section 8)."""

from datetime import UTC, datetime, timedelta

import pytest

from prevention.domain.followup import FollowUpKind
from prevention.domain.followup_rules import (
    PlannedFollowUp,
    followups_after,
    followups_on_referral,
    load_followup_rules,
    next_attempt,
    read_followup_rules,
)
from prevention.domain.outcomes import facts
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.rule_files import read_rule_file
from prevention.domain.visit import (
    Equipment,
    EquipmentAction,
    OnwardDestination,
    OnwardKind,
    VisitOutcome,
    VisitType,
)

K = FollowUpKind
L = RiskLevel
O = VisitOutcome  # noqa: E741 - read beside K and L
RULES = load_followup_rules()
MORNING = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)  # a Monday


def kinds(plans: list[PlannedFollowUp]) -> set[FollowUpKind]:
    return {plan.kind for plan in plans}


def test_no_reply_very_high() -> None:
    call, again = followups_after(O.NO_ACCESS_NO_REPLY, L.VERY_HIGH, MORNING, RULES)
    assert (call.kind, call.due_at) == (K.CALL_BACK, MORNING + timedelta(hours=4))
    assert "manager's decision" in call.why
    assert (again.kind, again.due_at) == (K.REVISIT, datetime(2026, 11, 23, 17, 30, tzinfo=UTC))
    assert again.why == "No reply in the morning: try again in the evening, within 24 hours"
    assert kinds(followups_after(O.NO_ACCESS_NO_REPLY, L.VERY_HIGH, MORNING, RULES, attempts_so_far=9)) == {
        K.CALL_BACK,
        K.REVISIT,
    }


@pytest.mark.parametrize("attempts", [1, 2, 3])
@pytest.mark.parametrize("level", list(RiskLevel))
@pytest.mark.parametrize(
    "outcome",
    [
        item
        for item in O
        if facts(item).requires_next_step and item not in {O.CANCELLED_BY_RESIDENT, O.CANCELLED_BY_SERVICE}
    ],
)
def test_what_still_needs_a_step_has_somebody_to_make_it(outcome: O, level: RiskLevel, attempts: int) -> None:
    """A refusal at lower risk is the coordinator's to close, and at low risk nobody is looked for who moved.

    A cancelled visit needs no follow-up: its case goes back to where the next visit is booked, by a time of its own.
    """
    left_alone = {O.REFUSED_AT_DOOR: {L.MEDIUM, L.LOW}, O.REFUSED_BY_PHONE: {L.MEDIUM, L.LOW}, O.MOVED_AWAY: {L.LOW}}
    planned = followups_after(outcome, level, MORNING, RULES, attempts_so_far=attempts)
    assert bool(planned) is (level not in left_alone.get(outcome, set()))


@pytest.mark.parametrize(("level", "limit"), [(L.HIGH, timedelta(days=2)), (L.MEDIUM, timedelta(days=7))])
def test_no_reply_three_attempts_then_letter_and_referrer(level: RiskLevel, limit: timedelta) -> None:
    for attempt in (1, 2):
        (again,) = followups_after(O.NO_ACCESS_NO_REPLY, level, MORNING, RULES, attempts_so_far=attempt)
        assert again.kind is K.REVISIT
        assert again.subject == f"attempt-{attempt}"
        assert MORNING < again.due_at <= MORNING + limit
        assert again.due_at.hour == 17
    assert next_attempt(O.NO_ACCESS_NO_REPLY, level, 3, RULES) is None
    last = followups_after(O.NO_ACCESS_NO_REPLY, level, MORNING, RULES, attempts_so_far=3)
    assert kinds(last) == {K.SEND_LETTER, K.FEEDBACK_TO_REFERRER}


def test_refusal_is_reviewed_after_three_months_at_high_risk_and_above() -> None:
    for level in (L.VERY_HIGH, L.HIGH):
        plans = followups_after(O.REFUSED_AT_DOOR, level, datetime(2026, 11, 30, 12, tzinfo=UTC), RULES)
        (review,) = [plan for plan in plans if plan.kind is K.REVIEW_REFUSAL]
        assert review.due_at == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert followups_after(O.REFUSED_AT_DOOR, L.MEDIUM, MORNING, RULES) == []


def test_equipment() -> None:
    plans = followups_after(
        O.COMPLETED,
        L.MEDIUM,
        MORNING,
        RULES,
        equipment=[
            (Equipment.FIRE_RETARDANT_BEDDING, EquipmentAction.ORDERED),
            (Equipment.FIRE_RETARDANT_BEDDING, EquipmentAction.ORDERED),
            (Equipment.SMOKE_ALARM_SEALED_10YR, EquipmentAction.ORDERED),
            (Equipment.HEAT_ALARM, EquipmentAction.FITTED),
            (Equipment.CALL_BLOCKER, EquipmentAction.DECLINED),
        ],
    )
    assert [(plan.rule, plan.due_at - MORNING) for plan in plans] == [
        ("alarm-ordered", timedelta(days=7)),
        ("equipment-ordered", timedelta(days=14)),
    ]
    assert plans[1].why == "Fire retardant bedding was ordered: fit it within 14 days"


@pytest.mark.parametrize(("referred", "due"), [(-2, 22), (-30, 24), (None, 24)])
def test_arson_letterbox_within_24_hours(referred: int | None, due: int) -> None:
    (plan,) = followups_after(
        O.COMPLETED,
        L.VERY_HIGH,
        MORNING,
        RULES,
        equipment=[(Equipment.ARSON_PROOF_LETTERBOX, EquipmentAction.ORDERED)],
        referred_at=None if referred is None else MORNING + timedelta(hours=referred),
    )
    assert plan.due_at == MORNING + timedelta(hours=due)


def test_an_arson_threat_asks_for_a_letterbox_at_once() -> None:
    (plan,) = followups_on_referral([ReferralReason.ARSON_THREAT, ReferralReason.ASB], MORNING, RULES)
    assert (plan.kind, plan.due_at) == (K.FIT_EQUIPMENT, MORNING + timedelta(hours=24))
    assert followups_on_referral([ReferralReason.ASB], MORNING, RULES) == []


def test_onward_referrals_are_chased_and_signposts_are_not() -> None:
    plans = followups_after(
        O.COMPLETED,
        L.HIGH,
        MORNING,
        RULES,
        onward=[
            (OnwardDestination.FALLS_SERVICE, OnwardKind.REFERRAL),
            (OnwardDestination.STOP_SMOKING, OnwardKind.SIGNPOST),
            (OnwardDestination.SAFEGUARDING_ADULTS, OnwardKind.SAFEGUARDING_CONCERN),
        ],
    )
    assert [(plan.kind, plan.due_at) for plan in plans] == [
        (K.RAISE_SAFEGUARDING, datetime(2026, 11, 24, 18, tzinfo=UTC)),
        (K.CHASE_ONWARD_REFERRAL, MORNING + timedelta(days=14)),
    ]


def test_alarms_at_the_end_of_their_life() -> None:
    plans = followups_after(O.COMPLETED, L.MEDIUM, MORNING, RULES, alarm_expiry_years=[2036, None, 2036, 2020])
    assert [(plan.kind, plan.subject, plan.due_at) for plan in plans] == [
        (K.ALARM_EXPIRY, "2020", MORNING + timedelta(days=14)),
        (K.ALARM_EXPIRY, "2036", datetime(2036, 1, 1, 9, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(("level", "hours"), [(L.VERY_HIGH, 24), (L.HIGH, 72), (L.MEDIUM, 168), (L.LOW, 168)])
def test_a_partial_visit_has_a_return(level: RiskLevel, hours: int) -> None:
    (plan,) = followups_after(O.COMPLETED_PARTIAL, level, MORNING, RULES)
    assert (plan.kind, plan.due_at) == (K.REVISIT, MORNING + timedelta(hours=hours))


def test_sanctuary_reviews_after_target_hardening() -> None:
    plans = followups_after(O.COMPLETED, L.HIGH, MORNING, RULES, visit_type=VisitType.TARGET_HARDENING)
    assert [(plan.kind, plan.due_at.date().isoformat()) for plan in plans] == [
        (K.SANCTUARY_REVIEW, "2027-02-23"),
        (K.SANCTUARY_REVIEW, "2027-05-23"),
    ]


def test_severe_clutter_reaches_the_crews() -> None:
    (plan,) = followups_after(O.COMPLETED, L.HIGH, MORNING, RULES, clutter_max=7)
    assert plan.kind is K.OPERATIONAL_RISK_FLAG
    assert followups_after(O.COMPLETED, L.HIGH, MORNING, RULES, clutter_max=6) == []


@pytest.mark.parametrize(
    "outcome",
    [O.COMPLETED, O.DECEASED, O.DUPLICATE, O.ALREADY_VISITED, O.VACANT_OR_DEMOLISHED, O.NOT_ELIGIBLE_LOW_RISK],
)
@pytest.mark.parametrize("level", RiskLevel)
def test_settled_outcomes_plan_nothing_by_themselves(outcome: VisitOutcome, level: RiskLevel) -> None:
    assert followups_after(outcome, level, MORNING, RULES) == []


def test_a_day_needs_parts() -> None:
    with pytest.raises(ValueError, match="two parts of the day"):
        read_followup_rules(dict(read_rule_file("followups")) | {"day_parts": [{"name": "day", "from": "08:00"}]})
