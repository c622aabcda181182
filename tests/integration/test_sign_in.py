"""Signing in: sessions that end, lock-out, and answers that tell a stranger nothing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import DEMONSTRATION_DOMAIN, Role
from prevention.domain.agency import AgencyKind
from prevention.extensions import limiter
from prevention.models.account import Membership, User, UserSession
from prevention.models.audit import AuditEvent, AuditTag
from prevention.services.accounts import signing_in
from prevention.settings import Mode
from prevention.tasks.accounts import remove_ended_sessions
from prevention.web.auth import POLLED
from tests.support.arranging import Arranger
from tests.support.client import PASSWORD, PageClient

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def officer(arrange: Arranger) -> User:
    return arrange.user(arrange.agency(), Role.FIELD_OFFICER)


def wrong_tries(client: PageClient, email: str, count: int = 1) -> str:
    """Type a wrong password ``count`` times; gives the last page without what the visitor typed and the token."""
    page = ""
    for _ in range(count):
        response = client.post("/sign-in", data={"email": email, "password": "a wrong password"})
        assert response.status_code == 200
        page = response.text
    return re.sub(r'name="csrf_token"[^>]*>', "", page.replace(email, "THEIR ADDRESS"))


def another(app: Flask) -> PageClient:
    """A browser of somebody else's, or somebody's second one."""
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def copy_of(client: PageClient) -> PageClient:
    """A browser that holds the same cookie, as a thief's would."""
    thief = another(client.application)
    cookie = client.get_cookie("session")
    assert cookie is not None
    thief.set_cookie("session", cookie.value)
    return thief


def is_signed_in(client: PageClient) -> bool:
    return client.get("/account").status_code == 200


