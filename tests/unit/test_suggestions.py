"""Words that suggest: whole words, plain negation, instructions taken at their word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.referral import ContactConstraint
from prevention.domain.referral import ReferralReason as Reason
from prevention.domain.suggestions import handling, suggest_reasons, urgent_words


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("Smokes in bed, burn holes in duvet.", {Reason.SMOKING_IN_BED}),
        ("Heavy smoker, burns to clothing noted", {Reason.SMOKING_UNSAFE}),
        ("non smoker, no oxygen, denies alcohol", set()),
        ("Does not have dementia. On home oxygen.", {Reason.HOME_OXYGEN}),
        ("ex-smoker", set()),
        ("Alcohol: none", set()),
        ("No smoke alarm seen in the hallway or landing.", {Reason.NO_ALARM}),
        ("pt says alarm was taken down years ago", {Reason.NO_ALARM}),
        ("Rooms full to window height, single path to the bed.", {Reason.HOARDING}),
        ("Two e-bikes charging in the only hallway.", {Reason.EBIKE_BATTERY}),
        ("Uses paraffin based cream all over, bedding soaked with it.", {Reason.EMOLLIENT}),
        ("Paraffin cream on her legs twice a day.", {Reason.EMOLLIENT}),
        ("Ex-partner has threatened to put petrol through letterbox.", {Reason.ARSON_THREAT, Reason.DOMESTIC_ABUSE}),
        ("Wheelie bin set alight outside the front door.", {Reason.ARSON_THREAT}),
        ("Youths set a bin on fire", {Reason.ARSON_THREAT}),
        ("Chip pan in use, grease on walls around cooker.", {Reason.COOKING}),
        ("Third fall this month, long lie.", {Reason.FALLS}),
        ("The waterfall in the park", set()),
        ("No falls but confused", {Reason.DEMENTIA_MEMORY}),
        ("", set()),
    ],
)
def test_reasons(text: str, reasons: set[Reason]) -> None:
    assert {suggestion.reason for suggestion in suggest_reasons(text)} == reasons


def test_the_words_are_those_of_the_text() -> None:
    (suggestion,) = suggest_reasons("Cluttered hall; clutter in kitchen")
    assert suggestion.words == ("Cluttered", "clutter")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ex-partner has threatened to put petrol through letterbox.", True),
        ("Personal CO alarm activated on entry, 30 ppm.", True),
        ("Smell of gas in hallway", True),
        ("No smell of gas", False),
        ("Lives alone, no visitors.", False),
    ],
)
def test_urgent_words(text: str, found: bool) -> None:
    assert bool(urgent_words(text)) is found


@pytest.mark.parametrize(
    ("text", "constraints", "confidential"),
    [
        ("High risk DA, moved here from previous address, do not contact by letter.", {"DO_NOT_WRITE"}, True),
        ("Please do not leave a card", {"DO_NOT_LEAVE_CARD"}, False),
        ("Don't discuss on the doorstep. Call first.", {"DO_NOT_DISCUSS_ON_DOORSTEP", "CALL_FIRST_NUMBER"}, False),
        ("Living in a refuge", set(), True),
        ("Threat to put petrol through letterbox", set(), False),
        ("No working letterbox", set(), False),
    ],
)
def test_instructions(text: str, constraints: set[str], confidential: bool) -> None:
    found = handling(text)
    assert found.constraints == {ContactConstraint(code) for code in constraints}
    assert found.confidential_address is confidential


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    suggest_reasons(text)
    urgent_words(text)
    handling(text)


@pytest.mark.parametrize("text", ["no " * 300_000, "a" * 10_000_000, "fire " * 100_000, "left the " * 10_000])
def test_hostile_text_ends(text: str) -> None:
    suggest_reasons(text)
    urgent_words(text)
    handling(text)
