"""Errors as pages, or as problem bodies (RFC 9457) where JSON is wanted. Neither shows internals."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from prevention.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable, kind_and_place
from prevention.extensions import login_manager

_log = logging.getLogger(__name__)
_PAGES = frozenset({400, 403, 404, 409, 413, 429, 500, 503})
_TITLES = {
    400: "There is a problem with this request",
    401: "Sign in first",
    403: "You cannot do this",
    404: "Page not found",
    409: "Somebody else changed this",
    413: "The file is too large",
    429: "Too many requests",
    500: "Sorry, there is a problem",
    503: "Try again shortly",
}


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(NotFound, lambda _: _answer(404))
    app.register_error_handler(NotAllowed, lambda error: _answer(403, error.reason))
    app.register_error_handler(Conflict, lambda error: _answer(409, str(error)))
    app.register_error_handler(Invalid, _invalid)
    app.register_error_handler(Unavailable, lambda _: _answer(503))
    app.register_error_handler(CSRFError, _no_token)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(ParseException, lambda _: _answer(400))  # a body that the web server cannot read
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def wants_json() -> bool:
    """Whether the caller asked for JSON rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return request.is_json or best == "application/json"


def problem(status: int, detail: str = "", **members: object) -> Response:
    """A problem body with ``status``."""
    body = {"type": "about:blank", "title": _TITLES.get(status, "Problem"), "status": status, **members}
    if detail:
        body["detail"] = detail
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def _answer(status: int, detail: str = "") -> ResponseReturnValue:
    if wants_json():
        return problem(status, detail)
    page = status if status in _PAGES else 500
    return render_template(f"errors/{page}.html", detail=detail, written=_written()), status


def _written() -> list[str]:
    """The words and e-mail addresses in the form that could not be taken, so that the page gives them back."""
    if request.blueprint == "accounts":  # a password may be words too
        return []
    return [text for text in request.form.values() if len(text.split()) > 1 or "@" in text]


def _no_token(_: CSRFError) -> ResponseReturnValue:
    """A form without a token of this session. A script whose session has ended is told to sign in."""
    if wants_json() and not current_user.is_authenticated:
        return problem(401, "Sign in first")
    return _answer(400, "The page was open too long. Go back and try again.")


def _wrong_host(_: SecurityError) -> ResponseReturnValue:
    """A request for another host's name: words only, because no page can be drawn whose addresses were forged."""
    return Response("This address is not served here.\n", status=400, mimetype="text/plain")


def _database_away(error: OperationalError) -> ResponseReturnValue:
    """The database does not answer, or took too long: the page is drawn without it, for nobody in particular."""
    _log.error("database %s, in %s", type(error.orig).__name__, request.endpoint)
    g._login_user = login_manager.anonymous_user()  # noqa: SLF001 - Flask-Login looks here before it loads the user
    return _answer(503)


def _invalid(error: Invalid) -> ResponseReturnValue:
    if wants_json():
        return problem(400, errors=error.problems)
    return _answer(400, " ".join(error.problems.values()))


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400 or (error.response is not None):
        return error
    known = status if status in _PAGES else (400 if status < 500 else 500)
    if wants_json():
        return problem(status)
    written = _written() if status == HTTPStatus.TOO_MANY_REQUESTS else []  # others may have no form that can be read
    return render_template(f"errors/{known}.html", detail="", written=written), status


def _unexpected(error: Exception) -> ResponseReturnValue:
    # The kind of error and the place only: messages of libraries may quote what was typed.
    _log.error("unexpected %s, in %s", kind_and_place(error), request.endpoint)
    _log.debug("unexpected", exc_info=error)
    return _answer(500)
