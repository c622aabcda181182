"""Signing in and out, one's own account, the role one acts under, and the addresses of the users' pages."""

from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from prevention.blueprints.accounts import users
from prevention.blueprints.accounts.forms import ChangePasswordForm, SignInForm
from prevention.domain.account import DEMONSTRATION_DOMAIN, PUBLIC, Permission
from prevention.errors import Invalid, NotFound
from prevention.extensions import current_session, limiter
from prevention.queries import accounts as queries
from prevention.services.accounts import signing_in
from prevention.services.accounts.signing_in import LockoutRule, SignInResult
from prevention.settings import Mode, Settings
from prevention.unit_of_work import utc_now
from prevention.web.auth import (
    act_under,
    current_actor,
    forget_session,
    last_membership,
    session_limits,
    start_session,
)
from prevention.web.form_handling import show_problems
from prevention.web.guards import guarded, public
from prevention.web.held_forms import HeldForm, hold, read_held
from prevention.web.transactions import work_as

bp = Blueprint("accounts", __name__)

#: Wrong tries to sign in from one network address, whoever they are for. Right ones do not count: many stations share
#: one address. Lock-out guards each account besides.
TRIES_FROM_ONE_ADDRESS = "30 per minute; 200 per hour"
_WRONG = "The e-mail address or password is wrong, or the account is locked for a while after too many tries"
_RUN_OUT = "Your temporary password has run out. Ask an administrator of your agency for a new one"


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(TRIES_FROM_ONE_ADDRESS, methods=["POST"], deduct_when=lambda _: not current_user.is_authenticated)
@public
def sign_in() -> ResponseReturnValue:
    """Sign in. A wrong password, an unknown address and a locked account answer alike.

    Only who knows a temporary password is told that its time is over.
    """
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    form = SignInForm()
    if form.validate_on_submit() and _signed_in(form):
        return _go_on(read_held(form.held.data))
    return _sign_in_page(form)


@bp.post("/sign-in/hold")
@public
def hold_form() -> ResponseReturnValue:
    """The sign-in page for a form that came after its session had ended: it is kept until its user is back."""
    return _sign_in_page(SignInForm(formdata=None, held=hold(_next_page())))


def _sign_in_page(form: SignInForm) -> str:
    return render_template("accounts/sign_in.html", form=form, session_ended=last_membership() is not None)


def _go_on(held: HeldForm | None) -> ResponseReturnValue:
    """To the page first asked for; or to what was sent before, for its own user to send again."""
    if held is None or not held.belongs_to(current_user.signed_in.membership_id):
        return redirect(_next_page())
    return render_template("accounts/held_form.html", held=held)


def _signed_in(form: SignInForm) -> bool:
    settings: Settings = current_app.extensions["settings"]
    email = form.email.data or ""
    if settings.mode is Mode.PRODUCTION and email.strip().lower().endswith(f"@{DEMONSTRATION_DOMAIN}"):
        email = ""  # a published password opens nothing here; the answer takes as long as for anybody unknown
    with work_as(PUBLIC) as work:
        result, session_id = signing_in.sign_in(
            work, email=email, password=form.password.data or "", lockout=_lockout(settings)
        )
    if session_id is None:
        form.password.errors = [*form.password.errors, _RUN_OUT if result is SignInResult.RUN_OUT else _WRONG]
        return False
    start_session(session_id, last_membership())
    return True


def _lockout(settings: Settings) -> LockoutRule:
    return LockoutRule(settings.lockout_attempts, settings.lockout_minutes)


def _next_page() -> str:
    """The page first asked for, when it is one of ours: never another site's."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    ours = ours and wanted.isprintable()
    return wanted if ours else url_for("home.index")


@bp.post("/sign-out")
@guarded(Permission.ACCOUNT_OWN)
def sign_out() -> ResponseReturnValue:
    """Sign out here. The session ends for whoever kept its cookie, too."""
    with work_as(current_actor()) as work:
        signing_in.sign_out(work, current_user.signed_in.session_id)
    forget_session()
    flash("You have signed out.", "success")
    return redirect(url_for("accounts.sign_in"))


@bp.post("/account/sign-out-others")
@guarded(Permission.ACCOUNT_OWN)
def sign_out_others() -> ResponseReturnValue:
    """Sign out on every other device: one was lost, or left signed in."""
    with work_as(current_actor()) as work:
        signing_in.sign_out_others(work, current_user.signed_in.session_id)
    flash("Your other devices are signed out. If one is lost or stolen, change your password too.", "success")
    return redirect(url_for("accounts.mine"))


@bp.get("/account")
@guarded(Permission.ACCOUNT_OWN)
def mine() -> ResponseReturnValue:
    """One's own account and roles, and where else one is signed in."""
    signed_in = current_user.signed_in
    devices = queries.sessions_of(current_session(), signed_in.actor.user_id, now=utc_now(), limits=session_limits())
    held = queries.memberships_of(current_session(), current_actor())
    return render_template("accounts/mine.html", signed_in=signed_in, memberships=held, other_devices=devices - 1)


@bp.post("/account/role/<uuid:membership_id>")
@guarded(Permission.ACCOUNT_OWN)
def switch_role(membership_id: UUID) -> ResponseReturnValue:
    """Go on under another of one's own roles."""
    held = {one.id for one in queries.memberships_of(current_session(), current_actor())}
    if membership_id not in held:
        raise NotFound
    act_under(membership_id)
    return redirect(url_for("home.index"))


@bp.route("/account/password", methods=["GET", "POST"])
@guarded(Permission.ACCOUNT_OWN)
def change_password() -> ResponseReturnValue:
    """Change one's own password; other sessions end."""
    form = ChangePasswordForm()
    if form.validate_on_submit() and _password_changed(form):
        flash("Your password is changed. Other devices are signed out.", "success")
        return redirect(url_for("accounts.mine"))
    return render_template("accounts/change_password.html", form=form)


def _password_changed(form: ChangePasswordForm) -> bool:
    settings: Settings = current_app.extensions["settings"]
    membership_id = current_user.signed_in.membership_id
    try:
        with work_as(current_actor()) as work:
            result, session_id = signing_in.change_password(
                work, current=form.current.data or "", new=form.new.data or "", lockout=_lockout(settings)
            )
    except Invalid as invalid:
        show_problems(form, invalid)
        return False
    if session_id is None:
        locked = f"Too many wrong passwords. Wait {settings.lockout_minutes} minutes, then try again"
        wrong = "This is not your current password"
        form.current.errors = [*form.current.errors, locked if result is SignInResult.LOCKED else wrong]
        return False
    start_session(session_id, membership_id)
    return True


for _address, _view, _methods in (
    ("/users", users.index, ["GET"]),
    ("/users/search", users.search, ["POST"]),
    ("/users/new", users.new_user, ["GET", "POST"]),
    ("/users/<uuid:membership_id>", users.show_user, ["GET"]),
    ("/users/<uuid:membership_id>/edit", users.edit_user, ["GET", "POST"]),
    ("/users/<uuid:membership_id>/password", users.reset_password, ["POST"]),
    ("/users/<uuid:membership_id>/sign-out", users.sign_out_user, ["POST"]),
    ("/users/<uuid:membership_id>/deactivate", users.deactivate_user, ["POST"]),
    ("/users/<uuid:membership_id>/reactivate", users.reactivate_user, ["POST"]),
    ("/users/<uuid:membership_id>/unlock", users.unlock_user, ["POST"]),
):
    bp.add_url_rule(_address, view_func=_view, methods=_methods)
