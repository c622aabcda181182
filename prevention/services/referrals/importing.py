"""Importing a file of referrals: a preview first, then every row through the one door, a few rows at a time.

A batch of rows is one transaction that also moves the run's counters on, so a run that is cut off goes on where it
stopped, two workers never take the same row, and memory stays constant whatever the file's size. When a row of a batch
cannot be taken, nothing of the batch is, and its rows are taken one by one (docs/adr/0017).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, NoReturn
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import selectinload

from prevention.domain.intake.conversion import (
    Refused,
    Remark,
    about_missing_columns,
    cells_to_show,
    remarks,
    to_command,
)
from prevention.domain.intake.profile import Profile, profile_named
from prevention.domain.intake.rows import Row, read_rows
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import ReceiveReferral
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.audit import AuditTag
from prevention.models.referral import ImportRow, ImportRun, ImportState, Referral, RowOutcome
from prevention.policies.imports import may_run_import
from prevention.services.referrals.checking import check
from prevention.services.referrals.intake import Receipt, receive, receive_all
from prevention.services.referrals.resending import refusal
from prevention.services.work import Work

#: Opens a unit of work for the run's actor.
OpenWork = Callable[[], AbstractContextManager[Work]]

#: Rows tried out, and rolled back, for the preview's "new, joined, for review".
ROWS_TRIED = 200
_FIRST_ROWS = 10
_EXAMPLES = 50
_LOOKUP_BATCH = 1000
_TRIES = 3
#: Rows taken together: one write to the disk for all of them, and still a counter that visibly moves.
BATCH = 20
#: A batch that would wait longer for others is given up, so that nobody ever waits for a batch that waits for them.
_GIVE_WAY = text("SET LOCAL lock_timeout = '500ms'")
#: Added to why a row was refused when its report does not hold all of it.
_LEFT_OUT = "Its address is confidential, so what tells it is left out here: take it from the file."

_ENDED = frozenset({ImportState.FINISHED, ImportState.FAILED, ImportState.CANCELLED})
_COUNTERS = {
    RowOutcome.NEW: ImportRun.new,
    RowOutcome.JOINED: ImportRun.joined,
    RowOutcome.REVIEW: ImportRun.review,
    RowOutcome.AMENDED: ImportRun.amended,
    RowOutcome.UNCHANGED: ImportRun.unchanged,
    RowOutcome.TO_CONFIRM: ImportRun.to_confirm,
    RowOutcome.REFUSED: ImportRun.refused,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a file come from: how they are read, whose they are, and which other agency hands them in."""

    profile: Profile
    agency_id: UUID
    handed_in_by: UUID | None = None

    def command(self, row: Row, now: datetime) -> ReceiveReferral | Refused:
        """The command a row stands for, or why it cannot be taken, whatever came in before."""
        command = to_command(row, self.profile, self.agency_id, now=now)
        if isinstance(command, Refused):
            return command
        try:
            check(command)
        except Invalid as invalid:
            return Refused(_in_one(invalid), self.column_of(row, next(iter(invalid.problems))))
        return replace(command, handed_in_by=self.handed_in_by)

    def column_of(self, row: Row, field: str) -> str:
        """The column a problem with ``field`` is about: the longest of those that feed it."""
        names = {field, f"person.{field}", field.removesuffix("_detail")}
        columns = [
            column
            for name, source in self.profile.fields.items()
            if name in names or name.startswith(f"{field}.")
            for column in source.columns
        ]
        return max(columns, key=lambda column: len(row.text(column)), default="")


class DryRunEnds(Exception):
    """Leaves a unit of work in which rows were only tried out, so that nothing of it is kept."""

    @classmethod
    def now(cls) -> NoReturn:
        """End the dry run.

        Raises:
            DryRunEnds: always.
        """
        raise cls


def create_run(work: Work, *, agency_id: UUID, profile: str, file_name: str, stored_as: str) -> ImportRun:
    """Take note of a file handed in, and ask for its preview.

    Raises:
        Invalid: there is no such profile.
    """
    run = _new_run(work, agency_id, profile, file_name, ImportState.PREVIEWING)
    run.stored_as = stored_as
    work.emit("import.preview", run_id=run.id)
    return run


def queue_run(work: Work, *, agency_id: UUID, profile: str, file_name: str) -> ImportRun:
    """Take note of a file that the caller carries through ``run_import`` itself, without a preview.

    Raises:
        Invalid: there is no such profile.
    """
    run = _new_run(work, agency_id, profile, file_name, ImportState.QUEUED)
    work.record(AuditTag.IMPORT_STARTED, run, profile=run.profile)
    return run


