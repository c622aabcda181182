"""Names are counted as the engine folds them, and a common key is passed over."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching.blocking import LARGEST_CAP
from prevention.models.person import NameCount, NamePart, PersonLink, PersonRecord
from prevention.services.matches.counting import count_names
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import Arranger


def counted(rows: Session) -> dict[tuple[NamePart, str], int]:
    rows.rollback()
    return {(row.part, row.name): row.records for row in rows.scalars(select(NameCount))}


def test_names_are_counted_folded_and_counted_anew(arrange: Arranger, session: GuardedSession, rows: Session) -> None:
    fire = arrange.agency()
    for first_name, surname in (("Zoë", "O'Brien-Khan"), ("ZOE", "OBRIEN KHAN"), ("", "Khan")):
        arrange.received(fire, person=GivenPerson(first_name=first_name, surname=surname))
    with unit_of_work(session, SYSTEM) as work:
        assert count_names(work) == 3
    assert counted(rows) == {
        (NamePart.RECORD, ""): 3,
        (NamePart.FORENAME, "ZOE"): 2,
        (NamePart.SURNAME, "OBRIENKHAN"): 2,
        (NamePart.SURNAME, "KHAN"): 1,
    }
    arrange.received(fire, person=GivenPerson(surname="Khan"))
    with unit_of_work(session, SYSTEM) as work:
        count_names(work)
    assert counted(rows)[NamePart.SURNAME, "KHAN"] == 2


def test_a_key_that_very_many_share_finds_nobody_and_a_rarer_one_still_does(arrange: Arranger) -> None:
    fire = arrange.agency()
    shared = GivenAddress(lines="46 Birmingham Street", postcode="N1 8LY")
    joan = GivenPerson(first_name="Joan", surname="Price", dob="1940-03-02")
    first = arrange.received(fire, address=shared, person=joan)
    for number in range(LARGEST_CAP + 5):
        arrange.received(fire, address=shared, person=GivenPerson(first_name=f"Guest{number}", surname=f"No{number}"))
    again = arrange.received(fire, address=shared, person=joan)
    people = set(
        arrange.session.scalars(
            select(PersonLink.person_id)
            .join(PersonRecord, PersonRecord.id == PersonLink.record_id)
            .where(PersonRecord.surname == "Price", PersonLink.valid_to.is_(None))
        )
    )
    assert len(people) == 1
    assert first.id == again.id
