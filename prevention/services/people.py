"""Person records as given, and the links that say which are one person or one household."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from prevention.domain.local_time import LONDON
from prevention.domain.referral import ReceiveReferral
from prevention.matching.normalise.people import tidy_person
from prevention.models.person import HouseholdLink, Person, PersonLink, PersonRecord
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.services.premises import household_at
from prevention.services.work import Work


def add_record(work: Work, referral: Referral, command: ReceiveReferral, premises: Premises) -> PersonRecord:
    """Keep the person as the agency gave them, with tidied values beside; linked to the household at the premises."""
    given = command.person
    tidied = tidy_person(given, referral.received_at.astimezone(LONDON).date())
    record = PersonRecord(
        agency_id=referral.agency_id,
        premises=premises,
        premises_id=premises.id,
        created_at=work.now,
        given=asdict(given),
        title=tidied.title,
        first_name=tidied.first_name,
        middle_name=tidied.middle_name,
        surname=tidied.surname,
        dob=tidied.dob,
        age=tidied.age,
        sex=tidied.sex,
        nhs_number=tidied.nhs_number,
        phone=tidied.phone,
        email=tidied.email,
        language=given.language.strip(),
        interpreter=given.interpreter,
    )
    referral.person_records.append(record)
    work.session.add(
        HouseholdLink(
            record=record,
            household=household_at(work, premises),
            valid_from=work.now,
            automatic=True,
            reason="Lives at the premises the referral gave",
        )
    )
    return record


def link_person(
    work: Work,
    record: PersonRecord,
    person_id: UUID | None,
    *,
    reason: str,
    decided_by: UUID | None = None,
    probability: float | None = None,
    model_version: str = "",
) -> UUID:
    """Say that ``record`` is of this person, or of somebody not met before when it is None. Returns the person's id."""
    if person_id is None:
        person = Person(created_at=work.now)
        work.session.add(person)
        person_id = person.id
    work.session.add(
        PersonLink(
            record=record,
            person_id=person_id,
            valid_from=work.now,
            decided_by=decided_by,
            automatic=decided_by is None,
            reason=reason,
            probability=probability,
            model_version=model_version,
        )
    )
    return person_id


def close_links(work: Work, person_id: UUID) -> list[PersonRecord]:
    """Close the links of a person; the records they were of, in a fixed order."""
    links = work.session.scalars(
        select(PersonLink)
        .where(PersonLink.person_id == person_id, PersonLink.valid_to.is_(None))
        .order_by(PersonLink.id)
        .options(joinedload(PersonLink.record))
        .with_for_update(of=PersonLink)
    ).all()
    for link in links:
        link.valid_to = work.now
    work.session.flush()  # only one open link a record
    return [link.record for link in links]
