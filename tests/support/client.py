"""A test client that looks at every page it is given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from prevention.extensions import db
from prevention.models.account import User
from tests.support.pages import problems

PASSWORD = "correct horse battery"

#: Statements one page may send; a page that needs more says so with ``client.budget(n)``.
USUAL_BUDGET = 40


class PageClient(FlaskClient):
    """Fails the test on two ``h1``, unlabelled fields, inline script, duplicate ids, or too many queries."""

    query_budget = USUAL_BUDGET

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request and check what comes back."""
        with self._counted() as statements:
            response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.status_code not in {301, 302, 303, 304, 307, 308}:
            found = problems(response.get_data(as_text=True))
            assert not found, f"{response.request.path}: " + "; ".join(found)
        assert len(statements) <= self.query_budget, (
            f"{response.request.path} sent {len(statements)} statements, budget {self.query_budget}:\n"
            + "\n".join(statements)
        )
        return response

    def page(self, path: str, status: int = 200, **kwargs: Any) -> BeautifulSoup:
        """GET a page and parse it; the status must be ``status``."""
        response = self.get(path, **kwargs)
        assert response.status_code == status, (path, response.status_code, response.get_data(as_text=True)[:2000])
        return BeautifulSoup(response.get_data(as_text=True), "html5lib")

    def sign_in(self, user: User, password: str = PASSWORD) -> None:
        """Sign in as ``user`` through the form."""
        response = self.post("/sign-in", data={"email": user.email, "password": password})
        assert response.status_code == 302, response.get_data(as_text=True)

    @contextmanager
    def budget(self, statements: int) -> Iterator[None]:
        """Allow more, or fewer, statements for the requests inside."""
        before, self.query_budget = self.query_budget, statements
        yield
        self.query_budget = before

    @contextmanager
    def _counted(self) -> Iterator[list[str]]:
        seen: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("SET ", "SAVEPOINT", "RELEASE")):
                seen.append(statement.split("\n", maxsplit=1)[0][:160])

        with self.application.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", count)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", count)


def without_token(html: str) -> str:
    """A page without its CSRF tokens, which differ from request to request."""
    return re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", html)


def as_id(text: str) -> UUID:
    """Read an id out of a URL's last part."""
    return UUID(text.rstrip("/").rsplit("/", 1)[-1])


def body_of(response: TestResponse) -> str:
    """The page without its CSRF token, which carries the second it was made in."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", response.get_data(as_text=True))
