"""Why a case has its risk level: the assessment in force, with what the reader may not know withheld."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import factor_reason, load_pack
from prevention.models.account import User
from prevention.models.case import Case, RiskAssessment
from prevention.policies.sharing import may_know, screened
from prevention.queries.colleagues import ANOTHER_AGENCY, works_with


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One factor: its words, and who says so and how they know; or only who withholds it."""

    words: str
    source: str
    agency: str
    withheld_by: str


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """A rule that gave the level, and its factors. ``words`` is empty when a fact it rests on is withheld."""

    words: str
    score: int | None
    factors: tuple[FactorLine, ...]


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a scoring pack's total comes about: the ``others``, without a trigger, count ``baseline`` each.

    ``bands`` are (total from, level), least first.
    """

    others: int
    baseline: int
    bands: tuple[tuple[int, RiskLevel], ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The assessment in force: why this level. ``scoring`` explains ``score``, as long as its pack is still here."""

    level: RiskLevel
    score: int | None
    scoring: Scoring | None
    rules: str
    version: str
    assessed_at: datetime
    overridden: bool
    by: str
    reason: str
    triggers: tuple[TriggerLine, ...]
    not_considered: tuple[FactorLine, ...]


def why_this_level(session: Session, actor: Actor, case: Case) -> Why | None:
    """The latest assessment, or None when there is none yet. People are named to their own agency."""
    row = session.execute(
        select(RiskAssessment, User.name, works_with(actor, RiskAssessment.assessed_by))
        .outerjoin(User, User.id == RiskAssessment.assessed_by)
        .where(RiskAssessment.case_id == case.id)
        .order_by(RiskAssessment.assessed_at.desc(), RiskAssessment.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    assessment, name, is_colleague = row
    triggers = tuple(_trigger(actor, trigger) for trigger in assessment.triggers)
    mine = actor.agency_id == case.owner_agency_id
    return Why(
        level=assessment.level,
        score=assessment.score,
        scoring=_scoring(assessment),
        rules=_pack_name(assessment.rule_pack),
        version=assessment.rule_pack_version,
        assessed_at=assessment.assessed_at,
        overridden=assessment.overridden,
        by=name if is_colleague else ANOTHER_AGENCY if name and mine else case.owner_agency.short_name if name else "",
        reason=screened(assessment.reason, case.premises) if mine or not assessment.overridden else "",
        triggers=triggers,
        not_considered=_factors(actor, (each for each in assessment.factors if not each.get("triggered", False))),
    )


def _pack_name(code: str) -> str:
    """What the service calls a rule pack; the code itself where that pack is no longer here."""
    try:
        return load_pack(code).name
    except LookupError:
        return code


def _scoring(assessment: RiskAssessment) -> Scoring | None:
    if assessment.score is None:
        return None
    try:
        pack = load_pack(assessment.rule_pack)
    except LookupError:
        return None
    if pack.version != assessment.rule_pack_version:
        return None
    scored = sum(1 for trigger in assessment.triggers if trigger.get("score") is not None)
    return Scoring(len(pack.categories) - scored, pack.baseline, tuple(sorted(pack.bands)))


def _trigger(actor: Actor, trigger: dict[str, Any]) -> TriggerLine:
    factors = _factors(actor, trigger.get("factors", []))
    hidden = any(factor.withheld_by for factor in factors)
    return TriggerLine("" if hidden else str(trigger.get("label", "")), trigger.get("score"), factors)


def _factors(actor: Actor, factors: Iterable[dict[str, Any]]) -> tuple[FactorLine, ...]:
    """Each line once, however many referrals say it or keep it back."""
    return tuple(dict.fromkeys(_factor(actor, factor) for factor in factors))


def _factor(actor: Actor, factor: dict[str, Any]) -> FactorLine:
    agency = str(factor.get("agency_name") or "")
    kind = AgencyKind(factor["agency_kind"]) if factor.get("agency_kind") else None
    if not _may_know_factor(actor, str(factor.get("reason", "")), own=kind is not None and kind is actor.agency_kind):
        return FactorLine("", "", agency, withheld_by=agency or (kind.label if kind else "another agency"))
    source = str(factor.get("source", ""))
    words = FactorSource(source).label if source in set(FactorSource) else source
    return FactorLine(str(factor.get("label", "")), words, agency, "")


def _may_know_factor(actor: Actor, code: str, *, own: bool) -> bool:
    """Whether the factor may be named; one whose code is no longer known says only what its label says."""
    try:
        return may_know(actor, factor_reason(code), own=own)
    except LookupError:
        return True
