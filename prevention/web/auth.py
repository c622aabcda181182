"""Who is asking: the signed-in user of this request, by a session that is a row and ends with it."""

from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_login import UserMixin, current_user, login_user, logout_user

from prevention.domain.account import PUBLIC, Actor, SessionLimits
from prevention.extensions import current_session, login_manager
from prevention.queries.accounts import SignedIn, signed_in_user
from prevention.services.accounts import sessions
from prevention.settings import Settings
from prevention.unit_of_work import utc_now
from prevention.web.transactions import work_as

#: Addresses that scripts of an open page ask for by themselves: nobody need be there.
POLLED = frozenset({"notifications.alerts", "imports.progress"})
_MEMBERSHIP = "membership_id"
#: A click is written down when the last one noted is older than this part of the time to idle.
_NOTED = 60


class SessionUser(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login keeps in the cookie: the id of the session, and nothing of the user."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.signed_in = signed_in

    def get_id(self) -> str:
        """The text kept in the cookie."""
        return str(self.signed_in.session_id)


def init_app(app: Flask, settings: Settings) -> None:
    """Bind Flask-Login. The rows of sessions say how long one may idle and last; the cookie outlives none of them."""
    login_manager.init_app(app)
    login_manager.session_protection = "basic"
    app.permanent_session_lifetime = timedelta(hours=settings.session_longest_hours)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.before_request(_keep_alive)


def session_limits() -> SessionLimits:
    """How long a session may idle and last on this installation."""
    settings: Settings = current_app.extensions["settings"]
    return SessionLimits(
        idle=timedelta(minutes=settings.session_idle_minutes), longest=timedelta(hours=settings.session_longest_hours)
    )


def current_actor() -> Actor:
    """The actor of this request: the signed-in user's, or the public's."""
    if current_user and current_user.is_authenticated:
        actor: Actor = current_user.signed_in.actor
        return actor
    return PUBLIC


def start_session(session_id: UUID, membership_id: UUID | None = None) -> None:
    """Let this browser go on in a session that was begun for it, under ``membership_id`` or the user's first role."""
    signed_in = _signed_in(session_id, membership_id)
    if signed_in is None:
        return
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF keeps one for the whole request: that of the session left behind
    session.permanent = True
    session[_MEMBERSHIP] = str(signed_in.membership_id)
    login_user(SessionUser(signed_in))


def last_membership() -> UUID | None:
    """The role last acted under in this browser. Known when its session ended by itself, not after signing out."""
    return _id(str(session.get(_MEMBERSHIP)))


def forget_session() -> None:
    """Leave nothing of the session in this browser. The session itself is ended by ``signing_in.sign_out``."""
    logout_user()
    session.clear()


def act_under(membership_id: UUID) -> None:
    """Go on under another of the user's roles."""
    session[_MEMBERSHIP] = str(membership_id)


@login_manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
def _load(kept: str) -> SessionUser | None:
    session_id, membership_id = _id(kept), last_membership()
    signed_in = _signed_in(session_id, membership_id) if session_id else None
    return SessionUser(signed_in) if signed_in else None


def _signed_in(session_id: UUID, membership_id: UUID | None) -> SignedIn | None:
    return signed_in_user(current_session(), session_id, membership_id, now=utc_now(), limits=session_limits())


def _id(text: str) -> UUID | None:
    """An id out of the cookie; None for what another release put there."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _keep_alive() -> None:
    """Note that somebody is there, now and then, before the view reads anything; see ADR 13."""
    if request.endpoint is None or request.endpoint == "static" or request.endpoint in POLLED:
        return
    if not current_user.is_authenticated:
        return
    signed_in: SignedIn = current_user.signed_in
    if utc_now() - signed_in.last_seen_at > session_limits().idle / _NOTED:
        with work_as(signed_in.actor) as work:
            sessions.keep_alive(work, signed_in.session_id)
