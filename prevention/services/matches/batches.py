"""Everybody beside everybody, from one step to the next: queued, carried out, cancelled."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from prevention.domain.match import BatchState, MatchDecision, Settled
from prevention.errors import Conflict
from prevention.matching.decide import ScoredPair
from prevention.matching.model import Model
from prevention.matching.record import Record
from prevention.models.match import MatchBatch
from prevention.queries.matching_models import current_model
from prevention.queries.whole_table import every_record, person_of_each
from prevention.services.matches.relinking import settle
from prevention.services.work import Work

#: Opens a unit of work for the batch's actor.
OpenWork = Callable[[], AbstractContextManager[Work]]
#: Compares a table with itself by a model; is told each time what to do when a share of it is reached.
Compare = Callable[[Sequence[Record], Model, Callable[[float], None]], Iterable[ScoredPair]]

#: After so long without a word its worker is lost, and another may begin.
_LOST = timedelta(hours=1)
#: Comparing is this share of the work, settling what was found the rest.
_COMPARING = 0.7
#: So many pairs are settled between two looks at whether somebody cancelled.
_PAIRS = 50


class _Cancelled(Exception):
    """Somebody asked that it stop."""


def queue_batch(work: Work) -> MatchBatch:
    """Make a batch that somebody will carry out.

    Raises:
        Conflict: one is under way.
    """
    last = last_batch(work, lock=True)
    if last is not None and not last.state.is_over and work.now - last.moved_at < _LOST:
        raise Conflict("A comparison of everybody is under way. Cancel it, or wait until it has ended.")
    if last is not None and not last.state.is_over:
        last.state, last.finished_at = BatchState.FAILED, work.now
    batch = MatchBatch(created_at=work.now, moved_at=work.now, state=BatchState.QUEUED)
    work.session.add(batch)
    work.session.flush()  # whoever carries it out names it
    return batch


def hand_on(work: Work) -> MatchBatch:
    """Make a batch and hand it to the workers."""
    batch = queue_batch(work)
    work.emit("match.batch", batch_id=batch.id)
    return batch


def cancel_batch(work: Work) -> MatchBatch:
    """Ask the batch under way to stop; what it has settled stays.

    Raises:
        Conflict: none is under way.
    """
    batch = last_batch(work, lock=True)
    if batch is None or batch.state.is_over:
        raise Conflict("No comparison of everybody is under way.")
    queued = batch.state is BatchState.QUEUED
    batch.state = BatchState.CANCELLED if queued else BatchState.CANCELLING
    batch.finished_at = work.now if queued else None
    return batch


def last_batch(work: Work, *, lock: bool = False) -> MatchBatch | None:
    """The batch made last."""
    newest = select(MatchBatch).order_by(MatchBatch.created_at.desc(), MatchBatch.id.desc()).limit(1)
    return work.session.scalar(newest.with_for_update() if lock else newest)


def carry_out(open_work: OpenWork, batch_id: UUID, compare: Compare) -> None:
    """Compare everybody and settle what is alike, each pair in a unit of work of its own.

    Settling twice is settling once, so a batch that is delivered again begins anew. One that is over, or was cancelled
    before it began, is left as it is.
    """
    with open_work() as work:
        batch = work.session.get_one(MatchBatch, batch_id, with_for_update=True)
        if batch.state.is_over:
            return
        if batch.state is BatchState.CANCELLING:  # its worker died before it could stop
            batch.state, batch.finished_at = BatchState.CANCELLED, work.now
            return
        batch.state, batch.moved_at = BatchState.RUNNING, work.now
    try:
        counts = settle_everybody(open_work, compare, lambda share, counts: _note(open_work, batch_id, share, counts))
    except _Cancelled:
        _end(open_work, batch_id, BatchState.CANCELLED)
    except BaseException:
        _end(open_work, batch_id, BatchState.FAILED)
        raise
    else:
        _note(open_work, batch_id, 1.0, counts, last=True)


def settle_everybody(
    open_work: OpenWork,
    compare: Compare,
    reached: Callable[[float, Counter[Settled]], None],
    *,
    keep: bool = True,
) -> Counter[Settled]:
    """Compare everybody and settle what is alike, the likeliest first; with ``keep`` false only to see what would be.

    ``reached`` is told how far it is (of 1) and what was settled so far; what it raises ends it.
    """
    with open_work() as work:
        model, records = current_model(work.session), list(every_record(work.session))
        person_of = person_of_each(work.session)
    counts: Counter[Settled] = Counter()
    found = [
        (-pair.bits, UUID(records[pair.left].record_id), UUID(records[pair.right].record_id))
        for pair in compare(records, model, lambda share: reached(share * _COMPARING, counts))
        if pair.decision is not MatchDecision.NEW
    ]
    alike = sorted(each for each in found if person_of.get(each[1]) != person_of.get(each[2]))
    for at, (_, one, other) in enumerate(alike):
        if at % _PAIRS == 0:
            reached(_COMPARING + (1 - _COMPARING) * at / len(alike), counts)
        counts[_settled(open_work, one, other, model, keep=keep)] += 1
    return counts


def _settled(open_work: OpenWork, one: UUID, other: UUID, model: Model, *, keep: bool) -> Settled:
    with open_work() as work:
        settled = settle(work, one, other, model)
        if not keep:
            work.session.rollback()
    return settled


def _note(open_work: OpenWork, batch_id: UUID, share: float, counts: Counter[Settled], *, last: bool = False) -> None:
    with open_work() as work:
        batch = work.session.get_one(MatchBatch, batch_id, with_for_update=True)
        if batch.state is not BatchState.RUNNING and not last:
            raise _Cancelled
        batch.share, batch.moved_at = share, work.now
        batch.linked, batch.asked, batch.left = (counts[each] for each in (Settled.LINKED, Settled.ASKED, Settled.LEFT))
        if last:
            batch.state, batch.finished_at = BatchState.FINISHED, work.now


def _end(open_work: OpenWork, batch_id: UUID, state: BatchState) -> None:
    with open_work() as work:
        batch = work.session.get_one(MatchBatch, batch_id, with_for_update=True)
        batch.state, batch.finished_at = state, work.now
