"""Who may see and work on a case. Each rule has two faces, one for a row and one for SQL; a test holds them equal.

An agency is *involved* when it owns the case or one of its referrals feeds it (domain.md 4.4, "on shared case").
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, false, select, true

from prevention.domain.account import Actor, Permission
from prevention.models.case import Case, CaseInvolvement
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_view_case(actor: Actor, involved_agencies: Collection[UUID]) -> Decision:
    """Staff see the cases their agency is involved in; to everybody else a case does not exist."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.CASE_VIEW) or actor.agency_id not in involved_agencies:
        return HIDE
    return ALLOW


def visible_cases(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Case``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.CASE_VIEW):
        return false()
    return Case.id.in_(select(CaseInvolvement.case_id).where(CaseInvolvement.agency_id == actor.agency_id))


def may_work_on_case(actor: Actor, case: Case, involved_agencies: Collection[UUID], permission: Permission) -> Decision:
    """Only the owning agency's staff work on a case; involved agencies see it.

    Escalating is for anyone involved: "one tap by anyone" (domain.md 7.2, 4).
    """
    seen = may_view_case(actor, involved_agencies)
    if not seen.allowed:
        return seen
    if not actor.has(permission):
        return deny("Your role does not include this.")
    if actor.is_system or permission is Permission.CASE_ESCALATE or actor.agency_id == case.owner_agency_id:
        return ALLOW
    return deny("Another agency owns this case. You can see it and escalate it.")


def may_note_on_case(actor: Actor, involved_agencies: Collection[UUID]) -> Decision:
    """Staff of every agency involved may write notes; each says whether the others may read it."""
    seen = may_view_case(actor, involved_agencies)
    if not seen.allowed:
        return seen
    return ALLOW if actor.has(Permission.CASE_CONTACT) else deny("Your role does not include this.")
