"""Invented people: numbers nobody has, families that hang together, and the errors agencies make of them."""

import re
from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prevention.demonstration.generator import errors, people
from prevention.demonstration.generator.households import UNRELATED, Household, Households, Shape
from prevention.demonstration.generator.world import generate

TODAY = date(2026, 11, 22)
DRAMA = re.compile(
    r"^(?:07700900\d{3}|02079460\d{3}|0(?:113|114|115|116|117|118|121|151|161)4960\d{3}|01914980\d{3}|01632960\d{3})$"
)


@pytest.fixture(scope="module")
def homes() -> list[Household]:
    households = Households(7, 2_000, TODAY)
    return [households.household(index) for index in range(2_000)]


@given(st.integers(min_value=0, max_value=999_999))
def test_nhs_numbers_are_of_the_range_never_issued_and_their_check_digit_is_right(serial: int) -> None:
    number = people.nhs_number(serial)
    if not number:
        return
    assert re.fullmatch(r"999 \d{3} \d{4}", number)
    digits = [int(digit) for digit in number if digit != " "]
    total = sum(digit * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    assert (11 - total % 11) % 11 == digits[9]


def test_nhs_numbers_are_given_once() -> None:
    numbers = [number for serial in range(20_000) if (number := people.nhs_number(serial))]
    assert len(set(numbers)) == len(numbers) > 17_000
    assert people.nhs_number(1_000_000) == people.nhs_number(-1) == ""


@given(st.integers(min_value=0, max_value=3_000_000))
def test_nobody_has_the_phone_numbers(serial: int) -> None:
    number = people.phone_number(serial)
    assert DRAMA.match(number) or re.fullmatch(r"0200\d{7}", number)


def test_phone_numbers_of_a_small_world_are_drama_numbers_and_given_once() -> None:
    numbers = [people.phone_number(serial) for serial in range(3_000)]
    assert len(set(numbers)) == 3_000
    assert all(DRAMA.match(number) for number in numbers)


@given(st.integers(min_value=0), st.text(max_size=12), st.text(max_size=12))
def test_emails_are_in_reserved_domains(seed: int, first: str, last: str) -> None:
    address = people.email_address(Random(seed), first, last)  # noqa: S311 not for secrets
    assert re.fullmatch(r"[a-z0-9._]*@(example\.(com|org|net)|mail\.example|post\.example)", address)


def test_every_shape_of_household_is_there(homes: list[Household]) -> None:
    assert {home.shape for home in homes} == set(Shape)


def test_families_share_a_name_and_strangers_need_not(homes: list[Household]) -> None:
    for home in homes:
        stems = {person.surname.removesuffix("i").removesuffix("a") for person in home.members}
        if home.shape not in UNRELATED:
            assert len(stems) == 1
    assert any(len({person.surname for person in home.members}) > 1 for home in homes if home.shape in UNRELATED)


def test_twins_and_fathers_and_sons(homes: list[Household]) -> None:
    twins = [home for home in homes if home.shape is Shape.TWINS]
    for home in twins:
        assert max(Counter(person.birth for person in home.members).values()) == 2
        assert len({person.forename for person in home.members[2:]}) == len(home.members) - 2
    pairs = [home.members for home in homes if home.shape is Shape.FATHER_AND_SON]
    assert pairs
    for father, _, son in pairs:
        assert (father.forename, father.surname) == (son.forename, son.surname)
        assert son.birth - father.birth > 18 * 365


def test_nobody_is_born_after_today_or_before_1920(homes: list[Household]) -> None:
    births = [person.birth for home in homes for person in home.members]
    assert max(births) <= TODAY.toordinal()
    assert min(births) >= date(1920, 1, 1).toordinal()


def test_homes_and_people_are_each_their_own(homes: list[Household]) -> None:
    assert len({home.address.uprn for home in homes}) == len(homes)
    keys = [person.key for home in homes for person in home.members]
    assert len(set(keys)) == len(keys)
    lived_in = {home.address.uprn for home in homes}
    assert not any(home.moved_from.uprn in lived_in for home in homes)


def test_names_come_from_all_over_the_world(homes: list[Household]) -> None:
    surnames = {person.surname for home in homes for person in home.members}
    assert {"Khan", "Patel", "Kowalska", "Kowalski", "Yılmaz", "Okafor", "Chen", "Abdi"} <= surnames
    assert any(surname.startswith("O'") for surname in surnames)


@given(st.integers(min_value=0), st.text(min_size=3, max_size=20))
def test_a_misspelling_stays_near_the_name(seed: int, name: str) -> None:
    assert abs(len(errors.misspelt(Random(seed), name)) - len(name)) <= 2  # noqa: S311 not for secrets


def test_the_errors_of_real_desks_happen() -> None:
    rng = Random(3)  # noqa: S311 not for secrets
    person = (
        Households(7, 50, TODAY)
        .household(3)
        .members[0]
        ._replace(
            forename="Margaret",
            surname="McCarthy",
            birth_surname="Phillips",
            sex="F",
            birth=date(1950, 3, 7).toordinal(),
        )
    )
    names = {errors.written_name(rng, person, "fire") for _ in range(2_000)}
    forenames, surnames = {name.forename for name in names}, {name.surname for name in names}
    assert {"Margaret", "Peggy", "M", "Mrs Margaret", "McCarthy", "U/K"} <= forenames
    assert {"McCarthy", "Phillips", "Phillips-McCarthy", "MacCarthy"} <= surnames
    dates = {errors.written_birth(rng, person.birth, "police") for _ in range(3_000)}
    assert {None, (1950, 3, 7), (1950, 7, 3), (1950, 1, 1), (1900, 1, 1), (1950, 2, 31), (1949, 3, 7)} <= dates
    codes = {errors.written_postcode(rng, "E1 0AB", 0.05) for _ in range(3_000)}
    assert {"", "E1 0AB", "E10AB", "e1 0ab", "E1", "EI OAB"} <= codes


@pytest.mark.parametrize(("position", "source", "least", "most"), [(6, "ambulance", 0.5, 0.7), (8, "fire", 0.7, 0.9)])
def test_how_often_numbers_are_known(position: int, source: str, least: float, most: float) -> None:
    rows = [referral.row for referral in generate(9, 3_000, TODAY).referrals() if referral.source == source]
    assert least <= sum(bool(row[position]) for row in rows) / len(rows) <= most


def test_impossible_dates_and_no_fixed_abode_are_there_but_rare() -> None:
    rows = [" ".join(referral.row) for referral in generate(9, 3_000, TODAY).referrals()]
    impossible = sum(bool(re.search(r"\b31/(02|04|06|09|11)/|-(02|04|06|09|11)-31\b", row)) for row in rows)
    nowhere = sum("no fixed abode" in row.lower() for row in rows)
    assert 1 <= impossible <= 40
    assert 5 <= nowhere <= 90
