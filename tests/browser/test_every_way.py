"""The core of the product in every way it is used: every menu, no script, no mouse, no connection, a file at a time."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from prevention.domain.intake.profile import profile_named
from tests.browser.conftest import Arrive
from tests.browser.pages import PHONE, VisitForm, Visitor
from tests.support.browser import PATIENCE
from tests.support.live_server import LiveWorker

pytestmark = pytest.mark.xdist_group("live")

WIDTHS = (1280, 390)
#: One for each menu and kind of agency. A supervisor's is a coordinator's (``domain/account.py``).
ROLES = (
    "fire.coordinator",
    "fire.officer",
    "fire.admin",
    "paramedic",
    "police.coordinator",
    "partner",
)
PUBLIC = ("/", "/sign-in", "/ask-for-a-visit", "/accessibility", "/privacy", "/contact", "/no-such-page")
ROWS_OF_A_FILE = 300
#: Milliseconds a file may take before somebody looks at what hangs.
A_FILES_PATIENCE = 10 * PATIENCE


def _looks_right_at_every_width(visitor: Visitor) -> None:
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.looks_right()


@pytest.mark.parametrize("login", ROLES)
def test_every_page_of_the_menu(arrive: Arrive, login: str) -> None:
    visitor = arrive(login)
    links = visitor.page.get_by_role("navigation", name="Main menu").get_by_role("link").all()
    paths = [str(link.get_attribute("href")) for link in links]
    assert paths
    for path in [*paths, "/account", "/account/password"]:
        visitor.go(path)
        _looks_right_at_every_width(visitor)


def test_every_page_for_the_public(arrive: Arrive) -> None:
    visitor = arrive()
    for path in PUBLIC:
        visitor.go(path)
        _looks_right_at_every_width(visitor)


def test_the_longest_names_fit_a_phone(arrive: Arrive) -> None:
    visitor, longest = arrive("fire.admin"), "Q" * 120
    page = visitor.page
    visitor.choose("Agencies")
    page.get_by_role("main").get_by_role("link", name="London Fire Brigade").click()
    page.get_by_role("main").get_by_role("button", name="Add a team").click()
    page.get_by_label("Name", exact=True).fill(longest)
    page.get_by_label("Fire station").check()
    visitor.press("Add the team")
    visitor.comes_to("London Fire Brigade")
    _looks_right_at_every_width(visitor)
    page.get_by_role("main").get_by_role("link", name=longest).click()
    visitor.comes_to(longest)
    _looks_right_at_every_width(visitor)
    visitor.go("/users/new")
    page.get_by_label("Name", exact=True).fill(longest)
    page.get_by_label("E-mail address").fill(f"{'q' * 60}@{'q' * 60}.example")
    page.get_by_label("Field officer").check()
    page.get_by_label("Team").select_option(label=longest)
    visitor.press("Add the user")
    visitor.comes_to("User added")
    _looks_right_at_every_width(visitor)
    page.get_by_role("main").get_by_role("button", name="I have told them").click()
    visitor.comes_to(longest)
    _looks_right_at_every_width(visitor)
    visitor.go("/users")
    _looks_right_at_every_width(visitor)


@pytest.mark.parametrize("script", [True, False])
def test_a_team_is_given_wards_by_keyboard(arrive: Arrive, script: bool) -> None:
    visitor = arrive("fire.admin", java_script_enabled=script)
    page, name = visitor.page, f"Ward crew {script}"
    visitor.choose("Agencies")
    page.get_by_role("main").get_by_role("link", name="London Fire Brigade").click()
    page.get_by_role("main").get_by_role("button", name="Add a team").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Ward team").check()
    wards = page.get_by_role("group", name="Wards it covers")
    folded = wards.locator("summary", has_text="Lambeth")
    expect(folded).to_contain_text("Lambeth: 0 of 6 wards")
    folded.focus()
    for key in ("Enter", "Tab", "Space", "Tab", "Space"):
        page.keyboard.press(key)
    expect(wards.get_by_role("checkbox", checked=True)).to_have_count(2)
    expect(folded).to_contain_text(f"Lambeth: {2 if script else 0} of 6 wards")
    visitor.press("Add the team")
    visitor.comes_to("London Fire Brigade")
    page.get_by_role("main").get_by_role("link", name=name).click()
    visitor.comes_to(name)
    expect(folded).to_contain_text("Lambeth: 2 of 6 wards")
    expect(wards.get_by_role("checkbox", checked=True)).to_have_count(2)
    if script:
        _looks_right_at_every_width(visitor)


def test_without_script(arrive: Arrive) -> None:
    coordinator = arrive("fire.coordinator", java_script_enabled=False)
    page = coordinator.page
    expect(page.get_by_role("region", name="Very high risk")).to_be_visible()
    coordinator.narrows_to("Risk", "High")
    rows = coordinator.rows.all()
    assert rows
    for row in rows:
        expect(row.locator(".app-risk")).to_have_text(re.compile("^High"))
    coordinator.rows.first.get_by_role("link").click()
    expect(coordinator.card("Why this risk")).to_contain_text("High")
    page.get_by_role("button", name="Write a note").click()
    coordinator.press("Save note")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_role("textbox").fill("Rang the bell twice")
    coordinator.press("Save note")
    coordinator.is_told("Note saved.")


def test_a_visit_is_recorded_without_script(arrive: Arrive) -> None:
    officer = arrive("fire.officer", PHONE, java_script_enabled=False)
    page = officer.page
    _starts_a_visit(officer)
    form = VisitForm(officer)
    form.part("Alarms").get_by_text("Smoke alarm, landing").tap()
    form.notes().fill("The key is with the neighbour at 14")
    page.get_by_role("button", name="Save for later").tap()
    expect(form.notes()).to_have_value("The key is with the neighbour at 14")
    expect(page.get_by_label("Smoke alarm, landing")).to_be_checked()


def test_without_a_mouse(arrive: Arrive) -> None:
    coordinator = arrive("fire.coordinator")
    page = coordinator.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert _tabbed_past(page) == _to_be_reached(page)
    expect(coordinator.rows.first.get_by_role("link")).to_be_visible()
    coordinator.rows.first.get_by_role("link").focus()
    page.keyboard.press("Enter")
    coordinator.comes_to(re.compile("^C-"))
    assert _tabbed_past(page) == _to_be_reached(page)
    page.get_by_role("button", name="Write a note").focus()
    page.keyboard.press("Enter")
    coordinator.comes_to("Write a note")
    page.get_by_role("button", name="Save note").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_role("textbox")).to_be_focused()


def _to_be_reached(page: Page) -> list[str]:
    """Every link, button and field that can be seen, in the order of the page. Of a group of radios, the first."""
    found: list[str] = page.evaluate(
        """() => {
          const radios = new Set();
          const seen = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
            (one) => !one.disabled && one.type !== "hidden" && one.tabIndex >= 0 && one.checkVisibility());
          return seen.filter((one) => {
            if (one.type !== "radio") return true;
            const group = `${one.form?.id} ${one.name}`;
            return !radios.has(group) && radios.add(group);
          }).map((one, place) => { one.dataset.place = place; return `${one.tagName} ${place}`; });
        }"""
    )
    return found


def _tabbed_past(page: Page) -> list[str]:
    """Where the focus goes, Tab by Tab, from the top of the page to its end."""
    expected = _to_be_reached(page)
    page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
    page.locator("body").evaluate("(body) => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }")
    reached: list[str] = []
    for _ in range(2 * len(expected) + 20):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "document.activeElement.dataset.place && "
            "`${document.activeElement.tagName} ${document.activeElement.dataset.place}`"
        )
        if at and at not in reached:
            reached.append(at)
        if len(reached) == len(expected):
            break
    return reached


def test_what_is_typed_offline_is_not_lost(arrive: Arrive) -> None:
    officer = arrive("fire.officer", PHONE)
    page = officer.page
    _starts_a_visit(officer)
    form = VisitForm(officer)
    form.notes().fill("Typed with a connection")
    expect(form.status).to_contain_text("Saved at")
    page.context.set_offline(True)
    form.notes().fill("Typed in the lift")
    expect(form.status).to_contain_text("Saved on this device, not sent yet")
    page.route("**/draft", lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    expect(form.notes()).to_have_value("Typed in the lift")
    page.unroute("**/draft")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(form.status).to_contain_text("Saved at")
    other = page.context.new_page()
    other.goto(page.url)
    expect(VisitForm(Visitor(other, officer.address)).notes()).to_have_value("Typed in the lift")
    with other.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        other.get_by_label("Notes", exact=True).fill("Typed in another tab")
    form.notes().fill("Typed in the first tab")
    versions = page.get_by_role("region", name="This form was changed somewhere else")
    expect(versions).to_contain_text("Typed in another tab")
    expect(versions).to_contain_text("Typed in the first tab")
    officer.looks_right()


def _starts_a_visit(officer: Visitor) -> None:
    """Start the last of the officer's visits that nobody began, or go on with one under way."""
    page = officer.page
    page.locator(".app-visit").filter(has=page.get_by_role("button", name="Start")).last.get_by_role(
        "button", name="Start"
    ).tap()
    officer.comes_to("Visit form")


