"""Where a referral is: one premises per home however it is written, and none too many for a safe address."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import RowOutcome
from prevention.domain.referral import GivenAddress
from prevention.errors import Invalid
from prevention.models.agency import Agency, Area
from prevention.models.case import Case
from prevention.models.person import PersonRecord
from prevention.models.premises import AddressStatus, GazetteerAddress, Household, Premises
from prevention.services.gazetteer import COLUMNS, load_addresses
from prevention.services.premises import household_at, place
from prevention.services.reference import load_areas
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import BOB, HOME, command, gazetteer_address, hand_in

UPRN = "100020000012"
SPELLINGS = (
    GivenAddress(lines="12 Example Street\nLondon", postcode="NW1 0AA"),
    GivenAddress(lines="12 EXAMPLE ST LONDON NW10AA"),
    GivenAddress(lines="12, example st., London", postcode="nw1  0aa"),
)


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


def placed(session: GuardedSession, *given: GivenAddress, confidential: bool = False) -> list[Premises]:
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        found = [place(work, one, confidential=confidential) for one in given]
        work.session.flush()
        for one in found:
            household_at(work, one)
    return found


def every(rows: Session) -> list[Premises]:
    return list(rows.scalars(select(Premises).order_by(Premises.created_at, Premises.id)))


def test_three_spellings_are_one_home(session: GuardedSession, rows: Session) -> None:
    placed(session, *SPELLINGS)
    for one in SPELLINGS:
        placed(session, one)
    home = rows.scalars(select(Premises)).one()
    assert home.status is AddressStatus.UNMATCHED
    assert home.borough_code is None  # never guessed from the postcode
    assert home.postcode == "NW1 0AA"
    assert len(rows.scalars(select(Household)).all()) == 1


def test_the_gazetteer_gives_uprn_and_borough(session: GuardedSession, arrange: Arranger, rows: Session) -> None:
    with unit_of_work(session, SYSTEM) as work:
        load_addresses(work, _csv(["12", "Example Street", UPRN], ["14", "Example Street", "100020000014"]))
    placed(session, SPELLINGS[1], GivenAddress(uprn=UPRN), SPELLINGS[2], GivenAddress(uprn=f" {UPRN} ", lines="?"))
    home = rows.scalars(select(Premises)).one()
    assert (home.status, home.uprn, home.borough_code) == (AddressStatus.MATCHED, UPRN, "E09000007")
    assert (home.latitude, home.longitude) == (51.53, -0.13)


def test_a_uprn_the_gazetteer_does_not_know_is_kept(session: GuardedSession, rows: Session) -> None:
    placed(session, GivenAddress(uprn="100099999999", lines="3 Unknown Way", postcode="NW1 0AB"))
    placed(session, GivenAddress(uprn="100099999999", lines="Nowhere legible"))
    home = rows.scalars(select(Premises)).one()
    assert (home.uprn, home.status, home.borough_code) == ("100099999999", AddressStatus.UNMATCHED, None)


def test_a_home_known_by_its_words_learns_its_uprn(session: GuardedSession, rows: Session) -> None:
    placed(session, SPELLINGS[0])
    placed(session, GivenAddress(uprn=UPRN, lines=SPELLINGS[0].lines, postcode="NW1 0AA"))
    placed(session, GivenAddress(uprn=UPRN))
    assert [home.uprn for home in every(rows)] == [UPRN]


def test_next_door_and_the_flat_above_are_other_homes(session: GuardedSession, rows: Session) -> None:
    for lines in ("12 Example Street", "14 Example Street", "Flat 1, 12 Example Street", "Flat 2, 12 Example Street"):
        placed(session, GivenAddress(lines=lines, postcode="NW1 0AA"))
    assert len(every(rows)) == 4


def test_nobody_without_a_home_shares_one(session: GuardedSession, rows: Session, fire: Agency) -> None:
    street = GivenAddress(lines="NFA, sleeps by the station", no_fixed_abode=True)
    first = hand_in(session, command(fire, address=street))
    second = hand_in(session, command(fire, address=street, person=BOB))
    assert first.case_id != second.case_id
    homes = every(rows)
    assert [home.status for home in homes] == [AddressStatus.NO_FIXED_ABODE] * 2
    assert homes[0].address_line == "No fixed abode (NFA, sleeps by the station)"
    again = hand_in(session, command(fire, address=street))
    assert again.outcome is RowOutcome.REVIEW  # the same person, but no home to be sure by


def test_an_address_nobody_can_read_is_each_its_own(session: GuardedSession, rows: Session) -> None:
    for _ in range(2):
        placed(session, GivenAddress(lines="behind the shops"))
    assert len(every(rows)) == 2


def test_a_confidential_address_is_never_merged_into_an_older_one(
    session: GuardedSession, rows: Session, arrange: Arranger, fire: Agency
) -> None:
    arrange.save(gazetteer_address(address_key=None))
    ordinary = hand_in(session, command(fire, address=GivenAddress(uprn=UPRN)))
    safe = hand_in(session, command(fire, address=GivenAddress(uprn=UPRN), confidential_address=True))
    assert safe.outcome is not RowOutcome.JOINED
    assert safe.case_id != ordinary.case_id
    homes = every(rows)
    assert [(home.uprn, home.confidential) for home in homes] == [(UPRN, False), (UPRN, True)]
    assert rows.get_one(Case, safe.case_id).premises.confidential
    another = hand_in(session, command(fire, person=BOB, address=GivenAddress(uprn=UPRN), confidential_address=True))
    assert another.case_id not in {safe.case_id, ordinary.case_id}
    rows.rollback()
    assert len(every(rows)) == 3
    plain = hand_in(session, command(fire, address=GivenAddress(uprn=UPRN)))
    assert plain.case_id == ordinary.case_id


def test_an_open_referral_learns_nothing_of_who_is_hidden_there(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    hidden = hand_in(session, command(fire, confidential_address=True))
    openly = hand_in(session, command(fire, person=BOB, address=HOME))
    assert openly.outcome is RowOutcome.NEW
    assert openly.case_id != hidden.case_id
    assert sorted(home.confidential for home in every(rows)) == [False, True]


def test_a_record_keeps_the_home_it_was_given_with(session: GuardedSession, rows: Session, fire: Agency) -> None:
    hand_in(session, command(fire))
    record = rows.scalars(select(PersonRecord)).one()
    assert record.premises.address_line == "12 Example Street, London, NW1 0AA"


def _csv(*lines: list[str], **more: str) -> list[str]:
    rows = [",".join(COLUMNS)]
    for number, street, uprn in lines:
        values = {
            "uprn": uprn,
            "number": number,
            "street": street,
            "town": "London",
            "postcode": "NW1 0AA",
            "borough_code": "E09000007",
            "latitude": "51.53",
            "longitude": "-0.13",
        } | more
        rows.append(",".join(values.get(column, "") for column in COLUMNS))
    return rows


def test_loading_the_gazetteer_again_replaces(session: GuardedSession, rows: Session) -> None:
    for street in ("Example Street", "Renamed Street"):
        with unit_of_work(session, SYSTEM) as work:
            loaded = load_addresses(work, _csv(["12", street, UPRN], ["12", street, UPRN]))
        assert (loaded.count, loaded.refused) == (2, ())
    assert [row.street for row in rows.scalars(select(GazetteerAddress))] == ["Renamed Street"]


@pytest.mark.parametrize(
    "values", [{"uprn": "not a number"}, {"postcode": "nowhere"}, {"borough_code": "E09000099"}, {"uprn": ""}]
)
def test_an_address_that_cannot_be_is_named_by_line(
    session: GuardedSession, rows: Session, values: dict[str, str]
) -> None:
    with unit_of_work(session, SYSTEM) as work:
        loaded = load_addresses(work, _csv(["12", "Example Street", UPRN], **values))
    assert loaded.count == 0
    assert loaded.refused[0][0] == 2
    assert rows.scalars(select(GazetteerAddress)).all() == []


@pytest.mark.parametrize("lines", [[], ["uprn,number"], [""]])
def test_a_gazetteer_file_without_its_columns_is_refused(session: GuardedSession, lines: list[str]) -> None:
    with unit_of_work(session, SYSTEM) as work, pytest.raises(Invalid, match="borough_code"):
        load_addresses(work, lines)


def test_london_has_thirty_three_boroughs_however_often_they_are_loaded(session: GuardedSession, rows: Session) -> None:
    for _ in range(2):
        with unit_of_work(session, SYSTEM) as work:
            assert load_areas(work) == 33
    assert len(rows.scalars(select(Area)).all()) == 33
