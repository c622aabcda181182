"""Outreach through its pages: hot strikes, campaigns, events, doors."""

import io
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import TidiedAddress
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.errors import Invalid
from prevention.matching.normalise.dwellings import address_key
from prevention.models.account import User
from prevention.models.outreach import Outreach, OutreachDoor, OutreachKind, OutreachReferral
from prevention.models.premises import GazetteerAddress, Premises
from prevention.services.outreach import lines_of_file, referral_made
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import Arranger
from tests.support.client import PageClient, as_id, without_token


@pytest.fixture
def officer(arrange: Arranger) -> User:
    agency = arrange.agency()
    return arrange.user(agency, Role.FIELD_OFFICER, team=arrange.team(agency))


@pytest.fixture
def street(arrange: Arranger) -> list[str]:
    """Five homes of one postcode."""
    uprns = []
    for number in (10, 2, 1, 3, 4):
        parts = {"number": str(number), "street": "Mercer Road", "town": "London", "postcode": "NW1 2AB"}
        uprn = f"10000000{number:04d}"
        arrange.save(
            GazetteerAddress(
                uprn=uprn,
                flat="",
                building="",
                locality="",
                borough_code="E09000007",
                address_key=address_key(TidiedAddress(uprn=uprn, **parts)),
                **parts,
            )
        )
        uprns.append(uprn)
    return uprns


DETAILS = {"title": "Fire in Mercer Road", "place": "Mercer Road", "held_on": ["22", "11", "2026"]}


