"""What every form of this row does with what was typed: fill in lists, check, carry it from page to page."""

from dataclasses import dataclass
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from prevention.blueprints.referrals.forms import ReferralFields
from prevention.domain.local_time import LONDON
from prevention.domain.referral import ReceiveReferral
from prevention.domain.suggestions import Suggestion, urgent_words
from prevention.domain.withheld_words import tells_an_address
from prevention.errors import Invalid
from prevention.extensions import current_session
from prevention.queries.referrals.form_choices import addresses_at
from prevention.queries.referrals.known_here import NOTHING, KnownHere, known_here, sent_before
from prevention.services.referrals.checking import check
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor

#: Buttons and tokens of the page itself, which are not part of what was typed.
_NOT_TYPED = frozenset({"csrf_token", "find_address", "back", "checked"})


@dataclass(frozen=True, slots=True)
class BeforeSending:
    """What a sender should know before the referral is saved; ``urgent`` are words that sound like danger now.

    ``tells_home``: the address is to be confidential, and something written looks like one.
    """

    known: KnownHere = NOTHING
    suggestions: tuple[Suggestion, ...] = ()
    urgent: tuple[str, ...] = ()
    tells_home: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.known or self.suggestions or self.urgent or self.tells_home)


def find_homes(form: ReferralFields) -> None:
    """Offer the homes of the postcode typed, and put the cursor on them when the page was loaded to find them."""
    form.offer_addresses(addresses_at(current_session(), form.postcode.data or ""))
    if wants_addresses():
        looking_at = form.address if form.address.choices else form.address_lines
        looking_at.render_kw = {"autofocus": True}


def wants_addresses() -> bool:
    """Whether "Find address" was pressed on a page without scripts."""
    return "find_address" in request.form


def goes_back() -> bool:
    """Whether "Change answers" was pressed."""
    return "back" in request.form


def is_checked() -> bool:
    """Whether the sender has seen what there was to say before sending."""
    return "checked" in request.form


def is_sound(form: ReferralFields, command: ReceiveReferral) -> bool:
    """Whether the referral can be received; otherwise the form says what is wrong."""
    try:
        check(command)
    except Invalid as invalid:
        form.show_problems(invalid.problems)
        return False
    return True


def look_first(
    form: ReferralFields, command: ReceiveReferral, page: str, **shown: object
) -> ResponseReturnValue | None:
    """What to answer with before ``command`` is received; None when nothing stands in its way.

    A form that was sent already leads to its receipt; one that says something else since is nobody's amendment: it is
    shown again (the template ``page`` with ``shown``), to be sent as another. Else, unless they were looked at already,
    the page with what a sender should know first.
    """
    earlier = sent_before(current_session(), command)
    if earlier is not None and earlier.says_the_same:
        return redirect(url_for("referrals.sent", referral_id=earlier.referral_id, outreach=id_named("outreach")))
    if earlier is not None:
        form.begin_another()
        return render_template(page, form=form, earlier=earlier, **shown)
    said = None if is_checked() else _before_sending(form, command)
    if not said:
        return None
    return render_template(
        "referrals/before_sending.html", form=form, said=said, typed=typed_again(), action=request.path
    )


def id_named(name: str) -> UUID | None:
    """An id named in the address or carried in the form; None for none, or rubbish."""
    return request.values.get(name, type=UUID)


def _before_sending(form: ReferralFields, command: ReceiveReferral) -> BeforeSending:
    """What there is to say before saving: known here, reasons the words suggest, words that sound like danger.

    A suggestion that the page itself offered while somebody typed, and that they passed over, is not made twice.
    """
    offered = set(request.form.getlist("offered"))
    return BeforeSending(
        known=known_here(current_session(), current_actor(), command, utc_now().astimezone(LONDON).date()),
        suggestions=tuple(one for one in form.suggestions() if one.reason.value not in offered),
        urgent=() if command.immediate_danger else urgent_words(command.narrative),
        tells_home=command.confidential_address and any(map(tells_an_address, _written(command))),
    )


def _written(command: ReceiveReferral) -> tuple[str, ...]:
    return command.narrative, command.location_detail, command.told_detail, command.other_agencies_told


def typed_again(form: MultiDict[str, str] | None = None) -> list[tuple[str, str]]:
    """Everything typed as (name, value) pairs, for hidden fields of the next page."""
    typed = request.form if form is None else form
    return [(name, value) for name, value in typed.items(multi=True) if name not in _NOT_TYPED]
