"""The very-high banner in a browser: it comes by itself, keeps still while nothing changes, and takes a name."""

from playwright.sync_api import Page, expect

from tests.support.arranging import Arranger
from tests.support.axe import assert_accessible
from tests.support.client import PASSWORD


def _asks(page: Page) -> None:
    """Have the script ask at once, as it does every 15 seconds."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def _hears_of_nothing_new(page: Page) -> None:
    with page.expect_response(lambda answer: answer.url.endswith("/alerts") and answer.status == 304):
        _asks(page)


def test_an_alert_comes_by_itself_and_goes_with_a_name(page: Page, address: str, arrange: Arranger) -> None:
    fire = arrange.agency()
    user = arrange.user(fire, name="Ana Cole")
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto(f"{address}/follow-ups")
    banner = page.get_by_role("region", name="Very high risk")
    expect(banner).to_be_empty()
    _hears_of_nothing_new(page)

    case = arrange.case(fire)
    arrange.alert(case)
    _asks(page)
    expect(banner).to_contain_text(f"Case {case.reference}, Camden")
    expect(page).to_have_title("(1) Follow-ups – Prevention")
    assert_accessible(page)

    seen = banner.get_by_role("button", name="I have seen it")
    seen.focus()
    _hears_of_nothing_new(page)
    expect(seen).to_be_focused()

    seen.press("Enter")
    page.wait_for_url(f"**/cases/{case.id}*")
    expect(page.get_by_text(f"Your name is on case {case.reference}")).to_be_visible()
    expect(banner).to_be_empty()
