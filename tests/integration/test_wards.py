"""Wards: loaded from a list, known of a home, covered by teams, and shown where no borough is hidden."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import GivenAddress
from prevention.models.agency import Agency, Area, Team
from prevention.models.case import Case
from prevention.models.premises import GazetteerAddress, Premises
from prevention.queries.agencies import boroughs_without_a_team
from prevention.queries.cases.counts import owners
from prevention.queries.coverage import HomeAreas, areas_of
from prevention.queries.referrals.form_choices import fire_agency_for
from prevention.queries.visits.booking import crews
from prevention.services.gazetteer import COLUMNS, WARD, load_addresses
from prevention.services.premises import place
from prevention.services.wards import LoadedWards, load_wards
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient
from tests.support.receiving import command, gazetteer_address, hand_in

CAMDEN, LAMBETH = "E09000007", "E09000022"
#: Codes where the ONS has none.
ABBEY, BELSIZE, VASSALL = "E05998001", "E05998002", "E05998003"
HEAD = "WD24CD,WD24NM,LAD24CD"
LIST = (HEAD, f"{ABBEY},Abbey,{CAMDEN}", f"{BELSIZE},Belsize,{CAMDEN}", f"{VASSALL},Vassall,{LAMBETH}")
UPRN = "100020000012"


def loaded(session: GuardedSession, *lines: str) -> LoadedWards:
    with unit_of_work(session, SYSTEM) as work:
        return load_wards(work, lines)


@pytest.fixture
def wards(session: GuardedSession) -> None:
    assert loaded(session, *LIST).count == 3


def stored(rows: Session) -> dict[str, tuple[str, bool]]:
    found = rows.scalars(select(Area).where(Area.kind == "ward").order_by(Area.code)).all()
    wards = {ward.code: (ward.name, ward.superseded) for ward in found}
    rows.rollback()
    return wards


def gazetteer(*lines: dict[str, str], ward: bool = True) -> list[str]:
    columns = [*COLUMNS, WARD] if ward else list(COLUMNS)
    usual = {"uprn": UPRN, "number": "12", "street": "Example Street", "town": "London", "postcode": "NW1 0AA"}
    usual |= {"borough_code": CAMDEN, WARD: ABBEY}
    return [",".join(columns), *(",".join((usual | line).get(column, "") for column in columns) for line in lines)]


def ward_of_home(rows: Session) -> str | None:
    found = rows.scalars(select(Premises.ward_code)).one()
    rows.rollback()
    return found


# The list ------------------------------------------------------------------------------------------------------------


def run(app: Flask, file: Path) -> Any:
    return app.test_cli_runner().invoke(args=["reference", "wards", str(file)])


def test_the_command_loads_known_boroughs_and_counts_the_rest(
    app: Flask, clean_database: None, rows: Session, tmp_path: Path
) -> None:
    file = tmp_path / "wards.csv"
    others = ["E05012345,Elsewhere,E06000001,", "W05001234,Cymru,W06000001,"]
    bad = [
        f"E05998009,,{CAMDEN},",
        f"{CAMDEN},Camden,{CAMDEN},",
        f"{ABBEY},Abbot,{CAMDEN},",
        f"{ABBEY},Abbey,{CAMDEN},",
    ]
    lines = [f"{HEAD},ObjectId", *(f"{row}," for row in LIST[1:]), *others, *bad]
    file.write_text("\r\n".join(lines), encoding="utf-8-sig")
    done = run(app, file)
    assert done.exit_code == 0, done.output
    assert "3 wards are loaded; 2 rows are of other places." in done.output
    assert "3 rows are refused." in done.output
    assert "Line 7: The ward has no name." in done.output
    assert "Line 8: The ward code is that of a borough." in done.output
    assert "Line 9: The ward is on line 2 already, with another name or borough." in done.output
    assert "earlier list" not in done.output
    assert stored(rows) == {ABBEY: ("Abbey", False), BELSIZE: ("Belsize", False), VASSALL: ("Vassall", False)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file lacks these columns"),
        (b"uprn,flat\n1,2\n", "WD24CD, WD24NM, LAD24CD."),
        (b"WD24CD,WD24NM,LAD24CD\nE05998001,Abb\xe9,E09000007\n", "The file is not UTF-8 text."),
        (b"WD24CD,WD24NM,LAD24CD\n", "has no ward of a borough that is loaded. Nothing is changed."),
        (b"WD24CD,WD24NM,LAD24CD\nE05012345,Elsewhere,E06000001\n", "Nothing is changed."),
        (b"WD24CD,WD24NM,LAD24CD\nnonsense,Abbey,E09000007\n", "Line 2: The ward code is not an ONS code"),
    ],
)
def test_a_bad_file_changes_nothing_and_says_why(
    app: Flask, wards: None, rows: Session, tmp_path: Path, content: bytes, words: str
) -> None:
    before = stored(rows)
    file = tmp_path / "wards.csv"
    file.write_bytes(content)
    done = run(app, file)
    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output
    assert stored(rows) == before


def test_names_are_refreshed_and_nothing_is_there_twice(session: GuardedSession, wards: None, rows: Session) -> None:
    again = loaded(session, *(line.replace("Abbey", "Abbey Road") for line in LIST))
    assert (again.count, again.removed, again.stay) == (3, 0, 0)
    assert stored(rows)[ABBEY] == ("Abbey Road", False)
    assert len(stored(rows)) == 3


def test_wards_of_an_earlier_list_go_unless_something_refers_to_them(
    session: GuardedSession, wards: None, arrange: Arranger, rows: Session
) -> None:
    more = [f"E0599801{number},Old {number},{CAMDEN}" for number in range(4)]
    loaded(session, *LIST, *more)
    arrange.team(arrange.agency(), areas=("E05998010",))
    arrange.save(gazetteer_address(ward_code="E05998011"))
    arrange.premises(ward_code="E05998012")
    after = loaded(session, HEAD, f"{ABBEY},Abbey,{CAMDEN}", f"{BELSIZE},,{CAMDEN}")
    assert (after.count, after.removed, after.stay) == (1, 1, 3)
    assert stored(rows) == {
        ABBEY: ("Abbey", False),
        BELSIZE: ("Belsize", False),  # its row was refused: that is no word about the ward
        VASSALL: ("Vassall", False),  # the list has no ward of Lambeth
        **{f"E0599801{number}": (f"Old {number}", True) for number in range(3)},
    }
    loaded(session, *LIST, *more)
    assert not any(superseded for _, superseded in stored(rows).values())


def test_a_ward_does_not_move_to_another_borough(session: GuardedSession, wards: None, rows: Session) -> None:
    moved = loaded(session, HEAD, f"{ABBEY},Abbey,{LAMBETH}", f"{VASSALL},Vassall,{LAMBETH}")
    assert moved.refused == ((2, "The ward is known in another borough"),)
    assert rows.get_one(Area, ABBEY).borough_code == CAMDEN


# Homes ---------------------------------------------------------------------------------------------------------------


def test_a_home_is_placed_in_the_ward_its_address_has(session: GuardedSession, wards: None, rows: Session) -> None:
    with unit_of_work(session, SYSTEM) as work:
        assert load_addresses(work, gazetteer({})).refused == ()
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        place(work, GivenAddress(lines="12 Example Street, London", postcode="NW1 0AA"))
    home = rows.scalars(select(Premises)).one()
    assert (home.borough_code, home.ward_code) == (CAMDEN, ABBEY)


@pytest.mark.parametrize(
    ("ward", "problem"),
    [
        ("E05998099", "The ward code is not known"),
        (CAMDEN, "The ward code is not known"),
        (VASSALL, "The ward is in another borough"),
    ],
)
def test_an_address_in_a_ward_that_cannot_be_is_refused(
    session: GuardedSession, wards: None, rows: Session, ward: str, problem: str
) -> None:
    with unit_of_work(session, SYSTEM) as work:
        done = load_addresses(work, gazetteer({WARD: ward}, {"uprn": "100020000014", "number": "14", WARD: ""}))
    assert (done.count, done.refused) == (1, ((2, problem),))
    assert [row.ward_code for row in rows.scalars(select(GazetteerAddress))] == [None]


def test_a_ward_is_no_borough(session: GuardedSession, wards: None) -> None:
    with unit_of_work(session, SYSTEM) as work:
        done = load_addresses(work, gazetteer({"borough_code": ABBEY}))
    assert done.refused == ((2, "The borough code is not known"),)


@pytest.mark.parametrize("confidential", [False, True])
def test_homes_follow_their_addresses_into_other_wards(
    session: GuardedSession, wards: None, arrange: Arranger, rows: Session, confidential: bool
) -> None:
    arrange.premises(uprn=UPRN, confidential=confidential)
    for ward in (ABBEY, BELSIZE):
        with unit_of_work(session, SYSTEM) as work:
            load_addresses(work, gazetteer({WARD: ward}))
        assert ward_of_home(rows) == ward
    with unit_of_work(session, SYSTEM) as work:
        load_addresses(work, gazetteer({}, ward=False))  # says nothing of wards
    assert ward_of_home(rows) == BELSIZE
    assert rows.get_one(GazetteerAddress, UPRN).ward_code == BELSIZE
    rows.rollback()
    with unit_of_work(session, SYSTEM) as work:
        load_addresses(work, gazetteer({"borough_code": LAMBETH}, ward=False))
    assert rows.get_one(GazetteerAddress, UPRN).ward_code is None


def test_the_wards_of_homes_are_set_by_an_index(session: GuardedSession, wards: None) -> None:
    """The planner is told to avoid reading whole tables: with an index that fits it then reads none."""
    plans = []
    for which in ("NOT p.confidential", "p.confidential"):
        session.execute(text("SET LOCAL enable_seqscan = off"))
        explained = session.execute(
            text(
                "EXPLAIN UPDATE premises AS p SET ward_code = g.ward_code FROM gazetteer_addresses AS g "
                f"WHERE p.uprn = g.uprn AND p.uprn IN ('1', '2') AND {which}"
            )
        )
        plans.append(" ".join(explained.scalars()))
    assert "uq_premises_uprn" in plans[0]
    assert "ix_premises_confidential" in plans[1]


# Teams ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def fire(arrange: Arranger, wards: None) -> Agency:
    """A fire service whose teams' names would put those last that should come first."""
    fire = arrange.agency()
    arrange.team(fire, name="Anywhere")
    arrange.team(fire, name="Lambeth", areas=(LAMBETH,))
    arrange.team(fire, name="Mid Belsize", areas=(BELSIZE,))
    arrange.team(fire, name="Yard Abbey", areas=(ABBEY,))
    arrange.team(fire, name="Zetland", areas=(CAMDEN, ABBEY))
    return fire


