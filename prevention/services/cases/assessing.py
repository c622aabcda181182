"""Assessing a case's risk: rules first, a person may override, nothing is overwritten (domain.md 1.1, 1.2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from prevention.domain import risk_rules
from prevention.domain.deadlines import due_after_reassessment, due_at
from prevention.domain.referral import HouseholdFlag, ReferralReason
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import Assessment, Circumstance, Factor, RulePack
from prevention.errors import Invalid
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.models.case import Case, RiskAssessment
from prevention.models.referral import Referral
from prevention.models.visit import Visit
from prevention.services.cases.moving import refresh_next_action, set_act_by
from prevention.services.cases.summarising import open_referrals
from prevention.services.notifications.alerts import raise_alert
from prevention.services.work import Work

_BY_THE_RULES = "Assessed by the rules"


def factors_of(referral: Referral) -> list[Factor]:
    """The factors a referral speaks of, each with who supplied it (domain.md 1.4)."""
    content = referral.current_content
    source = risk_rules.factor_source(referral.agency.kind, referral.channel)
    reasons: list[risk_rules.FactorReason] = [ReferralReason(code) for code in content["reasons"]]
    reasons += [HouseholdFlag(code) for code in content["household_flags"]]
    if content["immediate_danger"]:
        reasons.append(Circumstance.IMMEDIATE_DANGER)
    return [Factor(reason, source, referral.agency.kind, referral.agency.short_name, referral.id) for reason in reasons]


def first_assessment(work: Work, case: Case, referral: Referral) -> RiskAssessment:
    """Assess a case that is being opened. Its clock starts when the referral was received: a late file buys no time."""
    pack = _pack_of(work, case)
    found = risk_rules.assess(factors_of(referral), pack)
    started = min(referral.received_at, work.now)
    row = _row(work, case, found, due=due_at(found.level, started, pack.deadlines), referral=referral)
    _apply(case, row)
    return row


def reassess(
    work: Work,
    case: Case,
    *,
    referral: Referral | None = None,
    visit: Visit | None = None,
    extra_factors: Iterable[Factor] = (),
    reason: str = "",
    referrals: list[Referral] | None = None,
) -> RiskAssessment:
    """Assess again from every referral that feeds the case, plus ``extra_factors`` (a visit's, an escalation's).

    A new row each time; when risk rises the due time is the earlier of the two; a person's override stands
    until something new makes the risk worse than it. Very high for the first time raises the alert.
    ``referrals`` spares reading those that feed the case again.
    """
    pack = _pack_of(work, case)
    before = latest_assessment(work, case)
    kept = _kept_factors(before)
    found = risk_rules.assess([*_all_factors(work, case, referrals), *kept, *extra_factors], pack)
    level = _standing_level(before, found)
    started = min(referral.received_at, work.now) if referral else work.now
    due = due_after_reassessment(
        case.due_at,
        case.risk_level,
        level,
        due_at(level, started, pack.deadlines),
        reason=reason or "The facts on the case changed",
    )
    row = _row(work, case, found, due=due, referral=referral, visit=visit, level=level, reason=reason)
    _change(work, case, row)
    return row


def override(work: Work, case: Case, level: RiskLevel, reason: str) -> RiskAssessment:
    """Set the level by hand, with the actor's name and a reason.

    Raises:
        Invalid: there is no reason, or the level is what it was.
    """
    if not reason.strip():
        raise Invalid({"reason": "Say why you are changing the risk level"})
    if level is case.risk_level:
        raise Invalid({"level": f"The risk level is already {level.label.lower()}"})
    pack = _pack_of(work, case)
    found = risk_rules.assess([*_all_factors(work, case), *_kept_factors(latest_assessment(work, case))], pack)
    due = due_after_reassessment(
        case.due_at, case.risk_level, level, due_at(level, work.now, pack.deadlines), reason=reason
    )
    row = _row(work, case, found, due=due, level=level, reason=reason.strip())
    row.overridden = True
    row.assessed_by = work.actor.user_id
    work.record(AuditTag.CASE_OVERRIDDEN, case, case_id=case.id, was=case.risk_level.value, now=level.value)
    _change(work, case, row)
    return row


def escalate(work: Work, case: Case) -> RiskAssessment:
    """Make a case very high at once: "urgent fire risk", one tap by anyone (domain.md 7.2, 4)."""
    source = FactorSource.CREW_OBSERVED
    factor = Factor(Circumstance.URGENT_ESCALATION, source, work.actor.agency_kind, _agency_name(work))
    was_very_high = case.risk_level is RiskLevel.VERY_HIGH
    case.urgent = True
    work.record(AuditTag.CASE_ESCALATED, case, case_id=case.id)
    row = reassess(work, case, extra_factors=[factor], reason="Raised as an urgent fire risk")
    if was_very_high:
        raise_alert(work, case, "Raised as an urgent fire risk")
    return row


def latest_assessment(work: Work, case: Case) -> RiskAssessment | None:
    """The assessment in force."""
    return work.session.scalar(
        select(RiskAssessment)
        .where(RiskAssessment.case_id == case.id)
        .order_by(RiskAssessment.assessed_at.desc(), RiskAssessment.id.desc())
        .limit(1)
    )


def _pack_of(work: Work, case: Case) -> RulePack:
    agency = work.session.get_one(Agency, case.owner_agency_id)
    return risk_rules.load_pack(agency.rule_pack)


def _agency_name(work: Work) -> str:
    agency = work.session.get(Agency, work.actor.agency_id) if work.actor.agency_id else None
    return agency.short_name if agency else ""


def _all_factors(work: Work, case: Case, referrals: list[Referral] | None = None) -> list[Factor]:
    known = referrals if referrals is not None else open_referrals(work, case)
    return [factor for referral in known for factor in factors_of(referral)]


def _kept_factors(before: RiskAssessment | None) -> list[Factor]:
    """Factors no referral carries, such as an escalation: they stand until somebody overrides."""
    if before is None or before.overridden:
        return []
    return [Factor.from_data(data) for data in before.factors if data["referral_id"] is None]


def _standing_level(before: RiskAssessment | None, found: Assessment) -> RiskLevel:
    """A person's level stands, unless factors came that it did not know and they make the risk worse."""
    if before is None or not before.overridden:
        return found.level
    known = {factor["reason"] for factor in before.factors}
    new = any(factor.reason.value not in known for trigger in found.triggers for factor in trigger.factors)
    return found.level if new and found.level.rank < before.level.rank else before.level


