"""Keeping what the matching engine goes by up to date, and comparing everybody with everybody."""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from uuid import UUID

from celery import shared_task

from prevention.domain.account import SYSTEM
from prevention.matching.decide import ScoredPair
from prevention.matching.model import Model
from prevention.matching.record import Record
from prevention.services.matches.batches import carry_out
from prevention.services.matches.counting import count_names
from prevention.tasks.failing import TaskFailed
from prevention.web.transactions import work_as

#: Seconds after which a worker lets a comparison of everybody go; it is begun anew by hand.
LONGEST_BATCH = 3000


@shared_task(name="matches.count_names", ignore_result=True)
def count_all_names() -> int:
    """Count how common each name is; how many names there are. A count that is missed leaves the one before."""
    with work_as(SYSTEM) as work:
        return count_names(work)


@shared_task(name="matches.compare_everybody", ignore_result=True, time_limit=LONGEST_BATCH)
def compare_everybody(batch_id: str, message_id: str = "") -> None:  # noqa: ARG001 - all get it
    """Carry out a comparison of everybody; a second delivery finds it done, or begins it anew."""
    try:
        carry_out(lambda: work_as(SYSTEM), UUID(batch_id), _compare)
    except Exception as problem:  # noqa: BLE001 - whatever it was, its words may quote a row
        raise TaskFailed.by(problem) from None


def _compare(records: Sequence[Record], model: Model, reached: Callable[[float], None]) -> Iterable[ScoredPair]:
    """Only a worker that compares tables loads what that takes, and needs it installed (requirements/batch.txt)."""
    whole_table = import_module("prevention.adapters.whole_table")
    pairs: Iterable[ScoredPair] = whole_table.WholeTable(records, model).pairs(reached)
    return pairs
