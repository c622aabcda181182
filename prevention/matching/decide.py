"""Joined, for review, or new: what becomes of a referral beside a known person.

A machine joins only at the same premises, with the same person, when nothing speaks against it. What it cannot tell
apart by itself (twins with like names, father and son of one name, a name without a date of birth and nothing else to
go by) goes to a person. Where nobody is named, there is nobody to be the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prevention.domain.match import MatchDecision
from prevention.matching.compare import FITTING_PREMISES, SAME_PREMISES, VAGUER_PREMISES, Comparison
from prevention.matching.profile import Profile
from prevention.matching.record import Record
from prevention.matching.score import Contribution, Model, default_model, score


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one new record beside one profile.

    ``same_premises``: the new record and the profile share a home (UPRN or normalised address), whoever lives there.
    ``comparison`` is the best evidence over the profile's records; ``bits`` its log-odds of "same person".
    ``held_back`` says in words why a likely person was not joined by the machine (empty when nothing held it back).
    """

    profile_id: str
    decision: MatchDecision
    p_same_person: float
    p_same_household: float
    same_premises: bool
    bits: float
    comparison: Comparison
    contributions: tuple[Contribution, ...]
    model_version: str
    held_back: str = ""

    def fits_home(self, level: str) -> bool:
        """Whether a home whose address compares at ``level`` is this person's, so surely that a crew may be sent there.

        Stricter than for the person alone: with digits swapped, somebody has to say which of the two doors is right.
        """
        return level in SAME_PREMISES | VAGUER_PREMISES and _home_fits(replace(self.comparison, premises=level))

    @property
    def other_member_same_home(self) -> bool:
        """Whether this is most likely somebody else of the same home: no duplicate, but often the same concern."""
        return self.same_premises and self.decision is MatchDecision.NEW and self.p_same_household > 0.5


_NAME_FIELDS = ("forename", "surname", "middle", "order")
_SAME_FORENAME = frozenset({"exact", "variant", "close", "other_forename"})
_SAME_SURNAME = frozenset({"exact", "part", "close", "sounds"})
_SAME_BIRTH = frozenset({"exact", "new_year", "swapped", "one_digit"})
_FIRM_BIRTH = frozenset({"exact", "swapped"})


def decide(new: Record, candidate: Profile, model: Model | None = None) -> Outcome:
    """Compare a new record with a person's best evidence and decide.

    Pure and deterministic. For two single records the answer is the same whichever is the new one. Probabilities are
    in [0, 1] and sum to at most 1 (the rest is "stranger"). Never raises for any two records.
    """
    weights = model or default_model()
    best = _best_evidence(candidate.comparisons(new), weights)
    scored = score(best, weights)
    same_premises = best.premises in SAME_PREMISES
    held_back = ""
    if scored.p_same_person >= weights.review and _speaks_of_somebody(best):
        held_back = _why_not_joined(best, scored.p_same_person, weights)
        decision = MatchDecision.REVIEW if held_back else MatchDecision.JOINED
    else:
        decision = MatchDecision.NEW
    return Outcome(
        profile_id=candidate.profile_id,
        decision=decision,
        p_same_person=round(scored.p_same_person, 6),
        p_same_household=round(scored.p_same_household, 6),
        same_premises=same_premises,
        bits=round(scored.bits, 6),
        comparison=best,
        contributions=scored.contributions,
        model_version=weights.version,
        held_back=held_back,
    )


def choose(new: Record, candidates: Iterable[Profile], model: Model | None = None) -> list[Outcome]:
    """Decide beside every candidate, the likeliest first; at most the first is joined.

    When two candidates are within the model's margin of each other the machine cannot tell them apart: both are for
    review. A second profile that would also have been joined is for review too: it may be the same person twice.
    """
    weights = model or default_model()
    ranked = sorted(
        (decide(new, candidate, weights) for candidate in candidates),
        key=lambda outcome: (outcome.decision is not MatchDecision.JOINED, -outcome.bits, outcome.profile_id),
    )
    joined = [outcome for outcome in ranked if outcome.decision is MatchDecision.JOINED]
    if len(joined) < 2:
        return ranked
    too_close = joined[0].bits - joined[1].bits < weights.margin
    why = "another known person fits as well"
    held = joined if too_close else joined[1:]
    return [_held(outcome, why) if outcome in held else outcome for outcome in ranked]


