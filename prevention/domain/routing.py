"""Which kind of agency owns a case (domain.md section 8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from prevention.domain.agency import AgencyKind
from prevention.domain.referral import ReferralReason
from prevention.domain.rule_files import read_rule_file


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """Who owns what, as data with a version. ``owners`` are tried in order."""

    version: str
    owners: tuple[tuple[AgencyKind, frozenset[ReferralReason]], ...]
    default: AgencyKind


@cache
def load_routing() -> RoutingRules:
    """The rules of ``rule_packs/routing.json``."""
    data = read_rule_file("routing")
    return RoutingRules(
        version=data["version"],
        owners=tuple(
            (AgencyKind(owner["agency_kind"]), frozenset(ReferralReason(reason) for reason in owner["only"]))
            for owner in data["owners"]
        ),
        default=AgencyKind(data["default"]),
    )


def owner_kind(reasons: Iterable[ReferralReason], rules: RoutingRules, *, immediate_danger: bool = False) -> AgencyKind:
    """The kind of agency that owns a case with these reasons.

    Only crime reasons: the police. Only falls, frailty or frequent calls: the ambulance service. Everything else,
    anything mixed, no reason at all, and every immediate danger: the fire service, so that no fire risk waits on
    another service's list.
    """
    given = frozenset(reasons)
    if given and not immediate_danger:
        for kind, only in rules.owners:
            if given <= only:
                return kind
    return rules.default
