"""The public form: no account, plain words, nothing given away, a limit."""

from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from prevention.domain.agency import AgencyKind
from prevention.domain.referral import Agrees, Channel, Told
from prevention.extensions import limiter
from prevention.models.agency import Agency
from prevention.models.premises import GazetteerAddress
from prevention.models.referral import Referral, ReferralAmendment
from prevention.settings import Settings
from tests.support.arranging import Arranger
from tests.support.client import PageClient

ASK = "/ask-for-a-visit"
UPRN = "100023336956"
FORM = {
    "token": "a" * 32,
    "danger": "no",
    "who": "me",
    "postcode": "NW1 0AA",
    "address": UPRN,
    "worries": ["NO_ALARM"],
    "name": "Joan Whitfield",
    "phone": "020 7946 0018",
}


@pytest.fixture(autouse=True)
def camden(arrange: Arranger) -> Agency:
    """The fire agency covering Camden, listed after another that does not; and a home there."""
    arrange.agency(AgencyKind.FIRE, name="A Fire Service elsewhere")
    covering = arrange.agency(AgencyKind.FIRE, name="Z Fire Service of Camden")
    arrange.team(covering, areas=("E09000007",))
    arrange.save(
        GazetteerAddress(
            uprn=UPRN, flat="", building="", number="14", street="Harrow Street", locality="", town="London",
            postcode="NW1 0AA", borough_code="E09000007", latitude=None, longitude=None, address_key=None,
        )
    )  # fmt: skip
    return covering


def _post(client: PageClient, **fields: Any) -> TestResponse:
    with client.budget(60):
        return client.post(ASK, data={**FORM, **fields})


