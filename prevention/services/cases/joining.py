"""Joining a referral to a case as another voice, and separating it again: links only, nothing moves."""

from uuid import UUID

from sqlalchemy import select, update

from prevention.domain.case import CaseState
from prevention.domain.followup import OPEN_FOLLOWUP_STATES
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import Conflict
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.followup import FollowUp
from prevention.models.referral import Referral
from prevention.services.cases.assessing import reassess
from prevention.services.cases.assigning import end_assignment
from prevention.services.cases.moving import move
from prevention.services.cases.opening import open_case
from prevention.services.cases.summarising import open_referrals, summarise
from prevention.services.notifications.alerts import settle_alert
from prevention.services.work import Work


def join(
    work: Work,
    referral: Referral,
    case: Case,
    *,
    decided_by: UUID | None,
    reason: str,
    probability: float | None = None,
    model_version: str = "",
) -> ReferralLink:
    """Let ``referral`` feed ``case``. What it adds is kept on the link, and a worse factor re-triages the case.

    When the referral fed another case before, that link is closed, and a case left without any referral is
    closed as a duplicate.

    Raises:
        Conflict: the referral already feeds this case, the case is no longer open, or one of the two homes is
            confidential and the other is not: such an address is never merged into an open one (domain.md 4.5).
    """
    if not case.state.is_open:
        raise Conflict("That case was closed in the meantime.")
    if referral.current_premises.confidential != case.premises.confidential:
        raise Conflict("One of the two addresses is confidential, so they stay two cases.")
    left = _close_link(work, referral, case)
    referrals = sorted([*open_referrals(work, case), referral], key=lambda each: (each.received_at, each.id))
    known = set(case.reasons)
    link = ReferralLink(
        referral_id=referral.id,
        case_id=case.id,
        valid_from=work.now,
        decided_by=decided_by,
        automatic=decided_by is None,
        reason=reason,
        probability=probability,
        model_version=model_version,
        added=[code for code in referral.current_content["reasons"] if code not in known],
    )
    work.session.add(link)
    work.record(AuditTag.REFERRAL_JOINED, referral, case_id=case.id, automatic=link.automatic, added=link.added)
    summarise(work, case, referrals)
    reassess(
        work,
        case,
        referral=referral,
        reason="Another referral joined the case",
        referrals=referrals,
        moved=left is not None,
    )
    if left is not None:
        _tidy_left_case(work, left, case)
    return link


def separate(work: Work, link: ReferralLink, *, reason: str) -> Case:
    """Undo a join: close ``link`` and open a case of its own for the referral. Returns that case.

    Raises:
        Conflict: the link is closed already, or is the only one of its case.
    """
    case = link.case
    if link.valid_to is not None:
        raise Conflict("This referral was separated already.")
    if len(open_referrals(work, case)) < 2:
        raise Conflict("This is the only referral of the case, so there is nothing to separate.")
    link.valid_to = work.now
    work.session.flush()  # the sums read the links
    work.record(AuditTag.REFERRAL_SEPARATED, link.referral, case_id=case.id, reason=reason)
    summarise(work, case, open_referrals(work, case))
    if case.state.is_open:
        _assess_what_stays(work, case, open_referrals(work, case), "A referral was separated from the case")
    return open_case(work, link.referral, moved=True)


def _assess_what_stays(work: Work, case: Case, remaining: list[Referral], reason: str) -> None:
    """Assess without the referral that left. That buys no time, and nobody is rung for a level that is no more."""
    reassess(work, case, reason=reason, referrals=remaining, left=True)
    if case.risk_level is not RiskLevel.VERY_HIGH:
        settle_alert(work, case)


def _close_link(work: Work, referral: Referral, case: Case) -> Case | None:
    current = work.session.scalar(
        select(ReferralLink)
        .where(ReferralLink.referral_id == referral.id, ReferralLink.valid_to.is_(None))
        .with_for_update()
    )
    if current is None:
        return None
    if current.case_id == case.id:
        raise Conflict("This referral is part of the case already.")
    current.valid_to = work.now
    work.session.flush()  # only one open link a referral
    return current.case


def _tidy_left_case(work: Work, case: Case, goes_on: Case) -> None:
    """Assess what stays with ``case``; with nothing left it is closed, and what was planned for it goes on with
    ``goes_on``.
    """
    remaining = open_referrals(work, case)
    if remaining:
        summarise(work, case, remaining)
        if case.state.is_open:
            _assess_what_stays(work, case, remaining, "A referral was moved to another case")
    elif case.state.is_open:
        move(work, case, CaseState.CLOSED)
        case.outcome = VisitOutcome.DUPLICATE
        case.urgent = False
        end_assignment(work, case)
        settle_alert(work, case)
        _hand_on_followups(work, case, goes_on)
        work.record(AuditTag.CASE_CLOSED, case, case_id=case.id, outcome=VisitOutcome.DUPLICATE.value)


def _hand_on_followups(work: Work, case: Case, goes_on: Case) -> None:
    """Let what is still to be done for ``case`` be done for ``goes_on``, by the same people and by the same time."""
    work.session.execute(
        update(FollowUp)
        .where(FollowUp.case_id == case.id, FollowUp.state.in_(OPEN_FOLLOWUP_STATES))
        .values(case_id=goes_on.id, version_id=FollowUp.version_id + 1)
    )
