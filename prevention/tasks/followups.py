"""Picking follow-ups up when their time has come."""

from celery import shared_task

from prevention.domain.account import SYSTEM
from prevention.services.confidentiality import marking
from prevention.services.followups import picking
from prevention.web.transactions import work_as

#: Batches one ring may carry before it makes room for others.
_MOST_BATCHES = 50


@shared_task(name="followups.pick_due", ignore_result=True)
def pick_due() -> int:
    """Carry every follow-up whose time has come to its effect; how many. Safe to run many times at once.

    What a worker leased and did not carry is picked up again when its lease has run out: no sweeper is needed.
    """
    fell = 0
    for _ in range(_MOST_BATCHES):
        with work_as(SYSTEM) as work:
            claimed = picking.claim_due(work)
        if claimed:
            with work_as(SYSTEM) as work:
                fell += picking.fall_due(work, claimed)
        if len(claimed) < picking.BATCH:
            break
    return fell


@shared_task(name="followups.plan_mark_reviews", ignore_result=True)
def plan_mark_reviews() -> int:
    """Plan the reviews of confidential addresses that have none; how many. Safe to run many times at once."""
    planned = 0
    for _ in range(_MOST_BATCHES):
        with work_as(SYSTEM) as work:
            found = marking.plan_reviews(work)
        planned += found
        if found < marking.BATCH:
            break
    return planned
