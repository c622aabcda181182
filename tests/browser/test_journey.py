"""The main job, end to end: what three agencies said of one home becomes one visit, and everybody hears of it."""

import re
from dataclasses import dataclass

import psycopg
import pytest
from playwright.sync_api import expect

from prevention.domain.visit import Equipment
from tests.browser.conftest import Arrive
from tests.browser.pages import PHONE, VisitForm, Visitor, book_now, home_nobody_spoke_of
from tests.support.live_server import LiveServer

pytestmark = pytest.mark.xdist_group("live")

OFFICER = "Sam Okafor"
#: A second each. Beat rings every 15 seconds; the rest is patience with a busy machine.
LOOKS_FOR_FOLLOW_UP = 600


@dataclass(frozen=True)
class Showcase:
    """The case where ambulance and police spoke of the same home, as the coordinator reads it."""

    path: str
    reference: str
    home: str
    ambulance_receipt: str
    ambulance_words: str


def test_three_agencies_one_visit(live_worker: LiveServer, arrive: Arrive) -> None:
    coordinator = arrive("fire.coordinator")
    _sees_a_queue_of_three_agencies(coordinator)
    showcase = _opens_the_showcase(coordinator)
    _answers_the_alert(coordinator, showcase)
    _gives_it_to_the_officer(coordinator, showcase)

    officer = arrive("fire.officer", PHONE)
    _visits(officer, showcase)
    _finds_nobody_in(officer, showcase)

    _its_time_has_come(live_worker, showcase)
    _worker_tells_of_the_follow_up(coordinator, showcase)
    _ends_the_case(coordinator, showcase)

    paramedic = arrive("paramedic", PHONE)
    receipt = _refers_a_home(paramedic, *home_nobody_spoke_of(live_worker))
    _follows_referrals(paramedic, receipt, showcase)
    _police_sees_no_more_than_it_may(arrive("police.coordinator"), showcase)


def _sees_a_queue_of_three_agencies(coordinator: Visitor) -> None:
    page = coordinator.page
    expect(coordinator.heading).to_have_text("Queue")
    expect(page.get_by_role("region", name="Very high risk")).to_contain_text("somebody now")
    coordinator.looks_right()
    for agency in ("Fire", "Ambulance", "Police"):
        coordinator.narrows_to("Who referred", agency)
        rows = coordinator.rows.all()
        assert len(rows) > 1
        for row in rows:
            expect(row.locator(".app-row__meta")).to_contain_text(agency)
        page.get_by_role("link", name="Clear all filters").click()
        expect(page.get_by_role("link", name="Clear all filters")).to_have_count(0)


def _opens_the_showcase(coordinator: Visitor) -> Showcase:
    page = coordinator.page
    worst = coordinator.rows.first
    for words in ("Very high", "Ambulance", "Police", "2 referrals"):
        expect(worst).to_contain_text(words)
    worst.get_by_role("link").click()
    coordinator.comes_to(re.compile("^C-"))
    reference, home = coordinator.heading.inner_text().split(": ", 1)
    expect(page.get_by_role("heading", name="2 referrals")).to_be_visible()
    expect(coordinator.card("Why this risk")).to_contain_text("Very high")
    ambulance = coordinator.card(re.compile("^London Ambulance Service"))
    police = coordinator.card(re.compile("^Metropolitan Police Service"))
    for referral in (ambulance, police):
        expect(coordinator.answer(referral, "Reasons")).not_to_be_empty()
        expect(coordinator.answer(referral, "What it added")).not_to_be_empty()
    coordinator.looks_right()
    return Showcase(
        path=page.url.removeprefix(coordinator.address).split("?")[0],
        reference=reference,
        home=home,
        ambulance_receipt=ambulance.locator(".app-reference").inner_text(),
        ambulance_words=coordinator.answer(ambulance, "In their words").inner_text(),
    )


def _answers_the_alert(coordinator: Visitor, showcase: Showcase) -> None:
    banner = coordinator.page.get_by_role("region", name="Very high risk")
    banner.get_by_role("button", name=re.compile(f"I have seen it.*{showcase.reference}")).click()
    coordinator.is_told(f"Your name is on case {showcase.reference}")
    expect(banner).not_to_contain_text(showcase.reference)


