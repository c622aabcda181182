"""Undoing a join by hand: a referral that does not belong gets a case of its own."""

from uuid import UUID

from prevention.domain.account import Permission
from prevention.errors import Invalid, NotFound
from prevention.models.case import Case, ReferralLink
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.joining import separate
from prevention.services.cases.noting import write_note
from prevention.services.followups.planning import plan_on_referral
from prevention.services.work import Work


def separate_referral(work: Work, case_id: UUID, link_id: UUID, *, version: int, reason: str) -> Case:
    """Close the link of a referral to the case; returns the case it has from now on, with what the referral leads to.

    Raises:
        Invalid: no reason (field ``reason``).
        StaleCase: the case was changed meanwhile.
        Conflict: the link is closed, or the only one.
        NotFound, NotAllowed: by the policy, or no such link on the case.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    if not reason.strip():
        raise Invalid({"reason": "Say why the referral does not belong here"})
    link = work.session.get(ReferralLink, link_id)
    if link is None or link.case_id != case.id:
        raise NotFound
    write_note(work, case, f"Referral separated: {reason.strip()}", shared=False)
    own = separate(work, link, reason="by hand")
    plan_on_referral(work, link.referral, own)
    return own
