"""Security headers, cookies, hosts and proxies: strict content policy, no framing, HTTPS where configured."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_talisman import Talisman
from werkzeug.middleware.proxy_fix import ProxyFix

from prevention.settings import Mode, Settings

#: The names under which a browser on the same machine reaches the product, and the tests' own.
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

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

#: What no page of the product uses.
_PERMISSIONS = {"camera": "()", "microphone": "()", "geolocation": "()", "payment": "()", "usb": "()"}


def init_app(app: Flask, settings: Settings) -> None:
    """Send the headers with every response; pages are never kept by a cache; other hosts' names are refused."""
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="__Host-session" if settings.https_only else "session",
        TRUSTED_HOSTS=trusted_hosts(settings),
    )
    Talisman(
        app,
        force_https=settings.https_only,
        session_cookie_secure=settings.https_only,
        strict_transport_security=settings.https_only,
        content_security_policy=_CONTENT_POLICY,
        # Not no-referrer: over HTTPS the check of a form's origin needs to see that it came from this site.
        referrer_policy="same-origin",
        frame_options="DENY",
        permissions_policy=_PERMISSIONS,
    )
    if settings.mode is Mode.DEMONSTRATION:
        app.before_request(_refuse_other_machines)
    app.after_request(_finish)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def trusted_hosts(settings: Settings) -> list[str]:
    """The host names requests may be for: the public one, and outside production this machine's own."""
    public = urlsplit(settings.public_url).hostname
    local = () if settings.mode is Mode.PRODUCTION else _LOOPBACK
    return [*filter(None, (public, *local))]


def _refuse_other_machines() -> Response | None:
    """Whatever address the server was told to listen on: published passwords are for this machine only."""
    try:
        is_here = ip_address(request.remote_addr or "").is_loopback
    except ValueError:  # a socket file has no address, and no other machine reaches it
        is_here = not request.remote_addr
    return None if is_here else Response("A demonstration is for its own machine only.\n", 403, mimetype="text/plain")


def _finish(response: Response) -> Response:
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return _kept_by_caches(response)


def _kept_by_caches(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    elif "v" in request.args:  # asked for by its content's fingerprint: it never changes
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
