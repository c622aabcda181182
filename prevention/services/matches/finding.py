"""Asking the engine: who among the known is this, and which open case speaks of the same concern?

SQL only retrieves candidates by blocking key; every rule about likeness is the engine's (``prevention.matching``).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, any_, bindparam, func, or_, select, text, true, tuple_, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import defer, joinedload

from prevention.domain.concern import load_concern_rules, same_concern
from prevention.domain.local_time import LONDON
from prevention.domain.match import MatchDecision
from prevention.domain.referral import Channel, TidiedAddress, TidiedPerson
from prevention.matching.blocking import LARGEST_CAP, cap, keys
from prevention.matching.compare import compare_premises
from prevention.matching.decide import Outcome, choose
from prevention.matching.explain import explain
from prevention.matching.frequencies import Frequencies, NameRarity
from prevention.matching.linking import MOST_PEOPLE
from prevention.matching.model import default_model
from prevention.matching.profile import Profile
from prevention.matching.record import Record
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import BlockingKey, NameCount, NamePart, PersonLink, PersonRecord
from prevention.models.premises import AddressStatus, Premises
from prevention.models.referral import Referral
from prevention.services.cases.finding import lock_cases
from prevention.services.locks import lock_words
from prevention.services.work import Work

#: Most voices of cases that are gone through beside one referral, the newest first.
MOST_VOICES = 200

_STORE_KEYS = text(
    "INSERT INTO blocking_keys (key, record_id) SELECT unnest(CAST(:keys AS text[])), unnest(CAST(:records AS uuid[])) "
    "ON CONFLICT DO NOTHING"
)
_SAME_HOME = "Same home; another person, or nobody, is named"


_WANTED = (
    func.unnest(bindparam("keys", type_=ARRAY(Text)), bindparam("caps", type_=ARRAY(Integer)))
    .table_valued("key", "cap")
    .render_derived(name="wanted")
)
#: The records under a wanted key, no more of them than it takes to see that there are too many.
_HELD = (
    select(BlockingKey.record_id)
    .where(BlockingKey.key == _WANTED.c.key)
    .limit(LARGEST_CAP + 1)
    .correlate(_WANTED)
    .lateral("held")
)
_COUNTED = (
    select(func.array_agg(_HELD.c.record_id).label("ids"), func.count().label("count"))
    .select_from(_HELD)
    .lateral("counted")
)
_FOUND = (
    select(func.unnest(_COUNTED.c.ids).label("record_id"))
    .select_from(_WANTED.join(_COUNTED, true()))
    .where(_COUNTED.c.count <= _WANTED.c.cap)
    .subquery("found")
)
_PEOPLE = (
    select(PersonLink.person_id)
    .join(_FOUND, _FOUND.c.record_id == PersonLink.record_id)
    .where(PersonLink.valid_to.is_(None))
    .group_by(PersonLink.person_id)
    .order_by(func.count().desc(), PersonLink.person_id)
    .limit(MOST_PEOPLE)
)
#: The people who share one of ``keys``, with each of their records. A constant, so that it is prepared once.
_SHARING_A_KEY = (
    select(PersonLink.person_id, PersonRecord, Referral.source_system, Referral.received_at)
    .join(PersonRecord, PersonRecord.id == PersonLink.record_id)
    .join(Referral, Referral.id == PersonRecord.referral_id)
    .where(PersonLink.person_id.in_(_PEOPLE.subquery().select()), PersonLink.valid_to.is_(None))
    .options(joinedload(PersonRecord.premises, innerjoin=True), defer(PersonRecord.given))
)
_OF_LIKELY = PersonLink.person_id == any_(bindparam("likely", type_=ARRAY(Uuid)))
_AT_HOME = Case.premises_id == bindparam("home", type_=Uuid())
#: Each half by its own index: the OR of the two alone would go through every recent case.
_NEAR = union(
    select(ReferralLink.case_id)
    .join(PersonRecord, PersonRecord.referral_id == ReferralLink.referral_id)
    .join(PersonLink, PersonLink.record_id == PersonRecord.id)
    .where(_OF_LIKELY, PersonLink.valid_to.is_(None), ReferralLink.valid_to.is_(None)),
    select(Case.id).where(_AT_HOME),
)
#: Cases opened after ``since`` at ``home`` or that speak of one of the ``likely``: a row for each voice and person.
_SPOKEN_OF = (
    select(Case, PersonLink.person_id, Referral.received_at, Referral.recorded_at, Referral.channel)
    .join(ReferralLink, (ReferralLink.case_id == Case.id) & ReferralLink.valid_to.is_(None))
    .join(Referral, Referral.id == ReferralLink.referral_id)
    .join(PersonRecord, PersonRecord.referral_id == Referral.id)
    .join(PersonLink, (PersonLink.record_id == PersonRecord.id) & PersonLink.valid_to.is_(None))
    .where(
        Case.id.in_(_NEAR.subquery().select()),
        or_(_OF_LIKELY, _AT_HOME),
        Case.opened_at > bindparam("since", type_=DateTime(timezone=True)),
    )
    .order_by(Referral.received_at.desc(), ReferralLink.id)
    .limit(MOST_VOICES)
)


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


def lock_people(work: Work, new: Iterable[Record]) -> None:
    """Wait for whoever takes in one of the same people: first referrals of one person at once make one person."""
    lock_words(work, [f"person:{key}" for record in new for key in keys(record)])


def name_rarities(work: Work, new: Sequence[Record]) -> list[NameRarity]:
    """How rare the names of each new record are among all records, by the last count."""
    names = {(NamePart.RECORD, "")}
    names |= {(NamePart.FORENAME, name) for record in new for name in record.forenames[:1]}
    names |= {(NamePart.SURNAME, record.surname) for record in new if record.surnames}
    rows = work.session.execute(
        select(NameCount.part, NameCount.name, NameCount.records).where(
            tuple_(NameCount.part, NameCount.name).in_(sorted(names))
        )
    )
    counted: dict[NamePart, dict[str, int]] = {part: {} for part in NamePart}
    for part, name, records in rows:
        counted[part][name] = records
    counts = Frequencies(counted[NamePart.RECORD].get("", 0), counted[NamePart.FORENAME], counted[NamePart.SURNAME])
    return [counts.rarity(record, default_model()) for record in new]


def find_likeness(work: Work, referral: Referral, record: PersonRecord, new: Record, rarity: NameRarity) -> Likeness:
    """Compare a new record, ``new`` in the engine's form, with everybody known, and its home with open cases.

    Which likeness joins, which is for a person, and which is nothing, is ``domain/concern.py``'s to say.
    """
    outcomes = choose(new, _profiles(work, new), rarity=rarity)
    likeness = _likeness_of_person(outcomes)
    beside = _cases_beside(work, referral, record, outcomes)
    for candidate in beside:
        candidate.same_premises = _at_same_premises(candidate, record, new)
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


def _at_same_premises(candidate: CandidateCase, record: PersonRecord, new: Record) -> bool:
    """Whether the case is at the referral's home: the same row, or an address written otherwise.

    The second only where the person is sure, and never for a confidential home: nothing comes to it by itself.
    """
    case, outcome = candidate.case, candidate.outcome
    if case.premises_id == record.premises_id:
        return True
    if outcome is None or outcome.decision is not MatchDecision.JOINED:
        return False
    if case.premises.confidential or record.premises.confidential:
        return False
    home = Record.from_tidied("", TidiedPerson(), _tidied(case.premises))
    return outcome.fits_home(compare_premises(new, home))


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


def _says_when(channel: Channel, received_at: datetime, recorded_at: datetime) -> bool:
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


def store_keys(work: Work, records: Iterable[Record]) -> None:
    """Store the blocking keys of records whose rows are there, so that later records find them."""
    found = [(key, record.record_id) for record in records for key in keys(record)]
    if found:
        words, ids = zip(*found, strict=True)
        work.session.execute(_STORE_KEYS, {"keys": list(words), "records": list(ids)})


def engine_record(record: PersonRecord, premises: Premises, source: str, received_at: datetime) -> Record:
    """A stored record in the form the engine compares; ``source`` and ``received_at`` (aware) are its referral's."""
    person = TidiedPerson(
        first_name=record.first_name,
        middle_name=record.middle_name,
        surname=record.surname,
        title=record.title,
        dob=record.dob,
        age=record.age,
        sex=record.sex,
        nhs_number=record.nhs_number,
        phone=record.phone,
        email=record.email,
    )
    return Record.from_tidied(
        str(record.id),
        person,
        _tidied(premises),
        source=source,
        received=received_at.astimezone(LONDON).date(),
    )


