"""What holds of deadlines at any moment of any year, clock changes included."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.deadlines import (
    due_after_reassessment,
    due_at,
)
from prevention.domain.risk import RiskLevel
from prevention.domain.risk_rules import load_pack
from prevention.domain.working_time import Span, Unit, working_calendar

LONDON = ZoneInfo("Europe/London")
RULES = load_pack("london_four_level").deadlines
CALENDAR = working_calendar()
START = datetime(2020, 1, 1, tzinfo=UTC)
# Spring and autumn change days are drawn often, so that the skipped and repeated hours are met.
CHANGE_DAYS = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 22), (3, 29), (10, 18), (10, 25))]
UTC_MOMENTS = st.builds(lambda gap: START + gap, st.timedeltas(timedelta(), timedelta(days=7300))) | st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds), st.sampled_from(CHANGE_DAYS), st.integers(0, 4 * 3600)
)
LEVELS = st.sampled_from(RiskLevel)


def exists(wall: datetime) -> bool:
    return wall.replace(tzinfo=LONDON).astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) == wall


@given(UTC_MOMENTS)
def test_four_hours_are_always_four_hours(assessed: datetime) -> None:
    assert due_at(RiskLevel.VERY_HIGH, assessed, RULES) == assessed + timedelta(hours=4)


@given(UTC_MOMENTS)
def test_seven_days_keep_the_wall_clock(assessed: datetime) -> None:
    due = due_at(RiskLevel.HIGH, assessed, RULES)
    assert due is not None
    assert abs(due - assessed - timedelta(days=7)) <= timedelta(hours=1)
    wall = assessed.astimezone(LONDON).replace(tzinfo=None) + timedelta(days=7)
    if exists(wall):
        assert due.astimezone(LONDON).replace(tzinfo=None) == wall
    else:
        assert due.astimezone(LONDON).replace(tzinfo=None) == wall + timedelta(hours=1)


@given(UTC_MOMENTS)
def test_a_month_is_the_next_month_on_the_same_day_or_its_last(
    assessed: datetime,
) -> None:
    due = due_at(RiskLevel.MEDIUM, assessed, RULES)
    assert due is not None
    before, after = assessed.astimezone(LONDON), due.astimezone(LONDON)
    assert (after.year * 12 + after.month) - (before.year * 12 + before.month) == 1
    assert after.day == before.day or ((after + timedelta(days=1)).day == 1 and after.day < before.day)


@given(UTC_MOMENTS)
def test_a_worse_level_is_never_due_later(assessed: datetime) -> None:
    dues = [due for level in RiskLevel if (due := due_at(level, assessed, RULES)) is not None]
    assert dues == sorted(dues)


@given(UTC_MOMENTS, LEVELS, UTC_MOMENTS, LEVELS)
def test_a_reassessment_that_rises_never_buys_time(
    first: datetime, old: RiskLevel, second: datetime, new: RiskLevel
) -> None:
    old_due = due_at(old, first, RULES)
    due = due_after_reassessment(old_due, old, new, due_at(new, second, RULES), "said why")
    if new.rank <= old.rank and old_due is not None:
        assert due is not None
        assert due <= old_due


@given(
    UTC_MOMENTS,
    st.integers(0, 40),
    st.sampled_from([Unit.WORKING_DAYS, Unit.WORKING_HOURS]),
)
def test_working_spans_end_while_the_desk_is_open(start: datetime, count: int, unit: Unit) -> None:
    end = CALENDAR.local(Span(count, unit).after(start, CALENDAR))
    assert CALENDAR.is_working_day(end.date())
    assert CALENDAR.opens <= end.time() <= CALENDAR.closes


@given(UTC_MOMENTS, st.integers(0, 40), st.sampled_from(Unit))
def test_a_longer_span_never_ends_sooner(start: datetime, count: int, unit: Unit) -> None:
    assert Span(count, unit).after(start, CALENDAR) <= Span(count + 1, unit).after(start, CALENDAR)
