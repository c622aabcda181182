"""Asking for a visit, without signing in. Nothing here tells what is known about a home or a person."""

from dataclasses import replace

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.self_referrals.forms import AskForm
from prevention.domain.account import PUBLIC
from prevention.domain.referral import ReceiveReferral
from prevention.domain.referral_content import content_of, hash_of
from prevention.errors import Invalid, Unavailable
from prevention.extensions import current_session, limiter
from prevention.models.agency import Agency
from prevention.queries.referrals.form_choices import addresses_at, fire_agency_for
from prevention.services.referrals.checking import check
from prevention.services.referrals.intake import receive
from prevention.settings import Settings
from prevention.web.form_handling import show_problems
from prevention.web.guards import public
from prevention.web.transactions import work_as

bp = Blueprint("self_referrals", __name__, url_prefix="/ask-for-a-visit")

_SENT = "self_referral"
#: Looking up postcodes and correcting mistakes is not asking for a visit, but no robot may do it all day.
_ANY_POSTS = "120 per hour"
#: More values than any one question has answers.
_MOST_VALUES = 50
_NOT_TYPED = frozenset({"csrf_token", "find_address", "called", "back"})
#: Where the fields of the command that the service names stand on the form.
_FIELD_OF = {
    "address": "postcode",
    "full_name": "name",
    "feedback_to": "email",
    "narrative": "more",
    "reasons": "worries",
}


def _visits_an_hour() -> str:
    settings: Settings = current_app.extensions["settings"]
    return f"{settings.self_referrals_per_hour} per hour"


def _was_sent(response: Response) -> bool:
    return response.status_code == 302


@bp.route("", methods=["GET", "POST"])
@limiter.limit(_visits_an_hour, methods=["POST"], deduct_when=_was_sent)
@limiter.limit(_ANY_POSTS, methods=["POST"])
@public
def ask() -> ResponseReturnValue:
    """Ask for a visit. Danger right now leads to 999 first; sending twice gives the same receipt.

    Raises:
        Unavailable: no fire service is set up to take it.
    """
    form = AskForm()
    form.offer_addresses(addresses_at(current_session(), form.postcode.data or ""))
    if "find_address" in request.form:
        looking_at = form.address if form.address.choices else form.address_lines
        looking_at.render_kw = {"autofocus": True}
    if request.method == "POST" and form.danger.data == "yes" and "called" not in request.form and not _is_on_the_way():
        return render_template("self_referrals/call_999.html", typed=_typed(form))
    if request.method == "GET" or _is_on_the_way() or not form.validate_on_submit():
        return render_template("self_referrals/ask.html", form=form)
    agency = fire_agency_for(current_session(), form.picked)
    if agency is None:
        raise Unavailable
    command = _known_by_what_it_says(form.to_command(agency.id))
    if not _is_sound(form, command):
        return render_template("self_referrals/ask.html", form=form)
    _receive(command, agency)
    return redirect(url_for("self_referrals.sent"))


@bp.get("/sent")
@public
def sent() -> ResponseReturnValue:
    """The receipt, for the browser that asked only."""
    if _SENT not in session:
        return redirect(url_for("self_referrals.ask"))
    return render_template("self_referrals/sent.html", **session[_SENT])


@bp.post("/addresses")
@limiter.limit(_ANY_POSTS)
@public
def addresses() -> ResponseReturnValue:
    """The homes of a postcode, posted so that it stands in no URL or log."""
    found = addresses_at(current_session(), request.form.get("postcode", "")[:20])
    return jsonify(addresses=[{"value": uprn, "label": line} for uprn, line in found])


def _known_by_what_it_says(command: ReceiveReferral) -> ReceiveReferral:
    """The same form says the same when it is sent twice; gone back to and changed, it is another referral.

    Whoever asks for a neighbour next must not amend what they asked for before.
    """
    said = hash_of(content_of(command), {})[:16]
    return replace(command, source_ref=f"{command.source_ref}:{said}")


def _receive(command: ReceiveReferral, agency: Agency) -> None:
    name = agency.name
    with work_as(PUBLIC) as work:
        receipt = receive(work, command)
    session[_SENT] = {
        "receipt": receipt.receipt,
        "agency": name,
        "by_email": bool(command.feedback_to),
        "danger": command.immediate_danger,
    }


def _is_on_the_way() -> bool:
    """Whether the page only looks up an address or goes back to the answers."""
    return "find_address" in request.form or "back" in request.form


def _is_sound(form: AskForm, command: ReceiveReferral) -> bool:
    try:
        check(command)
    except Invalid as invalid:
        named = {_FIELD_OF.get(name, name): sentence for name, sentence in invalid.problems.items()}
        show_problems(form, Invalid(named))
        return False
    return True


def _typed(form: AskForm) -> list[tuple[str, str]]:
    """What was typed into the form's own boxes, for hidden fields: never more than the form could hold."""
    return [
        (field.name, value)
        for field in form
        if field.name not in _NOT_TYPED
        for value in request.form.getlist(field.name)[:_MOST_VALUES]
    ]