def test_a_session_ends_after_an_idle_hour(client: PageClient, officer: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        for _ in range(3):
            clock.shift(timedelta(minutes=59))
            assert client.get("/account").status_code == 200
        clock.shift(timedelta(minutes=61))
        assert client.get("/account").headers["Location"] == "/sign-in?next=/account"


def test_a_session_ends_after_twelve_hours_however_busy(client: PageClient, officer: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        for _ in range(24):
            assert client.get("/account").status_code == 200
            clock.shift(timedelta(minutes=30))
        assert client.get("/account").status_code == 200
        clock.shift(timedelta(minutes=1))
        assert client.get("/account").status_code == 302


def test_what_an_open_page_polls_does_not_keep_the_session_alive(client: PageClient, arrange: Arranger) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(arrange.user(arrange.agency(), Role.COORDINATOR))
        for _ in range(7):
            clock.shift(timedelta(minutes=9))
            answer = FlaskClient.open(client, "/alerts")  # a part of a page, so not checked as a page
            assert answer.status_code in {200, 302}
        assert not is_signed_in(client)


@pytest.mark.parametrize("endpoint", sorted(POLLED))
def test_no_polled_address_counts_as_a_click(
    app: Flask, client: PageClient, arrange: Arranger, rows: Session, endpoint: str
) -> None:
    path = {"notifications.alerts": "/alerts", "imports.progress": f"/imports/{uuid4()}/progress"}[endpoint]
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(arrange.user(arrange.agency(), Role.COORDINATOR))
        clock.shift(timedelta(minutes=30))
        FlaskClient.open(client, path)
        assert rows.scalars(select(UserSession.last_seen_at)).one() == NOON


def test_clicks_are_written_down_once_a_minute_and_in_one_statement(
    client: PageClient, officer: User, rows: Session
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        with client.budget(3):  # who is signed in, their roles, their devices
            for _ in range(5):
                clock.shift(timedelta(seconds=12))
                assert is_signed_in(client)
        assert rows.scalars(select(UserSession.last_seen_at)).one() == NOON
        rows.rollback()
        clock.shift(timedelta(seconds=1))
        with client.budget(4):  # and the click
            assert is_signed_in(client)
        assert rows.scalars(select(UserSession.last_seen_at)).one() == NOON + timedelta(seconds=61)


def test_a_cookie_kept_from_before_opens_nothing_after_signing_out(
    client: PageClient, officer: User, rows: Session
) -> None:
    client.sign_in(officer)
    thief = copy_of(client)
    assert is_signed_in(thief)
    client.post("/sign-out")
    assert not is_signed_in(thief)
    assert thief.get("/account", headers={"Accept": "application/json"}).status_code == 401
    client.sign_in(officer)
    assert not is_signed_in(thief)
    assert len(rows.scalars(select(UserSession.id)).all()) == 1


def test_a_cookie_kept_from_before_opens_nothing_after_an_idle_hour_or_a_long_day(
    client: PageClient, officer: User
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        thief = copy_of(client)
        clock.shift(timedelta(minutes=61))
        assert not is_signed_in(thief)
        client.sign_in(officer)
        thief = copy_of(client)
        for _ in range(13):
            clock.shift(timedelta(minutes=56))
            client.get("/account")
        assert not is_signed_in(thief)


def test_a_session_moved_or_made_up_opens_nothing(app: Flask, client: PageClient, officer: User) -> None:
    client.sign_in(officer)
    for made_up in (str(uuid4()), str(officer.id), f"{officer.id}.key", "", "x" * 5000):
        stranger = another(app)
        with stranger.session_transaction() as session:
            session["_user_id"] = made_up
        assert not is_signed_in(stranger)


def test_rows_of_sessions_that_are_over_are_removed_and_no_others(
    app: Flask, client: PageClient, officer: User, rows: Session
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        another(app).sign_in(officer)  # idles out
        busy = another(app)
        busy.sign_in(officer)
        clock.shift(timedelta(minutes=40))
        assert is_signed_in(busy)
        client.sign_in(officer)
        clock.shift(timedelta(minutes=40))
        with app.app_context():
            assert remove_ended_sessions() == 1
            assert remove_ended_sessions() == 0
        assert len(rows.scalars(select(UserSession.id)).all()) == 2
        assert is_signed_in(busy)
        assert is_signed_in(client)


def test_one_device_signs_the_others_out(app: Flask, client: PageClient, officer: User, arrange: Arranger) -> None:
    client.sign_in(officer)
    assert "Other devices" not in client.page("/account").get_text()
    lost = another(app)
    lost.sign_in(officer)
    stranger = another(app)
    stranger.sign_in(arrange.user(officer.memberships[0].agency, Role.FIELD_OFFICER))
    assert "1 other device" in client.page("/account").get_text()
    assert client.post("/account/sign-out-others").status_code == 302
    assert not is_signed_in(lost)
    assert is_signed_in(client)
    assert is_signed_in(stranger)


def test_signing_in_begins_a_new_session(client: PageClient, officer: User) -> None:
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        planted["csrf_token"] = "known to somebody else"
    client.sign_in(officer)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to somebody else"


def test_signing_out_leaves_nothing_of_the_session(client: PageClient, officer: User, rows: Session) -> None:
    client.sign_in(officer)
    client.post("/sign-out")
    with client.session_transaction() as session:
        assert set(session) <= {"_flashes", "csrf_token", "_remember"}
    assert client.get("/account").status_code == 302
    assert AuditTag.SIGNED_OUT in rows.scalars(select(AuditEvent.tag)).all()


def test_a_changed_password_ends_every_other_session_and_goes_on_here_in_the_same_role(
    app: Flask, client: PageClient, officer: User, arrange: Arranger
) -> None:
    police = arrange.agency(AgencyKind.POLICE, name="Invented Police")
    second = arrange.save(Membership(user=officer, agency=police, role=Role.ADMINISTRATOR))
    other = another(app)
    other.sign_in(officer)
    client.sign_in(officer)
    client.post(f"/account/role/{second.id}")
    thief = copy_of(client)
    new = {"current": PASSWORD, "new": "three random words", "repeat": "three random words"}
    assert client.post("/account/password", data=new).status_code == 302
    assert client.get("/agencies").status_code == 200
    assert not is_signed_in(other)
    assert not is_signed_in(thief)


def test_wrong_current_passwords_lock_the_account_as_wrong_sign_ins_do(
    app: Flask, client: PageClient, officer: User, rows: Session
) -> None:
    entry = {"new": "three random words", "repeat": "three random words"}
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        wrong_tries(another(app), officer.email, 2)
        for _ in range(2):
            page = client.post("/account/password", data=entry | {"current": "a guess at it"}).text
            assert "This is not your current password" in page
        for guess in ("the fifth guess", PASSWORD):
            page = client.post("/account/password", data=entry | {"current": guess}).text
            assert "Too many wrong passwords. Wait 15 minutes" in page
        right = {"email": officer.email, "password": PASSWORD}
        assert another(app).post("/sign-in", data=right).status_code == 200
        assert is_signed_in(client)
        clock.shift(timedelta(minutes=15, seconds=1))
        assert client.post("/account/password", data=entry | {"current": PASSWORD}).status_code == 302
    tags = rows.scalars(select(AuditEvent.tag)).all()
    assert tags.count(AuditTag.LOCKED_OUT) == 1
    assert tags.count(AuditTag.SIGN_IN_FAILED) == 6


def test_a_right_current_password_forgets_the_wrong_ones(client: PageClient, officer: User, rows: Session) -> None:
    client.sign_in(officer)
    entry = {"new": "three random words", "repeat": "three random words"}
    client.post("/account/password", data=entry | {"current": "a guess at it"})
    assert rows.scalar(select(User.failed_attempts)) == 1
    rows.rollback()
    client.post("/account/password", data=entry | {"current": PASSWORD})
    assert rows.scalar(select(User.failed_attempts)) == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"current": "wrong one here"}, "not your current password"),
        ({"new": "short", "repeat": "short"}, "between 12 and 200"),
        ({"repeat": "something else entirely"}, "two passwords differ"),
        ({"new": PASSWORD, "repeat": PASSWORD}, "must differ"),
    ],
)
def test_a_password_is_not_changed_for_a_bad_one(
    client: PageClient, officer: User, change: dict[str, str], words: str
) -> None:
    client.sign_in(officer)
    good = {"current": PASSWORD, "new": "three random words", "repeat": "three random words"}
    assert words in client.post("/account/password", data=good | change).text


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(
    client: PageClient, officer: User, rows: Session
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        wrong_tries(client, officer.email, 5)
        right = {"email": officer.email, "password": PASSWORD}
        assert client.post("/sign-in", data=right).status_code == 200
        clock.shift(timedelta(minutes=14, seconds=59))
        assert client.post("/sign-in", data=right).status_code == 200
        clock.shift(timedelta(seconds=2))
        client.sign_in(officer)
    assert AuditTag.LOCKED_OUT in rows.scalars(select(AuditEvent.tag)).all()


def test_a_right_password_forgets_the_wrong_ones(client: PageClient, officer: User) -> None:
    for _ in range(3):
        wrong_tries(client, officer.email, 4)
        client.sign_in(officer)
        client.post("/sign-out")


def test_an_unknown_a_wrong_a_locked_and_an_inactive_account_answer_alike(
    client: PageClient, officer: User, arrange: Arranger
) -> None:
    gone = arrange.user(officer.memberships[0].agency, Role.FIELD_OFFICER)
    gone.active = False
    arrange.save(gone)
    wrong = wrong_tries(client, officer.email)
    assert wrong_tries(client, "nobody@example.org") == wrong
    assert wrong_tries(client, gone.email) == wrong
    assert wrong_tries(client, officer.email, 5) == wrong


def test_every_answer_costs_one_password_check(
    client: PageClient, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def counting(password_hash: str, password: str) -> bool:
        checked.append(password)
        return False

    monkeypatch.setattr(signing_in, "matches", counting)
    for number, email in enumerate([officer.email, "nobody@example.org", *[officer.email] * 5], start=1):
        wrong_tries(client, email)
        assert len(checked) == number


def test_the_trail_of_an_unknown_address_holds_no_address(client: PageClient, rows: Session) -> None:
    wrong_tries(client, "somebody.private@example.org")
    event = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.SIGN_IN_FAILED)).one()
    assert event.subject_id is None
    assert "private" not in str(event.detail)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "/%09/evil.example@",
        "",
    ],
)
def test_after_signing_in_nobody_is_sent_to_another_site(client: PageClient, officer: User, wanted: str) -> None:
    right = {"email": officer.email, "password": PASSWORD}
    answer = client.post("/sign-in", query_string={"next": wanted}, data=right)
    assert answer.status_code == 302
    place = answer.headers["Location"]
    assert place == "/" or (place.startswith("/%") and "//" not in place), place


