"""Moving a case: which moves are allowed, what comes next, and by when (domain.md section 8).

The rule behind it all: no open case without an owner and a next-action time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from prevention.domain.case import TRANSITIONS, CaseState, RejectReason
from prevention.domain.risk import RiskLevel
from prevention.domain.rule_files import read_rule_file
from prevention.domain.visit import VisitOutcome
from prevention.domain.working_time import Span, WorkingCalendar, require_aware, working_calendar
from prevention.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class NextAction:
    """What somebody does next, in words, and by when (UTC)."""

    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NextActionRule:
    """For one state: the words, and the time allowed, by level or by default."""

    words: str
    default: Span
    words_by_level: Mapping[RiskLevel, str]
    within: Mapping[RiskLevel, Span]


@dataclass(frozen=True, slots=True)
class NextActionRules:
    """The next action of every open state and of an interrupted visit, as data with a version.

    ``longest_hold``: a case that nobody is to look at for longer than this is a case forgotten.
    """

    version: str
    states: Mapping[CaseState, NextActionRule]
    interrupted: NextActionRule
    longest_hold: Span
    calendar: WorkingCalendar


@cache
def load_next_actions() -> NextActionRules:
    """The rules of ``rule_packs/next_actions.json``. Raises ``ValueError`` when an open state has none."""
    data = read_rule_file("next_actions")
    states = {CaseState(state): _rule(rule) for state, rule in data["states"].items()}
    missing = {state for state in CaseState if state.is_open} - states.keys()
    if missing:
        raise ValueError(f"no next action for {sorted(missing)}")
    return NextActionRules(
        version=data["version"],
        states=states,
        interrupted=_rule(data["interrupted"]),
        longest_hold=Span.from_data(data["longest_hold"]),
        calendar=working_calendar(),
    )


def _rule(data: Mapping[str, Any]) -> NextActionRule:
    within = dict(data["within"])
    default = Span.from_data(within.pop("default"))
    return NextActionRule(
        data["words"],
        default,
        {RiskLevel(level): words for level, words in data.get("words_by_level", {}).items()},
        {RiskLevel(level): Span.from_data(span) for level, span in within.items()},
    )


def move(state: CaseState, to: CaseState, *, has_owner: bool, next_action_at: datetime | None) -> CaseState:
    """Move a case, and give the state it is in then.

    Raises ``Conflict`` when a case in ``state`` cannot go to ``to``; ``Invalid`` (fields ``owner`` and
    ``next_action_at``) when it would be open with nobody to act, or no time to act by.
    """
    if to not in TRANSITIONS[state]:
        raise Conflict(
            f"A case that is “{state.label}” cannot become “{to.label}”. Reload the page to see it as it is."
        )
    if to.is_open:
        problems = {}
        if not has_owner:
            problems["owner"] = "Choose the team or person who owns this case"
        if next_action_at is None:
            problems["next_action_at"] = "Say when somebody looks at this case next"
        if problems:
            raise Invalid(problems)
    return to


def next_action_for(
    state: CaseState,
    level: RiskLevel,
    now: datetime,
    due_at: datetime | None,
    rules: NextActionRules,
    *,
    agreed_at: datetime | None = None,
) -> NextAction:
    """What comes next for an open case, and by when: never later than ``due_at`` while there is one.

    ``now`` and ``due_at`` are aware. ``agreed_at`` is a time somebody chose (the visit's slot, a call back, a review
    date) and stands in for the rule's. Pass ``due_at=None`` once a visit has met the deadline. An overdue case is to
    be acted on at its due time, so it sorts and shows as overdue. Raises ``ValueError`` for a final state.
    """
    if not state.is_open:
        raise ValueError(f"a case that is {state.value} has no next action")
    planned = _planned(rules.states[state], level, now, rules.calendar)
    at = planned.at if agreed_at is None else require_aware(agreed_at)
    if due_at is not None:
        at = min(at, require_aware(due_at))
    return NextAction(planned.words, at)


def next_action_after_interruption(level: RiskLevel, now: datetime, rules: NextActionRules) -> NextAction:
    """When somebody goes back after an emergency call broke a visit off at ``now`` (aware; domain.md 1.1)."""
    return _planned(rules.interrupted, level, now, rules.calendar)


def _planned(rule: NextActionRule, level: RiskLevel, now: datetime, calendar: WorkingCalendar) -> NextAction:
    within = rule.within.get(level, rule.default)
    return NextAction(rule.words_by_level.get(level, rule.words), within.after(now, calendar))


_AFTER: dict[VisitOutcome, CaseState] = {
    VisitOutcome.COMPLETED: CaseState.COMPLETED,
    VisitOutcome.COMPLETED_PARTIAL: CaseState.PARTIAL,
    VisitOutcome.REFUSED_AT_DOOR: CaseState.REFUSED,
    VisitOutcome.REFUSED_BY_PHONE: CaseState.REFUSED,
    VisitOutcome.NO_ACCESS_NO_REPLY: CaseState.NO_ACCESS,
    VisitOutcome.NO_ACCESS_UNSAFE: CaseState.UNABLE,
    VisitOutcome.NOT_CONTACTABLE: CaseState.UNABLE,
    VisitOutcome.MOVED_AWAY: CaseState.UNABLE,
    VisitOutcome.DECEASED: CaseState.CLOSED,
    VisitOutcome.HOSPITAL_OR_RESPITE: CaseState.ON_HOLD,
    VisitOutcome.WRONG_ADDRESS: CaseState.UNABLE,
    VisitOutcome.VACANT_OR_DEMOLISHED: CaseState.CLOSED,
    VisitOutcome.ALREADY_VISITED: CaseState.CLOSED,
    VisitOutcome.DUPLICATE: CaseState.CLOSED,
    VisitOutcome.NOT_ELIGIBLE_LOW_RISK: CaseState.SIGNPOSTED_LOW,
    VisitOutcome.REDIRECTED_OUT_OF_AREA: CaseState.REDIRECTED,
    VisitOutcome.CANCELLED_BY_RESIDENT: CaseState.CONTACTING,
    VisitOutcome.CANCELLED_BY_SERVICE: CaseState.ASSIGNED,
    VisitOutcome.LANDLORD_RESPONSIBLE: CaseState.UNABLE,
}


def state_after_outcome(outcome: VisitOutcome) -> CaseState:
    """Where a visit's outcome takes its case. From BOOKED and IN_PROGRESS every one of these moves is allowed.

    Somebody still decides after a home that could not be reached, was refused or unsafe, or whose resident has moved:
    the risk goes with the person. Only outcomes that leave nothing to decide close the case.
    """
    return _AFTER[outcome]


#: Outcomes after which nobody is left in danger at the home.
_SETTLED = frozenset(
    {
        VisitOutcome.COMPLETED,
        VisitOutcome.DECEASED,
        VisitOutcome.DUPLICATE,
        VisitOutcome.ALREADY_VISITED,
        VisitOutcome.VACANT_OR_DEMOLISHED,
    }
)


def check_closing(level: RiskLevel, outcome: VisitOutcome | None, manager_decision: str) -> None:
    """Refuse to close a very-high case nobody got into, unless a manager says why (domain.md 1.11: never by itself).

    ``outcome`` is the last visit's, None when there was none. Raises ``Invalid`` (field ``manager_decision``).
    """
    if level is RiskLevel.VERY_HIGH and outcome not in _SETTLED and not manager_decision.strip():
        raise Invalid(
            {"manager_decision": "Write the manager's decision: this home is at very high risk and not visited"}
        )


def check_rejecting(level: RiskLevel, reason: RejectReason, note: str) -> None:
    """Refuse to turn down a very-high case by a code alone, while somebody may be in danger there.

    Raises ``Invalid`` (field ``note``).
    """
    settled = {RejectReason.ALREADY_VISITED, RejectReason.DECEASED}
    if level is RiskLevel.VERY_HIGH and reason not in settled and not note.strip():
        raise Invalid({"note": "Write the manager’s decision: this home is at very high risk and not visited"})


def check_passing_outside(level: RiskLevel, outcome: VisitOutcome | None, note: str) -> None:
    """Refuse to send a very-high case off this list without saying who goes there now: no alert rings outside it.

    ``outcome`` is the last visit's, None when there was none. Raises ``Invalid`` (field ``reason``).
    """
    if level is RiskLevel.VERY_HIGH and outcome not in _SETTLED and not note.strip():
        raise Invalid({"reason": "Write who goes there now and that they know: this home is at very high risk"})
