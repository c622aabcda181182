"""The staff form and the coordinator's form, through the browser-like client and a real database."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.referral import Channel, GivenAddress, GivenPerson, Told
from prevention.models.account import User
from prevention.models.case import Case
from prevention.models.premises import GazetteerAddress, Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.unit_of_work import GuardedSession
from tests.support.arranging import Arranger
from tests.support.client import PageClient
from tests.support.receiving import ELSEWHERE, HOME, command, hand_in

UPRN = "100023336956"
FORM = {
    "danger": "no",
    "postcode": "nw10aa",
    "address": UPRN,
    "reasons": ["NO_ALARM"],
    "narrative": "Boxes up the stairs.",
    "told": "YES",
    "agrees": "YES",
}


@pytest.fixture
def home(arrange: Arranger) -> GazetteerAddress:
    """A home the gazetteer knows."""
    return arrange.save(
        GazetteerAddress(
            uprn=UPRN, flat="", building="", number="14", street="Harrow Street", locality="", town="London",
            postcode="NW1 0AA", borough_code="E09000007", latitude=51.5, longitude=-0.1,
            address_key="14|HARROW STREET|NW1 0AA",
        )
    )  # fmt: skip


@pytest.fixture
def paramedic(arrange: Arranger, client: PageClient) -> User:
    """A paramedic, signed in; there is a fire agency to own the case."""
    arrange.agency(AgencyKind.FIRE)
    user = arrange.user(arrange.agency(AgencyKind.AMBULANCE), Role.FIELD_OFFICER, name="Sam Okoro")
    client.sign_in(user)
    return user


@pytest.fixture
def token(client: PageClient, paramedic: User) -> str:
    """The token of a form just opened."""
    return _token(client.page("/referrals/new"))


def _post(client: PageClient, path: str, data: dict[str, Any]) -> TestResponse:
    """Post a form. Taking a referral in writes some forty rows and messages; a page on the way needs far less."""
    with client.budget(60):
        return client.post(path, data=data)


def _token(page: BeautifulSoup) -> str:
    field = page.find("input", {"name": "token"})
    assert field is not None
    return str(field["value"])


def _page(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


def _sent(client: PageClient, fields: dict[str, Any], to: str = "/referrals/new") -> str:
    """Send a form all the way, past the page that says what is known; return where it went."""
    response = _post(client, to, data=fields)
    if response.status_code == 200:
        page = _page(response)
        assert page.find("input", {"name": "checked"}) is not None, page.main.get_text(" ", strip=True)
        response = _post(client, to, data={**fields, "checked": "1"})
    assert response.status_code == 302, response.get_data(as_text=True)
    return str(response.location)


def test_a_paramedic_refers_and_gets_a_receipt(
    client: PageClient, token: str, home: GazetteerAddress, paramedic: User, rows: Session
) -> None:
    where = _sent(client, {**FORM, "token": token})
    page = client.page(where)
    referral = rows.scalars(select(Referral)).one()
    assert referral.receipt in page.main.get_text()
    assert "What happens next" in page.main.get_text()
    assert (referral.channel, referral.told, referral.referred_by) == (Channel.WEB_FORM, Told.YES, paramedic.id)
    assert referral.source_system == f"staff-form:{paramedic.memberships[0].agency.code}"
    assert rows.scalars(select(Premises)).one().uprn == UPRN
    assert rows.scalars(select(Case)).one().state is CaseState.TRIAGE


@pytest.mark.parametrize("typed", ["", "CAD 4471/28"])
def test_a_senders_own_reference_is_shown_and_never_the_forms_token(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session, typed: str
) -> None:
    _sent(client, {**FORM, "token": token, "own_reference": typed})
    referral, case = rows.scalars(select(Referral)).one(), rows.scalars(select(Case)).one()
    for where, label in ((f"/referrals/{referral.id}", "Sender’s reference"), (f"/cases/{case.id}", "Their reference")):
        page = client.page(where).main.get_text(" ", strip=True)
        assert token not in page
        assert (f"{label} {typed}" in page) if typed else (label not in page)
    if typed:
        assert case.reference in client.post("/cases/search", data={"q": "cad4471/28"}).text


def test_sending_the_same_form_twice_gives_the_same_receipt(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session
) -> None:
    first = _sent(client, {**FORM, "token": token})
    again = _sent(client, {**FORM, "token": token})
    assert first == again
    assert rows.scalar(select(func.count()).select_from(Referral)) == 1
    assert rows.scalar(select(func.count()).select_from(ReferralAmendment)) == 0


def test_a_form_gone_back_to_and_changed_is_another_referral_and_no_amendment(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session
) -> None:
    first = {**FORM, "token": token}
    assert _post(client, "/referrals/new", first).status_code == 302
    changed = {**first, "address": "", "postcode": "SE1 0AA", "address_lines": "7 Other Road"}
    page = _page(_post(client, "/referrals/new", {**changed, "checked": "1"}))
    assert "Not sent: this form was sent already" in page.main.get_text()
    assert rows.scalars(select(Referral)).one().receipt in page.main.get_text()
    typed = {field["name"]: field["value"] for field in page.main.select("input[name=token], input[name=postcode]")}
    assert typed["postcode"] == "SE1 0AA", "typed is kept"
    assert _post(client, "/referrals/new", {**changed, "token": typed["token"]}).status_code == 302
    assert rows.scalar(select(func.count()).select_from(Referral)) == 2
    assert rows.scalar(select(func.count()).select_from(ReferralAmendment)) == 0


def test_a_form_sent_before_is_never_called_not_sent_yet(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session
) -> None:
    asked_first = {**FORM, "token": token, "reasons": ["NO_ALARM"], "narrative": "The place is cluttered."}
    assert "Not sent yet" in _page(_post(client, "/referrals/new", data=asked_first)).h1.text
    sent = _post(client, "/referrals/new", {**asked_first, "checked": "1", "reasons": ["NO_ALARM", "HOARDING"]})
    again = _post(client, "/referrals/new", asked_first)  # as a browser does when somebody goes back
    assert (again.status_code, again.location) == (302, sent.location)
    assert rows.scalars(select(Referral)).one().content["reasons"] == ["HOARDING", "NO_ALARM"]
    assert rows.scalar(select(func.count()).select_from(ReferralAmendment)) == 0


def test_another_persons_token_is_worth_nothing(
    client: PageClient, token: str, home: GazetteerAddress, arrange: Arranger, paramedic: User, rows: Session
) -> None:
    _sent(client, {**FORM, "token": token})
    client.post("/sign-out")
    client.sign_in(arrange.user(paramedic.memberships[0].agency, Role.FIELD_OFFICER))
    _sent(client, {**FORM, "token": token, "narrative": "Something else entirely."})
    assert rows.scalar(select(func.count()).select_from(Referral)) == 2


def test_find_address_without_scripts_loses_nothing(client: PageClient, token: str, home: GazetteerAddress) -> None:
    typed = {"token": token, "danger": "no", "postcode": "nw10aa", "reasons": ["HOARDING"], "narrative": "Boxes."}
    page = _page(_post(client, "/referrals/new", data={**typed, "find_address": "1"}))
    assert page.select_one(f"option[value='{UPRN}']") is not None
    assert page.select_one("#address")["autofocus"] is not None
    assert page.select_one("input[name=reasons][value=HOARDING]").has_attr("checked")
    assert page.select_one("#narrative").get_text(strip=True) == "Boxes."
    assert page.select_one("input[name=danger][value=no]").has_attr("checked")
    assert _token(page) == token
    assert page.select_one(".govuk-error-summary") is None


def test_a_wrong_form_keeps_what_was_typed_and_says_what_is_missing(client: PageClient, token: str) -> None:
    page = _page(
        _post(client, "/referrals/new", data={"token": token, "full_name": "Joan Whitfield", "feedback_to": "x"})
    )
    summary = page.select_one(".govuk-error-summary").get_text(" ", strip=True)
    for sentence in (
        "in danger right now",
        "postcode",
        "at least one reason",
        "one sentence",
        "whether the person knows",
    ):
        assert sentence in summary, sentence
    assert page.select_one("#full_name")["value"] == "Joan Whitfield"
    assert page.select_one("details[open] #full_name") is not None


def test_a_wrong_mailbox_is_said_beside_the_field(client: PageClient, token: str, home: GazetteerAddress) -> None:
    page = _page(_post(client, "/referrals/new", data={**FORM, "token": token, "feedback_to": "not a mailbox"}))
    assert "e-mail address in the right form" in page.select_one("#feedback_to-error").get_text()


@pytest.mark.parametrize(
    ("field", "text"), [("nhs_number", "943 476 5918"), ("nhs_number", "12"), ("email", "joan@"), ("phone", "12")]
)
def test_a_slip_in_what_finds_the_person_is_said_beside_the_field(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session, field: str, text: str
) -> None:
    page = _page(_post(client, "/referrals/new", data={**FORM, "token": token, field: text, "checked": "1"}))
    assert page.select_one(f"details[open] #{field}-error") is not None
    assert page.select_one(f"#{field}")["value"] == text, "typed is kept"
    assert rows.scalars(select(Referral)).all() == []


@pytest.mark.parametrize("also", [{"address_lines": "Ring the top bell"}, {"no_fixed_abode": "y"}])
def test_of_two_homes_in_one_form_none_is_dropped_without_a_word(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session, also: dict[str, str]
) -> None:
    page = _page(_post(client, "/referrals/new", data={**FORM, "token": token, **also, "checked": "1"}))
    (name,) = also
    assert "from the list too" in page.select_one(f"details[open] #{name}-error").get_text()
    assert page.select_one(f"#address option[value='{UPRN}'][selected]") is not None, "chosen is kept"
    assert rows.scalars(select(Premises)).all() == []


def test_an_address_can_be_typed_and_a_person_can_have_none(client: PageClient, token: str, rows: Session) -> None:
    _sent(client, {**FORM, "token": token, "address": "", "address_lines": "3 Nowhere Lane, London"})
    _sent(client, {**FORM, "token": "a" * 32, "address": "", "postcode": "", "no_fixed_abode": "y",
                   "address_lines": "Doorway of the library"})  # fmt: skip
    assert sorted(home.status.value for home in rows.scalars(select(Premises))) == ["no_fixed_abode", "unmatched"]


def test_immediate_danger_shows_999_and_goes_the_very_high_way(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session
) -> None:
    page = client.page("/referrals/new")
    assert "Call 999 now" in page.main.get_text()
    where = _sent(client, {**FORM, "token": token, "danger": "yes"})
    assert rows.scalars(select(Case)).one().risk_level.value == "VERY_HIGH"
    assert "call now" in client.page(where).main.get_text()


def test_words_suggest_reasons_and_nothing_is_ticked_for_anybody(
    client: PageClient, token: str, home: GazetteerAddress, rows: Session
) -> None:
    fields = {**FORM, "token": token, "narrative": "He is smoking in bed and the place is cluttered."}
    page = _page(_post(client, "/referrals/new", data=fields))
    assert "Add these reasons?" in page.main.get_text()
    ticks = page.select("input[type=checkbox]")
    assert {(tick["name"], tick["value"]) for tick in ticks} == {
        ("more_reasons", "SMOKING_IN_BED"),
        ("reasons", "HOARDING"),
    }
    assert not any(tick.has_attr("checked") for tick in ticks)
    carried = {field["name"]: field["value"] for field in page.select("input[type=hidden]")}
    assert carried["narrative"] == fields["narrative"]
    _post(client, "/referrals/new", data={**fields, "checked": "1", "more_reasons": ["SMOKING_IN_BED"]})
    assert rows.scalars(select(Referral)).one().reasons == ["NO_ALARM", "SMOKING_IN_BED"]


def test_a_suggestion_passed_over_on_the_page_is_not_made_twice(
    client: PageClient, token: str, home: GazetteerAddress
) -> None:
    fields = {**FORM, "token": token, "narrative": "The place is cluttered.", "offered": ["HOARDING"]}
    assert _post(client, "/referrals/new", data=fields).status_code == 302


def test_suggestions_as_json(client: PageClient, token: str) -> None:
    answer = _post(client, "/referrals/suggestions", data={"narrative": "No oxygen. Cigarette burns on the duvet."})
    assert [one["value"] for one in answer.json["suggestions"]] == ["SMOKING_IN_BED"]


def test_words_that_sound_like_danger_are_asked_about(client: PageClient, token: str, home: GazetteerAddress) -> None:
    page = _page(
        _post(client, "/referrals/new", data={**FORM, "token": token, "narrative": "Urgent, threat to life tonight."})
    )
    assert "Call 999" in page.main.get_text()


def test_an_address_written_where_it_is_confidential_is_asked_about(
    client: PageClient, token: str, home: GazetteerAddress
) -> None:
    told = {"narrative": "Ring at 14 Hill Lane", "confidential_address": "y"}
    page = _first_look(client, token, **told)
    assert "Take the address out" in page.main.get_text()
    open_home = _post(client, "/referrals/new", data={**FORM, "token": token, "narrative": told["narrative"]})
    assert "Take the address out" not in open_home.get_data(as_text=True)


def test_change_answers_brings_everything_back(client: PageClient, token: str, home: GazetteerAddress) -> None:
    page = _page(_post(client, "/referrals/new", data={**FORM, "token": token, "checked": "1", "back": "1"}))
    assert page.select_one(f"option[value='{UPRN}']").has_attr("selected")
    assert page.select_one("#narrative").get_text(strip=True) == FORM["narrative"]


# --- already known here ------------------------------------------------------------------------------------------


def _first_look(client: PageClient, token: str, **fields: Any) -> BeautifulSoup:
    response = _post(client, "/referrals/new", data={**FORM, "token": token, **fields})
    return _page(response)


@pytest.fixture
def premises(arrange: Arranger, home: GazetteerAddress) -> Callable[..., Premises]:
    """Makes the home's premises."""
    return lambda **values: arrange.premises(
        uprn=UPRN, number="14", street="Harrow Street", address_key=home.address_key, **values
    )