def _held(outcome: Outcome, why: str) -> Outcome:
    return Outcome(
        profile_id=outcome.profile_id,
        decision=MatchDecision.REVIEW,
        p_same_person=outcome.p_same_person,
        p_same_household=outcome.p_same_household,
        same_premises=outcome.same_premises,
        bits=outcome.bits,
        comparison=outcome.comparison,
        contributions=outcome.contributions,
        model_version=outcome.model_version,
        held_back=why,
    )


def _best_evidence(comparisons: list[Comparison], model: Model) -> Comparison:
    """The best level of every field over a person's records; the name's levels come from one record together.

    "Missing" gives way to any level that was compared, so that a date of birth which differs is not hidden by a record
    that has none.
    """

    def weight(field: str, level: str) -> float:
        return model.bits[field][level][0]

    def best(field: str) -> str:
        levels = [getattr(comparison, field) for comparison in comparisons]
        known = [level for level in levels if level != "missing"] or levels
        return str(max(known, key=lambda level: weight(field, level)))

    name = max(comparisons, key=lambda each: sum(weight(part, getattr(each, part)) for part in _NAME_FIELDS))
    return Comparison(
        forename=name.forename,
        surname=name.surname,
        middle=name.middle,
        order=name.order,
        dob=best("dob"),
        sex=best("sex"),
        nhs_number=best("nhs_number"),
        phone=best("phone"),
        email=best("email"),
        premises=best("premises"),
    )


def _speaks_of_somebody(best: Comparison) -> bool:
    """Whether anything of the person's own could be compared; a home and a sex are everybody's who lives there."""
    own = (best.forename, best.surname, best.dob, best.nhs_number, best.phone, best.email)
    return any(level != "missing" for level in own)


def _why_not_joined(best: Comparison, p_same_person: float, model: Model) -> str:
    """Why a machine may not join these, in words; empty when it may."""
    same_nhs = best.nhs_number == "same"
    no_birth = best.dob in {"missing", "age_agrees"}
    same_but_sex = best.dob == "exact" and best.forename == "exact" and best.surname == "exact"
    reasons = (
        (not _home_fits(best), "not surely the same home"),
        (best.nhs_number == "different", "the NHS numbers differ"),
        (no_birth and not same_nhs and not _vouched(best, model), "no date of birth to tell by"),
        (best.dob in {"different", "two_parts", "age_differs"}, "the dates of birth or ages differ"),
        (best.sex == "different" and not same_but_sex, "the sex differs"),
        (not _name_fits(best), "the names are not alike enough"),
        (p_same_person < model.join and not _same_contact(best), "not likely enough"),
    )
    return next((words for holds, words in reasons if holds), "")


def _home_fits(best: Comparison) -> bool:
    """The same home; or one that could be it, when name and birth or contact leave no doubt who it is."""
    if best.premises in SAME_PREMISES:
        return True
    certain = best.dob == "exact" and best.forename in {"exact", "variant"} and best.surname == "exact"
    certain = certain or best.nhs_number == "same" or _same_contact(best)
    return best.premises in FITTING_PREMISES and certain


def _same_contact(best: Comparison) -> bool:
    """The same full name with the same phone or e-mail: surely one person, as far as nothing contradicts it.

    A second e-mail address beside the same phone contradicts nothing; people have several.
    """
    return best.forename == best.surname == "exact" and "same" in {best.phone, best.email}


def _name_fits(best: Comparison) -> bool:
    """The same name with small differences; half a name only when the date of birth is exactly the same.

    An initial can be either of two twins' only when both share it, which is rare; a first name that is missing could be
    either's, so something else of the person's own has to agree. A surname that is missing leaves the person sure when
    first name, home and contact are the same.
    """
    if best.nhs_number == "same" and best.dob in _FIRM_BIRTH:
        return True
    if best.forename in _SAME_FORENAME and best.surname in _SAME_SURNAME:
        # "Marie" and "Maria" born on one day in one home may be twins.
        return best.middle != "different" or best.forename in {"exact", "variant"}
    own_contact = "same" in {best.phone, best.email}
    if (best.forename, best.surname) == ("exact", "missing") and own_contact:
        return True
    if best.dob != "exact":
        return False
    if best.forename == "missing":
        return best.surname == "exact" and own_contact
    return (best.forename, best.surname) in {("initial", "exact"), ("exact", "missing")}


def _vouched(best: Comparison, model: Model) -> bool:
    """Without a date of birth: something of the person's own agrees besides name and home."""
    if "same" in {best.email, best.middle}:
        return True
    if best.phone in {"same", "one_digit"}:
        return best.forename in {"exact", "close"} and best.middle != "different"
    return (
        model.name_and_home_joins and best.phone == "missing" and best.forename == "exact" and best.surname == "exact"
    )