def test_a_file_is_imported(arrive: Arrive, live_worker: LiveWorker, tmp_path: Path) -> None:
    coordinator = arrive("ambulance.coordinator")
    page = coordinator.page
    coordinator.choose("Imports")
    page.get_by_role("button", name="Import a file").click()
    coordinator.press("Show what would happen")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    page.get_by_label("CSV file").set_input_files(_extract(tmp_path))
    coordinator.press("Show what would happen")
    start = page.get_by_role("button", name="Start the import")
    expect(start).to_be_visible(timeout=A_FILES_PATIENCE)
    coordinator.looks_right()
    with live_worker.held():
        start.click()
        expect(page.get_by_role("progressbar", name="Importing")).to_be_visible()
        coordinator.looks_right()
    expect(page.get_by_role("heading", name="Report")).to_be_visible(timeout=A_FILES_PATIENCE)
    page.wait_for_load_state()
    tiles = page.get_by_role("list", name="What came of it")
    assert sum(int(number) for number in re.findall(r"\d+", tiles.inner_text())) == ROWS_OF_A_FILE
    coordinator.looks_right()


def test_a_change_that_another_service_hands_in_is_confirmed(
    arrive: Arrive, live_worker: LiveWorker, tmp_path: Path
) -> None:
    ambulance, fire = arrive("ambulance.coordinator", PHONE), arrive("fire.coordinator")
    _imports(ambulance, _extract(tmp_path, "CAD8", rows=1))
    _imports(fire, _extract(tmp_path, "CAD8", rows=1, notes="Fell again and smokes in bed"))
    tiles = fire.page.get_by_role("list", name="What came of it")
    expect(tiles.get_by_role("link")).to_have_text(["1 taken in for London Ambulance Service", "0 refused"])
    fire.looks_right()
    ambulance.choose("Imports")
    ambulance.page.get_by_role("link", name="See changes to confirm").tap()
    expect(ambulance.heading).to_have_text("Changes to confirm")
    ambulance.looks_right()
    ambulance.rows.first.get_by_role("link").tap()
    expect(ambulance.heading).to_have_text("A file says something else")
    ambulance.press("Save answer")
    expect(ambulance.page.get_by_role("heading", name="There is a problem")).to_be_visible()
    ambulance.looks_right()
    expect(ambulance.page.get_by_role("cell", name="Fell again and smokes in bed")).to_be_visible()
    ambulance.page.get_by_label("What the file says", exact=True).check()
    ambulance.press("Save answer")
    ambulance.is_told("Referral amended.")


