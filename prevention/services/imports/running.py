"""Carrying an import out: every row through the one door, a few rows at a time.

A batch of rows is one transaction that also moves the run's counters on, so a run that is cut off goes on where it
stopped, two workers never take the same row, and memory stays constant whatever the file's size. When a row of a batch
cannot be taken, nothing of the batch is, and its rows are taken one by one (docs/adr/0017).
"""

from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, OperationalError

from prevention.domain.imports import ImportState, RowOutcome
from prevention.domain.intake.conversion import (
    Refused,
    cells_to_show,
)
from prevention.domain.intake.rows import Row, in_batches, read_rows
from prevention.errors import Conflict, Invalid
from prevention.models.audit import AuditTag
from prevention.models.imports import ImportRow, ImportRun
from prevention.services.imports.runs import LEASE, fail
from prevention.services.imports.source import OpenWork, Source, in_one, source_of
from prevention.services.referrals.intake import Receipt, receive_all
from prevention.services.work import Work

_TRIES = 3
#: Rows taken together: one write to the disk for all of them, and still a counter that visibly moves.
BATCH = 20
#: A batch that would wait longer for others is given up, so that nobody ever waits for a batch that waits for them.
_GIVE_WAY = text("SET LOCAL lock_timeout = '500ms'")
#: Added to why a row was refused when its report does not hold all of it.
_LEFT_OUT = "Its address is confidential, so what tells it is left out here: take it from the file."
_COUNTERS = {
    RowOutcome.NEW: ImportRun.new,
    RowOutcome.JOINED: ImportRun.joined,
    RowOutcome.REVIEW: ImportRun.review,
    RowOutcome.AMENDED: ImportRun.amended,
    RowOutcome.UNCHANGED: ImportRun.unchanged,
    RowOutcome.TO_CONFIRM: ImportRun.to_confirm,
    RowOutcome.REFUSED: ImportRun.refused,
}


def run_import(open_work: OpenWork, run_id: UUID, open_file: Callable[[str], BinaryIO]) -> None:
    """Carry a queued run to its end, or go on with one that was cut off. Safe to call twice, even at once."""
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id, with_for_update=True)
        cancelled = run.state is ImportState.CANCELLING  # its worker died before it could stop
        if not cancelled and run.state not in {ImportState.QUEUED, ImportState.RUNNING}:
            return
        if not cancelled:
            run.state = ImportState.RUNNING
        run.started_at = run.started_at or work.now
        run.leased_until = work.now + LEASE
        source, done, stored_as = source_of(run), run.done, run.stored_as
    try:
        if not cancelled:
            with open_file(stored_as) as stream:
                source = source.read_through(stream)
        at_the_end = not cancelled and _take_rows(open_work, run_id, done, stored_as, open_file, source)
    except Invalid as invalid:
        fail(open_work, run_id, " ".join(invalid.problems.values()))
        return
    _finish(open_work, run_id, at_the_end=at_the_end)


def _take_rows(
    open_work: OpenWork,
    run_id: UUID,
    done: int,
    stored_as: str,
    open_file: Callable[[str], BinaryIO],
    source: Source,
) -> bool:
    """Take every row after the first ``done``. False when the run was cancelled, or another worker is ahead with it."""
    with open_file(stored_as) as stream:
        for rows in in_batches(islice(read_rows(stream, source.profile), done, None), BATCH):
            if not _take_batch(open_work, run_id, done, rows, source):
                return False
            done += len(rows)
    return True


def _take_batch(open_work: OpenWork, run_id: UUID, done: int, rows: list[Row], source: Source) -> bool:
    """Take the rows after the first ``done`` together; where that fails, one by one, each for itself."""
    try:
        return _take_together(open_work, run_id, done, rows, source)
    except (Invalid, Conflict, DBAPIError):
        return all(_take_row(open_work, run_id, number, row, source) for number, row in enumerate(rows, start=done))


def _take_row(open_work: OpenWork, run_id: UUID, done: int, row: Row, source: Source) -> bool:
    """Take one row; when it met somebody else's change it is tried again."""
    for _ in range(_TRIES - 1):
        try:
            return _take_row_once(open_work, run_id, done, row, source)
        except (Conflict, OperationalError):
            continue
    return _take_row_once(open_work, run_id, done, row, source)


def _take_row_once(open_work: OpenWork, run_id: UUID, done: int, row: Row, source: Source) -> bool:
    try:
        return _take_together(open_work, run_id, done, [row], source)
    except Invalid as invalid:
        reason = in_one(invalid)
    with open_work() as work:
        return _move_on(work, run_id, done, [], [_refused(run_id, row, source, reason)])


def _take_together(open_work: OpenWork, run_id: UUID, done: int, rows: list[Row], source: Source) -> bool:
    """Receive rows and move the counters on, or nothing at all. False when the run is no longer ours."""
    with open_work() as work:
        if len(rows) > 1:
            work.session.execute(_GIVE_WAY)
        commands, refused = [], []
        for row in rows:
            command = source.command(row, work.now)
            if isinstance(command, Refused):
                refused.append(_refused(run_id, row, source, command.reason))
            else:
                commands.append(command)
        return _move_on(work, run_id, done, receive_all(work, commands), refused)


def _move_on(work: Work, run_id: UUID, done: int, receipts: list[Receipt], refused: list[ImportRow]) -> bool:
    """Count rows after the first ``done``; when somebody else has, or the run is cancelled, undo what was done."""
    outcomes = Counter(receipt.outcome for receipt in receipts) + Counter({RowOutcome.REFUSED: len(refused)})
    counted = {counter: counter + outcomes[outcome] for outcome, counter in _COUNTERS.items() if outcomes[outcome]}
    moved = work.session.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id, ImportRun.done == done, ImportRun.state == ImportState.RUNNING)
        .values({ImportRun.done: done + outcomes.total(), ImportRun.leased_until: work.now + LEASE, **counted})
        .execution_options(synchronize_session=False)
    )
    if not isinstance(moved, CursorResult) or moved.rowcount != 1:
        work.session.rollback()
        return False
    work.session.add_all(refused)
    return True


def _refused(run_id: UUID, row: Row, source: Source, reason: str) -> ImportRow:
    """What the report says of a row that cannot be taken."""
    shown = cells_to_show(row, source.profile)
    if shown != row.cells:
        reason = f"{reason.rstrip('.')}. {_LEFT_OUT}"
    return ImportRow(run_id=run_id, number=row.line, outcome=RowOutcome.REFUSED, reason=reason, original=shown)


def _finish(open_work: OpenWork, run_id: UUID, *, at_the_end: bool) -> None:
    """End the run. One that is running and not at its end is another worker's to finish."""
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id, with_for_update=True)
        if run.state is ImportState.RUNNING and at_the_end:
            run.state = ImportState.FINISHED
            run.total = run.done
        elif run.state is ImportState.CANCELLING:
            run.state = ImportState.CANCELLED
        else:
            return
        run.finished_at = work.now
        work.record(AuditTag.IMPORT_FINISHED, run, state=run.state.value, done=run.done, refused=run.refused)
