"""How visits are booked and prepared, as data with a version (``rule_packs/visits.json``)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache

from prevention.domain.rule_files import read_rule_file
from prevention.domain.working_time import Span, WorkingCalendar, require_aware, working_calendar


@dataclass(frozen=True, slots=True)
class VisitRules:
    """What a service may set about its visits.

    ``late_by``: how far back a slot may lie, so that a crew that is already at the door can be booked. ``ahead_by``:
    how far ahead. ``visited_lately``: within this time a home that was visited need not be knocked at again
    (domain.md 1.7, ALREADY_VISITED). ``warnings_stand``: what a crew warned of is told to crews of later cases for this
    long (section 8, marker review). ``life_of_an_alarm_years`` gives the year an alarm fitted today runs out.
    """

    version: str
    late_by: Span
    ahead_by: Span
    proposed_after: Span
    proposed_at: time
    proposed_when_due_sooner: Span
    visited_lately: timedelta
    warnings_stand: Span
    life_of_an_alarm_years: int
    calendar: WorkingCalendar

    def proposed_slot(self, now: datetime, due_at: datetime | None) -> datetime:
        """The local time a booking page starts with: a usual one, or the next full hour or so for a home that must be
        visited before that. ``now`` and ``due_at`` are aware.
        """
        day = self.calendar.local(self.proposed_after.after(now, self.calendar)).date()
        usual = self.calendar.at_local(day, self.proposed_at)
        if due_at is None or require_aware(due_at) >= usual:
            return self.calendar.local(usual)
        soon = self.calendar.local(self.proposed_when_due_sooner.after(now, self.calendar))
        return soon.replace(minute=0, second=0, microsecond=0)

    def is_too_late(self, slot: datetime, now: datetime) -> bool:
        """Whether a slot lies too far back."""
        return self.late_by.after(slot, self.calendar) < now

    def is_too_far(self, slot: datetime, now: datetime) -> bool:
        """Whether a slot lies too far ahead."""
        return slot > self.ahead_by.after(now, self.calendar)


@cache
def load_visit_rules() -> VisitRules:
    """The rules of ``rule_packs/visits.json``."""
    data = read_rule_file("visits")
    booking = data["booking"]
    return VisitRules(
        version=data["version"],
        late_by=Span.from_data(booking["late_by"]),
        ahead_by=Span.from_data(booking["ahead_by"]),
        proposed_after=Span.from_data(booking["proposed"]["after"]),
        proposed_at=time.fromisoformat(booking["proposed"]["at"]),
        proposed_when_due_sooner=Span.from_data(booking["proposed_when_due_sooner"]),
        visited_lately=timedelta(days=data["visited_lately_days"]),
        warnings_stand=Span.from_data(data["warnings_stand"]),
        life_of_an_alarm_years=data["life_of_an_alarm_years"],
        calendar=working_calendar(),
    )