def parsed(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html5lib")


def start(client: PageClient, kind: str = "HOT_STRIKE", **values: str) -> str:
    answer = client.post(f"/outreach/new/{kind}", data=DETAILS | values)
    assert answer.status_code == 302, answer.text
    return answer.location.split("/doors")[0]


class TestHotStrike:
    def test_a_street_door_by_door(self, client: PageClient, officer: User, street: list[str], rows: Session) -> None:
        client.sign_in(officer)
        assert "No outreach yet" in client.page("/outreach/").text
        url = start(client, incident_ref="INC-1")
        with client.budget(80):
            added = client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "nw12ab"})
        assert added.status_code == 302
        page = client.page(url)
        assert "5 doors added" in page.text
        shown = [link.text for link in page.select(".app-door__link")]
        assert [line.split(" ")[0] for line in shown] == ["1", "2", "3", "4", "10"]
        again = client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "NW1 2AB"})
        assert "0 doors added. 5 addresses were on the list before" in client.page(again.location).text
        first = page.select_one(".app-door__link")["href"]
        assert "Spoke to someone, and refer this home" in client.page(first).text
        data = {"outcome": "COMPLETED", "alarms_fitted": "2", "leaflet_left": "y", "note": "Kind"}
        for _ in range(2):
            answer = client.post(first, data=data)
            assert answer.status_code == 302
        assert answer.location == page.select(".app-door__link")[1]["href"]
        assert "1 of 5 doors, 2 alarms fitted, 1 leaflet" in client.page(url).text
        assert len(client.page(f"{url}?left=1").select(".app-door")) == 4
        door = rows.get_one(OutreachDoor, as_id(first))
        assert (door.outcome, door.knocked_by) == (VisitOutcome.COMPLETED, officer.id)

    def test_hints_and_no_word_about_confidential_homes(
        self, client: PageClient, officer: User, street: list[str], arrange: Arranger
    ) -> None:
        agency = officer.memberships[0].agency
        home = arrange.premises(uprn=street[0], number="10", street="Mercer Road", postcode="NW1 2AB")
        case = arrange.case(agency, premises_id=home.id)
        arrange.visit(case, state=VisitState.FINISHED, outcome=VisitOutcome.COMPLETED, finished_at=datetime.now(UTC))
        hidden = arrange.premises(
            uprn=street[1], number="2", street="Mercer Road", postcode="NW1 2AB", confidential=True
        )
        secret = arrange.case(agency, premises_id=hidden.id)
        client.sign_in(officer)
        url = start(client)
        with client.budget(80):
            client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "NW1 2AB"})
        with client.budget(14):
            page = client.page(url)
        assert f"Open case {case.reference}" in page.text
        assert "Visited on" in page.text
        assert secret.reference not in page.text
        assert "withheld" not in page.text

    def test_a_home_is_referred_at_its_door(
        self, client: PageClient, officer: User, arrange: Arranger, rows: Session
    ) -> None:
        client.sign_in(officer)
        url = start(client)
        home = arrange.premises()
        doors = [
            arrange.save(OutreachDoor(outreach_id=as_id(url), position=number, premises_id=home.id))
            for number in (1, 2)
        ]
        at_the_door = f"{url}/doors/{doors[0].id}"
        version = client.page(at_the_door).select_one('input[name="version"]')["value"]
        typed = {"refer": "1", "alarms_fitted": "2", "leaflet_left": "y", "version": version}
        going = client.post(at_the_door, data=typed)
        assert going.location == f"/referrals/new?outreach={as_id(url)}&door={doors[0].id}"
        door = rows.get_one(OutreachDoor, doors[0].id)
        assert (door.outcome, door.alarms_fitted, door.leaflet_left) == (VisitOutcome.COMPLETED, 2, True)
        back = client.page(at_the_door)
        assert "Spoke to someone, and" not in back.text  # it is recorded; referring keeps what is
        assert f"{url}/doors/{doors[1].id}" in str(back)  # the next door
        client.post(at_the_door, data={"outcome": "NO_ACCESS_NO_REPLY"})
        assert client.post(at_the_door, data={"refer": "1"}).status_code == 302
        rows.refresh(door)
        assert door.outcome is VisitOutcome.NO_ACCESS_NO_REPLY

    def test_two_people_at_one_door(
        self, client: PageClient, officer: User, street: list[str], arrange: Arranger
    ) -> None:
        client.sign_in(officer)
        url = start(client)
        with client.budget(80):
            client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "NW1 2AB"})
        first = client.page(url).select_one(".app-door__link")["href"]
        version = client.page(first).select_one('input[name="version"]')["value"]
        assert client.post(first, data={"outcome": "COMPLETED", "version": version}).status_code == 302
        said = {"outcome": "REFUSED_AT_DOOR", "alarms_fitted": "3", "note": "Asked us to go"}
        stale = client.post(first, data=said | {"version": version})
        assert stale.status_code == 409
        page = parsed(stale)
        rows = [[cell.text for cell in row.select("th, td")] for row in page.select(".app-versions tbody tr")]
        assert ["What happened", "Not interested", "Spoke to someone"] in rows
        assert ["Alarms fitted", "3", "0"] in rows
        assert page.select_one('input[name="alarms_fitted"]')["value"] == "3"
        newer = page.select_one('input[name="version"]')["value"]
        assert client.post(first, data=said | {"version": newer}).status_code == 302
        assert "Not interested" in client.page(first).select_one("main strong").text

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({}, "Choose what happened"),
            ({"outcome": "<b>"}, "Choose what happened"),
            ({"outcome": "DECEASED"}, "Choose what happened"),
            ({"outcome": "COMPLETED", "alarms_fitted": "999"}, "between 0 and 20"),
            ({"outcome": "COMPLETED", "note": "x" * 10_000}, "Use 2,000 characters or fewer"),
        ],
    )
    def test_wrong_answers_at_a_door(
        self, client: PageClient, officer: User, arrange: Arranger, data: dict[str, str], words: str
    ) -> None:
        client.sign_in(officer)
        url = start(client)
        door = arrange.save(OutreachDoor(outreach_id=as_id(url), position=1, premises_id=arrange.premises().id))
        answer = client.post(f"{url}/doors/{door.id}", data=data | {"version": "1"})
        assert answer.status_code == 200
        assert words in answer.text


