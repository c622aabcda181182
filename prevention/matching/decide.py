"""Joined, for review, or new: what becomes of a record beside the people who are known.

The score decides, by two thresholds. What no score can tell apart (twins with like names, father and son of one name
where no date of birth is given, two known people who fit as well) goes to a person, and so does what speaks against
the machine's answer although the rest is likely. Where nobody is named, there is nobody to be the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from prevention.domain.match import MatchDecision
from prevention.matching.compare import FITTING_PREMISES, SAME_PREMISES, VAGUER_PREMISES, Comparison
from prevention.matching.frequencies import NameRarity
from prevention.matching.model import Model, default_model
from prevention.matching.profile import Profile, best_evidence
from prevention.matching.record import Record
from prevention.matching.score import Contribution, contributions, score

_UNKNOWN_STORE = NameRarity()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one new record beside one profile.

    ``p_same_household`` is that both are of one dwelling, whoever they are; ``p_other_member`` that they are two people
    of one household, which together with ``p_same_person`` leaves the rest to strangers. ``same_premises``: the
    addresses say so.
    ``comparison`` is the best evidence over the profile's records; ``bits`` its log-odds of "same person".
    ``held_back`` says in words why a likely person was not joined by the machine (empty when nothing held it back).
    """

    profile_id: str
    decision: MatchDecision
    p_same_person: float
    p_other_member: float
    p_same_household: float
    same_premises: bool
    bits: float
    comparison: Comparison
    model_version: str
    held_back: str = ""
    model: Model = field(kw_only=True, repr=False, compare=False)
    rarity: NameRarity = field(kw_only=True, repr=False, compare=False)

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """What every field says for one person; together they are ``bits``. Made when somebody asks why."""
        return contributions(self.comparison, self.model, self.rarity)

    def fits_home(self, level: str) -> bool:
        """Whether a home whose address compares at ``level`` is this person's, so surely that a crew may be sent there.

        Stricter than for the person alone: with digits swapped, somebody has to say which of the two doors is right.
        """
        return level in SAME_PREMISES | VAGUER_PREMISES and home_fits(replace(self.comparison, premises=level))

    @property
    def other_member_same_home(self) -> bool:
        """Whether this is most likely somebody else of the same home: no duplicate, but often the same concern."""
        return self.same_premises and self.decision is MatchDecision.NEW and self.p_same_household > 0.5


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """Two records by their places in a table, ``left`` the earlier, and what :func:`decide` would say of them."""

    left: int
    right: int
    bits: float
    p_same_person: float
    p_same_household: float
    comparison: Comparison
    decision: MatchDecision


def decide(new: Record, candidate: Profile, model: Model | None = None, rarity: NameRarity = _UNKNOWN_STORE) -> Outcome:
    """Compare a new record with a person's best evidence and decide; ``rarity`` is that of the new record's names.

    Pure and deterministic. For two single records the answer is the same whichever is the new one (given the same
    rarity). Probabilities are in [0, 1]. Never raises for any two records.
    """
    weights = model or default_model()
    best = best_evidence(candidate.comparisons(new), weights)
    scored = score(best, weights, rarity)
    decision, held_back = judge(best, scored.bits, (new, *candidate.records), weights)
    return Outcome(
        profile_id=candidate.profile_id,
        decision=decision,
        p_same_person=round(scored.p_same_person, 6),
        p_other_member=round(scored.p_other_member, 6),
        p_same_household=round(scored.p_same_household, 6),
        same_premises=best.premises in SAME_PREMISES,
        bits=round(scored.bits, 6),
        comparison=best,
        model_version=weights.version,
        held_back=held_back,
        model=weights,
        rarity=rarity,
    )


def judge(best: Comparison, bits: float, records: Iterable[Record], model: Model) -> tuple[MatchDecision, str]:
    """What a machine may do with the records so compared, and in words what holds it back (empty when nothing does).

    ``bits`` are the log-odds that they are of one person.
    """
    if bits < model.review or not _speaks_of_somebody(best):
        return MatchDecision.NEW, ""
    held_back = (
        _why_not_joined(best)
        or _why_names_hold_back(tuple(records), best)
        or ("" if bits >= model.join else "not likely enough")
    )
    return MatchDecision.REVIEW if held_back else MatchDecision.JOINED, held_back


