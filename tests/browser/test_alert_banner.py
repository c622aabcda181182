"""The very-high banner in a browser: it comes by itself, keeps still while nothing changes, and takes a name."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from tests.support.arranging import Arranger
from tests.support.axe import assert_accessible
from tests.support.client import PASSWORD


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The app on a free loopback port, over the database the test arranges."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _ask_now(page: Page) -> int:
    """Have the script ask at once, as it does every 15 seconds; the status it got."""
    with page.expect_response("**/alerts") as answered:
        page.evaluate("window.dispatchEvent(new Event('online'))")
    return answered.value.status


def test_an_alert_comes_by_itself_and_goes_with_a_name(page: Page, address: str, arrange: Arranger) -> None:
    fire = arrange.agency()
    user = arrange.user(fire, name="Ana Cole")
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{address}/follow-ups")
    page.wait_for_load_state("networkidle")
    banner = page.get_by_role("region", name="Very high risk")
    expect(banner).to_be_empty()
    assert _ask_now(page) == 304

    case = arrange.case(fire)
    arrange.alert(case)
    assert _ask_now(page) == 200
    expect(banner).to_contain_text(f"Case {case.reference}, Camden")
    expect(page).to_have_title("(1) Follow-ups – Prevention")
    assert_accessible(page)

    seen = banner.get_by_role("button", name="I have seen it")
    seen.focus()
    assert _ask_now(page) == 304
    expect(seen).to_be_focused()

    seen.press("Enter")
    page.wait_for_url(f"**/cases/{case.id}*")
    expect(page.get_by_text(f"Your name is on case {case.reference}")).to_be_visible()
    expect(banner).to_be_empty()
