"""The relay: from the outbox to the broker. Nothing is held in the database while the broker is spoken to."""

import logging
from collections.abc import Sequence
from uuid import UUID

from celery import current_app, shared_task
from celery.exceptions import OperationalError

from prevention.domain.account import SYSTEM
from prevention.services import outbox
from prevention.services.outbox import Claimed
from prevention.tasks.topics import BELLS, TASKS
from prevention.web.transactions import work_as

_log = logging.getLogger(__name__)
#: Batches one ring may hand over before it makes room for others.
_MOST_BATCHES = 20


@shared_task(name="outbox.relay", ignore_result=True)
def relay() -> int:
    """Hand over what waits in the outbox, oldest first; how many rows. Safe to run many times at once."""
    handed_over = 0
    for _ in range(_MOST_BATCHES):
        with work_as(SYSTEM) as work:
            claimed = outbox.claim_unsent(work)
        handed_over += hand_over(claimed)
        if len(claimed) < outbox.BATCH:
            break
    return handed_over


def hand_over(claimed: Sequence[Claimed]) -> int:
    """Publish the tasks of claimed rows and mark those that reached the broker; how many.

    A row whose topic no task answers is parked. When the broker does not answer, what is left is given back.
    """
    reached: list[UUID] = []
    rung: set[str] = set()
    left = list(claimed)
    try:
        while left:
            row = left[0]
            if row.topic in BELLS:
                if row.topic not in rung:
                    _publish(BELLS[row.topic], {})
                    rung.add(row.topic)
                reached.append(row.id)
            elif row.topic in TASKS:
                _publish(TASKS[row.topic], {"message_id": str(row.id), **row.payload})
                reached.append(row.id)
            else:
                _log.error("outbox row %s: no task answers the topic %s", row.id, row.topic)
                with work_as(SYSTEM) as work:
                    outbox.park(work, row.id, "No task answers this topic.")
            del left[0]
    except OperationalError as error:
        _log.warning("the broker does not answer (%s): %d rows wait in the outbox", type(error).__name__, len(left))
    with work_as(SYSTEM) as work:
        outbox.mark_handed_over(work, reached)
        outbox.release(work, [row.id for row in left])
    return len(reached)


def _publish(task: str, ids: dict[str, str]) -> None:
    current_app.send_task(task, kwargs=ids, retry=False)
