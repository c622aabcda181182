"""From levels to probabilities: what every field says, added up. Pure; the same input gives the same bytes."""

from dataclasses import dataclass
from math import exp2, log2

from prevention.matching.compare import Comparison
from prevention.matching.frequencies import NameRarity
from prevention.matching.model import Bits, Model


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one field says for "same person", in bits.

    ``field`` is ``prior``, ``forename_rarity`` or ``surname_rarity`` (how rare an agreeing name is), or ``household``
    (what is taken back because another member of the household would explain it as well) for the terms that are none.
    """

    field: str
    level: str
    bits: float


@dataclass(frozen=True, slots=True)
class Score:
    """Calibrated probabilities: one person; one dwelling, whoever lives there. ``bits`` are the log-odds of one person.

    ``p_other_member`` is that of two people of one household.
    """

    p_same_person: float
    p_other_member: float
    p_same_household: float
    bits: float


def score(comparison: Comparison, model: Model, rarity: NameRarity) -> Score:
    """The probabilities for one comparison; ``rarity`` is that of the new record's names in the store."""
    person = household = home = 0.0
    for _, _, bits in _terms(comparison, model, rarity):
        person += bits.person
        household += bits.household
        home += bits.home
    top = max(person, household, 0.0)
    weights = exp2(person - top), exp2(household - top), exp2(-top)
    whole = sum(weights)
    return Score(
        p_same_person=weights[0] / whole,
        p_other_member=weights[1] / whole,
        p_same_household=exp2(home - _log2_1_plus(home)),
        bits=person - _log2_1_plus(household),
    )


def contributions(comparison: Comparison, model: Model, rarity: NameRarity) -> tuple[Contribution, ...]:
    """What every field says for "same person"; together they are the score's ``bits``.

    By itself, because it is asked of few comparisons, and the score of all.
    """
    terms = _terms(comparison, model, rarity)
    household = sum(bits.household for _, _, bits in terms)
    lines = [Contribution(name, level, bits.person) for name, level, bits in terms]
    return (*lines, Contribution("household", "", -_log2_1_plus(household)))


def _terms(comparison: Comparison, model: Model, rarity: NameRarity) -> list[tuple[str, str, Bits]]:
    """What is added up, as (field, level, bits): the prior in a store of this size, the levels, how rare names are."""
    strangers = log2(max(rarity.records, model.prior_records) / model.prior_records)
    prior = model.prior
    terms = [("prior", "", Bits(prior.person - strangers, prior.household - strangers, prior.home - strangers))]
    for name, levels in model.bits.items():
        level = getattr(comparison, name)
        terms.append((name, level, levels[level]))
    for name, rarer in (("forename", rarity.forename), ("surname", rarity.surname)):
        if getattr(comparison, name) == "exact":
            weight = model.rarity[name].bits
            bits = Bits(weight.person * rarer, weight.household * rarer, weight.home * rarer)
            terms.append((f"{name}_rarity", "", bits))
    return terms


def _log2_1_plus(bits: float) -> float:
    """log2(1 + 2**bits) without overflow."""
    return max(bits, 0.0) + log2(1 + exp2(-abs(bits)))
