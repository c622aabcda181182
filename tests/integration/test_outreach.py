"""Outreach through its pages: hot strikes, campaigns, events, doors."""

import io
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import TidiedAddress
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.errors import Invalid
from prevention.matching.normalise import address_key
from prevention.models.account import User
from prevention.models.outreach import Outreach, OutreachDoor, OutreachKind
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
        card = client.page(first)
        assert "Refer this home" in card.text
        assert f"door={as_id(first)}" in card.select_one(".govuk-button--warning")["href"]
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
        stale = client.post(first, data={"outcome": "REFUSED_AT_DOOR", "version": version})
        assert stale.status_code == 409

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
        ("content", "words"), [(b"", "empty"), (b"\xff\xfe\x00\x00", "not a text file"), (b" \n ", "empty")]
    )
    def test_files_that_are_no_list(self, content: bytes, words: str) -> None:
        with pytest.raises(Invalid, match=words):
            lines_of_file(content)

    def test_files_in_windows_letters(self) -> None:
        assert lines_of_file("1 Café Road, NW1 2AB".encode("cp1252")) == ["1 Café Road, NW1 2AB"]
        assert lines_of_file(b"number,street,postcode\n1,High Road,NW1 2AB\n") == ["1, High Road, NW1 2AB"]

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
        talk = rows.scalars(select(Outreach)).one()
        assert (talk.kind, talk.head_count) == (OutreachKind.TALK, 33)
        assert client.post(f"{url}/doors/add", data={"how": "postcode", "postcode": "NW1 2AB"}).status_code == 409

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
