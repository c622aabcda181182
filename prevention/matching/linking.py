"""A whole file taken in record by record, in memory: what the product does one referral at a time, without a database.

For trying a model on a file, for benchmarks, and for the commands ``flask matching link`` and ``score-pairs``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prevention.domain.match import MatchDecision
from prevention.matching.blocking import cap, keys
from prevention.matching.decide import Outcome, choose, decide
from prevention.matching.frequencies import Frequencies, NameRarity
from prevention.matching.households import Households
from prevention.matching.model import Model, default_model
from prevention.matching.profile import Profile
from prevention.matching.record import Record

#: Most people a record is compared with, those who share the most keys first.
MOST_PEOPLE = 80
#: How likely one home must be, above even odds as a household that is joined wrongly draws others in; and how many of
#: the likeliest people are gone through record by record.
_LIVES_WITH, _MOST_NEIGHBOURS = 0.6, 4


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of one record: whose it is, of which household, and how surely.

    ``probability`` is that of the likeliest known person (0 when there is none); one for review stays apart, as a
    person of its own.
    """

    record_id: str
    person_id: str
    household_id: str
    decision: MatchDecision
    probability: float


@dataclass(slots=True)
class Linker:
    """The people met so far. ``frequencies`` are those of the whole file, so that its order does not change a score."""

    model: Model
    frequencies: Frequencies
    _by_key: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _person_of: dict[str, str] = field(default_factory=dict)
    _households: Households = field(default_factory=Households)
    _records_of: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))

    def take_in(self, record: Record) -> Linked:
        """Decide whose a record is and keep it; ids of people and households are those of their first records."""
        found = keys(record)
        rarity = self.frequencies.rarity(record, self.model)
        outcomes = choose(record, self._candidates(found), self.model, rarity)
        best = outcomes[0] if outcomes else None
        joined = best is not None and best.decision is MatchDecision.JOINED
        person_id = best.profile_id if best is not None and joined else record.record_id
        household_id = self._households.take_in(record, found, lambda: self._with_whom(record, outcomes, rarity))
        self._keep(record, found, person_id)
        return Linked(
            record_id=record.record_id,
            person_id=person_id,
            household_id=household_id,
            decision=best.decision if best else MatchDecision.NEW,
            probability=best.p_same_person if best else 0.0,
        )

    def _candidates(self, found: Iterable[str]) -> list[Profile]:
        shared: Counter[str] = Counter()
        for key in found:
            holders = self._by_key.get(key, ())
            if len(holders) <= cap(key):
                shared.update({self._person_of[holder] for holder in holders})
        likeliest = sorted(shared, key=lambda person_id: (-shared[person_id], person_id))[:MOST_PEOPLE]
        return [Profile.of(person_id, self._records_of[person_id]) for person_id in likeliest]

    def _with_whom(self, record: Record, outcomes: Sequence[Outcome], rarity: NameRarity) -> str | None:
        """The one earlier record that this most likely shares a home with, if that is likely enough.

        Record by record: a person's records may be of several homes.
        """
        people = sorted(outcomes, key=lambda outcome: (-outcome.p_same_household, outcome.profile_id))
        likely = [
            (decide(record, Profile.of("", [other]), self.model, rarity).p_same_household, other.record_id)
            for person in people[:_MOST_NEIGHBOURS]
            if person.p_same_household > _LIVES_WITH
            for other in self._records_of[person.profile_id]
        ]
        probability, record_id = max(likely, default=(0.0, None))
        return record_id if probability > _LIVES_WITH else None

    def _keep(self, record: Record, found: Iterable[str], person_id: str) -> None:
        self._person_of[record.record_id] = person_id
        self._records_of[person_id].append(record)
        for key in found:
            self._by_key[key].append(record.record_id)


def link(records: Sequence[Record], model: Model | None = None) -> Iterator[Linked]:
    """Take records in, in their order, and say of each what became of it."""
    linker = Linker(model or default_model(), Frequencies.of(records))
    for record in records:
        yield linker.take_in(record)


def candidates_in(records: Sequence[Record]) -> Iterator[tuple[int, list[int]]]:
    """The place of each record, with the places of those after it that share a key with it, in their order."""
    keys_of = [keys(record) for record in records]
    by_key: dict[str, list[int]] = defaultdict(list)
    for at, found in enumerate(keys_of):
        for key in found:
            by_key[key].append(at)
    for at, found in enumerate(keys_of):
        shared = [by_key[key] for key in found if len(by_key[key]) <= cap(key)]
        yield at, sorted({other for holders in shared for other in holders if other > at})


def score_pairs(records: Sequence[Record], model: Model | None = None) -> Iterator[tuple[Record, Record, Outcome]]:
    """Every two records that share a key and may be one person or of one home (above 1 %), in their order."""
    weights = model or default_model()
    frequencies = Frequencies.of(records)
    for at, others in candidates_in(records):
        record = records[at]
        rarity = frequencies.rarity(record, weights)
        for other in others:
            outcome = decide(record, Profile.of(records[other].record_id, [records[other]]), weights, rarity)
            if max(outcome.p_same_person, outcome.p_same_household) > 0.01:
                yield record, records[other], outcome
