"""Pytest plugin: Chromium for browser tests.

Fixtures: ``browser`` (session), ``open_page(**context options) -> Page`` and ``page`` (a test's own,
desktop size). A page fails its test when its own scripts raise an error.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.support import chromium

pytest_plugins = ["tests.support.live_server"]

PATIENCE = 10_000
"""Milliseconds a step may wait for the page."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium per worker, without a window. Fails with how to get one where there is none."""
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(
            executable_path=chromium.find(), headless=True, args=chromium.launch_flags()
        )
        yield instance
        instance.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a context (cookies) of its own, with Playwright's `new_context` options."""
    contexts = []
    errors: list[Error] = []

    def opener(**options: object) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "timezone_id": "Europe/London"} | options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108 - a built-in takes no mark of theirs
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not errors, f"scripts on the page failed: {errors}"


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A desktop-sized page of the test's own."""
    return open_page(viewport={"width": 1280, "height": 900})