ABBEY_FIRST = ["Yard Abbey", "Zetland", "Anywhere", "Lambeth", "Mid Belsize", "Prevention desk"]
ANY_WARD_FIRST = ["Mid Belsize", "Yard Abbey", "Zetland", "Anywhere", "Lambeth", "Prevention desk"]
BY_NAME = ["Anywhere", "Lambeth", "Mid Belsize", "Prevention desk", "Yard Abbey", "Zetland"]


@pytest.mark.parametrize(
    ("home", "order"),
    [
        (HomeAreas(CAMDEN, ABBEY), ABBEY_FIRST),
        (HomeAreas(CAMDEN), ANY_WARD_FIRST),
        (HomeAreas(), BY_NAME),
    ],
)
def test_crews_and_owners_begin_with_the_teams_that_cover_the_home(
    session: GuardedSession, arrange: Arranger, fire: Agency, home: HomeAreas, order: list[str]
) -> None:
    actor = actor_of(arrange.user(fire))
    assert [load.team.name for load in crews(session, actor, date(2026, 1, 5), home)] == order
    assert [owner.name for owner in owners(session, fire.id, [home]) if owner.user_id is None] == order


def test_owners_count_each_home_once(session: GuardedSession, fire: Agency) -> None:
    homes = [HomeAreas(CAMDEN, ABBEY), HomeAreas(CAMDEN, BELSIZE), HomeAreas(CAMDEN), HomeAreas(LAMBETH), HomeAreas()]
    covers = {owner.name: owner.covers for owner in owners(session, fire.id, homes)}
    assert list(covers.items()) == [
        ("Zetland", 3),
        ("Mid Belsize", 2),
        ("Yard Abbey", 2),
        ("Lambeth", 1),
        ("Anywhere", 0),
        ("Prevention desk", 0),
    ]
    assert {owner.covers for owner in owners(session, fire.id, [])} == {0}


