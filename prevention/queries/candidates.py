"""What new referrals may be about: known people by blocking key, and cases by person and by home.

SQL only: every rule about likeness is the engine's (``prevention.matching``) and ``domain/concern.py``'s. Each question
is asked once for all the referrals that are taken in together, and its statement is a constant, so that it is prepared
once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, and_, any_, bindparam, cast, func, or_, select, true, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, defer, joinedload
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from prevention.domain.local_time import LONDON
from prevention.domain.referral import Channel, TidiedAddress, TidiedPerson
from prevention.matching.blocking import LARGEST_CAP, cap, keys
from prevention.matching.frequencies import Frequencies, NameRarity
from prevention.matching.linking import MOST_PEOPLE
from prevention.matching.model import Model
from prevention.matching.profile import Profile
from prevention.matching.record import Record
from prevention.models.case import Case, ReferralLink
from prevention.models.person import BlockingKey, ComparedRecord, NameCount, NamePart, PersonLink, PersonRecord
from prevention.models.premises import AddressStatus, Premises
from prevention.models.referral import Referral

#: Most voices of cases that are gone through beside one referral, the newest first.
MOST_VOICES = 200


def _given(name: str, **columns: TypeEngine[Any]) -> TableValuedAlias:
    """A table given with the question: an array for each column, bound by the column's name."""
    arrays = (bindparam(column, type_=ARRAY(kind)) for column, kind in columns.items())
    return func.unnest(*arrays).table_valued(*columns).render_derived(name=name)


_WANTED = _given("wanted", number=Integer(), key=Text(), cap=Integer())
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
    select(_WANTED.c.number, func.unnest(_COUNTED.c.ids).label("record_id"))
    .select_from(_WANTED.join(_COUNTED, true()))
    .where(_COUNTED.c.count <= _WANTED.c.cap)
    .subquery("found")
)
_RANKED = (
    select(
        _FOUND.c.number,
        PersonLink.person_id,
        func.row_number()
        .over(partition_by=_FOUND.c.number, order_by=(func.count().desc(), PersonLink.person_id))
        .label("rank"),
    )
    .join(_FOUND, _FOUND.c.record_id == PersonLink.record_id)
    .where(PersonLink.valid_to.is_(None))
    .group_by(_FOUND.c.number, PersonLink.person_id)
    .subquery("ranked")
)
_PEOPLE = (
    select(_RANKED.c.person_id, func.array_agg(_RANKED.c.number).label("numbers"))
    .where(_RANKED.c.rank <= MOST_PEOPLE)
    .group_by(_RANKED.c.person_id)
    .subquery("people")
)
#: The people who share a wanted key, for whom (``numbers``), with each of their records in the engine's form.
_SHARING_A_KEY = (
    select(_PEOPLE.c.numbers, PersonLink.person_id, PersonLink.record_id, ComparedRecord.form, Premises.uprn)
    .select_from(_PEOPLE)
    .join(PersonLink, PersonLink.person_id == _PEOPLE.c.person_id)
    .join(PersonRecord, PersonRecord.id == PersonLink.record_id)
    .join(Premises, Premises.id == PersonRecord.premises_id)
    .outerjoin(ComparedRecord, ComparedRecord.record_id == PersonLink.record_id)
    .where(PersonLink.valid_to.is_(None))
)

_NAMES = _given("names", part=Text(), word=Text())
_COUNTED_NAMES = select(NameCount.part, NameCount.name, NameCount.records).join(
    _NAMES, and_(cast(NameCount.part, Text) == _NAMES.c.part, NameCount.name == _NAMES.c.word)
)

