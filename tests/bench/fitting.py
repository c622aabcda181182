"""How the shipped model was made: fitted on labelled records, written as ``prevention/matching/model.json``.

``python -m tests.bench.fitting RECORDS.csv.gz TRUTH.csv.gz model.json`` compares every two records that share a key,
and fits two regressions: which of the three classes a pair is of, and whether it is of one dwelling. Their weights, in
bits, are the model. What the records lack (NHS numbers, ages) is judgement: :data:`JUDGED`.
"""

import argparse
import csv
import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from prevention.cli.matching import read_records
from prevention.matching.compare import LEVELS, Comparison, compare
from prevention.matching.linking import candidates_in
from prevention.matching.model import read_model, write_model
from prevention.matching.record import Record

VERSION = "2026-11-c"
#: Bits for same person, other member and one dwelling, where the records cannot say.
JUDGED: Mapping[tuple[str, str], tuple[float, float, float]] = {
    ("nhs_number", "same"): (20, -2, 6),
    ("nhs_number", "one_digit"): (9, 0, 3),
    ("nhs_number", "missing"): (0, 0, 0),
    ("nhs_number", "different"): (-8, 0, 0),
    ("dob", "age_agrees"): (4, 0, 0.5),
    ("dob", "age_differs"): (-3, 0.3, 0),
}
THRESHOLDS = {"join": 5.0, "review": -3.0, "margin": 4.0}
ABOUT = (
    "What every level of every field says. m, h and u are the shares of pairs of one person, of two members of a "
    "household and of strangers that reach it; bits are what it adds to the log-odds (base 2) of one person, of "
    "another member, and of one dwelling. Fitted together on {pairs:,} pairs of {records:,} generated referrals of UK "
    "households (tests/bench/fitting.py); NHS numbers and ages, which those lack, are judgement."
)
_TYPICAL = {"forename": 8.0, "surname": 9.0}
_UNLISTED = 0.00003
_LISTED = 400
_PARTS = ("person", "household", "home")
_Slots = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Pair:
    """Two records that share a key, how they compare, and what they are: 0 one person, 1 one household, 2 strangers."""

    one: int
    other: int
    levels: Comparison
    relation: int
    same_household: bool


@dataclass(frozen=True)
class Weights:
    """Bits for every slot (a row for each of person, household and home), and the prior of each."""

    bits: np.ndarray
    prior: np.ndarray


def fit(records_path: Path, truth_path: Path) -> str:
    """The model fitted on these records, as the text of its file."""
    records = list(read_records(records_path))
    pairs = list(_pairs(records, _truth(truth_path)))
    names = {
        "forename": Counter(record.forenames[0] for record in records if record.forenames),
        "surname": Counter(record.surname for record in records if record.surnames),
    }
    slots = [(name, level) for name, levels in LEVELS.items() for level in levels]
    design = _design(records, pairs, slots, names)
    relation = np.array([pair.relation for pair in pairs])
    weights = _weights(design, relation, [pair.same_household for pair in pairs])
    shares = [
        (np.asarray(design[relation == each].sum(axis=0)).ravel() + 0.5) / ((relation == each).sum() + 1)
        for each in range(3)
    ]
    return _file_of(
        {
            "about": ABOUT.format(pairs=len(pairs), records=len(records)),
            "version": VERSION,
            "prior": {
                "records": len(records),
                "bits": _bits(_prior(slots, weights)),
                "shares": _shown((relation == each).mean() for each in range(3)),
            },
            "thresholds": THRESHOLDS,
            "rarity": {
                part: {
                    "typical": _TYPICAL[part],
                    "unlisted": _UNLISTED,
                    "bits": _bits(weights.bits[:, len(slots) + at]),
                    "shares": _common(names[part], len(records)),
                }
                for at, part in enumerate(_TYPICAL)
            },
            "fields": _fields(slots, weights, shares),
        }
    )


