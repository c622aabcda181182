"""Headers, cookies, tokens and hosts, for every address the product answers."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.unreader import IterUnreader
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from prevention.domain.account import Role
from prevention.settings import Mode, Settings
from prevention.web.security import trusted_hosts
from tests.support.arranging import Arranger
from tests.support.client import PASSWORD, PageClient

MakeApp = Callable[[Settings], Flask]

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def address(app: Flask, rule: Rule) -> str:
    """An address that fits ``rule``."""
    values = {}
    for name in rule.arguments:
        converter = type(rule._converters[name]).__name__
        values[name] = {"UUIDConverter": uuid4(), "IntegerConverter": 1}.get(converter, "x")
    with app.test_request_context(base_url="http://localhost"):
        return app.url_map.bind("localhost").build(rule.endpoint, values, method=next(iter(rule.methods or {"GET"})))


class BehindProxy(PageClient):
    """Calls as the proxy in front of a production installation does."""

    scheme = "https"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", f"{self.scheme}://visits.example.org")
        forwarded = {"X-Forwarded-Proto": self.scheme, "X-Forwarded-For": "203.0.113.9"}
        kwargs["headers"] = {**forwarded, **(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)


@pytest.fixture
def secure_settings(settings: Settings) -> Settings:
    """As in production: HTTPS only, one public name, one proxy in front."""
    return Settings(
        mode=Mode.PRODUCTION,
        database_url=settings.database_url,
        broker_url=settings.broker_url,
        secret_key="k" * 40,
        public_url="https://visits.example.org",
        upload_folder=Path(settings.upload_folder),
        https_only=True,
        demonstration_notice=False,
        trusted_proxies=1,
    )


@pytest.fixture
def secure(secure_settings: Settings, app: Flask, make_app: MakeApp, clean_database: None) -> BehindProxy:
    """A client of an app set up as in production."""
    production = make_app(secure_settings)
    production.test_client_class = BehindProxy
    client = production.test_client()
    assert isinstance(client, BehindProxy)
    return client


def test_every_change_without_a_token_is_refused(
    app: Flask, client: PageClient, arrange: Arranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.sign_in(arrange.user(arrange.agency(), Role.COORDINATOR))
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    tried = 0
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) & CHANGING:
            answer = client.open(address(app, rule), method=method)
            assert answer.status_code == 400, (method, rule.rule, answer.status_code)
            tried += 1
    assert tried > 20


def test_a_change_with_the_token_of_another_session_is_refused(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    stranger = app.test_client()
    field = BeautifulSoup(stranger.get("/sign-in").text, "html5lib").select_one("input[name=csrf_token]")
    assert field is not None
    data = {"email": "a@example.org", "password": "x", "csrf_token": str(field["value"])}
    assert stranger.post("/sign-in", data=data).status_code == 200
    assert client.post("/sign-in", data=data).status_code == 400


def test_a_script_whose_session_ended_is_told_so(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.put("/account/password", json={}).status_code in {401, 405}
    assert client.post("/account/password", json={}).status_code == 401


@pytest.mark.parametrize("path", ["/sign-in", "/privacy", "/nowhere", "/account", "/health/live"])
def test_every_answer_carries_the_headers(client: PageClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert policy["object-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_own_files_may_be_kept(client: PageClient) -> None:
    with client.get("/static/app.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
    with client.get("/static/app.css?v=1234567890") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/nothing.css?v=1234567890").headers["Cache-Control"] == "no-store"


def test_another_hosts_name_is_refused(client: PageClient) -> None:
    answer = client.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text
    assert "evil.example" not in str(answer.headers)


@pytest.mark.parametrize(
    "sent", [b"zz\r\nemail=a\r\n0\r\n\r\n", b"7\r\nemail=axx0\r\n\r\n", b"7;=\r\nemail=a\r\n0\r\n\r\n", b"7\r\nema"]
)
def test_a_body_in_chunks_that_cannot_be_read_is_the_callers_mistake(
    app: Flask, client: PageClient, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)  # the body is read first to look for the token
    body = Body(ChunkedReader(None, IterUnreader(iter([sent]))))  # as gunicorn reads it
    answer = client.post(
        "/sign-in",
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True},
    )
    assert answer.status_code == 400
    assert "open too long" not in answer.text


def test_production_trusts_the_public_name_only(secure_settings: Settings, settings: Settings) -> None:
    assert trusted_hosts(secure_settings) == ["visits.example.org"]
    assert "localhost" in trusted_hosts(settings)


def test_the_cookie_is_for_https_this_host_and_no_script(secure: BehindProxy) -> None:
    cookie = secure.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain=" not in cookie


def test_http_goes_to_https(secure: BehindProxy) -> None:
    secure.scheme = "http"
    answer = secure.get("/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://visits.example.org/sign-in")
    secure.scheme = "https"
    assert "max-age" in secure.get("/sign-in").headers["Strict-Transport-Security"]


def test_signing_in_works_over_https_and_from_this_site_only(secure: BehindProxy, arrange: Arranger) -> None:
    user = arrange.user(arrange.agency(), Role.FIELD_OFFICER)
    token = BeautifulSoup(secure.get("/sign-in").text, "html5lib").select_one("input[name=csrf_token]")
    assert token is not None
    data = {"email": user.email, "password": PASSWORD, "csrf_token": str(token["value"])}
    elsewhere = secure.post("/sign-in", data=data, headers={"Referer": "https://evil.example/"})
    assert elsewhere.status_code == 400
    here = secure.post("/sign-in", data=data, headers={"Referer": "https://visits.example.org/sign-in"})
    assert here.status_code == 302
    assert secure.get("/account").status_code == 200


def test_the_pattern_page_is_not_in_production(secure: BehindProxy) -> None:
    assert secure.get("/patterns").status_code == 404


def test_a_database_that_is_away_is_a_page_that_says_try_again(
    settings: Settings, app: Flask, make_app: MakeApp
) -> None:
    away = make_app(
        Settings(
            mode=Mode.TEST,
            database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=1",
            broker_url=settings.broker_url,
            secret_key=settings.secret_key,
            https_only=False,
        )
    )
    away.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    client = away.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = str(uuid4())
    answer = client.get("/account")
    assert answer.status_code == 503
    assert "<h1" in answer.text
    assert "127.0.0.1:1" not in answer.text


def test_no_answer_names_what_it_runs_on(client: PageClient) -> None:
    answer = client.get("/nowhere")
    assert not re.search(r"werkzeug|flask|python|sqlalchemy|postgres", answer.text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("address", "status"), [("203.0.113.9", 403), ("10.0.0.4", 403), ("127.0.0.1", 200), ("::1", 200)]
)
def test_a_demonstration_answers_its_own_machine_alone_wherever_it_listens(
    address: str, status: int, settings: Settings, make_app: MakeApp
) -> None:
    app = make_app(replace(settings, mode=Mode.DEMONSTRATION))
    answer = app.test_client().get("/health/live", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
