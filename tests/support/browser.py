"""Pytest plugin: Chromium for browser tests.

Fixtures: ``browser`` (session), ``serve(app) -> address`` (an app of the test's own on a free loopback port),
``open_page(**context options) -> Page`` and ``page`` (a test's own, desktop size). A page fails its test when its own
scripts raise an error, and lets nothing be used before they have run.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright
from werkzeug.serving import ThreadedWSGIServer

from tests.support import chromium

pytest_plugins = ["tests.support.live_server"]

#: Opens a page in a context (cookies) of its own, with Playwright's ``new_context`` options.
Open = Callable[..., Page]
#: Serves an app until the test ends; its address.
Serve = Callable[[Flask], str]

PATIENCE = 60_000
"""Milliseconds a step may wait for the page: far more than any needs, because a machine may be busy."""

UNTIL_SCRIPTS_HAVE_RUN = """
new MutationObserver((_, observer) => {
  if (document.documentElement) {
    observer.disconnect();
    document.documentElement.ariaDisabled = "true";
    addEventListener("DOMContentLoaded", () => document.documentElement.removeAttribute("aria-disabled"));
  }
}).observe(document, { childList: true });
"""
"""A page is drawn before its scripts run, and what is pressed then does what it does without scripts. Playwright waits
for what it presses or fills to be enabled; so nothing is, on any page a test comes to, until the scripts have run."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium per worker, without a window. Fails with how to get one where there is none."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(
            executable_path=chromium.find(), headless=True, args=chromium.launch_flags()
        )
        yield instance
        instance.close()


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Serves apps in threads of this process, and waits for the last request to end."""
    if "clean_database" in request.fixturenames:
        request.getfixturevalue("clean_database")  # set up first, so that it empties after the last request
    with ExitStack() as running:
        yield lambda app: running.enter_context(_served(app))


@pytest.fixture
def open_page(browser: Browser, serve: Serve) -> Iterator[Open]:
    """Opens pages. They close before what ``serve`` serves, so that no browser keeps a server waiting."""
    contexts = []
    errors: list[Error] = []

    def opener(**options: object) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "timezone_id": "Europe/London"} | options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_init_script(UNTIL_SCRIPTS_HAVE_RUN)
        context.on("weberror", lambda problem: errors.append(problem.error))
        contexts.append(context)
        return context.new_page()

    yield opener
    for context in contexts:
        context.close()
    assert not errors, f"scripts on the page failed: {errors}"


@pytest.fixture
def page(open_page: Open) -> Page:
    """A desktop-sized page of the test's own."""
    return open_page(viewport={"width": 1280, "height": 900})


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    server = ThreadedWSGIServer("127.0.0.1", 0, app)
    server.daemon_threads = False  # so that closing waits for the requests under way
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
