"""Lengths of time as policies state them, and the calendar they are counted on (domain.md section 8, Time rules).

The rule, stated once:

* **minutes and hours are elapsed time**: four hours are four hours, through a clock change too;
* **days and months are calendar steps in local time**: the same time of day (Europe/London unless the data say
  otherwise) so many days or months later; a month that has no such day ends on its last (31 January + 1 month =
  28 or 29 February). A local time that the spring change skips is read as if the clocks had not yet moved (01:30
  becomes 02:30); a local time that the autumn change repeats means its first pass, so that nobody gets a later
  deadline than promised;
* **working days** end at closing time on the n-th working day after the day it starts on; **working hours** run only
  while the desk is open. Neither counts Saturdays, Sundays and the bank holidays of England.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.easter import easter
from dateutil.relativedelta import MO, relativedelta

from prevention.domain.rule_files import read_rule_file

_SATURDAY = 5


def require_aware(moment: datetime) -> datetime:
    """Give ``moment`` back in UTC. Raises ``ValueError`` when it has no time zone: a guess would move a deadline."""
    if moment.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    return moment.astimezone(UTC)


@cache
def _yearly_bank_holidays(year: int) -> frozenset[date]:
    sunday = easter(year)
    days = {
        sunday - timedelta(days=2),
        sunday + timedelta(days=1),
        date(year, 5, 1) + relativedelta(weekday=MO(1)),
        date(year, 5, 31) + relativedelta(weekday=MO(-1)),
        date(year, 8, 31) + relativedelta(weekday=MO(-1)),
    }
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        day = fixed
        while day.weekday() >= _SATURDAY or day in days:
            day += timedelta(days=1)
        days.add(day)
    return frozenset(days)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When the desk is open: local hours on weekdays that are not bank holidays.

    ``added`` and ``removed`` are the one-off changes to the yearly bank holidays of England (a jubilee, a moved day).
    """

    zone: ZoneInfo
    opens: time
    closes: time
    added: frozenset[date] = frozenset()
    removed: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Whether the desk is open on ``day``."""
        if day.weekday() >= _SATURDAY or day in self.added:
            return False
        return day in self.removed or day not in _yearly_bank_holidays(day.year)

    def at_local(self, day: date, at: time) -> datetime:
        """The UTC moment of a local wall-clock time; skipped and repeated times are read as the module says."""
        return datetime.combine(day, at, tzinfo=self.zone).replace(fold=0).astimezone(UTC)

    def local(self, moment: datetime) -> datetime:
        """``moment`` (aware) as the wall clock shows it."""
        return require_aware(moment).astimezone(self.zone)


@cache
def working_calendar() -> WorkingCalendar:
    """The calendar of ``rule_packs/calendar.json``."""
    data = read_rule_file("calendar")
    return WorkingCalendar(
        zone=ZoneInfo(data["zone"]),
        opens=time.fromisoformat(data["opens"]),
        closes=time.fromisoformat(data["closes"]),
        added=frozenset(date.fromisoformat(day) for day in data["bank_holidays_added"]),
        removed=frozenset(date.fromisoformat(day) for day in data["bank_holidays_removed"]),
    )


class Unit(StrEnum):
    """What a span is counted in."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as a policy states it, such as 4 hours, 7 days, 1 month or 2 working days."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("a span cannot be negative")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Span":
        """Read ``{"hours": 4}``. Raises ``ValueError`` unless there is exactly one known unit with a whole number."""
        if len(data) != 1:
            raise ValueError(f"a span has exactly one unit: {dict(data)!r}")
        ((unit, count),) = data.items()
        if not isinstance(count, int) or isinstance(count, bool):
            raise ValueError(f"a span counts in whole numbers: {dict(data)!r}")
        return cls(count, Unit(unit))

    @property
    def words(self) -> str:
        """The span for the screen: ``4 hours``, ``1 month``, ``2 working days``."""
        unit = self.unit.value.replace("_", " ")
        return f"{self.count} {unit.removesuffix('s') if self.count == 1 else unit}"

    def after(self, moment: datetime, calendar: WorkingCalendar) -> datetime:
        """The UTC moment this long after ``moment`` (aware), counted as the module says."""
        start = require_aware(moment)
        if self.unit is Unit.MINUTES:
            return start + timedelta(minutes=self.count)
        if self.unit is Unit.HOURS:
            return start + timedelta(hours=self.count)
        if self.unit is Unit.WORKING_HOURS:
            return _after_working_hours(start, timedelta(hours=self.count), calendar)
        local = calendar.local(start)
        if self.unit is Unit.WORKING_DAYS:
            return calendar.at_local(_working_day_after(local.date(), self.count, calendar), calendar.closes)
        step = relativedelta(days=self.count) if self.unit is Unit.DAYS else relativedelta(months=self.count)
        return calendar.at_local(local.date() + step, local.time())


def _working_day_after(day: date, count: int, calendar: WorkingCalendar) -> date:
    while count > 0 or not calendar.is_working_day(day):
        day += timedelta(days=1)
        if calendar.is_working_day(day):
            count = max(0, count - 1)
    return day


def _after_working_hours(start: datetime, left: timedelta, calendar: WorkingCalendar) -> datetime:
    day = calendar.local(start).date()
    moment = start
    while True:
        if calendar.is_working_day(day):
            moment = max(start, calendar.at_local(day, calendar.opens))
            closes = calendar.at_local(day, calendar.closes)
            if moment < closes:
                if left <= closes - moment:
                    return moment + left
                left -= closes - moment
        day += timedelta(days=1)