def test_after_signing_in_the_page_first_asked_for_opens(client: PageClient, officer: User) -> None:
    asked = client.get("/account/password?x=1&y=2").headers["Location"]
    assert asked.startswith("/sign-in?next=")
    answer = client.post(asked, data={"email": officer.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/password?x=1&y=2"


def test_a_script_without_a_session_gets_401(client: PageClient) -> None:
    answer = client.get("/account", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


@pytest.fixture
def limits() -> Iterator[None]:
    """Rate limits on, with no tries counted."""
    limiter.reset()
    limiter.enabled = True
    yield
    limiter.enabled = False
    limiter.reset()


def test_too_many_wrong_tries_from_one_address_are_stopped(limits: None, client: PageClient) -> None:
    for number in range(30):
        answer = client.post("/sign-in", data={"email": f"user{number}@example.org", "password": "guess"})
        assert answer.status_code == 200
    assert client.post("/sign-in", data={"email": "one.more@example.org", "password": "guess"}).status_code == 429
    assert client.get("/sign-in").status_code == 200


def test_right_passwords_from_one_address_are_not_counted(limits: None, client: PageClient, officer: User) -> None:
    for _ in range(32):
        client.sign_in(officer)
        client.post("/sign-out")


def test_somebody_with_two_roles_acts_under_one_and_changes(
    client: PageClient, officer: User, arrange: Arranger
) -> None:
    police = arrange.agency(AgencyKind.POLICE, name="Invented Police")
    second = arrange.save(Membership(user=officer, agency=police, role=Role.ADMINISTRATOR))
    client.sign_in(officer)
    assert client.get("/agencies").status_code == 403
    assert "Act for Invented Police" in client.page("/account").get_text()
    assert client.post(f"/account/role/{second.id}").status_code == 302
    assert "Invented Police" in client.page("/agencies").get_text()
    stranger = arrange.user(police, Role.ADMINISTRATOR)
    assert client.post(f"/account/role/{stranger.memberships[0].id}").status_code == 404


def test_somebody_whose_every_agency_is_stopped_is_nobody(
    client: PageClient, officer: User, arrange: Arranger, rows: Session
) -> None:
    client.sign_in(officer)
    agency = officer.memberships[0].agency
    agency.active = False
    arrange.save(agency)
    assert not is_signed_in(client)
    assert "is wrong, or the account is locked" in wrong_tries(client, officer.email)
    assert client.post("/sign-in", data={"email": officer.email, "password": PASSWORD}).status_code == 200
    assert len(rows.scalars(select(UserSession.id)).all()) == 1


def test_a_published_password_opens_nothing_in_production(
    app: Flask, client: PageClient, arrange: Arranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = arrange.user(arrange.agency())
    user.email = f"fire.coordinator@{DEMONSTRATION_DOMAIN}"
    arrange.save(user)
    entry = {"email": user.email, "password": PASSWORD}
    live = replace(app.extensions["settings"], mode=Mode.PRODUCTION)
    monkeypatch.setitem(app.extensions, "settings", live)
    assert client.post("/sign-in", data=entry).status_code == 200
    monkeypatch.undo()
    assert client.post("/sign-in", data=entry).status_code == 302


REASON = "Somebody smokes in bed.\r\nThe alarm is in a drawer."


def field(page: BeautifulSoup, name: str) -> str:
    found = page.select_one(f"main input[name={name}]")
    assert found is not None
    return str(found["value"])


def test_a_form_sent_after_the_session_ended_is_sent_by_its_user_when_back(
    app: Flask, client: PageClient, officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing_in = {"email": officer.email, "password": PASSWORD}
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
        token = field(client.page("/account/password"), "csrf_token")
        clock.shift(timedelta(hours=2))
        sent = {"csrf_token": token, "words": REASON, "reason": ["SMOKING", "ALARM"]}
        late = client.post("/account/sign-out-others?from=there", data=sent)
        assert late.status_code == 307  # browsers repeat it with the body, as is done here
        page = BeautifulSoup(client.post(late.headers["Location"], data=sent).text, "html5lib")
        assert "Your session has ended, so what you sent has not arrived" in page.text
        for password in ("a guess", PASSWORD):
            kept = {name: field(page, name) for name in ("csrf_token", "held")}
            answer = client.post("/sign-in", data={**signing_in, "password": password, **kept})
            page = BeautifulSoup(answer.text, "html5lib")
        form = page.select_one("main form")
        assert form is not None
        assert form["action"] == "/account/sign-out-others?from=there"
        again = [(str(one["name"]), str(one.get("value"))) for one in form.select("input")]
        assert again[1:] == [
            ("words", REASON.replace("\r\n", "\n")),  # as HTML reads it
            ("reason", "SMOKING"),
            ("reason", "ALARM"),
        ]
        assert client.post(str(form["action"]), data=dict(again)).headers["Location"] == "/account"


def test_what_somebody_sent_too_late_is_offered_to_nobody_else(
    client: PageClient, officer: User, arrange: Arranger
) -> None:
    other = arrange.user(arrange.agency(), Role.FIELD_OFFICER)
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        clock.shift(timedelta(hours=2))
        page = client.post("/sign-in/hold?next=/account", data={"words": REASON})
        held = field(BeautifulSoup(page.text, "html5lib"), "held")
        back = client.post("/sign-in", data={"email": other.email, "password": PASSWORD, "held": held})
    assert (back.status_code, back.headers["Location"]) == (302, "/")


@pytest.mark.parametrize("held", ["rubbish", "eyJhZGRyZXNzIjoiLyJ9.abc", "."])
def test_a_forged_held_form_is_passed_over(client: PageClient, officer: User, held: str) -> None:
    answer = client.post("/sign-in", data={"email": officer.email, "password": PASSWORD, "held": held})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_password_sent_too_late_is_not_held(client: PageClient, officer: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        clock.shift(timedelta(hours=2))
        answer = client.post("/account/password", data={"current": PASSWORD, "new": "x", "repeat": "x"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_nothing_is_held_for_a_stranger(client: PageClient) -> None:
    assert client.post("/account/sign-out-others", data={"words": REASON}).headers["Location"] == "/sign-in"
    page = BeautifulSoup(client.post("/sign-in/hold?next=/account", data={"words": REASON}).text, "html5lib")
    assert field(page, "held") == ""
    assert "session has ended" not in page.text


def test_the_role_last_acted_under_is_taken_up_again(client: PageClient, officer: User, arrange: Arranger) -> None:
    agency = arrange.agency(AgencyKind.POLICE, name="The second agency")
    second = arrange.save(Membership(user=officer, agency=agency, role=Role.COORDINATOR))
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        client.post(f"/account/role/{second.id}")
        clock.shift(timedelta(hours=2))
        client.get("/account")
        client.sign_in(officer)
        assert client.get("/cases/").status_code == 200


def test_who_comes_back_after_a_pause_is_told_that_the_session_ended(client: PageClient, officer: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client.sign_in(officer)
        clock.shift(timedelta(hours=2))
        page = client.page(client.get("/account").headers["Location"])
        assert "Your session has ended. Sign in to go on." in page.text
    client.post("/sign-out")
