"""How common names are: what the store has counted so far, on top of what the model knew before the first record."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log2

from prevention.matching.model import Model
from prevention.matching.record import Record

#: As many records as the model's own shares weigh: below that they lead, above it the store's own counts do.
KNOWN_BEFORE = 2000


@dataclass(frozen=True, slots=True)
class Frequencies:
    """Counts of the names of a store: ``records`` in all, and how many have a forename or a surname (folded)."""

    records: int = 0
    forenames: Mapping[str, int] = field(default_factory=dict)
    surnames: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Frequencies":
        """Count the names of records."""
        held = tuple(records)
        return cls(
            len(held),
            Counter(record.forenames[0] for record in held if record.forenames),
            Counter(record.surname for record in held if record.surnames),
        )

    def rarity(self, record: Record, model: Model) -> "NameRarity":
        """How rare a record's names are in a store of these names."""
        return NameRarity(
            records=self.records,
            forename=self._rarity("forename", record.forenames[0], self.forenames, model) if record.forenames else 0.0,
            surname=self._rarity("surname", record.surname, self.surnames, model) if record.surnames else 0.0,
        )

    def _rarity(self, part: str, name: str, counts: Mapping[str, int], model: Model) -> float:
        known = model.rarity[part]
        before = known.shares.get(name, known.unlisted)
        share = (counts.get(name, 0) + before * KNOWN_BEFORE) / (self.records + KNOWN_BEFORE)
        return -log2(share) - known.typical


@dataclass(frozen=True, slots=True)
class NameRarity:
    """How many bits rarer than typical a new record's names are (below zero: commoner), in a store of ``records``."""

    records: int = 0
    forename: float = 0.0
    surname: float = 0.0
