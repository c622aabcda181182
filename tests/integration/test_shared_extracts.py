"""The three agencies' shared extracts, all 4,000 rows, through the command line and the one door.

``truth.csv`` is read here to measure, and nowhere in the product. A clone without ``../shared`` has nothing to read.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from prevention.domain.agency import AgencyKind
from prevention.domain.imports import RowOutcome
from prevention.models.case import Case, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import PersonLink, PersonRecord
from prevention.models.referral import Referral, ReferralAmendment
from tests.support.arranging import Arranger

SHARED = Path(__file__).parents[3] / "shared" / "data" / "referrals"
FILES = {"fire": 1328, "ambulance": 1359, "police": 1313}


class Seen(NamedTuple):
    """Where the product put a referral, and what it truly is."""

    case_id: UUID
    person_id: UUID
    concern: str
    person: str
    referral_id: UUID


@pytest.fixture
def agencies(arrange: Arranger) -> None:
    for kind in (AgencyKind.FIRE, AgencyKind.AMBULANCE, AgencyKind.POLICE):
        arrange.agency(kind)


@pytest.fixture
def look(engine: Engine, clean_database: None) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def run(app: Flask, *arguments: str) -> dict[str, int]:
    """Import from the command line; the counts it told."""
    result = app.test_cli_runner().invoke(args=["referrals", "import", *arguments])
    assert result.exit_code == 0, result.output
    told = {}
    for line in result.output.strip().splitlines():
        words, _, number = line.rpartition(":")
        told[words.strip()] = int(number)
    return told


def import_all(app: Flask) -> dict[str, int]:
    """Import the three files; what was told, added up."""
    total: dict[str, int] = defaultdict(int)
    for profile, rows in FILES.items():
        told = run(app, str(SHARED / f"{profile}.csv"), "--profile", profile)
        assert sum(told[outcome.label] for outcome in RowOutcome) == rows
        for words, number in told.items():
            total[words] += number
    return total


@pytest.mark.long
def test_all_four_thousand_rows(app: Flask, agencies: None, look: Session) -> None:
    if not SHARED.exists():
        return
    started = perf_counter()
    told = import_all(app)
    assert told[RowOutcome.REFUSED.label] == 0
    assert told["Received"] == sum(FILES.values())
    assert told[RowOutcome.AMENDED.label] == told[RowOutcome.UNCHANGED.label] == 0
    print(f"{perf_counter() - started:.0f} seconds")
    measure(look)
    before = {model: number_of(look, model) for model in (Referral, Case, ReferralAmendment, PersonRecord)}
    again = import_all(app)
    assert again[RowOutcome.UNCHANGED.label] == sum(FILES.values())
    assert {model: number_of(look, model) for model in before} == before


def number_of(look: Session, model: type) -> int:
    look.rollback()
    return look.scalar(select(func.count()).select_from(model)) or 0


def measure(look: Session) -> None:
    """Joins and person links made by the machine, held against the truth, over pairs of referrals.

    Another person of the same home is no duplicate, so what may be missed is counted among pairs that speak of one
    person and one concern. What a person is asked is worth asking when most questions end in a join.
    """
    with (SHARED / "truth.csv").open(encoding="utf-8") as lines:
        truth = {row["source_ref"]: row for row in csv.DictReader(lines)}
    seen = [
        Seen(case_id, person_id, truth[ref]["concern"], truth[ref]["person"], referral_id)
        for case_id, person_id, ref, referral_id in look.execute(
            select(ReferralLink.case_id, PersonLink.person_id, Referral.source_ref, Referral.id)
            .join(Referral, Referral.id == ReferralLink.referral_id)
            .join(PersonRecord, PersonRecord.referral_id == Referral.id)
            .join(PersonLink, PersonLink.record_id == PersonRecord.id)
            .where(ReferralLink.valid_to.is_(None), PersonLink.valid_to.is_(None))
        )
    ]
    listed = {(row.referral_id, row.case_id) for row in look.scalars(select(MatchCandidate))}
    joined = [a.concern == b.concern for a, b in pairs(seen, "case_id")]
    linked = [a.person == b.person for a, b in pairs(seen, "person_id")]
    same = [(a, b) for a, b in pairs(seen, "concern") if a.person == b.person]
    found = sum(a.case_id == b.case_id for a, b in same)
    concerns: dict[UUID, set[str]] = defaultdict(set)
    for one in seen:
        concerns[one.case_id].add(one.concern)
    own = {one.referral_id: one for one in seen}
    apt = [(own[referral], case_id) for referral, case_id in listed if own[referral].concern in concerns[case_id]]
    case_after = answered([(one.case_id, case_id) for one, case_id in apt])
    together = sum(case_after(a.case_id) == case_after(b.case_id) for a, b in same)
    for_review = len({referral_id for referral_id, _ in listed}) / len(own)
    figures = (
        f"joined {sum(joined)} right of {len(joined)}; linked {sum(linked)} right of {len(linked)}; "
        f"of {len(same)} pairs of one person and one concern {found} joined, {together} once all is answered rightly; "
        f"{for_review:.1%} of referrals for review, {len(apt)} of {len(listed)} questions about one concern"
    )
    print(figures)
    assert sum(joined) / len(joined) >= 0.995, figures
    assert sum(linked) / len(linked) >= 0.998, figures
    assert found / len(same) >= 0.5, figures
    assert together / len(same) >= 0.97, figures
    assert for_review <= 0.3, figures
    assert len(apt) / len(listed) >= 0.8, figures


def answered(joins: list[tuple[UUID, UUID]]) -> Callable[[UUID], UUID]:
    """Which case goes on for each, once these questions were answered with "the same concern"."""
    goes_on: dict[UUID, UUID] = {}

    def last(case_id: UUID) -> UUID:
        while case_id in goes_on:
            case_id = goes_on[case_id]
        return case_id

    for one, other in joins:
        if last(one) != last(other):
            goes_on[last(one)] = last(other)
    return last


def pairs(seen: list[Seen], by: str) -> Iterator[tuple[Seen, Seen]]:
    """Every two that share ``by``."""
    groups = defaultdict(list)
    for one in seen:
        groups[getattr(one, by)].append(one)
    for group in groups.values():
        yield from combinations(group, 2)
