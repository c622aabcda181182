"""Cursors: what goes in comes out, and what was not ours is the first page."""

from datetime import UTC, datetime
from uuid import uuid4

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.spreadsheet import safe_cell
from prevention.web.pagination import read_cursor, write_cursor


def bare_app() -> Flask:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "tests only"
    return app


def test_a_cursor_comes_back_as_it_was_and_only_to_its_own_list() -> None:
    at, row = datetime(2026, 10, 25, 1, 30, 0, 123456, tzinfo=UTC), uuid4()
    with bare_app().app_context():
        sealed = write_cursor("queue", (2, at, row, True))
        assert read_cursor("queue", sealed) == [2, at.isoformat(), str(row), True]
        assert read_cursor("search", sealed) is None
        assert read_cursor("queue", sealed[:-1]) is None


@given(st.text())
def test_rubbish_is_no_cursor(rubbish: str) -> None:
    with bare_app().app_context():
        assert read_cursor("queue", rubbish) is None


@given(st.text())
def test_no_exported_cell_is_a_formula(text: str) -> None:
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
