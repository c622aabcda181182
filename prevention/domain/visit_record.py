"""What a visit form holds, typed (domain.md 1.3 to 1.8): written once, read by rules, pages and reports.

Everything is optional here, so that a draft can be kept at any moment. ``problems`` says what an outcome still needs,
and asks for nothing that the outcome does not need: no reply at the door is the outcome and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from prevention.domain.behaviour import Behaviour, Wellbeing
from prevention.domain.home import HIGHEST_STOREY, LOWEST_STOREY, Home
from prevention.domain.outcomes import Needed, facts
from prevention.domain.referral import CapacityConcern
from prevention.domain.risk import RiskLevel
from prevention.domain.typed_json import Unreadable, from_data, to_data
from prevention.domain.visit import (
    AlarmPower,
    AlarmType,
    Component,
    Equipment,
    EquipmentAction,
    ObservedRisk,
    OnwardDestination,
    OnwardKind,
    Room,
    VisitOutcome,
)

#: Years an alarm may plausibly carry; outside it is a slip of the finger.
EXPIRY_YEARS = range(2000, 2100)
#: The Clutter Image Rating's nine pictures (domain.md 1.5).
CLUTTER_RATINGS = range(1, 10)
_LARGEST_COUNT = 50


class WhoSeen(StrEnum):
    """Who the officer saw (domain.md 1.4 A), and who refused (1.11)."""

    RESIDENT = "RESIDENT"
    FAMILY = "FAMILY"
    CARER = "CARER"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "RESIDENT": "The resident",
            "FAMILY": "A family member",
            "CARER": "A carer",
            "OTHER": "Someone else",
        }[self.value]


class NoticeGiven(StrEnum):
    """How the resident learned what is kept about them (domain.md 1.9)."""

    SPOKEN = "SPOKEN"
    LEAFLET = "LEAFLET"
    NOT_GIVEN = "NOT_GIVEN"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "SPOKEN": "Yes, spoken",
            "LEAFLET": "Yes, a leaflet",
            "NOT_GIVEN": "No",
        }[self.value]


class Alternative(StrEnum):
    """What was offered after a refusal (domain.md 1.11)."""

    JOINT_VISIT = "JOINT_VISIT"
    TRUSTED_PERSON = "TRUSTED_PERSON"
    ANOTHER_TIME = "ANOTHER_TIME"
    PHONE_ADVICE = "PHONE_ADVICE"
    LEAFLET = "LEAFLET"
    NONE = "NONE"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "JOINT_VISIT": "A visit together with another service",
            "TRUSTED_PERSON": "A visit with someone they trust",
            "ANOTHER_TIME": "Another day or time",
            "PHONE_ADVICE": "Advice by phone",
            "LEAFLET": "A leaflet",
            "NONE": "Nothing could be offered",
        }[self.value]


class AlarmCondition(StrEnum):
    """What is wrong with an alarm (domain.md 1.4 D)."""

    MISSING_BATTERY = "MISSING_BATTERY"
    TAMPERED = "TAMPERED"
    POOR_PLACEMENT = "POOR_PLACEMENT"
    INAUDIBLE = "INAUDIBLE"
    PAST_END_OF_LIFE = "PAST_END_OF_LIFE"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"INAUDIBLE": "Cannot be heard"}.get(self.value, self.value.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class ComponentCheck:
    """One person-centred component (domain.md 1.3)."""

    risk_observed: ObservedRisk | None = None
    advice_given: bool = False
    action_taken: str = ""
    resident_commitment: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AlarmEntry:
    """An alarm found or fitted. ``expiry_year`` is the four-digit year printed on it."""

    room: Room
    type: AlarmType
    power: AlarmPower | None = None
    interlinked: bool | None = None
    working: bool | None = None
    fitted_today: bool = False
    expiry_year: int | None = None
    condition: AlarmCondition | None = None


@dataclass(frozen=True, slots=True)
class EquipmentEntry:
    """A piece of equipment and what happened with it (domain.md 1.6)."""

    item: Equipment
    action: EquipmentAction
    quantity: int = 1
    location: str = ""


@dataclass(frozen=True, slots=True)
class OnwardEntry:
    """An onward referral or signpost (domain.md 1.8). ``agreed``: whether the resident agrees; None is not asked."""

    destination: OnwardDestination
    kind: OnwardKind
    agreed: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EscapePlan:
    """How the resident gets out, in functional words (domain.md 1.4 E and F). None is not asked."""

    discussed: bool | None = None
    night_plan: bool | None = None
    can_leave_alone: bool | None = None
    doors_closed_at_night: bool | None = None
    understands_advice: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Who lives here, as counted on the visit (domain.md 1.4 B). None is not asked; 0 is nobody."""

    aged_65_or_over: int | None = None
    disabled: int | None = None
    under_5: int | None = None
    lives_alone: bool | None = None
    has_carer: bool | None = None
    care_agency: str = ""
    care_visits_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """Whether the privacy notice was given, which version, or why not (domain.md 1.9). ``given`` None is not said."""

    given: NoticeGiven | None = None
    version: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who refused and what was done about it (domain.md 1.11)."""

    who: WhoSeen | None = None
    capacity_concern: CapacityConcern | None = None
    risk_explained: bool | None = None
    advice_left: bool | None = None
    alternative: Alternative | None = None


@dataclass(frozen=True, slots=True)
class NoAccess:
    """What was done at a door nobody opened. ``card_left`` None is not said."""

    card_left: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """Everything a visit form holds. ``unknown`` keeps what a newer release wrote and this one cannot read."""

    outcome: VisitOutcome | None = None
    seen: WhoSeen | None = None
    people: People = People()
    notice: PrivacyNotice = PrivacyNotice()
    home: Home = field(default_factory=Home)
    components: Mapping[Component, ComponentCheck] = field(default_factory=dict)
    alarms: tuple[AlarmEntry, ...] = ()
    no_alarms_found: bool = False
    equipment: tuple[EquipmentEntry, ...] = ()
    clutter: Mapping[Room, int] = field(default_factory=dict)
    behaviours: frozenset[Behaviour] = frozenset()
    escape: EscapePlan = EscapePlan()
    wellbeing: frozenset[Wellbeing] = frozenset()
    refusal: Refusal = Refusal()
    no_access: NoAccess = NoAccess()
    onward: tuple[OnwardEntry, ...] = ()
    left_to_do: str = ""
    risk_after: RiskLevel | None = None
    risk_after_reason: str = ""
    notes: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def clutter_max(self) -> int | None:
        """The worst room's rating; None when no room was rated."""
        return max(self.clutter.values(), default=None)

    @property
    def has_working_smoke_alarm(self) -> bool:
        """Whether an alarm that senses smoke works at the end of the visit."""
        smoke = {AlarmType.SMOKE_OPTICAL, AlarmType.SMOKE_IONISATION, AlarmType.COMBINED, AlarmType.MULTISENSOR}
        return any(alarm.type in smoke and (alarm.working or alarm.fitted_today) for alarm in self.alarms)


