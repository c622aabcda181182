"""Jinja filters: how times, numbers and identifiers are written on screen.

Times come in as aware datetimes (UTC in the database) and are shown in Europe/London.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import phonenumbers
from flask import Flask

from prevention.domain.local_time import LONDON, spoken_clock


def local_datetime(value: datetime | None) -> str:
    """Write an aware datetime as London people read it: ``22 Nov 2026, 4:07pm``. None becomes an empty string.

    Raises ``ValueError`` for a naive datetime, because guessing its zone would show a wrong hour.
    """
    if value is None:
        return ""
    return f"{local_date(value)}, {local_time(value)}"


def local_time(value: datetime | None) -> str:
    """Write the London time of day: ``4:07pm``, ``midday``, ``midnight``. None becomes an empty string.

    An hour that comes twice, when the clocks go back, says which: ``1:45am BST``, then ``1:45am GMT``.
    """
    if value is None:
        return ""
    local = _to_london(value)
    if local.minute == 0 and local.hour in (0, 12):
        return "midday" if local.hour else "midnight"
    return spoken_clock(local)


def local_date(value: date | datetime | None) -> str:
    """Write a date as ``22 Nov 2026``; of a datetime, its London day. None becomes an empty string."""
    if value is None:
        return ""
    day = _to_london(value).date() if isinstance(value, datetime) else value
    return f"{day.day} {day:%b} {day.year}"


def local_day(value: date, today: date | None = None) -> str:
    """Write a day as people plan it: ``Tomorrow, Monday 23 November``, ``Tuesday 24 November``; the year when it is
    another one. ``today`` defaults to London's; tests pass it.
    """
    now = today or datetime.now(LONDON).date()
    near = {0: "Today, ", 1: "Tomorrow, "}.get((value - now).days, "")
    return f"{near}{value:%A} {value.day} {value:%B}{'' if value.year == now.year else f' {value.year}'}"


def relative_time(value: datetime | None, now: datetime | None = None) -> str:
    """Write how far away a time is: ``in 3 hours``, ``2 days ago``, ``now`` (within a minute either way).

    Elapsed time, so it survives clock changes. ``now`` defaults to the present; tests pass it.
    """
    if value is None:
        return ""
    distance = value - (now or datetime.now(UTC))
    if abs(distance) < timedelta(minutes=1):
        return "now"
    words = _span(abs(distance))
    return f"in {words}" if distance > timedelta(0) else f"{words} ago"


def time_left(value: datetime | None, now: datetime | None = None) -> str:
    """Write the time left to a deadline: ``3 hours left``, ``2 days overdue``, ``due now``. None: ``No deadline``."""
    if value is None:
        return "No deadline"
    distance = value - (now or datetime.now(UTC))
    if abs(distance) < timedelta(minutes=1):
        return "Due now"
    words = _span(abs(distance))
    return f"{words} left" if distance > timedelta(0) else f"{words} overdue"


def phone(value: str | None) -> str:
    """Write an E.164 number the British way: ``020 7946 0018``; foreign ones internationally; others unchanged."""
    if not value:
        return ""
    try:
        number = phonenumbers.parse(value, "GB")
    except phonenumbers.NumberParseException:
        return value
    if not phonenumbers.is_possible_number(number):
        return value
    shape = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if number.country_code == 44
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return str(phonenumbers.format_number(number, shape))


def nhs_number(value: str | None) -> str:
    """Write a ten-digit NHS number as 3-3-4: ``943 476 5919``. Anything else comes back unchanged."""
    if not value:
        return ""
    digits = "".join(ch for ch in value if ch.isdigit())
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if len(digits) == 10 else value


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: ``1 case``, ``1,204 cases``. ``many`` defaults to ``one`` plus "s"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def sentence_list(values: Iterable[Any]) -> str:
    """Join things as people do: ``fire, ambulance and police``. Uses ``.label`` where a thing has one."""
    words = [str(getattr(value, "label", value)) for value in values]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def iso(value: datetime | date | None) -> str:
    """Write the machine form for ``<time datetime>``: UTC to the second with ``Z``, or ``2026-11-22`` for a date."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _to_london(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat()


def register(app: Flask) -> None:
    """Give the app's templates every filter of this file under its own name."""
    for function in (
        local_datetime,
        local_time,
        local_date,
        local_day,
        relative_time,
        time_left,
        phone,
        nhs_number,
        plural,
        sentence_list,
        iso,
    ):
        app.add_template_filter(function)


def _to_london(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a datetime without a zone cannot be shown: keep times UTC aware")
    return value.astimezone(LONDON)


def _span(distance: timedelta) -> str:
    """Write a positive length in its largest sensible unit, rounded down so that no deadline looks further off."""
    minutes = int(distance.total_seconds() // 60)
    if minutes < 60:
        return plural(minutes, "minute")
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{plural(hours, 'hour')} {rest} min" if hours < 4 and rest else plural(hours, "hour")
    days = minutes // (24 * 60)
    if days < 60:
        return plural(days, "day")
    if days < 730:
        return plural(days // 30, "month")
    return plural(days // 365, "year")
