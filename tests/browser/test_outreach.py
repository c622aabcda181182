"""A crew knocks at the doors of a street after a fire and takes a referral at one of them: phone, keys, no script."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.pages import PHONE, home_nobody_spoke_of
from tests.support.live_server import LiveServer

pytestmark = pytest.mark.xdist_group("live")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_street_after_a_fire(arrive: Arrive, live_server: LiveServer, scripts: bool) -> None:
    _, postcode = home_nobody_spoke_of(live_server)
    officer = arrive("fire.officer", PHONE, java_script_enabled=scripts)
    page, tab = officer.page, officer.page.keyboard
    looks_right = officer.looks_right if scripts else officer.fits  # axe is a script
    officer.go("/outreach/new/HOT_STRIKE")
    page.get_by_label("Name", exact=True).fill("Fire in the street")
    page.get_by_label("Where", exact=True).fill("Its neighbours")
    tab.press("Enter")
    officer.comes_to("Add doors")
    page.get_by_label("UPRNs or addresses").fill("Nowhere near here")
    officer.press("Add the list")
    expect(page.get_by_role("cell", name="The address has no full postcode")).to_be_visible()
    looks_right()
    page.get_by_role("link", name="Go to the doors").click()
    officer.comes_to("Fire in the street")
    page.get_by_role("link", name="Add doors").or_(page.get_by_role("button", name="Add doors")).click()
    page.get_by_label("Postcode", exact=True).fill(postcode)
    tab.press("Enter")
    officer.is_told("added.")
    looks_right()
    page.get_by_role("button", name="Next door").click()
    first = page.url
    other = page.context.new_page()
    other.goto(first)
    looks_right()
    page.get_by_label("Alarms fitted").fill("2")
    officer.press("Spoke to someone, and refer this home")
    officer.comes_to("Refer someone")
    expect(page.get_by_label("Postcode of the home")).to_have_value(postcode)
    page.get_by_label("No", exact=True).first.check()
    page.get_by_label("Hoarding or clutter").check()
    page.get_by_label("What did you see?").fill("Boxes up the stairs.")
    page.get_by_label("Yes, they know").check()
    officer.press("Send referral")
    officer.comes_to(re.compile("Referral sent|Not sent yet"))
    if page.get_by_role("button", name="Send referral").is_visible():
        officer.press("Send referral")
    officer.comes_to("Referral sent")
    page.get_by_role("button", name="Back to the outreach").click()
    expect(page.get_by_role("main")).to_contain_text("2 alarms fitted, 0 leaflets, 1 referral")
    other.get_by_role("button", name="No reply").click()
    versions = other.get_by_role("region", name="Somebody else saved this while you were typing")
    expect(versions.get_by_role("row", name="What happened No reply Spoke to someone")).to_be_visible()
