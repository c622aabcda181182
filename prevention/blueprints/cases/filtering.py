"""The queue's filter: read from an address, drawn as a form, written back as addresses that lack one value."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from flask import url_for
from werkzeug.datastructures import MultiDict
from wtforms import Form

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.policies.sharing import shared_reasons
from prevention.queries.cases.queue import Age, Due, QueueFilter, Scope
from prevention.web.fields import CheckboxesField, PickField, TickField

Code = TypeVar("Code", bound=StrEnum)
Choices = Sequence[tuple[str, str]]
Tag = tuple[str, str]

_ONS_CODE = re.compile(r"^[A-Z][0-9]{8}$")
#: More values of one kind than this share a tag: each tag's address names all the others, and pages stay small.
_MOST_TAGS_OF_A_KIND = 5
OPEN_STATES = tuple(state for state in CaseState if state.is_open)


class FilterForm(Form):
    """The filter as a GET form: short lists as boxes, long ones as drop-downs."""

    risk = CheckboxesField("Risk", choices=[(level.value, level.label) for level in RiskLevel])
    due = PickField("Deadline", choices=[("", "Any"), *((due.value, due.label) for due in Due)])
    unassigned = TickField("Not assigned yet")
    referrer = CheckboxesField("Who referred", choices=[(kind.value, kind.label) for kind in AgencyKind])
    borough = PickField("Borough")
    team = PickField("Team")
    state = PickField("State", choices=[("", "Any"), *((state.value, state.label) for state in OPEN_STATES)])
    reason = PickField("Reason")
    age = PickField("Open for", choices=[("", "Any time"), *((age.value, age.label) for age in Age)])


def filter_form(args: MultiDict[str, str], actor: Actor, boroughs: Choices, teams: Choices) -> FilterForm:
    """The form filled in from an address. Reasons the actor's kind of agency may not know are not on offer."""
    form = FilterForm(args)
    form.borough.choices = {"": "Any", **dict(boroughs)}
    form.team.choices = {"": "Any", **dict(teams)}
    form.reason.choices = {"": "Any", **{reason.value: reason.label for reason in reasons_for(actor)}}
    return form


def reasons_for(actor: Actor) -> tuple[ReferralReason, ...]:
    """The reasons the actor may look for: a filter must not tell what a page would withhold."""
    return shared_reasons(actor, [reason.value for reason in ReferralReason])


def read_filter(args: MultiDict[str, str], actor: Actor, scope: Scope) -> QueueFilter:
    """The filter of an address. Values that are not known, or not the actor's to ask for, are left out."""
    allowed = set(reasons_for(actor))
    return QueueFilter(
        scope=scope,
        boroughs=frozenset(code for code in args.getlist("borough") if _ONS_CODE.match(code)),
        teams=frozenset(_uuids(args.getlist("team"))),
        referrers=frozenset(_codes(AgencyKind, args.getlist("referrer"))),
        levels=frozenset(_codes(RiskLevel, args.getlist("risk"))),
        states=frozenset(state for state in _codes(CaseState, args.getlist("state")) if state.is_open),
        reasons=frozenset(reason for reason in _codes(ReferralReason, args.getlist("reason")) if reason in allowed),
        ages=frozenset(_codes(Age, args.getlist("age"))),
        due=next(iter(_codes(Due, args.getlist("due"))), None),
        unassigned=bool(args.get("unassigned")),
    )


def filter_args(wanted: QueueFilter) -> dict[str, list[str]]:
    """The filter as arguments of an address, in one fixed order; nothing personal is in them."""
    found = {
        "risk": [level.value for level in RiskLevel if level in wanted.levels],
        "due": [wanted.due.value] if wanted.due else [],
        "unassigned": ["y"] if wanted.unassigned else [],
        "referrer": [kind.value for kind in AgencyKind if kind in wanted.referrers],
        "borough": sorted(wanted.boroughs),
        "team": sorted(str(team) for team in wanted.teams),
        "state": [state.value for state in CaseState if state in wanted.states],
        "reason": [reason.value for reason in ReferralReason if reason in wanted.reasons],
        "age": [age.value for age in Age if age in wanted.ages],
    }
    return {name: values for name, values in found.items() if values}


def selected(
    wanted: QueueFilter, endpoint: str, boroughs: Mapping[str, str], teams: Mapping[str, str]
) -> list[tuple[str, list[Tag]]]:
    """The filters in use, under their headings: each as its words and the address of the list without it.

    Many values of one kind are one tag, which takes them all away.
    """
    args = filter_args(wanted)
    words: dict[str, Mapping[str, str]] = {
        "risk": {level.value: level.label for level in RiskLevel},
        "due": {due.value: due.label for due in Due},
        "unassigned": {"y": "Not assigned yet"},
        "referrer": {kind.value: kind.label for kind in AgencyKind},
        "borough": boroughs,
        "team": teams,
        "state": {state.value: state.label for state in CaseState},
        "reason": {reason.value: reason.label for reason in ReferralReason},
        "age": {age.value: age.label for age in Age},
    }
    headings = {name: str(getattr(FilterForm, name).args[0]) for name in words} | {"unassigned": "Owner"}

    def without(name: str, gone: Collection[str]) -> str:
        rest = args | {name: [value for value in args[name] if value not in gone]}
        return url_for(endpoint, **rest)  # type: ignore[arg-type]

    def tags(name: str, values: list[str]) -> list[Tag]:
        if len(values) > _MOST_TAGS_OF_A_KIND:
            return [(f"{len(values)} chosen", without(name, set(values)))]
        return [(words[name].get(value, "Unknown"), without(name, {value})) for value in values]

    return [(headings[name], tags(name, values)) for name, values in args.items()]


def _codes(kind: type[Code], values: Iterable[str]) -> list[Code]:
    known = {member.value: member for member in kind}
    return [known[value] for value in values if value in known]


def _uuids(values: Iterable[str]) -> list[UUID]:
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
