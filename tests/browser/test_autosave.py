"""What is typed is never lost: slow or broken connections, reloads, a second tab."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import pytest
from flask import jsonify, render_template_string, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from prevention.domain.case import ContactResult
from prevention.web.fields import DateField, EnumCheckboxesField, LongTextField, TextField
from tests.support.axe import assert_accessible
from tests.support.frontend import create_frontend

PAGE = """{% extends "layouts/form.html" %}
{% set autosave_url = "/draft" %}{% set autosave_revision = revision %}
{% block heading %}Record a visit{% endblock %}
{% block fields %}{{ form.name() }}{{ form.seen_on() }}{{ form.found() }}{{ form.notes() }}{% endblock %}"""


class VisitForm(FlaskForm):
    name = TextField("Who opened the door?")
    seen_on = DateField("Date of the visit")
    found = EnumCheckboxesField(ContactResult, "What did you find?")
    notes = LongTextField("Notes")


@dataclass
class Server:
    """A draft on a server, and how well the server does."""

    url: str = ""
    revision: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)
    broken: bool = False
    finished: bool = False

    def store(self) -> ResponseReturnValue:
        sent: dict[str, Any] = request.get_json()
        if self.broken:
            return "", 503
        if self.finished:
            return jsonify(words="This visit was finished at 14:03."), 410
        if sent["revision"] != self.revision:
            return jsonify(revision=self.revision, fields=self.fields), 409
        self.revision += 1
        self.fields = sent["fields"]
        return jsonify(revision=self.revision)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()
    app = create_frontend()

    @app.get("/visit")
    def visit() -> str:
        known = {name: values[0] for name, values in state.fields.items() if name in {"name", "notes"} and values}
        return render_template_string(PAGE, form=VisitForm(data=known), revision=state.revision)

    @app.get("/received")
    def received() -> str:
        return render_template_string(
            '{% extends "layouts/page.html" %}{% block heading %}Sent{% endblock %}'
            '{% block body %}<div data-autosave-done="/draft"></div>{% endblock %}'
        )

    app.add_url_rule("/draft", view_func=state.store, methods=["PUT"])
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=running.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{running.server_port}"
    yield state
    running.shutdown()
    thread.join()


@pytest.fixture
def phone(open_page: Callable[..., Page], server: Server) -> Page:
    page = open_page(viewport={"width": 390, "height": 844})
    page.goto(server.url + "/visit")
    page.wait_for_load_state("networkidle")
    return page


def status(page: Page) -> Any:
    return expect(page.locator("[data-autosave-status]"))


def kept_on_device(page: Page) -> int:
    return int(page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('prevention:draft:')).length"))


def test_typing_is_saved_on_the_server(phone: Page, server: Server) -> None:
    phone.get_by_label("Who opened the door?").fill("Joan")
    phone.get_by_label("Day").fill("27")
    phone.get_by_label("Spoke to the resident").check()
    status(phone).to_contain_text("Saved at ")
    assert server.fields == {"name": ["Joan"], "seen_on": ["27", "", ""], "found": ["SPOKE"], "notes": [""]}
    assert kept_on_device(phone) == 0
    assert_accessible(phone)


def test_what_could_not_be_sent_survives_a_reload_and_is_sent_later(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Who opened the door?").fill("Joan")
    phone.get_by_label("Month").fill("11")
    phone.get_by_label("No reply").check()
    status(phone).to_have_text("Saved on this phone, not sent yet")
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
    status(phone).to_have_text("Saved on this phone, not sent yet")
    server.broken, server.revision, server.fields = False, 7, {"name": ["Anna"]}
    phone.reload()
    panel = phone.get_by_role("region", name="This phone holds an unsent version")
    expect(panel.get_by_role("row", name="Who opened the door? Anna Joan")).to_be_visible()
    panel.get_by_role("button", name="Use the unsent version").click()
    status(phone).to_contain_text("Saved at ")
    assert server.fields["name"] == ["Joan"]
    assert kept_on_device(phone) == 0


def test_a_received_form_leaves_nothing_on_the_device(phone: Page, server: Server) -> None:
    server.broken = True
    phone.get_by_label("Notes").fill("Oxygen in the bedroom")
    status(phone).to_have_text("Saved on this phone, not sent yet")
    assert kept_on_device(phone) == 1
    phone.goto(server.url + "/received")
    phone.wait_for_function("Object.keys(localStorage).length === 0")


def test_a_form_finished_elsewhere_says_so_and_keeps_what_was_typed(phone: Page, server: Server) -> None:
    server.finished = True
    phone.get_by_label("Notes").fill("Smoke alarm chirps")
    status(phone).to_have_text("This visit was finished at 14:03.")
    assert kept_on_device(phone) == 1
    assert server.fields == {}
