"""How long an address stays confidential without anybody looking again (domain.md 4.5)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache

from prevention.domain.rule_files import read_rule_file
from prevention.domain.working_time import Span, WorkingCalendar, working_calendar

LONGEST_REASON = 1000


class MarkChoice(StrEnum):
    """What somebody decided about the mark that keeps an address confidential."""

    KEEP = "KEEP"
    TAKE_OFF = "TAKE_OFF"


class RemovalAnswer(StrEnum):
    """What a second person answers when somebody asks to take the mark off."""

    STAYS = "STAYS"
    COMES_OFF = "COMES_OFF"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "STAYS": "Yes, it stays confidential",
            "COMES_OFF": "No, the mark comes off and the address is shown",
        }[self.value]


@dataclass(frozen=True, slots=True)
class ConfidentialityRules:
    """When a mark is looked at again, as data with a version."""

    version: str
    review_after: Span
    longest: Span
    review_at: time
    calendar: WorkingCalendar

    def proposed_review(self, now: datetime) -> date:
        """The day a mark set or kept ``now`` (aware) is to be looked at again, unless somebody says another."""
        return self.calendar.local(self.review_after.after(now, self.calendar)).date()

    def last_review(self, now: datetime) -> date:
        """The latest day that may be chosen."""
        return self.calendar.local(self.longest.after(now, self.calendar)).date()

    def falls_due(self, day: date) -> datetime:
        """When on its day a review comes up, in UTC."""
        return self.calendar.at_local(day, self.review_at)


@cache
def load_confidentiality_rules() -> ConfidentialityRules:
    """The rules of ``rule_packs/confidential.json``. Raises ``ValueError`` or ``KeyError`` when the data are wrong."""
    data = read_rule_file("confidential")
    return ConfidentialityRules(
        version=data["version"],
        review_after=Span.from_data(data["review_after"]),
        longest=Span.from_data(data["longest"]),
        review_at=time.fromisoformat(data["review_at"]),
        calendar=working_calendar(),
    )
