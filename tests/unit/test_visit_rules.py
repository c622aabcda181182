"""How visits are booked: the first proposal, and how far a slot may lie."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from prevention.domain.visit_rules import load_visit_rules

LONDON = ZoneInfo("Europe/London")
RULES = load_visit_rules()
NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("due_at", "proposed"),
    [
        (None, datetime(2026, 11, 24, 10, 0, tzinfo=LONDON)),
        (datetime(2026, 11, 24, 10, 0, tzinfo=LONDON), datetime(2026, 11, 24, 10, 0, tzinfo=LONDON)),
        (datetime(2026, 11, 24, 9, 59, tzinfo=LONDON), datetime(2026, 11, 23, 15, 0, tzinfo=LONDON)),
        (NOW - timedelta(days=3), datetime(2026, 11, 23, 15, 0, tzinfo=LONDON)),
    ],
)
def test_the_proposed_slot_keeps_the_deadline(due_at: datetime | None, proposed: datetime) -> None:
    assert RULES.proposed_slot(NOW, due_at) == proposed


def test_the_proposed_slot_is_at_that_hour_after_the_clocks_change() -> None:
    before = datetime(2027, 3, 27, 14, 0, tzinfo=UTC)
    assert RULES.proposed_slot(before, None) == datetime(2027, 3, 28, 10, 0, tzinfo=LONDON)


def test_a_crew_already_at_the_door_can_be_booked() -> None:
    assert not RULES.is_too_late(NOW - 30 * MINUTE, NOW)
    assert RULES.is_too_late(NOW - 31 * MINUTE, NOW)


def test_a_slot_lies_within_a_year() -> None:
    assert not RULES.is_too_far(NOW.replace(year=2027), NOW)
    assert RULES.is_too_far(NOW.replace(year=2027) + MINUTE, NOW)
