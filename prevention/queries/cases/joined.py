"""What became of a case that was joined to another: it is closed as a duplicate, and its concern goes on elsewhere."""

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from prevention.domain.visit import VisitOutcome
from prevention.models.case import Case, ReferralLink


def goes_on_as(session: Session, case: Case) -> Case | None:
    """The case that the referrals of an emptied duplicate feed now, whoever may see it; None for any other case.

    Where they were separated again, the one that the last to leave feeds.
    """
    if case.state.is_open or case.outcome is not VisitOutcome.DUPLICATE:
        return None
    left, now = aliased(ReferralLink), aliased(ReferralLink)
    return session.scalar(
        select(Case)
        .join(now, now.case_id == Case.id)
        .join(left, left.referral_id == now.referral_id)
        .where(left.case_id == case.id, now.case_id != case.id, now.valid_to.is_(None))
        .order_by(left.valid_to.desc(), left.id)
        .limit(1)
    )
