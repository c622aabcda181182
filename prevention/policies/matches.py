"""Who settles a likeness. Two faces, held equal by a test.

Likenesses must not leak what another agency holds (domain.md 4.4): both cases must be visible to the actor's agency,
and it must own at least one of them, because joining closes one case and feeds the other.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from prevention.domain.account import Actor, Permission
from prevention.models.case import Case, CaseInvolvement
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_review(
    actor: Actor, case: Case, case_involved: Collection[UUID], own: Case, own_involved: Collection[UUID]
) -> Decision:
    """Whether the actor may say how ``own``, the referral's case, and ``case`` are related."""
    if actor.is_system:
        return ALLOW
    if actor.agency_id not in case_involved or actor.agency_id not in own_involved:
        return HIDE
    if actor.agency_id not in {case.owner_agency_id, own.owner_agency_id}:
        return HIDE
    return ALLOW if actor.has(Permission.MATCH_REVIEW) else deny("Your role does not include this.")


def reviewable_cases(actor: Actor, case: type[Case], own: type[Case]) -> ColumnElement[bool]:
    """The same rule as a condition on the two cases, each ``Case`` or an alias of it."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.MATCH_REVIEW):
        return false()
    involved = select(CaseInvolvement.case_id).where(CaseInvolvement.agency_id == actor.agency_id)
    return and_(
        case.id.in_(involved),
        own.id.in_(involved),
        or_(case.owner_agency_id == actor.agency_id, own.owner_agency_id == actor.agency_id),
    )
