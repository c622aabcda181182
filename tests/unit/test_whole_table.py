"""A whole table beside itself, through Splink on DuckDB: the same answers as record by record."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prevention.adapters.whole_table import WholeTable, packed, unpacked
from prevention.cli.matching import read_records
from prevention.demonstration.generator.world import generate
from prevention.domain.match import MatchDecision
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching.blocking import LARGEST_CAP
from prevention.matching.compare import LEVELS, Comparison
from prevention.matching.decide import Outcome, ScoredPair
from prevention.matching.linking import candidates_in, score_pairs
from prevention.matching.model import default_model
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder
from prevention.matching.normalise.people import tidy_person
from prevention.matching.record import Record
from tests.support.extracts import records_in

LINKAGE = Path(__file__).parents[3] / "shared" / "data" / "linkage"
NOBODY = GivenAddress()


def record(record_id: str, address: GivenAddress = NOBODY, **person: str) -> Record:
    tidied = tidy_person(GivenPerson(**person), date(2026, 11, 22), DateOrder.ISO)
    return Record.from_tidied(record_id, tidied, tidy_address(address))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("extracts")
    generate(11, 3_000, date(2026, 11, 22), clock=time(14, 30)).write_extracts(folder)
    return records_in(folder)


@given(st.builds(Comparison, **{name: st.sampled_from(list(levels)) for name, levels in LEVELS.items()}))
def test_a_comparison_survives_as_a_number(comparison: Comparison) -> None:
    assert 0 <= packed(comparison) < 2**63
    assert unpacked(packed(comparison)) == comparison


def _differences(records: Sequence[Record]) -> tuple[int, list[str]]:
    """How many pairs were compared both ways, and a line for each whose answers differ by more than a millionth."""
    one_by_one = {(left.record_id, right.record_id): outcome for left, right, outcome in score_pairs(records)}
    whole = {
        (records[pair.left].record_id, records[pair.right].record_id): pair
        for pair in WholeTable(records, default_model()).pairs()
    }
    lonely = [f"{pair} in one only" for pair in one_by_one.keys() ^ whole.keys()]
    return len(one_by_one), lonely + list(_unlike(one_by_one, whole))


def _unlike(one_by_one: Mapping[tuple[str, str], Outcome], whole: Mapping[tuple[str, str], ScoredPair]) -> list[str]:
    found = []
    for ids in one_by_one.keys() & whole.keys():
        one, other = one_by_one[ids], whole[ids]
        apart = max(
            abs(one.bits - other.bits),
            abs(one.p_same_person - other.p_same_person),
            abs(one.p_same_household - other.p_same_household),
        )
        if apart > 1e-6 or one.decision != other.decision or one.comparison != other.comparison:
            found.append(f"{ids}: {apart} {one.decision} {other.decision} {one.comparison} {other.comparison}")
    return found


def test_the_whole_table_says_what_record_by_record_says(generated: list[Record]) -> None:
    pairs, differences = _differences(generated)
    assert pairs > 1_500
    assert not differences, "\n".join(differences)


def test_so_it_does_where_names_are_swapped_have_gaps_or_are_shared_by_too_many() -> None:
    home = GivenAddress(lines="12 Essex Road, London", postcode="N1 8LY")
    care_home = GivenAddress(lines="Elm House, 40 Upper Street, London", postcode="N1 0PN")
    records = [
        record("1", home, first_name="Smith", surname="Achterberg", dob="1950-07-11"),
        record("2", home, first_name="Achterberg", surname="Smith", dob="1950-07-11"),
        record("3", home, first_name="J?hn", surname="Sm?th", dob="1950-07-11", nhs_number="9434765919"),
        record("4", home, first_name="John", surname="Smith", phone="07700 900123"),
        *(record(f"r{number}", care_home, surname=f"Resident{number}") for number in range(LARGEST_CAP + 20)),
        record("5", care_home, first_name="John", surname="Smith", nhs_number="9434765919"),
    ]
    pairs, differences = _differences(records)
    assert pairs
    assert not differences, "\n".join(differences)


@pytest.mark.long
def test_so_it_does_on_a_hundred_thousand_pairs() -> None:
    if not LINKAGE.exists():  # a clone without ../shared has the generated records above
        return
    pairs, differences = _differences(list(islice(read_records(LINKAGE / "uk_100k.csv.gz"), 50_000)))
    assert pairs >= 100_000
    assert not differences, "\n".join(differences[:20])


def test_each_two_are_compared_once(generated: list[Record], monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty weights hang on a comparison: were the database to ask for each of them, it would take an hour."""
    asked: list[tuple[int, int]] = []
    once = WholeTable._levels

    def counted(self: WholeTable, one: int, other: int) -> int:
        asked.append((one, other))
        return once(self, one, other)

    monkeypatch.setattr(WholeTable, "_levels", counted)
    list(WholeTable(generated, default_model()).pairs())
    assert sorted(asked) == [(at, other) for at, others in candidates_in(generated) for other in others]


def test_groups_are_joined_in_any_number_of_steps(generated: list[Record]) -> None:
    table = WholeTable(generated[:7], default_model())
    assert table.groups([(0, 2), (2, 5), (3, 6)]) == [0, 1, 0, 3, 4, 0, 3]
    assert table.groups([]) == [0, 1, 2, 3, 4, 5, 6]


def test_a_table_of_nobody_has_no_pairs() -> None:
    table = WholeTable([], default_model())
    assert list(table.pairs()) == []
    assert table.groups([]) == []


def test_who_is_told_how_far_it_is_may_end_it(generated: list[Record]) -> None:
    class Enough(Exception):
        pass

    def told(share: float) -> None:
        assert share == 1
        raise Enough

    with pytest.raises(Enough):
        list(WholeTable(generated[:100], default_model()).pairs(told))


def test_one_person_is_told_from_another_member(generated: list[Record]) -> None:
    home = GivenAddress(lines="12 Essex Road, London", postcode="N1 8LY")
    records = [
        record("1", home, first_name="John", surname="Whitfield", dob="1950-07-11"),
        record("2", home, first_name="John", surname="Whitfield", dob="1950-07-11"),
        record("3", home, first_name="Mary", surname="Whitfield", dob="1952-01-30"),
    ]
    decided = {(pair.left, pair.right): pair.decision for pair in WholeTable(records, default_model()).pairs()}
    assert decided == {(0, 1): MatchDecision.JOINED, (0, 2): MatchDecision.NEW, (1, 2): MatchDecision.NEW}
