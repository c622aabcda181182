"""Dates of birth and ages as they are written."""

import re
from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

from prevention.domain.written_dates import written_date
from prevention.matching.normalise.text import clean

_OLDEST_YEARS = 120


class DateOrder(StrEnum):
    """How a source writes a date whose parts are all numbers."""

    DAY_FIRST = "DAY_FIRST"
    ISO = "ISO"


def tidy_date(text: str, order: DateOrder, received: date) -> date | None:
    """A date in somebody's past, in any way that :func:`~prevention.domain.written_dates.written_date` reads.

    ``received`` is the day the text came in: two-digit years are the latest that is not after it, and a date after it
    or more than 120 years before it is None. So are impossible dates (31 February) and 1900-01-01, which forms write
    for "not known" (linkage.md section 5). ``order`` only matters for all-number dates without a four-digit first part.
    """
    written = _written_parts(text, order, received)
    if written is None:
        return None
    try:
        read = date(*written)
    except ValueError:
        return None
    too_old = read < received - timedelta(days=366 * _OLDEST_YEARS) if received.year > _OLDEST_YEARS + 2 else False
    if read > received or too_old or read == date(1900, 1, 1):
        return None
    return read


def _written_parts(text: str, order: DateOrder, received: date) -> tuple[int, int, int] | None:
    """Year, month and day as written, the year with its century; they may be no date (31 February)."""
    written = written_date(clean(text, 40).lower(), year_first=order is DateOrder.ISO)
    if written is None:
        return None
    year = written.year
    if written.short_year:
        year += received.year - received.year % 100
        if (year, written.month, written.day) > (received.year, received.month, received.day):
            year -= 100
    return year, written.month, written.day


def age_by_impossible_date(text: str, order: DateOrder, received: date) -> int | None:
    """The age that a day which never was (31 February 1950) still tells; None for a real date and for no date."""
    written = _written_parts(text, order, received)
    if written is None:
        return None
    year, month, day = written
    if not (1 <= month <= 12 and 28 < day <= 31) or day <= monthrange(max(year, 1), month)[1]:
        return None
    age = received.year - year - ((received.month, received.day) < (month, day))
    return age if 0 <= age <= _OLDEST_YEARS else None


def tidy_age(text: str) -> int | None:
    """An age in whole years, 0 to 120: ``51``, ``51 yrs``, ``90+``; None for months, ranges and anything else."""
    match = re.fullmatch(
        r"(?:aged? )?([0-9]{1,3})(?: ?\+| ?(?:y|yr|yrs|years?|y/o|yo)(?: old)?)?", clean(text, 30).lower()
    )
    if match is None or not match.group(1).isascii() or int(match.group(1)) > _OLDEST_YEARS:
        return None
    return int(match.group(1))
