"""Who may see and run outreach: the staff of the agency that does it. Two faces, held equal by a test."""

from sqlalchemy import ColumnElement, false, true

from prevention.domain.account import Actor, Permission
from prevention.models.outreach import Outreach
from prevention.policies.decision import ALLOW, HIDE, Decision


def may_record_outreach(actor: Actor, outreach: Outreach) -> Decision:
    """Staff who record outreach see and work on their own agency's; to others it does not exist."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.OUTREACH_RECORD) or outreach.agency_id != actor.agency_id:
        return HIDE
    return ALLOW


def visible_outreach(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Outreach``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.OUTREACH_RECORD) or actor.agency_id is None:
        return false()
    return Outreach.agency_id == actor.agency_id