def _truth(path: Path) -> dict[str, tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return {row["record_id"]: (row["person"], row["household"]) for row in csv.DictReader(stream)}


def _pairs(records: Sequence[Record], truth: Mapping[str, tuple[str, str]]) -> Iterator[Pair]:
    for at, others in candidates_in(records):
        record = records[at]
        person, household = truth[record.record_id]
        for other in others:
            other_person, other_household = truth[records[other].record_id]
            same_household = household == other_household
            relation = 0 if person == other_person else 1 if same_household else 2
            yield Pair(at, other, compare(record, records[other]), relation, same_household)


def _design(
    records: Sequence[Record], pairs: Sequence[Pair], slots: _Slots, names: Mapping[str, Counter[str]]
) -> csr_matrix:
    """A row a pair: 1 for each level reached, and how rare an agreeing name is."""
    column = {slot: at for at, slot in enumerate(slots)}
    rows, columns, values = [], [], []
    for at, pair in enumerate(pairs):
        record = records[pair.one]
        reached = [(column[name, getattr(pair.levels, name)], 1.0) for name in LEVELS]
        own = {"forename": record.forenames[0] if record.forenames else "", "surname": record.surname}
        for place, part in enumerate(_TYPICAL):
            if getattr(pair.levels, part) == "exact" and own[part]:
                rarer = -math.log2(names[part][own[part]] / len(records)) - _TYPICAL[part]
                reached.append((len(slots) + place, rarer))
        for where, value in reached:
            rows.append(at)
            columns.append(where)
            values.append(value)
    return csr_matrix((values, (rows, columns)), shape=(len(pairs), len(slots) + len(_TYPICAL)))


def _weights(design: csr_matrix, relation: np.ndarray, same_household: Sequence[bool]) -> Weights:
    classes = LogisticRegression(C=3, max_iter=500).fit(design, relation)
    homes = LogisticRegression(C=3, max_iter=500).fit(design, same_household)
    against_strangers = [classes.coef_[0] - classes.coef_[2], classes.coef_[1] - classes.coef_[2], homes.coef_[0]]
    start = classes.intercept_
    prior = [start[0] - start[2], start[1] - start[2], homes.intercept_[0]]
    return Weights(np.vstack(against_strangers) / math.log(2), np.array(prior) / math.log(2))


def _silent(name: str) -> tuple[str, str]:
    """The level of a field that says nothing: what it would say goes into the prior."""
    return name, "missing" if "missing" in LEVELS[name] else "straight"


def _prior(slots: _Slots, weights: Weights) -> np.ndarray:
    return weights.prior + sum(weights.bits[:, slots.index(_silent(name))] for name in LEVELS)


def _fields(slots: _Slots, weights: Weights, shares: Sequence[np.ndarray]) -> dict[str, dict[str, object]]:
    fields: dict[str, dict[str, object]] = defaultdict(dict)
    for name, levels in LEVELS.items():
        rest = weights.bits[:, slots.index(_silent(name))]
        for level in levels:
            at = slots.index((name, level))
            shown = _shown(share[at] for share in shares)
            fields[name][level] = shown | {"bits": _bits(JUDGED.get((name, level), weights.bits[:, at] - rest))}
    return fields


def _bits(three: Iterable[float]) -> dict[str, float]:
    return {part: round(float(bits), 3) for part, bits in zip(_PARTS, three, strict=True)}


def _shown(shares: Iterable[float]) -> dict[str, float]:
    return {letter: float(f"{share:.3g}") for letter, share in zip("mhu", shares, strict=True)}


def _common(counts: Counter[str], records: int) -> dict[str, float]:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_LISTED]
    return {name: float(f"{count / records:.3g}") for name, count in most}


def _file_of(content: Mapping[str, object]) -> str:
    return write_model(read_model(json.dumps(content)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fitting", description=__doc__)
    parser.add_argument("records", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.write_text(fit(options.records, options.truth), encoding="utf-8")
