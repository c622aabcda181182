"""The model: how much every level of every field says, as a versioned file that anyone can read.

Three classes, so that a couple is not taken for one person (linkage.md section 6): the same person, another member of
the same household, a stranger. For each level the file holds how often pairs of each class reach it (``m``, ``h``,
``u``: for people to read) and what it says in bits for the same person and for another member, each against strangers
(fitted together, because fields depend on one another). ``home`` is what it says for one dwelling, whoever lives there.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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
class Shares:
    """How many pairs of one person, of two members of a household and of strangers there are, or reach a level."""

    m: float
    h: float
    u: float


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
    the more strangers share a key. ``prior_shares`` are those of the pairs it was fitted on, ``shares`` those that
    reach each level; neither decides, they say what the bits were made of. At or above ``join`` (bits) a machine may
    join, at or above ``review`` a person is asked; two known people within ``margin`` of one another are for a person
    too.
    """

    version: str
    about: str = field(repr=False)
    prior: Bits
    prior_shares: Shares
    prior_records: int
    shares: Mapping[str, Mapping[str, Shares]] = field(repr=False)
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
    shares: dict[str, dict[str, Shares]] = {}
    for name, levels in LEVELS.items():
        given = content["fields"].get(name, {})
        bits[name], shares[name] = {}, {}
        for level in levels:
            try:
                bits[name][level] = _bits(given[level]["bits"])
                shares[name][level] = _shares(given[level])
            except (KeyError, TypeError, ValueError):
                problems[f"{name}.{level}"] = "The model needs bits for it, person, household and home, and m, h, u."
    if problems:
        raise Invalid(problems)
    return Model(
        version=content["version"],
        about=content["about"],
        prior=_bits(content["prior"]["bits"]),
        prior_shares=_shares(content["prior"]["shares"]),
        prior_records=int(content["prior"]["records"]),
        shares=shares,
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


def _shares(given: Mapping[str, float]) -> Shares:
    return Shares(float(given["m"]), float(given["h"]), float(given["u"]))


def write_model(model: Model) -> str:
    """The model's file, from which :func:`read_model` makes an equal one: a level to a line, so that it can be read."""
    content = {
        "about": model.about,
        "version": model.version,
        "prior": {
            "records": model.prior_records,
            "bits": asdict(model.prior),
            "shares": asdict(model.prior_shares),
        },
        "thresholds": {"join": model.join, "review": model.review, "margin": model.margin},
        "rarity": {
            name: {
                "typical": rarity.typical,
                "unlisted": rarity.unlisted,
                "bits": asdict(rarity.bits),
                "shares": dict(rarity.shares),
            }
            for name, rarity in model.rarity.items()
        },
        "fields": {
            name: {
                level: asdict(model.shares[name][level]) | {"bits": asdict(model.bits[name][level])} for level in levels
            }
            for name, levels in LEVELS.items()
        },
    }
    return _a_level_to_a_line(json.dumps(content, ensure_ascii=False, indent=1))


def _a_level_to_a_line(text: str) -> str:
    kept: list[str] = []
    depth = 0
    for line in text.split("\n"):
        if depth > 0:
            kept[-1] += (" " if kept[-1][-1] in ",:" else "") + line.strip()
        else:
            kept.append(line)
        opens_innermost = line.startswith("   ") and line.endswith("{")
        depth += (opens_innermost or depth > 0) * (line.count("{") - line.count("}"))
    return "\n".join(kept) + "\n"


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The model that comes with the product."""
    return read_model((resources.files("prevention.matching") / "model.json").read_text(encoding="utf-8"))
