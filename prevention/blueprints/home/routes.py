"""The front page: to the day's work when signed in, else what this is and how to start."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from prevention.domain.account import Permission
from prevention.web.auth import current_actor
from prevention.web.guards import public

bp = Blueprint("home", __name__)

#: Where a role's day begins, first that fits.
_STARTS = (
    (Permission.CASE_QUEUE, "cases.queue"),
    (Permission.AGENCY_ADMINISTER, "agencies.index"),
    (Permission.VISIT_RECORD, "visits.my_visits"),
    (Permission.REFERRAL_OWN, "referrals.mine"),
)


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Redirect a signed-in user to their day's work; show the front page to everybody else."""
    if current_user.is_authenticated:
        actor = current_actor()
        return redirect(url_for(next(endpoint for permission, endpoint in _STARTS if actor.has(permission))))
    return render_template("home/index.html")
