"""Every layout, component and error page, drawn without a database and read by the checker."""

import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template, render_template_string
from flask.testing import FlaskClient

from prevention.blueprints.patterns.forms import PatternsForm
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.risk import RiskLevel
from prevention.web.templating import TEMPLATES, asset
from tests.support.frontend import create_frontend
from tests.support.pages import problems


@pytest.fixture(scope="module")
def frontend() -> Flask:
    return create_frontend()


@pytest.fixture
def visitor(frontend: Flask) -> FlaskClient:
    return frontend.test_client()


@pytest.fixture
def drawing(frontend: Flask) -> Iterator[Flask]:
    with frontend.test_request_context("/"):
        yield frontend


@pytest.mark.parametrize(
    "path", ["/patterns", "/patterns?alerts=1", "/patterns/sheet", "/accessibility", "/privacy", "/contact"]
)
def test_a_page_is_sound(visitor: FlaskClient, path: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 200
    assert problems(response.text) == []


@pytest.mark.parametrize("path", ["/accessibility", "/privacy", "/contact"])
def test_a_statement_leads_back(visitor: FlaskClient, path: str) -> None:
    assert 'class="govuk-back-link"' in visitor.get(path).text


def test_no_two_style_sheets_mean_different_things_by_one_name() -> None:
    sheets = [path.read_text(encoding="utf-8") for path in (TEMPLATES.parent / "prevention" / "static").glob("*.css")]
    assert len(sheets) > 1
    named = [set(re.findall(r"^(\.app-[\w-]+) \{", sheet, re.MULTILINE)) for sheet in sheets]
    assert sum(map(len, named)) == len(set().union(*named))


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 500, 503])
def test_an_error_page_is_sound(drawing: Flask, status: int) -> None:
    html = render_template(f"errors/{status}.html", detail="Words & <b>more</b>")
    assert problems(html) == []
    assert "Words &amp; &lt;b&gt;more" in html
    assert problems(render_template(f"errors/{status}.html", detail="")) == []


def test_a_refused_form_lists_its_errors_and_keeps_what_was_typed(visitor: FlaskClient) -> None:
    token = _token(visitor)
    typed = {
        "csrf_token": token,
        "name": '"><script>alert(1)</script>',
        "born": ["31", "2", "2026"],
        "postcode": "nowhere",
        "method": "PIGEON",
        "notes": "x" * 400,
    }
    response = visitor.post("/patterns", data=typed)
    assert problems(response.text) == []
    page = BeautifulSoup(response.text, "html5lib")
    assert page.title is not None
    assert page.title.get_text().startswith("Error: ")
    links = {link["href"]: link.get_text() for link in page.select(".govuk-error-summary a")}
    assert links["#born"] == "There is no day 31 in that month"
    assert links["#method"] == "Choose one of the answers"
    assert {"#postcode", "#alarms", "#found", "#notes"} <= set(links)
    assert [box["value"] for box in page.select('input[name="born"]')] == ["31", "2", "2026"]
    assert page.select_one("#name")["value"] == typed["name"]  # type: ignore[index]


def test_a_form_without_its_fields_does_not_fail(visitor: FlaskClient) -> None:
    response = visitor.post("/patterns", data={"csrf_token": _token(visitor)})
    assert response.status_code == 200
    assert problems(response.text) == []


def test_a_form_without_a_token_is_refused(visitor: FlaskClient) -> None:
    assert visitor.post("/patterns", data={"name": "x"}).status_code == 400


def test_what_was_done_is_said_in_a_banner(visitor: FlaskClient) -> None:
    response = visitor.post(
        "/patterns",
        data={
            "csrf_token": _token(visitor),
            "name": "Joan",
            "born": ["27", "3", "1950"],
            "postcode": "SE1 7PB",
            "alarms": "0",
            "method": "PHONE",
            "found": ["SPOKE"],
        },
    )
    page = BeautifulSoup(response.text, "html5lib")
    assert not page.select(".govuk-error-summary")
    banner = page.select_one(".govuk-notification-banner--success")
    assert banner is not None
    assert "Nothing was kept" in banner.get_text()


@pytest.mark.parametrize("layout", ["page", "form", "public", "print"])
def test_a_layout_escapes_the_heading_and_puts_it_in_the_title(drawing: Flask, layout: str) -> None:
    source = '{% extends "layouts/' + layout + '.html" %}{% block heading %}{{ words }}{% endblock %}'
    html = render_template_string(source, words="O’Hara & <i>Sons</i>")
    assert problems(html) == []
    page = BeautifulSoup(html, "html5lib")
    assert page.h1 is not None
    assert page.h1.get_text().strip() == "O’Hara & <i>Sons</i>"


def test_a_layout_without_a_heading_cannot_be_drawn(drawing: Flask) -> None:
    with pytest.raises(Exception, match="heading"):
        render_template_string('{% extends "layouts/page.html" %}')


def test_risk_is_never_colour_alone(drawing: Flask) -> None:
    page = BeautifulSoup(render_template("patterns.html", **_empty_patterns()), "html5lib")
    shapes = set()
    for tag in page.select(".app-risk"):
        assert tag.get_text(strip=True)
        path = tag.select_one("path")
        if path:
            shapes.add(path["d"])
    assert len(shapes) == 4


def test_no_page_claims_to_be_gov_uk() -> None:
    for file in TEMPLATES.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        shown = BeautifulSoup(_without_jinja_comments(text), "html.parser").get_text()
        assert "GOV.UK" not in shown, file
        assert "crown" not in shown.lower(), file


def test_an_asset_carries_its_fingerprint(drawing: Flask) -> None:
    assert asset("app.css").startswith("/static/app.css?v=")
    assert asset("not/there.css") == "/static/not/there.css"


def _token(visitor: FlaskClient) -> str:
    field = BeautifulSoup(visitor.get("/patterns").text, "html5lib").select_one('input[name="csrf_token"]')
    assert field is not None
    return str(field["value"])


def _empty_patterns() -> dict[str, object]:
    return {
        "form": PatternsForm(),
        "levels": list(RiskLevel),
        "agencies": list(AgencyKind),
        "states": list(CaseState),
        "due": [None] * 5,
        "timeline": [],
        "banner": None,
    }


def _without_jinja_comments(text: str) -> str:
    while "{#" in text:
        start = text.index("{#")
        text = text[:start] + text[text.index("#}", start) + 2 :]
    return text
