"""Opening a case for a referral: who owns it, how high the risk is, and by when somebody acts."""

from sqlalchemy import Text, bindparam, exists, select
from sqlalchemy.orm import aliased

from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.case_moves import load_next_actions, next_action_for
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.routing import load_routing, owner_kind
from prevention.errors import Unavailable
from prevention.models.agency import Agency, Team, TeamArea
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.referral import Referral
from prevention.services.cases.assessing import first_assessment
from prevention.services.cases.moving import set_act_by
from prevention.services.cases.summarising import make_findable, sum_up
from prevention.services.notifications.alerts import raise_alert
from prevention.services.work import Work

_colleague = aliased(Team)
_COVERS = exists().where(
    _colleague.agency_id == Agency.id,
    TeamArea.team_id == _colleague.id,
    TeamArea.area_code == bindparam("borough_code", type_=Text()),
)
#: Every desk that takes in cases, its agency, and whether that has a team covering the borough.
_DESKS = (
    select(Team, Agency, _COVERS.label("covers")).join(Agency).where(Team.is_intake_desk, Team.active, Agency.active)
)


def open_case(work: Work, referral: Referral, *, moved: bool = False) -> Case:
    """Open a case fed by ``referral``: owned, assessed, timed, findable. Very high raises the alert at once.

    ``moved``: the referral fed another case before, and keeps the clock it had there.
    """
    desk = intake_desk(work, referral)
    content = referral.current_content
    case = Case(
        reference=new_reference(ReferenceKind.CASE),
        owner_agency_id=desk.agency_id,
        owner_team_id=desk.id,
        state=CaseState.TRIAGE,
        risk_level=RiskLevel.LOW,
        risk_rank=RiskLevel.LOW.rank,
        opened_at=work.now,
        last_referral_at=referral.received_at,
        premises=referral.current_premises,
        borough_code=referral.current_premises.borough_code,
    )
    assessment = first_assessment(work, case, referral, moved=moved)
    planned = next_action_for(case.state, case.risk_level, work.now, case.due_at, load_next_actions())
    case.next_action, case.next_action_at = planned.words, planned.at
    set_act_by(case)
    case.referral_links.append(
        ReferralLink(
            referral=referral,
            valid_from=work.now,
            automatic=True,
            reason="The case was opened for this referral",
            added=list(content["reasons"]),
        )
    )
    sum_up(case, [referral])
    work.session.add(case)
    work.record(AuditTag.CASE_OPENED, case, case_id=case.id, level=case.risk_level.value, referral=str(referral.id))
    work.session.flush()  # involvement and the search document name the case's row
    make_findable(work, case, [referral])
    if case.risk_level is RiskLevel.VERY_HIGH:
        raise_alert(work, case, assessment.triggers[0]["label"])
    return case


def intake_desk(work: Work, referral: Referral) -> Team:
    """The desk that takes in a case for ``referral``: of the agency whose kind fits its reasons.

    Among several of that kind, one with a team covering the borough comes first; where there is none of the
    kind, the fire service's desk, then the sender's own, so that no referral is ever without an owner.

    Raises:
        Unavailable: no agency has an intake desk; the product is not set up yet.
    """
    content = referral.current_content
    reasons = map(ReferralReason, content["reasons"])
    kind = owner_kind(reasons, load_routing(), immediate_danger=content["immediate_danger"])
    desks = work.session.execute(_DESKS, {"borough_code": referral.current_premises.borough_code}).all()
    best = min(
        desks,
        key=lambda desk: (
            desk.Agency.kind is not kind,
            desk.Agency.kind is not AgencyKind.FIRE,
            not desk.covers,
            desk.Agency.id != referral.agency_id,
            desk.Agency.code,
        ),
        default=None,
    )
    if best is None:
        raise Unavailable("no agency has an intake desk")
    team: Team = best.Team
    return team
