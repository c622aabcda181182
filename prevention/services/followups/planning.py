"""Planning follow-ups: rows with a due time, written in the transaction that caused them.

Nothing is queued for later: a periodic task picks rows up when their time has come (``picking.py``).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from prevention.domain.followup import OPEN_FOLLOWUP_STATES, FollowUpKind, FollowUpState
from prevention.domain.followup_rules import (
    PlannedFollowUp,
    followups_after,
    followups_on_referral,
    load_followup_rules,
)
from prevention.domain.outcomes import facts
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import Unavailable
from prevention.models.agency import Team
from prevention.models.audit import AuditTag
from prevention.models.base import new_id
from prevention.models.case import Case, ReferralLink
from prevention.models.followup import FollowUp
from prevention.models.referral import Referral
from prevention.models.visit import OnwardReferral, Visit
from prevention.services.followups.completing import end_as_done
from prevention.services.work import Work

_ATTEMPTS = tuple(outcome for outcome in VisitOutcome if facts(outcome).is_attempt)


def plan(
    work: Work,
    *,
    case: Case | None,
    kind: FollowUpKind,
    due_at: datetime,
    why: str,
    rule: str,
    effect_key: str,
    visit: Visit | None = None,
    onward: OnwardReferral | None = None,
    owner_team_id: UUID | None = None,
    owner_user_id: UUID | None = None,
    agency_id: UUID | None = None,
    not_by: UUID | None = None,
) -> FollowUp | None:
    """Write down that something must happen by ``due_at`` (aware); None when ``effect_key`` exists already.

    Without an owner of the caller's it belongs to the case's owner, and without a case to the visit's officer or
    team; where there is neither, to the agency's intake desk. With ``agency_id`` it is for the desk of that agency,
    which need not own the case. ``not_by`` cannot end it. ``why`` and ``rule`` hold no personal data.

    Raises:
        ValueError: there is neither a case nor a visit.
        Unavailable: the agency has no intake desk to own it.
    """
    work.session.flush()  # the visit and what it sent onward may be new
    if agency_id is not None:
        owner_team_id, owner_user_id = desk_of(work, agency_id), None
    else:
        agency_id = _agency_of(case, visit)
    if owner_team_id is None and owner_user_id is None:
        owner_team_id, owner_user_id = _owner_of(work, agency_id, case, visit)
    followup_id = work.session.execute(
        insert(FollowUp)
        .values(
            id=new_id(),
            version_id=1,
            effect_key=effect_key,
            agency_id=agency_id,
            case_id=case.id if case else None,
            visit_id=visit.id if visit else None,
            onward_referral_id=onward.id if onward else None,
            kind=kind,
            why=why,
            rule=rule,
            due_at=due_at,
            state=FollowUpState.WAITING,
            owner_team_id=owner_team_id,
            owner_user_id=owner_user_id,
            not_by=not_by,
            created_at=work.now,
            end_note="",
        )
        .on_conflict_do_nothing(index_elements=[FollowUp.effect_key])
        .returning(FollowUp.id)
    ).scalar()
    if followup_id is None:
        return None
    followup = work.session.get_one(FollowUp, followup_id)
    work.record(
        AuditTag.FOLLOWUP_PLANNED,
        followup,
        case_id=followup.case_id,
        kind=kind.value,
        due_at=due_at.isoformat(),
        rule=rule,
    )
    return followup


def plan_after_visit(work: Work, visit: Visit) -> list[FollowUp]:
    """Plan what a finished visit leads to (``domain/followup_rules.py``), soonest first; what exists is skipped.

    Return visits that earlier visits of the case asked for are done by this one, and say so.

    Raises:
        ValueError: the visit has no outcome or no end yet.
    """
    if visit.outcome is None or visit.finished_at is None:
        raise ValueError("a visit is followed up when it is finished")
    work.session.flush()  # attempts are counted in the database
    _end_return_visits(work, visit)
    planned = followups_after(
        visit.outcome,
        _level_after(visit),
        visit.finished_at,
        load_followup_rules(),
        equipment=[(item.item, item.action) for item in visit.equipment],
        onward=[(sent.destination, sent.kind) for sent in visit.onward],
        attempts_so_far=_attempts(work, visit),
        alarm_expiry_years=[alarm.expiry_year for alarm in visit.alarms if alarm.working or alarm.fitted_today],
        clutter_max=max((rating.rating for rating in visit.clutter), default=None),
        visit_type=visit.visit_type,
        referred_at=_first_referred_at(work, visit),
    )
    sent_onward = {f"{sent.destination.value}:{sent.kind.value}": sent for sent in visit.onward}
    written = [
        plan(
            work,
            case=visit.case,
            kind=item.kind,
            due_at=item.due_at,
            why=item.why,
            rule=item.rule,
            effect_key=_effect_key(visit, item),
            visit=visit,
            onward=sent_onward.get(item.subject),
        )
        for item in planned
    ]
    return [followup for followup in written if followup is not None]


def plan_on_referral(work: Work, referral: Referral, case: Case) -> list[FollowUp]:
    """Plan what a referral leads to by itself: after an arson threat, a letterbox that stops fire within 24 hours.

    Once a case, however many referrals say so: the first one's clock counts (domain.md 1.6).
    """
    planned = followups_on_referral(map(ReferralReason, referral.reasons), referral.received_at, load_followup_rules())
    written = [
        plan(
            work,
            case=case,
            kind=item.kind,
            due_at=item.due_at,
            why=item.why,
            rule=item.rule,
            effect_key=f"case:{case.id}:{item.rule}:{item.subject}",
        )
        for item in planned
    ]
    return [followup for followup in written if followup is not None]


def _effect_key(visit: Visit, item: PlannedFollowUp) -> str:
    """Once a visit, except for an alarm's end of life: that is once a home, however often it is visited."""
    if item.kind is FollowUpKind.ALARM_EXPIRY:
        return f"premises:{visit.premises_id}:{item.rule}:{item.subject}"
    return f"visit:{visit.id}:{item.rule}:{item.subject}"


