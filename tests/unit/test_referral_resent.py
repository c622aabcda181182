"""A referral sent again beside what people corrected: who said what last decides, field by field and entry by entry."""

from typing import Any
from uuid import UUID

import pytest

from prevention.domain.referral import Channel, GivenAddress, GivenPerson, ReceiveReferral, ReferralReason
from prevention.domain.referral_content import Content, content_of, flat, with_fields
from prevention.domain.referral_resent import compare

FIRST = content_of(
    ReceiveReferral(
        agency_id=UUID(int=1),
        source_system="test",
        channel=Channel.CSV,
        address=GivenAddress(lines="12 Example Street", postcode="NW1 0AA", uprn="100020000012"),
        person=GivenPerson(first_name="Ann", surname="Example", dob="03/02/1941"),
        reasons=frozenset({ReferralReason.HOARDING, ReferralReason.FALLS}),
        narrative="Boxes to the ceiling.",
    )
)


def changed(content: Content, **fields: Any) -> Content:
    return with_fields(content, {name.replace("__", "."): value for name, value in fields.items()})


def test_what_nobody_corrected_follows_its_sender() -> None:
    said = changed(FIRST, person__dob="04/02/1941", narrative="Boxes gone.", immediate_danger=True)
    found = compare(FIRST, said, FIRST)
    assert found.applied_to(FIRST) == said
    assert (found.disputed, found.corrections_stay) == ({}, False)


def test_a_correction_stays_when_the_sender_repeats_itself() -> None:
    corrected = changed(FIRST, person__dob="04/02/1942")
    said = changed(FIRST, narrative="Boxes gone.")
    found = compare(FIRST, said, corrected)
    assert found.applied_to(corrected) == changed(said, person__dob="04/02/1942")
    assert (found.disputed, found.corrections_stay) == ({}, True)


def test_what_is_corrected_and_said_anew_is_disputed_and_stays() -> None:
    corrected = changed(FIRST, person__dob="04/02/1942")
    found = compare(FIRST, changed(FIRST, person__dob="05/02/1943"), corrected)
    assert found.applied_to(corrected) == corrected
    assert found.disputed == {"person.dob": "05/02/1943"}


def test_a_sender_who_comes_to_say_the_same_disputes_nothing() -> None:
    corrected = changed(FIRST, person__dob="04/02/1942")
    found = compare(FIRST, corrected, corrected)
    assert (found.new, found.disputed, found.corrections_stay) == ({}, {}, False)


def test_an_address_is_corrected_and_disputed_as_a_whole() -> None:
    corrected = changed(FIRST, address__lines="14 Example Street", address__uprn="100020000014")
    found = compare(FIRST, changed(FIRST, address__postcode="NW1 0AB"), corrected)
    assert found.applied_to(corrected) == corrected
    assert found.disputed == {
        "address.lines": "12 Example Street",
        "address.postcode": "NW1 0AB",
        "address.uprn": "100020000012",
        "address.no_fixed_abode": False,
    }


@pytest.mark.parametrize(
    ("corrected", "said", "expected"),
    [
        (["FALLS", "HOARDING", "SMOKING_IN_BED"], ["FALLS", "FRAILTY", "HOARDING"],
         ["FALLS", "FRAILTY", "HOARDING", "SMOKING_IN_BED"]),
        (["FALLS"], ["FALLS", "FRAILTY", "HOARDING"], ["FALLS", "FRAILTY"]),
        (["FALLS", "HOARDING", "SMOKING_IN_BED"], ["FALLS"], ["FALLS", "SMOKING_IN_BED"]),
        (["FALLS"], ["HOARDING"], ["FALLS"]),
    ],
)  # fmt: skip
def test_lists_keep_what_each_side_added_and_took_away(
    corrected: list[str], said: list[str], expected: list[str]
) -> None:
    here = changed(FIRST, reasons=corrected)
    found = compare(FIRST, changed(FIRST, reasons=said), here)
    assert found.applied_to(here)["reasons"] == expected
    assert found.disputed == {}


def test_household_flags_may_be_emptied_by_both() -> None:
    first = changed(FIRST, household_flags=["DISABLED", "LIVES_ALONE"])
    here = changed(first, household_flags=["DISABLED"])
    found = compare(first, changed(first, household_flags=["LIVES_ALONE"]), here)
    assert found.applied_to(here)["household_flags"] == []


def test_fields_side_by_side_and_back() -> None:
    assert with_fields(FIRST, flat(FIRST)) == FIRST
    assert changed(FIRST, person__dob="x") != FIRST, "and the content given stays as it is"
