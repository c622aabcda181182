"""How times, numbers and identifiers are written."""

from datetime import UTC, date, datetime, timedelta

import pytest

from prevention.domain.risk import RiskLevel
from prevention.web import filters

NOW = datetime(2026, 11, 22, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "22 Nov 2026, 4:07pm"),
        (datetime(2026, 7, 1, 16, 7, tzinfo=UTC), "1 Jul 2026, 5:07pm"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "2 Jul 2026, 12:30am"),
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), "1 Jan 2026, midnight"),
        (datetime(2026, 1, 1, 12, 0, tzinfo=UTC), "1 Jan 2026, midday"),
        # Either side of the October change: the same wall clock twice, an hour apart.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25 Oct 2026, 1:30am BST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25 Oct 2026, 1:30am GMT"),
        (None, ""),
    ],
)
def test_local_datetime(moment: datetime | None, words: str) -> None:
    assert filters.local_datetime(moment) == words


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        filters.local_datetime(datetime(2026, 1, 1, 12, 0))


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 22), "Today, Sunday 22 November"),
        (date(2026, 11, 23), "Tomorrow, Monday 23 November"),
        (date(2026, 11, 21), "Saturday 21 November"),
        (date(2026, 12, 1), "Tuesday 1 December"),
        (date(2027, 1, 4), "Monday 4 January 2027"),
    ],
)
def test_local_day(day: date, words: str) -> None:
    assert filters.local_day(day, today=date(2026, 11, 22)) == words


def test_local_date_takes_dates_and_moments() -> None:
    assert filters.local_date(date(1950, 3, 27)) == "27 Mar 1950"
    assert filters.local_date(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == "2 Jul 2026"
    assert filters.local_date(None) == ""


@pytest.mark.parametrize(
    ("away", "relative", "left"),
    [
        (timedelta(seconds=20), "now", "Due now"),
        (timedelta(minutes=1), "in 1 minute", "1 minute left"),
        (timedelta(hours=3, minutes=5), "in 3 hours 5 min", "3 hours 5 min left"),
        (timedelta(hours=47, minutes=59), "in 47 hours", "47 hours left"),
        (timedelta(days=7), "in 7 days", "7 days left"),
        (timedelta(days=-2, seconds=-5), "2 days ago", "2 days overdue"),
        (timedelta(days=-90), "3 months ago", "3 months overdue"),
        (timedelta(days=-800), "2 years ago", "2 years overdue"),
    ],
)
def test_relative_time_and_time_left(away: timedelta, relative: str, left: str) -> None:
    assert filters.relative_time(NOW + away, NOW) == relative
    assert filters.time_left(NOW + away, NOW) == left


def test_no_time_at_all() -> None:
    assert filters.relative_time(None) == ""
    assert filters.time_left(None) == "No deadline"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("+442079460018", "020 7946 0018"),
        ("+447700900982", "07700 900982"),
        ("+33123456789", "+33 1 23 45 67 89"),
        ("ask the neighbour", "ask the neighbour"),
        ("", ""),
        (None, ""),
    ],
)
def test_phone(typed: str | None, shown: str) -> None:
    assert filters.phone(typed) == shown


def test_identifiers_counts_and_lists() -> None:
    assert filters.nhs_number("9434765919") == "943 476 5919"
    assert filters.nhs_number("943476591") == "943476591"
    assert filters.plural(1, "case") == "1 case"
    assert filters.plural(1204, "case") == "1,204 cases"
    assert filters.plural(2, "person", "people") == "2 people"
    assert filters.sentence_list(["fire", "ambulance", "police"]) == "fire, ambulance and police"
    assert filters.sentence_list([RiskLevel.VERY_HIGH]) == "Very high"
    assert filters.sentence_list([]) == ""
    assert filters.iso(NOW) == "2026-11-22T16:07:00Z"
    assert filters.iso(date(1950, 3, 27)) == "1950-03-27"
