"""Any two records whatever: no exception, the same answer again and from the other side, and bounded work."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prevention.domain.match import MatchDecision
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching import blocking, compare
from prevention.matching.decide import Outcome, choose, decide
from prevention.matching.explain import explain
from prevention.matching.frequencies import Frequencies
from prevention.matching.linking import link, score_pairs
from prevention.matching.model import default_model
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.people import tidy_person
from prevention.matching.profile import Profile
from prevention.matching.record import Record

RECEIVED = date(2026, 11, 22)
MOST_KEYS = 48
#: No step looks further into a field than this: twice what is kept of an address.
FARTHEST = 1_200
#: What is compared of one field is shorter than this, whatever was written.
LONGEST = 1_000
PERSON_FIELDS = tuple(field.name for field in fields(GivenPerson) if field.type in (str, "str"))
ADDRESS_FIELDS = ("uprn", "lines", "postcode")

#: What desks and attackers write; joined with any text, lone surrogates too.
PIECES = st.sampled_from(
    [
        "John", "Smith", "SMITH-JONES", "Mr", "Unknown", "J", "Baby", "Twin 1", "Jnr", "née", "李伟", "محمد", "Мария",
        "D?browski", "O'Connor", "ᾼ", "İ", "ß", "ﷺ", "\u0338", "\u202e", "\u200d", "\x00", "\ud800", "👩",
        "１２", "12 Essex Road", "Flat 3, 12", "12/3 High St", "39A", "GFF", "NFA", "Care Home", "N1 8LY", "n18ly",
        "E11", "ZZ99 3VZ", "1950-07-11", "31/02/1950", "1900-01-01", "07/25/1950", "76", "76 yrs", "M", "female",
        "9990123470", "07911 123456", "+44", "a@b.co.uk", "joan.smith@example.org", "100010000377", "=cmd|' /C'!A0",
        ",", "-", "'", "?", "/", "\n", " ",
    ]
)  # fmt: skip
ANY_TEXT = st.one_of(
    st.just(""),
    PIECES,
    st.lists(PIECES, max_size=6).map(" ".join),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=40),
)
PEOPLE = st.builds(GivenPerson, **dict.fromkeys(PERSON_FIELDS, ANY_TEXT))
PLACES = st.builds(GivenAddress, no_fixed_abode=st.booleans(), **dict.fromkeys(ADDRESS_FIELDS, ANY_TEXT))
GIVEN = st.tuples(PEOPLE, PLACES)
Given = tuple[GivenPerson, GivenAddress]


@st.composite
def _two_alike(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[Given, Given]:
    """A record, and the same one with some fields written otherwise: two that agree in part."""
    person, place = draw(GIVEN)
    other_person, other_place = draw(GIVEN)
    changed = draw(st.sets(st.sampled_from(PERSON_FIELDS + ADDRESS_FIELDS), max_size=4))
    return (person, place), (
        replace(person, **{name: getattr(other_person, name) for name in changed & set(PERSON_FIELDS)}),
        replace(place, **{name: getattr(other_place, name) for name in changed & set(ADDRESS_FIELDS)}),
    )


TWO = st.one_of(st.tuples(GIVEN, GIVEN), _two_alike())


def _record(record_id: str, given: Given) -> Record:
    person, place = given
    tidied = tidy_person(person, RECEIVED), tidy_address(place)
    return Record.from_tidied(record_id, *tidied, received=RECEIVED)


def _decide(new: Record, known: Record) -> Outcome:
    return decide(new, Profile.of("p", [known]))


@settings(deadline=None)
@given(TWO)
def test_any_two_records_are_answered_alike_from_both_sides(two: tuple[Given, Given]) -> None:
    one, other = _record("a", two[0]), _record("b", two[1])
    there, back = _decide(one, other), _decide(other, one)
    assert there == back
    assert repr(explain(there)) == repr(explain(back))


@settings(deadline=None)
@given(TWO)
def test_any_answer_is_a_probability_and_its_lines_sum_up(two: tuple[Given, Given]) -> None:
    one, other = _record("a", two[0]), _record("b", two[1])
    rarity = Frequencies.of([one, other]).rarity(one, default_model())
    outcome = decide(one, Profile.of("p", [other]), rarity=rarity)
    for probability in (outcome.p_same_person, outcome.p_other_member, outcome.p_same_household):
        assert 0 <= probability <= 1
    assert outcome.p_same_person + outcome.p_other_member <= 1.000002
    told = explain(outcome)
    assert told.sentence
    assert sum(line.bits for line in told.lines) == pytest.approx(outcome.bits, abs=0.05)


@settings(deadline=None)
@given(TWO)
def test_the_same_two_records_give_the_same_bytes(two: tuple[Given, Given]) -> None:
    first, again = (
        (one, blocking.keys(one), outcome, explain(outcome))
        for one, other in ((_record("a", two[0]), _record("b", two[1])) for _ in range(2))
        for outcome in [_decide(one, other)]
    )
    assert repr(first[1:]) == repr(again[1:])
    assert first[0] == again[0]


def test_the_same_records_give_the_same_bytes_in_another_process() -> None:
    """Sets come out in another order there."""
    told = {
        subprocess.run(
            [sys.executable, "-c", "from tests.properties.test_matching_fuzz import told; told()"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert b"joined" in told.pop()


def told() -> None:
    """Print what is stored and answered of two records that have everything."""
    one, other = _record("a", EVERYTHING), _record("b", (EVERYTHING[0], GivenAddress(lines="Flat C, 4 Old Road")))
    sys.stdout.write(
        repr((blocking.keys(one), blocking.keys(other), _decide(one, other), explain(_decide(one, other))))
    )


#: No name but an initial and a slip of the keys, which make no key.
NAMELESS = (GivenPerson(middle_name="A0?A", dob="25/07/1950"), GivenAddress())
#: First names and an address that make no key: neither surname, birth nor postcode.
FORENAMES = (GivenPerson(first_name="John", middle_name="John"), GivenAddress(lines="A|:|0"))
#: An initial and a building, and neither birth nor postcode.
INITIAL = (GivenPerson(first_name="ᾼ", middle_name="John", surname="John"), GivenAddress(lines="0:|:|0"))


@settings(deadline=None)
@given(TWO)
@example((NAMELESS, NAMELESS))
@example((FORENAMES, FORENAMES))
@example((INITIAL, INITIAL))
def test_whom_the_engine_joins_its_keys_find(two: tuple[Given, Given]) -> None:
    one, other = _record("a", two[0]), _record("b", two[1])
    for record in (one, other):
        found = blocking.keys(record)
        assert found == tuple(sorted(set(found)))
        assert len(found) <= MOST_KEYS
        assert max(map(len, found), default=0) < LONGEST
    if _decide(one, other).decision is MatchDecision.JOINED:
        assert set(blocking.keys(one)) & set(blocking.keys(other))


@settings(deadline=None)
@given(st.lists(GIVEN, max_size=5))
def test_any_file_is_taken_in_whole_and_alike_again(given_records: list[Given]) -> None:
    records = [_record(str(at), each) for at, each in enumerate(given_records)]
    linked = list(link(records))
    ids = [record.record_id for record in records]
    assert [each.record_id for each in linked] == ids
    assert {each.person_id for each in linked} <= set(ids)
    assert {each.household_id for each in linked} <= set(ids)
    assert list(link(records)) == linked
    assert all(left.record_id < right.record_id for left, right, _ in score_pairs(records))


@settings(deadline=None)
@given(GIVEN, st.lists(GIVEN, min_size=1, max_size=4))
def test_beside_any_people_one_is_joined_at_most(new: Given, known: list[Given]) -> None:
    profiles = [Profile.of(str(at), [_record(str(at), each)]) for at, each in enumerate(known)]
    outcomes = choose(_record("new", new), profiles)
    assert sorted(outcome.profile_id for outcome in outcomes) == [profile.profile_id for profile in profiles]
    assert sum(outcome.decision is MatchDecision.JOINED for outcome in outcomes) <= 1
    assert choose(_record("new", new), reversed(profiles)) == outcomes


# --- bounded work ---------------------------------------------------------------------------------------------------


class OnlyItsHead(str):
    """Text that gives away nothing but slices of its head: its methods fail, and a pattern finds something else."""

    __slots__ = ("written",)
    farthest = 0

    def __new__(cls, written: str) -> "OnlyItsHead":
        text = super().__new__(cls, "Mr 0 N1 1AA @")
        text.written = written
        return text

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, asked: Any) -> str:
        assert isinstance(asked, slice)
        assert asked.start is None
        assert asked.stop is not None
        OnlyItsHead.farthest = max(OnlyItsHead.farthest, asked.stop)
        return self.written[asked]


def _refuse(*asked: Any) -> Any:
    raise AssertionError("The whole text was gone through.")


for _method in (*(name for name in dir(str) if not name.startswith("_")), "__iter__", "__contains__", "__len__"):
    setattr(OnlyItsHead, _method, _refuse)

EVERYTHING = (
    GivenPerson(
        full_name="Dr John Smith", title="Mr", first_name="John", middle_name="Peter", surname="Smith",
        dob="11/07/1950", age="76", sex="male", nhs_number="999 012 3470", phone="07911 123456", email="J@b.co.uk",
    ),
    GivenAddress(uprn="100010000377.0", lines="Flat 3, 12 Essex Rd", postcode="n18ly"),
)  # fmt: skip


@settings(deadline=None)
@given(GIVEN)
@example(EVERYTHING)
@example((replace(EVERYTHING[0], first_name="", surname=""), EVERYTHING[1]))
def test_of_any_field_only_the_head_is_read(given_record: Given) -> None:
    person, place = given_record
    hidden = (
        replace(person, **{name: OnlyItsHead(text) for name in PERSON_FIELDS if (text := getattr(person, name))}),
        replace(place, **{name: OnlyItsHead(text) for name in ADDRESS_FIELDS if (text := getattr(place, name))}),
    )
    assert _record("a", hidden) == _record("a", given_record)
    assert OnlyItsHead.farthest <= FARTHEST


HUGE = {
    "letters": "A" * 10_000_000,
    "words": "Ab " * 3_400_000,
    "letters with marks": "Ñ-'? A" * 2_000_000,
    "digits": "1" * 10_000_000,
    "blanks": " " * 10_000_000,
    "flats": "Flat 1, " * 1_250_000,
    "Chinese": "李伟" * 5_000_000,
    "a letter that is a sentence": "ﷺ" * 10_000_000,
    "right-to-left marks": "\u202e" * 10_000_000,
    "lone surrogates": "\ud800" * 10_000_000,
    "controls": "\x00\x1b" * 5_000_000,
    "marks without a letter": "\u0338" * 10_000_000,
    "brackets": "((" * 5_000_000,
    "addresses": "a@b." * 2_500_000,
}


@pytest.mark.parametrize("huge", HUGE.values(), ids=HUGE.keys())
def test_ten_megabytes_in_any_field_are_as_their_head(huge: str) -> None:
    john = GivenPerson(first_name="John", surname="Smith", dob="1950-07-11")
    home = GivenAddress(lines="12 Essex Road, London", postcode="N1 8LY")
    known = _record("known", (john, home))
    for name in PERSON_FIELDS + ADDRESS_FIELDS:
        whole, head = (
            _record("new", (replace(john, **{name: text}), home) if name in PERSON_FIELDS
                    else (john, replace(home, **{name: text})))
            for text in (huge, huge[:FARTHEST])
        )  # fmt: skip
        assert whole == head, name
        assert max(len(str(value)) for value in asdict(whole).values()) < LONGEST * 2, name
        assert max(map(len, blocking.keys(whole)), default=0) < LONGEST, name
        assert len(blocking.keys(whole)) <= MOST_KEYS, name
        explain(_decide(whole, known))


def test_names_of_very_many_words_are_compared_word_by_word_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = 0
    one_slip = compare._one_slip

    def counting(one: str, other: str) -> bool:
        nonlocal counted
        counted += 1
        return one_slip(one, other)

    monkeypatch.setattr(compare, "_one_slip", counting)
    words = ["".join(pair) for pair in combinations("BCDFGHJKLMNPRSTVWXZ", 2)]
    names = " ".join(words), " ".join(f"{word}Q" for word in reversed(words))
    records = [
        _record(str(at), (GivenPerson(first_name=name, middle_name=name, surname=name), GivenAddress()))
        for at, name in enumerate(names)
    ]
    assert len(words) > 100
    _decide(*records)
    assert 0 < counted < 1_000