def _gives_it_to_the_officer(coordinator: Visitor, showcase: Showcase) -> None:
    page = coordinator.page
    coordinator.go(showcase.path)
    coordinator.press("Accept")
    coordinator.is_told("Case accepted. Next: assign it")
    coordinator.looks_right()
    coordinator.press("Assign")
    coordinator.comes_to("Assign this case")
    coordinator.looks_right()
    owners = page.get_by_role("combobox").first
    owners.select_option(next(one for one in owners.locator("option").all_inner_texts() if one.startswith(OFFICER)))
    coordinator.press("Assign")
    coordinator.is_told(f"Case assigned to {OFFICER}")
    book_now(coordinator, OFFICER)
    coordinator.looks_right()


def _visits(officer: Visitor, showcase: Showcase) -> None:
    page = officer.page
    expect(officer.heading).to_have_text("My visits")
    officer.looks_right()
    page.get_by_role("link", name=showcase.home).tap()
    officer.comes_to(re.compile(re.escape(showcase.home)))
    officer.looks_right()
    page.get_by_role("button", name="Start the visit").tap()
    form = VisitForm(officer)
    officer.looks_right()
    form.part("Who was there").get_by_text("The resident", exact=True).tap()
    alarms = form.part("Alarms")
    alarms.get_by_text("Smoke alarm, hall").tap()
    alarms.get_by_text("Smoke alarm, bedroom 1").tap()
    form.part("Clutter, room by room").get_by_label("Living room").select_option("6: part of the room cannot be used")
    out = form.part("Getting out")
    out.get_by_role("group", name="Did you talk about how to get out?").get_by_label("Yes").check()
    out.get_by_role("group", name="Can the resident get out alone?").get_by_label("No").check()
    equipment = form.part("Equipment")
    equipment.get_by_text("Add equipment").first.tap()
    equipment.get_by_label("Item").first.select_option(Equipment.FIRE_RETARDANT_BEDDING.label)
    equipment.get_by_label("What happened").first.select_option("Ordered")
    page.get_by_role("group", name="How did the visit end?").get_by_text("Visit completed", exact=True).tap()
    after = page.get_by_role("group", name="Risk after the visit")
    after.get_by_text("High", exact=True).tap()
    page.get_by_label("Why is the risk different?").fill(
        "Alarms fitted, bedding ordered, she will smoke in the kitchen"
    )
    expect(form.status).to_contain_text("Saved at")
    officer.looks_right()
    page.get_by_role("button", name="Finish the visit").tap()
    officer.comes_to("Visit saved: visit completed")
    main = page.get_by_role("main")
    expect(main).to_contain_text("What happens next")
    expect(main.get_by_role("listitem").filter(has_text="Fit equipment")).to_contain_text("was ordered")
    officer.looks_right()


def _finds_nobody_in(officer: Visitor, showcase: Showcase) -> None:
    page = officer.page
    officer.choose("My visits")
    expect(page.get_by_role("link", name=showcase.home)).to_have_count(0)
    page.locator(".app-visit").filter(has=page.get_by_role("button", name="Start")).get_by_role(
        "button", name="Open"
    ).first.tap()
    page.get_by_role("button", name="No reply").tap()
    officer.comes_to("No reply")
    officer.looks_right()
    page.get_by_role("button", name="Save: no reply").tap()
    officer.comes_to("Visit saved: no reply")
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text="Visit again")).to_be_visible()
    officer.looks_right()


def _its_time_has_come(live: LiveServer, showcase: Showcase) -> None:
    """Two weeks go by for what was ordered, in the database's own words; nothing else is touched."""
    with psycopg.connect(live.database_url.replace("+psycopg", "")) as connection:
        moved = connection.execute(
            "UPDATE follow_ups SET due_at = now() FROM cases WHERE cases.id = case_id AND cases.reference = %s"
            " AND follow_ups.kind = 'FIT_EQUIPMENT' AND follow_ups.state = 'WAITING'",
            [showcase.reference],
        )
    assert moved.rowcount == 1


