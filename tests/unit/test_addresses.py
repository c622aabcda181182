"""Which address of a register is meant: cases anyone may add to (``address_edge_cases.yaml``), and homes as written."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from ruamel.yaml import YAML

from prevention.demonstration.generator.extracts import COLUMNS, Saying, row
from prevention.demonstration.generator.places import Address
from prevention.demonstration.generator.world import World, generate
from prevention.matching.addresses.choosing import RegisterAddress, Resolution, resolve
from prevention.matching.addresses.reading import read_address

#: Every value is text; a key that is given twice is refused.
CASES: list[dict[str, str | list[str]]] = YAML(typ="base", pure=True).load(
    (Path(__file__).parent / "address_edge_cases.yaml").read_text("utf-8")
)


def found(written: str, *register: str, postcode: str = "") -> Resolution:
    return resolve(written, [RegisterAddress(str(at), line) for at, line in enumerate(register)], postcode)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['written'] or 'nothing'}: {case['because']}")
def test_the_address_that_is_meant_is_sure_and_no_other(case: dict[str, str]) -> None:
    assert case.keys() <= {"written", "postcode", "register", "means", "because"}
    assert case["means"] == "nobody" or case["means"] in case["register"]
    resolution = found(case["written"], *case["register"], postcode=case.get("postcode", ""))
    assert (resolution.best.line if resolution.sure and resolution.best else "nobody") == case["means"], resolution


def test_a_register_without_addresses_finds_nobody() -> None:
    assert found("12 High Street, N1 8LY").best is None


def test_what_is_not_sure_still_has_a_best_guess() -> None:
    resolution = found("Flat 4, Unity Street, Bristol BS1 5HH", "Flat 4, 9 Unity Street, Bristol, BS1 5HH")
    assert resolution.best is not None
    assert not resolution.sure
    assert 0.5 < resolution.probability < 0.98


def test_two_that_fit_alike_share_the_probability() -> None:
    resolution = found("5 Church Road, London", "5 Church Road, London, N1 8LY", "5 Church Road, London, E8 1AA")
    assert resolution.lead == 0
    assert resolution.probability < 0.5


@pytest.mark.parametrize(
    ("line", "street"),
    [
        ("12 St John's Road", "st johns road"),
        ("12 Old St Pancras Road", "old st pancras road"),
        ("12 High Street South", "high street south"),
        ("5 The Grove, London", "the grove"),
        ("Flat 5, Faraday Court, Mare St, London", "mare street"),
    ],
)
def test_a_street_is_looked_for_as_gazetteers_write_it(line: str, street: str) -> None:
    assert street in read_address(line).plain_streets


# --- homes of the generator, as its three agencies write them ---------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return generate(11, 1200, date(2026, 11, 22))


def _registered(address: Address) -> RegisterAddress:
    return RegisterAddress.from_parts(*address[:1], **dict(zip(Address._fields[1:8], address[1:8], strict=True)))


def _as_written(world: World, homes: int) -> Iterator[tuple[str, str, str, Address]]:
    rng = Random(3)  # noqa: S311 invented data
    for number in range(homes):
        household = world.households.household(number)
        saying = Saying(5_000_000, household.members[0], household, household.address, ())
        for agency in ("fire", "ambulance", "police"):
            cells = dict(zip(COLUMNS[agency][1:], row(rng, agency, saying), strict=True))
            lines = [cell for column, cell in cells.items() if column.startswith(("Address", "Location", "address"))]
            postcode = next(cell for column, cell in cells.items() if column.lower().startswith("post"))
            yield agency, "\n".join(line for line in lines if line), postcode, household.address


def test_homes_written_in_three_ways_are_found_and_hardly_one_is_mistaken(world: World) -> None:
    by_postcode: dict[str | None, list[RegisterAddress]] = {}
    for address in world.addresses():
        by_postcode.setdefault(address.postcode, []).append(_registered(address))
    asked, sure, mistaken = dict.fromkeys(("fire", "ambulance", "police"), 0), 0, []
    for agency, written, postcode, home in _as_written(world, 400):
        nearby = by_postcode.get(read_address(written, postcode).postcode)
        if nearby is None:
            continue
        asked[agency] += 1
        resolution = resolve(written, nearby, postcode)
        sure += resolution.sure
        if resolution.sure and resolution.best is not None and resolution.best.uprn != home.uprn:
            mistaken.append((written, home, resolution))
    assert min(asked.values()) > 250
    assert sure > 0.95 * sum(asked.values())
    for written, home, resolution in mistaken:  # two digits changed places: what was written is another home
        assert resolution.best is not None
        assert home.number != resolution.best.line
        assert sorted(home.number) == sorted(_number_in(resolution.best.line)), (written, home)
    assert len(mistaken) < 0.005 * sum(asked.values())


def _number_in(line: str) -> str:
    spans = read_address(line).spans[0]
    return str(spans[-1].low)