def _page(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


def test_somebody_asks_for_themselves(client: PageClient, camden: Agency, rows: Session) -> None:
    assert "Ask for a visit" in client.page("/").main.get_text()
    client.page(ASK)
    assert _post(client).location == f"{ASK}/sent"
    referral = rows.scalars(select(Referral)).one()
    assert (referral.channel, referral.source_system) == (Channel.ONLINE_CHECKER, "self-referral")
    assert (referral.told, referral.agrees, referral.agency_id) == (Told.YES, Agrees.YES, camden.id)
    words = client.page(f"{ASK}/sent").main.get_text(" ", strip=True)
    assert referral.receipt in words
    assert "Z Fire Service of Camden" in words


def test_for_somebody_else_more_is_asked(client: PageClient, rows: Session) -> None:
    summary = _page(_post(client, who="someone-else")).select_one(".govuk-error-summary").get_text()
    assert "Enter your name" in summary
    assert "they know" in summary
    _post(client, who="someone-else", your_name="Ada Cole", your_contact="07700 900 982", they_know="no")
    referral = rows.scalars(select(Referral)).one()
    assert (referral.referrer_name, referral.told, referral.agrees) == ("Ada Cole", Told.NO_OTHER, Agrees.NOT_ASKED)


def test_sending_twice_gives_one_receipt(client: PageClient, rows: Session) -> None:
    _post(client)
    first = client.page(f"{ASK}/sent").select_one(".app-reference").get_text()
    _post(client)
    assert client.page(f"{ASK}/sent").select_one(".app-reference").get_text() == first
    assert len(rows.scalars(select(Referral)).all()) == 1


def test_a_form_gone_back_to_for_somebody_else_is_another_referral(client: PageClient, rows: Session) -> None:
    _post(client)
    _post(
        client, who="someone-else", name="Bert Cole", your_name="Ada Cole", your_contact="07700 900 982", they_know="no"
    )
    assert len(rows.scalars(select(Referral)).all()) == 2
    assert rows.scalars(select(ReferralAmendment)).all() == []


def test_danger_leads_to_999_before_anything_is_asked_or_kept(client: PageClient, rows: Session) -> None:
    page = _page(client.post(ASK, data={"danger": "yes", "more": "Smoke in the hall"}))
    assert page.h1.get_text() == "Call 999 now"
    assert page.select_one("input[name=more]")["value"] == "Smoke in the hall"
    assert rows.scalars(select(Referral)).all() == []
    assert _page(_post(client, danger="yes", back="1")).select_one("#name")["value"] == "Joan Whitfield"
    assert _post(client, danger="yes", called="1").status_code == 302
    assert rows.scalars(select(Referral)).one().immediate_danger


def test_nothing_is_told_of_what_is_known(client: PageClient, arrange: Arranger) -> None:
    agency = arrange.agency(AgencyKind.POLICE)
    home = arrange.premises(uprn=UPRN)
    case = arrange.case(agency, referrals=(arrange.referral(agency, premises=home),))
    response = _post(client)
    assert response.status_code == 302
    words = client.page(f"{ASK}/sent").get_text()
    assert case.reference not in words
    assert "known" not in words


def test_a_robot_that_fills_every_box_is_stopped_and_a_person_is_told_why(client: PageClient, rows: Session) -> None:
    page = _page(_post(client, website="http://spam.example"))
    assert "Leave the last box empty" in page.select_one(".govuk-error-summary").get_text()
    assert rows.scalars(select(Referral)).all() == []


def test_what_is_missing_is_said_and_what_was_typed_is_kept(client: PageClient) -> None:
    page = _page(client.post(ASK, data={"more": "Loose wires"}))
    summary = page.select_one(".govuk-error-summary").get_text()
    for words in ("danger", "who the visit is for", "postcode", "at least one", "name", "phone number"):
        assert words in summary
    assert page.select_one("#more").get_text(strip=True) == "Loose wires"


def test_a_home_chosen_and_one_typed_are_not_guessed_between(client: PageClient, rows: Session) -> None:
    page = _page(_post(client, address_lines="The flat above"))
    assert "from the list too" in page.select_one("details[open] #address_lines-error").get_text()
    assert rows.scalars(select(Referral)).all() == []


def test_an_email_address_with_a_slip_is_said_with_the_other_mistakes(client: PageClient) -> None:
    page = _page(_post(client, email="joan@", name=""))
    assert "right form" in page.select_one("#email-error").get_text()
    assert page.select_one("#name-error") is not None


def test_find_address_without_scripts(client: PageClient) -> None:
    page = _page(
        client.post(ASK, data={"postcode": "nw10aa", "find_address": "1", "more": "Loose wires", "danger": "yes"})
    )
    assert page.select_one(f"option[value='{UPRN}']") is not None
    assert page.select_one("#more").get_text(strip=True) == "Loose wires"
    assert client.post(f"{ASK}/addresses", data={"postcode": "nw10aa"}).json["addresses"][0]["value"] == UPRN


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE referrals; --", "a\x00b", "\u202eevil", "x" * 10_000]
)
def test_hostile_text(client: PageClient, text: str, rows: Session) -> None:
    texts = ("more", "name", "email", "language", "your_name", "your_contact", "address_lines", "token")
    response = _post(client, **dict.fromkeys(texts, text))
    assert response.status_code in {200, 302}
    assert "<script>alert" not in response.get_data(as_text=True)
    choices = ("danger", "who", "postcode", "address", "worries", "lives_there", "phone", "they_know")
    response = _post(client, **dict.fromkeys(choices, text))
    assert response.status_code == 200
    assert _page(response).select_one(".govuk-error-summary") is not None


def test_the_receipt_is_for_the_browser_that_asked(client: PageClient, app: Flask) -> None:
    _post(client)
    with app.test_client() as other:
        assert other.get(f"{ASK}/sent").status_code == 302


@pytest.fixture
def limits(app: Flask) -> Iterator[None]:
    """The rate limits, which are off in other tests."""
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.reset()
    limiter.enabled = False


@pytest.mark.usefixtures("limits")
def test_a_limit_on_what_is_sent_not_on_what_is_corrected(
    client: PageClient, settings: Settings, rows: Session
) -> None:
    for number in range(settings.self_referrals_per_hour):
        client.post(ASK, data={"danger": "no"})
        assert _post(client, token=f"{number:032x}").status_code == 302
    response = _post(client, token="f" * 32, more="The alarm has been silent since May", email="mary@example.org")
    assert response.status_code == 429
    page = _page(response).get_text()
    assert "Too many requests" in page
    for typed in ("The alarm has been silent since May", "mary@example.org"):
        assert typed in page, "what was written is given back"
    assert page.index("call 999") < page.index("What you wrote")
    assert len(rows.scalars(select(Referral)).all()) == settings.self_referrals_per_hour


def test_no_fire_service_at_all(client: PageClient, arrange: Arranger) -> None:
    for agency in arrange.session.scalars(select(Agency)):
        agency.active = False
    arrange.session.commit()
    assert _post(client).status_code == 503