def _tidied(premises: Premises) -> TidiedAddress:
    return TidiedAddress(
        uprn=premises.uprn,
        flat=premises.flat,
        building=premises.building,
        number=premises.number,
        street=premises.street,
        locality=premises.locality,
        town=premises.town,
        postcode=premises.postcode,
        no_fixed_abode=premises.status is AddressStatus.NO_FIXED_ABODE,
        text=premises.address_text,
    )


def _profiles(work: Work, new: Record) -> list[Profile]:
    """The people who share a key with ``new``, each with all their records: one look for keys, one for records."""
    found = keys(new)
    if not found:
        return []
    rows = work.session.execute(_SHARING_A_KEY, {"keys": list(found), "caps": [cap(key) for key in found]})
    records: dict[UUID, list[Record]] = defaultdict(list)
    for person_id, record, source, received_at in rows:
        records[person_id].append(engine_record(record, record.premises, source, received_at))
    return [Profile.of(str(person_id), held) for person_id, held in records.items()]


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


def _cases_beside(work: Work, referral: Referral, record: PersonRecord, outcomes: list[Outcome]) -> list[CandidateCase]:
    """Cases the referral may speak of: of likely people, and at the same home; the likeliest and nearest first.

    Each case once, with the outcome for the likeliest of the people it speaks of.
    """
    beside = {UUID(outcome.profile_id): outcome for outcome in outcomes}
    likely = [person for person, outcome in beside.items() if outcome.decision is not MatchDecision.NEW]
    nowhere = record.premises.status is AddressStatus.NO_FIXED_ABODE
    since = work.now - load_concern_rules().looked_back
    spoken_of = {"likely": likely, "home": None if nowhere else record.premises_id, "since": since}
    says_when = _says_when(referral.channel, referral.received_at, referral.recorded_at)
    found: dict[UUID, CandidateCase] = {}
    residents: set[UUID] = set()
    for case, person_id, received_at, recorded_at, channel in work.session.execute(_SPOKEN_OF, spoken_of):
        dated = says_when and _says_when(channel, received_at, recorded_at)
        candidate = found.setdefault(case.id, CandidateCase(case))
        candidate.hear(beside.get(person_id), abs(referral.received_at - received_at), dated=dated)
        if case.is_open and case.premises_id == record.premises_id:
            residents.add(person_id)
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