def test_ones_own_agencys_case_is_shown_before_saving(
    client: PageClient, token: str, paramedic: User, arrange: Arranger, premises: Callable[..., Premises], rows: Session
) -> None:
    case = arrange.case(
        arrange.agency(), referrals=(arrange.referral(paramedic.memberships[0].agency, premises=premises()),)
    )
    page = _first_look(client, token)
    assert case.reference in page.main.get_text()
    assert "Accepted" in page.main.get_text()
    assert rows.scalar(select(func.count()).select_from(Referral)) == 1, "nothing is saved yet"
    assert "999" not in page.main.get_text()
    assert "Call 999 now" in _first_look(client, token, danger="yes").main.get_text()


def test_a_person_known_at_another_address_is_shown_where_ones_agency_has_part(
    client: PageClient, token: str, home: GazetteerAddress, paramedic: User, session: GuardedSession, rows: Session,
    arrange: Arranger,
) -> None:  # fmt: skip
    who = {"full_name": "Joan Whitfield", "born": ["3", "2", "1941"]}
    own, police = paramedic.memberships[0].agency, arrange.agency(AgencyKind.POLICE)
    joan = GivenPerson(first_name="Joan", surname="Whitfield", dob="03/02/1941")
    ours = hand_in(session, command(own, person=joan, address=ELSEWHERE))
    theirs = hand_in(session, command(police, person=joan, address=HOME))
    secret = hand_in(session, command(own, person=joan, confidential_address=True))
    words = _first_look(client, token, **who).main.get_text(" ", strip=True)
    assert "At another address, this may be the same person" in words
    assert ours.case_reference in words
    assert theirs.case_reference not in words
    assert secret.case_reference not in words
    assert "Other Road" not in words
    other = who | {"full_name": "Peter Okafor", "born": ["9", "11", "1972"]}
    nobody = _post(client, "/referrals/new", data={**FORM, "token": token, **other})
    assert "the same person" not in nobody.get_data(as_text=True)


