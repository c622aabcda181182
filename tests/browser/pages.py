"""Somebody at a screen of the live server, and the few pages whose use takes more than one click."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import Locator, Page, expect

from prevention.demonstration.people import PASSWORD
from tests.support.axe import assert_accessible
from tests.support.browser import PATIENCE
from tests.support.live_server import LiveServer

DESK: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: Mapping[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}

LONDON = ZoneInfo("Europe/London")


def copies(page: Page) -> list[str]:
    """What the device keeps of forms, as somebody who looks into the browser finds it."""
    found: list[str] = page.evaluate(
        "Object.keys(localStorage).filter(name => name.startsWith('prevention:draft:')).map(name => localStorage[name])"
    )
    return found


def wait_until_nothing_is_kept(page: Page) -> None:
    """Asked again and again from here: the pages' content policy forbids Playwright to do so in the page."""
    for _ in range(PATIENCE // 50):
        if not copies(page):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"the device still keeps {len(copies(page))} copies")


class Visitor:
    """A browser of somebody's own, at one address, with what people do on every page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def sign_in(self, login: str) -> None:
        self.go("/sign-in")
        self.page.get_by_label("E-mail address").fill(f"{login}@demo.example")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()
        self.page.wait_for_load_state()

    def choose(self, entry: str) -> None:
        """Choose from the main menu, unfolding it where there is no room for it."""
        self.page.wait_for_load_state()  # the script that folds the menu has run
        menu = self.page.get_by_role("navigation", name="Main menu")
        link = menu.get_by_role("link", name=entry)
        if not link.is_visible():
            menu.get_by_role("button", name="Menu").click()
        link.click()
        self.comes_to(entry)

    def comes_to(self, heading: str | re.Pattern[str]) -> None:
        """The page of that heading is there, whole."""
        expect(self.heading).to_have_text(heading)
        self.page.wait_for_load_state()

    def press(self, button: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).click()

    def narrows_to(self, question: str, choice: str) -> None:
        """Unfold the list's filter, and show what fits one choice."""
        panel = self.page.locator(".app-filter")
        panel.locator("summary").click()
        panel.get_by_role("group", name=question, exact=True).get_by_label(choice, exact=True).check()
        panel.get_by_role("button", name="Show results").click()
        expect(panel.get_by_role("link", name=re.compile(f"^Remove this filter: .*{choice}$"))).to_be_visible()

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def rows(self) -> Locator:
        """The rows of the page's list, all of them."""
        self.page.wait_for_load_state()
        return self.page.locator(".app-row")

    def card(self, title: str | re.Pattern[str]) -> Locator:
        """A titled box of the page."""
        return self.page.locator(".govuk-summary-card").filter(has=self.page.get_by_role("heading", name=title))

    def answer(self, card: Locator, question: str) -> Locator:
        """What a titled box says beside ``question``."""
        row = card.locator(".govuk-summary-list__row").filter(
            has=self.page.locator("dt").get_by_text(question, exact=True)
        )
        return row.locator("dd").first

    def is_told(self, words: str) -> None:
        """The banner on top says that it was done, and how it goes on."""
        expect(self.page.get_by_role("alert").filter(has_text="Done")).to_contain_text(words)

    def looks_right(self) -> None:
        """Nothing on the page keeps anybody out, and nothing is wider than the screen."""
        assert_accessible(self.page)
        self.fits()

    def fits(self) -> None:
        width = self.page.evaluate("document.documentElement.scrollWidth")
        size = self.page.viewport_size
        assert size is not None
        assert width <= size["width"], f"{self.page.url} is {width} px wide on a screen of {size['width']} px"


class VisitForm:
    """The visit form: parts that fold, large targets, one button that finishes."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        visitor.comes_to("Visit form")

    def part(self, title: str) -> Locator:
        """A part of the form, unfolded."""
        part = self.page.locator("details.app-section").filter(
            has=self.page.get_by_role("heading", level=2, name=title, exact=True)
        )
        if part.get_attribute("open") is None:
            part.locator("summary").first.click()
        return part

    @property
    def status(self) -> Locator:
        return self.page.locator("[data-autosave-status]")

    def notes(self) -> Locator:
        return self.page.get_by_label("Notes", exact=True)


def book_now(visitor: Visitor, officer: str) -> None:
    """Book a visit of the case on screen for this minute, and go on when the page warns of a clash."""
    page = visitor.page
    page.get_by_role("main").get_by_role("button", name="Book a visit").click()
    visitor.comes_to("Book a visit")
    now = datetime.now(LONDON)
    for part, value in (("Day", now.day), ("Month", now.month), ("Year", now.year)):
        page.get_by_label(part, exact=True).fill(str(value))
    page.get_by_label("Time", exact=True).fill(f"{now:%H:%M}")
    expect(page.get_by_role("radio", name=re.compile(officer))).to_be_checked()
    visitor.looks_right()
    visitor.press("Book the visit")
    anyway = page.get_by_role("button", name="Book anyway")
    expect(page.get_by_role("alert").or_(anyway).first).to_be_visible()
    page.wait_for_load_state()
    if anyway.is_visible():
        visitor.looks_right()
        anyway.click()
    visitor.is_told("Visit booked.")


def home_nobody_spoke_of(live: LiveServer) -> tuple[str, str]:
    """UPRN and postcode of a home in the gazetteer that no referral is about."""
    with psycopg.connect(live.database_url.replace("+psycopg", "")) as connection:
        found = connection.execute(
            "SELECT uprn, postcode FROM gazetteer_addresses AS known"
            " WHERE NOT EXISTS (SELECT FROM premises WHERE premises.uprn = known.uprn) ORDER BY uprn LIMIT 1"
        ).fetchone()
    assert found is not None
    return found
