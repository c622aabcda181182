"""Who may see, complete and manage follow-ups: their own agency's staff. Two faces, held equal by a test."""

from sqlalchemy import ColumnElement, false, true

from prevention.domain.account import Actor, Permission
from prevention.domain.followup import ABOUT_CONFIDENTIAL_ADDRESSES, ENDED_BY_DECIDING
from prevention.models.followup import FollowUp
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_view_followup(actor: Actor, followup: FollowUp) -> Decision:
    """Staff see their agency's follow-ups; to everybody else there are none, a shared case's included."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.FOLLOWUP_VIEW) or actor.agency_id != followup.agency_id:
        return HIDE
    return ALLOW


def visible_followups(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``FollowUp``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.FOLLOWUP_VIEW):
        return false()
    return FollowUp.agency_id == actor.agency_id


def may_complete_followup(actor: Actor, followup: FollowUp) -> Decision:
    """Anybody of the agency who does the work may say it is done: whoever is there, not only the owner.

    What somebody did themselves is for a second person to check, and what is about a confidential address for those
    who may reveal one (domain.md 4.5).
    """
    seen = may_view_followup(actor, followup)
    if not seen.allowed:
        return seen
    if not actor.has(Permission.FOLLOWUP_COMPLETE):
        return deny("Your role does not include this.")
    if followup.kind in ENDED_BY_DECIDING:
        return deny("Decide on the case’s page: that ends this follow-up.")
    if followup.kind in ABOUT_CONFIDENTIAL_ADDRESSES and not actor.has(Permission.ADDRESS_REVEAL):
        return deny("This is for those who may see confidential addresses.")
    if followup.not_by is not None and followup.not_by == actor.user_id:
        return deny("Somebody else has to do this: it is about what you did yourself.")
    return ALLOW


def may_cancel_followup(actor: Actor, followup: FollowUp) -> Decision:
    """The owner, a member of the owning team, or whoever assigns work may say it is not needed."""
    may = may_complete_followup(actor, followup)
    if may.allowed and followup.kind in ABOUT_CONFIDENTIAL_ADDRESSES:
        return deny("This cannot be called off: somebody has to look.")
    if not may.allowed or actor.has(Permission.CASE_ASSIGN) or _is_own(actor, followup):
        return may
    return deny("Only its owner or a coordinator can cancel this follow-up.")


def may_reassign_followup(actor: Actor, followup: FollowUp) -> Decision:
    """Whoever assigns work may give a follow-up to somebody else of the agency."""
    seen = may_view_followup(actor, followup)
    if not seen.allowed:
        return seen
    return ALLOW if actor.has(Permission.CASE_ASSIGN) else deny("Only a coordinator can reassign a follow-up.")


def _is_own(actor: Actor, followup: FollowUp) -> bool:
    if followup.owner_user_id is not None:
        return followup.owner_user_id == actor.user_id
    return followup.owner_team_id in actor.team_ids
