"""One box finds a case however it is typed; nothing typed gets into an address; nobody finds what they may not see."""

import logging

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.models.agency import Agency
from prevention.models.case import Case
from prevention.models.referral import Referral
from tests.support.arranging import Arranger
from tests.support.client import PageClient


@pytest.fixture
def home(arrange: Arranger, client: PageClient) -> tuple[Agency, Case, Referral]:
    """A fire coordinator signed in, and one case that ambulance referred, beside one of somebody else."""
    fire, ambulance = arrange.agency(), arrange.agency(AgencyKind.AMBULANCE)
    case = arrange.received(
        ambulance,
        source_ref="LAS/2026-00417",
        address=GivenAddress(lines="Flat 3, 14 Harrow Street, London", postcode="SW1A 1AA"),
        person=GivenPerson(first_name="Siobhán", surname="O'Brien-Khan", phone="020 7946 0018"),
    )
    arrange.received(ambulance, address=GivenAddress(lines="8 Quiet Lane, London", postcode="N1 9GU"))
    client.sign_in(arrange.user(fire))
    referral = arrange.session.query(Referral).filter_by(source_ref="LAS/2026-00417").one()
    return fire, case, referral


def parse(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


def found(client: PageClient, typed: str) -> set[str]:
    response = client.post("/cases/search", data={"q": typed})
    if response.status_code == 303:
        return {response.headers["Location"].rsplit("/", 1)[-1]}
    assert response.status_code == 200
    page = parse(response)
    return {link["href"].rsplit("/", 1)[-1] for link in page.select(".app-row__link")}


@pytest.mark.parametrize(
    "typed",
    [
        "O'Brien-Khan",
        "o brien khan",
        "KHAN",
        "siobhán kha",
        "  harrow   street ",
        "14 harrow st",
        "14 Harrow Str., SW1A 1AA",
        "14 harrow str, london",
        "Flat 3 14 Harrow Street SW1A 1AA",
        "sw1a1aa",
        "SW1A 1AA",
        "sw1a 1aa khan",
        "02079460018",
        "020 7946 0018",
        "(020) 7946-0018",
        "+44 20 7946 0018",
        "0044 20 7946 0018",
        "LAS/2026-00417",
        "las 2026 00417",
        "las202600417",
    ],
)
def test_found_however_it_is_typed(home: tuple[Agency, Case, Referral], client: PageClient, typed: str) -> None:
    assert found(client, typed) == {str(home[1].id)}


@pytest.mark.parametrize("typed", ["8 quiet ln", "Quiet Ln, London", "quiet la n1 9gu"])
def test_a_short_form_of_a_street_finds_the_street(
    home: tuple[Agency, Case, Referral], client: PageClient, rows: Session, typed: str
) -> None:
    other = rows.scalars(select(Case.id).where(Case.id != home[1].id)).one()
    assert found(client, typed) == {str(other)}


def test_an_exact_reference_goes_straight_to_the_case(home: tuple[Agency, Case, Referral], client: PageClient) -> None:
    _, case, referral = home
    spoken = case.reference.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    for typed in (case.reference, case.reference.lower().replace("-", ""), spoken, referral.receipt, "las/2026-00417"):
        response = client.post("/cases/search", data={"q": typed})
        assert response.status_code == 303, typed
        assert response.headers["Location"].endswith(str(case.id))


def test_part_of_a_reference_finds_it(home: tuple[Agency, Case, Referral], client: PageClient) -> None:
    assert str(home[1].id) in found(client, home[1].reference[:8])


def test_part_of_a_reference_without_a_digit_finds_it(
    arrange: Arranger, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    fire = arrange.agency()
    client.sign_in(arrange.user(fire))
    with monkeypatch.context() as patch:
        patch.setattr("prevention.domain.reference.secrets.choice", lambda _: "W")
        case = arrange.received(fire)
    assert case.reference == "C-WWWW-WWWW"
    for typed in ("C-WWWW-W", "c wwww", "R-WWWW-W"):
        assert found(client, typed) == {str(case.id)}


@pytest.mark.parametrize(
    "typed",
    ["", " ", "'", "x", "\x00", "& | ! ( ) :*", "<b>", "';--", "no such person", "!!!", "\\", "%", "日", "a & !b"],
)
def test_hostile_and_hopeless_searches_find_nothing_and_break_nothing(
    home: tuple[Agency, Case, Referral], client: PageClient, typed: str
) -> None:
    assert found(client, typed) == set()


def test_a_search_that_is_too_long_is_an_error_and_stays_typed(
    home: tuple[Agency, Case, Referral], client: PageClient
) -> None:
    page = client.post("/cases/search", data={"q": "y" * 10_000}).text
    assert "200 characters or fewer" in page
    assert "y" * 10_000 in page
    assert "<title>Error: Find a case" in page
    assert '<a href="#q">Use 200 characters or fewer</a>' in page


def test_only_visible_cases_are_searched(
    home: tuple[Agency, Case, Referral], arrange: Arranger, client: PageClient
) -> None:
    _, case, referral = home
    client.post("/sign-out")
    client.sign_in(arrange.user(arrange.agency(AgencyKind.POLICE)))
    for typed in ("khan", case.reference, referral.receipt, "sw1a1aa", referral.source_ref):
        assert found(client, typed) == set(), typed


def test_a_confidential_address_is_not_searched_and_not_shown(
    home: tuple[Agency, Case, Referral], arrange: Arranger, client: PageClient
) -> None:
    arrange.received(
        arrange.agency(AgencyKind.AMBULANCE),
        address=GivenAddress(lines="5 Refuge Road, London", postcode="E1 1AA"),
        person=GivenPerson(first_name="Zelda", surname="Quinn"),
        confidential_address=True,
    )
    assert found(client, "refuge road") == set()
    assert found(client, "e1 1aa") == set()
    page = client.post("/cases/search", data={"q": "Zelda Quinn"}).text
    assert "Confidential address" in page
    assert "Refuge" not in page


def test_more_results_come_by_post_too(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    made = {
        str(
            arrange.received(
                fire, person=GivenPerson(first_name="Pat", surname=name), address=GivenAddress(lines=f"{n} Long Lane")
            ).id
        )
        for n, name in enumerate(_names(30))
    }
    assert len(made) == 30
    client.sign_in(arrange.user(fire))
    first = parse(client.post("/cases/search", data={"q": "long lane"}))
    form = next(form for form in first.select("main form") if form.select_one('[name="after"]'))
    assert form["method"] == "post"
    rest = parse(client.post("/cases/search", data={one["name"]: one["value"] for one in form.select("input")}))
    pages = [[link["href"].rsplit("/", 1)[-1] for link in page.select(".app-row__link")] for page in (first, rest)]
    assert [len(page) for page in pages] == [25, 5]
    assert {*pages[0], *pages[1]} == made
    assert all("30 cases found" in page.get_text() for page in (first, rest))
    with client.budget(10):
        client.post("/cases/search", data={"q": "long lane"})


def test_a_word_that_fits_very_many_says_so_and_counts_no_further(
    arrange: Arranger, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prevention.queries.cases.search.MOST_SORTED", 2)
    fire = arrange.agency()
    for number in range(5):
        arrange.received(fire, address=GivenAddress(lines=f"{number} Long Lane", postcode=""))
    client.sign_in(arrange.user(fire))
    page = parse(client.post("/cases/search", data={"q": "long lane"}))
    assert "More than 2 cases fit. Add another word" in page.get_text()
    assert len(page.select(".app-row")) == 3
    assert "1 case found." in parse(client.post("/cases/search", data={"q": "4 long lane"})).get_text()


def test_what_is_typed_gets_into_no_address_and_no_log(
    home: tuple[Agency, Case, Referral], client: PageClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="prevention"):
        response = client.post("/cases/search", data={"q": "Siobhan Khan"})
    assert "khan" not in response.request.url.lower()
    assert "khan" not in caplog.text.lower()
    assert not [link for link in parse(response).select("a[href]") if "khan" in link["href"].lower()]


def test_a_get_never_searches(home: tuple[Agency, Case, Referral], client: PageClient) -> None:
    assert not client.page("/cases/search?q=khan").select(".app-row__link")


def test_officers_search_their_agencys_cases_and_partners_none(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    client.sign_in(arrange.user(fire, Role.FIELD_OFFICER))
    client.page("/cases/search")
    client.post("/sign-out")
    client.sign_in(arrange.user(fire, Role.PARTNER_REFERRER))
    assert client.post("/cases/search", data={"q": "khan"}).status_code == 403


def _names(count: int) -> list[str]:
    letters = "BCDFGHJKLM"
    return [f"{letters[n % 10]}a{letters[n // 10]}ora{letters[n // 10]}{letters[n % 10]}" for n in range(count)]