_KNOWN = frozenset(item.name for item in fields(VisitRecord)) - {"unknown"}


def to_json(record: VisitRecord) -> dict[str, Any]:
    """The record as JSON-ready data: the same record gives the same data, with anything unknown carried along."""
    data: dict[str, Any] = to_data(record)
    unknown: dict[str, Any] = data.pop("unknown")
    return data | {key: value for key, value in unknown.items() if key not in _KNOWN}


def from_json(data: Mapping[str, Any]) -> VisitRecord:
    """Read a record written by this or another release. Never raises: what cannot be read is left out.

    Unknown keys are kept in ``unknown`` and written back, so that a draft survives an upgrade and a step back.
    """
    try:
        record: VisitRecord = from_data(VisitRecord, {key: data[key] for key in _KNOWN & set(data)})
    except Unreadable:
        record = VisitRecord()
    return replace(record, unknown={key: value for key, value in data.items() if key not in _KNOWN})


def prefill_from(previous: VisitRecord) -> VisitRecord:
    """What a new visit's form starts with.

    After a visit that was only partly done: all of it, to carry on. After any other: who lives here, the home itself
    and the alarms to test again. What was seen, fitted, sent onward or handed over belongs to the day it happened and
    is never shown as done today.
    """
    alarms = tuple(
        replace(alarm, working=None, fitted_today=False, condition=None)
        for alarm in previous.alarms
        if alarm.condition is not AlarmCondition.PAST_END_OF_LIFE
    )
    if previous.outcome is VisitOutcome.COMPLETED_PARTIAL:
        return replace(
            previous,
            outcome=None,
            notice=PrivacyNotice(),
            alarms=alarms,
            equipment=(),
            onward=(),
            left_to_do="",
            risk_after=None,
            risk_after_reason="",
            notes="",
        )
    return VisitRecord(people=previous.people, home=previous.home, alarms=alarms)