def _new_run(work: Work, agency_id: UUID, profile: str, file_name: str, state: ImportState) -> ImportRun:
    profile_named(profile)
    run = ImportRun(
        reference=new_reference(ReferenceKind.IMPORT),
        agency_id=agency_id,
        created_by=work.actor.user_id,
        handed_in_by_id=work.actor.agency_id,
        created_at=work.now,
        profile=profile,
        file_name=file_name[:200],
        stored_as="",
        state=state,
    )
    work.session.add(run)
    return run


def start_run(work: Work, run_id: UUID) -> ImportRun:
    """Start a previewed run: it waits for a worker.

    Raises:
        Conflict: it was started, cancelled or failed already.
    """
    run = _locked(work, run_id)
    if run.state is not ImportState.PREVIEWED:
        raise Conflict(f"This import is {run.state.label.lower()} already.")
    run.state = ImportState.QUEUED
    work.record(AuditTag.IMPORT_STARTED, run, profile=run.profile)
    work.emit("import.run", run_id=run.id)
    return run


def cancel_run(work: Work, run_id: UUID) -> ImportRun:
    """Cancel a run: one that is running stops without the rows in hand; rows already received stay.

    Raises:
        Conflict: it has ended already.
    """
    run = _locked(work, run_id)
    if run.state in _ENDED:
        raise Conflict(f"This import has {run.state.label.lower()} already.")
    running = run.state in {ImportState.RUNNING, ImportState.CANCELLING}
    if running:
        work.emit("import.run", run_id=run.id)  # ends it even when the worker that had it is gone
    run.state = ImportState.CANCELLING if running else ImportState.CANCELLED
    run.finished_at = None if running else work.now
    work.record(AuditTag.IMPORT_CANCELLED, run)
    return run


def preview(open_work: OpenWork, run_id: UUID, open_file: Callable[[str], BinaryIO]) -> None:
    """Read the whole file and try out its first rows; nothing of it is kept but ``run.preview``.

    A file no row can be read from makes the run FAILED with the sentence that says why.
    """
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id)
        if run.state is not ImportState.PREVIEWING:
            return
        source, stored_as = _source(run), run.stored_as
        found_so_far = _Found(source, work.now)
    try:
        found = _read_through(open_work, found_so_far, stored_as, open_file)
        found |= _try_out(open_work, source, stored_as, open_file)
    except Invalid as invalid:
        _fail(open_work, run_id, " ".join(invalid.problems.values()))
        return
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id, with_for_update=True)
        if run.state is ImportState.PREVIEWING:
            run.preview = found
            run.total = found["rows"]
            run.state = ImportState.PREVIEWED


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
        source, done, stored_as = _source(run), run.done, run.stored_as
    try:
        at_the_end = not cancelled and _take_rows(open_work, run_id, done, stored_as, open_file, source)
    except Invalid as invalid:
        _fail(open_work, run_id, " ".join(invalid.problems.values()))
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
        for rows in _batches(islice(read_rows(stream, source.profile), done, None)):
            if not _take_batch(open_work, run_id, done, rows, source):
                return False
            done += len(rows)
    return True


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in batches; where the file breaks, those before that place come first."""
    batch: list[Row] = []
    broken: Invalid | None = None
    try:
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except Invalid as invalid:
        broken = invalid
    if batch:
        yield batch
    if broken is not None:
        raise broken


def try_row(work: Work, row: Row, source: Source) -> tuple[RowOutcome, str]:
    """What would become of one row, and for a refused row why; for a unit of work that ``DryRunEnds`` will leave."""
    outcome, _, reason = receive_row(replace(work, trial=True), row, source)
    return outcome, reason


def receive_row(work: Work, row: Row, source: Source) -> tuple[RowOutcome, UUID | None, str]:
    """Receive one row: its outcome, the referral's id, and for a refused row the reason."""
    command = source.command(row, work.now)
    if isinstance(command, Refused):
        return RowOutcome.REFUSED, None, command.reason
    try:
        with work.session.begin_nested():
            receipt = receive(work, command)
    except Invalid as invalid:
        return RowOutcome.REFUSED, None, _in_one(invalid)
    return receipt.outcome, receipt.referral_id, ""


def give_up(open_work: OpenWork, run_id: UUID) -> None:
    """Say that a run, or its preview, stopped for a reason that is nobody's file; what was received stays."""
    _fail(open_work, run_id, "Something went wrong on our side. Hand the file in again: no row is received twice.")


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
        reason = _in_one(invalid)
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
        .values({ImportRun.done: done + outcomes.total(), **counted})
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


def _fail(open_work: OpenWork, run_id: UUID, problem: str) -> None:
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id, with_for_update=True)
        if run.state in _ENDED:
            return
        run.state = ImportState.FAILED
        run.problem = problem
        run.finished_at = work.now
        work.record(AuditTag.IMPORT_FINISHED, run, state=run.state.value)


