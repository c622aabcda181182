"""What must happen later, by rule (domain.md 1.11 and section 8, SLA set).

Every span, number of attempts and list is data with a version (``rule_packs/followups.json``). Planning is pure: the
same visit plans the same follow-ups, and ``rule`` with ``subject`` is unique in a plan, so that the two with the
visit's or case's id make an effect key that never makes two rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from prevention.domain.followup import FollowUpKind
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.rule_files import read_rule_file
from prevention.domain.visit import (
    Equipment,
    EquipmentAction,
    OnwardDestination,
    OnwardKind,
    VisitOutcome,
    VisitType,
)
from prevention.domain.working_time import Span, WorkingCalendar, require_aware, working_calendar


@dataclass(frozen=True, slots=True)
class PlannedFollowUp:
    """Something to happen by ``due_at`` (UTC). ``why`` is for the screen and holds no personal data."""

    kind: FollowUpKind
    due_at: datetime
    why: str
    rule: str
    subject: str


@dataclass(frozen=True, slots=True)
class FollowUpRule:
    """A rule: what, within how long, and the words (with places such as ``{within}``)."""

    id: str
    kind: FollowUpKind
    within: Span
    why: str

    def plan(self, due_at: datetime, subject: str, **words: object) -> PlannedFollowUp:
        """The follow-up this rule plans."""
        return PlannedFollowUp(self.kind, due_at, self.why.format(within=self.within.words, **words), self.id, subject)


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """A rule for an outcome at some levels, for attempts from one number up to another (both counted in)."""

    rule: FollowUpRule
    on: frozenset[VisitOutcome]
    levels: frozenset[RiskLevel]
    other_time_of_day: bool
    from_attempt: int
    up_to_attempt: int | None
    of_attempts: int | None
    per_attempt: bool

    def holds(self, outcome: VisitOutcome, level: RiskLevel, attempts: int) -> bool:
        """Whether the rule applies after this many failed attempts."""
        in_time = self.from_attempt <= attempts and (self.up_to_attempt is None or attempts <= self.up_to_attempt)
        return outcome in self.on and level in self.levels and in_time


@dataclass(frozen=True, slots=True)
class EquipmentRule:
    """A rule for pieces of equipment; an empty ``items`` means any piece no earlier rule names."""

    rule: FollowUpRule
    items: frozenset[Equipment]
    actions: frozenset[EquipmentAction]
    from_referral: bool


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """When an alarm at the end of its life is to be replaced: a local day and time of the year printed on it."""

    rule: FollowUpRule
    month: int
    day: int
    at: time


@dataclass(frozen=True, slots=True)
class FollowUpRules:
    """Every follow-up rule, as data with a version. ``day_parts`` are (name, local start), in order of the day."""

    version: str
    day_parts: tuple[tuple[str, time], ...]
    outcomes: tuple[OutcomeRule, ...]
    equipment: tuple[EquipmentRule, ...]
    onward: tuple[tuple[FollowUpRule, frozenset[OnwardKind]], ...]
    referral: tuple[tuple[FollowUpRule, frozenset[ReferralReason]], ...]
    target_hardening: tuple[FollowUpRule, ...]
    clutter: tuple[FollowUpRule, int]
    alarm: AlarmRule
    calendar: WorkingCalendar


@cache
def load_followup_rules() -> FollowUpRules:
    """The rules of ``rule_packs/followups.json``. Raises ``ValueError`` or ``KeyError`` when the data are wrong."""
    return read_followup_rules(read_rule_file("followups"))


def read_followup_rules(data: Mapping[str, Any]) -> FollowUpRules:
    """Read rules from their data. Raises ``ValueError`` or ``KeyError`` naming what is wrong."""
    alarm = data["alarm_rule"]
    parts = tuple((part["name"], time.fromisoformat(part["from"])) for part in data["day_parts"])
    if len(parts) < 2 or list(parts) != sorted(parts, key=lambda part: part[1]):
        raise ValueError("there must be two parts of the day or more, in order")
    return FollowUpRules(
        version=data["version"],
        day_parts=parts,
        outcomes=tuple(_outcome_rule(item) for item in data["outcome_rules"]),
        equipment=tuple(
            EquipmentRule(
                _rule(item),
                frozenset(map(Equipment, item["items"])),
                frozenset(map(EquipmentAction, item["actions"])),
                bool(item.get("from_referral", False)),
            )
            for item in data["equipment_rules"]
        ),
        onward=tuple((_rule(item), frozenset(map(OnwardKind, item["onward"]))) for item in data["onward_rules"]),
        referral=tuple(
            (_rule(item), frozenset(map(ReferralReason, item["reasons"]))) for item in data["referral_rules"]
        ),
        target_hardening=tuple(_rule(item) for item in data["target_hardening_rules"]),
        clutter=(_rule(data["clutter_rule"]), int(data["clutter_rule"]["at_least"])),
        alarm=AlarmRule(
            _rule(alarm | {"within": alarm["when_past"]}), alarm["month"], alarm["day"], time.fromisoformat(alarm["at"])
        ),
        calendar=working_calendar(),
    )


def _rule(data: Mapping[str, Any]) -> FollowUpRule:
    return FollowUpRule(data["id"], FollowUpKind(data["kind"]), Span.from_data(data["within"]), data["why"])


def _outcome_rule(data: Mapping[str, Any]) -> OutcomeRule:
    return OutcomeRule(
        rule=_rule(data),
        on=frozenset(map(VisitOutcome, data["on"])),
        levels=frozenset(map(RiskLevel, data["levels"])),
        other_time_of_day=bool(data.get("other_time_of_day", False)),
        from_attempt=data.get("from_attempt", 0),
        up_to_attempt=data.get("up_to_attempt"),
        of_attempts=data.get("of_attempts"),
        per_attempt=data.get("subject") == "attempt",
    )


def followups_after(
    outcome: VisitOutcome,
    level: RiskLevel,
    finished_at: datetime,
    rules: FollowUpRules,
    *,
    equipment: Iterable[tuple[Equipment, EquipmentAction]] = (),
    onward: Iterable[tuple[OnwardDestination, OnwardKind]] = (),
    attempts_so_far: int = 1,
    alarm_expiry_years: Iterable[int | None] = (),
    clutter_max: int | None = None,
    visit_type: VisitType = VisitType.HFSV,
    referred_at: datetime | None = None,
) -> list[PlannedFollowUp]:
    """What a visit that ended at ``finished_at`` (aware) with ``outcome`` leads to, soonest first.

    ``level`` is the risk after the visit, or before it where it was not assessed again. ``attempts_so_far`` counts
    failed attempts, this one included. ``alarm_expiry_years`` are four-digit years of working alarms.
    ``referred_at`` (aware) starts the letterbox clock while that clock still runs.
    """
    finished = require_aware(finished_at)
    plans = _after_outcome(outcome, level, attempts_so_far, finished, rules)
    plans += _after_equipment(equipment, finished, referred_at, rules)
    for destination, kind in dict.fromkeys(onward):
        for rule, kinds in rules.onward:
            if kind in kinds:
                due = rule.within.after(finished, rules.calendar)
                plans.append(rule.plan(due, f"{destination.value}:{kind.value}", destination=destination.label))
    for year in sorted({year for year in alarm_expiry_years if year is not None}):
        plans.append(_alarm(year, finished, rules))
    rule, least = rules.clutter
    if clutter_max is not None and clutter_max >= least:
        plans.append(rule.plan(rule.within.after(finished, rules.calendar), "clutter", rating=clutter_max))
    if visit_type is VisitType.TARGET_HARDENING and outcome is VisitOutcome.COMPLETED:
        plans += [rule.plan(rule.within.after(finished, rules.calendar), "home") for rule in rules.target_hardening]
    return sorted(plans, key=lambda plan: (plan.due_at, plan.rule, plan.subject))


def followups_on_referral(
    reasons: Iterable[ReferralReason], received_at: datetime, rules: FollowUpRules
) -> list[PlannedFollowUp]:
    """What a referral with these reasons leads to by itself: an arson threat, a letterbox within 24 hours (1.6)."""
    given = frozenset(reasons)
    return [
        rule.plan(rule.within.after(received_at, rules.calendar), "referral")
        for rule, wanted in rules.referral
        if wanted & given
    ]


def next_attempt(
    outcome: VisitOutcome, level: RiskLevel, attempts_so_far: int, rules: FollowUpRules
) -> OutcomeRule | None:
    """The rule by which somebody visits again at another time of day; None when every attempt was made."""
    for item in rules.outcomes:
        if item.rule.kind is FollowUpKind.REVISIT and item.holds(outcome, level, attempts_so_far):
            return item
    return None


def _after_outcome(
    outcome: VisitOutcome, level: RiskLevel, attempts: int, finished: datetime, rules: FollowUpRules
) -> list[PlannedFollowUp]:
    plans = []
    for item in rules.outcomes:
        if not item.holds(outcome, level, attempts):
            continue
        subject = f"attempt-{attempts}" if item.per_attempt else "outcome"
        limit = item.rule.within.after(finished, rules.calendar)
        if item.other_time_of_day:
            due, part, next_part = _other_time_of_day(finished, limit, rules)
            plans.append(item.rule.plan(due, subject, part=part, next_part=next_part))
        else:
            plans.append(item.rule.plan(limit, subject))
    return plans


def _part_of_day(moment: datetime, rules: FollowUpRules) -> str:
    at = rules.calendar.local(moment).time()
    begun = [name for name, begins in rules.day_parts if begins <= at]
    return begun[-1] if begun else rules.day_parts[-1][0]


def _other_time_of_day(finished: datetime, limit: datetime, rules: FollowUpRules) -> tuple[datetime, str, str]:
    """The last start of another part of the day before ``limit``; ``limit`` itself when there is none."""
    part = _part_of_day(finished, rules)
    day: date = rules.calendar.local(limit).date()
    first = rules.calendar.local(finished).date()
    while day >= first:
        for name, begins in reversed(rules.day_parts):
            moment = rules.calendar.at_local(day, begins)
            if name != part and finished < moment <= limit:
                return moment, part, name
        day -= timedelta(days=1)
    others = [name for name, _ in rules.day_parts if name != part]
    return limit, part, others[0]


def _after_equipment(
    equipment: Iterable[tuple[Equipment, EquipmentAction]],
    finished: datetime,
    referred_at: datetime | None,
    rules: FollowUpRules,
) -> list[PlannedFollowUp]:
    plans = []
    for item, action in dict.fromkeys(equipment):
        for found in rules.equipment:
            if action not in found.actions or (found.items and item not in found.items):
                continue
            due = found.rule.within.after(finished, rules.calendar)
            if found.from_referral and referred_at is not None:
                since_referral = found.rule.within.after(referred_at, rules.calendar)
                due = since_referral if finished < since_referral < due else due
            plans.append(found.rule.plan(due, f"{item.value}:{action.value}", item=item.label))
            break
    return plans


def _alarm(year: int, finished: datetime, rules: FollowUpRules) -> PlannedFollowUp:
    found = rules.alarm
    due = rules.calendar.at_local(date(year, found.month, found.day), found.at)
    if due <= finished:
        due = found.rule.within.after(finished, rules.calendar)
    return found.rule.plan(due, str(year), year=year)
