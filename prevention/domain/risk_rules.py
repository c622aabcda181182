"""Rule packs: from the factors somebody reported to a risk level, and why (domain.md 1.1, 1.2).

A pack is data with a version. It may hold rules (a condition gives a level), scored categories (CHARLIE-P) with
bands over the total, or both; the worst level found wins. Conditions can only ask that factors are *present*, so a
further factor never lowers a level. A police BRAG grade is not a factor and cannot become one (domain.md 3.2).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from prevention.domain.agency import AgencyKind
from prevention.domain.deadlines import DeadlineRules
from prevention.domain.referral import Channel, HouseholdFlag, ReferralReason
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.rule_files import read_rule_file, rule_file_names

DEFAULT_PACK = "london_four_level"


class Circumstance(StrEnum):
    """Factors that are neither a reason for referral nor a fact about the household.

    The first two come from a person's urgent call; the others are found on a visit or asked on the phone. Mobility,
    care and cooking answers are functional, never a diagnosis (domain.md 1.4 F; the CHARLIE-P cells of 1.2).
    """

    IMMEDIATE_DANGER = "IMMEDIATE_DANGER"
    URGENT_ESCALATION = "URGENT_ESCALATION"
    CLUTTER_RATED = "CLUTTER_RATED"
    WALKING_AID = "WALKING_AID"
    WALKING_AID_UNAWARE = "WALKING_AID_UNAWARE"
    NEEDS_HELP_TO_MOVE = "NEEDS_HELP_TO_MOVE"
    BED_BOUND = "BED_BOUND"
    NO_SUPPORT_CONCERNS = "NO_SUPPORT_CONCERNS"
    NO_SUPPORT_SIGNIFICANT = "NO_SUPPORT_SIGNIFICANT"
    MEALS_BY_OTHERS = "MEALS_BY_OTHERS"
    COOKS_HEALTH_AFFECTS = "COOKS_HEALTH_AFFECTS"
    FIRE_IN_LAST_YEAR = "FIRE_IN_LAST_YEAR"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "IMMEDIATE_DANGER": "Immediate danger",
            "URGENT_ESCALATION": "Raised as an urgent fire risk",
            "CLUTTER_RATED": "Clutter rating",
            "WALKING_AID": "Moves about with equipment",
            "WALKING_AID_UNAWARE": "Uses equipment, not aware of their limits",
            "NEEDS_HELP_TO_MOVE": "Needs another person to move",
            "BED_BOUND": "Hoisted or cared for in bed",
            "NO_SUPPORT_CONCERNS": "No support, with concerns",
            "NO_SUPPORT_SIGNIFICANT": "No support, with significant concerns",
            "MEALS_BY_OTHERS": "Others cook",
            "COOKS_HEALTH_AFFECTS": "Cooks, and health may affect safety",
            "FIRE_IN_LAST_YEAR": "A fire in the last 12 months",
        }[self.value]


FactorReason = ReferralReason | HouseholdFlag | Circumstance

_REASONS: Mapping[str, FactorReason] = MappingProxyType(
    {member.value: member for kind in (ReferralReason, HouseholdFlag, Circumstance) for member in kind}
)


def factor_reason(code: str) -> FactorReason:
    """The reason, household flag or circumstance with this code. Raises ``LookupError`` when there is none."""
    try:
        return _REASONS[code]
    except KeyError:
        raise LookupError(f"there is no factor with the code {code!r}") from None


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing somebody reported, and who reported it.

    ``clutter`` is the Clutter Image Rating, 1 to 9, and belongs to ``CLUTTER_RATED`` alone (domain.md 1.5);
    ``ValueError`` otherwise. ``detail`` is a few words such as a room; never health or crime text.
    """

    reason: FactorReason
    source: FactorSource
    agency_kind: AgencyKind | None = None
    agency_name: str = ""
    referral_id: UUID | None = None
    detail: str = ""
    clutter: int | None = None

    def __post_init__(self) -> None:
        if (self.reason is Circumstance.CLUTTER_RATED) != (self.clutter is not None):
            raise ValueError("a clutter rating goes with the factor CLUTTER_RATED, and it alone")
        if self.clutter is not None and not 1 <= self.clutter <= 9:
            raise ValueError("a clutter rating is 1 to 9")

    @property
    def label(self) -> str:
        """The factor for the screen."""
        return f"{self.reason.label} {self.clutter}" if self.clutter is not None else self.reason.label

    def as_data(self) -> dict[str, Any]:
        """The factor as JSON-ready data, for the assessment's row."""
        return {
            "reason": self.reason.value,
            "label": self.label,
            "source": self.source.value,
            "agency_kind": self.agency_kind.value if self.agency_kind else None,
            "agency_name": self.agency_name,
            "referral_id": str(self.referral_id) if self.referral_id else None,
            "detail": self.detail,
            "clutter": self.clutter,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Factor":
        """Read what ``as_data`` gave. Raises ``LookupError`` or ``ValueError`` when it is not a factor's data."""
        return cls(
            reason=factor_reason(data["reason"]),
            source=FactorSource(data["source"]),
            agency_kind=AgencyKind(data["agency_kind"]) if data.get("agency_kind") else None,
            agency_name=data.get("agency_name") or "",
            referral_id=UUID(data["referral_id"]) if data.get("referral_id") else None,
            detail=data.get("detail") or "",
            clutter=data.get("clutter"),
        )


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule that held: its words, the factors that made it hold, and the score it gave in a scoring pack."""

    rule: str
    label: str
    factors: tuple[Factor, ...]
    score: int | None = None

    def as_data(self) -> dict[str, Any]:
        """The trigger as JSON-ready data, for the assessment's row."""
        factors = [factor.as_data() for factor in self.factors]
        return {
            "rule": self.rule,
            "label": self.label,
            "score": self.score,
            "factors": factors,
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """A level and why. ``score`` is the total of a scoring pack, None in a pack of rules only.

    ``triggers`` are the rules that gave the level, never empty: the last resort is the pack's own default rule.
    ``not_considered`` are factors that no rule of this pack looks at, so that nobody thinks they were weighed.
    ``factors`` is everything that was reported, in a fixed order.
    """

    level: RiskLevel
    score: int | None
    triggers: tuple[Trigger, ...]
    pack_code: str
    pack_version: str
    not_considered: tuple[Factor, ...] = ()
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be present: one of each group in ``all_of``, ``count`` different ones of ``count_of``, this clutter."""

    all_of: tuple[frozenset[FactorReason], ...] = ()
    count: int = 0
    count_of: frozenset[FactorReason] = frozenset()
    clutter_at_least: int | None = None

    @property
    def reasons(self) -> frozenset[FactorReason]:
        """Every reason the condition looks at."""
        rated: frozenset[FactorReason] = (
            frozenset() if self.clutter_at_least is None else frozenset({Circumstance.CLUTTER_RATED})
        )
        return frozenset().union(*self.all_of, self.count_of, rated)

    def matched(self, factors: Sequence[Factor]) -> tuple[Factor, ...] | None:
        """The factors that make the condition hold, in the order given; None when it does not hold."""
        present = {factor.reason for factor in factors}
        if any(not group & present for group in self.all_of) or len(self.count_of & present) < self.count:
            return None
        least = self.clutter_at_least
        if least is not None and not any(factor.clutter is not None and factor.clutter >= least for factor in factors):
            return None
        plain = frozenset().union(*self.all_of, self.count_of)
        return tuple(
            factor
            for factor in factors
            if factor.reason in plain or (least is not None and factor.clutter is not None and factor.clutter >= least)
        )


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A condition that gives a level."""

    id: str
    level: RiskLevel
    label: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Cell:
    """A condition that gives a score. ``confirmed`` says whether the cell is as published (domain.md 1.2)."""

    score: int
    label: str
    confirmed: bool
    condition: Condition


@dataclass(frozen=True, slots=True)
class Category:
    """One letter of a scoring matrix; it scores as its highest cell that holds."""

    id: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RulePack:
    """A service's policy as data. ``bands`` are (total from, level), worst first; empty in a pack of rules only."""

    code: str
    name: str
    version: str
    note: str
    deadlines: DeadlineRules
    default_level: RiskLevel
    default_label: str
    rules: tuple[LevelRule, ...]
    categories: tuple[Category, ...] = ()
    baseline: int = 0
    bands: tuple[tuple[int, RiskLevel], ...] = ()

    @property
    def reasons(self) -> frozenset[FactorReason]:
        """Every reason any rule or cell of the pack looks at."""
        cells = [cell.condition.reasons for category in self.categories for cell in category.cells]
        return frozenset().union(*(rule.condition.reasons for rule in self.rules), *cells)


def factor_source(agency_kind: AgencyKind | None, channel: Channel) -> FactorSource:
    """Who says so, from who sent the referral and how (domain.md 1.4: a claim is never shown as an observation).

    The online checker is the resident's own word whoever passes it on, and so is a fire service's request line.
    Police reports are records. A crew's referral is what the crew saw. Everyone else was told by someone.
    """
    if channel is Channel.ONLINE_CHECKER:
        return FactorSource.SELF_REPORTED
    if agency_kind is AgencyKind.POLICE:
        return FactorSource.POLICE_RECORD
    if agency_kind is AgencyKind.AMBULANCE:
        return FactorSource.CREW_OBSERVED
    if agency_kind is AgencyKind.FIRE:
        if channel in {Channel.WEB_FORM, Channel.IN_PERSON}:
            return FactorSource.CREW_OBSERVED
        if channel in {Channel.PHONE, Channel.CSV}:
            return FactorSource.SELF_REPORTED
    return FactorSource.THIRD_PARTY


def assess(factors: Iterable[Factor], pack: RulePack) -> Assessment:
    """The level these factors reach in this pack, with every rule that gave it and who supplied each factor.

    The same factors give the same answer in whatever order they come. A further factor never lowers the level.
    """
    known = tuple(sorted(set(factors), key=_order))
    held = [
        (rule.level, Trigger(rule.id, rule.label, matched))
        for rule in pack.rules
        if (matched := rule.condition.matched(known)) is not None
    ]
    levels = [pack.default_level, *(level for level, _ in held)]
    score, scored = _score(known, pack)
    if score is not None:
        levels += [level for least, level in pack.bands if score >= least]
    worst = min(levels, key=lambda level: level.rank)
    triggers = tuple(trigger for level, trigger in held if level is worst) + scored
    if not triggers:
        triggers = (Trigger("default", pack.default_label, ()),)
    unseen = tuple(factor for factor in known if factor.reason not in pack.reasons)
    return Assessment(worst, score, triggers, pack.code, pack.version, unseen, known)


def _order(factor: Factor) -> tuple[str, ...]:
    return (
        factor.reason.value,
        factor.source.value,
        factor.agency_kind.value if factor.agency_kind else "",
        factor.agency_name,
        str(factor.referral_id or ""),
        factor.detail,
        str(factor.clutter or ""),
    )


def _score(factors: Sequence[Factor], pack: RulePack) -> tuple[int | None, tuple[Trigger, ...]]:
    if not pack.categories:
        return None, ()
    total = 0
    triggers = []
    for category in pack.categories:
        best = Trigger(category.id, "", (), pack.baseline)
        for cell in category.cells:
            matched = cell.condition.matched(factors)
            if matched is not None and cell.score > (best.score or 0):
                best = Trigger(category.id, f"{category.label}: {cell.label}", matched, cell.score)
        total += best.score or 0
        if best.factors:
            triggers.append(best)
    return total, tuple(triggers)


def available_packs() -> tuple[str, ...]:
    """The codes of the risk packs that ship with the product, in alphabetical order."""
    return tuple(name for name in rule_file_names() if read_rule_file(name).get("kind") == "risk")


@cache
def load_pack(code: str = DEFAULT_PACK) -> RulePack:
    """Load a risk pack by its code. Raises ``LookupError`` for an unknown code, ``ValueError`` for wrong data."""
    data = read_rule_file(code)
    if data.get("kind") != "risk":
        raise LookupError(f"there is no risk pack called {code!r}")
    try:
        return read_pack(data)
    except (KeyError, LookupError) as missing:
        raise ValueError(f"risk pack {code!r}: {missing}") from missing


def read_pack(data: Mapping[str, Any]) -> RulePack:
    """Read a pack from its data. Raises ``ValueError`` or ``LookupError`` naming what is wrong."""
    groups: Mapping[str, list[str]] = data["groups"]
    scores = {int(score) for score in data.get("scores", {})}
    for category in data.get("categories", ()):
        for cell in category["cells"]:
            if cell["score"] not in scores:
                raise ValueError(f"{category['id']}: {cell['score']} is not one of the pack's scores")
    rules = tuple(
        LevelRule(
            rule["id"],
            RiskLevel(rule["level"]),
            rule["label"],
            _condition(rule, groups),
        )
        for rule in data["rules"]
    )
    if len({rule.id for rule in rules}) != len(rules):
        raise ValueError("two rules have the same id")
    return RulePack(
        code=data["code"],
        name=data["name"],
        version=data["version"],
        note=data["note"],
        deadlines=DeadlineRules.from_data(data["deadlines"], f"{data['code']} {data['version']}"),
        default_level=RiskLevel(data["default_level"]),
        default_label=data["default_label"],
        rules=rules,
        categories=tuple(
            Category(
                category["id"],
                category["label"],
                tuple(
                    Cell(
                        cell["score"],
                        cell["label"],
                        cell["confirmed"],
                        _condition(cell, groups),
                    )
                    for cell in category["cells"]
                ),
            )
            for category in data.get("categories", ())
        ),
        baseline=data.get("baseline", 0),
        bands=tuple((band["from"], RiskLevel(band["level"])) for band in data.get("bands", ())),
    )


def _condition(data: Mapping[str, Any], groups: Mapping[str, list[str]]) -> Condition:
    def codes(item: str | list[str]) -> frozenset[FactorReason]:
        return frozenset(factor_reason(code) for code in (groups[item] if isinstance(item, str) else item))

    counted: Mapping[str, Any] = data.get("at_least", {"count": 0, "of": []})
    condition = Condition(
        all_of=tuple(codes(item) for item in data.get("all", ())),
        count=counted["count"],
        count_of=frozenset().union(*(codes(item) for item in counted["of"])),
        clutter_at_least=data.get("clutter_at_least"),
    )
    if not condition.reasons:
        raise ValueError(f"a rule without a condition: {data.get('label')!r}")
    return condition
