"""The banner, the open alerts, and the page of sent messages."""

from datetime import timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.notification import Alert, Message, MessageState
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.fixture
def case(arrange: Arranger, fire: Agency) -> Case:
    return arrange.case(fire, due_at=NOW + timedelta(hours=4))


def _fragment(client: PageClient, version: str = "") -> tuple[int, str, str]:
    """Status, words and version of the banner as the script asks for it."""
    response = client.get("/alerts", headers={"If-None-Match": version} if version else {}, buffered=True)
    return response.status_code, response.text, response.headers["ETag"]


def _fragment_version(client: PageClient) -> str:
    drawn = client.page("/follow-ups").select_one("#alerts .app-alert")
    assert drawn is not None
    return str(drawn["data-etag"])


@pytest.fixture
def fragments(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> PageClient:
    """A client that takes a part of a page without asking for a whole one."""
    monkeypatch.setattr("tests.support.client.problems", lambda _html: [])
    return client


class TestBanner:
    def test_every_page_carries_it_until_somebody_puts_their_name_to_it(
        self, client: PageClient, arrange: Arranger, fire: Agency, case: Case, rows: Session
    ) -> None:
        alert = arrange.alert(case, why="Smoking and home oxygen")
        user = arrange.user(fire)
        client.sign_in(user)
        page = client.page("/follow-ups")
        banner = page.select_one("#alerts .app-alert")
        assert banner is not None
        assert "1 very high risk case needs somebody now" in banner.get_text()
        assert f"Case {case.reference}, Camden" in banner.get_text()
        assert "oxygen" not in banner.get_text()
        assert str(case.id) in str(banner.select_one("a"))
        for _ in range(2):
            response = client.post(f"/alerts/{alert.id}/acknowledge")
            assert str(case.id) in response.headers["Location"]
        assert client.page("/follow-ups").select_one("#alerts .app-alert") is None
        assert rows.get_one(Alert, alert.id).acknowledged_by == user.id

    def test_the_fragment_answers_304_until_something_changes(
        self, fragments: PageClient, arrange: Arranger, fire: Agency, case: Case
    ) -> None:
        fragments.sign_in(arrange.user(fire))
        status, words, empty = _fragment(fragments)
        assert (status, words.strip()) == (200, "")
        assert _fragment(fragments, empty)[0] == 304
        arrange.alert(case)
        status, words, first = _fragment(fragments, empty)
        assert status == 200
        drawn = BeautifulSoup(words, "html5lib").select_one("[data-etag]")
        assert drawn is not None
        assert f'W/"{drawn["data-etag"]}"' == first
        assert _fragment(fragments, first)[:2] == (304, "")
        arrange.alert(arrange.case(fire))
        assert _fragment(fragments, first)[0] == 200

    def test_asking_is_cheap(self, fragments: PageClient, arrange: Arranger, fire: Agency, case: Case) -> None:
        arrange.alert(case)
        fragments.sign_in(arrange.user(fire))
        version = _fragment(fragments)[2]
        with fragments.budget(4):  # the session's own three, and one
            assert _fragment(fragments, version)[0] == 304

    def test_a_closed_case_does_not_ring(self, client: PageClient, arrange: Arranger, fire: Agency) -> None:
        arrange.alert(arrange.case(fire, state=CaseState.CLOSED, next_action_at=None))
        client.sign_in(arrange.user(fire))
        assert client.page("/follow-ups").select_one(".app-alert") is None

    def test_only_coordinators_of_the_agency_hear_it(
        self, client: PageClient, arrange: Arranger, fire: Agency, case: Case
    ) -> None:
        alert = arrange.alert(case)
        police = arrange.agency(AgencyKind.POLICE)
        for user, status in (
            (arrange.user(police), 404),
            (arrange.user(fire, Role.FIELD_OFFICER), 403),
            (arrange.user(fire, Role.PARTNER_REFERRER), 403),
        ):
            client.sign_in(user)
            assert client.get("/alerts/open").status_code == (200 if status == 404 else 403)
            assert case.reference not in client.get("/alerts/open").text
            assert client.post(f"/alerts/{alert.id}/acknowledge").status_code == status
            with client.session_transaction() as session:
                session.clear()

    def test_many_alerts_are_a_link_away(self, client: PageClient, arrange: Arranger, fire: Agency, case: Case) -> None:
        for hours in range(5):
            arrange.alert(arrange.case(fire, due_at=NOW + timedelta(hours=hours)))
        client.sign_in(arrange.user(fire))
        banner = client.page("/follow-ups").select_one(".app-alert")
        assert banner is not None
        assert "5 very high risk cases need somebody now" in banner.get_text()
        assert len(banner.select("li")) == 1
        assert "See all 5" in banner.get_text()
        assert len(client.page("/alerts/open").select(".app-row")) == 5

    def test_a_new_alert_shows_above_any_number_of_older_ones(
        self, client: PageClient, arrange: Arranger, fire: Agency
    ) -> None:
        for number in range(60):
            arrange.alert(
                arrange.case(fire, due_at=NOW - timedelta(hours=number)), raised_at=NOW - timedelta(minutes=number // 3)
            )
        client.sign_in(arrange.user(fire))
        before = _fragment_version(client)
        newest = arrange.case(fire, due_at=NOW + timedelta(days=30))
        arrange.alert(newest, raised_at=NOW + timedelta(minutes=1))
        banner = client.page("/follow-ups").select_one(".app-alert")
        assert banner is not None
        assert "61 very high risk cases need somebody now" in banner.get_text()
        assert f"Case {newest.reference}, Camden" in banner.get_text()
        assert banner["data-etag"] != before
        url, sizes, seen = "/alerts/open", [], []
        while url:
            page = client.page(url)
            found = [link.get_text() for link in page.select(".app-row__link")]
            sizes.append(len(found))
            seen += found
            following = page.select_one(".govuk-pagination__next a")
            url = str(following["href"]) if following else ""
        assert seen[0] == f"Case {newest.reference}, Camden"
        assert (sizes, len(set(seen))) == ([50, 11], 61)

    def test_one_button_puts_a_name_to_exactly_the_alerts_listed(
        self, client: PageClient, arrange: Arranger, fire: Agency, rows: Session
    ) -> None:
        earlier = arrange.user(fire)
        alerts = [arrange.alert(arrange.case(fire)) for _ in range(3)]
        user = arrange.user(fire)
        client.sign_in(user)
        page = client.page("/alerts/open")
        listed = [str(field["value"]) for field in page.select("input[name=alert]")]
        assert set(listed) == {str(alert.id) for alert in alerts}
        meanwhile = arrange.alert(arrange.case(fire))
        alerts[0].acknowledged_at, alerts[0].acknowledged_by = NOW, earlier.id
        arrange.save(alerts[0])
        response = client.post("/alerts/acknowledge", data={"alert": listed})
        assert response.headers["Location"] == "/alerts/open"
        assert "Your name is on 2 cases." in client.page("/alerts/open").get_text()
        named = {alert.id: alert.acknowledged_by for alert in rows.scalars(select(Alert))}
        assert named == {
            alerts[0].id: earlier.id,
            alerts[1].id: user.id,
            alerts[2].id: user.id,
            meanwhile.id: None,
        }
        audited = select(AuditEvent.subject_id, AuditEvent.user_id, AuditEvent.case_id)
        trail = rows.execute(audited.where(AuditEvent.tag == AuditTag.ALERT_ACKNOWLEDGED)).all()
        assert {tuple(event) for event in trail} == {(one.id, user.id, one.case_id) for one in alerts[1:]}
        client.post("/alerts/acknowledge", data={"alert": listed})
        assert "Somebody’s name is on all of them already." in client.page("/alerts/open").get_text()

    def test_the_button_touches_no_other_agency_and_takes_no_rubbish(
        self, client: PageClient, arrange: Arranger, fire: Agency, case: Case, rows: Session
    ) -> None:
        own = arrange.alert(case)
        theirs = arrange.alert(arrange.case(arrange.agency(AgencyKind.POLICE)))
        client.sign_in(arrange.user(fire))
        for ids in ([own.id, theirs.id], [theirs.id], [own.id, uuid4()], [own.id, "rubbish"], [], [own.id] * 51):
            response = client.post("/alerts/acknowledge", data={"alert": [str(one) for one in ids]})
            assert response.status_code == 404
        assert rows.scalars(select(Alert.acknowledged_at)).all() == [None, None]
        with client.session_transaction() as session:
            session.clear()
        client.sign_in(arrange.user(fire, Role.FIELD_OFFICER))
        assert client.post("/alerts/acknowledge", data={"alert": [str(own.id)]}).status_code == 403

    def test_when_nothing_rings_the_page_says_so(self, client: PageClient, arrange: Arranger, fire: Agency) -> None:
        client.sign_in(arrange.user(fire))
        assert "Nothing rings" in client.page("/alerts/open").get_text()


class TestSentMessages:
    def test_the_agency_s_messages_newest_first(self, client: PageClient, arrange: Arranger, fire: Agency) -> None:
        for number in range(60):
            arrange.message(fire, subject=f"Number {number}.", created_at=NOW + timedelta(minutes=number // 3))
        arrange.message(arrange.agency(AgencyKind.POLICE), subject="Not theirs")
        client.sign_in(arrange.user(fire, Role.ADMINISTRATOR))
        url, seen = "/messages", []
        while url:
            page = client.page(url)
            seen += [link.get_text() for link in page.select(".app-row__link")]
            following = page.select_one(".govuk-pagination__next a")
            url = str(following["href"]) if following else ""
        assert len(seen) == 60
        assert set(seen) == {f"Number {number}." for number in range(60)}
        assert seen[-1] in {"Number 0.", "Number 1.", "Number 2."}

    def test_a_message_reads_as_it_was_sent(self, client: PageClient, arrange: Arranger, fire: Agency) -> None:
        message = arrange.message(
            fire, body="Thank you.\n<b>not bold</b> {site}\n", state=MessageState.SENT, sent_at=NOW
        )
        client.sign_in(arrange.user(fire))
        page = client.page(f"/messages/{message.id}")
        letter = page.select_one(".app-letter")
        assert letter is not None
        assert letter.get_text() == "Thank you.\n<b>not bold</b> http://127.0.0.1:8000\n"
        assert "Nothing is sent from here" in page.get_text()
        assert "Send it again" not in page.get_text()

    def test_a_failed_message_has_a_button(
        self, client: PageClient, arrange: Arranger, fire: Agency, rows: Session
    ) -> None:
        message = arrange.message(fire, state=MessageState.FAILED, problem="The mail server refused the message.")
        client.sign_in(arrange.user(fire))
        assert "The mail server refused the message." in client.page("/messages?state=FAILED").get_text()
        assert not client.page("/messages?state=SENT").select(".app-row")
        assert "Send it again" in client.page(f"/messages/{message.id}").get_text()
        for _ in range(2):
            assert client.post(f"/messages/{message.id}/retry").status_code == 302
        assert rows.get_one(Message, message.id).state is MessageState.WAITING

    def test_nobody_else_reads_them(self, client: PageClient, arrange: Arranger, fire: Agency) -> None:
        message = arrange.message(fire)
        for user, status in (
            (arrange.user(arrange.agency(AgencyKind.POLICE)), 404),
            (arrange.user(fire, Role.FIELD_OFFICER), 403),
        ):
            client.sign_in(user)
            client.page(f"/messages/{message.id}", status=status)
            assert client.post(f"/messages/{message.id}/retry").status_code == status
            with client.session_transaction() as session:
                session.clear()

    def test_an_empty_page_says_what_will_come(self, client: PageClient, arrange: Arranger, fire: Agency) -> None:
        client.sign_in(arrange.user(fire))
        assert "No messages yet" in client.page("/messages").get_text()
        assert "No such messages" in client.page("/messages?state=FAILED&after=rubbish").get_text()


def test_operators_send_failed_messages_again(app: Flask, arrange: Arranger, fire: Agency, rows: Session) -> None:
    message = arrange.message(fire, state=MessageState.FAILED)
    arrange.message(fire, state=MessageState.FAILED, recipient="")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["notifications", "retry"]).output == "1 failed messages wait to be sent again.\n"
    assert runner.invoke(args=["notifications", "retry"]).output == "0 failed messages wait to be sent again.\n"
    assert rows.get_one(Message, message.id).state is MessageState.WAITING
