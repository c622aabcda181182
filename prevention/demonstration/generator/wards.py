"""Invented wards of the real boroughs, in the shape of the ONS look-up from wards to local authorities.

Names and limits are made up, and the codes lie where the ONS has none, so that they are taken for nobody's real ward.
"""

from functools import cache
from typing import NamedTuple

from prevention.demonstration.generator.boroughs import boroughs
from prevention.demonstration.generator.word_lists import words

WARDS_PER_BOROUGH = 6
COLUMNS = ("WD24CD", "WD24NM", "LAD24CD", "LAD24NM")

_TREES = words("Alder Ash Beech Birch Cedar Elm Hawthorn Hazel Holly Hornbeam Juniper Larch Lime Maple Rowan Willow")
_LANDMARKS = words("Bridge Common Green Heath Hill Park Vale Wharf")


class Ward(NamedTuple):
    """A ward of an invented list."""

    code: str
    name: str
    borough_code: str
    borough_name: str


@cache
def wards() -> tuple[Ward, ...]:
    """Every ward, borough by borough."""
    return tuple(
        Ward(_code(borough.code, place), _name(int(borough.code[-2:]) * WARDS_PER_BOROUGH + place), *borough[:2])
        for borough in boroughs()
        for place in range(WARDS_PER_BOROUGH)
    )


def ward_of_street(borough_code: str, which: int) -> str:
    """The code of the ward the borough's street number ``which`` lies in: in turn, so that small worlds have many."""
    return _code(borough_code, which % WARDS_PER_BOROUGH)


def _code(borough_code: str, place: int) -> str:
    return f"E05999{borough_code[-2:]}{place + 1}"


def _name(number: int) -> str:
    return f"{_TREES[number % len(_TREES)]} {_LANDMARKS[(number + number // len(_TREES)) % len(_LANDMARKS)]}"
