"""Asking the engine: who among the known is this, and which open case speaks of the same concern?

What is beside a new referral comes from ``queries/candidates.py``; every rule about likeness is the engine's
(``prevention.matching``) and ``domain/concern.py``'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from prevention.domain.concern import load_concern_rules, same_concern
from prevention.domain.match import MatchDecision
from prevention.domain.referral import Channel, TidiedPerson
from prevention.matching.compare import compare_premises
from prevention.matching.decide import Outcome, choose
from prevention.matching.explain import explain
from prevention.matching.frequencies import NameRarity
from prevention.matching.model import Model
from prevention.matching.record import Record
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.models.match import MatchCandidate
from prevention.models.person import PersonRecord
from prevention.models.premises import AddressStatus
from prevention.models.referral import Referral
from prevention.queries.candidates import Place, Voice, people_beside, tidied_address, voices_beside
from prevention.services.cases.finding import lock_cases
from prevention.services.work import Work

_SAME_HOME = "Same home; another person, or nobody, is named"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A new referral, its person, and the same in the engine's form.

    ``words`` are what others find it by, ``rarity`` says how rare its names are among all records, ``model`` is the one
    that decides.
    """

    referral: Referral
    record: PersonRecord
    engine: Record
    words: frozenset[str]
    rarity: NameRarity
    model: Model

    def may_meet(self, other: "Arrival") -> bool:
        """Whether one could be found when the other is compared with what is known."""
        return self.record.premises is other.record.premises or not self.words.isdisjoint(other.words)


@dataclass(slots=True)
class CandidateCase:
    """A case the referral may speak of, and the likeliest of its people beside the referral's.

    ``silence`` is the time between the referral and the nearest that feeds the case; ``dated`` whether both say when
    they were made.
    """

    case: Case
    outcome: Outcome | None = None
    silence: timedelta = timedelta.max
    dated: bool = False
    same_premises: bool = False

    @property
    def words(self) -> str:
        """Why it may be the same, in a sentence without personal data."""
        return explain(self.outcome).sentence if self.outcome else _SAME_HOME

    @property
    def person(self) -> MatchDecision:
        """How surely the case speaks of the referral's person."""
        return self.outcome.decision if self.outcome else MatchDecision.NEW

    def hear(self, outcome: Outcome | None, silence: timedelta, *, dated: bool) -> None:
        """Take in one voice of the case: the likeliest person stays, and the nearest time, senders' own times first."""
        if _bits(outcome) > _bits(self.outcome):
            self.outcome = outcome
        if (not dated, silence) < (not self.dated, self.silence):
            self.silence, self.dated = silence, dated


@dataclass(slots=True)
class Likeness:
    """What the engine found: the person it surely is, the open case to join, and cases for a person to look at."""

    person_id: UUID | None = None
    case: Case | None = None
    words: str = ""
    probability: float | None = None
    model_version: str = ""
    candidates: list[CandidateCase] = field(default_factory=list)

    @property
    def given(self) -> set[UUID]:
        """The person and the case that are no longer as they were found when this is carried out."""
        case_id = self.case.id if self.case is not None else None
        return {each for each in (self.person_id, case_id) if each is not None}


def find_likenesses(work: Work, arrivals: Sequence[Arrival]) -> list[Likeness]:
    """Compare new records with everybody known, and their homes with open cases: as many as can be told at once.

    At least the first. An arrival is left out, with all that follow, where the answer may hang on an earlier one: they
    may meet, or the earlier one was given a person or a case that the later one is beside. It is asked about again when
    the earlier ones are written. Which likeness joins, which is for a person, and which is nothing, is
    ``domain/concern.py``'s to say.
    """
    strangers = _strangers(arrivals)
    people = people_beside(work.session, [arrival.engine for arrival in strangers])
    outcomes = [
        choose(arrival.engine, known, arrival.model, arrival.rarity)
        for arrival, known in zip(strangers, people, strict=True)
    ]
    cases = _cases_beside(work, strangers, outcomes)
    likenesses: list[Likeness] = []
    given: set[UUID] = set()
    for arrival, mine, beside in zip(strangers, outcomes, cases, strict=True):
        if not given.isdisjoint({UUID(outcome.profile_id) for outcome in mine} | {each.case.id for each in beside}):
            break
        likeness = _likeness(work, arrival, mine, beside)
        given |= likeness.given
        likenesses.append(likeness)
    return likenesses