def test_which_team_comes_first_does_not_tell_the_ward_of_a_hidden_home(arrange: Arranger, fire: Agency) -> None:
    open_case = arrange.case(fire, premises_id=arrange.premises(ward_code=ABBEY).id)
    hidden = arrange.case(fire, premises_id=arrange.premises(ward_code=ABBEY, confidential=True).id)
    assert areas_of(open_case) == HomeAreas(CAMDEN, ABBEY)
    assert areas_of(hidden) == HomeAreas(CAMDEN)
    assert areas_of(None) == HomeAreas()


@pytest.mark.parametrize(("confidential", "first"), [(False, "Yard Abbey"), (True, "Mid Belsize")])
def test_the_pages_begin_with_the_team_of_the_ward_unless_the_home_is_hidden(
    arrange: Arranger, fire: Agency, client: PageClient, confidential: bool, first: str
) -> None:
    case = arrange.case(fire, premises_id=arrange.premises(ward_code=ABBEY, confidential=confidential).id)
    client.sign_in(arrange.user(fire))
    for page in ("assign", "visits/book"):
        words = client.page(f"/cases/{case.id}/{page}").select("#owner option, label[for^=crew]")
        named = [word.get_text().strip() for word in words if word.get_text().strip() != "Choose one"]
        assert named[0].startswith(first)
    several = client.post("/cases/assign", data={"case": [f"{case.id}:{case.version_id}"]}).text
    assert "Yard Abbey: 0 open, covers 1 of these 1" in several
    assert ("Mid Belsize: 0 open, covers 1 of these 1" in several) is confidential