def _imports(visitor: Visitor, file: Path) -> None:
    """Hand in a file, start it and wait for its report."""
    page = visitor.page
    visitor.choose("Imports")
    page.get_by_role("button", name="Import a file").click()
    page.get_by_label("CSV file").set_input_files(file)
    visitor.press("Show what would happen")
    page.get_by_role("button", name="Start the import").click(timeout=60_000)
    expect(page.get_by_role("heading", name="Report")).to_be_visible(timeout=120_000)


def _extract(
    folder: Path, reference: str = "CAD9", *, rows: int = ROWS_OF_A_FILE, notes: str = "Fell twice this week"
) -> Path:
    """An ambulance extract of falls in one street a month ago: nothing that would stand above others in the queue."""
    day = f"{date.today() - timedelta(days=30):%d-%b-%y}"  # noqa: DTZ011 - any day about then
    lines = [",".join(profile_named("ambulance").columns)]
    lines += [
        f'{reference}{number:04},{day},0930,"LANE, Person {number}",01/02/1950,,F,,"{number} Newly Built Street",'
        f"NW1 0AA,,,Falls,{notes},Yes,A101"
        for number in range(rows)
    ]
    file = folder / "extract.csv"
    file.write_text("\r\n".join(lines), encoding="utf-8")
    return file