class TestCampaign:
    def test_a_pasted_list_gives_bad_lines_back(
        self, client: PageClient, officer: User, street: list[str], rows: Session
    ) -> None:
        client.sign_in(officer)
        url = start(client, "CAMPAIGN")
        lines = [
            street[0],
            "3 Mercer Road, London NW1 2AB",
            "",
            "3 mercer rd, nw12ab",
            "999999999999",
            "12345678901234567",
            "7 Nowhere Street",
            "Somewhere NW1 2AB",
            "<script>alert(1)</script>",
            "'; DROP TABLE premises; --",
            "a\x00b",
            "Flat 2, 9 Elsewhere Road, London E1 6AN",
        ]
        with client.budget(120):
            answer = client.post(f"{url}/doors/add", data={"how": "list", "lines": "\n".join(lines)})
        assert answer.status_code == 200
        assert "4 doors added. 1 address was on the list before." in answer.text
        assert "6 lines were not used" in answer.text
        assert "The address has no full postcode" in answer.text
        assert "does not hold this UPRN" in answer.text
        assert "<script>alert(1)" not in answer.text
        assert len(rows.scalars(select(OutreachDoor)).all()) == 4

    def test_a_csv_file(self, client: PageClient, officer: User, street: list[str], rows: Session) -> None:
        client.sign_in(officer)
        url = start(client, "CAMPAIGN")
        content = "Address,UPRN\r\n1 Mercer Road NW1 2AB,100000000001\r\n".encode("utf-8-sig")
        with client.budget(60):
            answer = client.post(f"{url}/doors/add", data={"how": "list", "file": (io.BytesIO(content), "list.csv")})
        assert answer.status_code == 302
        assert rows.scalars(select(Premises)).one().uprn == "100000000001"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b" \n ", "empty"),
            (b",,\r\n,,\r\n", "empty"),
            (b"\xff\xfe\x00\x00", "not a text file"),
            (b"PK\x03\x04\x14\x00\x06\x00", "not a text file"),
            (b'"' + b"x" * 200_000, "could not be read"),
            (b"UPRN,Address\r\n,\r\n", "no address below"),
        ],
    )
    def test_files_that_are_no_list(self, content: bytes, words: str) -> None:
        with pytest.raises(Invalid, match=words):
            lines_of_file(content)

    def test_files_in_windows_letters(self) -> None:
        assert lines_of_file("1 Café Road, NW1 2AB".encode("cp1252")) == ["1 Café Road, NW1 2AB"]

    @pytest.mark.parametrize(
        ("content", "lines"),
        [
            (b"number,street,postcode\n1,High Road,NW1 2AB\n", ["", "1, High Road, NW1 2AB"]),
            (b"House number;Street;Post code\r\n1;High Road;NW1 2AB", ["", "1, High Road, NW1 2AB"]),
            ("UPRN\tAddress\r\n100\t1 High Road\r\n".encode("utf-16"), ["", "100"]),
            (b"\n\nAddress\n1 High Road NW1 2AB", ["", "", "", "1 High Road NW1 2AB"]),
            (b"Flat 1,2 High Road,NW1 2AB", ["Flat 1, 2 High Road, NW1 2AB"]),
            (b'"",""\n', [""]),
        ],
    )
    def test_what_stands_in_a_file(self, content: bytes, lines: list[str]) -> None:
        """Each line at the number it has in the file, the heads empty."""
        assert lines_of_file(content) == lines

    def test_what_was_not_used_stays_in_the_box(self, client: PageClient, officer: User, street: list[str]) -> None:
        client.sign_in(officer)
        url = start(client, "CAMPAIGN")
        file = io.BytesIO(f"UPRN;Address\r\n{street[0]};Not read\r\n;7 Nowhere Street\r\n1.00023E+11;\r\n".encode())
        data = {"how": "list", "lines": "Nowhere near here", "file": (file, "list.csv")}
        with client.budget(60):
            page = parsed(client.post(f"{url}/doors/add", data=data))
        assert "1 door added. 3 lines were not used" in page.main.text
        assert "A spreadsheet has rounded this UPRN" in page.text
        kept = page.select_one("textarea").text.strip()
        assert kept.splitlines() == ["Nowhere near here", "7 Nowhere Street", "1.00023E+11"]

    def test_a_thousand_addresses_take_few_statements(
        self, client: PageClient, officer: User, street: list[str]
    ) -> None:
        client.sign_in(officer)
        url = start(client, "CAMPAIGN")
        lines = [*street, "100000009999", *(f"{number} Long Lane, London E1 6AN" for number in range(1, 995))]
        with client.budget(40):
            answer = client.post(f"{url}/doors/add", data={"how": "list", "lines": "\r\n".join(lines)})
        assert "999 doors added. 1 line was not used" in answer.text
        full = client.post(
            f"{url}/doors/add", data={"how": "list", "lines": "1 Other Lane, London E1 6AN\n2 Other Lane E1 6AN"}
        )
        assert "A list holds up to 1,000 doors" in full.text
        many = client.post(f"{url}/doors/add", data={"how": "list", "lines": "\n".join([*lines, "one more"])})
        assert "You have 1,001" in many.text

    def test_an_empty_list(self, client: PageClient, officer: User) -> None:
        client.sign_in(officer)
        url = start(client, "CAMPAIGN")
        assert "Paste at least one" in client.post(f"{url}/doors/add", data={"how": "list", "lines": " "}).text
        assert "Enter a postcode" in client.post(f"{url}/doors/add", data={"how": "postcode"}).text
        nothing = client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "ZE1 0AA"})
        assert "holds no home with this postcode" in nothing.text