@pytest.mark.parametrize(
    "name", ["Joan Whitfield", "J Whitfield", "Whitfield", "Joan", "Jo Whitfeild", "Bert Whitfield"]
)
def test_a_guess_at_a_confidential_address_is_not_told_right_by_the_person(
    client: PageClient, token: str, home: GazetteerAddress, paramedic: User, session: GuardedSession, name: str
) -> None:
    own = paramedic.memberships[0].agency
    joan = GivenPerson(first_name="Joan", surname="Whitfield", nhs_number="999 012 3470")
    secret = GivenAddress(lines="14 Harrow Street\nLondon", postcode="NW1 0AA")
    hand_in(session, command(own, person=joan, address=ELSEWHERE))
    hand_in(session, command(own, person=joan, address=secret, confidential_address=True))
    who = {"full_name": name}
    right = _post(client, "/referrals/new", data={**FORM, "token": token, **who})
    elsewhere = {"address": "", "postcode": "E10 9YA", "address_lines": "99 Guessed Road"}
    wrong = _post(client, "/referrals/new", data={**FORM, "token": token, **who, **elsewhere})
    told = ["the same person" in answer.get_data(as_text=True) for answer in (right, wrong)]
    assert told[0] == told[1]


def test_of_another_agencys_case_only_that_there_is_one(
    client: PageClient, token: str, arrange: Arranger, premises: Callable[..., Premises]
) -> None:
    police = arrange.agency(AgencyKind.POLICE, name="Test Police")
    case = arrange.case(police, referrals=(arrange.referral(police, premises=premises(), narrative="Secret words"),))
    words = _first_look(client, token).main.get_text(" ", strip=True)
    assert "Another service already has an open concern at this address" in words
    assert case.reference not in words
    assert "Police" not in words
    assert "Secret" not in words


