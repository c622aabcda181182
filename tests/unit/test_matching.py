"""The engine's promises one by one; what it must answer for two records stands in ``matching_edge_cases.yaml``."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from importlib import resources
from itertools import combinations

import pytest

from prevention.domain.match import MatchDecision
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.errors import Invalid
from prevention.matching.compare import LEVELS, compare
from prevention.matching.decide import choose, decide
from prevention.matching.explain import explain
from prevention.matching.frequencies import NameRarity
from prevention.matching.model import default_model, read_model
from prevention.matching.names import only_look_alike, same_name_group
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder, tidy_date
from prevention.matching.normalise.dwellings import address_key
from prevention.matching.normalise.identifiers import tidy_nhs_number, tidy_phone
from prevention.matching.normalise.names import TidiedName, tidy_name
from prevention.matching.normalise.people import tidy_person
from prevention.matching.normalise.postcodes import tidy_postcode
from prevention.matching.profile import Profile
from prevention.matching.record import FORM, Record

RECEIVED = date(2026, 11, 22)


def record(given: dict[str, str], record_id: str = "a") -> Record:
    person = GivenPerson(
        full_name=given.get("name", ""),
        dob=given.get("dob", ""),
        age=given.get("age", ""),
        sex=given.get("sex", ""),
        nhs_number=given.get("nhs", ""),
        phone=given.get("phone", ""),
        email=given.get("email", ""),
    )
    address = GivenAddress(
        lines=given.get("address", ""), postcode=given.get("postcode", ""), uprn=given.get("uprn", "")
    )
    return Record.from_tidied(
        record_id,
        tidy_person(person, RECEIVED),
        tidy_address(address),
        received=RECEIVED,
    )


JOHN = record({"name": "John Smith", "dob": "1950-07-11", "address": "12 Essex Road", "postcode": "N1 8LY"}, "1")


def test_the_sentence_is_in_words_and_the_lines_sum_up() -> None:
    other = replace(JOHN, record_id="2", dob=date(1950, 11, 7), phone="+447911123456")
    outcome = decide(replace(JOHN, phone="+447911123999"), Profile.of("p", [other]))
    told = explain(outcome)
    assert told.sentence == "Same first name, surname and address; day and month of birth swapped; phone differs"
    assert sum(line.bits for line in told.lines) == pytest.approx(outcome.bits, abs=0.01)
    assert told.lines[0].field == "Before comparing"
    assert "Smith" not in told.sentence + str(told.lines)


def test_a_person_is_the_best_evidence_of_their_records() -> None:
    initial = replace(JOHN, record_id="2", forenames=("J",), dob=None)
    alone = decide(replace(JOHN, record_id="3"), Profile.of("p", [initial]))
    together = decide(replace(JOHN, record_id="3"), Profile.of("p", [initial, JOHN]))
    assert (alone.decision, together.decision) == (MatchDecision.REVIEW, MatchDecision.JOINED)


def test_a_birth_date_that_differs_is_not_hidden_by_a_record_without_one() -> None:
    son = replace(JOHN, record_id="4", dob=date(1978, 3, 2))
    father = Profile.of("father", [JOHN, replace(JOHN, record_id="2", dob=None)])
    assert decide(son, father).decision is not MatchDecision.JOINED


def test_two_known_people_who_fit_alike_are_for_review() -> None:
    father = replace(JOHN, phone="+447911123456")
    son = replace(father, record_id="5", dob=date(1978, 3, 2))
    outcomes = choose(replace(father, record_id="9", dob=None), [Profile.of("p", [father]), Profile.of("q", [son])])
    assert [outcome.decision for outcome in outcomes] == [MatchDecision.REVIEW, MatchDecision.REVIEW]
    assert outcomes[0].held_back == "another known person fits as well"


def test_a_person_known_twice_is_no_rival_of_their_own_and_the_second_is_asked_about() -> None:
    twice = [Profile.of("p", [JOHN]), Profile.of("q", [replace(JOHN, record_id="5")])]
    outcomes = choose(replace(JOHN, record_id="9"), twice)
    assert [outcome.decision for outcome in outcomes] == [MatchDecision.JOINED, MatchDecision.REVIEW]


def test_agreeing_on_a_rare_name_says_more() -> None:
    moved = replace(
        JOHN,
        record_id="2",
        dob=None,
        postcode="SE6 4SP",
        number="9",
        street="CATFORD",
        tokens=frozenset("9"),
        address_key="x",
    )
    rare, common = NameRarity(100_000, 4.0, 4.0), NameRarity(100_000, -3.0, -3.0)
    said = [decide(replace(JOHN, record_id="3"), Profile.of("p", [moved]), rarity=rarity) for rarity in (rare, common)]
    assert said[0].bits > said[1].bits + 3
    told = {line.field for line in explain(said[0]).lines}
    assert {"How rare the first name is", "How rare the surname is"} <= told


def test_one_name_in_a_care_home_is_not_one_person() -> None:
    home = {"address": "Elmwood Care Home, 46 Birmingham Street", "postcode": "N1 8LY", "name": "Joan Price"}
    outcome = decide(record(home, "a"), Profile.of("p", [record(home, "b")]))
    assert outcome.decision is not MatchDecision.JOINED
    assert outcome.same_premises


def test_the_likeliest_comes_first_and_one_is_joined_at_most() -> None:
    mary = replace(JOHN, record_id="6", forenames=("MARY",), dob=date(1952, 1, 30), sex="F")
    outcomes = choose(replace(JOHN, record_id="9"), [Profile.of("mary", [mary]), Profile.of("john", [JOHN])])
    assert [outcome.profile_id for outcome in outcomes] == ["john", "mary"]
    assert [outcome.decision for outcome in outcomes] == [MatchDecision.JOINED, MatchDecision.NEW]
    assert outcomes[1].same_premises
    assert outcomes[1].p_same_household > 0.9
    assert outcomes[1].other_member_same_home
    assert not outcomes[0].other_member_same_home
    assert choose(JOHN, []) == []


def test_of_two_crossings_as_good_the_same_is_taken_whoever_comes_first() -> None:
    jon, j = replace(JOHN, forenames=("JON",), surnames=("JONES",)), replace(JOHN, forenames=("J",), surnames=("JOHN",))
    assert compare(jon, j) == compare(j, jon)


def test_no_two_names_are_both_one_name_and_apart() -> None:
    held = json.loads((resources.files("prevention.matching") / "nicknames.json").read_text("utf-8"))
    contradictions = [pair for names in held["apart"] for pair in combinations(names, 2) if same_name_group(*pair)]
    assert contradictions == []
    assert only_look_alike("JOAN", "JOHN")
    assert not only_look_alike("JHON", "JOHN")


def test_a_profile_needs_a_record() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Profile.of("p", [])


def test_the_shipped_model_knows_every_level() -> None:
    model = default_model()
    assert {field: set(levels) for field, levels in model.bits.items()} == {
        field: set(levels) for field, levels in LEVELS.items()
    }


def test_a_model_with_a_gap_is_refused() -> None:
    with pytest.raises(Invalid, match="needs bits"):
        read_model(json.dumps({"version": "x", "fields": {}, "prior": {}, "thresholds": {}}))


@pytest.mark.parametrize(
    "ways",
    [
        ["12 Essex Road, London", "12 ESSEX RD LONDON N1 8LY", "12, Essex Rd", "12 Essex Road\nLondon\n"],
        [
            "Flat 3A, Oak Court, 49 High Street",
            "OAK COURT FLT 3A, 49 HIGH STREET ORPINGTON N1 8LY",
            "Apartment 3A, 49 High St",
            "49 HIGH ST FLAT 3A",
            "3A/49 HIGH STREET",
        ],
        ["39A Park Lane", "39 A Park Ln", "Flat A, 39 Park Lane", "FLAT A 39 PARK LANE"],
        ["115A Green Lane", "GROUND FLOOR FLAT 115 A GREEN LANE"],
        ["45 St. John's Vale", "45 ST JOHNS VALE", "45 Saint John’s Vale"],
        ["Homer House, Monson Street, Lincoln", "HOMER HOUSE MONSON STREET LINCOLN", "Homer House\nMonson St"],
        ["48 Beadles Parade, Rainham Road South", "48 BEADLES PARADE RAINHAM ROAD SOUTH"],
    ],
)
def test_one_dwelling_has_one_key(ways: list[str]) -> None:
    tidied = [tidy_address(GivenAddress(lines=lines, postcode="N1 8LY")) for lines in ways]
    assert len({address_key(address) for address in tidied}) == 1, [address.text for address in tidied]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Flat 2, 11 Park Lane", "Flat 11, 2 Park Lane"),
        ("Flat 6, 26 Park Lane", "26 Park Lane"),
        ("12 High Street", "12 High Road"),
        ("12 Essex Road", "12 Sussex Road"),
        ("12 Essex Road", "21 Essex Road"),
    ],
)
def test_two_dwellings_have_two_keys(one: str, other: str) -> None:
    keys = [address_key(tidy_address(GivenAddress(lines=lines, postcode="N1 8LY"))) for lines in (one, other)]
    assert keys[0] != keys[1]


@pytest.mark.parametrize(
    ("given", "first", "middle", "surname", "title"),
    [
        ("BOOTH, Tom", "Tom", "", "Booth", ""),
        ("D?BROWSKI, MR PAWE?", "Pawe?", "", "D?browski", "Mr"),
        ("LANE, MISS UNKNOWN Paige", "Paige", "", "Lane", "Miss"),
        ("O'CONNOR, EVA", "Eva", "", "O'Connor", ""),
        ("MCDONALD, ANN MARIE", "Ann", "Marie", "McDonald", ""),
        ("AL-HASSAN, HANAN", "Hanan", "", "al-Hassan", ""),
        ("MacTiernan, Patricia", "Patricia", "", "MacTiernan", ""),
        ("SMITH, .", "", "", "Smith", ""),
        ("Mr", "", "", "", "Mr"),
        ("UNKNOWN", "", "", "", ""),
        ("NK, Max", "Max", "", "", ""),
        ("ludwig van beethoven", "Ludwig", "", "van Beethoven", ""),
        ("ÇAMURCUOĞLU, ABDÜLHADI", "Abdülhadi", "", "Çamurcuoğlu", ""),
    ],
)
def test_names(given: str, first: str, middle: str, surname: str, title: str) -> None:
    assert tidy_name(GivenPerson(full_name=given)) == TidiedName(title, first, middle, surname)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("sw1a 0aa", "SW1A 0AA"),
        ("SW1A OAA", "SW1A 0AA"),
        ("n1c4ql", "N1C 4QL"),
        ("SEI 2EZ", "SE1 2EZ"),
        ("SW13", None),
        ("ZZ99 3VZ", None),
        ("QA1 1AA", None),
        ("SW1A 0CA", None),
        ("", None),
    ],
)
def test_postcodes(given: str, read: str | None) -> None:
    assert tidy_postcode(given) == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("07i659419262", "+447659419262"),
        ("0044 7473 381506", "+447473381506"),
        ("+44 (0)7911 123456", "+447911123456"),
        ("020 7946 0111 / 07911 123456", "+442079460111"),
        ("079111234", None),
        ("01234 567890", None),
        ("none", None),
        ("00000000000", None),
        ("+33 1 42 68 53 00", "+33142685300"),
    ],
)
def test_phones(given: str, read: str | None) -> None:
    assert tidy_phone(given) == read


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("09/12/1973", date(1973, 12, 9)),
        ("22 Dec 1997", date(1997, 12, 22)),
        ("11/10/92", date(1992, 10, 11)),
        ("06-Nov-25", date(2025, 11, 6)),
        ("22/11/26", date(2026, 11, 22)),
        ("23/11/26", date(1926, 11, 23)),
        ("1973-12-09", date(1973, 12, 9)),
        ("31/02/2000", None),
        ("29/02/1999", None),
        ("01/01/1900", None),
        ("01/12/2026", None),
        ("12/12/1850", None),
        ("26642", date(1972, 12, 9)),
        ("09121973", date(1973, 12, 9)),
        ("9.12.73", date(1973, 12, 9)),
        ("73-12-09", date(1973, 12, 9)),
        ("Sunday 9th of December 1973", date(1973, 12, 9)),
        ("09/12/1973 00:00:00", date(1973, 12, 9)),
        ("12/25/1980", date(1980, 12, 25)),
        ("1973", None),
        ("yesterday", None),
    ],
)
def test_dates(given: str, read: date | None) -> None:
    assert tidy_date(given, DateOrder.DAY_FIRST, RECEIVED) == read


@pytest.mark.parametrize("number", ["9990123470", "9990246947", "9990370419", "9990740828", "9990864292"])
def test_nhs_numbers_of_the_field_guide(number: str) -> None:
    assert tidy_nhs_number(f"{number[:3]} {number[3:6]}-{number[6:]}") == number
    assert tidy_nhs_number(number[:9] + str((int(number[9]) + 1) % 10)) is None


def test_the_sample_that_fails_its_check_is_refused() -> None:
    assert tidy_nhs_number("999 123 4560") is None
    assert tidy_nhs_number("0000000000") is None


#: Every rule of reading a name, a birth and an address, each at least once.
READ = (
    {
        "name": "Mr Jon O'Neill-Smith Jr",
        "dob": "11/07/1950",
        "phone": "020 7946 0018",
        "address": "Flat 2, 12 Essex Rd",
    },
    {"name": "WHITFIELD, Joan (née Green)", "age": "76", "sex": "F", "email": "joan@example.org", "postcode": "n18ly"},
    {
        "name": "Мария Иванова",
        "nhs": "999 012 3470",
        "address": "12A St John's Court, 5 Old St",
        "postcode": "N1 8LY",
    },
    {"name": "Baby of Mary Smith", "dob": "2026-11-01", "address": "Rowan House Care Home, 10-12 Mill Lane, London"},
    {"name": "Unknown", "address": "NFA"},
    {"name": "Dame Ana García López", "uprn": "100010000377", "address": "Ground floor flat, rear of 7 Acre Ln"},
)


def test_the_form_is_raised_when_records_are_read_otherwise() -> None:
    """When this fails, records are read otherwise than before: raise ``FORM`` and put the new digest here.

    Records stored by the release before would else be compared as they were read then.
    """
    held = json.dumps([record(given).stored() for given in READ], sort_keys=True)
    assert (FORM, hashlib.sha256(held.encode()).hexdigest()[:16]) == (2, "3efa63d36907c47f")
