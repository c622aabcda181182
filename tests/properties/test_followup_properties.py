"""What holds of every plan of follow-ups."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.followup import FollowUpKind
from prevention.domain.followup_rules import followups_after, load_followup_rules
from prevention.domain.outcomes import facts
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import (
    Equipment,
    EquipmentAction,
    OnwardDestination,
    OnwardKind,
    VisitOutcome,
    VisitType,
)

RULES = load_followup_rules()
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=730)).map(lambda gap: START + gap)


def part(moment: datetime) -> str:
    at = RULES.calendar.local(moment).time()
    return [name for name, begins in ((RULES.day_parts[-1][0], at.min), *RULES.day_parts) if begins <= at][-1]


@given(
    st.sampled_from(VisitOutcome),
    st.sampled_from(RiskLevel),
    MOMENTS,
    st.lists(st.tuples(st.sampled_from(Equipment), st.sampled_from(EquipmentAction)), max_size=6),
    st.lists(st.tuples(st.sampled_from(OnwardDestination), st.sampled_from(OnwardKind)), max_size=6),
    st.integers(1, 6),
    st.lists(st.none() | st.integers(2000, 2099), max_size=6),
    st.none() | st.integers(1, 9),
)
def test_every_plan_has_its_own_key_a_reason_and_a_later_time(
    outcome: VisitOutcome,
    level: RiskLevel,
    finished: datetime,
    equipment: list[tuple[Equipment, EquipmentAction]],
    onward: list[tuple[OnwardDestination, OnwardKind]],
    attempts: int,
    years: list[int | None],
    clutter: int | None,
) -> None:
    plans = followups_after(
        outcome,
        level,
        finished,
        RULES,
        equipment=equipment,
        onward=onward,
        attempts_so_far=attempts,
        alarm_expiry_years=years,
        clutter_max=clutter,
        visit_type=VisitType.TARGET_HARDENING,
    )
    assert len({(plan.rule, plan.subject) for plan in plans}) == len(plans)
    assert all(plan.due_at > finished and plan.why and "{" not in plan.why for plan in plans)
    assert plans == sorted(plans, key=lambda plan: (plan.due_at, plan.rule, plan.subject))


@given(st.sampled_from([RiskLevel.VERY_HIGH, RiskLevel.HIGH, RiskLevel.MEDIUM]), MOMENTS, st.integers(1, 2))
def test_the_next_attempt_is_at_another_time_of_day(level: RiskLevel, finished: datetime, attempts: int) -> None:
    plans = followups_after(VisitOutcome.NO_ACCESS_NO_REPLY, level, finished, RULES, attempts_so_far=attempts)
    (again,) = [plan for plan in plans if plan.kind is FollowUpKind.REVISIT]
    assert part(again.due_at) != part(finished)


@given(st.sampled_from(VisitOutcome), st.sampled_from([RiskLevel.VERY_HIGH, RiskLevel.HIGH]), MOMENTS)
def test_nothing_at_high_risk_is_left_without_a_next_step(
    outcome: VisitOutcome, level: RiskLevel, finished: datetime
) -> None:
    plans = followups_after(outcome, level, finished, RULES, attempts_so_far=3)
    goes_back_to_be_booked = outcome in {VisitOutcome.CANCELLED_BY_RESIDENT, VisitOutcome.CANCELLED_BY_SERVICE}
    if facts(outcome).requires_next_step and not goes_back_to_be_booked:
        assert plans
