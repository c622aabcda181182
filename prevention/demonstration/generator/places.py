"""Invented homes on real streets: every address of a world, computed from its number, none of them stored.

A *postcode* is a stretch of one street with 24 to 34 addresses: terraces, converted houses, blocks, a care home.
``Places.home(i)`` says where household ``i`` lives; the addresses between the homes are neighbours nobody speaks
of, so that a gazetteer look-up has to choose. The same seed gives the same city, however large the world.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from random import Random
from typing import NamedTuple

from prevention.demonstration.generator.boroughs import Borough, Street, boroughs
from prevention.demonstration.generator.wards import ward_of_street
from prevention.demonstration.generator.word_lists import words

#: Households who may be spoken of, in each postcode.
HOMES_PER_POSTCODE = 10
#: Postcodes along one street before the generator turns into an invented side street of the same outward code.
POSTCODES_PER_STREET = 8
#: Invented UPRNs count up from here (12 digits, domain.md 5.1), well above the range London's councils use.
FIRST_UPRN = 990_000_000_000
_UPRNS_PER_POSTCODE = 64
_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_INWARD_CODES = 9 * len(_INWARD_LETTERS) ** 2
_POSTCODE_STREAM = 1

_SIDE_STREETS = words(
    "Acacia Alder Almond Ashdown Aspen Barley Beech Birch Blossom Bramble Briar Cedar Cherry Chestnut Clover Coppice "
    "Cypress Damson Elder Fern Foxglove Hawthorn Hazel Heather Holly Hornbeam Ivy Juniper Larch Laurel Lavender Lilac "
    "Lime Linden Magnolia Maple Meadow Mulberry Myrtle Oak Olive Orchard Pear Pine Plane Poplar Primrose Quince Rowan "
    "Rushmere Sorrel Sycamore Thorn Tulip Walnut Willow"
)
_SIDE_KINDS = ("Gardens", "Close", "Road", "Avenue", "Grove", "Mews", "Way", "Court Road", "Crescent", "Terrace")
_BLOCK_NAMES = words(
    "Albert Anchor Arden Bevan Brunel Byron Carlton Chaucer Compass Darwin Eliot Faraday Fielding Garrick Harbour "
    "Hardy Keats Kingfisher Lansbury Marlowe Meridian Milton Nightingale Orwell Priory Regent Riverside Ruskin Seacole "
    "Shackleton Shelley Station Telford Thames Turing Wandle Wesley Wharf Wren"
)
_BLOCK_KINDS = ("House", "Court", "Apartments", "Lodge", "Point", "Heights")
_CARE_HOMES = (
    "Ashgrove Care Home",
    "Birchwood Residential Home",
    "Fairways Nursing Home",
    "Larkfield Care Home",
    "Oakfield House Residential Home",
    "St Anne's Nursing Home",
    "The Limes Care Home",
    "Willowbank Care Home",
)
_COTTAGES = ("The Cottage", "Rose Cottage", "The Old Forge", "Fairview", "The Coach House", "Hillcrest", "The Lodge")


class Kind(StrEnum):
    """What sort of building an address is in."""

    HOUSE = "house"
    FLAT = "flat"
    SHELTERED = "sheltered"
    CARE_HOME = "care home"


class Address(NamedTuple):
    """One address in BS 7666 parts (domain.md 5.1); empty text where a part does not exist."""

    uprn: str
    flat: str
    building: str
    number: str
    street: str
    locality: str
    town: str
    postcode: str
    borough_code: str
    latitude: float
    longitude: float
    ward_code: str
    kind: Kind


class _Stretch(NamedTuple):
    """Neighbouring addresses of one sort. ``style`` is how the flats are told apart."""

    sort: str
    length: int
    start: int
    building: str
    style: str


class Postcode(NamedTuple):
    """A stretch of street under one postcode."""

    serial: int
    code: str
    street: Street
    borough: Borough
    ward_code: str
    latitude: float
    longitude: float
    stretches: tuple[_Stretch, ...]
    size: int
    homes: tuple[int, ...]


#: What may stand along a postcode: (weight in outer, weight in inner boroughs, sorts and counts).
_PLANS: tuple[tuple[int, int, tuple[tuple[str, int], ...]], ...] = (
    (40, 14, (("houses", 28),)),
    (18, 18, (("houses", 13), ("converted", 15))),
    (12, 22, (("houses", 9), ("named block", 20))),
    (10, 18, (("houses", 12), ("numbered block", 16))),
    (5, 18, (("tower", 30), ("houses", 4))),
    (7, 6, (("houses", 12), ("care home", 1), ("sheltered", 14))),
    (8, 4, (("houses", 22), ("cottages", 3))),
)


class Places:
    """The invented city of one seed. Positions and numbers are all it knows; see ``households`` for people."""

    def __init__(self, seed: int, households: int) -> None:
        """Make room for ``households`` homes (at least one)."""
        if households < 1:
            raise ValueError("a world needs at least one household")
        self._seed = seed
        self.postcodes = -(-households // HOMES_PER_POSTCODE)
        self._turns = _turns(seed)
        self._outward_streets = _streets_by_outward()
        self.postcode = lru_cache(maxsize=4096)(self._postcode)

    def home(self, household: int) -> Address:
        """Where household number ``household`` lives: no two households share a home."""
        postcode = self.postcode(household // HOMES_PER_POSTCODE)
        return _address(postcode, postcode.homes[household % HOMES_PER_POSTCODE])

    def empty_home(self, number: int) -> Address:
        """An address of the city where nobody who is spoken of lives now: where somebody moved from."""
        postcode = self.postcode(number % self.postcodes)
        spare = [place for place in range(postcode.size) if place not in postcode.homes]
        return _address(postcode, spare[number // self.postcodes % len(spare)])

    def addresses(self) -> Iterator[Address]:
        """Every address of the city, postcode by postcode: homes and neighbours."""
        for index in range(self.postcodes):
            postcode = self._postcode(index)
            for place in range(postcode.size):
                yield _address(postcode, place)

    def _postcode(self, index: int) -> Postcode:
        rng = Random((self._seed << 44) ^ (_POSTCODE_STREAM << 40) ^ index)  # noqa: S311 invented data, not secrets
        lap, turn = divmod(index, len(self._turns))
        borough, slot = self._turns[turn]
        along, which = divmod(lap * borough.weight + slot, len(borough.streets))
        street = borough.streets[which]
        code = f"{street.outward} {self._inward(borough, which, along)}"
        generation, block = divmod(along, POSTCODES_PER_STREET)
        if generation:
            street = street._replace(name=_side_street(which, generation))
        stretches = _stretches(rng, borough, block)
        size = sum(stretch.length for stretch in stretches)
        return Postcode(
            serial=index,
            code=code,
            street=street,
            borough=borough,
            ward_code=ward_of_street(borough.code, which),
            latitude=borough.latitude + rng.uniform(-borough.spread, borough.spread) * 0.62,
            longitude=borough.longitude + rng.uniform(-borough.spread, borough.spread),
            stretches=stretches,
            size=size,
            homes=_homes(rng, stretches, size),
        )

    def _inward(self, borough: Borough, which: int, along: int) -> str:
        """An inward code nobody else in this outward code has (domain.md 5.2: no C I K M O V)."""
        neighbours = self._outward_streets[borough.streets[which].outward]
        serial = along * len(neighbours) + neighbours.index((borough.code, which))
        start = sum(ord(letter) * (place + 7) for place, letter in enumerate(borough.streets[which].outward))
        scattered = (start * 131 + serial * 1_543) % _INWARD_CODES
        digit, letters = divmod(scattered, len(_INWARD_LETTERS) ** 2)
        first, second = divmod(letters, len(_INWARD_LETTERS))
        return f"{digit + 1}{_INWARD_LETTERS[first]}{_INWARD_LETTERS[second]}"


def _turns(seed: int) -> tuple[tuple[Borough, int], ...]:
    """One lap round London: each borough as often as its weight, in the seed's own order."""
    turns = [(borough, slot) for borough in boroughs() for slot in range(borough.weight)]
    Random(seed).shuffle(turns)  # noqa: S311 invented data, not secrets
    return tuple(turns)


