"""A person as the engine knows them: best evidence over all the records linked to them, never one record alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from prevention.matching.compare import Comparison, compare
from prevention.matching.record import Record


@dataclass(frozen=True, slots=True)
class Profile:
    """One known person (or one open case's person): an identifier and their records, in a fixed order."""

    profile_id: str
    records: tuple[Record, ...]

    @classmethod
    def of(cls, profile_id: str, records: Iterable[Record]) -> "Profile":
        """A profile whose records are ordered by their identifiers: same records, same bytes. Needs at least one."""
        ordered = tuple(sorted(records, key=lambda record: record.record_id))
        if not ordered:
            raise ValueError("A profile needs at least one record.")
        return cls(profile_id, ordered)

    def comparisons(self, new: Record) -> list[Comparison]:
        """The new record against each of the profile's records."""
        return [compare(new, record) for record in self.records]