def test_a_confidential_home_answers_as_one_nobody_knows(
    client: PageClient, token: str, paramedic: User, arrange: Arranger, premises: Callable[..., Premises]
) -> None:
    agency = paramedic.memberships[0].agency
    arrange.case(arrange.agency(), referrals=(arrange.referral(agency, premises=premises(confidential=True)),))
    response = _post(client, "/referrals/new", data={**FORM, "token": token})
    assert response.status_code == 302, "sent at once: there was nothing to say"


def test_closed_cases_and_typed_addresses(
    client: PageClient, token: str, paramedic: User, arrange: Arranger, premises: Callable[..., Premises]
) -> None:
    agency = paramedic.memberships[0].agency
    home = premises()
    arrange.case(agency, referrals=(arrange.referral(agency, premises=home),), state=CaseState.CLOSED)
    assert _post(client, "/referrals/new", data={**FORM, "token": token}).status_code == 302


def test_a_partner_is_told_of_their_own_referrals_only(
    client: PageClient, arrange: Arranger, premises: Callable[..., Premises], home: GazetteerAddress
) -> None:
    fire = arrange.agency()
    partner = arrange.agency(AgencyKind.PARTNER)
    user = arrange.user(partner, Role.PARTNER_REFERRER)
    client.sign_in(user)
    token = _token(client.page("/referrals/new"))
    here = premises()
    arrange.case(fire, referrals=(arrange.referral(partner, premises=here),))
    assert _post(client, "/referrals/new", data={**FORM, "token": token}).status_code == 302
    page = _first_look(client, "b" * 32)
    assert "You referred this home before" in page.main.get_text()
    assert "Another service" not in page.main.get_text()


