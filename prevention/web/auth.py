"""Who is asking: the signed-in user of this request, and sessions that end."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, current_app, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import UserMixin, current_user, login_user, logout_user

from prevention.domain.account import PUBLIC, Actor
from prevention.extensions import current_session, login_manager
from prevention.models.account import User
from prevention.queries.accounts import SignedIn, signed_in_user
from prevention.settings import Settings
from prevention.unit_of_work import utc_now

#: Addresses that scripts of an open page ask for by themselves: nobody need be there.
POLLED = frozenset({"notifications.alerts"})
_SIGNED_IN_AT = "signed_in_at"
_MEMBERSHIP = "membership_id"


class SessionUser(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login keeps: the id and the session key, so that changing the key ends the session."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.signed_in = signed_in

    def get_id(self) -> str:
        """The text kept in the session cookie."""
        return f"{self.signed_in.user_id}.{self.signed_in.session_key}"


class IdleAwareSessions(SecureCookieSessionInterface):
    """Sessions that count as idle although a page left open asks for news by itself."""

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer renews the cookie and with it the time to idle: never for what a page polls."""
        if request.endpoint in POLLED and not session.modified:
            return False
        return bool(super().should_set_cookie(app, session))


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Flask-Login and say how long a session may idle and last."""
    login_manager.init_app(app)
    login_manager.session_protection = "basic"
    app.session_interface = IdleAwareSessions()
    app.permanent_session_lifetime = timedelta(minutes=settings.session_idle_minutes)


def current_actor() -> Actor:
    """The actor of this request: the signed-in user's, or the public's."""
    if current_user and current_user.is_authenticated:
        actor: Actor = current_user.signed_in.actor
        return actor
    return PUBLIC


def start_session(user: User) -> bool:
    """Sign ``user`` in; False when they hold no role in an active agency."""
    signed_in = signed_in_user(current_session(), user.id, None)
    if signed_in is None:
        return False
    session.clear()
    session.permanent = True
    session[_SIGNED_IN_AT] = utc_now().isoformat()
    session[_MEMBERSHIP] = str(signed_in.membership_id)
    login_user(SessionUser(signed_in))
    return True


def end_session() -> None:
    """Sign out here: nothing of the session stays on the device."""
    logout_user()
    session.clear()


def act_under(membership_id: UUID) -> None:
    """Go on under another of the user's roles."""
    session[_MEMBERSHIP] = str(membership_id)


@login_manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
def _load(kept: str) -> SessionUser | None:
    user_id, _, session_key = kept.partition(".")
    settings: Settings = current_app.extensions["settings"]
    started = session.get(_SIGNED_IN_AT)
    longest = timedelta(hours=settings.session_longest_hours)
    if started is None or utc_now() - datetime.fromisoformat(started) > longest:
        return None
    membership = session.get(_MEMBERSHIP)
    signed_in = signed_in_user(current_session(), UUID(user_id), UUID(membership) if membership else None)
    if signed_in is None or not secrets.compare_digest(signed_in.session_key, session_key):
        return None
    return SessionUser(signed_in)
