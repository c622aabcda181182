"""Several cases of the queue given to a team or an officer at once: nothing is lost, nobody is overwritten."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.case_selection import MOST_AT_ONCE
from prevention.domain.risk import RiskLevel
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Assignment, Case, CaseInvolvement
from prevention.models.visit import Visit
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient

NOBODY = "6fc90731-aa40-4ae6-9539-16fc9327b270"


@pytest.fixture
def desk(arrange: Arranger, client: PageClient) -> tuple[Agency, Team]:
    """A fire coordinator at the desk, and a station that covers the cases' borough."""
    fire = arrange.agency()
    station = arrange.team(fire, name="Soho", areas=("E09000007",))
    client.sign_in(arrange.user(fire, name="Ana Cole"))
    return fire, station


def ticked(*cases: Case) -> list[str]:
    return [f"{case.id}:{case.version_id}" for case in cases]


def send(client: PageClient, status: int = 200, **data: Any) -> BeautifulSoup:
    response = client.post("/cases/assign", data=data)
    assert response.status_code == status, response.get_data(as_text=True)[:3000]
    return read(response)


def read(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


def banners(client: PageClient) -> list[str]:
    """What the queue says was done."""
    page = client.page("/cases/")
    return [" ".join(banner.get_text().split()) for banner in page.select(".govuk-notification-banner")]


def holder(rows: Session, case: Case) -> tuple[Any, Any]:
    now = rows.get_one(Case, case.id, populate_existing=True)
    return now.owner_team_id, now.owner_user_id


def form_of(page: BeautifulSoup) -> dict[str, Any]:
    """What the page's form sends, whichever button is pressed."""
    fields: dict[str, Any] = {}
    for field in page.select("main form input[type=hidden], main form select, main form textarea"):
        value = field.get("value", field.get_text().strip() if field.name == "textarea" else "")
        fields.setdefault(field["name"], []).append(value)
    return fields


def test_from_the_queue_to_the_station_step_by_step(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, station = desk
    first = arrange.case(fire, risk_level=RiskLevel.HIGH)
    second = arrange.case(fire, state=CaseState.TRIAGE)
    other = arrange.case(fire, risk_level=RiskLevel.LOW)
    page = client.page("/cases/")
    boxes = [box["value"] for box in page.select(".app-row__tick input")]
    assert boxes == ticked(first, second, other)
    asked = send(client, case=boxes[:2])
    assert asked.h1.get_text() == "Assign 2 cases"
    options = [option.get_text().strip() for option in asked.select("#owner option")]
    assert options[1] == "Soho: 0 open, covers 2 of these 2"
    assert "Prevention desk: 3 open" in options
    said = send(client, **form_of(asked) | {"owner": f"team:{station.id}", "note": "Bank holiday", "step": "check"})
    assert said.h1.get_text() == "Give 2 cases to Soho?"
    assert "2 cases from Prevention desk" in said.get_text()
    assert "Bank holiday" in said.get_text()
    assert holder(rows, first) == (fire.teams[0].id, None), "nothing happens before somebody says yes"
    response = client.post("/cases/assign", data=form_of(said) | {"step": "assign"})
    assert (response.status_code, response.location) == (303, "/cases/")
    assert banners(client) == ["Done 2 cases assigned to Soho, who can see this from now on."]
    for case in (first, second):
        assert holder(rows, case) == (station.id, None)
        assert rows.get_one(Case, case.id).state is CaseState.ASSIGNED
        given = rows.scalars(select(Assignment).where(Assignment.case_id == case.id)).one()
        assert (given.team_id, given.note, given.ended_at) == (station.id, "Bank holiday", None)
        assert "To Soho." in client.page(f"/cases/{case.id}").get_text()
    assert holder(rows, other) == (fire.teams[0].id, None)


def test_to_an_officer_who_had_it_before_is_kept(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, station = desk
    bo = arrange.user(fire, Role.FIELD_OFFICER, team=station, name="Bo Lee")
    case = arrange.case(fire)
    send(client, 303, case=ticked(case), owner=f"team:{station.id}", step="assign")
    now = rows.get_one(Case, case.id)
    send(client, 303, case=ticked(now), owner=f"user:{bo.id}", step="assign")
    assert holder(rows, case) == (station.id, bo.id)
    kept = rows.scalars(select(Assignment).where(Assignment.case_id == case.id).order_by(Assignment.assigned_at))
    assert [(each.user_id, each.ended_at is None) for each in kept] == [(None, False), (bo.id, True)]
    events = select(func.count()).where(AuditEvent.case_id == case.id, AuditEvent.tag == AuditTag.CASE_ASSIGNED)
    assert rows.scalar(events) == 2


def test_a_booked_visit_and_its_state_stay(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, station = desk
    case = arrange.case(fire, state=CaseState.BOOKED, next_action="Visit")
    visit = arrange.visit(case)
    said = send(client, case=ticked(case), owner=f"team:{station.id}", step="check")
    assert "a visit under way or booked" in said.get_text()
    send(client, 303, case=ticked(case), owner=f"team:{station.id}", step="assign")
    now = rows.get_one(Case, case.id)
    assert (now.state, now.next_action, now.owner_team_id) == (CaseState.BOOKED, "Visit", station.id)
    assert rows.get_one(Visit, visit.id).team_id == fire.teams[0].id


@pytest.mark.parametrize("step", ["", "check", "assign"])
def test_whoever_changed_meanwhile_is_left_out_and_named(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session, step: str
) -> None:
    fire, station = desk
    going, changed, closed = arrange.case(fire), arrange.case(fire), arrange.case(fire)
    boxes = ticked(going, changed, closed)
    changed.next_action = "Ring the daughter"
    closed.state, closed.next_action_at, closed.closed_at = CaseState.CLOSED, None, NOW
    arrange.session.commit()
    response = client.post("/cases/assign", data={"case": boxes, "owner": f"team:{station.id}", "step": step})
    words = " ".join(banners(client)) if step == "assign" else read(response).get_text(" ")
    assert changed.reference in words
    assert "Somebody changed it after you opened the list" in words
    assert closed.reference in words
    assert "It is closed now" in words
    assert holder(rows, changed) == (fire.teams[0].id, None)
    assert holder(rows, going) == ((station.id if step == "assign" else fire.teams[0].id), None)


def test_sending_it_twice_is_once(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, station = desk
    case = arrange.case(fire)
    for words in ("1 case assigned to Soho", "They have it already"):
        send(client, 303, case=ticked(case), owner=f"team:{station.id}", step="assign")
        assert words in " ".join(banners(client))
        arrange.session.expire_all()
    assert rows.scalar(select(func.count()).where(Assignment.case_id == case.id)) == 1


def test_when_all_changed_the_page_says_so_and_leads_back(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient
) -> None:
    fire, station = desk
    case = arrange.case(fire)
    boxes = [f"{case.id}:999"]
    page = send(client, 409, case=boxes, owner=f"team:{station.id}", step="assign", risk="MEDIUM")
    assert page.h1.get_text() == "None of these cases can be assigned now"
    assert case.reference in page.get_text()
    assert page.find("a", string="Go back to the queue as it is now")["href"] == "/cases/?risk=MEDIUM"


def test_another_agencys_case_is_neither_given_nor_named(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, station = desk
    police = arrange.agency(AgencyKind.POLICE)
    hidden, passed_on, own = arrange.case(police), arrange.case(police), arrange.case(fire)
    arrange.save(CaseInvolvement(case_id=passed_on.id, agency_id=fire.id, since=NOW))
    boxes = ticked(hidden, passed_on, own)
    page = send(client, case=boxes).get_text(" ")
    assert hidden.reference not in page
    send(client, 303, case=boxes, owner=f"team:{station.id}", step="assign")
    words = " ".join(banners(client))
    assert f"Another agency owns it now: {passed_on.reference}" in words
    assert hidden.reference not in words
    assert "1 case assigned" in words
    assert {holder(rows, case)[0] for case in (hidden, passed_on)} == {police.teams[0].id}


@pytest.mark.parametrize("owner", ["", "team:", "user:x", "nonsense", f"team:{NOBODY}", f"user:{NOBODY}"])
def test_nobody_chosen_loses_neither_the_ticks_nor_the_note(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session, owner: str
) -> None:
    fire, _ = desk
    cases = [arrange.case(fire) for _ in range(3)]
    for step in ("check", "assign"):
        page = send(client, 400, case=ticked(*cases), owner=owner, note="kept <b>words</b>", step=step)
        assert page.select_one(".govuk-error-summary a")["href"] == "#owner"
        assert form_of(page)["case"] == ticked(*cases)
        assert page.select_one("#note").get_text().strip() == "kept <b>words</b>"
    assert all(holder(rows, case) == (fire.teams[0].id, None) for case in cases)


def test_a_team_of_another_agency_is_not_on_offer(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, _ = desk
    police = arrange.agency(AgencyKind.POLICE)
    case = arrange.case(fire)
    send(client, 400, case=ticked(case), owner=f"team:{police.teams[0].id}", step="assign")
    assert holder(rows, case) == (fire.teams[0].id, None)


@pytest.mark.parametrize("boxes", [[], [""], ["x:1"], [":"], [NOBODY], [f"{NOBODY}:-1"], [f"{NOBODY}:²"], ["a" * 5000]])
def test_nothing_ticked_is_said_beside_the_list_which_stays_as_it_was(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, boxes: list[str]
) -> None:
    fire, _ = desk
    arrange.case(fire, risk_level=RiskLevel.HIGH)
    arrange.case(fire)
    page = send(client, 400, case=boxes, risk="HIGH")
    assert page.title.get_text().startswith("Error: Queue")
    summary = page.select_one(".govuk-error-summary a")
    assert summary.get_text() == "Tick the cases you want to assign"
    assert page.select_one(summary["href"])["name"] == "all"
    assert len(page.select(".app-row")) == 1


def test_all_on_the_page_needs_no_script(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, station = desk
    cases = [arrange.case(fire) for _ in range(30)]
    page = client.page("/cases/")
    fields = {field["name"]: field["value"] for field in page.select(".app-selection input[type=hidden]")}
    asked = send(client, **fields | {"all": "y"})
    assert asked.h1.get_text() == "Assign 25 cases"
    with client.budget(12 + 25):  # each case is saved with a look at its version
        send(client, 303, **form_of(asked) | {"owner": f"team:{station.id}", "step": "assign"})
    given = rows.scalar(select(func.count()).where(Case.owner_team_id == station.id))
    assert given == 25
    assert len({holder(rows, case) for case in cases}) == 2


def test_steps_cost_the_same_however_many_are_ticked(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient
) -> None:
    fire, station = desk
    cases = [arrange.case(fire) for _ in range(MOST_AT_ONCE + 1)]
    with client.budget(12):
        assert send(client, case=ticked(*cases)).h1.get_text() == f"Assign {MOST_AT_ONCE} cases"
        said = send(client, case=ticked(*cases), owner=f"team:{station.id}", step="check")
    assert len(said.select(".app-row")) == MOST_AT_ONCE


def test_the_coordinator_comes_back_to_where_they_were(
    desk: tuple[Agency, Team], arrange: Arranger, client: PageClient
) -> None:
    fire, station = desk
    for _ in range(30):
        arrange.case(fire)
    second = client.page(client.page("/cases/?risk=MEDIUM").select_one(".govuk-pagination__next a")["href"])
    fields = {field["name"]: field["value"] for field in second.select(".app-selection input[type=hidden]")}
    box = second.select_one(".app-row__tick input")["value"]
    asked = send(client, **fields | {"case": box})
    response = client.post("/cases/assign", data=form_of(asked) | {"owner": f"team:{station.id}", "step": "assign"})
    assert response.location.startswith("/cases/?risk=MEDIUM&after=")
    assert len(client.page(response.location).select(".app-row")) == 5


def test_only_who_may_assign_sees_boxes_or_gets_through(arrange: Arranger, client: PageClient) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    shared = arrange.case(fire, referrals=(arrange.referral(police),))
    client.sign_in(arrange.user(police))
    assert not client.page("/cases/shared").select(".app-row__tick")
    client.post("/sign-out")
    client.sign_in(arrange.user(fire, Role.FIELD_OFFICER))
    assert client.post("/cases/assign", data={"case": ticked(shared)}).status_code == 403
    client.post("/sign-out")
    client.sign_in(arrange.user(fire, Role.SUPERVISOR))
    assert client.page("/cases/").select(".app-row__tick")
    assert client.get("/cases/assign").location == "/cases/"