def _strangers(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The first arrivals, none of which may meet another."""
    strangers: list[Arrival] = []
    for arrival in arrivals:
        if any(arrival.may_meet(other) for other in strangers):
            break
        strangers.append(arrival)
    return strangers


def _likeness(work: Work, arrival: Arrival, outcomes: list[Outcome], beside: list[CandidateCase]) -> Likeness:
    likeness = _likeness_of_person(outcomes)
    for candidate in beside:
        candidate.same_premises = _at_same_premises(candidate, arrival)
        if _concern(candidate) is MatchDecision.JOINED:
            lock_cases(work, [candidate.case.id])  # nobody closes or changes it before the referral has joined
            if _concern(candidate) is MatchDecision.JOINED:
                likeness.case = candidate.case
                return likeness
    likeness.candidates = _worth_asking([each for each in beside if _concern(each) is MatchDecision.REVIEW])
    return likeness


def _concern(candidate: CandidateCase) -> MatchDecision:
    return same_concern(
        candidate.person,
        same_premises=candidate.same_premises,
        case_is_open=candidate.case.is_open,
        silence=candidate.silence,
        dated=candidate.dated,
        rules=load_concern_rules(),
    )


def _at_same_premises(candidate: CandidateCase, arrival: Arrival) -> bool:
    """Whether the case is at the referral's home: the same row, or an address written otherwise.

    The second only where the person is sure, and never for a confidential home: nothing comes to it by itself.
    """
    case, outcome, record = candidate.case, candidate.outcome, arrival.record
    if case.premises_id == record.premises_id:
        return True
    if outcome is None or outcome.decision is not MatchDecision.JOINED:
        return False
    if case.premises.confidential or record.premises.confidential:
        return False
    home = Record.from_tidied("", TidiedPerson(), tidied_address(case.premises))
    return outcome.fits_home(compare_premises(arrival.engine, home))


def _worth_asking(candidates: list[CandidateCase]) -> list[CandidateCase]:
    """One question for each person it may be; about somebody else of the home one, when that home is in none of them.

    ``candidates`` come the likeliest first. A case left out is not lost: it stands beside the one that is asked about,
    in a question of its own.
    """
    of_people: dict[str, CandidateCase] = {}
    of_others = []
    for candidate in candidates:
        if candidate.outcome is not None and candidate.person is not MatchDecision.NEW:
            of_people.setdefault(candidate.outcome.profile_id, candidate)
        else:
            of_others.append(candidate)
    asked = list(of_people.values())
    if not any(candidate.same_premises for candidate in asked):
        asked += sorted(of_others, key=lambda each: each.silence)[:1]
    return asked


def says_when(channel: Channel, received_at: datetime, recorded_at: datetime) -> bool:
    """Whether its time is the sender's own: a file's row without one, or with one to come, has that of its import."""
    return channel is not Channel.CSV or received_at != recorded_at


def remember_candidates(work: Work, referral: Referral, likeness: Likeness) -> None:
    """Put what may be the same concern on the review list."""
    for candidate in likeness.candidates:
        outcome = candidate.outcome
        work.session.add(
            MatchCandidate(
                referral_id=referral.id,
                case_id=candidate.case.id,
                found_at=work.now,
                p_same_person=outcome.p_same_person if outcome else 0.0,
                p_same_household=outcome.p_other_member if outcome else 1.0,
                model_version=outcome.model_version if outcome else "",
                words=candidate.words,
                contributions=_lines(outcome) if outcome else [],
            )
        )
        work.record(AuditTag.MATCH_FOUND, referral, case_id=candidate.case.id)


def _likeness_of_person(outcomes: list[Outcome]) -> Likeness:
    best = outcomes[0] if outcomes else None
    if best is None or best.decision is not MatchDecision.JOINED:
        return Likeness()
    return Likeness(
        person_id=UUID(best.profile_id),
        words=explain(best).sentence,
        probability=best.p_same_person,
        model_version=best.model_version,
    )


def _cases_beside(
    work: Work, arrivals: Sequence[Arrival], outcomes: Sequence[list[Outcome]]
) -> list[list[CandidateCase]]:
    """For each referral the cases it may speak of: of likely people, and at the same home."""
    places = [_place(arrival, mine) for arrival, mine in zip(arrivals, outcomes, strict=True)]
    voices = voices_beside(work.session, places, since=work.now - load_concern_rules().looked_back)
    return [_heard(*beside) for beside in zip(arrivals, outcomes, voices, strict=True)]


def _place(arrival: Arrival, outcomes: list[Outcome]) -> Place:
    nowhere = arrival.record.premises.status is AddressStatus.NO_FIXED_ABODE
    likely = [UUID(outcome.profile_id) for outcome in outcomes if outcome.decision is not MatchDecision.NEW]
    return Place(None if nowhere else arrival.record.premises_id, likely)


def _heard(arrival: Arrival, outcomes: list[Outcome], voices: list[Voice]) -> list[CandidateCase]:
    """The cases whose voices these are, the likeliest and nearest first.

    Each case once, with the outcome for the likeliest of the people it speaks of.
    """
    referral, home = arrival.referral, arrival.record.premises_id
    own = says_when(referral.channel, referral.received_at, referral.recorded_at)
    beside = {UUID(outcome.profile_id): outcome for outcome in outcomes}
    found: dict[UUID, CandidateCase] = {}
    residents: set[UUID] = set()
    for voice in voices:
        dated = own and says_when(voice.channel, voice.received_at, voice.recorded_at)
        candidate = found.setdefault(voice.case.id, CandidateCase(voice.case))
        candidate.hear(beside.get(voice.person_id), abs(referral.received_at - voice.received_at), dated=dated)
        if voice.case.is_open and voice.case.premises_id == home:
            residents.add(voice.person_id)
    cases = list(found.values())
    if len(residents) > load_concern_rules().most_people_of_a_household:
        cases = [candidate for candidate in cases if candidate.person is not MatchDecision.NEW]
    ranked = sorted(cases, key=lambda each: (each.case.opened_at, each.case.id), reverse=True)
    return sorted(ranked, key=lambda each: (_standing(each.outcome), -_bits(each.outcome), each.silence))


def _standing(outcome: Outcome | None) -> int:
    order = [MatchDecision.JOINED, MatchDecision.REVIEW, MatchDecision.NEW]
    return order.index(outcome.decision) if outcome else len(order)


def _bits(outcome: Outcome | None) -> float:
    return outcome.bits if outcome else float("-inf")


def _lines(outcome: Outcome) -> list[dict[str, object]]:
    return [{"field": line.field, "words": line.words, "weight": line.bits} for line in explain(outcome).lines]
