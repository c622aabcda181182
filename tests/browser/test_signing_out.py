"""A tablet of a station that many sign in on: nothing typed is lost at the end of a turn, and nobody sees another's."""

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.models.account import User
from prevention.models.visit import VisitDraft
from tests.browser.pages import copies, wait_until_nothing_is_kept
from tests.integration.test_visit_pages import Day
from tests.support.arranging import Arranger
from tests.support.axe import assert_accessible
from tests.support.browser import Open
from tests.support.client import PASSWORD

TABLET = {"viewport": {"width": 820, "height": 1180}}


class Tablet:
    """One browser that officers of one team sign in on, one after another."""

    def __init__(self, page: Page, address: str, visit_form: str) -> None:
        self.page = page
        self.address = address
        self.visit_form = visit_form

    def sign_in(self, user: User, page: Page | None = None) -> None:
        page = page or self.page
        page.goto(f"{self.address}/sign-in")
        page.get_by_label("E-mail address").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out", exact=True).click()

    def open_form(self) -> None:
        self.page.goto(self.address + self.visit_form)
        self.page.wait_for_load_state("networkidle")

    def is_signed_out(self) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Sign in")

    @property
    def notes(self) -> Locator:
        return self.page.get_by_label("Notes", exact=True)

    @property
    def unsent(self) -> Locator:
        return self.page.get_by_role("region", name="Not everything you typed has been sent")

    def cut_off(self) -> None:
        """No save reaches the server, although pages still do: the worst kind of connection."""
        self.page.context.route("**/draft", lambda route: route.abort())

    def connect(self) -> None:
        self.page.context.unroute("**/draft")


@pytest.fixture
def day(arrange: Arranger) -> Day:
    return Day(arrange)


@pytest.fixture
def mate(day: Day, arrange: Arranger) -> User:
    return arrange.user(day.agency, Role.FIELD_OFFICER, team=day.station, name="Cal Mate")


@pytest.fixture
def tablet(app: Flask, address: str, open_page: Open, day: Day, monkeypatch: pytest.MonkeyPatch) -> Tablet:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return Tablet(open_page(**TABLET), address, f"/visits/{day.visit(officer_id=None).id}/record")


def drafts(rows: Session) -> list[list[str]]:
    rows.rollback()
    return [draft.content["fields"]["notes"] for draft in rows.scalars(select(VisitDraft))]


def test_what_was_just_typed_is_sent_before_signing_out(tablet: Tablet, day: Day, rows: Session) -> None:
    tablet.sign_in(day.officer)
    tablet.open_form()
    tablet.notes.fill("Oxygen in the bedroom")
    tablet.sign_out()
    tablet.is_signed_out()
    assert drafts(rows) == [["Oxygen in the bedroom"]]
    assert copies(tablet.page) == []


def test_what_cannot_be_sent_stays_locked_until_its_user_is_back(
    tablet: Tablet, day: Day, mate: User, rows: Session
) -> None:
    tablet.sign_in(day.officer)
    tablet.open_form()
    tablet.cut_off()
    tablet.notes.fill("Oxygen in the bedroom")
    tablet.sign_out()
    expect(tablet.unsent).to_be_focused()
    assert_accessible(tablet.page)
    tablet.unsent.get_by_role("button", name="Stay signed in").click()
    expect(tablet.unsent).to_have_count(0)
    expect(tablet.notes).to_have_value("Oxygen in the bedroom")
    tablet.sign_out()
    tablet.unsent.get_by_role("button", name="Sign out and keep it locked").click()
    tablet.is_signed_out()
    (kept,) = copies(tablet.page)
    assert "Oxygen" not in kept
    tablet.connect()

    tablet.sign_in(mate)
    tablet.open_form()
    expect(tablet.notes).to_have_value("")
    tablet.sign_out()
    tablet.is_signed_out()
    assert len(copies(tablet.page)) == 1
    assert drafts(rows) == []

    tablet.sign_in(day.officer)
    wait_until_nothing_is_kept(tablet.page)
    assert drafts(rows) == [["Oxygen in the bedroom"]]
    tablet.open_form()
    expect(tablet.notes).to_have_value("Oxygen in the bedroom")


def test_a_page_left_open_is_out_of_sight_until_its_user_is_back(tablet: Tablet, day: Day, mate: User) -> None:
    tablet.sign_in(day.officer)
    tablet.open_form()
    tablet.notes.fill("Oxygen in the bedroom")
    expect(tablet.page.locator("[data-autosave-status]")).to_contain_text("Saved at")
    left_open = tablet.page

    tablet.page = left_open.context.new_page()
    tablet.page.goto(f"{tablet.address}/visits/")
    tablet.sign_out()
    tablet.is_signed_out()
    expect(left_open.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert_accessible(left_open)
    assert "Oxygen" not in left_open.content()
    assert "Visit form" not in left_open.title()
    tablet.sign_in(mate)
    expect(left_open.get_by_role("heading", level=1)).to_have_text("You are signed out")
    tablet.sign_out()
    tablet.is_signed_out()

    tablet.sign_in(day.officer)
    expect(left_open.get_by_role("heading", level=1)).to_have_text("Visit form")
    notes = left_open.get_by_label("Notes", exact=True)
    expect(notes).to_have_value("Oxygen in the bedroom")
    with left_open.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        notes.fill("Oxygen in the bedroom, and candles")


def test_what_is_tried_while_somebody_else_is_signed_in_is_sent_once_its_user_is_back(
    tablet: Tablet, day: Day, mate: User, rows: Session
) -> None:
    tablet.sign_in(day.officer)
    tablet.open_form()
    left_open = tablet.page
    tablet.cut_off()
    tablet.notes.fill("Oxygen in the bedroom")
    expect(left_open.locator("[data-autosave-status]")).to_contain_text("not sent yet")

    tablet.page = left_open.context.new_page()
    tablet.page.goto(f"{tablet.address}/visits/")
    tablet.sign_out()
    tablet.unsent.get_by_role("button", name="Sign out and keep it locked").click()
    tablet.is_signed_out()
    with left_open.expect_response(lambda answer: answer.request.method == "PUT" and answer.status == 400):
        tablet.connect()
        tablet.sign_in(mate)
    tablet.sign_out()
    tablet.is_signed_out()

    with left_open.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        tablet.sign_in(day.officer)
    assert drafts(rows) == [["Oxygen in the bedroom"]]


def test_signing_out_without_script_works(tablet: Tablet, day: Day, open_page: Open) -> None:
    plain = Tablet(open_page(**TABLET, java_script_enabled=False), tablet.address, tablet.visit_form)
    plain.sign_in(day.officer)
    plain.sign_out()
    plain.is_signed_out()
