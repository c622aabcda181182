"""The preview of a file: all of it is read, its first rows are tried out, and nothing is kept but ``run.preview``."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, NoReturn
from uuid import UUID

from prevention.domain.imports import ImportState, RowOutcome
from prevention.domain.intake.conversion import (
    Refused,
    Remark,
    about_missing_columns,
    cells_to_show,
    mapping_of,
    remarks,
)
from prevention.domain.intake.rows import Row, in_batches, read_rows
from prevention.domain.referral import ReceiveReferral
from prevention.errors import Conflict, Invalid
from prevention.models.imports import ImportRun
from prevention.services.imports.running import BATCH
from prevention.services.imports.runs import fail, keep
from prevention.services.imports.source import OpenWork, Source, in_one, source_of
from prevention.services.referrals.intake import known_referrals, receive_all
from prevention.services.referrals.resending import Known, known_as, known_once_received, refusal
from prevention.services.work import Work

#: Rows tried out, and rolled back, for the preview's "new, joined, for review".
ROWS_TRIED = 200
_FIRST_ROWS = 10
_EXAMPLES = 50
_LOOKUP_BATCH = 1000


class DryRunEnds(Exception):
    """Leaves a unit of work in which rows were only tried out, so that nothing of it is kept."""

    @classmethod
    def now(cls) -> NoReturn:
        """End the dry run.

        Raises:
            DryRunEnds: always.
        """
        raise cls


def preview(open_work: OpenWork, run_id: UUID, open_file: Callable[[str], BinaryIO]) -> None:
    """Read the whole file and try out its first rows; nothing of it is kept but ``run.preview``.

    A file no row can be read from makes the run FAILED with the sentence that says why.
    """
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id)
        if run.state is not ImportState.PREVIEWING:
            return
        source, stored_as, now = source_of(run), run.stored_as, work.now
    try:
        with open_file(stored_as) as stream:
            source = source.read_through(stream)
        found_so_far = _Found(source, now)
        found = _read_through(open_work, run_id, found_so_far, stored_as, open_file)
        found |= _try_out(open_work, source, stored_as, open_file)
    except Invalid as invalid:
        fail(open_work, run_id, " ".join(invalid.problems.values()))
        return
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id, with_for_update=True)
        if run.state is ImportState.PREVIEWING:
            run.preview = found
            run.total = found["rows"]
            run.state = ImportState.PREVIEWED


def try_rows(work: Work, rows: Iterable[Row], source: Source) -> Iterator[tuple[Row, RowOutcome, str]]:
    """What would become of each row, and for a refused row why; for a unit of work that ``DryRunEnds`` will leave."""
    for batch in in_batches(rows, BATCH):
        try:
            yield from _try_together(work, batch, source)
        except (Invalid, Conflict):
            for row in batch:
                yield _try_row(work, row, source)


def _try_row(work: Work, row: Row, source: Source) -> tuple[Row, RowOutcome, str]:
    try:
        return _try_together(work, [row], source)[0]
    except Invalid as invalid:
        return row, RowOutcome.REFUSED, in_one(invalid)


def _try_together(work: Work, rows: list[Row], source: Source) -> list[tuple[Row, RowOutcome, str]]:
    commands = [(row, source.command(row, work.now)) for row in rows]
    taken = [command for _, command in commands if not isinstance(command, Refused)]
    with work.session.begin_nested():
        receipts = iter(receive_all(replace(work, trial=True), taken))
    return [
        (row, RowOutcome.REFUSED, command.reason) if isinstance(command, Refused) else (row, next(receipts).outcome, "")
        for row, command in commands
    ]


def _read_through(
    open_work: OpenWork, run_id: UUID, found: "_Found", stored_as: str, open_file: Callable[[str], BinaryIO]
) -> dict[str, Any]:
    profile = found.profile
    with open_file(stored_as) as stream:
        for batch in in_batches(read_rows(stream, profile), _LOOKUP_BATCH):
            commands = [(row, command) for row in batch if (command := found.read(row)) is not None]
            with open_work() as work:
                keep(work, run_id)
                _hold_against_known(work, found, commands)
    return found.as_data()


def _hold_against_known(work: Work, found: "_Found", commands: list[tuple[Row, ReceiveReferral]]) -> None:
    """Count the rows whose reference came in before or stands above in the file; refuse those that cannot come again.

    Only what the file says several times is remembered until its end.
    """
    referrals = known_referrals(work, [command.reference for _, command in commands])
    for row, command in commands:
        referral = referrals.get(command.reference)
        known = found.said_above.get(command.source_ref)
        if known is None and referral is not None:
            known = known_as(work, referral, command)
        if known is not None and (why := refusal(known, command)):
            found.refuse(row, why, "source_ref")
            continue
        found.already_known += referral is not None
        found.said_twice += referral is None and known is not None
        if found.says_again(command):
            after = known.after(command) if known is not None else known_once_received(work, command)
            found.said_above[command.source_ref] = after


def _try_out(
    open_work: OpenWork, source: Source, stored_as: str, open_file: Callable[[str], BinaryIO]
) -> dict[str, Any]:
    tried = dict.fromkeys(RowOutcome, 0)
    try:
        with open_file(stored_as) as stream, open_work() as work:
            for _, outcome, _ in try_rows(work, islice(read_rows(stream, source.profile), ROWS_TRIED), source):
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
        self.said_twice = 0
        self.said_above: dict[str, Known] = {}
        self.mapping: list[tuple[str, list[str]]] = []
        self.first_rows: list[dict[str, str]] = []
        self.refused_examples: list[dict[str, Any]] = []
        self.remarks: list[dict[str, Any]] = []

    def read(self, row: Row) -> ReceiveReferral | None:
        """Count one row; its command when it would be taken, whatever came in before, else nothing."""
        self.rows += 1
        if row.encoding != "ascii" or not self.encoding:
            self.encoding = row.encoding
        if self.rows == 1:
            self.mapping = mapping_of(row, self.profile)
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

    def says_again(self, command: ReceiveReferral) -> bool:
        """Whether the command's reference stands in several rows of the file."""
        return command.source_ref in self._source.last_lines

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
        hidden = {"profile", "said_above"}
        return {name: value for name, value in vars(self).items() if name not in hidden and not name.startswith("_")}
