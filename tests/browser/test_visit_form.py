"""The visit form in a phone's browser: nothing typed is lost, and a visit can be finished with a thumb."""

import pytest
from playwright.sync_api import Page, expect

from prevention.models.account import User
from tests.browser.pages import wait_until_nothing_is_kept
from tests.integration.test_visit_pages import Day
from tests.support.arranging import Arranger
from tests.support.axe import assert_accessible
from tests.support.browser import Open
from tests.support.client import PASSWORD

PHONE = {"viewport": {"width": 390, "height": 844}}


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#email", user.email)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")


def test_two_tabs_a_new_sign_in_and_the_finish(address: str, open_page: Open, arrange: Arranger) -> None:
    day = Day(arrange)
    visit = day.visit()
    page = open_page(**PHONE)
    sign_in(page, address, day.officer)
    page.goto(f"{address}/visits/{visit.id}/record")
    status = page.locator("[data-autosave-status]")
    notes = page.locator("textarea[name=notes]")
    notes.fill("typed in tab one")
    expect(status).to_contain_text("Saved at")

    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("textarea[name=notes]")).to_have_value("typed in tab one")
    other.fill("textarea[name=notes]", "typed in tab two")
    expect(other.locator("[data-autosave-status]")).to_contain_text("Saved at")

    notes.fill("typed in tab one again")
    expect(page.locator(".app-versions")).to_contain_text("typed in tab two")
    assert_accessible(page)
    page.get_by_role("button", name="Keep what is on this screen").click()
    expect(status).to_contain_text("Saved at")

    other.goto(f"{address}/visits/")
    other.click("text=Sign out")
    sign_in(other, address, day.officer)
    with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        notes.fill("typed after a new sign-in")
    other.goto(page.url)
    expect(other.locator("textarea[name=notes]")).to_have_value("typed after a new sign-in")
    expect(other.locator(".app-versions")).to_contain_text("typed in tab two")
    other.close()

    open_all(page)
    assert fits(page)
    assert_accessible(page)
    for label in ("The resident", "Smoke alarm, hall", "Visit completed"):
        page.get_by_label(label, exact=True).first.check()
    page.check("input[name='escape-discussed'][value=yes]")
    page.check("input[name=risk_after][value=HIGH]")
    page.get_by_role("button", name="Finish the visit").click()
    expect(page.locator("h1")).to_have_text("Visit saved: visit completed")
    wait_until_nothing_is_kept(page)
    assert fits(page)
    assert_accessible(page)


def test_save_and_continue_waits_for_no_network(address: str, open_page: Open, arrange: Arranger) -> None:
    day = Day(arrange)
    visit = day.visit()
    page = open_page(**PHONE)
    sign_in(page, address, day.officer)
    page.goto(f"{address}/visits/{visit.id}/record")
    page.context.set_offline(True)
    household, home = page.locator("#part-household"), page.locator("#part-home")
    household.get_by_label("The resident").check()
    household.get_by_role("button", name="Save and continue").click()
    expect(household).not_to_have_attribute("open", "")
    expect(household.locator("summary").first).to_contain_text("1 answer")
    expect(home.locator("summary").first).to_be_focused()
    home.get_by_label("Floor of the front door").fill("12")
    home.get_by_role("button", name="Save and continue").click()
    expect(page.locator("#part-alarms summary").first).to_be_focused()
    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("[data-autosave-status]")).to_contain_text("Saved at")
    page.reload()
    expect(page.locator("#part-household summary").first).to_contain_text("1 answer")
    expect(page.get_by_label("Floor of the front door")).to_have_value("12")


def test_only_what_the_end_of_a_visit_asks_for_is_shown(address: str, open_page: Open, arrange: Arranger) -> None:
    visit = Day(arrange).visit()
    page = open_page(**PHONE)
    sign_in(page, address, visit.officer)
    page.goto(f"{address}/visits/{visit.id}/record")
    risk, refused = (
        page.get_by_role("group", name="Risk after the visit"),
        page.get_by_role("group", name="Who refused?"),
    )
    expect(risk.or_(refused)).to_have_count(0)
    page.get_by_label("Visit completed").check()
    expect(risk).to_be_visible()
    page.get_by_label("Refused at door").check()
    expect(refused).to_be_visible()
    expect(risk).to_be_hidden()
    page.get_by_label("Visit completed").check()
    page.get_by_role("button", name="Finish the visit").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Choose the risk level after the visit")
    page.get_by_label("Refused at door").check()
    expect(risk).to_be_visible()  # what is wrong stays in sight


#: Everything that is pressed and smaller than a thumb in a glove.
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, summary, select, input, textarea")]
  .filter((one) => one.closest("main") && one.type !== "hidden" && one.checkVisibility())
  .map((one) => [one.textContent.trim() || one.name, one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44)
  .map(([words, box]) => `${words}: ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


def test_everything_an_officer_presses_is_large(address: str, open_page: Open, arrange: Arranger) -> None:
    visit = Day(arrange).visit()
    page = open_page(**PHONE)
    sign_in(page, address, visit.officer)
    outreach = ("/outreach/", "/outreach/new/HOT_STRIKE", "/outreach/new/TALK")
    of_visit = ("", "/door/NO_ACCESS_NO_REPLY", "/door/REFUSED_AT_DOOR", "/record")
    for path in ("/visits/", "/referrals/new", *outreach, *(f"/visits/{visit.id}{end}" for end in of_visit)):
        page.goto(f"{address}{path}")
        open_all(page)
        assert page.evaluate(SMALL_TARGETS) == [], path


def test_no_reply_in_two_taps_without_script(address: str, open_page: Open, arrange: Arranger) -> None:
    day = Day(arrange)
    day.case.contact_constraints = ["DO_NOT_LEAVE_CARD"]
    arrange.save(day.case)
    visit = day.visit()
    page = open_page(**PHONE, java_script_enabled=False)
    sign_in(page, address, day.officer)
    page.goto(f"{address}/visits/{visit.id}")
    page.click("text=No reply")
    expect(page.locator("main")).to_contain_text("Do not leave a card")
    page.get_by_role("button", name="Save: no reply").click()
    expect(page.locator("h1")).to_have_text("Visit saved: no reply")
    expect(page.locator("main")).to_contain_text("Somebody tries again")


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_and_can_be_read_by_everybody(address: str, open_page: Open, arrange: Arranger, width: int) -> None:
    day = Day(arrange)
    visit = day.visit()
    page = open_page(viewport={"width": width, "height": 844})
    for user, paths in (
        (day.officer, ("/visits/", f"/visits/{visit.id}", f"/visits/{visit.id}/door/REFUSED_AT_DOOR")),
        (day.officer, ("/outreach/", "/outreach/new/HOT_STRIKE", "/outreach/new/TALK")),
        (day.coordinator, (f"/visits/{visit.id}/move", f"/visits/{visit.id}/cancel")),
    ):
        page.context.clear_cookies()
        sign_in(page, address, user)
        for path in paths:
            page.goto(f"{address}{path}")
            open_all(page)
            assert fits(page), path
            assert_accessible(page)