def choose(
    new: Record, candidates: Iterable[Profile], model: Model | None = None, rarity: NameRarity = _UNKNOWN_STORE
) -> list[Outcome]:
    """Decide beside every candidate, the likeliest first; at most the first is joined.

    When another candidate is within the model's margin, and the two known people are not likely one, the machine cannot
    tell which it is: both are for review. A second profile that would also have been joined is for review too: it may
    be the same person twice.
    """
    weights = model or default_model()
    known = {candidate.profile_id: candidate for candidate in candidates}
    ranked = sorted(
        (decide(new, candidate, weights, rarity) for candidate in known.values()),
        key=lambda outcome: (outcome.decision is not MatchDecision.JOINED, -outcome.bits, outcome.profile_id),
    )
    if not ranked or ranked[0].decision is not MatchDecision.JOINED:
        return ranked
    first, *others = ranked
    rivals = {
        outcome.profile_id
        for outcome in others
        if outcome.decision is not MatchDecision.NEW
        and first.bits - outcome.bits < weights.margin
        and not _likely_one(known[first.profile_id], known[outcome.profile_id], weights)
    }
    held = rivals | {outcome.profile_id for outcome in others if outcome.decision is MatchDecision.JOINED}
    if rivals:
        held.add(first.profile_id)
    why = "another known person fits as well"
    return [
        replace(outcome, decision=MatchDecision.REVIEW, held_back=outcome.held_back or why)
        if outcome.profile_id in held
        else outcome
        for outcome in ranked
    ]


def _likely_one(one: Profile, other: Profile, model: Model) -> bool:
    """Whether two known people are more likely one person than not, by the best evidence of all their records."""
    comparisons = [comparison for record in one.records for comparison in other.comparisons(record)]
    return score(best_evidence(comparisons, model), model, _UNKNOWN_STORE).bits >= 0


_LIKE_FORENAME = frozenset({"exact", "variant", "close", "sounds"})
_LIKE_SURNAME = frozenset({"exact", "part", "close", "sounds", "similar"})

_SLIPPED_BIRTH = frozenset({"swapped", "one_digit", "near", "two_parts"})


def _speaks_of_somebody(best: Comparison) -> bool:
    """Whether anything of the person's own could be compared; a home and a sex are everybody's who lives there."""
    own = (best.forename, best.surname, best.dob, best.nhs_number, best.phone, best.email)
    return any(level != "missing" for level in own)


def _why_not_joined(best: Comparison) -> str:
    """Why a machine may not join these however likely they are, in words; empty when it may."""
    reasons = (
        (best.nhs_number == "different", "the NHS numbers differ"),
        (_may_be_anothers_number(best), "one of them may have been given the other's NHS number"),
        (_may_be_twins(best), "they may be twins"),
        (_may_be_siblings(best), "they may be brothers or sisters"),
        (best.dob == "age_differs", "the ages differ"),
        (best.middle == "different" and best.nhs_number != "same", "the middle names differ"),
        (_may_be_two_residents(best), "many people live there, and 1 January or an age tells nobody apart"),
        (_may_be_two_without_a_home(best), "neither has a home, and too little else says that they are one person"),
        (_may_be_two_of_an_initial(best), "an initial and so little else do not say that they are one person"),
        (_may_be_two_apart(best), "they have no home in common, and no date of birth tells them apart"),
        (_may_share_a_name(best), "a parent and a child may share a name, and no date of birth tells them apart"),
    )
    return next((words for holds, words in reasons if holds), "")


