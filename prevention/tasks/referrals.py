"""Tasks of the referrals row: settling the changes to confirm that somebody answered all at once."""

from celery import shared_task

from prevention.domain.account import SYSTEM
from prevention.errors import Conflict, Invalid, NotFound
from prevention.extensions import current_session
from prevention.queries.accounts import acting_for
from prevention.queries.referrals.proposals import Answered, answered_proposals
from prevention.services.referrals import proposing
from prevention.web.transactions import work_as

#: Proposals settled before others get their turn: a few seconds' work.
_SETTLED_AT_ONCE = 100


@shared_task(name="referrals.settle_answered", ignore_result=True)
def settle_answered() -> int:
    """Settle proposed amendments that somebody answered all at once; how many. Safe to run many times at once.

    Each is a unit of work in the name of whoever answered. One that cannot be settled so waits for a person again.
    """
    answered = answered_proposals(current_session(), _SETTLED_AT_ONCE)
    for one in answered:
        if not _settled(one):
            with work_as(SYSTEM) as work:
                proposing.take_answer_back(work, one.proposal_id)
    if len(answered) == _SETTLED_AT_ONCE:
        with work_as(SYSTEM) as work:
            proposing.ring(work)
    return len(answered)


def _settled(answered: Answered) -> bool:
    actor = acting_for(current_session(), answered.user_id, answered.agency_id)
    if actor is None:
        return False
    try:
        with work_as(actor) as work:
            proposing.settle_answered(work, answered.proposal_id)
    except (Conflict, Invalid, NotFound):
        return False
    return True
