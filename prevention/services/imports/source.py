"""Where the rows of a file come from: how they are read, whose they are, and which other agency hands them in."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from prevention.domain.intake.conversion import (
    Refused,
    row_reference,
    to_command,
)
from prevention.domain.intake.profile import Profile, profile_named
from prevention.domain.intake.rows import Row, read_rows
from prevention.domain.referral import ReceiveReferral
from prevention.errors import Invalid
from prevention.models.imports import ImportRun
from prevention.services.referrals.checking import check
from prevention.services.work import Work

#: Opens a unit of work for the run's actor.
OpenWork = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of a file come from: how they are read, whose they are, and which other agency hands them in.

    ``last_lines``: references that stand in several of its rows, with the line of the last.
    """

    profile: Profile
    agency_id: UUID
    handed_in_by: UUID | None = None
    run_id: UUID | None = None
    last_lines: Mapping[str, int] = field(default_factory=dict)

    def read_through(self, stream: BinaryIO) -> "Source":
        """The same, knowing which references of the file stand in several rows; ``stream`` is used up.

        A file that no row can be read from is no error here: it is read again to take its rows.
        """
        last: dict[str, int] = {}
        several: set[str] = set()
        with suppress(Invalid):
            for row in read_rows(stream, self.profile):
                if not row.problem and (reference := row_reference(row, self.profile)):
                    if reference in last:
                        several.add(reference)
                    last[reference] = row.line
        return replace(self, last_lines={reference: last[reference] for reference in several})

    def command(self, row: Row, now: datetime) -> ReceiveReferral | Refused:
        """The command a row stands for, or why it cannot be taken, whatever came in before."""
        command = to_command(row, self.profile, self.agency_id, now=now)
        if isinstance(command, Refused):
            return command
        try:
            check(command)
        except Invalid as invalid:
            return Refused(in_one(invalid), self.column_of(row, next(iter(invalid.problems))))
        last = self.last_lines.get(command.source_ref, row.line)
        return replace(command, handed_in_by=self.handed_in_by, import_run_id=self.run_id, said_again=row.line < last)

    def column_of(self, row: Row, about: str) -> str:
        """The column a problem with ``about`` is about: the longest of those that feed it."""
        names = {about, f"person.{about}", about.removesuffix("_detail")}
        columns = [
            column
            for name, source in self.profile.fields.items()
            if name in names or name.startswith(f"{about}.")
            for column in source.columns
        ]
        return max(columns, key=lambda column: len(row.text(column)), default="")


def in_one(invalid: Invalid) -> str:
    """Everything that is wrong, in one line."""
    return ". ".join(invalid.problems.values())


def source_of(run: ImportRun) -> Source:
    """The source of a run: a file of another agency is handed in for it; one nobody signed in for is its own."""
    for_another = run.handed_in_by_id not in {None, run.agency_id}
    return Source(profile_named(run.profile), run.agency_id, run.handed_in_by_id if for_another else None, run.id)