class TestEvents:
    def test_an_event_is_counted_and_changed(self, client: PageClient, officer: User, rows: Session) -> None:
        client.sign_in(officer)
        url = start(client, "TALK", audience="Year 6", head_count="31", leaflets="30")
        page = client.page(url)
        assert "Year 6" in page.text
        assert "Refer someone from here" in page.text
        edited = client.post(f"{url}/edit", data=DETAILS | {"head_count": "33", "version": "1"})
        assert edited.status_code == 302
        stale = client.post(f"{url}/edit", data=DETAILS | {"head_count": "35", "version": "1"})
        assert stale.status_code == 409
        page = parsed(stale)
        rows_shown = [[cell.text for cell in row.select("th, td")] for row in page.select(".app-versions tbody tr")]
        assert rows_shown == [["How many people came", "35", "33"]]
        assert page.select_one('input[name="version"]')["value"] == "2"
        talk = rows.scalars(select(Outreach)).one()
        assert (talk.kind, talk.head_count) == (OutreachKind.TALK, 33)
        assert client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "NW1 2AB"}).status_code == 409

    def test_referrals_are_taken_there_and_then(
        self, client: PageClient, officer: User, street: list[str], arrange: Arranger, rows: Session
    ) -> None:
        client.sign_in(officer)
        url = start(client, "COMMUNITY_EVENT")
        going = client.page(url).find("a", string=re.compile("Refer someone from here"))["href"]
        form = client.page(going)
        answers = {name: form.select_one(f'input[name="{name}"]')["value"] for name in ("token", "outreach", "door")}
        answers |= {"danger": "no", "postcode": "NW1 2AB", "address": street[0], "reasons": "NO_ALARM"}
        answers |= {"narrative": "Met at the stall.", "told": "YES"}
        for _ in range(2):
            sent = client.post("/referrals/new", data=answers)
            assert sent.status_code == 302
        receipt = client.page(sent.location)
        assert receipt.find("a", string=re.compile("Back to the outreach"))["href"] == url
        assert receipt.find("a", string=re.compile("Refer someone else"))["href"] == going
        assert rows.scalars(select(OutreachReferral)).one().outreach_id == as_id(url)
        assert "Referrals taken here 1" in " ".join(client.page(url).text.split())
        assert "1 referral" in client.page("/outreach/").text
        client.post("/sign-out")
        client.sign_in(arrange.user(arrange.agency(AgencyKind.POLICE), Role.FIELD_OFFICER))
        client.post("/referrals/new", data=answers | {"token": "0" * 32})
        assert len(rows.scalars(select(OutreachReferral)).all()) == 1  # another agency's outreach is passed over

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"title": ""}, "Give it a name"),
            ({"title": "x" * 10_000}, "Use 200 characters or fewer"),
            ({"held_on": ["31", "2", "2026"]}, "There is no day 31"),
            ({"held_on": ["27", "11", "2099"]}, "The date must be within 12 months"),
            ({"head_count": "-5"}, "whole number"),
            ({"team_id": str(uuid4())}, "Choose one from the list"),
        ],
    )
    def test_wrong_details(self, client: PageClient, officer: User, values: dict[str, str], words: str) -> None:
        client.sign_in(officer)
        answer = client.post("/outreach/new/COMMUNITY_EVENT", data=DETAILS | values)
        assert answer.status_code == 200
        assert words in answer.text

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE outreach; --", "a\x00b", "{{ 7*7 }}"])
    def test_hostile_words(self, client: PageClient, officer: User, text: str) -> None:
        client.sign_in(officer)
        data = dict.fromkeys(("title", "place", "audience", "note", "incident_ref", "version"), text)
        answer = client.post("/outreach/new/TALK", data=DETAILS | data)
        page = client.page(answer.location) if answer.status_code == 302 else None
        assert answer.status_code in {200, 302}
        assert "<script>alert(1)" not in (str(page) if page else answer.text)
        assert client.get("/outreach/").status_code == 200


