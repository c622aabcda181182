"""Spans and the working calendar (domain.md section 8, Time rules)."""

from datetime import UTC, date, datetime

import pytest

from prevention.domain.working_time import Span, Unit, require_aware, working_calendar

CALENDAR = working_calendar()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01",
        "2026-04-03",
        "2026-04-06",
        "2026-05-04",
        "2026-05-25",
        "2026-08-31",
        "2026-12-25",
        "2026-12-28",
        "2027-12-27",
        "2027-12-28",
        "2022-12-26",
        "2022-12-27",
        "2022-09-19",
        "2022-06-02",
        "2028-01-03",
        "2026-11-21",
        "2026-11-22",
    ],
)
def test_bank_holidays_of_england_and_weekends_are_closed(day: str) -> None:
    assert not CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day",
    [
        "2026-11-23",
        "2022-05-30",
        "2026-12-24",
        "2026-12-29",
        "2027-12-29",
        "2022-12-28",
    ],
)
def test_ordinary_days_are_open(day: str) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("count", "start", "end"),
    [
        (2, "2026-11-19T11:00", "2026-11-23T18:00"),  # Thursday: Friday, Monday
        (2, "2026-11-21T11:00", "2026-11-24T18:00"),  # Saturday: Monday, Tuesday
        (
            1,
            "2026-12-24T11:00",
            "2026-12-29T18:00",
        ),  # Christmas Eve, Boxing Day in lieu on Monday
        (1, "2026-07-01T11:00", "2026-07-02T17:00"),  # summer: closing at 18:00 local
        (0, "2026-11-21T11:00", "2026-11-23T18:00"),
    ],
)
def test_working_days_end_at_closing_time(count: int, start: str, end: str) -> None:
    assert Span(count, Unit.WORKING_DAYS).after(utc(start), CALENDAR) == utc(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-23T09:00", "2026-11-23T11:00"),
        ("2026-11-23T03:00", "2026-11-23T10:00"),
        ("2026-11-20T17:00", "2026-11-23T09:00"),
        ("2026-11-21T12:00", "2026-11-23T10:00"),
        ("2026-11-23T16:00", "2026-11-23T18:00"),
        ("2026-11-23T18:00", "2026-11-24T10:00"),
    ],
)
def test_two_working_hours(start: str, end: str) -> None:
    assert Span(2, Unit.WORKING_HOURS).after(utc(start), CALENDAR) == utc(end)


@pytest.mark.parametrize(
    "data",
    [{}, {"hours": 1, "days": 1}, {"fortnights": 1}, {"hours": 1.5}, {"hours": True}],
)
def test_wrong_spans_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Span.from_data(data)


def test_a_span_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Span(-1, Unit.DAYS)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        require_aware(utc("2026-01-01T00:00").replace(tzinfo=None))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(4, Unit.HOURS), "4 hours"),
        (Span(1, Unit.MONTHS), "1 month"),
        (Span(2, Unit.WORKING_DAYS), "2 working days"),
        (Span(1, Unit.WORKING_DAYS), "1 working day"),
    ],
)
def test_words(span: Span, words: str) -> None:
    assert span.words == words
