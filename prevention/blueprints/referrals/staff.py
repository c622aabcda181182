"""The form staff refer with, on a phone, in 90 seconds; and what its scripts ask for."""

from uuid import UUID

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.referrals.blueprint import bp
from prevention.blueprints.referrals.filling import (
    find_homes,
    goes_back,
    id_named,
    is_sound,
    look_first,
    wants_addresses,
)
from prevention.blueprints.referrals.forms import StaffForm
from prevention.domain.account import Permission
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import FormSystem, LawfulBasis
from prevention.domain.suggestions import suggest_reasons
from prevention.extensions import current_session
from prevention.models.premises import AddressStatus, Premises
from prevention.queries.referrals.following import receipt_for
from prevention.queries.referrals.form_choices import Sender, addresses_at, premises_at_door, sender
from prevention.services.outreach import referral_made
from prevention.services.referrals.intake import receive
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

#: Characters of a narrative that are read for suggestions while somebody types.
_READ_WHILE_TYPING = 4000
_PAGE = "referrals/new.html"


@bp.route("/new", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_MAKE)
def new() -> ResponseReturnValue:
    """Refer someone. Sending twice, or again after going back, gives the same receipt.

    A form that was sent and says something else now is nobody's amendment: it is shown again, to be sent as another.
    """
    held = sender(current_session(), current_actor())
    form = _form(held)
    find_homes(form)
    if request.method == "GET" or wants_addresses() or goes_back():
        return _page(form, held)
    if not form.validate_on_submit():
        return _page(form, held)
    command = form.to_command(
        agency_id=held.agency_id,
        source_system=f"{FormSystem.STAFF}:{held.agency_code}",
        source_ref=f"{current_actor().user_id}:{form.token.data}",
    )
    if not is_sound(form, command):
        return _page(form, held)
    looked_at_first = look_first(form, command, _PAGE, **_shown(held))
    if looked_at_first is not None:
        return looked_at_first
    with work_as(current_actor()) as work:
        receipt = receive(work, command)
        taken_at = id_named("outreach")
        if taken_at is not None:
            referral_made(work, taken_at, id_named("door"), receipt.referral_id)
    return redirect(url_for("referrals.sent", referral_id=receipt.referral_id, outreach=taken_at))


@bp.get("/<uuid:referral_id>/sent")
@guarded(Permission.REFERRAL_OWN)
def sent(referral_id: UUID) -> ResponseReturnValue:
    """The receipt: its number, what happens next and by when; and the way back to the outreach it was taken at."""
    receipt = receipt_for(current_session(), current_actor(), referral_id)
    return render_template("referrals/sent.html", receipt=receipt, outreach_id=id_named("outreach"))


@bp.post("/addresses")
@guarded(Permission.REFERRAL_MAKE)
def addresses() -> ResponseReturnValue:
    """The homes of a postcode, posted so that it stands in no URL or log."""
    found = addresses_at(current_session(), request.form.get("postcode", "")[:20])
    return jsonify(addresses=[{"value": uprn, "label": line} for uprn, line in found])


@bp.post("/suggestions")
@guarded(Permission.REFERRAL_MAKE)
def suggestions() -> ResponseReturnValue:
    """Reasons that a text suggests, with the words found; a person accepts them."""
    found = suggest_reasons(request.form.get("narrative", "")[:_READ_WHILE_TYPING])
    return jsonify(
        suggestions=[{"value": one.reason.value, "label": one.reason.label, "words": list(one.words)} for one in found]
    )


def _form(held: Sender) -> StaffForm:
    actor = current_actor()
    filled = {
        "feedback_to": held.mailbox,
        "referrer_name": actor.name,
        "referrer_team": held.team,
        "referrer_contact": held.phone,
        "lawful_basis": LawfulBasis.PUBLIC_TASK,
    }
    return StaffForm(data=filled | _from_outreach(), kind=held.agency_kind)


def _from_outreach() -> dict[str, object]:
    """What is known when somebody refers from their outreach; its door gives the home, but not one kept secret."""
    outreach, door = id_named("outreach"), id_named("door")
    if outreach is None or door is None:
        return {"outreach": str(outreach or "")}
    home = premises_at_door(current_session(), current_actor(), outreach, door)
    if home is None:
        return {}
    return {"outreach": str(outreach), "door": str(door)} | ({} if home.confidential else _as_typed(home))


def _as_typed(home: Premises) -> dict[str, object]:
    if home.status is AddressStatus.MATCHED and home.uprn:
        return {"postcode": home.postcode, "address": home.uprn}
    return {"postcode": home.postcode or "", "address_lines": home.address_text or home.address_line}


def _page(form: StaffForm, held: Sender) -> ResponseReturnValue:
    return render_template(_PAGE, form=form, **_shown(held))


def _shown(held: Sender) -> dict[str, object]:
    return {"held": held, "is_police": held.agency_kind is AgencyKind.POLICE}