class TestRights:
    def test_other_agencies_see_nothing(
        self, client: PageClient, officer: User, arrange: Arranger, session: GuardedSession
    ) -> None:
        client.sign_in(officer)
        url = start(client)
        door = arrange.save(OutreachDoor(outreach_id=as_id(url), position=1, premises_id=arrange.premises().id))
        client.post("/sign-out")
        police = arrange.user(arrange.agency(AgencyKind.POLICE), Role.COORDINATOR)
        client.sign_in(police)
        assert "Fire in Mercer" not in client.page("/outreach/").text
        for path in ("", "/edit", "/doors/add", f"/doors/{door.id}"):
            hidden, unknown = client.get(f"{url}{path}"), client.get(f"/outreach/{uuid4()}{path}")
            assert hidden.status_code == unknown.status_code == 404
            assert without_token(hidden.text) == without_token(unknown.text)
            assert client.post(f"{url}{path}", data=DETAILS | {"outcome": "COMPLETED"}).status_code in {404, 405}
        with unit_of_work(session, actor_of(police)) as work:
            referral_made(work, as_id(url), door.id, uuid4())
        arrange.session.refresh(door)
        assert door.referral_id is None

    @pytest.mark.parametrize("role", [Role.PARTNER_REFERRER, Role.ADMINISTRATOR])
    def test_roles_without_outreach(self, client: PageClient, arrange: Arranger, role: Role) -> None:
        client.sign_in(arrange.user(arrange.agency(), role))
        assert client.get("/outreach/").status_code == 403

    def test_pages_of_the_list(self, client: PageClient, officer: User, arrange: Arranger) -> None:
        agency_id = officer.memberships[0].agency_id
        for number in range(30):
            arrange.save(
                Outreach(
                    reference=f"E-{number}",
                    agency_id=agency_id,
                    kind=OutreachKind.TALK,
                    title=f"Talk {number}",
                    place="Hall",
                    held_on=datetime(2026, 1, 1 + number % 3).date(),
                    created_by=officer.id,
                    created_at=datetime.now(UTC),
                )
            )
        client.sign_in(officer)
        with client.budget(8):
            page = client.page("/outreach/")
        seen = {link.text for link in page.select(".app-row__link")}
        second = client.page(page.select_one(".govuk-pagination__next a")["href"])
        seen |= {link.text for link in second.select(".app-row__link")}
        assert len(seen) == 30
        assert client.get("/outreach/?after=rubbish").status_code == 200