def _level_after(visit: Visit) -> RiskLevel:
    known = visit.risk_after or visit.risk_before
    if known is None and visit.case is not None:
        known = visit.case.risk_level
    return known or RiskLevel.LOW


def _attempts(work: Work, visit: Visit) -> int:
    """Failed attempts on the case, this visit's included."""
    if visit.case_id is None:
        return int(visit.outcome in _ATTEMPTS)
    counted = work.session.scalar(
        select(func.count())
        .select_from(Visit)
        .where(Visit.case_id == visit.case_id, Visit.finished_at.is_not(None), Visit.outcome.in_(_ATTEMPTS))
    )
    return counted or 0


def _first_referred_at(work: Work, visit: Visit) -> datetime | None:
    if visit.case_id is None:
        return None
    return work.session.scalar(
        select(func.min(Referral.received_at))
        .join(ReferralLink, ReferralLink.referral_id == Referral.id)
        .where(ReferralLink.case_id == visit.case_id, ReferralLink.valid_to.is_(None))
    )


def _end_return_visits(work: Work, visit: Visit) -> None:
    if visit.case_id is None:
        return
    asked_for = work.session.scalars(
        select(FollowUp)
        .where(
            FollowUp.case_id == visit.case_id,
            FollowUp.kind == FollowUpKind.REVISIT,
            FollowUp.state.in_(OPEN_FOLLOWUP_STATES),
            FollowUp.visit_id.is_distinct_from(visit.id),
            FollowUp.created_at <= visit.finished_at,
        )
        .order_by(FollowUp.id)
        .with_for_update(of=FollowUp)
    )
    for followup in asked_for:
        end_as_done(work, followup, f"Visit {visit.reference} was recorded.")


def _agency_of(case: Case | None, visit: Visit | None) -> UUID:
    if case is not None:
        return case.owner_agency_id
    if visit is not None:
        return visit.agency_id
    raise ValueError("a follow-up belongs to a case or a visit")


def _owner_of(work: Work, agency_id: UUID, case: Case | None, visit: Visit | None) -> tuple[UUID | None, UUID | None]:
    """The team and user to own a follow-up; never neither."""
    if case is not None and (case.owner_team_id or case.owner_user_id):
        return case.owner_team_id, case.owner_user_id
    if case is None and visit is not None and (visit.team_id or visit.officer_id):
        return visit.team_id, visit.officer_id
    return desk_of(work, agency_id), None


def desk_of(work: Work, agency_id: UUID) -> UUID:
    """The team that takes in an agency's cases and books its visits.

    Raises:
        Unavailable: the agency has none.
    """
    desk = work.session.scalar(select(Team.id).where(Team.agency_id == agency_id, Team.is_intake_desk))
    if desk is None:
        raise Unavailable("the agency has no intake desk")
    return desk
