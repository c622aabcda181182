"""Assessing a case's risk: rules first, a person may override, nothing is overwritten (domain.md 1.1, 1.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from prevention.domain import risk_rules
from prevention.domain.deadlines import due_after_reassessment, due_at
from prevention.domain.referral import HouseholdFlag, ReferralReason
from prevention.domain.referral_content import Content
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import Assessment, Circumstance, Factor, FactorReason, RulePack
from prevention.domain.visit import VisitState
from prevention.domain.visit_findings import settled_by_visit
from prevention.domain.visit_record import from_json
from prevention.errors import Invalid
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink, RiskAssessment
from prevention.models.referral import Referral
from prevention.models.visit import Visit
from prevention.services.cases.moving import refresh_next_action, set_act_by
from prevention.services.cases.summarising import open_referrals
from prevention.services.notifications.alerts import raise_alert
from prevention.services.work import Work

_BY_THE_RULES = "Assessed by the rules"
_KEPT = "Kept as it was before the visit"


@dataclass(frozen=True, slots=True)
class _Settled:
    """What a finished visit showed not to hold, or put right, and when."""

    visit_id: UUID
    at: datetime
    reasons: frozenset[FactorReason]


def factors_of(referral: Referral) -> list[Factor]:
    """The factors a referral speaks of, each with who supplied it (domain.md 1.4)."""
    content = referral.current_content
    source = risk_rules.factor_source(referral.agency.kind, referral.channel)
    reasons: list[risk_rules.FactorReason] = [ReferralReason(code) for code in content["reasons"]]
    reasons += [HouseholdFlag(code) for code in content["household_flags"]]
    if content["immediate_danger"]:
        reasons.append(Circumstance.IMMEDIATE_DANGER)
    return [Factor(reason, source, referral.agency.kind, referral.agency.short_name, referral.id) for reason in reasons]


def first_assessment(work: Work, case: Case, referral: Referral, *, moved: bool = False) -> RiskAssessment:
    """Assess a case that is being opened. Its clock starts now, when it is assessed (domain.md 1.1).

    ``moved``: the referral fed another case before, and keeps the clock it had there.
    """
    pack = _pack_of(work, case)
    found = risk_rules.assess(factors_of(referral), pack)
    started = _clock_start(work, found.level, referral if moved else None)
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
    moved: bool = False,
    left: bool = False,
    chosen: RiskLevel | None = None,
) -> RiskAssessment:
    """Assess again from every referral that feeds the case, plus ``extra_factors`` (a visit's, an escalation's).

    What a finished visit put right counts no more. A new row each time; when risk rises the due time is the earlier
    of the two; a person's override, with its name and reason, stands until something new makes the risk worse than
    it. Very high for the first time raises the alert. ``referrals`` spares reading those that feed the case again.
    ``moved``: ``referral`` fed another case before, and brings the clock it had there. ``left``: a referral feeds the
    case no more, and those that stay keep the clock they had. ``chosen`` is the level the
    actor sets in the same breath, an officer after a visit: an override by their name where the rules find another.

    Raises:
        Invalid: ``chosen`` changes the level by hand, or stays below what the rules find, without a reason.
    """
    pack = _pack_of(work, case)
    before = latest_assessment(work, case)
    found = risk_rules.assess([*_known_factors(work, case, before, referrals, visit), *extra_factors], pack)
    stands = chosen is None and before is not None and before.overridden and not _is_news(before, found)
    if chosen is not None and not reason.strip():
        _ask_for_reason(case, chosen, found)
    level = chosen or (before.level if before is not None and stands else found.level)
    if left:
        started = _clock_of_what_stays(work, case, level)
    else:
        started = _clock_start(work, level, referral if moved else None)
    due = due_after_reassessment(
        case.due_at,
        case.risk_level,
        level,
        due_at(level, started, pack.deadlines),
        reason=reason or "The facts on the case changed",
    )
    row = _row(work, case, found, due=due, referral=referral, visit=visit, level=level, reason=reason)
    if before is not None and stands:
        row.overridden, row.assessed_by, row.reason = True, before.assessed_by, before.reason
    elif level is not found.level:
        row.reason = reason or _KEPT
        _put_by_hand(work, case, row)
    _change(work, case, row)
    return row


def _ask_for_reason(case: Case, chosen: RiskLevel, found: Assessment) -> None:
    """Refuse a level that the rules do not find and that changes something, or is lower than theirs."""
    by_rules = found.level
    if chosen is by_rules or (chosen is case.risk_level and chosen.rank < by_rules.rank):
        return
    why = found.triggers[0].label
    raise Invalid({"reason": f"By the rules the risk is {by_rules.label.lower()}: {why}. Say why you set another"})


def override(work: Work, case: Case, level: RiskLevel, reason: str) -> RiskAssessment:
    """Set the level by hand, with the actor's name and a reason. An urgent call made earlier is answered by it.

    Raises:
        Invalid: there is no reason, or the level is what it was.
    """
    if not reason.strip():
        raise Invalid({"reason": "Say why you are changing the risk level"})
    if level is case.risk_level:
        raise Invalid({"level": f"The risk level is already {level.label.lower()}"})
    pack = _pack_of(work, case)
    known = _known_factors(work, case, latest_assessment(work, case))
    found = risk_rules.assess([each for each in known if each.reason is not Circumstance.URGENT_ESCALATION], pack)
    due = due_after_reassessment(
        case.due_at, case.risk_level, level, due_at(level, work.now, pack.deadlines), reason=reason
    )
    row = _row(work, case, found, due=due, level=level, reason=reason.strip())
    case.urgent = False
    _put_by_hand(work, case, row)
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


def _clock_start(work: Work, level: RiskLevel, moved: Referral | None) -> datetime:
    """When the moved referral was first assessed at ``level`` or worse, whatever case it fed: moving buys no time."""
    if moved is None:
        return work.now
    fed = select(ReferralLink.case_id).where(ReferralLink.referral_id == moved.id)
    first = work.session.scalar(
        select(func.min(RiskAssessment.assessed_at)).where(
            RiskAssessment.case_id.in_(fed),
            RiskAssessment.referral_id == moved.id,
            RiskAssessment.level.in_([each for each in RiskLevel if each.rank <= level.rank]),
        )
    )
    return first or work.now


def _clock_of_what_stays(work: Work, case: Case, level: RiskLevel) -> datetime:
    """When the case was first assessed at ``level`` or worse, since a referral that still feeds it came in.

    Later assessments at that level bought no time either; what the referral that left started counts from its day.
    """
    staying = select(ReferralLink.referral_id).where(ReferralLink.case_id == case.id, ReferralLink.valid_to.is_(None))
    came = work.session.scalar(select(func.min(ReferralLink.valid_from)).where(ReferralLink.referral_id.in_(staying)))
    first = work.session.scalar(
        select(func.min(RiskAssessment.assessed_at)).where(
            RiskAssessment.case_id == case.id,
            RiskAssessment.level.in_([each for each in RiskLevel if each.rank <= level.rank]),
        )
    )
    return max((at for at in (came, first) if at is not None), default=work.now)


def _pack_of(work: Work, case: Case) -> RulePack:
    agency = work.session.get_one(Agency, case.owner_agency_id)
    return risk_rules.load_pack(agency.rule_pack)


def _agency_name(work: Work) -> str:
    agency = work.session.get(Agency, work.actor.agency_id) if work.actor.agency_id else None
    return agency.short_name if agency else ""


def _known_factors(
    work: Work,
    case: Case,
    before: RiskAssessment | None,
    referrals: list[Referral] | None = None,
    visit: Visit | None = None,
) -> list[Factor]:
    """What counts now: what the referrals say and what stands from ``before``, less what a visit since then settled.

    ``visit`` is the one being recorded, if any: what it found comes from its own record, not from here.
    """
    settled = _settled(work, case)
    known = [
        factor
        for referral in (referrals if referrals is not None else open_referrals(work, case))
        for factor in factors_of(referral)
        if not _is_settled(factor.reason, _said_at(referral, factor.reason), settled)
    ]
    if before is not None:
        visited = visit.id if visit is not None else None
        since = [each for each in settled if each.at > before.assessed_at or each.visit_id == visited]
        gone = frozenset().union(*(each.reasons for each in since))
        known += [factor for factor in _carried_by_no_referral(before) if factor.reason not in gone]
    return known


def _carried_by_no_referral(before: RiskAssessment) -> list[Factor]:
    """An escalation, or what a visit found: it stands from assessment to assessment."""
    return [Factor.from_data(data) for data in before.factors if data["referral_id"] is None]


def _settled(work: Work, case: Case) -> list[_Settled]:
    rows = work.session.execute(
        select(Visit.id, Visit.finished_at, Visit.record).where(
            Visit.case_id == case.id, Visit.state == VisitState.FINISHED
        )
    )
    return [
        _Settled(visit_id, finished_at, settled_by_visit(from_json(record)))
        for visit_id, finished_at, record in rows
        if finished_at is not None
    ]


def _is_settled(reason: FactorReason, said_at: datetime, settled: list[_Settled]) -> bool:
    return any(said_at < each.at and reason in each.reasons for each in settled)


def _said_at(referral: Referral, reason: FactorReason) -> datetime:
    """Since when the referral says so without a break: when it was received, or when an amendment added it."""
    since = None
    for said_at, content in (
        (referral.received_at, referral.content),
        *((amendment.made_at, amendment.content) for amendment in referral.amendments),
    ):
        if reason.value not in _codes_of(content):
            since = None
        elif since is None:
            since = said_at
    return since or referral.received_at


def _codes_of(content: Content) -> set[str]:
    danger = {Circumstance.IMMEDIATE_DANGER.value} if content["immediate_danger"] else set()
    return {*content["reasons"], *content["household_flags"], *danger}


def _is_news(before: RiskAssessment, found: Assessment) -> bool:
    """Whether factors came that a person's level did not know, and they make the risk worse than it."""
    known = {(factor["reason"], factor["clutter"]) for factor in before.factors}
    new = any(
        (factor.reason.value, factor.clutter) not in known for trigger in found.triggers for factor in trigger.factors
    )
    return new and found.level.rank < before.level.rank


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


def _put_by_hand(work: Work, case: Case, row: RiskAssessment) -> None:
    row.overridden = True
    row.assessed_by = work.actor.user_id
    work.record(AuditTag.CASE_OVERRIDDEN, case, case_id=case.id, was=case.risk_level.value, now=row.level.value)


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
    refresh_next_action(work, case, was)
    work.record(
        AuditTag.CASE_ASSESSED, case, case_id=case.id, was=was.value, now=row.level.value, overridden=row.overridden
    )
    if row.level is RiskLevel.VERY_HIGH and was is not RiskLevel.VERY_HIGH and case.state.is_open:
        raise_alert(work, case, row.triggers[0]["label"] if row.triggers else row.reason)
