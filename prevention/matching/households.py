"""Which household a record is of, when records come one by one: the dwelling first, else whoever it surely lives with.

An address without its flat names a whole building once flats behind its number are known: then people say more than
the address. A postcode without a number is most often the one large home there, a care home, when there is one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prevention.matching.blocking import is_dwelling
from prevention.matching.record import Record

#: From how many records on, and from what share of its postcode, a home is taken to be the one that is meant.
_LARGE_HOME, _LARGE_SHARE = 6, 0.3


@dataclass(slots=True)
class Households:
    """The households met so far; each is named by its first record."""

    _of: dict[str, str] = field(default_factory=dict)
    _at: dict[str, str] = field(default_factory=dict)
    _doors: dict[str, set[frozenset[str]]] = field(default_factory=lambda: defaultdict(set))
    _in_postcode: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def take_in(self, record: Record, keys: Sequence[str], with_whom: Callable[[], str | None]) -> str:
        """The household of the record that comes next, whose keys these are.

        ``with_whom`` is asked where the address leaves it open: an earlier record's id that this one surely shares a
        home with, or None.
        """
        household = self._find(record, keys, with_whom) or record.record_id
        self._of[record.record_id] = household
        for key in filter(is_dwelling, keys):
            self._at.setdefault(key, household)
        if number := _number_key(keys):
            self._doors[number].add(record.tokens)
        if record.postcode and (record.tokens or record.uprn):
            self._in_postcode[record.postcode][household] += 1
        return household

    def _find(self, record: Record, keys: Sequence[str], with_whom: Callable[[], str | None]) -> str | None:
        there = min((self._at[key] for key in keys if key in self._at), default=None)
        if there is not None and not self._names_a_building(record, keys):
            return there
        other = with_whom()
        return self._of[other] if other is not None else there or self._large_home(record)

    def _names_a_building(self, record: Record, keys: Sequence[str]) -> bool:
        """Whether the address has no flat though flats behind its number are known; a property number settles it."""
        number = _number_key(keys)
        if record.uprn or number is None or len(record.tokens) > 1:
            return False
        return len(self._doors[number] - {record.tokens}) > 1

    def _large_home(self, record: Record) -> str | None:
        if not record.postcode or record.tokens:
            return None
        homes = self._in_postcode[record.postcode]
        household, records = max(homes.items(), key=lambda home: (home[1], home[0]), default=("", 0))
        return household if records >= _LARGE_HOME and records > _LARGE_SHARE * homes.total() else None


def _number_key(keys: Sequence[str]) -> str | None:
    return next((key for key in keys if key.startswith("house:")), None)
