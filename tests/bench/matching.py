"""How right the engine is beside Splink 5, on the same labelled records in the same run (``../shared/data/linkage``).

Referrals of UK households: every two records scored, and all of them taken in one by one, by the shipped model. Splink
scores the pairs of its own blocking rules and makes groups of what it finds likely. A pair is found at even odds; it is
linked unasked when the engine joins it, or Splink gives it the probability from which its examples make groups.

Lists of people that others measure themselves on: pairs scored, and groups made of them.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import combinations
from math import exp2, log2
from time import perf_counter
from typing import NamedTuple

from prevention.adapters.whole_table import WholeTable, learn_from_list
from prevention.cli.matching_tables import BITS_OF_ONE_PERSON
from prevention.domain.local_time import LONDON
from prevention.domain.match import MatchDecision
from prevention.matching import lists
from prevention.matching.evaluation import (
    after_review,
    b_cubed,
    best_rates,
    calibration_error,
    pairs_within,
    pairwise,
    rates_of,
    reliability,
)
from prevention.matching.linking import candidates_in, link, score_pairs
from prevention.matching.model import default_model
from prevention.matching.record import Record
from tests.bench import splink_models
from tests.bench.environment import machine
from tests.bench.labelled import HOUSEHOLDS, NAMES, SHARED, Labelled, read

_SURE_BITS = log2(splink_models.CLUSTERS_FROM / (1 - splink_models.CLUSTERS_FROM))
_Places = tuple[int, int]
#: What is measured → the figure.
_Figures = dict[str, str]
#: What the product promises itself, on records it was not fitted on too.
_LIMITS = {
    "Scored pairs, F1 at best (bits)": "≥ .975 (within 1)",
    "Scored pairs, F1 at even odds": "essnet ≥ .987",
    "Expected calibration error": "≤ .03",
    "Pairs found: in two homes, names swapped": "≥ .80, .93",
    "Pairs of two members linked unasked: all, one name, born on one day": "≤ .1%, 5%, 5%",
    "True pairs among the candidates, candidates a record": "≥ .995, ≤ 30",
    "… once a person has answered rightly: pairs F1, B-cubed F1": "≥ .985, .993",
    "Joined unasked and right": "≥ .997",
    "Left for a person": "≤ 5%",
    "Recall once a person has answered rightly": "≥ .985",
    "Households F1: pairs, taken in": "≥ .95",
}


class Scored(NamedTuple):
    """Two records by their places, the log-odds that they are one person, and whether they are linked unasked."""

    left: int
    right: int
    bits: float
    linked: bool

    @property
    def places(self) -> _Places:
        return self.left, self.right

    @property
    def probability(self) -> float:
        return 1 / (1 + exp2(-self.bits))


@dataclass(frozen=True)
class Truth:
    """What is true of a set of records: how many pairs are one person, and which pairs are of an awkward kind."""

    pairs: int
    moved: Collection[_Places]
    swapped: Collection[_Places]
    members: Collection[_Places]
    namesakes: Collection[_Places]
    twins: Collection[_Places]


def run(names: Collection[str] = ()) -> str:
    """The tables of docs/benchmarks.md, for the sets of records named, or for all."""
    if not SHARED.exists():
        return f"Not measured: the labelled records are not here ({SHARED})."
    head = (
        f"{datetime.now(LONDON):%-d %B %Y}, {machine()}; Splink {version('splink')}, DuckDB {version('duckdb')}; "
        f"model {default_model().version}."
    )
    wanted = [name for name in NAMES if name in names or not names]
    households = [name for name in wanted if name in HOUSEHOLDS]
    lists = [name for name in wanted if name not in HOUSEHOLDS]
    parts = [head]
    if households:
        parts += _households(households)
    if lists:
        parts.append(_lists(lists))
    return "\n\n".join(parts)


# --- referrals of UK households -------------------------------------------------------------------------------------


def _households(names: Sequence[str]) -> list[str]:
    columns: list[tuple[str, _Figures]] = []
    counted = []
    for name in names:
        data = read(name)
        truth = _truth(data)
        columns += [(f"{name}: Splink", _by_splink(data, truth)), ("ours", _by_us(data, truth))]
        counted.append(
            f"- {name}: {len(data.records):,} records; {truth.pairs:,} pairs of one person, {len(truth.moved):,} of "
            f"them in two homes, {len(truth.swapped):,} with names swapped; {len(truth.members):,} pairs of two "
            f"members of a household, {len(truth.namesakes):,} of one name, {len(truth.twins):,} born on one day."
        )
    rows = columns[-1][1]  # of the engine everything is measured
    lines = [f"| | limit | {' | '.join(head for head, _ in columns)} |", f"|---|--:|{'--:|' * len(columns)}"]
    for row in rows:
        figures = " | ".join(figures.get(row, "–") for _, figures in columns)
        lines.append(f"| {row} | {_LIMITS.get(row, '')} | {figures} |")
    return ["\n".join(lines), "\n".join(counted)]


def _truth(data: Labelled) -> Truth:
    same = list(_pairs_of(data.persons))
    members = [pair for pair in _pairs_of(data.households) if not _alike(data.persons, pair)]
    named = {at: _names(record) for at, record in enumerate(data.records)}
    born = [record.dob for record in data.records]
    return Truth(
        pairs=len(same),
        moved={pair for pair in same if not _alike(data.households, pair)},
        swapped={(left, right) for left, right in same if _are_swapped(named[left], named[right])},
        members=set(members),
        namesakes={pair for pair in members if all(named[pair[0]]) and named[pair[0]] == named[pair[1]]},
        twins={pair for pair in members if born[pair[0]] and _alike(born, pair)},
    )


def _pairs_of(groups: Iterable[Hashable]) -> Iterator[_Places]:
    places: dict[Hashable, list[int]] = defaultdict(list)
    for at, group in enumerate(groups):
        places[group].append(at)
    for together in places.values():
        yield from combinations(together, 2)


def _alike(of: Sequence[object], pair: _Places) -> bool:
    return of[pair[0]] == of[pair[1]]


def _names(record: Record) -> tuple[str, str]:
    return "".join(record.forenames[:1]), record.surname


def _are_swapped(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """One's first name is the other's surname, and they have not one first name."""
    crossed = one[0] == other[1] != "" or other[0] == one[1] != ""
    return crossed and one[0] != other[0]


def _by_splink(data: Labelled, truth: Truth) -> _Figures:
    told = splink_models.answers(data)
    scored = [Scored(left, right, bits, bits >= _SURE_BITS) for left, right, bits in told.pairs]
    among = sum(_alike(data.persons, pair.places) for pair in scored)
    return {
        **_of_pairs(data, truth, scored),
        **_of_candidates(among / truth.pairs, len(scored) / len(data.records)),
        **_of_groups(data, truth, told.groups),
        "Time": f"{told.seconds:.0f} s",
    }


def _by_us(data: Labelled, truth: Truth) -> _Figures:
    start = perf_counter()
    scored, at_home = _scored(data)
    keyed = [(at, other) for at, others in candidates_in(data.records) for other in others]
    among = sum(_alike(data.persons, pair) for pair in keyed)
    linked = list(link(data.records))
    seconds = perf_counter() - start
    alone = [each.person_id for each in linked]
    answered = after_review(linked, data.persons)
    together = set(_pairs_of(answered))
    joined = [(at, each) for at, each in enumerate(linked) if each.decision is MatchDecision.JOINED]
    first = {record.record_id: at for at, record in enumerate(data.records)}
    rightly = sum(_alike(data.persons, (at, first[each.person_id])) for at, each in joined)
    asked = sum(each.decision is MatchDecision.REVIEW for each in linked)
    homes = pairwise([each.household_id for each in linked], data.households)
    true_homes = sum(1 for pair in _pairs_of(data.households) if data.is_looked_for(*pair))
    said_home = rates_of(sum(_alike(data.households, pair) for pair in at_home), len(at_home), true_homes)
    return {
        **_of_pairs(data, truth, scored),
        **_of_candidates(among / truth.pairs, len(keyed) / len(data.records)),
        **_of_groups(data, truth, alone),
        "… once a person has answered rightly: pairs F1, B-cubed F1": _f1s(answered, data.persons),
        "… then found: in two homes, names swapped": _found(truth, together),
        "Joined unasked and right": f"{rightly / max(1, len(joined)):.4f}",
        "Left for a person": f"{asked / len(linked):.1%}",
        "Recall once a person has answered rightly": f"{pairwise(answered, data.persons).recall:.3f}",
        "Households F1: pairs, taken in": f"{said_home.f1:.3f}, {homes.f1:.3f}",
        "Time": f"{seconds:.0f} s",
    }


def _scored(data: Labelled) -> tuple[list[Scored], list[_Places]]:
    """Every pair that counts and may be something, and those said to be of one home."""
    place = {record.record_id: at for at, record in enumerate(data.records)}
    scored, at_home = [], []
    for one, other, outcome in score_pairs(data.records):
        pair = place[one.record_id], place[other.record_id]
        if data.is_looked_for(*pair):
            scored.append(Scored(*pair, outcome.bits, outcome.decision is MatchDecision.JOINED))
            if outcome.p_same_household >= 0.5:
                at_home.append(pair)
    return scored, at_home


def _of_pairs(data: Labelled, truth: Truth, scored: Sequence[Scored]) -> _Figures:
    told = [(pair, _alike(data.persons, pair.places)) for pair in scored]
    best, best_bits = best_rates(((pair.bits, same) for pair, same in told), truth.pairs)
    found = {pair.places: same for pair, same in told if pair.bits >= 0}
    error = calibration_error(reliability((pair.probability, same) for pair, same in told))
    return {
        "Scored pairs, F1 at best (bits)": f"{best.f1:.4f} ({best_bits:+.1f})",
        "Scored pairs, F1 at even odds": f"{rates_of(sum(found.values()), len(found), truth.pairs).f1:.4f}",
        "Expected calibration error": f"{error:.4f}",
        "Pairs found: in two homes, names swapped": _found(truth, found),
        "Pairs of two members linked unasked: all, one name, born on one day": _linked(
            truth, {pair.places for pair in scored if pair.linked}
        ),
    }


def _of_candidates(recall: float, each: float) -> _Figures:
    return {"True pairs among the candidates, candidates a record": f"{recall:.4f}, {each:.1f}"}


def _of_groups(data: Labelled, truth: Truth, groups: Sequence[Hashable]) -> _Figures:
    """Of records put together without asking: Splink's groups, ours as they are taken in."""
    return {
        "Records put together unasked: pairs F1, B-cubed F1": _f1s(groups, data.persons),
        "… two members together: all, one name, born on one day": _linked(truth, set(_pairs_of(groups))),
    }


