"""What a referral becomes beside open cases: which likeness joins, which is asked about, and how often."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.agency import AgencyKind
from prevention.domain.concern import load_concern_rules
from prevention.domain.imports import RowOutcome
from prevention.domain.referral import Channel, GivenAddress, GivenPerson
from prevention.models.agency import Agency
from prevention.models.case import Case
from prevention.models.match import MatchCandidate
from prevention.models.person import Person
from prevention.models.premises import Premises
from prevention.services.referrals.intake import Receipt
from prevention.unit_of_work import GuardedSession
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import ANN, BOB, ELSEWHERE, HOME, command, hand_in

DAY = timedelta(days=1)


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


def at_home(session: GuardedSession, agency: Agency, person: GivenPerson = ANN, *, now: datetime = NOW) -> Receipt:
    return hand_in(session, command(agency, person=person), now=now)


def asked(rows: Session, receipt: Receipt) -> list[MatchCandidate]:
    """What is asked about a referral, oldest case first."""
    rows.rollback()
    return list(
        rows.scalars(
            select(MatchCandidate)
            .join(Case, Case.id == MatchCandidate.case_id)
            .where(MatchCandidate.referral_id == receipt.referral_id)
            .order_by(Case.opened_at)
        )
    )


def count(rows: Session, model: type) -> int:
    rows.rollback()
    return len(rows.scalars(select(model)).all())


JOAN = GivenPerson(full_name="Joan Whitfield", phone="020 7946 0018")


@pytest.mark.parametrize(
    ("person", "address"),
    [
        (JOAN, HOME),
        (replace(JOAN, phone="", email="joan@example.org"), HOME),
        (replace(JOAN, full_name="Joan"), HOME),
        (JOAN, GivenAddress(lines="Example Street, London", postcode="NW1 0AA")),
        (JOAN, GivenAddress(lines="the boat by the lock", postcode="NW1 0AA")),
        (JOAN, GivenAddress(postcode="NW1 0AA")),
    ],
    ids=["phone", "e-mail", "first name alone", "no number", "a place in words", "only a postcode"],
)
def test_asking_five_times_is_one_case(
    session: GuardedSession, rows: Session, fire: Agency, person: GivenPerson, address: GivenAddress
) -> None:
    for day in range(5):
        given = command(fire, channel=Channel.ONLINE_CHECKER, source_ref="", person=person, address=address)
        hand_in(session, given, now=NOW + day * DAY)
    assert count(rows, Case) == count(rows, Person) == 1
    assert count(rows, MatchCandidate) == 0


def test_father_and_son_of_one_name_are_for_a_person(session: GuardedSession, rows: Session, fire: Agency) -> None:
    named = GivenPerson(first_name="John", surname="Smith")
    first = at_home(session, fire, named)
    second = at_home(session, fire, named)
    assert second.outcome is RowOutcome.REVIEW
    (candidate,) = asked(rows, second)
    assert candidate.case_id == first.case_id
    assert candidate.p_same_person > candidate.p_same_household  # so the list says "the same person"
    assert count(rows, Person) == 2


@pytest.mark.parametrize(
    "written",
    [
        GivenAddress(lines="12 Exampel Street, London", postcode="NW1 0AA"),
        GivenAddress(lines="12 Example Street, London", postcode="NW1 0AB"),
        GivenAddress(lines="12 Example Street"),
        GivenAddress(postcode="NW1 0AA"),
        GivenAddress(lines="Flat 2, 12 Example Street, London", postcode="NW1 0AA"),
    ],
    ids=["street by ear", "a letter of the postcode", "no postcode", "only a postcode", "a flat"],
)
def test_the_same_person_joins_however_the_home_is_written(
    session: GuardedSession, rows: Session, fire: Agency, written: GivenAddress
) -> None:
    first = at_home(session, fire)
    second = hand_in(session, command(fire, address=written))
    assert (second.outcome, second.case_id) == (RowOutcome.JOINED, first.case_id)
    assert count(rows, Premises) == 2


@pytest.mark.parametrize(
    "door", [ELSEWHERE, GivenAddress(lines="21 Example Street, London", postcode="NW1 0AA")], ids=["moved", "digits"]
)
def test_the_same_person_at_another_door_is_for_a_person(
    session: GuardedSession, rows: Session, fire: Agency, door: GivenAddress
) -> None:
    first = at_home(session, fire)
    other = hand_in(session, command(fire, address=door))
    assert other.outcome is RowOutcome.REVIEW
    assert [candidate.case_id for candidate in asked(rows, other)] == [first.case_id]
    # Whether or not it is one person known at two doors, each further referral joins the case of its own door.
    assert at_home(session, fire).case_id == first.case_id
    assert hand_in(session, command(fire, address=door)).case_id == other.case_id


@pytest.mark.parametrize("hidden_first", [True, False])
def test_nothing_joins_a_confidential_home_by_itself_however_it_is_written(
    session: GuardedSession, fire: Agency, hidden_first: bool
) -> None:
    hidden = command(fire, confidential_address=True)
    plain = command(fire, address=GivenAddress(lines="12 Exampel Street", postcode="NW1 0AA"))
    first, second = (hidden, plain) if hidden_first else (plain, hidden)
    assert hand_in(session, first).case_id != hand_in(session, second).case_id
    assert hand_in(session, replace(hidden, source_ref="again")).outcome is not RowOutcome.JOINED


def test_the_nearest_voice_counts_as_files_come_in_any_order(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    first = at_home(session, fire)
    latest = at_home(session, fire, now=NOW + 50 * DAY)
    assert latest.case_id == first.case_id
    early = hand_in(session, command(fire, received_at=NOW - 40 * DAY), now=NOW + 50 * DAY)
    assert early.case_id == first.case_id


def test_a_case_whose_only_voice_does_not_say_when_is_joined_by_nobody(session: GuardedSession, fire: Agency) -> None:
    undated = hand_in(session, command(fire, channel=Channel.CSV))
    dated = hand_in(session, command(fire, channel=Channel.CSV, received_at=NOW - DAY))
    assert dated.outcome is RowOutcome.REVIEW
    assert dated.case_id != undated.case_id
    # The second says when, so a third joins that one, and not the first.
    third = hand_in(session, command(fire, channel=Channel.CSV, received_at=NOW - 2 * DAY))
    assert third.case_id == dated.case_id


def test_the_same_person_months_later_is_a_new_concern(session: GuardedSession, rows: Session, fire: Agency) -> None:
    at_home(session, fire)
    late = NOW + load_concern_rules().asked_within + DAY
    assert at_home(session, fire, now=late).outcome is RowOutcome.NEW
    assert count(rows, Person) == 1


def test_of_one_person_the_nearest_case_is_asked_about(session: GuardedSession, rows: Session, fire: Agency) -> None:
    at_home(session, fire)
    second = at_home(session, fire, now=NOW + 70 * DAY)
    third = at_home(session, fire, now=NOW + 140 * DAY)
    assert third.outcome is RowOutcome.REVIEW
    assert [candidate.case_id for candidate in asked(rows, third)] == [second.case_id]


def person(number: int) -> GivenPerson:
    names = ["Ada", "Bruno", "Chloe", "Dimitri", "Esther", "Farouk", "Greta", "Hugo", "Irina", "Jamal", "Kezia"]
    surnames = ["Cole", "Nowak", "Price", "Ivanov", "Baker", "Aziz", "Holm", "Ferrer", "Popova", "Diallo", "Quist"]
    return GivenPerson(
        first_name=names[number], surname=surnames[number], dob=f"0{number % 9 + 1}/06/19{40 + 3 * number}"
    )


def test_about_somebody_else_of_the_home_one_case_is_asked_about(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    at_home(session, fire, person(0))
    second = at_home(session, fire, person(1), now=NOW + 10 * DAY)
    third = at_home(session, fire, person(2), now=NOW + 12 * DAY)
    assert [candidate.case_id for candidate in asked(rows, third)] == [second.case_id]
    nobody = at_home(session, fire, GivenPerson(), now=NOW + 13 * DAY)
    assert len(asked(rows, nobody)) == 1


def test_who_resembles_somebody_of_the_home_is_not_asked_about_the_others(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    named = GivenPerson(first_name="John", surname="Smith")
    first = at_home(session, fire, named)
    at_home(session, fire, BOB)
    again = at_home(session, fire, named)
    assert [candidate.case_id for candidate in asked(rows, again)] == [first.case_id]


def test_in_a_care_home_a_neighbours_case_says_nothing(session: GuardedSession, rows: Session, fire: Agency) -> None:
    most = load_concern_rules().most_people_of_a_household
    receipts = [at_home(session, fire, person(number)) for number in range(most + 2)]
    assert [receipt.outcome for receipt in receipts[-2:]] == [RowOutcome.REVIEW, RowOutcome.NEW]
    assert at_home(session, fire, person(0)).outcome is RowOutcome.JOINED
