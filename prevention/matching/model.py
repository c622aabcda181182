"""The model: how much every level of every field says, as a versioned file that anyone can read.

Three classes, so that a couple is not taken for one person (linkage.md section 6): the same person, another member of
the same household, a stranger. For each level the file holds how often pairs of each class reach it (``m``, ``h``,
``u``: for people to read) and what it says in bits for the same person and for another member, each against strangers
(fitted together, because fields depend on one another). ``home`` is what it says for one dwelling, whoever lives there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from prevention.errors import Invalid
from prevention.matching.compare import LEVELS


@dataclass(frozen=True, slots=True)
class Bits:
    """What one level says: for the same person and for another member against strangers, and for one dwelling."""

    person: float
    household: float
    home: float


@dataclass(frozen=True, slots=True)
class Rarity:
    """What it says more that an agreeing name is rare, for each bit rarer than ``typical`` (in bits: 10 is 1 in 1,024).

    Names in ``shares`` are known to be common before any record is there; every other name has the share ``unlisted``.
    """

    typical: float
    bits: Bits
    shares: Mapping[str, float] = field(repr=False)
    unlisted: float = 0.00001


@dataclass(frozen=True, slots=True)
class Model:
    """A versioned model.

    ``prior`` is for a pair of a store with ``prior_records`` records, before anything is compared: the more records,
    the more strangers share a key. At or above ``join`` (bits) a machine may join, at or above ``review`` a person is
    asked; two known people within ``margin`` of one another are for a person too.
    """

    version: str
    prior: Bits
    prior_records: int
    bits: Mapping[str, Mapping[str, Bits]] = field(repr=False)
    rarity: Mapping[str, Rarity] = field(repr=False)
    join: float
    review: float
    margin: float


def read_model(text: str) -> Model:
    """Read a model file.

    Raises:
        Invalid: a level is missing, or does not say its three numbers of bits.
    """
    content = json.loads(text)
    problems: dict[str, str] = {}
    bits: dict[str, dict[str, Bits]] = {}
    for name, levels in LEVELS.items():
        given = content["fields"].get(name, {})
        bits[name] = {}
        for level in levels:
            try:
                bits[name][level] = _bits(given[level]["bits"])
            except (KeyError, TypeError, ValueError):
                problems[f"{name}.{level}"] = "The model needs bits for it: person, household and home."
    if problems:
        raise Invalid(problems)
    return Model(
        version=content["version"],
        prior=_bits(content["prior"]["bits"]),
        prior_records=int(content["prior"]["records"]),
        bits=bits,
        rarity={
            name: Rarity(
                typical=float(given["typical"]),
                bits=_bits(given["bits"]),
                shares=given["shares"],
                unlisted=float(given["unlisted"]),
            )
            for name, given in content["rarity"].items()
        },
        join=float(content["thresholds"]["join"]),
        review=float(content["thresholds"]["review"]),
        margin=float(content["thresholds"]["margin"]),
    )


def _bits(given: Mapping[str, float]) -> Bits:
    return Bits(float(given["person"]), float(given["household"]), float(given["home"]))


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The model that comes with the product."""
    return read_model((resources.files("prevention.matching") / "model.json").read_text(encoding="utf-8"))
