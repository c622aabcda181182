"""Administrators look after agencies and teams in pages."""

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind, TeamKind
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditEvent, AuditTag
from tests.support.arranging import Arranger
from tests.support.client import PageClient

LAMBETH = "E09000022"


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE, name="Invented Fire Brigade")


@pytest.fixture
def administrator(arrange: Arranger, fire: Agency, client: PageClient) -> User:
    user = arrange.user(fire, Role.ADMINISTRATOR)
    client.sign_in(user)
    return user


def team_form(client: PageClient, path: str, **changes: object) -> dict[str, object]:
    """What a browser would send from the form at ``path``, with ``changes``."""
    page = client.page(path)
    values: dict[str, object] = {}
    for field in page.select("main form.app-form input, main form.app-form select"):
        name, kind = str(field.get("name")), field.get("type")
        if kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if kind == "checkbox" and name == "areas":
            values.setdefault(name, [])
            values[name].append(field["value"])  # type: ignore[attr-defined]
        else:
            values[name] = field.get("value", "")
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_the_list_holds_the_own_agency_first_then_partners(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient
) -> None:
    arrange.agency(AgencyKind.POLICE, name="Another Service")
    arrange.agency(AgencyKind.PARTNER, name="Aardvark Homes")
    links = [link.get_text() for link in client.page("/agencies").select(".app-row__link")]
    assert links == ["Invented Fire Brigade", "Aardvark Homes"]


def test_partners_come_in_pages_without_names_in_addresses(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient
) -> None:
    for number in range(30):
        arrange.agency(AgencyKind.PARTNER, name=f"Homes {number:02}")
    seen: list[str] = []
    path = "/agencies"
    for _ in range(2):
        page = client.page(path)
        seen += [link.get_text() for link in page.select(".app-row__link")]
        link = page.select_one(".govuk-pagination__next a")
        if link is None:
            break
        path = str(link["href"])
        assert "Homes" not in path
    assert len(seen) == 31
    assert len(set(seen)) == 31
    back = client.page(path).select_one(".govuk-pagination__prev a")
    assert back is not None
    first = [link.get_text() for link in client.page(str(back["href"])).select(".app-row__link")]
    assert first == seen[:25]


def test_a_page_after_an_agency_one_does_not_look_after_is_the_first_page(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient
) -> None:
    for name in ("Abbey Homes", "Zenith Homes"):
        arrange.agency(AgencyKind.PARTNER, name=name)
    stranger = arrange.agency(AgencyKind.POLICE, name="Mid Police")
    first = client.page("/agencies").get_text()
    assert client.page(f"/agencies?after={stranger.id}").get_text() == first
    strange_team = arrange.team(stranger, name="M")
    for name in ("A station", "Z station"):
        arrange.team(fire, name=name)
    teams = client.page(f"/agencies/{fire.id}").get_text()
    assert client.page(f"/agencies/{fire.id}?after={strange_team.id}").get_text() == teams


def test_another_services_agency_does_not_exist(arrange: Arranger, administrator: User, client: PageClient) -> None:
    other = arrange.agency(AgencyKind.POLICE)
    for path in (f"/agencies/{other.id}", f"/agencies/{other.id}/edit", f"/agencies/teams/{other.teams[0].id}"):
        client.page(path, status=404)
    assert client.post(f"/agencies/{other.id}/stop").status_code == 404
    assert client.post(f"/agencies/teams/{other.teams[0].id}/deactivate").status_code == 404


def test_other_roles_may_not_enter(arrange: Arranger, fire: Agency, client: PageClient) -> None:
    client.sign_in(arrange.user(fire, Role.COORDINATOR))
    client.page("/agencies", status=403)
    client.page("/users", status=403)


