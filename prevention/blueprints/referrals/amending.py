"""Amending a referral: what was received stays, the change is kept beside it with its reason."""

from copy import deepcopy
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field

from prevention.blueprints.referrals.blueprint import bp
from prevention.blueprints.referrals.filling import find_homes, goes_back, is_checked, typed_again, wants_addresses
from prevention.blueprints.referrals.forms import COMMON_REASONS, TOLD_ANSWERS, AmendForm, values_of
from prevention.blueprints.referrals.wording import change_rows
from prevention.domain.account import Permission
from prevention.domain.imports import RowOutcome
from prevention.domain.referral import Told
from prevention.domain.referral_content import Content, changes_between, content_of
from prevention.errors import Conflict, Invalid
from prevention.extensions import current_session
from prevention.models.referral import Referral
from prevention.policies.sharing import screened_changes
from prevention.queries.referrals.following import as_shown, is_confidential, referral_to_amend
from prevention.services.referrals.amending import amend as amend_referral
from prevention.services.referrals.amending import saying
from prevention.services.referrals.checking import check
from prevention.services.referrals.proposing import end_what_is_so
from prevention.web.auth import current_actor
from prevention.web.form_handling import typed_number
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

_ADDRESS_FIELDS = frozenset({"postcode", "address", "address_lines", "no_fixed_abode"})
_PERSON_FIELDS = frozenset({"age", "phone", "email", "nhs_number", "language", "interpreter"})
_NAME_PARTS = ("title", "first_name", "middle_name", "surname")


@bp.route("/<uuid:referral_id>/amend", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_AMEND)
def amend(referral_id: UUID) -> ResponseReturnValue:
    """Correct a referral of one's own agency: first the form, then before and after, then it is kept.

    When somebody else amended it since the form was shown, the page shows both versions.
    """
    referral = referral_to_amend(current_session(), current_actor(), referral_id)
    confidential = is_confidential(referral)
    shown = _shown(referral, referral.current_content)
    form = _form(referral, AmendForm(data=shown, kind=referral.agency.kind))
    find_homes(form)
    page: dict[str, Any] = {"form": form, "referral": referral, "confidential": confidential}
    if request.method == "GET" or wants_addresses() or goes_back() or not form.validate_on_submit():
        return render_template("referrals/amend.html", **page)
    version = len(referral.amendments)
    if form.version.data != str(version):
        return _both_versions(referral, form), 409
    after = _after(form, shown, referral.current_content)
    command = saying(referral, after)
    try:
        check(command)
    except Invalid as invalid:
        form.show_problems(invalid.problems)
        return render_template("referrals/amend.html", **page)
    changes = changes_between(referral.current_content, after)
    if changes and not is_checked():
        here = url_for("referrals.amend", referral_id=referral.id)
        rows = change_rows(screened_changes(changes, referral.premises, hidden=confidential))
        return render_template("referrals/amend_check.html", **page, changes=rows, typed=typed_again(), action=here)
    try:
        with work_as(current_actor()) as work:
            mine = referral_to_amend(work.session, work.actor, referral_id)
            outcome = amend_referral(work, mine, command, reason=form.reason.data or "", version=version)
            end_what_is_so(work, mine)
    except Conflict:
        return _both_versions(referral_to_amend(current_session(), current_actor(), referral_id), form), 409
    if outcome is RowOutcome.UNCHANGED:
        flash("Nothing was different, so nothing was changed.", "info")
    else:
        flash("Referral amended. The case is assessed again with the change.", "success")
    return redirect(url_for("referrals.show", referral_id=referral_id))


def _shown(referral: Referral, content: Content) -> dict[str, Any]:
    """The values the form shows of ``content``: what differs from them was changed by the person."""
    common = COMMON_REASONS[referral.agency.kind]
    return values_of(as_shown(referral, content), common, with_address=not is_confidential(referral))


def _form(referral: Referral, form: AmendForm) -> AmendForm:
    """``form`` for the referral as it is now, made from that many amendments unless it says otherwise."""
    form.version.data = form.version.data or str(len(referral.amendments))
    if _shown(referral, referral.current_content)["told"] is Told.NOT_RECORDED:
        form.told.choices = {told.value: told.label for told in (*TOLD_ANSWERS, Told.NOT_RECORDED)}
    if is_confidential(referral):
        form.keep_address()
    return form


def _both_versions(referral: Referral, typed: AmendForm) -> str:
    """The form again: what this person changed, and in every other field what somebody else said meanwhile.

    It carries the new version, so that sending it again is a decision.
    """
    confidential, now = is_confidential(referral), referral.current_content
    seen = _content_after(referral, typed_number(typed.version.data) or 0)
    shown = _shown(referral, now)
    data = shown | _typed_by_hand(typed, _shown(referral, seen))
    form = _form(referral, AmendForm(formdata=None, data=data, kind=referral.agency.kind))
    form.reason.data, form.token.data = typed.reason.data, typed.token.data
    find_homes(form)

    def rows(before: Content, after: Content) -> list[tuple[str, str, str]]:
        changes = changes_between(before, after)
        return change_rows(screened_changes(changes, referral.premises, hidden=confidential))

    return render_template(
        "referrals/amend.html",
        form=form,
        referral=referral,
        confidential=confidential,
        versions=[(label, mine, saved) for label, saved, mine in rows(now, _after(form, shown, now))],
        meanwhile=rows(seen, now),
    )


def _content_after(referral: Referral, amendments: int) -> Content:
    """What the referral said when it had that many amendments."""
    made = referral.amendments[:amendments]
    content: Content = made[-1].content if made else referral.content
    return content


def _typed_by_hand(form: AmendForm, shown: dict[str, Any]) -> dict[str, Any]:
    """The fields that the person changed from what was shown; a home is one thing, however many fields say it."""
    changed = _changed(form, shown)
    if changed & _ADDRESS_FIELDS:
        changed |= _ADDRESS_FIELDS
    return {name: form[name].data for name in changed}


def _after(form: AmendForm, shown: dict[str, Any], before: Content) -> Content:
    """The content with what the person changed, and everything else word for word as it was received."""
    said = content_of(form.to_command(agency_id=_NOBODY, source_system="", source_ref=""))
    after = deepcopy(before)
    for name in _changed(form, shown):
        if name in _ADDRESS_FIELDS:
            after["address"] = said["address"]
        elif name in {"reasons", "more_reasons"}:
            after["reasons"] = said["reasons"]
        elif name == "danger":
            after["immediate_danger"] = said["immediate_danger"]
        elif name == "full_name":
            after["person"] |= {**dict.fromkeys(_NAME_PARTS, ""), "full_name": said["person"]["full_name"]}
        elif name == "born":
            after["person"]["dob"] = said["person"]["dob"]
        elif name in _PERSON_FIELDS:
            after["person"][name] = said["person"][name]
        else:
            after[name] = said[name]
    return after


_NOBODY = UUID(int=0)


def _changed(form: AmendForm, shown: dict[str, Any]) -> set[str]:
    return {name for name in shown if _differs(form[name], shown[name])}


def _differs(field: Field, shown: Any) -> bool:
    """Whether a person changed what the field showed: a phone or postcode that only its field tidied is as it was."""
    if isinstance(shown, list):
        return set(field.data or ()) != set(shown)
    if isinstance(shown, str) and field.raw_data and str(field.raw_data[0]).strip() == shown.strip():
        return False
    return (field.data or None) != (shown or None)
