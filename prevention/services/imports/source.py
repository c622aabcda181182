"""Where the rows of a file come from: how they are read, whose they are, and which other agency hands them in."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from prevention.domain.intake.conversion import (
    Refused,
    to_command,
)
from prevention.domain.intake.profile import Profile, profile_named
from prevention.domain.intake.rows import Row
from prevention.domain.referral import ReceiveReferral
from prevention.errors import Invalid
from prevention.models.imports import ImportRun
from prevention.services.referrals.checking import check
from prevention.services.work import Work

#: Opens a unit of work for the run's actor.
OpenWork = Callable[[], AbstractContextManager[Work]]


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
            return Refused(in_one(invalid), self.column_of(row, next(iter(invalid.problems))))
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


def in_one(invalid: Invalid) -> str:
    """Everything that is wrong, in one line."""
    return ". ".join(invalid.problems.values())


def source_of(run: ImportRun) -> Source:
    """The source of a run: a file of another agency is handed in for it; one nobody signed in for is its own."""
    for_another = run.handed_in_by_id not in {None, run.agency_id}
    return Source(profile_named(run.profile), run.agency_id, run.handed_in_by_id if for_another else None)
