"""Deadlines of a case: when it is due, and what a re-assessment does to that (domain.md 1.1).

Four hours are elapsed time; days and months are calendar steps in local time of day: see ``working_time``.
Every figure comes from the rule pack's data (``deadlines``), with its version; none is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from prevention.domain.risk import RiskLevel
from prevention.domain.working_time import (
    Span,
    WorkingCalendar,
    working_calendar,
)
from prevention.errors import Invalid


@dataclass(frozen=True, slots=True)
class DeadlineRules:
    """The time a service allows itself per risk level.

    ``spans`` has no entry for a level without a deadline (advice only). ``version`` goes on each assessment.
    """

    version: str
    spans: Mapping[RiskLevel, Span]
    calendar: WorkingCalendar = field(default_factory=working_calendar)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spans", MappingProxyType(dict(self.spans)))

    @classmethod
    def from_data(cls, data: Mapping[str, Any], version: str) -> "DeadlineRules":
        """Read a rule pack's ``deadlines``. Raises ``ValueError`` or ``KeyError`` when the data are wrong."""
        spans = {RiskLevel(level): Span.from_data(span) for level, span in data["spans"].items() if span is not None}
        return cls(version, spans)


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
