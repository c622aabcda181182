"""A paramedic refers from a phone: with scripts in a dozen taps, without them just as well, by keyboard too."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.pages import PHONE, Visitor, home_nobody_spoke_of
from tests.support.live_server import LiveServer

pytestmark = pytest.mark.xdist_group("live")


@pytest.fixture
def home(live_server: LiveServer) -> tuple[str, str]:
    return home_nobody_spoke_of(live_server)


def _begins(paramedic: Visitor) -> Page:
    paramedic.go("/referrals/new")
    paramedic.comes_to("Refer someone")
    return paramedic.page


def test_with_scripts(arrive: Arrive, home: tuple[str, str]) -> None:
    uprn, postcode = home
    paramedic = arrive("paramedic", PHONE)
    page = _begins(paramedic)
    paramedic.looks_right()
    page.get_by_label("Yes", exact=True).first.check()
    expect(page.get_by_text("Call 999 now")).to_be_visible()
    page.get_by_label("No", exact=True).first.check()
    expect(page.get_by_text("Call 999 now")).to_be_hidden()
    page.get_by_label("Postcode of the home").fill(postcode.lower())
    page.get_by_role("button", name="Find address").click()
    expect(page.get_by_text(re.compile("address(es)? found"))).to_be_visible()
    page.get_by_label("Address", exact=True).select_option(uprn)
    page.get_by_label("No working smoke alarm").check()
    page.get_by_label("What did you see?").fill("Smoking in bed, no alarm. Smell of gas in the hall.")
    page.get_by_role("button", name="Add: Smoking in bed").click()
    expect(page.get_by_text("Added: Smoking in bed")).to_be_visible()
    page.get_by_label("Yes, they know").check()
    paramedic.looks_right()
    page.context.set_offline(True)
    page.get_by_role("button", name="Send referral").click()
    expect(page.get_by_text("Not sent yet: there is no connection")).to_be_visible()
    expect(page.get_by_label("What did you see?")).to_have_value(re.compile("Smell of gas"))
    page.context.set_offline(False)
    page.wait_for_timeout(1100)  # buttons take no second tap within a second
    page.get_by_role("button", name="Send referral").click()
    paramedic.comes_to("Not sent yet: look at this first")
    expect(page.get_by_role("alert")).to_contain_text("smell of gas")
    paramedic.looks_right()
    page.context.set_offline(True)
    page.get_by_role("button", name="Send referral").click()
    expect(page.get_by_text("Not sent yet: there is no connection")).to_be_visible()
    page.context.set_offline(False)
    page.wait_for_timeout(1100)  # buttons take no second tap within a second
    page.get_by_role("button", name="Send referral").click()
    paramedic.comes_to("Referral sent")
    paramedic.looks_right()
    page.go_back()  # to the form, and not to an answer that the browser would ask to send again
    paramedic.comes_to("Refer someone")


def test_without_scripts(arrive: Arrive, home: tuple[str, str]) -> None:
    uprn, postcode = home
    paramedic = arrive("paramedic", PHONE, java_script_enabled=False)
    page = _begins(paramedic)
    expect(page.get_by_text("Call 999 now")).to_be_hidden()
    page.get_by_label("What did you see?").fill("Boxes up the stairs.")
    page.get_by_label("Postcode of the home").fill(postcode)
    page.get_by_role("button", name="Find address").click()
    homes = page.get_by_label("Address", exact=True)
    expect(homes.locator("option")).not_to_have_count(1)
    expect(page.get_by_label("What did you see?")).to_have_value("Boxes up the stairs.")
    homes.select_option(uprn)
    page.get_by_label("No", exact=True).first.check()
    page.get_by_label("Hoarding or clutter").check()
    page.get_by_label("Yes, they know").check()
    page.get_by_role("button", name="Send referral").click()
    paramedic.comes_to("Referral sent")
    for needs_a_script in ("Copy the number", "Print"):
        expect(page.get_by_text(needs_a_script, exact=True)).to_be_hidden()
