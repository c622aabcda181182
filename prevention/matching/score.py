"""From levels to probabilities: three classes, so that a couple is not taken for one person (linkage.md section 6).

Same person, another member of the household, stranger. For each level of each field the model holds how often it is
reached in each class (``m``, ``h``, ``u``). A field contributes ``log2(m/u)`` bits to "same person"; the household term
takes back what another member of the household would have explained as well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from math import exp2, log2

from prevention.errors import Invalid
from prevention.matching.compare import LEVELS, Comparison


@dataclass(frozen=True, slots=True)
class Model:
    """A versioned model. ``bits[field][level]`` is (person, household), each against strangers, in bits.

    ``name_and_home_joins``: whether the same full name in the same home is enough without a date of birth when nothing
    speaks against it; off, it goes to a person, as father and son may share a name.
    ``prior_person`` and ``prior_household`` are the same for a candidate pair before anything is compared.
    """

    version: str
    prior_person: float
    prior_household: float
    bits: Mapping[str, Mapping[str, tuple[float, float]]] = field(repr=False)
    join: float
    review: float
    margin: float
    name_and_home_joins: bool = False


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one field says for "same person", in bits; ``field`` is ``prior`` or ``household`` for the two terms."""

    field: str
    level: str
    bits: float


@dataclass(frozen=True, slots=True)
class Score:
    """Two calibrated probabilities and the contributions whose sum is ``bits``, the log-odds of "same person"."""

    p_same_person: float
    p_same_household: float
    bits: float
    contributions: tuple[Contribution, ...]


def read_model(text: str) -> Model:
    """Read a model file. Raises :class:`~prevention.errors.Invalid` when a level is missing or no share in (0, 1]."""
    content = json.loads(text)
    problems: dict[str, str] = {}
    bits: dict[str, dict[str, tuple[float, float]]] = {}
    for name, levels in LEVELS.items():
        given = content["fields"].get(name, {})
        bits[name] = {}
        for level in levels:
            shares = [given.get(level, {}).get(share, 0.0) for share in ("m", "h", "u")]
            if not all(0 < share <= 1 for share in shares):
                problems[f"{name}.{level}"] = "The model needs m, h and u for it, each above 0 and at most 1."
            else:
                m, h, u = shares
                bits[name][level] = (round(log2(m / u), 6), round(log2(h / u), 6))
    if problems:
        raise Invalid(problems)
    prior = content["prior"]
    return Model(
        version=content["version"],
        prior_person=log2(prior["person"] / prior["stranger"]),
        prior_household=log2(prior["household"] / prior["stranger"]),
        bits=bits,
        join=content["thresholds"]["join"],
        review=content["thresholds"]["review"],
        margin=content["thresholds"]["margin_bits"],
        name_and_home_joins=content["thresholds"]["name_and_home_joins"],
    )


@lru_cache(maxsize=1)
def default_model() -> Model:
    """The model that comes with the product."""
    return read_model((resources.files("prevention.matching") / "model.json").read_text(encoding="utf-8"))


def score(comparison: Comparison, model: Model) -> Score:
    """The probabilities for one comparison. Pure; the same levels and model give the same bytes."""
    contributions = [Contribution("prior", "", model.prior_person)]
    person, household = model.prior_person, model.prior_household
    for name, level in comparison.levels().items():
        for_person, for_household = model.bits[name][level]
        person += for_person
        household += for_household
        contributions.append(Contribution(name, level, for_person))
    top = max(person, household, 0.0)
    weights = exp2(person - top), exp2(household - top), exp2(-top)
    whole = sum(weights)
    taken_back = -log2(1 + exp2(min(household, 500.0)))
    contributions.append(Contribution("household", "", taken_back))
    return Score(
        p_same_person=weights[0] / whole,
        p_same_household=weights[1] / whole,
        bits=person + taken_back,
        contributions=tuple(contributions),
    )