def _why_names_hold_back(records: Sequence[Record], best: Comparison) -> str:
    """Why a machine may not join them for what the names do not say, in words; empty when it may."""
    if best.nhs_number == "same":
        return ""
    no_surname = best.surname == "missing"
    generations = {record.generation for record in records} - {""}
    reasons = (
        (not any(record.forenames for record in records), "neither gives a first name"),
        (
            no_surname and best.forename not in _LIKE_FORENAME,
            "no surname is compared, and the first names do not agree",
        ),
        (
            no_surname and best.dob == "missing" and not _own_number_agrees(best),
            "neither a surname nor a date of birth is compared",
        ),
        (
            no_surname and best.dob in _SLIPPED_BIRTH and not home_fits(best),
            "no surname is compared, and the dates of birth differ",
        ),
        (
            best.forename == "missing" and not home_fits(best),
            "one side gives no first name, and they have no home in common",
        ),
        (len(generations) > 1, "one is called senior and one junior"),
    )
    return next((words for holds, words in reasons if holds), "")


def _own_number_agrees(best: Comparison) -> bool:
    """Whether an NHS number, a phone or an e-mail address is the same on both sides."""
    return "same" in {best.nhs_number, best.phone, best.email}


def _may_be_anothers_number(best: Comparison) -> bool:
    """One NHS number, but neither first name nor birth agrees: a mother's number typed for her child."""
    other_birth = best.dob in {"different", "age_differs"}
    return best.nhs_number == "same" and (
        (best.forename == "different" and (other_birth or best.dob == "missing"))
        or (best.forename == "missing" and other_birth)
    )


def _may_be_two_residents(best: Comparison) -> bool:
    """One name in a hostel or care home, and 1 January or an age, which many there have on paper, whoever they are."""
    vague_birth = best.dob in {"new_year", "age_agrees"}
    return best.premises == "same_communal" and vague_birth and "same" not in {best.nhs_number, best.email}


def _may_be_two_without_a_home(best: Comparison) -> bool:
    """Both of no fixed abode, which is no home in common; births or surnames do not say that they are one person."""
    too_little = best.dob in {"missing", "new_year", "age_agrees"} or best.surname == "different"
    nowhere = best.premises == "no_fixed_abode" and too_little
    return nowhere and not _own_number_agrees(best)


def _may_be_two_of_an_initial(best: Comparison) -> bool:
    """One side's first name is an initial alone, and neither a surname and a birth nor anything else agrees."""
    too_little = best.surname == "different" or best.dob == "missing"
    return best.forename == "initial" and too_little and not _own_number_agrees(best)


def _may_be_two_apart(best: Comparison) -> bool:
    """One name and perhaps one age at two homes, and nothing else of the person's own agrees."""
    apart = best.premises in {"nearby", "same_postcode", "other_flat", "one_without_abode", "missing", "different"}
    no_birth = best.dob in {"missing", "age_agrees"}
    return apart and no_birth and not _own_number_agrees(best)


def _may_be_twins(best: Comparison) -> bool:
    """One birth, one surname and one home, but the first names do not say that it is one person."""
    return (
        best.nhs_number != "same"
        and best.dob in {"exact", "swapped"}
        and best.forename in {"different", "similar"}
        and best.surname in _LIKE_SURNAME
        and best.order == "straight"
    )


def _may_be_siblings(best: Comparison) -> bool:
    """Two births a digit apart, such as a year to the day, and the first names do not say that it is one person."""
    return best.nhs_number != "same" and best.dob == "one_digit" and best.forename in {"different", "similar"}


def _may_share_a_name(best: Comparison) -> bool:
    """One name at one home, without a date of birth or an age, and nothing else of the person's own agrees."""
    own = {best.nhs_number, best.email, best.middle, best.phone}
    one_home = best.premises in SAME_PREMISES | FITTING_PREMISES | {"likely_home"}
    return best.dob == "missing" and one_home and "same" not in own


def home_fits(best: Comparison) -> bool:
    """The same home; or one that could be it, when name and birth or contact leave no doubt who it is."""
    if best.premises in SAME_PREMISES:
        return True
    same_name = best.forename in {"exact", "variant"} and best.surname == "exact"
    certain = best.nhs_number == "same" or (same_name and (best.dob == "exact" or "same" in {best.phone, best.email}))
    return best.premises in FITTING_PREMISES and certain