def _f1s(groups: Sequence[Hashable], persons: Sequence[str]) -> str:
    return f"{pairwise(groups, persons).f1:.4f}, {b_cubed(groups, persons).f1:.4f}"


def _found(truth: Truth, pairs: Collection[_Places]) -> str:
    return f"{_share(truth.moved, pairs)}, {_share(truth.swapped, pairs)}"


def _linked(truth: Truth, pairs: Collection[_Places]) -> str:
    kinds = truth.members, truth.namesakes, truth.twins
    return ", ".join(_share(kind, pairs, ".2%") for kind in kinds)


def _share(kind: Collection[_Places], pairs: Collection[_Places], shape: str = ".2f") -> str:
    return format(sum(pair in pairs for pair in kind) / len(kind), shape) if kind else "–"


# --- lists of people ------------------------------------------------------------------------------------------------


def _lists(names: Sequence[str]) -> str:
    head = (
        "| | candidates, of true pairs | F1 at best (bits) | F1 at even odds | groups: pairs F1, B-cubed F1 | time |",
        "|---|--:|--:|--:|--:|--:|",
    )
    return "\n".join([*head, *(line for name in names for line in _list_lines(read(name)))])


def _list_lines(data: Labelled) -> Iterator[str]:
    told = splink_models.answers(data)
    pairs = [Scored(left, right, bits, linked=False) for left, right, bits in told.pairs]
    yield _list_line(f"{data.name}: Splink", data, pairs, told.groups, told.seconds)
    start = perf_counter()
    shipped = WholeTable(data.records, default_model())
    yield _our_list_line("ours, shipped model", data, shipped, start)
    start = perf_counter()
    trained, _ = learn_from_list(data.records, default_model(), data.name)
    learned = WholeTable(data.records, trained.model, keys_of=lists.keys)
    yield _our_list_line("ours, learned from the list", data, learned, start)


def _our_list_line(name: str, data: Labelled, table: WholeTable, start: float) -> str:
    pairs = [
        Scored(pair.left, pair.right, pair.bits, linked=False)
        for pair in table.pairs()
        if data.is_looked_for(pair.left, pair.right)
    ]
    groups = table.groups([pair.places for pair in pairs if pair.bits >= BITS_OF_ONE_PERSON])
    return _list_line(name, data, pairs, groups, perf_counter() - start)


def _list_line(name: str, data: Labelled, scored: Sequence[Scored], groups: Sequence[Hashable], seconds: float) -> str:
    true = pairs_within(data.persons)
    told = [(pair.bits, _alike(data.persons, pair.places)) for pair in scored]
    best, best_bits = best_rates(told, true)
    found = [same for bits, same in told if bits >= 0]
    return (
        f"| {name} | {len(scored):,}, {sum(same for _, same in told) / true:.4f} | {best.f1:.4f} ({best_bits:+.1f}) "
        f"| {rates_of(sum(found), len(found), true).f1:.4f} | {_f1s(groups, data.persons)} | {seconds:.0f} s |"
    )
