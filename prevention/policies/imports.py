"""Who may see and run an import: coordinators of the sending agency, and whoever handed the file in. Two faces."""

from sqlalchemy import ColumnElement, false, or_, true

from prevention.domain.account import Actor, Permission
from prevention.models.referral import ImportRun
from prevention.policies.decision import ALLOW, HIDE, Decision


def may_run_import(actor: Actor, run: ImportRun) -> Decision:
    """A coordinator runs imports of their own agency, and those they handed in for another agency."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.REFERRAL_IMPORT):
        return HIDE
    own = run.agency_id == actor.agency_id
    handed_in = run.created_by is not None and run.created_by == actor.user_id
    return ALLOW if own or handed_in else HIDE


def visible_imports(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``ImportRun``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.REFERRAL_IMPORT):
        return false()
    return or_(ImportRun.agency_id == actor.agency_id, ImportRun.created_by == actor.user_id)