def _streets_by_outward() -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for borough in boroughs():
        for which, street in enumerate(borough.streets):
            found.setdefault(street.outward, []).append((borough.code, which))
    return found


def _side_street(which: int, generation: int) -> str:
    stem = _SIDE_STREETS[(which * 5 + generation) % len(_SIDE_STREETS)]
    kind = _SIDE_KINDS[(which + generation // len(_SIDE_STREETS)) % len(_SIDE_KINDS)]
    return f"{stem} {kind}"


def _stretches(rng: Random, borough: Borough, block: int) -> tuple[_Stretch, ...]:
    """What stands along the ``block``-th postcode of a street: odd numbers one side, even numbers the other."""
    weights = [inner if borough.inner else outer for outer, inner, _ in _PLANS]
    plan = rng.choices(_PLANS, weights)[0][2]
    number = 1 + block // 2 * 130 + block % 2 + 2 * rng.randint(0, 34)
    made = []
    for sort, count in plan:
        made.append(_Stretch(sort, count, number, _building(rng, sort), rng.choice(("Flat 1", "Flat A", "1A"))))
        number += 2 * _numbers_used(sort, count)
    return tuple(made)


def _building(rng: Random, sort: str) -> str:
    if sort in {"named block", "tower", "sheltered"}:
        return f"{rng.choice(_BLOCK_NAMES)} {rng.choice(_BLOCK_KINDS)}"
    return rng.choice(_CARE_HOMES) if sort == "care home" else ""


def _numbers_used(sort: str, count: int) -> int:
    return {"houses": count, "converted": count // 3, "cottages": 0}.get(sort, 1)


def _homes(rng: Random, stretches: tuple[_Stretch, ...], size: int) -> tuple[int, ...]:
    """The places where households live; a care home is always among them."""
    places = rng.sample(range(size), HOMES_PER_POSTCODE)
    if stretches[-1].sort == "sheltered" and (care_home := stretches[0].length) not in places:
        places[0] = care_home
    return tuple(places)


def _address(postcode: Postcode, place: int) -> Address:
    """The address at position ``place`` of a postcode."""
    offset = place
    for stretch in postcode.stretches:
        if offset < stretch.length:
            break
        offset -= stretch.length
    flat, building, number, kind = _parts(stretch, offset)
    return Address(
        str(FIRST_UPRN + postcode.serial * _UPRNS_PER_POSTCODE + place),
        flat,
        building,
        number,
        postcode.street.name,
        postcode.street.locality,
        postcode.street.town,
        postcode.code,
        postcode.borough.code,
        round(postcode.latitude + place * 0.00004, 6),
        round(postcode.longitude + place * 0.00003, 6),
        postcode.ward_code,
        kind,
    )


def _parts(stretch: _Stretch, offset: int) -> tuple[str, str, str, Kind]:
    """Flat, building, number and kind of the ``offset``-th address of a stretch."""
    match stretch.sort:
        case "houses":
            return "", "", str(stretch.start + 2 * offset), Kind.HOUSE
        case "cottages":
            return "", _COTTAGES[(stretch.start + offset) % len(_COTTAGES)], "", Kind.HOUSE
        case "converted":
            return _converted(stretch, offset)
        case "tower":
            return f"Flat {offset + 1}", stretch.building, "", Kind.FLAT
        case "care home":
            return "", stretch.building, str(stretch.start), Kind.CARE_HOME
    kind = Kind.SHELTERED if stretch.sort == "sheltered" else Kind.FLAT
    return f"Flat {offset + 1}", stretch.building, str(stretch.start), kind


def _converted(stretch: _Stretch, offset: int) -> tuple[str, str, str, Kind]:
    """One of three flats in a house: ``Flat 2, 31``, ``Flat B, 31`` or ``31B``."""
    house, floor = divmod(offset, 3)
    number, letter = str(stretch.start + 2 * house), "ABC"[floor]
    match stretch.style:
        case "Flat 1":
            return f"Flat {floor + 1}", "", number, Kind.FLAT
        case "Flat A":
            return f"Flat {letter}", "", number, Kind.FLAT
    return "", "", f"{number}{letter}", Kind.FLAT
