"""What is typed is never lost, and seen by nobody else: broken connections, reloads, a second tab, the next user."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from flask import jsonify, make_response, redirect, render_template_string, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from playwright.sync_api import Page, Response, Route, expect

from prevention.domain.case import ContactResult
from prevention.web.fields import DateField, EnumCheckboxesField, LongTextField, TextField
from tests.browser.pages import copies, wait_until_nothing_is_kept
from tests.support.axe import assert_accessible
from tests.support.browser import Open, Serve
from tests.support.frontend import create_frontend

PAGE = """{% extends "layouts/form.html" %}
{% set autosave_url = place %}{% set autosave_revision = revision %}
{% block heading %}Record a visit{% endblock %}
{% block fields %}{{ form.name() }}{{ form.seen_on() }}{{ form.found() }}{{ form.notes() }}
{% if spare_row %}{{ form.spare() }}{% endif %}{% endblock %}"""


class VisitForm(FlaskForm):
    name = TextField("Who opened the door?")
    seen_on = DateField("Date of the visit")
    found = EnumCheckboxesField(ContactResult, "What did you find?")
    notes = LongTextField("Notes")
    spare = TextField("One more room")


@dataclass
class Server:
    """A draft on a server, and how well the server does."""

    url: str = ""
    revision: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)
    beside: list[dict[str, list[str]]] = field(default_factory=list)
    broken: bool = False
    finished: bool = False
    refusing: bool = False
    drawn_before: bool = False
    new_session: bool = False
    spare_row: bool = False
    user: str = "ana"
    place: str = "/draft"

    def store(self) -> ResponseReturnValue:
        if self.broken:
            return "", 503
        if request.method == "GET":
            return jsonify(revision=self.revision, fields=self.fields, csrf_token="a fresh one", owner=self.user)
        if self.new_session or self.refusing:
            kind = {"Content-Type": "application/problem+json"}
            return make_response("", 404, kind) if self.refusing else ("", 400)
        sent: dict[str, Any] = request.get_json()
        if self.finished:
            self.beside.append(sent["fields"])
            return jsonify(words="This visit was finished at 14:03.", revision=self.revision), 410
        if sent["revision"] != self.revision:
            self.beside.append(sent["fields"])
            return jsonify(revision=self.revision, fields=self.fields), 409
        self.revision += 1
        self.fields = sent["fields"]
        return jsonify(revision=self.revision)

    def signed_in(self) -> dict[str, object]:
        """What every page is told of its user, among it the key of their copies."""
        secret = base64.b64encode(self.user.encode().ljust(32)).decode()
        actor = SimpleNamespace(user_id=self.user, name=self.user, agency_kind=None)
        key = SimpleNamespace(owner=self.user, secret=secret)
        return {
            "actor": actor,
            "agency_name": "Fire",
            "sign_out_url": "/sign-out",
            "device_key": key,
            "place": self.place,
        }


@pytest.fixture
def server(serve: Serve) -> Server:
    state = Server()
    app = create_frontend()
    app.context_processor(state.signed_in)

    @app.route("/visit", methods=["GET", "POST"])
    def visit() -> ResponseReturnValue:
        if request.method == "POST":
            return redirect("/received")
        known = {name: values[0] for name, values in state.fields.items() if name in {"name", "notes"} and values}
        if state.drawn_before:
            return render_template_string(PAGE, form=VisitForm(), revision=state.revision - 1)
        return render_template_string(
            PAGE, form=VisitForm(data=known), revision=state.revision, spare_row=state.spare_row
        )

    @app.get("/received")
    def received() -> str:
        return render_template_string(
            '{% extends "layouts/page.html" %}{% block heading %}Sent{% endblock %}'
            '{% block body %}<div data-autosave-done="/draft"></div>{% endblock %}'
        )

    @app.route("/list")
    def visits() -> str:
        return render_template_string('{% extends "layouts/page.html" %}{% block heading %}My visits{% endblock %}')

    for place in ("/draft", "/draft/7"):
        app.add_url_rule(place, place, state.store, methods=["GET", "PUT"])
    state.url = serve(app)
    return state


@pytest.fixture
def phone(open_page: Open, server: Server) -> Page:
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto(server.url + "/visit")
    page.wait_for_load_state("networkidle")
    return page


def status(page: Page) -> Any:
    return expect(page.locator("[data-autosave-status]"))


def saves(word: str) -> Callable[[Response], bool]:
    """Whether an answer is that of a save which carried ``word``; saves before it may have carried less."""
    return lambda answer: answer.ok and answer.request.method == "PUT" and word in (answer.request.post_data or "")


def kept_on_device(page: Page) -> int:
    return len(copies(page))


def test_typing_is_saved_on_the_server(phone: Page, server: Server) -> None:
    phone.get_by_label("Who opened the door?").fill("Joan")
    phone.get_by_label("Day").fill("27")
    with phone.expect_response(saves("SPOKE")):
        phone.get_by_label("Spoke to the resident").check()
    status(phone).to_contain_text("Saved at ")
    assert server.fields == {"name": ["Joan"], "seen_on": ["27", "", ""], "found": ["SPOKE"], "notes": [""]}
    wait_until_nothing_is_kept(phone)
    assert_accessible(phone)


def test_what_could_not_be_sent_survives_a_reload_and_is_sent_later(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Who opened the door?").fill("Joan")
    phone.get_by_label("Month").fill("11")
    phone.get_by_label("No reply").check()
    status(phone).to_have_text("Saved on this device, not sent yet")
    phone.reload()
    expect(phone.get_by_label("Who opened the door?")).to_have_value("Joan")
    expect(phone.get_by_label("Month")).to_have_value("11")
    expect(phone.get_by_label("No reply")).to_be_checked()
    server.broken = False
    phone.evaluate("window.dispatchEvent(new Event('online'))")
    status(phone).to_contain_text("Saved at ")
    assert server.fields["name"] == ["Joan"]
    assert kept_on_device(phone) == 0


def test_sending_the_form_without_a_connection_keeps_the_page(phone: Page, server: Server) -> None:
    phone.context.set_offline(True)
    phone.get_by_label("Notes").fill("Bin bags in the hall")
    phone.get_by_role("button", name="Save and continue").click()
    status(phone).to_contain_text("There is no connection")
    expect(phone.get_by_label("Notes")).to_have_value("Bin bags in the hall")
    phone.context.set_offline(False)
    status(phone).to_contain_text("Saved at ")
    assert server.fields["notes"] == ["Bin bags in the hall"]


@pytest.mark.parametrize(
    ("button", "shown", "other"),
    [("Keep what is on this screen", "Anna", "Joan"), ("Use the other version", "Joan", "Anna")],
)
def test_a_second_tab_offers_both_versions(phone: Page, server: Server, button: str, shown: str, other: str) -> None:
    second = phone.context.new_page()
    second.goto(server.url + "/visit")
    status(second).to_contain_text("also open in another tab")
    second.get_by_label("Who opened the door?").fill("Joan")
    status(second).to_contain_text("Saved at ")
    phone.get_by_label("Who opened the door?").fill("Anna")
    panel = phone.get_by_role("region", name="This form was changed somewhere else")
    expect(panel).to_be_focused()
    expect(panel.get_by_role("row", name="Who opened the door? Anna Joan")).to_be_visible()
    assert_accessible(phone)
    panel.get_by_role("button", name=button).click()
    expect(phone.get_by_label("Who opened the door?")).to_have_value(shown)
    status(phone).to_contain_text("Saved at ")
    assert server.fields["name"] == [shown]
    phone.get_by_role("button", name="Bring back the other version").click()
    expect(phone.get_by_label("Who opened the door?")).to_have_value(other)
    status(phone).to_contain_text("Saved at ")
    expect(phone.locator("[data-autosave-status]")).to_be_visible()


def test_an_old_unsent_version_is_offered_when_the_server_has_a_newer_one(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Who opened the door?").fill("Joan")
    status(phone).to_have_text("Saved on this device, not sent yet")
    server.broken, server.revision, server.fields = False, 7, {"name": ["Anna"]}
    phone.reload()
    panel = phone.get_by_role("region", name="This device holds an unsent version")
    expect(panel.get_by_role("row", name="Who opened the door? Anna Joan")).to_be_visible()
    panel.get_by_role("button", name="Use the unsent version").click()
    status(phone).to_contain_text("Saved at ")
    assert server.fields["name"] == ["Joan"]
    assert kept_on_device(phone) == 0


def test_a_box_left_empty_that_is_no_longer_drawn_is_no_other_version(phone: Page, server: Server) -> None:
    server.spare_row = True
    phone.reload()
    server.broken = True
    phone.get_by_label("Who opened the door?").fill("Joan")
    status(phone).to_have_text("Saved on this device, not sent yet")
    server.broken, server.spare_row, server.revision, server.fields = False, False, 7, {"name": ["Joan"]}
    phone.reload()
    wait_until_nothing_is_kept(phone)
    expect(phone.get_by_role("region", name="This device holds an unsent version")).to_have_count(0)


def test_a_received_form_leaves_nothing_on_the_device(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_have_text("Saved on this device, not sent yet")
    assert kept_on_device(phone) == 1
    phone.get_by_role("button", name="Save and continue").click()
    expect(phone.get_by_role("heading", name="Sent", exact=True)).to_be_visible()
    wait_until_nothing_is_kept(phone)
    assert server.beside == []


def test_a_form_received_from_elsewhere_drops_nothing_unsent(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_have_text("Saved on this device, not sent yet")
    phone.goto(server.url + "/received")
    phone.wait_for_load_state("networkidle")
    assert kept_on_device(phone) == 1
    server.broken, server.finished = False, True
    phone.reload()
    wait_until_nothing_is_kept(phone)
    assert [version["notes"] for version in server.beside] == [["Oxygen in the bedroom"]]


def test_a_form_finished_elsewhere_says_so_and_keeps_what_was_typed_beside(phone: Page, server: Server) -> None:
    server.finished = True
    phone.get_by_label("Notes").fill("Smoke alarm chirps")
    status(phone).to_have_text("This visit was finished at 14:03.")
    assert [version["notes"] for version in server.beside] == [["Smoke alarm chirps"]]
    assert kept_on_device(phone) == 0
    assert server.fields == {}


def test_what_comes_too_late_from_a_page_that_is_gone_is_told(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Notes").fill("Smoke alarm chirps")
    status(phone).to_have_text("Saved on this device, not sent yet")
    phone.goto("about:blank")
    server.broken, server.finished = False, True
    phone.goto(server.url + "/list")
    panel = phone.get_by_role("region", name="Something you typed came too late")
    expect(panel).to_contain_text("This visit was finished at 14:03.")
    assert_accessible(phone)
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)
    assert kept_on_device(phone) == 0


def test_what_may_be_sent_no_more_is_shown_and_discarded_knowingly(phone: Page, server: Server) -> None:
    server.refusing = True
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_contain_text("You may no longer record this visit")
    phone.goto(server.url + "/list")
    panel = phone.get_by_role("region", name="Something you typed cannot be sent")
    panel.get_by_text("Show what was typed").click()
    expect(panel.get_by_text("Oxygen in the bedroom")).to_be_visible()
    assert_accessible(phone)
    panel.get_by_role("button", name="Keep it for now").click()
    expect(panel).to_have_count(0)
    assert kept_on_device(phone) == 1
    phone.reload()
    panel.get_by_role("button", name="Discard it").click()
    assert kept_on_device(phone) == 1
    sure = panel.get_by_role("button", name="Yes, discard it for good")
    expect(sure).to_be_focused()
    phone.keyboard.press("Enter")
    expect(panel).to_have_count(0)
    assert kept_on_device(phone) == 0


def test_a_page_drawn_before_the_last_save_landed_is_brought_up_to_date(phone: Page, server: Server) -> None:
    phone.get_by_label("Who opened the door?").fill("Joan")
    phone.get_by_label("Month").fill("11")
    with phone.expect_response(saves("NO_REPLY")):
        phone.get_by_label("No reply").check()
    wait_until_nothing_is_kept(phone)
    server.drawn_before = True
    phone.reload()
    status(phone).to_contain_text("Brought up to date")
    expect(phone.get_by_label("Who opened the door?")).to_have_value("Joan")
    expect(phone.get_by_label("Month")).to_have_value("11")
    expect(phone.get_by_label("No reply")).to_be_checked()
    assert_accessible(phone)
    phone.get_by_label("Notes").fill("and her dog")
    status(phone).to_contain_text("Saved at ")
    assert (server.fields["name"], server.fields["notes"]) == (["Joan"], ["and her dog"])
    assert server.beside == []


def test_what_is_typed_before_the_page_is_up_to_date_stays_and_both_are_offered(phone: Page, server: Server) -> None:
    server.revision, server.fields, server.drawn_before = 3, {"name": ["Joan"]}, True
    held: list[Route] = []
    phone.route("**/draft", lambda route: held.append(route) if route.request.method == "GET" else route.continue_())
    with phone.expect_request("**/draft"):
        phone.reload()
    phone.get_by_label("Who opened the door?").fill("Anna")
    for route in held:
        route.continue_()
    panel = phone.get_by_role("region", name="This form was changed somewhere else")
    expect(panel.get_by_role("row", name="Who opened the door? Anna Joan")).to_be_visible()
    expect(phone.get_by_label("Who opened the door?")).to_have_value("Anna")
    assert server.fields == {"name": ["Joan"]}


def test_what_a_device_keeps_is_read_by_its_own_user_only(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_have_text("Saved on this device, not sent yet")
    (kept,) = copies(phone)
    assert "Oxygen" not in kept
    assert "notes" not in kept
    phone.goto("about:blank")  # a page that is left tries to send once more
    server.broken, server.user = False, "ben"
    phone.goto(server.url + "/visit")
    phone.wait_for_load_state("networkidle")
    expect(phone.get_by_label("Notes")).to_have_value("")
    status(phone).to_have_text("")
    phone.get_by_label("Who opened the door?").fill("Joan")
    status(phone).to_contain_text("Saved at ")
    assert kept_on_device(phone) == 1
    assert server.fields["notes"] == [""]
    server.user = "ana"
    phone.goto(server.url + "/list")
    wait_until_nothing_is_kept(phone)
    assert [version["notes"] for version in server.beside] == [["Oxygen in the bedroom"]]


@pytest.mark.parametrize(("user", "goes_on"), [("ana", True), ("ben", False)])
def test_a_page_goes_on_in_a_new_session_of_its_own_user_only(
    phone: Page, server: Server, user: str, goes_on: bool
) -> None:
    server.new_session, server.user = True, user
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_have_text("Saved on this device, not sent yet")
    tokens = phone.locator('input[name="csrf_token"]').evaluate_all("all => all.map(one => one.value)")
    assert [token == "a fresh one" for token in tokens] == [goes_on] * len(tokens)


@pytest.mark.parametrize("move", ['name.replace("ana", "ben")', 'name.replace("/draft", "/draft/7")'])
def test_a_copy_moved_to_another_user_or_form_opens_for_nobody(phone: Page, server: Server, move: str) -> None:
    server.broken = True
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_have_text("Saved on this device, not sent yet")
    phone.goto(server.url + "/list")
    phone.wait_for_load_state("networkidle")  # it has tried to send the copy
    phone.evaluate(
        f"""() => {{ for (const name of Object.keys(localStorage).filter(one => one.includes(":draft:"))) {{
              localStorage.setItem({move}, localStorage[name]);
              localStorage.removeItem(name);
           }} }}"""
    )
    server.user = "ben" if "ben" in move else "ana"
    server.broken, server.place = False, "/draft" if "ben" in move else "/draft/7"
    phone.goto(server.url + "/visit")
    phone.wait_for_load_state("networkidle")
    expect(phone.get_by_label("Notes")).to_have_value("")
    assert server.fields == {}
    assert server.beside == []
    assert kept_on_device(phone) == 1
