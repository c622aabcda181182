"""Measured on the three shared extracts: what the machine joins is right, and little is missed."""

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from prevention.domain.intake.conversion import to_command
from prevention.domain.intake.profile import shipped_profiles
from prevention.domain.intake.rows import read_rows
from prevention.domain.match import MatchDecision
from prevention.domain.referral import ReceiveReferral
from prevention.matching import blocking
from prevention.matching.decide import decide
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.people import tidy_person
from prevention.matching.profile import Profile
from prevention.matching.record import Record

SHARED = Path(__file__).parents[3] / "shared" / "data" / "referrals"


def _records() -> list[Record]:
    records = []
    for name, profile in shipped_profiles().items():
        with (SHARED / f"{name}.csv").open("rb") as stream:
            for row in read_rows(stream, profile):
                command = to_command(row, profile, UUID(int=0))
                assert isinstance(command, ReceiveReferral)
                assert command.received_at is not None
                received = command.received_at.astimezone(ZoneInfo("Europe/London")).date()
                person = tidy_person(command.person, received)
                address = tidy_address(command.address)
                reference = f"{name},{command.source_ref}"
                records.append(Record.from_tidied(reference, person, address, source=name, received=received))
    return records


def test_what_is_joined_is_right_and_little_is_missed() -> None:
    if not SHARED.exists():  # a clone without ../shared has nothing to measure here
        return
    records = _records()
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
