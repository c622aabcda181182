"""Who may see a referral: whoever made it, and staff of the agency it came from. Who settles what is proposed to it.

Two faces each, held equal by a test.
"""

from sqlalchemy import ColumnElement, and_, false, true

from prevention.domain.account import Actor, Permission
from prevention.models.referral import ProposalState, ProposedAmendment, Referral
from prevention.policies.decision import ALLOW, HIDE, Decision


def may_view_referral(actor: Actor, referral: Referral) -> Decision:
    """Staff see their agency's referrals; a partner referrer their own only. Others reach one through its case."""
    if actor.is_system:
        return ALLOW
    if actor.user_id is not None and referral.referred_by == actor.user_id and actor.has(Permission.REFERRAL_OWN):
        return ALLOW
    if actor.has(Permission.CASE_VIEW) and referral.agency_id == actor.agency_id:
        return ALLOW
    return HIDE


def visible_referrals(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Referral``."""
    if actor.is_system:
        return true()
    conditions: ColumnElement[bool] = false()
    if actor.user_id is not None and actor.has(Permission.REFERRAL_OWN):
        conditions = conditions | (Referral.referred_by == actor.user_id)
    if actor.has(Permission.CASE_VIEW):
        conditions = conditions | (Referral.agency_id == actor.agency_id)
    return conditions


def may_settle_proposal(actor: Actor, proposal: ProposedAmendment) -> Decision:
    """Who may amend the referrals of the agency they speak for also says whether a file may; to others it is not there.

    Not even who handed the file in sees it: it would say that the referral is known.
    """
    own = actor.user_id is not None and actor.agency_id == proposal.agency_id
    return ALLOW if own and actor.has(Permission.REFERRAL_AMEND) else HIDE


def visible_proposals(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``ProposedAmendment``."""
    if actor.user_id is None or not actor.has(Permission.REFERRAL_AMEND):
        return false()
    return ProposedAmendment.agency_id == actor.agency_id


def unanswered() -> ColumnElement[bool]:
    """What waits for a person: neither settled, nor answered together with others and a worker's to settle."""
    return and_(ProposedAmendment.state == ProposalState.WAITING, ProposedAmendment.ordered_answer.is_(None))