# --- bad input ----------------------------------------------------------------------------------------------------

HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "sql": "'; DROP TABLE referrals; --",
    "template": "{{ 7*7 }}{% raw %}${7*7}",
    "nul": "Jo\x00an",
    "direction": "\u202eevil\u2066 \u200fname",
    "long": "x" * 10_000,
}
TEXTS = (
    "address_lines", "narrative", "told_detail", "location_detail", "full_name", "language",
    "referrer_name", "referrer_team", "referrer_contact", "own_reference", "other_agencies_told", "token",
    "outreach", "door",
)  # fmt: skip
CHOICES = (
    "danger", "postcode", "address", "reasons", "more_reasons", "told", "agrees", "current_location", "born", "age",
    "phone", "email", "nhs_number", "household_flags", "staff_safety", "contact_constraints", "capacity_concern",
    "sharing_preference", "lawful_basis", "feedback_to",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_kept_as_words_or_refused(
    client: PageClient, token: str, home: GazetteerAddress, text: str, rows: Session
) -> None:
    fields = {**FORM, "address": "", **dict.fromkeys(TEXTS, text), "checked": "1"}
    response = _post(client, "/referrals/new", data=fields)
    if len(text) > 5000:
        listed = [link.get_text() for link in _page(response).select(".govuk-error-summary a")]
        assert "Use 500 characters or fewer in “Team, station or call sign”" in listed
        return
    assert response.status_code == 302, _page(response).main.get_text(" ", strip=True)
    shown = client.get(str(response.location).replace("/sent", ""))
    assert shown.status_code == 200
    words = shown.get_data(as_text=True)
    assert "<script>alert" not in words
    assert "\u202e" not in words
    assert "\x00" not in rows.scalars(select(Referral)).one().narrative


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_choices_nobody_offered_are_refused_beside_each_field(
    client: PageClient, token: str, home: GazetteerAddress, text: str, rows: Session
) -> None:
    response = _post(client, "/referrals/new", data={**FORM, **dict.fromkeys(CHOICES, text), "checked": "1"})
    summary = _page(response).select_one(".govuk-error-summary")
    linked = {link["href"] for link in summary.select("a")}
    assert {f"#{name}" for name in CHOICES} - linked <= {"#address"}, summary.get_text()
    assert rows.scalars(select(Referral)).all() == []


def test_31_february_is_no_day(client: PageClient, token: str, home: GazetteerAddress) -> None:
    page = _page(_post(client, "/referrals/new", data={**FORM, "token": token, "born": ["31", "2", "1950"]}))
    assert "no day 31" in page.select_one("#born-group-error, #born-error").get_text()
    assert page.select_one("#born")["value"] == "31"


def test_nobody_refers_without_signing_in(client: PageClient) -> None:
    assert client.get("/referrals/new").status_code == 302
    assert _post(client, "/referrals/addresses", data={"postcode": "NW1 0AA"}).status_code in {302, 401}


def test_addresses_are_posted_and_never_asked_for_in_a_url(
    client: PageClient, token: str, home: GazetteerAddress
) -> None:
    assert _post(client, "/referrals/addresses", data={"postcode": "nw10aa"}).json["addresses"] == [
        {"value": UPRN, "label": "14 Harrow Street, London"}
    ]
    assert _post(client, "/referrals/addresses", data={"postcode": "' OR 1=1"}).json["addresses"] == []
    assert client.get("/referrals/addresses?postcode=NW1").status_code == 405


# --- the coordinator's form ----------------------------------------------------------------------------------------


@pytest.fixture
def coordinator(arrange: Arranger, client: PageClient) -> User:
    """A fire coordinator, signed in."""
    user = arrange.user(arrange.agency(AgencyKind.FIRE), Role.COORDINATOR)
    client.sign_in(user)
    return user


def test_a_call_is_written_down_for_another_agency(
    client: PageClient, coordinator: User, arrange: Arranger, home: GazetteerAddress, rows: Session
) -> None:
    police = arrange.agency(AgencyKind.POLICE)
    page = client.page("/referrals/phone")
    fields = {
        **FORM,
        "token": _token(page),
        "channel": "PHONE",
        "agency": str(police.id),
        "referrer_name": "PC Jo Lane",
        "received_on": ["1", "7", "2026"],
        "received_time": "09:30",
    }
    client.page(_sent(client, fields, "/referrals/phone"))
    referral = rows.scalars(select(Referral)).one()
    assert (referral.agency_id, referral.channel, referral.referred_by) == (police.id, Channel.PHONE, coordinator.id)
    assert referral.received_at.isoformat() == "2026-07-01T08:30:00+00:00", "typed in London summer time"


@pytest.mark.parametrize(
    ("day", "time", "words"),
    [
        (["1", "7", "2026"], "25:00", "Write the time like 14:30"),
        (["31", "2", "2026"], "09:00", "no day 31"),
        (["1", "7", "2099"], "09:00", "must be in the past"),
    ],
)
def test_a_wrong_time_of_receipt(
    client: PageClient, coordinator: User, home: GazetteerAddress, day: list[str], time: str, words: str
) -> None:
    agency = str(coordinator.memberships[0].agency_id)
    fields = {**FORM, "channel": "PHONE", "agency": agency, "received_on": day, "received_time": time}
    page = _page(_post(client, "/referrals/phone", data=fields))
    (problem,) = page.select(".govuk-error-summary li")
    assert words in problem.get_text()


def test_field_officers_do_not_write_down_calls(client: PageClient, paramedic: User) -> None:
    client.page("/referrals/phone", status=403)


# --- amending -----------------------------------------------------------------------------------------------------


def _amend_fields(page: BeautifulSoup) -> dict[str, Any]:
    """What a browser would send back from the form as it stands."""
    fields: dict[str, Any] = {}
    for field in page.select("form#referral input[name], form#referral textarea[name], form#referral select[name]"):
        name = str(field["name"])
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            fields.setdefault(name, []).append(chosen["value"] if chosen else "")
        elif field.name == "textarea":
            fields.setdefault(name, []).append(re.sub("^\n", "", field.get_text()))
        elif field.get("type") in {"checkbox", "radio"}:
            if field.has_attr("checked"):
                fields.setdefault(name, []).append(field["value"])
        else:
            fields.setdefault(name, []).append(field.get("value", ""))
    return fields


@pytest.fixture
def own_referral(client: PageClient, coordinator: User, home: GazetteerAddress) -> str:
    """The path of a referral the coordinator's agency made."""
    fields = {**FORM, "token": _token(client.page("/referrals/new")), "full_name": "Joan Whitfield"}
    return _sent(client, fields).removesuffix("/sent")


def test_amending_shows_before_and_after_and_keeps_both(client: PageClient, own_referral: str, rows: Session) -> None:
    fields = _amend_fields(client.page(f"{own_referral}/amend"))
    fields |= {"narrative": ["Boxes up the stairs and by the cooker."], "reason": ["The caller rang back"]}
    check = _page(_post(client, f"{own_referral}/amend", data=fields))
    cells = [cell.get_text(strip=True) for cell in check.select("table tbody tr")[0].select("td")]
    assert len(check.select("table tbody tr")) == 1, "only what was changed"
    assert cells == ["Boxes up the stairs.", "Boxes up the stairs and by the cooker."]
    assert _post(client, f"{own_referral}/amend", data={**fields, "checked": "1"}).status_code == 302
    amendment = rows.scalars(select(ReferralAmendment)).one()
    assert (amendment.reason, list(amendment.changes)) == ("The caller rang back", ["narrative"])
    assert rows.scalars(select(Referral)).one().narrative == "Boxes up the stairs."
    page = client.page(own_referral)
    assert "The caller rang back" in page.main.get_text()


def test_what_only_the_form_wrote_another_way_is_not_amended(
    session: GuardedSession, client: PageClient, coordinator: User, rows: Session
) -> None:
    sent = command(
        coordinator.memberships[0].agency,
        address=GivenAddress(lines="12 High Road", postcode="se6 4sp"),
        person=GivenPerson(full_name="WHITFIELD, Joan", phone="07706 692 378", nhs_number="999-000-0018"),
    )
    where = f"/referrals/{hand_in(session, sent).referral_id}/amend"
    client.sign_in(coordinator)
    fields = _amend_fields(client.page(where)) | {"narrative": ["Boxes up the stairs."], "reason": ["They rang back"]}
    check = _page(_post(client, where, data=fields))
    changed = [row.select_one("th, td").get_text(strip=True) for row in check.select("table tbody tr")]
    assert changed == ["What was seen"]
    assert _post(client, where, data={**fields, "checked": "1"}).status_code == 302
    assert list(rows.scalars(select(ReferralAmendment)).one().changes) == ["narrative"]


def test_what_a_file_said_wrong_does_not_stand_in_the_way_of_amending_the_rest(
    session: GuardedSession, client: PageClient, coordinator: User, rows: Session
) -> None:
    wrong = GivenPerson(full_name="WHITFIELD, Joan", nhs_number="943 476 5918", email="joan at example")
    sent = command(coordinator.memberships[0].agency, person=wrong)
    where = f"/referrals/{hand_in(session, sent).referral_id}/amend"
    client.sign_in(coordinator)
    fields = _amend_fields(client.page(where)) | {"narrative": ["Boxes up the stairs."], "reason": ["They rang back"]}
    assert _post(client, where, data={**fields, "checked": "1"}).status_code == 302
    assert list(rows.scalars(select(ReferralAmendment)).one().changes) == ["narrative"]
    page = _page(_post(client, where, data={**fields, "nhs_number": ["943 476 5917"], "checked": "1"}))
    assert page.select_one("#nhs_number-error") is not None


def test_amending_without_a_reason_or_a_change(client: PageClient, own_referral: str, rows: Session) -> None:
    fields = _amend_fields(client.page(f"{own_referral}/amend"))
    page = _page(_post(client, f"{own_referral}/amend", data={**fields, "narrative": ["x"]}))
    assert "Say why" in page.select_one(".govuk-error-summary").get_text()
    _post(client, f"{own_referral}/amend", data={**fields, "reason": ["No reason"]})
    assert rows.scalar(select(func.count()).select_from(ReferralAmendment)) == 0


def test_two_people_amending_one_referral(client: PageClient, own_referral: str, rows: Session) -> None:
    stale = _amend_fields(client.page(f"{own_referral}/amend"))
    first = {**stale, "narrative": ["Boxes in the hall"], "phone": ["020 7946 0018"], "reason": ["I went"]}
    assert _post(client, f"{own_referral}/amend", data={**first, "checked": "1"}).status_code == 302
    second = {**stale, "narrative": ["Boxes in the attic"], "reason": ["The caller rang back"], "checked": "1"}
    answer = _post(client, f"{own_referral}/amend", data=second)
    page = _page(answer)
    assert answer.status_code == 409
    mine, theirs = (
        [[cell.get_text(strip=True) for cell in row.select("th, td")] for row in table.select("tbody tr")]
        for table in page.select("main table")
    )
    assert mine == [["What was seen", "Boxes in the attic", "Boxes in the hall"]]
    assert theirs == [
        ["What was seen", "Boxes up the stairs.", "Boxes in the hall"],
        ["Phone", "–", "020 7946 0018"],
    ]
    again = _amend_fields(page)
    assert (again["narrative"], again["reason"]) == (["Boxes in the attic"], ["The caller rang back"]), "typed is kept"
    assert _post(client, f"{own_referral}/amend", data={**again, "checked": "1"}).status_code == 302
    kept = rows.scalars(select(ReferralAmendment).order_by(ReferralAmendment.id)).all()[-1]
    assert list(kept.changes) == ["narrative"], "what the other changed elsewhere stays"
    assert kept.content["person"]["phone"] == "+442079460018"


def test_nobody_amends_another_agencys_referral(
    client: PageClient, own_referral: str, arrange: Arranger, paramedic: User
) -> None:
    client.post("/sign-out")
    client.sign_in(paramedic)
    client.page(f"{own_referral}/amend", status=403)
    client.post("/sign-out")
    client.sign_in(arrange.user(paramedic.memberships[0].agency, Role.COORDINATOR))
    client.page(f"{own_referral}/amend", status=404)
    client.page(own_referral, status=404)