def test_an_agency_is_changed_with_its_rule_pack(
    fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    form = team_form(client, f"/agencies/{fire.id}/edit", rule_pack="charlie_p", short_name="IFB")
    assert client.post(f"/agencies/{fire.id}/edit", data=form).status_code == 302
    page = client.page(f"/agencies/{fire.id}")
    assert "CHARLIE-P" in page.get_text()
    stored = rows.get_one(Agency, fire.id)
    assert (stored.rule_pack, stored.short_name) == ("charlie_p", "IFB")
    tags = rows.scalars(select(AuditEvent.tag)).all()
    assert AuditTag.AGENCY_SAVED in tags


def test_a_stale_save_shows_both_versions_and_saving_again_keeps_what_was_typed(
    fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    path = f"/agencies/{fire.id}/edit"
    mine = team_form(client, path, short_name="MINE")
    theirs = team_form(client, path, short_name="THEIRS")
    client.post(path, data=theirs)
    response = client.post(path, data=mine)
    assert response.status_code == 409
    assert "MINE" in response.text
    assert "THEIRS" in response.text
    assert rows.scalar(select(Agency.short_name).where(Agency.id == fire.id)) == "THEIRS"
    rows.rollback()
    again = mine | {"version": str(int(str(mine["version"])) + 1)}
    assert client.post(path, data=again).status_code == 302
    assert rows.scalar(select(Agency.short_name).where(Agency.id == fire.id)) == "MINE"


def test_a_partner_is_added_with_a_desk_and_can_be_stopped(
    administrator: User, client: PageClient, rows: Session, app: Flask, arrange: Arranger
) -> None:
    form = {"name": "Élan & Sons Homes", "short_name": "Élan", "mailbox": "desk@elan.example"}
    assert client.post("/agencies/new", data=form).status_code == 302
    partner = rows.scalars(select(Agency).where(Agency.kind == AgencyKind.PARTNER)).one()
    assert partner.code == "lan-sons-homes"
    assert [team.is_intake_desk for team in partner.teams] == [True]
    again = client.post("/agencies/new", data=form)
    assert again.status_code == 200
    assert "already has this name" in again.text
    partner_id = partner.id
    rows.rollback()
    agency = arrange.session.get_one(Agency, partner_id)
    visitor = app.test_client()
    visitor.sign_in(arrange.user(agency, Role.PARTNER_REFERRER))  # type: ignore[attr-defined]
    assert visitor.get("/account").status_code == 200
    stopped = client.post(f"/agencies/{partner_id}/stop", follow_redirects=True)
    assert "is stopped" in stopped.text, stopped.text
    assert visitor.get("/account").status_code == 302
    client.post(f"/agencies/{partner_id}/resume")
    assert rows.scalar(select(Agency.active).where(Agency.id == partner_id)) is True


def test_a_service_cannot_be_stopped_here(fire: Agency, administrator: User, client: PageClient) -> None:
    assert client.post(f"/agencies/{fire.id}/stop").status_code == 403


def test_a_team_is_added_with_its_boroughs(fire: Agency, administrator: User, client: PageClient) -> None:
    form = {"name": "Brixton", "kind": "station", "mailbox": "", "areas": [LAMBETH]}
    assert client.post(f"/agencies/{fire.id}/teams/new", data=form).status_code == 302
    page = client.page(f"/agencies/{fire.id}")
    assert "Lambeth" in page.get_text()
    assert "Boroughs without a team: 32" in page.get_text()
    assert "already has this name" in client.post(f"/agencies/{fire.id}/teams/new", data=form).text


def test_the_desk_moves_and_there_is_always_one(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    station = arrange.team(fire, name="Brixton")
    desk = fire.teams[0]
    path = f"/agencies/teams/{station.id}"
    assert client.post(path, data=team_form(client, path, is_intake_desk="y")).status_code == 302
    desks = rows.scalars(select(Team.id).where(Team.agency_id == fire.id, Team.is_intake_desk)).all()
    assert desks == [station.id]
    refused = client.post(path, data=team_form(client, path, is_intake_desk=None))
    assert refused.status_code == 200
    assert "needs an intake desk" in refused.text
    assert client.post(f"/agencies/teams/{station.id}/deactivate").status_code == 302
    assert "Make another team the intake desk" in client.page(path).get_text()
    rows.rollback()
    assert rows.scalar(select(Team.active).where(Team.id == station.id)) is True
    client.post(f"/agencies/teams/{desk.id}/deactivate")
    rows.rollback()
    assert rows.scalar(select(Team.active).where(Team.id == desk.id)) is False


def test_a_stale_team_shows_both_versions(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient
) -> None:
    station = arrange.team(fire, name="Brixton")
    path = f"/agencies/teams/{station.id}"
    mine = team_form(client, path, areas=[LAMBETH])
    client.post(path, data=team_form(client, path, areas=["E09000001"]))
    response = client.post(path, data=mine)
    assert response.status_code == 409
    assert "City of London" in response.text
    assert "Lambeth" in response.text


def test_a_team_with_members_is_not_deactivated_and_says_where_to_go(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    station = arrange.team(fire, name="Brixton")
    arrange.user(fire, Role.FIELD_OFFICER, team=station)
    page = client.page(f"/agencies/teams/{station.id}")
    assert "1 member" in page.get_text()
    link = page.find("a", string="Give its 1 member another team")
    assert link is not None
    assert client.page(str(link["href"])).select(".app-row__link")
    client.post(f"/agencies/teams/{station.id}/deactivate")
    assert rows.scalar(select(Team.active).where(Team.id == station.id)) is True


def test_a_long_name_and_markup_are_refused_or_shown_as_words(
    fire: Agency, administrator: User, client: PageClient
) -> None:
    path = f"/agencies/{fire.id}/teams/new"
    long = client.post(path, data={"name": "x" * 10_000, "kind": "station"})
    assert "Use 120 characters or fewer" in long.text
    odd = client.post(path, data={"name": "<b>'; DROP TABLE teams;--", "kind": "station", "areas": ["nowhere"]})
    assert "Choose from the list" in odd.text
    assert client.post(path, data={"name": "<b>'; DROP TABLE teams;--", "kind": "station"}).status_code == 302
    assert "<b>'" not in client.get(f"/agencies/{fire.id}").text


def test_an_operator_makes_an_agency_and_its_first_administrator(app: Flask, arrange: Arranger, rows: Session) -> None:
    runner = app.test_cli_runner()
    rest = ["--code", "wfb", "--short-name", "WFB", "--kind", "fire", "--mailbox", "desk@wfb.example"]
    made = runner.invoke(
        args=["agencies", "create", "--name", "West Fire Brigade", *rest],
    )
    assert made.exit_code == 0, made.output
    again = runner.invoke(
        args=["agencies", "create", "--name", "West", *rest],
    )
    assert again.exit_code == 1
    assert "already has this code" in again.output
    who = ["accounts", "create-administrator", "--agency", "wfb", "--name", "Tom Ash", "--email", "Tom@wfb.example"]
    short = runner.invoke(args=who, input="short\nshort\n")
    assert short.exit_code == 1
    done = runner.invoke(args=who, input="three random words\nthree random words\n")
    assert done.exit_code == 0, done.output
    assert "three random words" not in done.output
    user = rows.scalars(select(User).where(User.email == "tom@wfb.example")).one()
    assert user.memberships[0].role is Role.ADMINISTRATOR
    unknown = runner.invoke(args=[*who[:3], "nobody", *who[4:]], input="three random words\nthree random words\n")
    assert unknown.exit_code == 1
    assert rows.scalar(select(func.count()).select_from(Membership)) == 1
    desk = rows.scalars(select(Team).join(Agency).where(Agency.code == "wfb")).one()
    assert (desk.kind, desk.is_intake_desk) == (TeamKind.DESK, True)


@pytest.mark.parametrize(
    ("typed", "page"), [("/agencies/", "/agencies"), ("/users/", "/users"), ("/users/new/", "/users/new")]
)
def test_a_slash_at_the_end_of_an_address_leads_to_the_same_page(
    administrator: User, client: PageClient, typed: str, page: str
) -> None:
    heading = client.page(page).select_one("h1")
    assert client.page(typed).select_one("h1") == heading
