"""An address that came as text gets its UPRN when it is sure which home is meant, and stays as written when not."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.gazetteer import KnownAddress
from prevention.domain.referral import Channel, GivenAddress
from prevention.models.agency import Agency
from prevention.models.case import Case
from prevention.models.premises import AddressStatus, GazetteerAddress, Premises
from prevention.queries.gazetteer import MOST_ON_A_STREET, LocalGazetteer
from prevention.services.gazetteer import load_addresses
from prevention.services.premises import place
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import BOB, command, gazetteer_address, hand_in

_HEAD = "uprn,flat,building,number,street,locality,town,postcode,borough_code,latitude,longitude"
_KNOWN = (
    "100020000101,Flat A,,39,Roman Road,,London,E2 0HU,E09000030,51.53,-0.05",
    "100020000102,Flat B,,39,Roman Road,,London,E2 0HU,E09000030,51.53,-0.05",
    "100020000103,,,41,Roman Road,,London,E2 0HU,E09000030,51.53,-0.05",
    "100020000104,,,10-12,St John's Street,,London,EC1A 4LU,E09000007,51.53,-0.05",
    "100020000105,3,Harbour Point,,London Road,,Croydon,CR0 6YJ,E09000008,51.38,-0.1",
    "100020000106,4,Harbour Point,,London Road,,Croydon,CR0 6YJ,E09000008,51.38,-0.1",
    "100020000107,,Rose Cottage,,Mill Lane,,Croydon,CR0 6YL,E09000008,51.38,-0.1",
)


@pytest.fixture(autouse=True)
def _gazetteer(session: GuardedSession) -> None:
    with unit_of_work(session, SYSTEM) as work:
        loaded = load_addresses(work, [_HEAD, *_KNOWN])
    assert loaded.refused == ()


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


def look_up(rows: Session, *addresses: GivenAddress) -> list[str | None]:
    found: list[KnownAddress | None] = list(LocalGazetteer(rows).look_up(addresses))
    return [one.uprn if one is not None else None for one in found]


@contextmanager
def counted(rows: Session) -> Iterator[list[str]]:
    statements: list[str] = []

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engine = rows.get_bind()
    event.listen(engine, "before_cursor_execute", count)
    yield statements
    event.remove(engine, "before_cursor_execute", count)


@pytest.mark.parametrize(
    ("lines", "postcode", "uprn"),
    [
        ("39A Roman Rd\nLondon", "E2 0HU", "100020000101"),
        ("FLT B 39 ROMAN ROAD LONDON E20HU", "", "100020000102"),
        ("41 roman road", "e2 ohu", "100020000103"),
        ("12 Saint Johns St, London", "EC1A 4LU", "100020000104"),
        ("Apartment 3, Harbour Point, London Rd, Croydon", "CR0 6YJ", "100020000105"),
        ("4 Harbour Point, London Road", "CR0 6YJ", "100020000106"),
        ("Rose Cottage, Mill Lane, Croydon", "CR0 6YL", "100020000107"),
        # The street leads to it where no postcode does.
        ("Flat 3, Harbour Point, London Road, Croydon", "", "100020000105"),
        ("41 Roman Road, London E2", "", "100020000103"),
        ("41 Roman Road, London", "E2 0HX", "100020000103"),
    ],
)
def test_however_it_is_written_it_gets_its_uprn(rows: Session, lines: str, postcode: str, uprn: str) -> None:
    assert look_up(rows, GivenAddress(lines=lines, postcode=postcode)) == [uprn]


@pytest.mark.parametrize(
    ("lines", "postcode"),
    [
        ("39 Roman Road, London", "E2 0HU"),
        ("39C Roman Road, London", "E2 0HU"),
        ("Flat 1, 41 Roman Road, London", "E2 0HU"),
        ("14 Roman Road, London", "E2 0HU"),
        ("11 St John's Street, London", "EC1A 4LU"),
        ("Flat 5, Harbour Point, London Road, Croydon", "CR0 6YJ"),
        ("Harbour Point, London Road, Croydon", "CR0 6YJ"),
        ("3 London Road, Croydon", "CR0 6YJ"),
        ("Rose House, Mill Lane, Croydon", "CR0 6YL"),
        ("41 Roman Road, London", ""),
        ("41 Roman Road, London", "SW4 7AB"),
        ("41 Roman Lane, London", "E2 0HU"),
        ("41", "E2 0HU"),
        ("", "E2 0HU"),
        ("No fixed abode, near 41 Roman Road, London", "E2 0HU"),
        ("41 Roman Road, London", "ZZ99 3VZ"),
    ],
)
def test_what_is_not_sure_stays_without(rows: Session, lines: str, postcode: str) -> None:
    assert look_up(rows, GivenAddress(lines=lines, postcode=postcode)) == [None]


def test_a_uprn_that_was_given_is_not_argued_with(rows: Session) -> None:
    given = GivenAddress(uprn="100020000103", lines="39A Roman Road, London", postcode="E2 0HU")
    assert look_up(rows, given) == ["100020000103"]
    unknown = GivenAddress(uprn="100099999999", lines="39A Roman Road, London", postcode="E2 0HU")
    assert look_up(rows, unknown) == ["100020000101"]


def test_a_whole_batch_takes_two_statements(rows: Session) -> None:
    batch = [GivenAddress(lines=f"{number} Roman Road, London", postcode="E2 0HU") for number in range(30, 50)]
    with counted(rows) as statements:
        found = look_up(rows, *batch, GivenAddress(uprn="100020000107"), GivenAddress(lines="5 Mill Lane"))
    assert len(statements) == 2
    assert [uprn for uprn in found if uprn] == ["100020000103", "100020000107"]
    with counted(rows) as statements:
        assert look_up(rows, GivenAddress(lines="41 Roman Road", postcode="E2 0HU"), GivenAddress()) != [None, None]
    assert len(statements) == 1


def test_nobody_is_found_on_a_street_too_long_to_be_known_whole(rows: Session, arrange: Arranger) -> None:
    wanted = GivenAddress(lines="Flat 3, Harbour Point, London Road, Croydon")
    there = {"street": "London Road", "town": "Croydon", "postcode": "CR0 6YL"}
    more = [gazetteer_address(uprn=f"2{number:09}", number=str(number), **there) for number in range(MOST_ON_A_STREET)]
    arrange.session.add_all(more[3:])
    arrange.session.commit()
    assert look_up(rows, wanted) == ["100020000105"]
    arrange.session.add_all(more[:3])
    arrange.session.commit()
    assert look_up(rows, wanted) == [None]


@pytest.mark.parametrize("channel", [Channel.CSV, Channel.PHONE, Channel.ONLINE_CHECKER, Channel.WEB_FORM])
def test_a_referral_is_put_at_the_home_its_words_mean(
    session: GuardedSession, rows: Session, fire: Agency, channel: Channel
) -> None:
    sure = GivenAddress(lines="39a Roman Rd, London", postcode="E20HU")
    unsure = GivenAddress(lines="39 Roman Rd, London", postcode="E20HU")
    first = hand_in(session, command(fire, address=sure, channel=channel))
    second = hand_in(session, command(fire, address=unsure, person=BOB, channel=channel))
    homes = [rows.get_one(Case, receipt.case_id).premises for receipt in (first, second)]
    assert [(home.uprn, home.status) for home in homes] == [
        ("100020000101", AddressStatus.MATCHED),
        (None, AddressStatus.UNMATCHED),
    ]
    assert homes[0].borough_code == "E09000030"
    assert homes[1].borough_code is None
    assert homes[1].address_text == "39 Roman Road, London, E2 0HU"


def test_a_home_from_before_the_gazetteer_knew_it_is_found_again(session: GuardedSession, rows: Session) -> None:
    written = GivenAddress(lines="4 Harbour Point, London Road, Croydon", postcode="CR0 6YJ")
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        work.session.execute(delete(GazetteerAddress))
        old = place(work, written)
        work.session.flush()
        before = old.id
    with unit_of_work(session, SYSTEM) as work:
        load_addresses(work, [_HEAD, *_KNOWN])
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        again = place(work, written)
        work.session.flush()
        assert again.id == before
    home = rows.scalars(select(Premises)).one()
    assert home.uprn == "100020000106"