def problems(
    record: VisitRecord,
    outcome: VisitOutcome | None,
    *,
    risk_before: RiskLevel | None = None,
    do_not_leave_card: bool = False,
) -> Mapping[str, str]:
    """What keeps the record from being finished with ``outcome``: field name to the sentence beside it.

    ``risk_before`` lets a lower risk after the visit ask for its reason. ``do_not_leave_card`` is the home's warning.
    Empty when the record may be finished. Entries of lists are named ``alarms-0-expiry_year`` and so on.
    """
    if outcome is None:
        return {"outcome": "Say how the visit ended"}
    found = {needed.value: _SENTENCES[needed] for needed in Needed if needed in facts(outcome).needs}
    found = {name: sentence for name, sentence in found.items() if not _given(record, Needed(name))}
    found |= _slips(record) | _slips_about_home(record)
    if do_not_leave_card and record.no_access.card_left:
        found["no_access-card_left"] = "This home must not be left a card. Tell your supervisor now if one was left"
    fell = record.risk_after is not None and risk_before is not None and record.risk_after.rank > risk_before.rank
    if fell and not record.risk_after_reason.strip():
        found["risk_after_reason"] = "Say why the risk is lower than before"
    return found


_SENTENCES: dict[Needed, str] = {
    Needed.SEEN: "Say who you saw",
    Needed.ALARMS: "Record the alarms, or say that there are none",
    Needed.ESCAPE_PLAN: "Say whether you talked about how to get out",
    Needed.RISK_AFTER: "Choose the risk level after the visit",
    Needed.LEFT_TO_DO: "Say what is left to do",
    Needed.REFUSED_BY: "Say who refused",
    Needed.CAPACITY: "Say whether there is a concern about understanding the decision",
    Needed.RISK_EXPLAINED: "Say whether you explained the risk",
    Needed.ALTERNATIVE: "Say what else you offered",
    Needed.NOTES: "Say in a few words what happened",
}


def _given(record: VisitRecord, needed: Needed) -> bool:
    answers: dict[Needed, bool] = {
        Needed.SEEN: record.seen is not None,
        Needed.ALARMS: bool(record.alarms) or record.no_alarms_found,
        Needed.ESCAPE_PLAN: record.escape.discussed is not None,
        Needed.RISK_AFTER: record.risk_after is not None,
        Needed.LEFT_TO_DO: bool(record.left_to_do.strip()),
        Needed.REFUSED_BY: record.refusal.who is not None,
        Needed.CAPACITY: record.refusal.capacity_concern is not None,
        Needed.RISK_EXPLAINED: record.refusal.risk_explained is not None,
        Needed.ALTERNATIVE: record.refusal.alternative is not None,
        Needed.NOTES: bool(record.notes.strip()),
    }
    return answers[needed]


def _slips(record: VisitRecord) -> dict[str, str]:
    found = {}
    for place, alarm in enumerate(record.alarms):
        if alarm.expiry_year is not None and alarm.expiry_year not in EXPIRY_YEARS:
            found[f"alarms-{place}-expiry_year"] = "Enter the year on the alarm, like 2036"
    if record.alarms and record.no_alarms_found:
        found["no_alarms_found"] = "You recorded an alarm: untick “no alarms”, or remove it"
    for place, item in enumerate(record.equipment):
        if not 1 <= item.quantity <= _LARGEST_COUNT:
            found[f"equipment-{place}-quantity"] = f"Enter a number from 1 to {_LARGEST_COUNT}"
    for room, rating in record.clutter.items():
        if rating not in CLUTTER_RATINGS:
            found[f"clutter-{room.value}"] = "Choose a rating from 1 to 9"
    counts = {
        "aged_65_or_over": record.people.aged_65_or_over,
        "disabled": record.people.disabled,
        "under_5": record.people.under_5,
        "care_visits_per_day": record.people.care_visits_per_day,
    }
    for name, count in counts.items():
        if count is not None and not 0 <= count <= _LARGEST_COUNT:
            found[f"people-{name}"] = f"Enter a number from 0 to {_LARGEST_COUNT}"
    for place, onward in enumerate(record.onward):
        if onward.kind is OnwardKind.REFERRAL and onward.agreed is not True and not onward.reason.strip():
            found[f"onward-{place}-reason"] = "The resident has not agreed: say why you refer anyway"
    return found


def _slips_about_home(record: VisitRecord) -> dict[str, str]:
    found = {}
    storey = record.home.storey
    if storey is not None and not LOWEST_STOREY <= storey <= HIGHEST_STOREY:
        found["home-storey"] = f"Enter a whole number between {LOWEST_STOREY} and {HIGHEST_STOREY}"
    if record.notice.given is NoticeGiven.NOT_GIVEN and not record.notice.why_not.strip():
        found["notice-why_not"] = "Say why the privacy notice was not given"
    return found
