"""Dates and times as desks write them: every usual way, none guessed where two readings would be equally good.

Pure reading: what a date means (a birth, a receipt) and whether it is believable is for the caller to say.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")
_LONGEST = 60
#: Referrals were not kept by machine before; a year that says so is a slip of the pen.
_FIRST_YEAR = 2000
#: Day 0 of a spreadsheet's count, and the days of five digits (1927 to 2173): fewer could be a year.
_SERIAL_START = date(1899, 12, 30)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
            ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"),
            ("nov", "november"), ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_WEEKDAY = re.compile(r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?[., ]+")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})", re.ASCII)
_EIGHT_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_DAY_FIRST_EIGHT = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})", re.ASCII)
_SERIAL = re.compile(r"([1-9][0-9]{4})(?:\.([0-9]+))?", re.ASCII)
_NUMBERS = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})", re.ASCII)
_DAY_MONTH = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]*(?:of )?([a-z]{3,9})[-/., ]*'?([0-9]{4}|[0-9]{2})", re.ASCII
)
_MONTH_DAY = re.compile(r"([a-z]{3,9})[-/., ]*([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4})", re.ASCII)
_TIME = re.compile(
    r"(?P<before>.*?)(?:[t, ]+(?:at )?)"
    r"(?:(?P<hour>[0-9]{1,2})[:.h](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,][0-9]+)?)?|(?P<digits>[0-9]{1,4})"
    r"|(?P<share>0?\.[0-9]+))"
    r" ?(?P<half>[ap])?\.?(?:m\.?)? ?(?:hrs?|hours|h)? ?(?P<zone>z|utc|gmt|bst|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """The parts of a date as written; ``short_year``: two digits, so the century is the reader's to say."""

    year: int
    month: int
    day: int
    short_year: bool = False


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """A moment as written, aware UTC; ``time_unread``: a time stands there that is none, so the day's start is it."""

    at: datetime
    time_unread: bool = False


def written_date(text: str, *, year_first: bool = False) -> WrittenDate | None:
    """The date that ``text`` (lower case, single spaces) starts with; a time may follow. None when there is none.

    ``09/12/1973``, ``9.12.73``, ``22 Dec 1997``, ``22nd of December 1997``, ``06-Nov-25``, ``Dec 22, 1997``,
    ``1973-12-09``, ``19731209``, ``09121973``, a spreadsheet's ``27007``. Numbers alone are day, month, year;
    ``year_first`` only says that of two-digit years with dashes. Parts may be impossible (31 February).
    """
    line = _WEEKDAY.sub("", text)
    match = _TIME.fullmatch(line)
    heads = [line, match["before"].rstrip(" ,") if match else "", line.partition(" ")[0].rstrip(",")]
    return next((found for head in heads if (found := _date_alone(head, year_first=year_first))), None)


def written_time(text: str, *, year_first: bool = False) -> WrittenTime | None:
    """A local time (Europe/London) as desks write it, made aware UTC; None when there is no date that can be.

    Without a time it is the day's start. Two-digit years are of this century; years before 2000 are none. An hour that
    happens twice when clocks go back is the first; one that never happens is read as if they had not changed yet. A
    zone that is written (``Z``, ``+01:00``, ``GMT``, ``BST``) is obeyed.
    """
    line = _WEEKDAY.sub("", " ".join(text[:_LONGEST].lower().split()))
    found, clock, zone = _date_alone(line, year_first=year_first), _share_of_serial(line), None
    unread = False
    if found is None and (match := _TIME.fullmatch(line)):
        found = _date_alone(match["before"].rstrip(" ,"), year_first=year_first)
        clock, zone = _clock(match), _zone(match["zone"])
        unread = clock is None
    elif found is None:
        head, _, tail = line.partition(" ")
        found, unread = _date_alone(head.rstrip(","), year_first=year_first), bool(tail)
    if found is None:
        return None
    year = found.year + 2000 if found.short_year else found.year
    try:
        day = date(year, found.month, found.day)
        local = datetime.combine(day, clock or time(), zone or _LONDON)
        return WrittenTime(local.astimezone(UTC), unread) if year >= _FIRST_YEAR else None
    except (ValueError, OverflowError):
        return None


def _date_alone(line: str, *, year_first: bool) -> WrittenDate | None:
    return _without_marks(line) or _with_marks(line, year_first=year_first) or _with_month(line)


def _without_marks(line: str) -> WrittenDate | None:
    if match := _SERIAL.fullmatch(line):
        read = _SERIAL_START + timedelta(days=int(match[1]))
        return WrittenDate(read.year, read.month, read.day)
    if match := _EIGHT_DIGITS.fullmatch(line):
        year, month, day = map(int, match.groups())
        if month > 12 and (turned := _DAY_FIRST_EIGHT.fullmatch(line)):
            day, month, year = map(int, turned.groups())
        return WrittenDate(year, month, day)
    return None


def _with_marks(line: str, *, year_first: bool) -> WrittenDate | None:
    if match := _YEAR_FIRST.fullmatch(line):
        year, month, day = map(int, match.groups())
        return WrittenDate(year, month, day)
    if match := _NUMBERS.fullmatch(line):
        return _of_numbers(int(match[1]), int(match[3]), match[4], year_first=year_first and match[2] == "-")
    return None


def _with_month(line: str) -> WrittenDate | None:
    if (match := _DAY_MONTH.fullmatch(line)) and match[2] in _MONTHS:
        return WrittenDate(int(match[3]), _MONTHS[match[2]], int(match[1]), len(match[3]) == 2)
    if (match := _MONTH_DAY.fullmatch(line)) and match[1] in _MONTHS:
        return WrittenDate(int(match[3]), _MONTHS[match[1]], int(match[2]))
    return None


def _of_numbers(first: int, second: int, third: str, *, year_first: bool) -> WrittenDate:
    """Day, month, year, unless only another order is one: a year of two digits first, or the month before the day."""
    short = len(third) == 2
    if short and (year_first or first > 31) and second <= 12 and int(third) <= 31:
        return WrittenDate(first, second, int(third), short_year=True)
    if second > 12 >= first:
        first, second = second, first
    return WrittenDate(int(third), second, first, short)


def _clock(match: re.Match[str]) -> time | None:
    """The time of day; None when it is none, such as 25:60."""
    if match["share"]:
        return _share_of_day(match["share"])
    if match["hour"]:
        hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    elif match["half"] and len(match["digits"]) <= 2:
        hour, minute, second = int(match["digits"]), 0, 0
    else:
        digits = match["digits"].zfill(4)  # a spreadsheet takes the zeros from 0041
        hour, minute, second = int(digits[:2]), int(digits[2:]), 0
    if match["half"] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def _share_of_serial(line: str) -> time | None:
    match = _SERIAL.fullmatch(line)
    return _share_of_day(f"0.{match[2]}") if match and match[2] else None


def _share_of_day(share: str) -> time:
    """A spreadsheet's time, as its share of a day, to the nearest minute."""
    minutes = min(round(float(share) * 24 * 60), 24 * 60 - 1)
    return time(minutes // 60, minutes % 60)


def _zone(written: str | None) -> tzinfo | None:
    if not written:
        return None
    if written in {"z", "utc", "gmt"}:
        return UTC
    if written == "bst":
        return timezone(timedelta(hours=1))
    sign = -1 if written[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(written[1:3]), minutes=int(written[-2:])))