def _in_one(invalid: Invalid) -> str:
    return ". ".join(invalid.problems.values())


def _read_through(
    open_work: OpenWork, found: "_Found", stored_as: str, open_file: Callable[[str], BinaryIO]
) -> dict[str, Any]:
    profile = found.profile
    with open_file(stored_as) as stream:
        rows = read_rows(stream, profile)
        while batch := list(islice(rows, _LOOKUP_BATCH)):
            commands = [(row, command) for row in batch if (command := found.read(row)) is not None]
            with open_work() as work:
                _hold_against_known(work, found, commands)
    return {"mapping": [[name, list(columns)] for name, columns in profile.mapping()], **found.as_data()}


def _hold_against_known(work: Work, found: "_Found", commands: list[tuple[Row, ReceiveReferral]]) -> None:
    """Count the rows whose reference came in before; those that cannot come again so are refused."""
    references = {command.source_ref for _, command in commands}
    rows = work.session.scalars(
        select(Referral)
        .where(Referral.source_system == found.profile.source_system, Referral.source_ref.in_(references))
        .options(selectinload(Referral.amendments))
    )
    known = {referral.source_ref: referral for referral in rows}
    for row, command in commands:
        referral = known.get(command.source_ref)
        if referral is None:
            continue
        if why := refusal(work, referral, command):
            found.refuse(row, why, "source_ref")
        else:
            found.already_known += 1


def _try_out(
    open_work: OpenWork, source: Source, stored_as: str, open_file: Callable[[str], BinaryIO]
) -> dict[str, Any]:
    tried = dict.fromkeys(RowOutcome, 0)
    try:
        with open_file(stored_as) as stream, open_work() as work:
            for row in islice(read_rows(stream, source.profile), ROWS_TRIED):
                outcome, _ = try_row(work, row, source)
                tried[outcome] += 1
            DryRunEnds.now()
    except DryRunEnds:
        pass
    counts = {f"tried_{outcome.value.lower()}": count for outcome, count in tried.items()}
    return {"tried": sum(tried.values()), **counts}


class _Found:
    """What reading a file through has found so far."""

    def __init__(self, source: Source, now: datetime) -> None:
        self.profile, self._source, self._now = source.profile, source, now
        self.encoding = ""
        self.rows = 0
        self.refused = 0
        self.already_known = 0
        self.first_rows: list[dict[str, str]] = []
        self.refused_examples: list[dict[str, Any]] = []
        self.remarks: list[dict[str, Any]] = []

    def read(self, row: Row) -> ReceiveReferral | None:
        """Count one row; its command when it would be taken, whatever came in before, else nothing."""
        self.rows += 1
        if row.encoding != "ascii" or not self.encoding:
            self.encoding = row.encoding
        if self.rows == 1:
            self._remark(row, about_missing_columns(row, self.profile))
        if len(self.first_rows) < _FIRST_ROWS:
            self.first_rows.append(cells_to_show(row, self.profile))
        command = self._source.command(row, self._now)
        if isinstance(command, Refused):
            self._refuse(row, command.reason, command.column)
            return None
        if len(self.remarks) < _EXAMPLES:
            self._remark(row, remarks(row, self.profile, now=self._now))
        return command

    def refuse(self, row: Row, reason: str, field: str) -> None:
        """Count a row that cannot be taken because of ``field``, named as in ``ReceiveReferral``."""
        self._refuse(row, reason, self._source.column_of(row, field))

    def _refuse(self, row: Row, reason: str, column: str) -> None:
        self.refused += 1
        if len(self.refused_examples) < _EXAMPLES:
            self.refused_examples.append({"line": row.line, "reason": reason, "column": column})

    def _remark(self, row: Row, found: Iterable[Remark]) -> None:
        self.remarks += [{"line": row.line, "column": remark.column, "sentence": remark.sentence} for remark in found]

    def as_data(self) -> dict[str, Any]:
        """As JSON-ready data."""
        self.refused_examples.sort(key=lambda example: int(example["line"]))
        return {name: value for name, value in vars(self).items() if name != "profile" and not name.startswith("_")}


def _source(run: ImportRun) -> Source:
    """A file of another agency is handed in for it; one nobody signed in for is its own, through an operator."""
    for_another = run.handed_in_by_id not in {None, run.agency_id}
    return Source(profile_named(run.profile), run.agency_id, run.handed_in_by_id if for_another else None)


def _locked(work: Work, run_id: UUID) -> ImportRun:
    run = work.session.get(ImportRun, run_id, with_for_update=True)
    if run is None:
        raise NotFound
    may_run_import(work.actor, run).require()
    return run
