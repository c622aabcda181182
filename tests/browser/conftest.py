"""People of the demonstration, each in a browser of their own; and the app under test, for data of a test's own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.browser.pages import DESK, Visitor
from tests.support.live_server import LiveServer

#: Opens a browser for one of the demonstration's accounts (``""``: somebody not signed in).
Arrive = Callable[..., Visitor]


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The app under test, listening on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def arrive(live_server: LiveServer, open_page: Callable[..., Page]) -> Arrive:
    """``arrive("fire.officer", PHONE, java_script_enabled=False)`` opens a page and signs in."""

    def arrive(login: str = "", screen: Mapping[str, Any] = DESK, **options: object) -> Visitor:
        visitor = Visitor(open_page(**screen, **options), live_server.url)
        if login:
            visitor.sign_in(login)
        return visitor

    return arrive
