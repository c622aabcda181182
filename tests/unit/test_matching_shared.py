"""Measured on the three shared extracts: what the machine joins is right, and little is missed."""

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

from prevention.domain.match import MatchDecision
from prevention.matching import blocking
from prevention.matching.decide import decide
from prevention.matching.profile import Profile
from tests.support.extracts import records_in

SHARED = Path(__file__).parents[3] / "shared" / "data" / "referrals"


def test_what_is_joined_is_right_and_little_is_missed() -> None:
    if not SHARED.exists():  # a clone without ../shared has nothing to measure here
        return
    records = records_in(SHARED)
    with (SHARED / "truth.csv").open(newline="", encoding="utf-8") as stream:
        person = {f"{row['source']},{row['source_ref']}": row["person"] for row in csv.DictReader(stream)}
    by_key: dict[str, list[int]] = defaultdict(list)
    by_person: dict[str, list[int]] = defaultdict(list)
    for at, record in enumerate(records):
        by_person[person[record.record_id]].append(at)
        for key in blocking.keys(record):
            by_key[key].append(at)
    candidates = {pair for found in by_key.values() for pair in combinations(found, 2)}
    true = {pair for same in by_person.values() for pair in combinations(same, 2)}
    decisions = {pair: decide(records[pair[0]], Profile.of("p", [records[pair[1]]])).decision for pair in candidates}
    joined = {pair for pair, decision in decisions.items() if decision is MatchDecision.JOINED}
    review = {pair for pair, decision in decisions.items() if decision is MatchDecision.REVIEW}
    assert len(joined & true) / len(joined) >= 0.995
    assert len(joined & true) / len(true) >= 0.5
    assert len((joined | review) & true) / len(true) >= 0.97
    assert len(review - true) / len(review) <= 0.2
