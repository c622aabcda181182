"""Normalising takes any text, never raises, and a second pass changes nothing."""

from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder, tidy_date
from prevention.matching.normalise.dwellings import address_key
from prevention.matching.normalise.identifiers import tidy_email, tidy_nhs_number, tidy_phone, tidy_uprn
from prevention.matching.normalise.names import tidy_name
from prevention.matching.normalise.people import tidy_person, tidy_sex
from prevention.matching.normalise.postcodes import tidy_postcode
from prevention.matching.normalise.text import clean, fold

RECEIVED = date(2026, 11, 22)
FRAGMENTS = st.sampled_from(
    [
        "Flat", "FLT 3A", "39A", "12", "High", "St", "Rd", "LA", "The", "Ave", "Court", ",", "\n", "SW1A 0AA", "n1c4ql",
        "/", "2/11", "London", "ZZ99 3VZ", "NFA", "O'CONNOR", "McDONALD", "al-", "Mr", "Unknown", "ß", "İ",
        "ﬁ", "\u202e", "\x00", "?", "-", "'", "（", "Dąbrowski", "李", "محمد", "GROUND FLOOR FLAT", "Unit", "B", ".",
        "  ", "Kingston Upon Thames",
    ]
)  # fmt: skip
ADDRESSES = st.one_of(
    st.text(max_size=80), st.lists(FRAGMENTS, max_size=9).map(" ".join), st.lists(FRAGMENTS, max_size=6).map("".join)
)


@given(ADDRESSES)
def test_clean_and_fold_are_idempotent(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert fold(fold(text)) == fold(text)


@given(ADDRESSES)
def test_single_fields_are_idempotent(text: str) -> None:
    for step in (
        tidy_postcode,
        tidy_uprn,
        tidy_nhs_number,
        tidy_phone,
        tidy_email,
    ):
        once = step(text)
        assert once is None or step(once) == once, step.__name__
    assert tidy_sex(tidy_sex(text)) == tidy_sex(text)


@given(st.dates(min_value=date(1907, 1, 1), max_value=RECEIVED))
def test_every_way_to_write_a_date_is_read(day: date) -> None:
    for written in (
        f"{day:%d/%m/%Y}",
        f"{day:%d %b %Y}",
        f"{day:%Y-%m-%d}",
        f"{day.day} {day:%B} {day.year}",
        f"{day:%Y%m%d}",
    ):
        assert tidy_date(written, DateOrder.DAY_FIRST, RECEIVED) == day
    short = tidy_date(f"{day:%d/%m/%y}", DateOrder.DAY_FIRST, RECEIVED)
    assert short is not None
    assert (short.day, short.month, short.year % 100) == (day.day, day.month, day.year % 100)
    assert short <= RECEIVED


@given(ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES)
@example("Mr", "", "Unknown", "O'CONNOR, mc")
def test_names_are_idempotent(first: str, middle: str, surname: str, full: str) -> None:
    once = tidy_name(GivenPerson(full_name=full, first_name=first, middle_name=middle, surname=surname))
    again = tidy_name(
        GivenPerson(title=once.title, first_name=once.first, middle_name=once.middle, surname=once.surname)
    )
    assert again == once


@given(ADDRESSES, ADDRESSES, ADDRESSES)
@example("2/11 Willesden La", "NW67TH", "100010000377.0")
def test_addresses_are_idempotent(lines: str, postcode: str, uprn: str) -> None:
    once = tidy_address(GivenAddress(uprn=uprn, lines=lines, postcode=postcode))
    again = tidy_address(
        GivenAddress(
            uprn=once.uprn or "", lines=once.text, postcode=once.postcode or "", no_fixed_abode=once.no_fixed_abode
        )
    )
    assert again == once
    assert address_key(again) == address_key(once)


@given(ADDRESSES, ADDRESSES)
def test_a_person_is_read_from_any_text(text: str, other: str) -> None:
    tidy_person(
        GivenPerson(full_name=text, dob=other, age=text, sex=other, nhs_number=text, phone=other, email=text), RECEIVED
    )


@given(st.integers(min_value=0, max_value=999_999_999), st.integers(min_value=0, max_value=9))
def test_an_nhs_number_has_one_check_digit_at_most(stem: int, digit: int) -> None:
    numbers = [f"{stem:09d}{check}" for check in range(10)]
    valid = [number for number in numbers if tidy_nhs_number(number)]
    assert len(valid) <= 1
    total = sum(int(d) * (10 - at) for at, d in enumerate(f"{stem:09d}"))
    if f"{stem:09d}{digit}" in valid:
        assert (total + digit) % 11 == 0


HOSTILE = [
    "A" * 10_000_000,
    "1" * 10_000_000,
    " " * 10_000_000,
    "Flat 1, " * 1_000_000,
    "\u202e" * 5_000_000,
    "\x00" * 1000,
    "(" * 100_000,
    "-1" * 100_000,
    "a@" * 100_000,
    "SW1A 0AA " * 100_000,
    "\u0663" * 1000,
    "\U0001f525" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:6]))
def test_hostile_input_leaves_no_more_than_a_line(text: str) -> None:
    given_person = GivenPerson(
        full_name=text,
        first_name=text,
        surname=text,
        dob=text,
        age=text,
        sex=text,
        nhs_number=text,
        phone=text,
        email=text,
    )
    person = tidy_person(given_person, RECEIVED)
    address = tidy_address(GivenAddress(uprn=text, lines=text, postcode=text))
    assert max(len(str(value)) for value in (*asdict(person).values(), *asdict(address).values())) < 1_000


@pytest.mark.parametrize(
    ("lines", "street", "postcode"),
    [
        ("35 Ealing Road, Wembley", "Ealing Road", None),
        ("12 Mill Close", "Mill Close", None),
        ("4 The Priory", "The Priory", None),
        ("7 Acre Lane SWI 3NA", "Acre Lane", "SW1 3NA"),
    ],
)
def test_a_word_of_letters_is_no_postcode(lines: str, street: str, postcode: str | None) -> None:
    read = tidy_address(GivenAddress(lines=lines))
    assert (read.street, read.postcode) == (street, postcode)
