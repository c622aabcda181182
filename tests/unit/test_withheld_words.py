"""Finding and masking addresses in what people write (domain.md 4.5)."""

import pytest

from prevention.domain.withheld_words import WITHHELD, mask_addresses, tells_an_address

HOME = ("Quillfeather Mews", "Willow House", "NW1 9ZZ", "100020009977", "Broadway")


@pytest.mark.parametrize(
    "written",
    [
        "She is at 9 Quillfeather Mews, NW1 9ZZ now",
        "9 QUILLFEATHER MEWS NW19ZZ",
        "the door in quillfeather   mews",
        "Quillfeather-Mews, nw1-9zz",
        "in Willow House",
        "the QUILLFEATHER desk buzzes you in",
        "WILLOW HOUSE, ask at the desk",
        "above the shop in Broadway",
        "UPRN 100020009977",
        "nw1\n9zz",
    ],
)
def test_the_home_goes_however_it_is_written(written: str) -> None:
    masked = mask_addresses(written, HOME).lower()
    assert WITHHELD in masked
    for word in ("quillfeather", "willow", "broadway", "9zz", "100020009977"):
        assert word not in masked


@pytest.mark.parametrize(
    "written",
    [
        "now at 14 Hill Lane",
        "flat 3b, 12 elm rd",
        "SE1 2AB",
        "he waits in Old Kent Road",
        "a hostel, Rose Court",
        "moved from 7-9 St John's Square",
    ],
)
def test_any_other_address_goes_and_warns_alike(written: str) -> None:
    """Were only the right one masked or warned of, trying addresses would find it."""
    assert WITHHELD in mask_addresses(written)
    assert tells_an_address(written)


@pytest.mark.parametrize(
    "written",
    [
        "2 people in the house smoke in bed",
        "3 SMOKERS IN HOUSE, OXYGEN 24 HOURS",
        "lives down the road, walks in the park, two dogs close by",
        "No alarm was seen. Alone, 84, hoards paper by the cooker.",
        "Smokes 20 a day; burns on the chair and the bed.",
        "E-cigarette, 10 am to 4 pm, M3 form",
    ],
)
def test_what_burns_stays_readable(written: str) -> None:
    assert mask_addresses(written, HOME) == written
    assert not tells_an_address(written)


def test_what_stands_before_a_street_stays() -> None:
    assert mask_addresses("OXYGEN USER SMOKING ELM ROAD") == f"OXYGEN USER SMOKING {WITHHELD}"


def test_masking_again_changes_nothing() -> None:
    once = mask_addresses("at 9 Quillfeather Mews, NW1 9ZZ", HOME)
    assert mask_addresses(once, HOME) == once


@pytest.mark.parametrize("hostile", ["a " * 20_000, "9" * 40_000, "Aa " * 15_000, "1 a " * 10_000, "flat " * 10_000])
def test_hostile_text_comes_back_as_it_was(hostile: str) -> None:
    assert mask_addresses(hostile, HOME) == hostile