def test_no_page_of_a_case_names_its_ward(arrange: Arranger, wards: None, client: PageClient) -> None:
    fire = arrange.agency()
    home = arrange.premises(ward_code=VASSALL, borough_code=LAMBETH)
    referral = arrange.referral(fire, premises=home)
    case = arrange.case(fire, referrals=(referral,), premises_id=home.id, borough_code=LAMBETH)
    client.sign_in(arrange.user(fire))
    for path in ("/cases/", f"/cases/{case.id}", f"/cases/{case.id}/assign", f"/cases/{case.id}/visits/book"):
        words = client.page(path).get_text()
        assert "Vassall" not in words
        assert VASSALL not in words


def test_a_case_goes_to_the_agency_that_has_a_ward_of_the_borough(
    session: GuardedSession, arrange: Arranger, wards: None, rows: Session
) -> None:
    elsewhere = arrange.agency()
    arrange.team(elsewhere, areas=(LAMBETH,))
    covering = arrange.agency()
    team = arrange.team(covering, areas=(BELSIZE,))
    arrange.save(gazetteer_address(ward_code=ABBEY))
    sender = arrange.agency(AgencyKind.POLICE)
    assert (found := fire_agency_for(session, UPRN)) is not None
    assert found.id == covering.id
    session.rollback()
    receipt = hand_in(session, command(sender, address=GivenAddress(uprn=UPRN)))
    assert rows.get_one(Case, receipt.case_id).owner_agency_id == covering.id
    rows.rollback()
    arrange.session.get_one(Team, team.id).active = False
    arrange.session.commit()
    assert (found := fire_agency_for(session, UPRN)) is not None
    assert found.id == elsewhere.id


def test_a_borough_of_which_a_team_has_a_ward_is_not_without_a_team(session: GuardedSession, fire: Agency) -> None:
    left = {borough.code for borough in boroughs_without_a_team(session, fire.id)}
    assert len(left) == 31
    assert not left & {CAMDEN, LAMBETH}
    assert not left & {ABBEY, BELSIZE, VASSALL}


# The form ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def administrator(arrange: Arranger, fire: Agency, client: PageClient) -> None:
    client.sign_in(arrange.user(fire, Role.ADMINISTRATOR))


def team_named(arrange: Arranger, name: str) -> Team:
    return arrange.session.scalars(select(Team).where(Team.name == name)).one()


def sent(client: PageClient, path: str, **changes: Any) -> dict[str, Any]:
    """What a browser sends from the form, with ``changes``; None leaves a field out."""
    values: dict[str, Any] = {}
    for field in client.page(path).select("main form.app-form input"):
        if field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked"):
            continue
        values.setdefault(str(field["name"]), []).append(field.get("value", ""))
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_the_form_folds_the_wards_under_their_borough(
    arrange: Arranger, administrator: None, client: PageClient
) -> None:
    page = client.page(f"/agencies/teams/{team_named(arrange, 'Yard Abbey').id}")
    folded = page.select("#wards details")
    summaries = [" ".join(each.summary.get_text().split()) for each in folded if each.summary]
    assert summaries == ["Camden: 1 of 2 wards", "Lambeth: 0 of 1 ward"]
    assert [each.has_attr("open") for each in folded] == [True, False]
    assert [box["value"] for box in page.select("input[name=wards][checked]")] == [ABBEY]
    assert [legend.get_text().strip() for legend in page.select("#wards details legend")] == [
        "Wards of Camden",
        "Wards of Lambeth",
    ]


