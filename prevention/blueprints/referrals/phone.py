"""The coordinator's form for referrals that were spoken or written: phone calls, e-mails, people at the desk."""

from dataclasses import replace
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.referrals.blueprint import bp
from prevention.blueprints.referrals.filling import (
    find_homes,
    goes_back,
    is_sound,
    look_first,
    wants_addresses,
)
from prevention.blueprints.referrals.forms import PhoneForm
from prevention.domain.account import Permission
from prevention.domain.agency import AgencyKind
from prevention.domain.local_time import LONDON
from prevention.domain.referral import Channel, FormSystem, ReceiveReferral
from prevention.extensions import current_session
from prevention.models.agency import Agency
from prevention.queries.referrals.form_choices import Sender, active_agencies, sender
from prevention.services.referrals.intake import receive
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.transactions import work_as


@bp.route("/phone", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_PHONE)
def phone() -> ResponseReturnValue:
    """Write down a referral for somebody who rang, wrote or came in."""
    held = sender(current_session(), current_actor())
    agencies = {str(agency.id): agency for agency in active_agencies(current_session())}
    form = _form(held, agencies)
    find_homes(form)
    if request.method == "GET" or wants_addresses() or goes_back() or not form.validate_on_submit():
        return render_template("referrals/phone.html", form=form)
    command = _command(form, agencies[form.agency.data], held)
    if not is_sound(form, command):
        return render_template("referrals/phone.html", form=form)
    looked_at_first = look_first(form, command, "referrals/phone.html")
    if looked_at_first is not None:
        return looked_at_first
    with work_as(current_actor()) as work:
        receipt = receive(work, command)
    return redirect(url_for("referrals.sent", referral_id=receipt.referral_id))


def _form(held: Sender, agencies: dict[str, Agency]) -> PhoneForm:
    now: datetime = utc_now().astimezone(LONDON)
    filled = {"agency": str(held.agency_id), "received_on": now.date(), "received_time": f"{now:%H:%M}"}
    form = PhoneForm(data=filled, kind=AgencyKind.PARTNER)
    own = str(held.agency_id)
    form.agency.choices = {
        own: f"Resident, family or neighbour (kept by {held.agency_name})",
        **{key: agency.name for key, agency in agencies.items() if key != own},
    }
    return form


def _command(form: PhoneForm, agency: Agency, held: Sender) -> ReceiveReferral:
    command = form.to_command(
        agency_id=agency.id,
        source_system=f"{FormSystem.PHONE}:{held.agency_code}",
        source_ref=f"{current_actor().user_id}:{form.token.data}",
        channel=form.channel.data or Channel.PHONE,
    )
    return replace(command, received_at=form.received_at, concern_observed_at=form.concern_observed_at)
