"""Where browser tests go, and people of the demonstration, each in a browser of their own."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from tests.browser.pages import DESK, Visitor
from tests.support.browser import Open, Serve
from tests.support.live_server import LiveServer

#: Opens a browser for one of the demonstration's accounts (``""``: somebody not signed in).
Arrive = Callable[..., Visitor]


@pytest.fixture
def address(app: Flask, clean_database: None, serve: Serve) -> str:
    """The app under test on a port of its own, over the database the test arranges."""
    return serve(app)


@pytest.fixture
def arrive(live_server: LiveServer, open_page: Open) -> Arrive:
    """``arrive("fire.officer", PHONE, java_script_enabled=False)`` opens a page and signs in."""

    def arrive(login: str = "", screen: Mapping[str, Any] = DESK, **options: object) -> Visitor:
        visitor = Visitor(open_page(**screen, **options), live_server.url)
        if login:
            visitor.sign_in(login)
        return visitor

    return arrive
