"""A model fitted to a deployment's own records, without labels: from the model that is in use, by what they are like.

The levels depend on one another, and how much was learned from labelled records (decision 20): counting alone would
unlearn it. So a level moves by as much as it is more, or less, telling here than where the model was fitted. The model
says of every pair how likely it is of one person, of two members of a household, of strangers; that gives how often
pairs of each kind reach a level here (m, h and u); and its bits become the old ones plus how far log2(m/u) and
log2(h/u) have moved. Repeated until nothing moves (expectation and maximisation). On records like those the model was
fitted on, next to nothing does.

Half of every share is what it was before, however many records there are: left to itself, the repetition makes one
kind of the pairs of a household and another of the rest (decision 23).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp2, log2

from prevention.errors import Invalid
from prevention.matching.compare import LEVELS, Comparison
from prevention.matching.frequencies import NameRarity
from prevention.matching.model import Bits, Model, Shares
from prevention.matching.score import score

#: What was before weighs as much as all pairs of a kind here, and so many more: a level not met here stays as it is.
_SEEN_BEFORE = 20
#: A level that the model was fitted without (NHS numbers): its bits are judgement, and no count can move them.
_NEVER_SEEN = 1e-4
_MOST_ROUNDS = 60
_STILL = 0.01
#: However much more telling a level seems here, by so many bits it moves at most.
_FURTHEST = 3.0
#: From how many bits a pair on, summed over the fields, records are of another kind than those the model was fitted on:
#: other UK households are 0.3 to 2.8, records without addresses 9 to 18, and those taught it nonsense.
_TOO_UNLIKE = 6.0
#: Fewer decisions than that, or fewer of either kind, say too little to move every answer by.
ENOUGH_DECISIONS, ENOUGH_OF_EACH = 100, 20
#: Nor do they move it by more than this, whatever they say.
_MOST_CALIBRATED = 3.0


@dataclass(frozen=True, slots=True)
class Pattern:
    """How many pairs compare so, with names so rare (in whole bits where they agree)."""

    comparison: Comparison
    rarity: NameRarity
    pairs: int


@dataclass(frozen=True, slots=True)
class Decided:
    """Two records about which a person decided whether they are one person."""

    comparison: Comparison
    rarity: NameRarity
    same_person: bool


@dataclass(frozen=True, slots=True)
class Trained:
    """The new model beside the one it came from, and how it was reached.

    ``unlike`` says in bits a pair how unlike these records are to those the model before was fitted on; ``rounds`` is
    None for a list (:mod:`~prevention.matching.lists`), of which each field is learned by itself;
    ``calibrated`` are the bits by which reviewers' decisions moved every answer; None when there were too few.
    """

    model: Model
    before: Model
    pairs: int
    unlike: float
    rounds: int | None
    decisions: int
    calibrated: float | None


def train(
    patterns: Sequence[Pattern], before: Model, *, version: str, records: int, decided: Sequence[Decided] = ()
) -> Trained:
    """Fit ``before`` to the pairs of a table of ``records`` records. Pure: the same input gives an equal model.

    What is said for one dwelling, how names' rarity weighs and the thresholds stay as they were.

    Raises:
        Invalid: there is nothing to learn from, or the records are of another kind (field ``records``).
    """
    pairs = sum(pattern.pairs for pattern in patterns)
    if not pairs:
        raise Invalid({"records": "No two of these records share a key: there is nothing to learn from."})
    unlike = unlikeness(patterns, before)
    if unlike > _TOO_UNLIKE:
        raise Invalid(
            {
                "records": f"These records are too unlike those that model {before.version} was fitted on: by "
                f"{unlike:.1f} bits a pair, and at most {_TOO_UNLIKE:.0f} can be learned from."
            }
        )
    model, rounds = before, 0
    while rounds < _MOST_ROUNDS:
        rounds += 1
        moved = _round(patterns, model, before, records)
        furthest = _distance(model, moved)
        model = moved
        if furthest < _STILL:
            break
    calibrated = _calibration(decided, model)
    if calibrated is not None:
        model = replace(model, prior=replace(model.prior, person=model.prior.person + calibrated))
    about = (
        f"Fitted without labels to {pairs:,} pairs of {records:,} records, from model {before.version}; what is said "
        "for one dwelling, NHS numbers and whatever else these records lack are that model's."
    )
    return Trained(
        model=_rounded(replace(model, version=version, about=about)),
        before=before,
        pairs=pairs,
        unlike=round(unlike, 2),
        rounds=rounds,
        decisions=len(decided),
        calibrated=calibrated,
    )


def _round(patterns: Sequence[Pattern], model: Model, before: Model, records: int) -> Model:
    """What the pairs are by ``model``, and the model that follows: ``before``, moved by what is otherwise here."""
    counted = {name: {level: [0.0, 0.0, 0.0] for level in levels} for name, levels in LEVELS.items()}
    whole = [0.0, 0.0, 0.0]
    for pattern in patterns:
        told = score(pattern.comparison, model, pattern.rarity)
        kinds = told.p_same_person, told.p_other_member, max(0.0, 1 - told.p_same_person - told.p_other_member)
        for kind, likely in enumerate(kinds):
            count = likely * pattern.pairs
            whole[kind] += count
            for name, levels in counted.items():
                levels[getattr(pattern.comparison, name)][kind] += count
    shares = {
        name: {level: _share(counts, whole, before.shares[name][level]) for level, counts in levels.items()}
        for name, levels in counted.items()
    }
    pairs = sum(whole)
    known = before.prior_shares.m, before.prior_shares.h, before.prior_shares.u
    now = [(count + _SEEN_BEFORE * share) / (pairs + _SEEN_BEFORE) for count, share in zip(whole, known, strict=True)]
    return _moved(before, shares, Shares(*now), records)


def _share(counts: Sequence[float], whole: Sequence[float], before: Shares) -> Shares:
    """How often pairs of each kind reach a level: the mean of what it is here and what it was before."""
    found = [
        (count + (of_all + _SEEN_BEFORE) * known) / (2 * of_all + _SEEN_BEFORE)
        for count, of_all, known in zip(counts, whole, (before.m, before.h, before.u), strict=True)
    ]
    return Shares(*found)


def _moved(before: Model, shares: Mapping[str, Mapping[str, Shares]], kinds: Shares, records: int) -> Model:
    """``before`` with every level's bits moved by how much more it tells here; what "missing" says is the prior's."""
    person, household = _shift(before.prior_shares, kinds)
    prior = Bits(before.prior.person + person, before.prior.household + household, before.prior.home)
    bits: dict[str, dict[str, Bits]] = {}
    for name, levels in LEVELS.items():
        was, now = before.shares[name], shares[name]
        found = {level: _bits(before.bits[name][level], was[level], now[level]) for level in levels}
        silent = found["missing" if "missing" in levels else "straight"]
        bits[name] = {level: each if _is_judged(was[level]) else _less(each, silent) for level, each in found.items()}
        prior = Bits(prior.person + silent.person, prior.household + silent.household, prior.home)
    return replace(
        before,
        prior=prior,
        prior_shares=kinds,
        prior_records=max(records, before.prior_records),
        shares=shares,
        bits=bits,
    )


def unlikeness(patterns: Sequence[Pattern], before: Model) -> float:
    """How far the pairs' levels are from those the model was fitted on, in bits a pair (Kullback and Leibler's)."""
    pairs = sum(pattern.pairs for pattern in patterns)
    kinds, far = before.prior_shares, 0.0
    for name in LEVELS:
        here: Counter[str] = Counter()
        for pattern in patterns:
            here[getattr(pattern.comparison, name)] += pattern.pairs
        for level, count in here.items():
            known = before.shares[name][level]
            expected = kinds.m * known.m + kinds.h * known.h + kinds.u * known.u
            if not _is_judged(known):
                far += count / pairs * log2(count / pairs / expected)
    return far


def _shift(before: Shares, now: Shares) -> tuple[float, float]:
    return (
        log2(now.m / before.m) - log2(now.u / before.u),
        log2(now.h / before.h) - log2(now.u / before.u),
    )


def _is_judged(before: Shares) -> bool:
    return max(before.m, before.h, before.u) < _NEVER_SEEN


def _bits(bits: Bits, before: Shares, now: Shares) -> Bits:
    if _is_judged(before):
        return bits
    person, household = (max(-_FURTHEST, min(_FURTHEST, each)) for each in _shift(before, now))
    return Bits(bits.person + person, bits.household + household, bits.home)


def _less(bits: Bits, silent: Bits) -> Bits:
    return Bits(bits.person - silent.person, bits.household - silent.household, bits.home)


def _distance(one: Model, other: Model) -> float:
    apart = [abs(one.prior.person - other.prior.person), abs(one.prior.household - other.prior.household)]
    for name, levels in LEVELS.items():
        for level in levels:
            first, second = one.bits[name][level], other.bits[name][level]
            apart += [abs(first.person - second.person), abs(first.household - second.household)]
    return max(apart)


def _calibration(decided: Sequence[Decided], model: Model) -> float | None:
    """By how many bits every answer has to move so that as many are the same person as people said."""
    same = sum(each.same_person for each in decided)
    if len(decided) < ENOUGH_DECISIONS or min(same, len(decided) - same) < ENOUGH_OF_EACH:
        return None
    bits = [score(each.comparison, model, each.rarity).bits for each in decided]
    low, high = -_MOST_CALIBRATED, _MOST_CALIBRATED
    while high - low > 0.001:
        middle = (low + high) / 2
        if sum(1 / (1 + exp2(-(each + middle))) for each in bits) < same:
            low = middle
        else:
            high = middle
    return round((low + high) / 2, 3)


def _rounded(model: Model) -> Model:
    """To the places that a model's file has."""
    return replace(
        model,
        prior=_to_places(model.prior),
        prior_shares=_to_digits(model.prior_shares),
        shares={
            name: {level: _to_digits(each) for level, each in levels.items()} for name, levels in model.shares.items()
        },
        bits={name: {level: _to_places(each) for level, each in levels.items()} for name, levels in model.bits.items()},
    )


def _to_places(bits: Bits) -> Bits:
    return Bits(round(bits.person, 3), round(bits.household, 3), round(bits.home, 3))


def _to_digits(shares: Shares) -> Shares:
    return Shares(float(f"{shares.m:.3g}"), float(f"{shares.h:.3g}"), float(f"{shares.u:.3g}"))
