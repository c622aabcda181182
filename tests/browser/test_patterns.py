"""The pattern page in a real browser: accessible, no sideways scrolling, usable with thumbs and without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.support.axe import assert_accessible
from tests.support.browser import Open, Serve
from tests.support.frontend import create_frontend

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture
def address(serve: Serve) -> str:
    """The front end alone."""
    return serve(create_frontend())


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("path", ["/patterns?alerts=1", "/patterns/sheet", "/accessibility", "/privacy", "/contact"])
def test_a_page_is_accessible_and_fits(open_page: Open, address: str, path: str, viewport: dict[str, int]) -> None:
    page = open_page(viewport=viewport)
    page.goto(address + path)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_refused_form_takes_the_reader_to_the_field(open_page: Open, address: str) -> None:
    page = open_page(viewport=PHONE)
    page.goto(address + "/patterns")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    assert_accessible(page)
    page.get_by_role("link", name="Enter a date of birth").click()
    expect(page.locator("#born")).to_be_focused()
    page.get_by_role("link", name="Say how").click()
    expect(page.locator("#method")).to_be_focused()


def test_big_choices_are_big_all_over(open_page: Open, address: str) -> None:
    page = open_page(viewport=PHONE, has_touch=True)
    page.goto(address + "/patterns")
    for label in page.locator(".app-big-choice label").all():
        box = label.bounding_box()
        assert box is not None
        assert box["height"] >= 56
        assert box["width"] >= 300
    page.get_by_text("Spoke to the resident", exact=True).tap(position={"x": 250, "y": 28})
    expect(page.get_by_label("Spoke to the resident")).to_be_checked()


def test_the_menu_folds_on_a_phone(open_page: Open, address: str) -> None:
    page = open_page(viewport=PHONE)
    page.goto(address + "/patterns")
    link = page.get_by_role("navigation", name="Main menu").get_by_role("link", name="My visits")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()


def test_the_address_list_is_filled_without_leaving_the_page(open_page: Open, address: str) -> None:
    page = open_page(viewport=PHONE)
    page.goto(address + "/patterns")
    page.get_by_label("Resident’s name").fill("Joan")
    page.get_by_label("Postcode").fill("SE1 7PB")
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_text("2 addresses found.")).to_be_visible()
    page.get_by_label("Address", exact=True).select_option("14 Harrow Street, London SE1 7PB")
    expect(page.get_by_label("Resident’s name")).to_have_value("Joan")
    assert "SE1" not in page.url
    page.get_by_label("Postcode").fill("ZZ1 1ZZ")
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_text("No address found for that postcode")).to_be_visible()


@pytest.mark.parametrize("broken", ["components", "filter", "suggest", "autosave", "alerts", "buttons"])
def test_a_script_that_does_not_arrive_leaves_the_others(open_page: Open, address: str, broken: str) -> None:
    page = open_page(viewport=PHONE)
    page.route(f"**/js/{broken}.mjs*", lambda route: route.abort())
    page.goto(address + "/patterns")
    page.get_by_label("Postcode").fill("SE1 7PB")
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_text("2 addresses found.")).to_be_visible()


def test_everything_is_there_without_javascript(open_page: Open, address: str) -> None:
    page = open_page(viewport=PHONE, java_script_enabled=False)
    page.goto(address + "/patterns")
    expect(page.get_by_role("navigation", name="Main menu").get_by_role("link", name="My visits")).to_be_visible()
    expect(page.get_by_role("heading", name="Why this risk")).to_be_visible()
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()


def test_the_content_policy_is_not_broken(open_page: Open, address: str) -> None:
    page = open_page(viewport=DESKTOP)
    policy = "default-src 'self'; base-uri 'none'; object-src 'none'"
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.route(
        "**/patterns*",
        lambda route: route.fulfill(
            response=(answer := route.fetch()), headers={**answer.headers, "content-security-policy": policy}
        ),
    )
    page.goto(address + "/patterns?alerts=1")
    assert broken == []


def test_paper_shows_the_sheet_only(open_page: Open, address: str) -> None:
    page = open_page(viewport=DESKTOP)
    page.goto(address + "/patterns/sheet")
    page.emulate_media(media="print")
    expect(page.get_by_text("Visit summary")).to_be_visible()
    expect(page.get_by_role("button", name="Print this page")).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator("footer")).to_be_hidden()
