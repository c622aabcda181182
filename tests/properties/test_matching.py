"""The engine is symmetric, sums up, never raises, and never joins what its keys would not find."""

import json
from dataclasses import asdict
from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from prevention.domain.match import MatchDecision
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching import blocking
from prevention.matching.decide import decide
from prevention.matching.explain import explain
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.people import tidy_person
from prevention.matching.profile import Profile
from prevention.matching.record import FORM, Record

RECEIVED = date(2026, 11, 22)
#: Each is locked while a record is taken in, and the server has room for some thousands of locks.
MOST_KEYS = 48
_few = st.sampled_from
PEOPLE = st.builds(
    GivenPerson,
    first_name=_few(["John", "Jon", "Jhon", "J", "", "Mary", "Smith", "Maria", "Robert", "Bob", "李", "Pawe?"]),
    middle_name=_few(["", "", "Ann", "Peter", "P"]),
    surname=_few(["Smith", "Smyth", "SMITH-JONES", "Jones", "", "John", "Dąbrowski", "D?BROWSKI", "Green", "伟"]),
    dob=_few(["", "1950-07-11", "1950-11-07", "1950-07-17", "1978-03-02", "1960-01-01"]),
    age=_few(["", "", "76", "48"]),
    sex=_few(["", "M", "F"]),
    nhs_number=_few(["", "", "9990123470", "9990246947"]),
    phone=_few(["", "07911123456", "07911123465", "02079460111"]),
    email=_few(["", "", "a@b.co.uk", "c@d.co.uk"]),
)
PLACES = st.builds(
    GivenAddress,
    uprn=_few(["", "", "100010000377", "100010000999"]),
    lines=_few(
        ["", "12 Essex Road, London", "12 ESSEX RD", "Flat 2, 12 Essex Road", "21 Essex Rd", "Oak House, Essex Road",
         "NFA", "12 High Street", "47 Catford Broadway"]
    ),
    postcode=_few(["", "N1 8LY", "N1 8LX", "SE6 4SP"]),
)  # fmt: skip


def _record(record_id: str, person: GivenPerson, place: GivenAddress) -> Record:
    tidied = tidy_person(person, RECEIVED), tidy_address(place)
    return Record.from_tidied(record_id, *tidied, received=RECEIVED)


BORN = {"dob": "1950-07-11"}
NOWHERE = GivenAddress(lines="NFA")


@settings(deadline=None)
@given(PEOPLE, PLACES, PEOPLE, PLACES)
@example(GivenPerson(first_name="John", surname="Smith", **BORN), NOWHERE, GivenPerson(first_name="J", **BORN), NOWHERE)
@example(
    GivenPerson(first_name="John", dob="1950-07-11"),
    GivenAddress(postcode="N1 8LY"),
    GivenPerson(first_name="J", surname="Smith", dob="1950-11-07"),
    GivenAddress(postcode="N1 8LY"),
)
@example(
    GivenPerson(first_name="John", surname="D?BROWSKI", **BORN),
    GivenAddress(),
    GivenPerson(first_name="J", surname="Dąbrowski", **BORN),
    GivenAddress(),
)
def test_decisions(one: GivenPerson, home: GivenAddress, other: GivenPerson, place: GivenAddress) -> None:
    a, b = _record("a", one, home), _record("b", other, place)
    there, back = decide(a, Profile.of("p", [b])), decide(b, Profile.of("p", [a]))
    assert there == back
    assert 0 <= there.p_same_person <= 1
    assert 0 <= there.p_same_household <= 1
    assert there.p_same_person + there.p_other_member <= 1.000002
    if there.decision is MatchDecision.JOINED:
        assert set(blocking.keys(a)) & set(blocking.keys(b))
    assert explain(there).sentence


@settings(deadline=None)
@given(PEOPLE, PLACES)
def test_a_record_is_found_by_its_own_keys_whatever_its_order(person: GivenPerson, place: GivenAddress) -> None:
    record = _record("a", person, place)
    assert blocking.keys(record) == tuple(sorted(set(blocking.keys(record))))
    assert len(blocking.keys(record)) <= MOST_KEYS


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text(name: str, lines: str, other: str) -> None:
    a = _record("a", GivenPerson(full_name=name, dob=other, phone=lines), GivenAddress(lines=lines, postcode=other))
    b = _record("b", GivenPerson(first_name=other, surname=name), GivenAddress(lines=other))
    explain(decide(a, Profile.of("p", [b])))
    blocking.keys(a)


def test_what_is_compared_is_short_however_much_is_written() -> None:
    huge = "Ñ-'? A" * 2_000_000
    everywhere = dict.fromkeys(("full_name", "first_name", "surname", "dob", "phone", "email", "nhs_number"), huge)
    address = GivenAddress(lines=huge, postcode=huge, uprn=huge)
    a = _record("a", GivenPerson(**everywhere), address)
    b = _record("b", GivenPerson(**everywhere | {"surname": huge[1:]}), address)
    assert max(len(str(value)) for value in asdict(a).values()) < 1_000
    explain(decide(a, Profile.of("p", [b])))
    assert max(map(len, blocking.keys(a)), default=0) < 1_000


def test_a_name_of_very_many_parts_makes_few_keys() -> None:
    parts = "-".join(f"{letter}ob" for letter in "BCDFGHJKLMNPRSTVWXZ" * 20)
    person = GivenPerson(first_name="Mary", surname=parts, dob="1950-07-11", phone="07911123456", email="a@b.co.uk")
    record = _record("a", person, GivenAddress(lines="Flat 2, Oak House, 12 Essex Road", postcode="N1 8LY"))
    assert len(record.surnames) > 20
    assert 20 < len(blocking.keys(record)) <= MOST_KEYS


@given(PEOPLE, PLACES)
def test_a_stored_record_is_read_as_it_was(person: GivenPerson, home: GivenAddress) -> None:
    record = _record("a", person, home)
    stored = json.loads(json.dumps(record.stored()))
    assert Record.from_stored("a", stored, record.uprn) == record
    assert Record.from_stored("a", {**stored, "form": FORM + 1}, None) is None
    assert Record.from_stored("a", None, None) is None
