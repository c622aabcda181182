"""Who may see and run an import: coordinators of the sending agency, and whoever handed the file in. Two faces.

Only the former learn what became of its rows.
"""

from sqlalchemy import ColumnElement, false, or_, true

from prevention.domain.account import Actor, Permission
from prevention.models.imports import ImportRun
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_run_import(actor: Actor, run: ImportRun) -> Decision:
    """A coordinator runs imports of their own agency, and those they handed in for another agency."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.REFERRAL_IMPORT):
        return HIDE
    own = run.agency_id == actor.agency_id
    handed_in = run.created_by is not None and run.created_by == actor.user_id
    return ALLOW if own or handed_in else HIDE


def may_see_outcomes(actor: Actor, run: ImportRun) -> Decision:
    """What became of rows, one by one or counted, is for the agency whose referrals they are.

    "Joined", "for review" and "known already" say that a home or a reference was known before. Whoever hands in another
    agency's file would learn of cases they may not know exist (domain.md 4.4).
    """
    seen = may_run_import(actor, run)
    if not seen.allowed:
        return seen
    own = actor.is_system or run.agency_id == actor.agency_id
    return ALLOW if own else deny("What became of the rows is for the agency they are from.")


def visible_imports(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``ImportRun``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.REFERRAL_IMPORT):
        return false()
    return or_(ImportRun.agency_id == actor.agency_id, ImportRun.created_by == actor.user_id)
