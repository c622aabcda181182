"""Opening a case for a referral: who owns it, how high the risk is, and by when somebody acts."""

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import Row, func, select
from sqlalchemy.orm import contains_eager

from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.case_moves import load_next_actions, next_action_for
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.routing import load_routing, owner_kind
from prevention.errors import Unavailable
from prevention.models.agency import Agency, Area, Team
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.referral import Referral
from prevention.queries.coverage import agency_covers
from prevention.services.cases.assessing import first_assessment
from prevention.services.cases.moving import set_act_by
from prevention.services.cases.summarising import make_findable, sum_up
from prevention.services.notifications.alerts import raise_alert
from prevention.services.work import Work

_COVERED = (
    select(func.array_agg(Area.code))
    .where(Area.code == Area.borough_code, agency_covers(Team.agency_id, Area.code))
    .correlate(Team)
    .scalar_subquery()
)
#: Every desk that takes in cases with its agency, and the boroughs that agency covers.
_DESKS = (
    select(Team, _COVERED.label("covered"))
    .join(Team.agency)
    .where(Team.is_intake_desk, Team.active, Agency.active)
    .options(contains_eager(Team.agency))
)


class IntakeDesks:
    """The desks that take in cases, read when the first case is opened."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def for_referral(self, referral: Referral) -> Team:
        """The desk that takes in a case for ``referral``: of the agency whose kind fits its reasons.

        Among several of that kind, one that covers the borough comes first; where there is none of the
        kind, the fire service's desk, then the sender's own, so that no referral is ever without an owner.

        Raises:
            Unavailable: no agency has an intake desk; the product is not set up yet.
        """
        content = referral.current_content
        reasons = map(ReferralReason, content["reasons"])
        kind = owner_kind(reasons, load_routing(), immediate_danger=content["immediate_danger"])
        borough = referral.current_premises.borough_code
        best = min(
            self._desks,
            key=lambda desk: (
                desk.Team.agency.kind is not kind,
                desk.Team.agency.kind is not AgencyKind.FIRE,
                borough not in (desk.covered or ()),
                desk.Team.agency_id != referral.agency_id,
                desk.Team.agency.code,
            ),
            default=None,
        )
        if best is None:
            raise Unavailable("no agency has an intake desk")
        team: Team = best.Team
        return team

    @cached_property
    def _desks(self) -> Sequence[Row[tuple[Team, list[str] | None]]]:
        return self._work.session.execute(_DESKS).all()


def open_case(work: Work, referral: Referral, *, desks: IntakeDesks | None = None, moved: bool = False) -> Case:
    """Open a case fed by ``referral``: owned, assessed, timed, findable. Very high raises the alert at once.

    ``desks``: those read before, where several cases are opened at once.
    ``moved``: the referral fed another case before, and keeps the clock it had there.
    """
    desk = (desks or IntakeDesks(work)).for_referral(referral)
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
    make_findable(work, case, [referral])
    work.record(AuditTag.CASE_OPENED, case, case_id=case.id, level=case.risk_level.value, referral=str(referral.id))
    if case.risk_level is RiskLevel.VERY_HIGH:
        raise_alert(work, case, assessment.triggers[0]["label"])
    return case
