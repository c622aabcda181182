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
from prevention.web.auth import act_under, current_actor, end_session, start_session
from prevention.web.form_handling import show_problems
from prevention.web.guards import guarded, public
from prevention.web.transactions import work_as

bp = Blueprint("accounts", __name__)

#: Wrong tries to sign in from one network address, whoever they are for. Right ones do not count: many stations share
#: one address. Lock-out guards each account besides.
TRIES_FROM_ONE_ADDRESS = "30 per minute; 200 per hour"
_WRONG = "The e-mail address or password is wrong, or the account is locked for a while after too many tries"


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(TRIES_FROM_ONE_ADDRESS, methods=["POST"], deduct_when=lambda answer: answer.status_code != 302)
@public
def sign_in() -> ResponseReturnValue:
    """Sign in. A wrong password, an unknown address and a locked account answer alike."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    form = SignInForm()
    if form.validate_on_submit() and _signed_in(form):
        return redirect(_next_page())
    return render_template("accounts/sign_in.html", form=form)


def _signed_in(form: SignInForm) -> bool:
    settings: Settings = current_app.extensions["settings"]
    email = form.email.data or ""
    if settings.mode is Mode.PRODUCTION and email.strip().lower().endswith(f"@{DEMONSTRATION_DOMAIN}"):
        email = ""  # a published password opens nothing here; the answer takes as long as for anybody unknown
    lockout = LockoutRule(settings.lockout_attempts, settings.lockout_minutes)
    with work_as(PUBLIC) as work:
        result, user = signing_in.sign_in(work, email=email, password=form.password.data or "", lockout=lockout)
    if result is not SignInResult.RIGHT or user is None or not start_session(user):
        form.password.errors = [*form.password.errors, _WRONG]
        return False
    return True


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
    """Sign out."""
    with work_as(current_actor()) as work:
        signing_in.sign_out(work)
    end_session()
    flash("You have signed out.", "success")
    return redirect(url_for("accounts.sign_in"))


@bp.get("/account")
@guarded(Permission.ACCOUNT_OWN)
def mine() -> ResponseReturnValue:
    """One's own account and roles."""
    held = queries.memberships_of(current_session(), current_actor())
    return render_template("accounts/mine.html", signed_in=current_user.signed_in, memberships=held)


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
    if form.validate_on_submit():
        try:
            with work_as(current_actor()) as work:
                user = signing_in.change_password(work, current=form.current.data or "", new=form.new.data or "")
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            start_session(user)
            flash("Your password is changed. Other devices are signed out.", "success")
            return redirect(url_for("accounts.mine"))
    return render_template("accounts/change_password.html", form=form)


for _address, _view, _methods in (
    ("/users", users.index, ["GET"]),
    ("/users/search", users.search, ["POST"]),
    ("/users/new", users.new_user, ["GET", "POST"]),
    ("/users/<uuid:membership_id>", users.show_user, ["GET"]),
    ("/users/<uuid:membership_id>/edit", users.edit_user, ["GET", "POST"]),
    ("/users/<uuid:membership_id>/password", users.reset_password, ["POST"]),
    ("/users/<uuid:membership_id>/deactivate", users.deactivate_user, ["POST"]),
    ("/users/<uuid:membership_id>/reactivate", users.reactivate_user, ["POST"]),
    ("/users/<uuid:membership_id>/unlock", users.unlock_user, ["POST"]),
):
    bp.add_url_rule(_address, view_func=_view, methods=_methods)
