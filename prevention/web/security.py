"""Security headers: strict content policy, no framing, no referrer, HTTPS where configured."""

from flask import Flask, Response, request
from flask_talisman import Talisman

from prevention.settings import Settings

_CONTENT_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def init_app(app: Flask, settings: Settings) -> None:
    """Send the headers with every response; pages are never kept by a shared cache."""
    Talisman(
        app,
        force_https=settings.https_only,
        session_cookie_secure=settings.https_only,
        strict_transport_security=settings.https_only,
        content_security_policy=_CONTENT_POLICY,
        referrer_policy="same-origin",
        frame_options="DENY",
    )
    app.after_request(_no_store)


def _no_store(response: Response) -> Response:
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response
