"""A person as the engine knows them: best evidence over all the records linked to them, never one record alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prevention.matching.compare import Comparison, compare
from prevention.matching.model import Model
from prevention.matching.record import Record

_NAME_FIELDS = ("forename", "surname", "middle", "order")
_OTHER_FIELDS = ("dob", "sex", "nhs_number", "phone", "email", "premises")


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


def best_evidence(comparisons: Sequence[Comparison], model: Model) -> Comparison:
    """The best level of every field over a person's records; the name's levels come from one record together.

    "Missing" gives way to any level that was compared, so that a date of birth which differs is not hidden by a record
    that has none.
    """
    if len(comparisons) == 1:
        return comparisons[0]
    name = max(comparisons, key=lambda each: sum(model.bits[part][getattr(each, part)].person for part in _NAME_FIELDS))
    return Comparison(
        forename=name.forename,
        surname=name.surname,
        middle=name.middle,
        order=name.order,
        **{part: _best(part, comparisons, model) for part in _OTHER_FIELDS},
    )


def _best(part: str, comparisons: Sequence[Comparison], model: Model) -> str:
    levels: set[str] = {getattr(comparison, part) for comparison in comparisons}
    known = sorted(levels - {"missing"}) or ["missing"]
    return max(known, key=lambda level: model.bits[part][level].person)