_PLACES = _given("places", number=Integer(), home=Uuid(), likely=Text())
# Lists of different lengths make no array of arrays, so each list of people comes as the words of an array.
_OF_LIKELY = PersonLink.person_id == any_(cast(_PLACES.c.likely, ARRAY(Uuid)))
_AT_HOME = Case.premises_id == cast(_PLACES.c.home, Uuid)
#: Each half by its own index: the OR of the two alone would go through every recent case.
_NEAR = union(
    select(ReferralLink.case_id)
    .join(PersonRecord, PersonRecord.referral_id == ReferralLink.referral_id)
    .join(PersonLink, PersonLink.record_id == PersonRecord.id)
    .where(_OF_LIKELY, PersonLink.valid_to.is_(None), ReferralLink.valid_to.is_(None))
    .correlate(_PLACES),
    select(Case.id).where(_AT_HOME).correlate(_PLACES),
)
_VOICES = (
    select(
        Case.id.label("case_id"),
        ReferralLink.id.label("link_id"),
        PersonLink.person_id,
        Referral.received_at,
        Referral.recorded_at,
        Referral.channel,
    )
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
    .correlate(_PLACES)
    .lateral("voices")
)
#: Cases opened after ``since`` at each home or that speak of its ``likely``: a row for each voice and person.
_SPOKEN_OF = (
    select(
        _PLACES.c.number,
        Case,
        _VOICES.c.person_id,
        _VOICES.c.received_at,
        _VOICES.c.recorded_at,
        _VOICES.c.channel,
    )
    .select_from(_PLACES.join(_VOICES, true()).join(Case, Case.id == _VOICES.c.case_id))
    .order_by(_PLACES.c.number, _VOICES.c.received_at.desc(), _VOICES.c.link_id)
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where cases are looked for: at a home, or none where nobody lives, and among those who speak of likely people."""

    home: UUID | None
    likely: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Voice:
    """A referral that feeds a case, with one of the people it speaks of and when it came (aware)."""

    case: Case
    person_id: UUID
    received_at: datetime
    recorded_at: datetime
    channel: Channel


def people_beside(session: Session, new: Sequence[Record]) -> list[list[Profile]]:
    """For each new record the people who share a key with it, each with all their records."""
    wanted = [(number, key, cap(key)) for number, record in enumerate(new) for key in keys(record)]
    beside: list[list[Profile]] = [[] for _ in new]
    if not wanted:
        return beside
    numbers, words, caps = zip(*wanted, strict=True)
    bound = {"number": list(numbers), "key": list(words), "cap": list(caps)}
    rows = session.execute(_SHARING_A_KEY, bound).all()
    read = _read(session, {record_id: (form, uprn) for *_, record_id, form, uprn in rows})
    records: dict[UUID, list[Record]] = defaultdict(list)
    beside_whom: dict[UUID, list[int]] = {}
    for whom, person_id, record_id, *_ in rows:
        records[person_id].append(read[record_id])
        beside_whom[person_id] = whom
    for person_id, held in records.items():
        profile = Profile.of(str(person_id), held)
        for number in beside_whom[person_id]:
            beside[number].append(profile)
    return beside


def records_of(session: Session, people: Sequence[UUID]) -> dict[UUID, list[Record]]:
    """All records of each of ``people``, in the form the engine compares."""
    rows = session.execute(
        select(PersonLink.person_id, PersonLink.record_id, ComparedRecord.form, Premises.uprn)
        .join(PersonRecord, PersonRecord.id == PersonLink.record_id)
        .join(Premises, Premises.id == PersonRecord.premises_id)
        .outerjoin(ComparedRecord, ComparedRecord.record_id == PersonLink.record_id)
        .where(PersonLink.person_id.in_(people), PersonLink.valid_to.is_(None))
        .order_by(PersonLink.record_id)
    ).all()
    read = _read(session, {record_id: (form, uprn) for _, record_id, form, uprn in rows})
    found: dict[UUID, list[Record]] = {person_id: [] for person_id in people}
    for person_id, record_id, *_ in rows:
        found[person_id].append(read[record_id])
    return found


def _read(session: Session, kept: Mapping[UUID, tuple[dict[str, Any] | None, str | None]]) -> dict[UUID, Record]:
    """Records by their stored form and their home's UPRN, or by their tidied values where it is no form of today's."""
    read = {record_id: Record.from_stored(str(record_id), *each) for record_id, each in kept.items()}
    known = {record_id: record for record_id, record in read.items() if record is not None}
    return known | engine_records(session, list(read.keys() - known.keys()))


def voices_beside(session: Session, places: Sequence[Place], *, since: datetime) -> list[list[Voice]]:
    """For each place the voices of the cases there that were opened after ``since`` (aware), the newest first."""
    rows = session.execute(
        _SPOKEN_OF,
        {
            "number": list(range(len(places))),
            "home": [place.home for place in places],
            "likely": ["{" + ",".join(map(str, place.likely)) + "}" for place in places],
            "since": since,
        },
    )
    voices: list[list[Voice]] = [[] for _ in places]
    for number, *voice in rows:
        voices[number].append(Voice(*voice))
    return voices


def name_rarities(session: Session, new: Sequence[Record], model: Model) -> list[NameRarity]:
    """How rare the names of each new record are among all records, by the last count."""
    names = {(NamePart.RECORD, "")}
    names |= {(NamePart.FORENAME, name) for record in new for name in record.forenames[:1]}
    names |= {(NamePart.SURNAME, record.surname) for record in new if record.surnames}
    parts, words = zip(*sorted(names), strict=True)
    rows = session.execute(_COUNTED_NAMES, {"part": list(parts), "word": list(words)})
    counted: dict[NamePart, dict[str, int]] = {part: {} for part in NamePart}
    for part, name, records in rows:
        counted[part][name] = records
    counts = Frequencies(counted[NamePart.RECORD].get("", 0), counted[NamePart.FORENAME], counted[NamePart.SURNAME])
    return [counts.rarity(record, model) for record in new]


def engine_records(session: Session, record_ids: Sequence[UUID]) -> dict[UUID, Record]:
    """Stored records in the engine's form, made from their tidied values: for those not kept in today's form."""
    if not record_ids:
        return {}
    rows = session.execute(
        select(PersonRecord, Referral.source_system, Referral.received_at)
        .join(Referral, Referral.id == PersonRecord.referral_id)
        .where(PersonRecord.id.in_(record_ids))
        .options(joinedload(PersonRecord.premises, innerjoin=True), defer(PersonRecord.given))
    )
    return {record.id: engine_record(record, record.premises, source, at) for record, source, at in rows}


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
        tidied_address(premises),
        source=source,
        received=received_at.astimezone(LONDON).date(),
    )


def tidied_address(premises: Premises) -> TidiedAddress:
    """A stored home in the form the engine takes."""
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
