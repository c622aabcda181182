"""Deadlines of a case: when it is due, how urgent that is now, and what a re-assessment does to it (domain.md 1.1).

Four hours are elapsed time; days and months are calendar steps in local time of day: see ``working_time``.
Every figure comes from the rule pack's data (``deadlines``), with its version; none is written here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from prevention.domain.risk import RiskLevel
from prevention.domain.working_time import (
    Span,
    WorkingCalendar,
    require_aware,
    working_calendar,
)
from prevention.errors import Invalid

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """The time a service allows itself per risk level, and when to raise the alarm on the way.

    ``spans`` has no entry for a level without a deadline (advice only). ``watch_at`` and ``urgent_at`` are fractions
    of the window, between 0 and 1: 50 % and 80 % in London (domain.md 1.1). ``version`` goes on each assessment.
    """

    version: str
    spans: Mapping[RiskLevel, Span]
    watch_at: float
    urgent_at: float
    calendar: WorkingCalendar = field(default_factory=working_calendar)

    def __post_init__(self) -> None:
        if not 0 < self.watch_at <= self.urgent_at < 1:
            raise ValueError("alarms must lie inside the window, watch before urgent")
        object.__setattr__(self, "spans", MappingProxyType(dict(self.spans)))

    @classmethod
    def from_data(cls, data: Mapping[str, Any], version: str) -> "DeadlineRules":
        """Read a rule pack's ``deadlines``. Raises ``ValueError`` or ``KeyError`` when the data are wrong."""
        spans = {RiskLevel(level): Span.from_data(span) for level, span in data["spans"].items() if span is not None}
        return cls(version, spans, float(data["watch_at"]), float(data["urgent_at"]))

    @property
    def fractions(self) -> tuple[float, ...]:
        """The fractions of the window at which somebody is told; the last is the breach itself."""
        return (self.watch_at, self.urgent_at, 1.0)


class Breach(StrEnum):
    """How near a deadline is."""

    NO_DEADLINE = "no_deadline"
    ON_TRACK = "on_track"
    WATCH = "watch"
    URGENT = "urgent"
    BREACHED = "breached"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "no_deadline": "No deadline",
            "on_track": "On track",
            "watch": "Half the time is gone",
            "urgent": "Nearly due",
            "breached": "Overdue",
        }[self.value]


def due_at(level: RiskLevel, assessed_at: datetime, rules: DeadlineRules) -> datetime | None:
    """When a case assessed at ``level`` at ``assessed_at`` (aware) is due, in UTC; None when the level has none.

    London: 4 elapsed hours, 7 days, 1 calendar month, none (domain.md 1.1).
    """
    span = rules.spans.get(level)
    return None if span is None else span.after(assessed_at, rules.calendar)


def due_after_reassessment(
    old_due: datetime | None,
    old_level: RiskLevel,
    new_level: RiskLevel,
    new_due: datetime | None,
    reason: str = "",
) -> datetime | None:
    """When a re-assessed case is due (domain.md 1.1).

    Risk that rises or stays takes the earlier of the two times: looking again never buys time. Risk that falls takes
    the new time and needs a ``reason``: ``Invalid`` (field ``reason``) without one. The old assessment stays as a row.
    """
    if new_level.rank > old_level.rank:
        if not reason.strip():
            raise Invalid({"reason": "Say why the risk is lower than before"})
        return new_due
    known = [due for due in (old_due, new_due) if due is not None]
    return min(known) if known else None


def escalation_points(start: datetime, due: datetime, fractions: Iterable[float]) -> tuple[datetime, ...]:
    """The UTC moments at which these fractions of the elapsed time from ``start`` to ``due`` are gone, in order.

    Raises ``ValueError`` for a fraction outside 0 to 1. A window that is already over gives ``due`` each time.
    """
    first, last = require_aware(start), require_aware(due)
    window = max(last - first, timedelta())
    ordered = sorted(fractions)
    if ordered and (ordered[0] < 0 or ordered[-1] > 1):
        raise ValueError("a fraction of the window lies between 0 and 1")
    return tuple(last - window * (1 - fraction) for fraction in ordered)


def breach_band(now: datetime, start: datetime, due: datetime | None, rules: DeadlineRules) -> Breach:
    """How near ``due`` is at ``now``, for a clock that started at ``start`` (all aware). At ``due`` it is breached."""
    if due is None:
        return Breach.NO_DEADLINE
    watch, urgent, breach = escalation_points(start, due, rules.fractions)
    moment = require_aware(now)
    if moment >= breach:
        return Breach.BREACHED
    if moment >= urgent:
        return Breach.URGENT
    return Breach.WATCH if moment >= watch else Breach.ON_TRACK


def time_left(now: datetime, due: datetime | None) -> str:
    """The time to ``due`` in words: ``2 hours 10 minutes left``, ``3 days overdue``, ``Due now``, ``No deadline``.

    Elapsed time, rounded down: hours and minutes below a day, a day and hours below two days, then whole days.
    """
    if due is None:
        return "No deadline"
    left = require_aware(due) - require_aware(now)
    gap = abs(left)
    if gap < _MINUTE:
        return "Due now"
    return f"{_in_words(gap)} {'left' if left > timedelta() else 'overdue'}"


def _in_words(gap: timedelta) -> str:
    days, rest = divmod(gap, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    if days > 1:
        parts = [(days, "day")]
    elif days == 1:
        parts = [(days, "day"), (hours, "hour")]
    else:
        parts = [(hours, "hour"), (minutes, "minute")]
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count)