def test_a_team_is_given_wards_and_loses_them(
    arrange: Arranger, fire: Agency, administrator: None, client: PageClient
) -> None:
    path = f"/agencies/teams/{team_named(arrange, 'Anywhere').id}"
    both = sent(client, path, areas=[LAMBETH], wards=[BELSIZE, ABBEY, VASSALL])
    assert client.post(path, data=both).status_code == 302
    words = client.page(f"/agencies/{fire.id}").get_text()
    assert "Lambeth; wards of Camden: Abbey, Belsize" in words
    assert "Vassall" not in words  # its whole borough is covered
    assert len(client.page(path).select("#wards input[checked]")) == 3
    assert client.post(path, data=sent(client, path, areas=None, wards=[BELSIZE])).status_code == 302
    assert "Wards of Camden: Belsize" in client.page(f"/agencies/{fire.id}").get_text()
    assert client.post(path, data=sent(client, path, wards=None)).status_code == 302
    assert "No boroughs in particular" in client.page(f"/agencies/{fire.id}").get_text()


def test_a_new_team_may_have_wards(fire: Agency, administrator: None, client: PageClient) -> None:
    form = {"name": "Belsize wardens", "kind": "ward_team", "mailbox": "", "wards": [BELSIZE]}
    assert client.post(f"/agencies/{fire.id}/teams/new", data=form).status_code == 302
    assert "Belsize wardens" in client.page(f"/agencies/{fire.id}").get_text()


@pytest.mark.parametrize("wrong", ["E05998099", CAMDEN, "<b>"])
def test_a_ward_that_is_not_on_offer_is_refused_beside_the_wards(
    fire: Agency, administrator: None, client: PageClient, wrong: str
) -> None:
    form = {"name": "New", "kind": "ward_team", "mailbox": "", "wards": [ABBEY, wrong]}
    response = client.post(f"/agencies/{fire.id}/teams/new", data=form)
    assert response.status_code == 200
    page = BeautifulSoup(response.text, "html5lib")
    error = page.select_one("#wards-error")
    assert error is not None
    assert error.get_text().split() == ["Error:", "Choose", "from", "the", "list"]
    link = page.select_one(".govuk-error-summary a")
    assert link is not None
    assert link["href"] == "#wards"
    assert [box["value"] for box in page.select("#wards input[checked]")] == [ABBEY]


def test_a_stale_save_shows_the_wards_of_both(arrange: Arranger, administrator: None, client: PageClient) -> None:
    path = f"/agencies/teams/{team_named(arrange, 'Anywhere').id}"
    mine = sent(client, path, wards=[ABBEY, VASSALL])
    assert client.post(path, data=sent(client, path, wards=[BELSIZE])).status_code == 302
    response = client.post(path, data=mine)
    assert response.status_code == 409
    page = BeautifulSoup(response.text, "html5lib")
    row = [cell.get_text().strip() for cell in page.select(".app-versions tbody tr > *")]
    assert row == ["Wards it covers", "Abbey in Camden, Vassall in Lambeth", "Belsize in Camden"]
    assert [box["value"] for box in page.select("#wards input[checked]")] == [ABBEY, VASSALL]


def test_a_ward_of_an_earlier_list_is_offered_to_who_has_it_and_no_more(
    session: GuardedSession, arrange: Arranger, fire: Agency, administrator: None, client: PageClient
) -> None:
    loaded(session, HEAD, f"{BELSIZE},Belsize,{CAMDEN}", f"E05998004,Abbey,{CAMDEN}")
    having = client.page(f"/agencies/teams/{team_named(arrange, 'Yard Abbey').id}").select_one("#wards")
    assert having is not None
    assert "Abbey (earlier list)" in having.get_text()
    other = client.page(f"/agencies/teams/{team_named(arrange, 'Mid Belsize').id}").select_one("#wards")
    assert other is not None
    assert "earlier list" not in other.get_text()
    assert "Wards of Camden: Abbey (earlier list)" in client.page(f"/agencies/{fire.id}").get_text()


def test_without_wards_nothing_speaks_of_them(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    team = arrange.team(fire, name="Brixton", areas=(LAMBETH,))
    client.sign_in(arrange.user(fire, Role.ADMINISTRATOR))
    for path in (f"/agencies/{fire.id}", f"/agencies/{fire.id}/teams/new", f"/agencies/teams/{team.id}"):
        words = client.page(path).select_one("main")
        assert words is not None
        assert "ward" not in words.get_text().lower().replace("ward team", "")
    path = f"/agencies/teams/{team.id}"
    assert client.post(path, data=sent(client, path, wards=[ABBEY])).status_code == 302
