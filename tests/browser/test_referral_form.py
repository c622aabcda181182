"""A paramedic refers from a phone: with scripts in a dozen taps, without them just as well, by keyboard too."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from prevention.demonstration.accounts import PASSWORD
from tests.support.axe import assert_accessible
from tests.support.live_server import LiveServer

PHONE = {"viewport": {"width": 390, "height": 844}}

pytestmark = pytest.mark.xdist_group("live")


@pytest.fixture
def postcode(live_server: LiveServer) -> str:
    """A postcode of the demonstration's gazetteer with several homes."""
    with psycopg.connect(live_server.database_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        found = connection.execute(
            "SELECT postcode FROM gazetteer_addresses GROUP BY postcode HAVING count(*) > 3 ORDER BY 1 LIMIT 1"
        ).fetchone()
    assert found is not None
    return str(found[0])


def _open(page: Page, server: LiveServer) -> None:
    page.goto(f"{server.url}/sign-in?next=/referrals/new")
    page.get_by_label("E-mail address").fill("paramedic@demo.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refer someone")


def test_with_scripts(open_page: Callable[..., Page], live_server: LiveServer, postcode: str) -> None:
    page = open_page(**PHONE)
    _open(page, live_server)
    assert_accessible(page)
    page.get_by_label("Yes", exact=True).first.check()
    expect(page.get_by_text("Call 999 now")).to_be_visible()
    page.get_by_label("No", exact=True).first.check()
    expect(page.get_by_text("Call 999 now")).to_be_hidden()
    page.get_by_label("Postcode of the home").fill(postcode.lower())
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_text("addresses found")).to_be_visible()
    page.get_by_label("Address", exact=True).select_option(index=2)
    page.get_by_label("No working smoke alarm").check()
    page.get_by_label("What did you see?").fill("Smoking in bed, no alarm.")
    page.get_by_role("button", name="Add: Smoking in bed").click()
    expect(page.get_by_text("Added: Smoking in bed")).to_be_visible()
    page.get_by_label("Yes, they know").check()
    assert_accessible(page)
    page.get_by_role("button", name="Send referral").click()
    if page.get_by_role("heading", level=1).inner_text() != "Referral sent":
        assert_accessible(page)
        page.get_by_role("button", name="Send referral").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Referral sent")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_scripts(open_page: Callable[..., Page], live_server: LiveServer, postcode: str) -> None:
    page = open_page(**PHONE, java_script_enabled=False)
    _open(page, live_server)
    expect(page.get_by_text("Call 999 now")).to_be_hidden()
    page.get_by_label("What did you see?").fill("Boxes up the stairs.")
    page.get_by_label("Postcode of the home").fill(postcode)
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_label("What did you see?")).to_have_value("Boxes up the stairs.")
    page.get_by_label("Address", exact=True).select_option(index=3)
    page.get_by_label("No", exact=True).first.check()
    page.get_by_label("Hoarding or clutter").check()
    page.get_by_label("Yes, they know").check()
    page.get_by_role("button", name="Send referral").click()
    if page.get_by_role("heading", level=1).inner_text() != "Referral sent":
        page.get_by_role("button", name="Send referral").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Referral sent")