def _worker_tells_of_the_follow_up(coordinator: Visitor, showcase: Showcase) -> None:
    page = coordinator.page
    coordinator.choose("Sent messages")
    message = coordinator.rows.filter(has_text=f"Follow-up due: case {showcase.reference}")
    for _ in range(LOOKS_FOR_FOLLOW_UP):
        if message.filter(has_text="Sent").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(message).to_have_count(1)
    expect(message).to_contain_text("Sent")
    coordinator.looks_right()
    message.get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text("What: Fit equipment")
    coordinator.looks_right()


def _ends_the_case(coordinator: Visitor, showcase: Showcase) -> None:
    page = coordinator.page
    coordinator.choose("Follow-ups")
    page.get_by_label("What", exact=True).select_option("Fit equipment")
    coordinator.press("Show")
    due = coordinator.rows.filter(has_text=showcase.reference)
    expect(due).to_contain_text("Fit equipment")
    coordinator.looks_right()
    due.get_by_role("button", name="Done").click()
    coordinator.is_told("Done: fit equipment.")
    coordinator.go(showcase.path)
    coordinator.press("Close")
    page.get_by_label("Outcome").select_option("Visit completed")
    coordinator.looks_right()
    coordinator.press("Close the case")
    coordinator.is_told("Case closed.")
    coordinator.looks_right()


def _refers_a_home(paramedic: Visitor, uprn: str, postcode: str) -> str:
    page = paramedic.page
    paramedic.choose("Refer someone")
    paramedic.looks_right()
    page.get_by_role("group", name="Is anyone in danger right now?").get_by_text("No", exact=True).tap()
    page.get_by_label("Postcode of the home").fill(postcode.lower().replace(" ", ""))
    page.get_by_role("button", name="Find address").tap()
    homes = page.get_by_label("Address", exact=True)
    expect(homes).to_be_focused()
    homes.select_option(uprn)
    page.get_by_text("No working smoke alarm").first.tap()
    page.get_by_label("What did you see?").fill("The alarm on the landing hangs open and the batteries are gone")
    told = page.get_by_role("group", name="Does the person know you are referring them?")
    told.get_by_text("Yes, they know", exact=True).tap()
    paramedic.looks_right()
    page.get_by_role("button", name="Send referral").tap()
    paramedic.comes_to("Referral sent")
    paramedic.looks_right()
    return page.locator(".app-confirmation .app-reference").inner_text()


def _follows_referrals(paramedic: Visitor, receipt: str, showcase: Showcase) -> None:
    page = paramedic.page
    paramedic.choose("My referrals")
    expect(paramedic.rows.filter(has_text=receipt)).to_have_count(1)
    paramedic.looks_right()
    page.get_by_role("link", name="All of London Ambulance Service").tap()
    row = paramedic.rows.filter(has_text=showcase.ambulance_receipt)
    expect(row).to_contain_text("Closed")
    expect(row).to_contain_text("The home was visited and safety advice was given.")
    paramedic.looks_right()
    row.get_by_role("link").tap()
    expect(page.get_by_role("list", name="How far this referral has come")).to_contain_text("Closed")
    expect(page.get_by_role("main")).to_contain_text("The home was visited and safety advice was given.")
    expect(page.get_by_role("main")).not_to_contain_text("bedding")
    paramedic.looks_right()


def _police_sees_no_more_than_it_may(police: Visitor, showcase: Showcase) -> None:
    page = police.page
    page.get_by_label("Find a case").fill(showcase.reference.lower())
    page.get_by_role("button", name="Search").click()
    police.comes_to(re.compile(re.escape(showcase.home)))
    ambulance = police.card(re.compile("^London Ambulance Service"))
    expect(police.answer(ambulance, "Withheld by LAS")).to_contain_text("What they wrote")
    assert showcase.ambulance_words not in page.content()
    own = police.card(re.compile("^Metropolitan Police Service"))
    expect(own).not_to_contain_text("Withheld")
    police.looks_right()
