"""Lists of people: names and births without homes. Their keys, and a model learned from nothing but the list.

What was learned of referrals says little of them, and training refuses them: gaps would be learned as if people were
so (decision 23). Here nothing is taken over but the levels. How often strangers reach a level (u) is counted on pairs
picked at random. How often two records of one person do (m) is found on pairs that agree in one field, by expectation
and maximisation over the others, one such field after another. There are two classes: nobody is of a household.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb, exp2, log2
from random import Random

from prevention.errors import Invalid
from prevention.matching import blocking
from prevention.matching.compare import LEVELS, Comparison, compare
from prevention.matching.frequencies import KNOWN_BEFORE, Frequencies
from prevention.matching.model import Bits, Model, Rarity, Shares
from prevention.matching.record import Record
from prevention.matching.score import score
from prevention.matching.training import Pattern

_Shares = dict[str, dict[str, float]]

#: Pairs picked at random, and the seed they are picked by: the same list gives the same model.
_AT_RANDOM, _SEED = 200_000, 1
#: A value that more records share says too little of a person to learn from.
_MOST_ALIKE = 200
#: Fewer pairs of one person than that teach nothing about the fields beside the one they agree in.
_ENOUGH_PAIRS = 50
_MOST_ROUNDS, _STILL = 300, 1e-5
_SEEN_BEFORE = 0.5
#: So improbable is another member of a household here.
_NEVER = -60.0
_ABOUT = (
    "Learned from a list of {records:,} people and from nothing else: not for referrals, whose households it does not "
    "know. What is said for one dwelling, and levels not met in the list, are those of model {version}."
)


def keys(record: Record) -> tuple[str, ...]:
    """The keys of a record in a list: those of a referral, and each of its parts by itself, as little else is there.

    For comparing a whole table; none of them is stored.
    """
    found = set(blocking.keys(record))
    parts = (
        ("day", record.dob.isoformat() if record.dob else ""),
        ("post", record.postcode or ""),
        ("mailbox", record.email.split("@")[0] if record.email else ""),
        *(("word", word) for word in (*record.forenames[:1], *record.surnames)),
    )
    return tuple(sorted(found | {f"{kind}:{value}" for kind, value in parts if value}))


def learn(records: Sequence[Record], before: Model, version: str) -> Model:
    """The model of a list, but for its prior (:func:`with_prior`); thresholds and words about homes are ``before``'s.

    Pure: the same records give an equal model.

    Raises:
        Invalid: no two records agree in anything, so that there is nothing to learn from (field ``records``).
    """
    strangers = _at_random(records)
    u = _shares(strangers)
    # Names are compared in whichever order they agree better: what that is worth by chance, their own levels say.
    u["order"] = dict.fromkeys(u["order"], 1.0)
    learned: dict[str, list[dict[str, float]]] = defaultdict(list)
    met = set(strangers)
    for fields, value in _AGREEING.items():
        counted = Counter(compare(records[one], records[other]) for one, other in _alike(records, value))
        others = [name for name in LEVELS if name not in fields]
        pairs, m = _of_one_person(counted, u, before, others)
        if pairs >= _ENOUGH_PAIRS:
            met |= set(counted)
            for name in others:
                learned[name].append(m[name])
    if not learned:
        raise Invalid({"records": "Too few of these records agree in anything: there is nothing to learn from."})
    m = {name: {level: _mean(each[level] for each in told) for level in told[0]} for name, told in learned.items()}
    shares = {
        name: {
            level: Shares(m[name][level], u[name][level], u[name][level])
            for level in levels
            if name in m and level in u[name] and any(getattr(each, name) == level for each in met)
        }
        for name, levels in LEVELS.items()
    }
    return replace(
        before,
        version=version,
        about=_ABOUT.format(records=len(records), version=before.version),
        prior=Bits(0.0, _NEVER, before.prior.home),
        prior_records=len(records),
        shares={name: dict(before.shares[name]) | shares[name] for name in LEVELS},
        bits={name: _bits(before.bits[name], shares[name]) for name in LEVELS},
        rarity={
            part: _rarity(counts, len(records), before.rarity[part]) for part, counts in _names_of(records).items()
        },
    )


def with_prior(model: Model, patterns: Sequence[Pattern]) -> Model:
    """The model with the prior by which as many of all pairs of the list are one person as it then finds.

    ``patterns`` are those of the pairs that share a key; no other pair counts as one person.
    """
    bits = [(score(pattern.comparison, model, pattern.rarity).bits, pattern.pairs) for pattern in patterns]
    everybody = model.prior_records * (model.prior_records - 1) / 2
    found = min(everybody / 2, float(model.prior_records))
    prior = 0.0
    for _ in range(_MOST_ROUNDS):
        prior = log2(found / (everybody - found))
        now = max(1.0, sum(pairs / (1 + exp2(-(each + prior))) for each, pairs in bits))
        if abs(now - found) < _STILL * found:
            break
        found = min(now, everybody / 2)
    share = found / everybody
    return replace(
        model,
        prior=replace(model.prior, person=round(prior, 3)),
        prior_shares=Shares(share, 0.0, 1 - share),
    )


# --- pairs to learn from --------------------------------------------------------------------------------------------


def _full_name(record: Record) -> str:
    return f"{record.forenames[0]} {record.surname}" if record.forenames and record.surnames else ""


#: The fields that say nothing more about a pair that agrees in a value, and that value.
_AGREEING: Mapping[tuple[str, ...], Callable[[Record], object]] = {
    ("dob",): lambda record: record.dob,
    ("forename", "surname", "order"): _full_name,
    ("premises",): lambda record: record.postcode,
    ("email",): lambda record: record.email,
    ("phone",): lambda record: record.phone,
    ("nhs_number",): lambda record: record.nhs_number,
}


def _alike(records: Sequence[Record], value: Callable[[Record], object]) -> Iterator[tuple[int, int]]:
    places: dict[object, list[int]] = defaultdict(list)
    for at, record in enumerate(records):
        if found := value(record):
            places[found].append(at)
    for together in places.values():
        if len(together) <= _MOST_ALIKE:
            yield from combinations(together, 2)


def _at_random(records: Sequence[Record]) -> Counter[Comparison]:
    """How pairs picked at random compare: next to none of them is one person."""
    rng = Random(_SEED)  # noqa: S311 - no secret
    pairs = min(_AT_RANDOM, comb(len(records), 2))
    picked = (rng.sample(range(len(records)), 2) for _ in range(pairs))
    return Counter(compare(records[one], records[other]) for one, other in picked)


# --- shares ---------------------------------------------------------------------------------------------------------


def _shares(counted: Mapping[Comparison, float]) -> _Shares:
    """How often each level is reached, of the pairs in which the field says anything; none is quite impossible."""
    counts: dict[str, dict[str, float]] = {
        name: dict.fromkeys((level for level in levels if level != "missing"), _SEEN_BEFORE)
        for name, levels in LEVELS.items()
    }
    for comparison, pairs in counted.items():
        for name, levels in counts.items():
            level = getattr(comparison, name)
            if level in levels:
                levels[level] += pairs
    return {
        name: {level: count / sum(levels.values()) for level, count in levels.items()}
        for name, levels in counts.items()
    }


def _of_one_person(
    counted: Counter[Comparison], u: _Shares, before: Model, fields: Sequence[str]
) -> tuple[float, _Shares]:
    """How many of these pairs are one person, and how often those reach each level of ``fields``; ``u`` stays."""
    m = {name: _normal({level: before.shares[name][level].m for level in u[name]}) for name in LEVELS}
    pairs, share = counted.total(), 0.5
    for _ in range(_MOST_ROUNDS):
        bits = {name: {level: log2(m[name][level] / u[name][level]) for level in u[name]} for name in fields}
        prior = log2(share / (1 - share))
        likely = {
            comparison: count / (1 + exp2(-(prior + _sum(comparison, bits)))) for comparison, count in counted.items()
        }
        share = min(max(sum(likely.values()) / max(1, pairs), 1e-6), 1 - 1e-6)
        now = _shares(likely)
        furthest = max(abs(now[name][level] - m[name][level]) for name in fields for level in u[name])
        m = now
        if furthest < _STILL:
            break
    return share * pairs, m


def _sum(comparison: Comparison, bits: Mapping[str, Mapping[str, float]]) -> float:
    return sum(levels.get(getattr(comparison, name), 0.0) for name, levels in bits.items())


def _normal(shares: dict[str, float]) -> dict[str, float]:
    whole = sum(shares.values())
    return {level: share / whole for level, share in shares.items()}


# --- what becomes of them -------------------------------------------------------------------------------------------


def _bits(before: Mapping[str, Bits], shares: Mapping[str, Shares]) -> dict[str, Bits]:
    """What each level says; of a household nothing does. One that was not met says what it did before."""
    told = {level: round(log2(each.m / each.u), 3) for level, each in shares.items()}
    return {level: Bits(told.get(level, was.person), 0.0, was.home) for level, was in before.items()}


def _names_of(records: Sequence[Record]) -> dict[str, Mapping[str, int]]:
    counted = Frequencies.of(records)
    return {"forename": counted.forenames, "surname": counted.surnames}


def _rarity(counts: Mapping[str, int], records: int, before: Rarity) -> Rarity:
    """Rarity counts in full, and is told from the names that agree by chance: what "exact" says holds for those."""
    whole = sum(counts.values())
    by_chance = sum(count * count / whole / (records + KNOWN_BEFORE) for count in counts.values())
    typical = round(-log2(by_chance), 3) if by_chance else before.typical
    return Rarity(typical=typical, bits=replace(before.bits, person=1.0, household=0.0), shares={}, unlisted=1e-9)


def _mean(numbers: Iterable[float]) -> float:
    held = tuple(numbers)
    return sum(held) / len(held)
