"""The coordinator's screens in a browser, wide and narrow: accessible, no wider than the screen, no script needed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import ContactConstraint, GivenAddress, GivenPerson, ReferralReason, StaffSafety
from prevention.models.account import User
from prevention.models.case import Case
from tests.support.arranging import Arranger
from tests.support.axe import assert_accessible
from tests.support.browser import Open
from tests.support.client import PASSWORD

WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def desk(arrange: Arranger) -> tuple[User, Case]:
    """A fire coordinator with a queue, and a case that ambulance and police spoke of."""
    fire = arrange.agency(name="London Fire Brigade")
    ambulance = arrange.agency(AgencyKind.AMBULANCE, name="London Ambulance Service")
    police = arrange.agency(AgencyKind.POLICE, name="Metropolitan Police")
    station = arrange.team(fire, name="Soho", areas=("E09000033",))
    arrange.user(fire, Role.FIELD_OFFICER, team=station, name="Bo Lee")
    arrange.user(ambulance, Role.COORDINATOR, name="Joe Farrell")
    home = GivenAddress(lines="Flat 2, 14 Harrow Street, London", postcode="W1D 3QF")
    joan = GivenPerson(
        first_name="Joan", surname="Whitfield", dob="27/03/1950", phone="020 7946 0018", language="Welsh"
    )
    case = arrange.received(
        ambulance,
        address=home,
        person=joan,
        reasons=frozenset({ReferralReason.SMOKING_UNSAFE, ReferralReason.HOME_OXYGEN, ReferralReason.FALLS}),
        staff_safety=frozenset({StaffSafety.TWO_PERSON, StaffSafety.DOG}),
        narrative="Ash burns on the chair beside the oxygen",
        referrer_team="Camden 3",
        now=datetime.now(UTC) - timedelta(hours=1),
    )
    arrange.received(
        police,
        address=home,
        person=joan,
        reasons=frozenset({ReferralReason.NO_ALARM, ReferralReason.DOMESTIC_ABUSE}),
        contact_constraints=frozenset({ContactConstraint.DO_NOT_LEAVE_CARD}),
    )
    for days, reasons in (
        (9, {ReferralReason.HOARDING, ReferralReason.SMOKING_UNSAFE}),
        (2, {ReferralReason.NO_ALARM}),
    ):
        arrange.received(ambulance, reasons=frozenset(reasons), now=datetime.now(UTC) - timedelta(days=days))
    like = arrange.received(police, person=GivenPerson(first_name="Ida", surname="Moss"))
    referral = like.referral_links[0].referral
    arrange.candidate(referral, case)
    coordinator = arrange.user(fire, name="Ana Cole")
    arrange.followup(case)
    return coordinator, case


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("#email", user.email)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_screen_is_accessible_and_fits(
    size: dict[str, object], address: str, open_page: Open, desk: tuple[User, Case]
) -> None:
    coordinator, case = desk
    page = open_page(**size)
    sign_in(page, address, coordinator)
    screens = [
        "/cases/",
        "/cases/?risk=HIGH&due=overdue",
        "/cases/shared",
        "/cases/search",
        f"/cases/{case.id}",
        "/review",
    ]
    screens += [
        f"/cases/{case.id}/{what}" for what in ("assign", "reject", "redirect", "hold", "contact", "close", "print")
    ]
    for path in screens:
        page.goto(f"{address}{path}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{address}/review")
    page.click(".app-row__link")
    expect(page.locator("h1")).to_have_text("Are these the same?")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_case_on_paper_is_one_column(address: str, open_page: Open, desk: tuple[User, Case]) -> None:
    coordinator, case = desk
    page = open_page(viewport={"width": 794, "height": 1123})  # A4 at 96 dots an inch
    sign_in(page, address, coordinator)
    page.goto(f"{address}/cases/{case.id}")
    page.emulate_media(media="print")
    glance, main = page.locator(".app-case__beside").bounding_box(), page.locator(".app-case__main").bounding_box()
    assert glance is not None
    assert main is not None
    assert glance["x"] == main["x"]
    assert glance["y"] + glance["height"] <= main["y"]


@pytest.mark.parametrize("width", [390, 320])
def test_the_counts_of_a_busy_night_fit_a_phone(
    width: int, address: str, open_page: Open, desk: tuple[User, Case]
) -> None:
    page = open_page(viewport={"width": width, "height": 844})
    sign_in(page, address, desk[0])
    page.goto(f"{address}/cases/")
    page.locator(".app-tile__count").evaluate_all("counts => counts.forEach(count => count.textContent = '12,345')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_shared_cases_fit_the_smallest_screen(
    address: str, open_page: Open, desk: tuple[User, Case], rows: Session
) -> None:
    page = open_page(viewport={"width": 320, "height": 568})
    sign_in(page, address, rows.scalars(select(User).where(User.name == "Joe Farrell")).one())
    page.goto(f"{address}/cases/shared")
    expect(page.locator(".app-row__beside").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_the_queue_to_an_assigned_case_without_script(
    address: str, open_page: Open, desk: tuple[User, Case]
) -> None:
    coordinator, case = desk
    page = open_page(**NARROW, java_script_enabled=False)
    sign_in(page, address, coordinator)
    page.click(".app-row__link >> nth=0")
    expect(page.locator("h1")).to_contain_text(case.reference)
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".govuk-notification-banner")).to_contain_text("Case accepted")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("h1")).to_have_text("Assign this case")
    officer = page.locator("#owner option").filter(has_text=re.compile(r"^\s*Bo Lee"))
    page.select_option("#owner", value=officer.get_attribute("value"))
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".govuk-notification-banner")).to_contain_text("Case assigned to Bo Lee")
    page.goto(f"{address}/cases/search")
    page.fill("#q", "w1d3qf")
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".app-row")).to_have_count(1)


def test_a_likeness_is_settled_without_script_or_mouse(address: str, open_page: Open, desk: tuple[User, Case]) -> None:
    coordinator, case = desk
    page = open_page(**NARROW, java_script_enabled=False)
    sign_in(page, address, coordinator)
    page.goto(f"{address}/review")
    page.locator(".app-row__link").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Are these the same?")
    page.get_by_role("button", name="Save answer").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".govuk-error-summary")).to_contain_text("Choose how they are related")
    page.get_by_label("Same person, same concern").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Same home, same concern, other people: join them")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Her sister")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(case.reference)
    expect(page.locator(".govuk-notification-banner")).to_contain_text("goes on for everybody of the home")


def test_several_cases_are_assigned_by_keyboard(address: str, open_page: Open, desk: tuple[User, Case]) -> None:
    coordinator, _ = desk
    page = open_page(**NARROW)
    sign_in(page, address, coordinator)
    ticks = page.locator(".app-row__tick input")
    count = ticks.count()
    every = page.get_by_label(f"All {count} on this page")
    every.focus()
    page.keyboard.press("Space")
    expect(page.locator(".app-row__tick input:checked")).to_have_count(count)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(ticks.first).not_to_be_checked()
    expect(every).not_to_be_checked()
    bar = page.locator(".app-selection__bar")
    expect(bar).to_contain_text(f"{count - 1} ticked")
    expect(bar).to_be_in_viewport()
    assert_accessible(page)
    box = ticks.first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    button = page.get_by_role("button", name="Assign the ticked cases")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile(f"^Assign {count - 1} cases?$"))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Choose a team or an officer")
    assert_accessible(page)
    page.locator("#owner").focus()
    page.keyboard.type("Soho")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("to Soho?")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name=re.compile("^Assign")).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".govuk-notification-banner")).to_contain_text("assigned to Soho")


def test_several_cases_are_assigned_without_script(address: str, open_page: Open, desk: tuple[User, Case]) -> None:
    coordinator, _ = desk
    page = open_page(**NARROW, java_script_enabled=False)
    sign_in(page, address, coordinator)
    count = page.locator(".app-row").count()
    page.get_by_label(f"All {count} on this page").check()
    page.get_by_role("button", name="Assign the ticked cases").click()
    expect(page.locator("h1")).to_have_text(f"Assign {count} cases")
    officer = page.locator("#owner option").filter(has_text=re.compile(r"^\s*Bo Lee"))
    page.select_option("#owner", value=officer.get_attribute("value"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Choose somebody else").click()
    expect(page.locator("#owner option:checked")).to_contain_text("Bo Lee")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=f"Assign {count} cases").click()
    expect(page.locator(".govuk-notification-banner")).to_contain_text(f"{count} cases assigned to Bo Lee")
