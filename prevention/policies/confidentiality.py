"""Who decides whether an address stays confidential. Taking the mark off takes two people (domain.md 4.5)."""

from collections.abc import Collection
from uuid import UUID

from prevention.domain.account import Actor, Permission
from prevention.models.case import Case, MarkDecision
from prevention.policies.cases import may_view_case, may_work_on_case
from prevention.policies.decision import ALLOW, Decision, deny


def may_decide_on_mark(actor: Actor, case: Case, involved_agencies: Collection[UUID]) -> Decision:
    """Whoever may reveal the address decides whether it stays so: the owning agency's coordinators."""
    return may_work_on_case(actor, case, involved_agencies, Permission.ADDRESS_REVEAL)


def may_answer_removal(actor: Actor, asked: MarkDecision, involved_agencies: Collection[UUID]) -> Decision:
    """Whoever may reveal addresses in the agency that is asked, but not the one who asks."""
    seen = may_view_case(actor, involved_agencies)
    if not seen.allowed:
        return seen
    if not actor.has(Permission.ADDRESS_REVEAL):
        return deny("Your role does not include this.")
    if actor.user_id is None or actor.agency_id != asked.answering_agency_id:
        return deny("Another agency answers this: its referral keeps the address confidential.")
    if actor.user_id == asked.made_by:
        return deny("A second person has to answer this: you asked.")
    return ALLOW


def may_withdraw_removal(actor: Actor, asked: MarkDecision) -> Decision:
    """Whoever asked may leave it be."""
    return ALLOW if actor.user_id == asked.made_by else deny("Only who asked can withdraw this.")