def _row(
    work: Work,
    case: Case,
    found: Assessment,
    *,
    due: datetime | None,
    level: RiskLevel | None = None,
    referral: Referral | None = None,
    visit: Visit | None = None,
    reason: str = "",
) -> RiskAssessment:
    row = RiskAssessment(
        case_id=case.id,
        referral_id=referral.id if referral else None,
        visit_id=visit.id if visit else None,
        level=level or found.level,
        score=found.score,
        rule_pack=found.pack_code,
        rule_pack_version=found.pack_version,
        assessed_at=work.now,
        due_at=due,
        assessed_by=work.actor.user_id if visit else None,
        overridden=False,
        reason=reason or _BY_THE_RULES,
        triggers=[trigger.as_data() for trigger in found.triggers],
        factors=_factor_data(found),
    )
    work.session.add(row)
    return row


def _factor_data(found: Assessment) -> list[dict[str, Any]]:
    triggered = {factor for trigger in found.triggers for factor in trigger.factors}
    return [{**factor.as_data(), "triggered": factor in triggered} for factor in found.factors]


def _apply(case: Case, row: RiskAssessment) -> None:
    case.risk_level = row.level
    case.risk_rank = row.level.rank
    case.assessed_at = row.assessed_at
    case.due_at = row.due_at
    set_act_by(case)


def _change(work: Work, case: Case, row: RiskAssessment) -> None:
    was = case.risk_level
    _apply(case, row)
    refresh_next_action(work, case)
    work.record(
        AuditTag.CASE_ASSESSED, case, case_id=case.id, was=was.value, now=row.level.value, overridden=row.overridden
    )
    if row.level is RiskLevel.VERY_HIGH and was is not RiskLevel.VERY_HIGH and case.state.is_open:
        raise_alert(work, case, row.triggers[0]["label"] if row.triggers else row.reason)
