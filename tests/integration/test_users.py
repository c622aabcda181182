"""Administrators look after users in pages."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.risk import RiskLevel
from prevention.errors import Conflict
from prevention.models.account import Membership, User
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.premises import AddressStatus, Premises
from prevention.services.accounts.administering import deactivate_user
from prevention.unit_of_work import GuardedSession, unit_of_work, utc_now
from tests.conftest import actor_of
from tests.support.arranging import Arranger
from tests.support.client import PageClient

PASSWORD = re.compile(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){3}")


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE, name="Invented Fire Brigade")


@pytest.fixture
def administrator(arrange: Arranger, fire: Agency, client: PageClient) -> User:
    user = arrange.user(fire, Role.ADMINISTRATOR, name="Tom Ash")
    client.sign_in(user)
    return user


def visitor(app: Flask) -> PageClient:
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


def _password_in(page: str) -> str:
    found = PASSWORD.search(page)
    assert found
    return found.group()


def member_of(user: User) -> Membership:
    return user.memberships[0]


def give_a_case(arrange: Arranger, agency: Agency, user: User) -> Case:
    now = utc_now()
    premises = arrange.save(
        Premises(
            status=AddressStatus.UNMATCHED, address_text="1 Invented Street", created_at=now, borough_code="E09000022"
        )
    )
    return arrange.save(
        Case(
            reference="C-TEST",
            owner_agency_id=agency.id,
            owner_user_id=user.id,
            state=CaseState.ASSIGNED,
            risk_level=RiskLevel.HIGH,
            risk_rank=2,
            assessed_at=now,
            act_by=now,
            next_action="Call",
            next_action_at=now,
            opened_at=now,
            last_referral_at=now,
            premises_id=premises.id,
        )
    )


def test_a_new_user_signs_in_with_the_password_shown_once_and_must_change_it(
    fire: Agency, administrator: User, client: PageClient, app: Flask, rows: Session
) -> None:
    form = {"name": "Ana Cole", "email": "Ana.Cole@ifb.example", "phone": "07700 900 982", "role": "coordinator"}
    response = client.post("/users/new", data=form)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    found = PASSWORD.search(response.text)
    assert found
    password = found.group()
    user = rows.scalars(select(User).where(User.email == "ana.cole@ifb.example")).one()
    assert user.phone == "+447700900982"
    assert password not in client.page(f"/users/{member_of(user).id}").get_text()
    newcomer = visitor(app)
    newcomer.sign_in(user, password)
    assert newcomer.get("/account").headers["Location"] == "/account/password"
    words = client.page(f"/users/{member_of(user).id}").get_text()
    assert "Temporary, works until" in words
    done = newcomer.post(
        "/account/password",
        data={"current": password, "new": "three random words", "repeat": "three random words"},
    )
    assert done.headers["Location"] == "/account"
    assert newcomer.get("/account").status_code == 200
    assert "Chosen by them" in client.page(f"/users/{member_of(user).id}").get_text()
    again = client.post("/users/new", data=form)
    assert "already signs in with this e-mail address" in again.text


def test_every_wrong_answer_is_told_beside_its_field(administrator: User, client: PageClient) -> None:
    form = {"name": "", "email": "not an address", "phone": "12", "role": "partner_referrer", "team": "nowhere"}
    page = client.post("/users/new", data=form).text
    for words in ("Enter the person’s name", "Enter an e-mail address", "Enter a phone number", "Choose one"):
        assert words in page


def test_reset_ends_sessions_and_lifts_a_lock_out(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, app: Flask, rows: Session
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER)
    officer.locked_until = datetime.now(UTC) + timedelta(minutes=10)
    arrange.save(officer)
    response = client.post(f"/users/{member_of(officer).id}/password")
    found = PASSWORD.search(response.text)
    assert found
    visitor(app).sign_in(officer, found.group())
    second = visitor(app)
    second.sign_in(officer, found.group())
    client.post(f"/users/{member_of(officer).id}/password")
    assert second.get("/account").status_code == 302
    assert "/sign-in" in second.get("/account").headers["Location"]
    assert AuditTag.PASSWORD_CHANGED in rows.scalars(select(AuditEvent.tag)).all()


def test_a_temporary_password_works_for_a_week_and_a_new_one_for_another(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, app: Flask
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER, name="Sam Reed")
    path = f"/users/{member_of(officer).id}"
    with time_machine.travel(datetime(2026, 3, 2, 12, tzinfo=UTC), tick=False) as clock:
        client.sign_in(administrator)
        given = client.post(f"{path}/password").text
        assert "by <time" in given
        assert "9 Mar 2026" in given
        password = _password_in(given)
        clock.shift(timedelta(days=6, hours=23))
        visitor(app).sign_in(officer, password)
        clock.shift(timedelta(hours=1))
        late = visitor(app).post("/sign-in", data={"email": officer.email, "password": password})
        assert late.status_code == 200
        assert "has run out. Ask an administrator of your agency for a new one" in late.text
        guess = visitor(app).post("/sign-in", data={"email": officer.email, "password": "something else"})
        assert "has run out" not in guess.text
        client.sign_in(administrator)
        assert "Temporary, ran out" in client.page(path).get_text()
        visitor(app).sign_in(officer, _password_in(client.post(f"{path}/password").text))


def test_how_long_a_temporary_password_works_is_a_setting(
    arrange: Arranger,
    fire: Agency,
    administrator: User,
    client: PageClient,
    app: Flask,
    rows: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER)
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], temporary_password_days=2))
    client.post(f"/users/{member_of(officer).id}/password")
    until = rows.scalar(select(User.temporary_until).where(User.id == officer.id))
    assert until is not None
    assert timedelta(days=1, hours=23) < until - utc_now() <= timedelta(days=2)


def test_a_user_is_signed_out_everywhere_and_signs_in_again(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, app: Flask, rows: Session
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER, name="Sam Reed")
    path = f"/users/{member_of(officer).id}"
    assert "Sign out everywhere" not in client.page(path).get_text()
    lost, desk = visitor(app), visitor(app)
    lost.sign_in(officer)
    desk.sign_in(officer)
    assert "2 devices" in client.page(path).get_text()
    assert client.post(f"{path}/sign-out").status_code == 302
    assert lost.get("/account").status_code == 302
    assert desk.get("/account").status_code == 302
    assert client.get("/account").status_code == 200
    desk.sign_in(officer)
    done = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.SIGNED_OUT)).one()
    assert (done.subject_id, done.user_id, done.detail) == (officer.id, administrator.id, {"by": "administrator"})
    assert client.post(f"/users/{member_of(administrator).id}/sign-out").status_code == 403


def test_deactivating_ends_sessions_and_reactivating_lets_in_again(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, app: Flask
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER, name="Sam Reed")
    path = f"/users/{member_of(officer).id}"
    other = visitor(app)
    other.sign_in(officer)
    client.post(f"{path}/deactivate")
    assert other.get("/account").status_code == 302
    assert "Deactivated" in client.page(path).get_text()
    refused = visitor(app).post("/sign-in", data={"email": officer.email, "password": "correct horse battery"})
    assert refused.status_code == 200
    client.post(f"{path}/reactivate")
    assert other.get("/account").status_code == 302  # the old session stays ended
    visitor(app).sign_in(officer)


def test_a_locked_user_is_marked_and_unlocked(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, app: Flask
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER)
    thief = visitor(app)
    for _ in range(5):
        thief.post("/sign-in", data={"email": officer.email, "password": "guess"})
    path = f"/users/{member_of(officer).id}"
    assert "Locked out" in client.page(path).get_text()
    assert client.page("/users?state=locked").select(".app-row__link")[0].get_text() == officer.name
    client.post(f"{path}/unlock")
    assert "Locked out" not in client.page(path).get_text()
    visitor(app).sign_in(officer)


def test_nobody_deactivates_demotes_or_resets_themselves(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    arrange.user(fire, Role.ADMINISTRATOR)
    path = f"/users/{member_of(administrator).id}"
    assert client.post(f"{path}/password").status_code == 403
    client.post(f"{path}/deactivate")
    stored = rows.get_one(User, administrator.id)
    assert stored.active
    form = {"name": "Tom Ash", "email": administrator.email, "role": "coordinator", "version": str(stored.version_id)}
    assert "cannot change your own role" in client.post(f"{path}/edit", data=form).text


def test_the_last_administrator_of_a_service_stays(
    arrange: Arranger, fire: Agency, administrator: User, session: GuardedSession, client: PageClient
) -> None:
    """Nobody else could do it in a page either; an operator is stopped too."""
    second = arrange.user(fire, Role.ADMINISTRATOR)
    with unit_of_work(session, actor_of(second)) as work:
        deactivate_user(work, member_of(administrator).id)
    third = arrange.user(fire, Role.ADMINISTRATOR)
    with unit_of_work(session, actor_of(third)) as work:
        deactivate_user(work, member_of(second).id)
    with pytest.raises(Conflict, match="only administrator"), unit_of_work(session, actor_of(second)) as work:
        deactivate_user(work, member_of(third).id)


def test_open_work_keeps_a_user_active_and_says_who_can_take_it(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    arrange.user(fire, Role.COORDINATOR, name="Ruth Bell")
    officer = arrange.user(fire, Role.FIELD_OFFICER, name="Sam Reed")
    give_a_case(arrange, fire, officer)
    path = f"/users/{member_of(officer).id}"
    words = client.page(path).get_text()
    assert "still has 1 open case" in words
    assert "Ruth Bell" in words
    client.post(f"{path}/deactivate")
    assert rows.scalar(select(User.active).where(User.id == officer.id)) is True
    form = {"name": "Sam Reed", "email": officer.email, "role": "administrator", "version": str(officer.version_id)}
    assert "They still have 1 open case" in client.post(f"{path}/edit", data=form).text


def test_a_stale_save_shows_both_versions_but_signing_in_makes_nothing_stale(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, app: Flask, rows: Session
) -> None:
    officer = arrange.user(fire, Role.FIELD_OFFICER, name="Sam Reed")
    path = f"/users/{member_of(officer).id}/edit"
    base = {"email": officer.email, "role": "field_officer", "version": str(officer.version_id)}
    visitor(app).sign_in(officer)
    visitor(app).post("/sign-in", data={"email": officer.email, "password": "wrong"})
    assert client.post(path, data=base | {"name": "Samuel Reed"}).status_code == 302
    response = client.post(path, data=base | {"name": "Sammy Reed"})
    assert response.status_code == 409
    assert "Samuel Reed" in response.text
    assert "Sammy Reed" in response.text
    assert rows.scalar(select(User.name).where(User.id == officer.id)) == "Samuel Reed"


def test_a_person_of_two_agencies_is_not_taken_over(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient, rows: Session
) -> None:
    police = arrange.agency(AgencyKind.POLICE)
    shared = arrange.user(police, Role.COORDINATOR, name="Dev Marsh")
    held = arrange.save(Membership(user=shared, agency=fire, role=Role.FIELD_OFFICER))
    path = f"/users/{held.id}"
    assert client.post(f"{path}/password").status_code == 403
    assert client.post(f"{path}/unlock").status_code == 403
    assert client.post(f"{path}/sign-out").status_code == 403
    assert "also work for another agency" in client.page(path).get_text()
    page = client.page(f"{path}/edit")
    assert page.select_one("#email") is None
    form = {"email": "thief@example.org", "name": "X", "role": "supervisor", "version": str(shared.version_id)}
    assert client.post(f"{path}/edit", data=form).status_code == 302
    stored = rows.get_one(User, shared.id)
    assert (stored.name, stored.email) == ("Dev Marsh", shared.email)
    assert rows.get_one(Membership, held.id).role is Role.SUPERVISOR
    police_membership = next(one for one in stored.memberships if one.agency_id == police.id)
    client.page(f"/users/{police_membership.id}", status=404)


def test_another_agencys_users_do_not_exist(arrange: Arranger, administrator: User, client: PageClient) -> None:
    stranger = arrange.user(arrange.agency(AgencyKind.AMBULANCE), Role.COORDINATOR, name="Joe Vale")
    path = f"/users/{member_of(stranger).id}"
    client.page(path, status=404)
    client.page(f"{path}/edit", status=404)
    for action in ("password", "sign-out", "deactivate", "reactivate", "unlock"):
        assert client.post(f"{path}/{action}").status_code == 404
    assert "Joe Vale" not in client.page("/users").get_text()


@pytest.mark.parametrize("which", ["of a service", "unknown", "no id"])
def test_nobody_is_added_to_another_agency_nor_to_ones_own_instead(
    arrange: Arranger, administrator: User, client: PageClient, rows: Session, which: str
) -> None:
    police = arrange.agency(AgencyKind.POLICE)
    asked_for = {"of a service": str(police.id), "unknown": str(uuid4()), "no id": "police"}[which]
    client.page(f"/users/new?agency={asked_for}", status=404)
    form = {"name": "Joe Vale", "email": "joe@police.example", "role": "coordinator"}
    assert client.post(f"/users/new?agency={asked_for}", data=form).status_code == 404
    assert rows.scalar(select(User).where(User.email == "joe@police.example")) is None


def test_users_come_in_pages_and_are_filtered_and_found(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient
) -> None:
    for number in range(60):
        arrange.user(fire, Role.FIELD_OFFICER, name=f"Officer {number:02}")
    page = client.page("/users?role=field_officer")
    first = [link.get_text() for link in page.select(".app-row__link")]
    following = page.select_one(".govuk-pagination__next a")
    assert following is not None
    assert "Officer" not in str(following["href"])
    second = [link.get_text() for link in client.page(str(following["href"])).select(".app-row__link")]
    assert first + second == [f"Officer {number:02}" for number in range(60)]
    arrange.user(fire, Role.COORDINATOR, name="Zoë Quill")
    found = client.post("/users/search", data={"words": "QUILL zo"})
    assert found.text.count("app-row__link") == 1
    assert "No users found" in client.post("/users/search", data={"words": "100%_"}).text


def test_a_page_after_another_agencys_user_is_the_first_page(
    arrange: Arranger, fire: Agency, administrator: User, client: PageClient
) -> None:
    arrange.user(fire, name="Abel Before")
    stranger = arrange.user(arrange.agency(AgencyKind.POLICE), name="Mid Stranger")
    first = client.page("/users").get_text()
    for way in ("after", "before"):
        answer = client.page(f"/users?{way}={member_of(stranger).id}").get_text()
        assert answer == first, "where a stranger stands in the alphabet would be told by who is missing"
    own = arrange.user(fire, name="Mid Colleague")
    after = client.page(f"/users?after={member_of(own).id}").select_one("main")
    assert after is not None
    assert [link.get_text() for link in after.select(".app-row__link")] == ["Tom Ash"]


def test_an_administrator_looks_after_partners_users(
    arrange: Arranger, administrator: User, client: PageClient
) -> None:
    partner = arrange.agency(AgencyKind.PARTNER, name="Invented Homes")
    page = client.page(f"/users/new?agency={partner.id}")
    assert [radio["value"] for radio in page.select("input[name=role]")] == ["partner_referrer", "administrator"]
    form = {"name": "Lena Frost", "email": "lena@homes.example", "role": "partner_referrer"}
    assert client.post(f"/users/new?agency={partner.id}", data=form).status_code == 200
    assert "Lena Frost" in client.page(f"/users?agency={partner.id}").get_text()
