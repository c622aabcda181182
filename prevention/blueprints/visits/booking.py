"""Booking a visit, moving it, cancelling it, and taking one from the team's list."""

from datetime import UTC, date
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.visits.blueprint import bp
from prevention.blueprints.visits.forms import CancelForm, RebookForm, SlotForm
from prevention.blueprints.visits.wording import case_page
from prevention.domain.account import Permission
from prevention.domain.address_reveal import MASKED
from prevention.domain.local_time import LONDON
from prevention.domain.outcomes import facts
from prevention.domain.visit import VisitType
from prevention.domain.visit_rules import load_visit_rules
from prevention.errors import Conflict, Invalid
from prevention.extensions import current_session
from prevention.models.case import Case
from prevention.models.visit import Visit
from prevention.policies.visits import may_manage_booking
from prevention.queries.cases.timeline import timeline
from prevention.queries.coverage import areas_of
from prevention.queries.visits import booking as bookings
from prevention.queries.visits import cards
from prevention.queries.visits.booking import Load
from prevention.queries.visits.cards import VisitCard
from prevention.services.cases.finding import StaleCase
from prevention.services.visits import booking
from prevention.services.visits.booking import Slot
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.filters import local_datetime
from prevention.web.form_handling import show_problems, typed_number
from prevention.web.guards import guarded
from prevention.web.transactions import work_as


@bp.route("/cases/<uuid:case_id>/visits/book", methods=["GET", "POST"])
@guarded(Permission.VISIT_BOOK)
def book(case_id: UUID) -> ResponseReturnValue:
    """Book a visit for a case."""
    session, actor = current_session(), current_actor()
    case = bookings.case_for_booking(session, actor, case_id)
    existing = bookings.open_visit_of(session, case.id)
    if existing is not None and request.method == "GET":
        return redirect(url_for("visits.show", visit_id=existing.id))
    proposed = load_visit_rules().proposed_slot(utc_now(), case.due_at)
    form = SlotForm(
        date=proposed.date(),
        time=f"{proposed:%H:%M}",
        visit_type=VisitType.HFSV,
        crew=_current_owner(case),
        version=str(case.version_id),
    )
    loads = _offer_crews(form, case)
    if form.is_submitted() and "look" not in request.form and form.validate():
        try:
            with work_as(actor) as work:
                visit = booking.book(work, case_id, _slot(form), case_version=typed_number(form.version.data))
                visit_id, goes = visit.id, visit.officer or visit.team
                name = goes.name if goes else "The crew"
        except Invalid as invalid:
            show_problems(form, invalid)
            case = bookings.case_for_booking(current_session(), actor, case_id)
        except Conflict as conflict:
            return _changed_meanwhile(form, loads, bookings.case_for_booking(session, actor, case_id), conflict), 409
        else:
            flash(f"Visit booked. {name} will see it in My visits.", "success")
            return redirect(url_for("visits.show", visit_id=visit_id))
    return _slot_page(form, loads, case, None)


@bp.route("/visits/<uuid:visit_id>/move", methods=["GET", "POST"])
@guarded(Permission.VISIT_BOOK)
def rebook(visit_id: UUID) -> ResponseReturnValue:
    """Move a booked visit to another time, officer or team. How to get in is kept back with a confidential address."""
    session, actor = current_session(), current_actor()
    card = cards.visit_card(session, actor, visit_id)
    visit = card.visit
    kept_note = visit.access_note if card.address is None else ""
    may_manage_booking(actor, visit).require()
    if visit.state not in booking.MOVABLE:
        raise Conflict(f"This visit is {visit.state.label.lower()}, so it cannot be moved.")
    local = visit.scheduled_at.astimezone(LONDON)
    form = RebookForm(
        date=local.date(),
        time=f"{local:%H:%M}",
        visit_type=visit.visit_type,
        crew=f"user:{visit.officer_id}" if visit.officer_id else f"team:{visit.team_id}",
        access_note="" if kept_note else visit.access_note,
        version=str(visit.version_id),
    )
    if kept_note:
        form.keep_note()
    loads = _offer_crews(form, card.visit.case)
    if form.is_submitted() and "look" not in request.form and form.validate():
        try:
            with work_as(actor) as work:
                slot = _slot(form, kept_note=kept_note)
                booking.rebook(
                    work, visit_id, slot, reason=form.reason.data or "", version=typed_number(form.version.data)
                )
        except Invalid as invalid:
            show_problems(form, invalid)
            card = cards.visit_card(current_session(), actor, visit_id)
        except Conflict:
            card = cards.visit_card(session, actor, visit_id)
            form.version.data = str(card.visit.version_id)
            return _slot_page(form, loads, card.visit.case, card, versions=_versions(form, card.visit)), 409
        else:
            flash("Visit moved. The crew sees the new time in My visits.", "success")
            return redirect(url_for("visits.show", visit_id=visit_id))
    return _slot_page(form, loads, card.visit.case, card)


@bp.route("/visits/<uuid:visit_id>/cancel", methods=["GET", "POST"])
@guarded(Permission.VISIT_BOOK)
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Cancel a visit, saying whose wish it was."""
    actor = current_actor()
    card = cards.visit_card(current_session(), actor, visit_id)
    may_manage_booking(actor, card.visit).require()
    form = CancelForm(version=str(card.visit.version_id))
    if form.validate_on_submit():
        try:
            with work_as(actor) as work:
                booking.cancel(
                    work, visit_id, form.outcome.data, form.note.data or "", version=typed_number(form.version.data)
                )
        except Invalid as invalid:
            show_problems(form, invalid)
            card = cards.visit_card(current_session(), actor, visit_id)
        except Conflict:
            card = cards.visit_card(current_session(), actor, visit_id)
            form.version.data = str(card.visit.version_id)
            form.form_errors.append("Somebody else changed this visit meanwhile. Nothing of yours is saved yet.")
            return render_template("visits/cancel.html", form=form, card=card, visit=card.visit), 409
        else:
            flash(f"Visit cancelled. {facts(form.outcome.data).next_step}", "success")
            return redirect(url_for("visits.show", visit_id=visit_id))
    return render_template("visits/cancel.html", form=form, card=card, visit=card.visit)


@bp.post("/visits/<uuid:visit_id>/take")
@guarded(Permission.VISIT_RECORD)
def take(visit_id: UUID) -> ResponseReturnValue:
    """Take a visit of one's team."""
    with work_as(current_actor()) as work:
        booking.take(work, visit_id)
    flash("The visit is yours.", "success")
    return redirect(url_for("visits.show", visit_id=visit_id))


def _changed_meanwhile(form: SlotForm, loads: list[Load], case: Case, conflict: Conflict) -> str:
    """The page with both versions: beside the visit that somebody else booked, or the case as it is now.

    It carries the new version of the case, so that booking all the same is a decision.
    """
    form.version.data = str(case.version_id)
    booked = bookings.open_visit_of(current_session(), case.id)
    if booked is not None:
        return _slot_page(form, loads, case, None, booked=booked, versions=_versions(form, booked))
    if isinstance(conflict, StaleCase):
        changes = timeline(current_session(), current_actor(), case.id, size=3).entries
        return _slot_page(form, loads, case, None, changes=changes)
    form.form_errors.append(str(conflict))
    return _slot_page(form, loads, case, None)


def _versions(form: SlotForm, visit: Visit) -> list[tuple[str, object, object]]:
    """What was typed beside the visit as it is booked. How to get in is kept back with a confidential address."""
    goes = visit.officer or visit.team
    crews = {value: name for value, name, *_ in form.crew.iter_choices()}
    rows: list[tuple[str, object, object]] = [
        ("When", local_datetime(form.scheduled_at.astimezone(UTC)), local_datetime(visit.scheduled_at)),
        ("Who goes", crews.get(form.crew.data), goes.name if goes else ""),
        ("Type of visit", form.visit_type.data.label, visit.visit_type.label),
    ]
    if not visit.premises.confidential:
        rows.append(("How to get in", form.access_note.data, visit.access_note))
    elif form.access_note.data:
        rows.append(("How to get in", form.access_note.data, "Not shown, the address is confidential"))
    return rows


def _slot_page(
    form: SlotForm, loads: list[Load], case: Case | None, card: VisitCard | None, **meanwhile: object
) -> str:
    session, actor = current_session(), current_actor()
    besides = card.visit.id if card else None
    others = bookings.other_bookings(session, actor, case, besides=besides) if case else []
    warnings = []
    if case is not None and form.form_errors:
        alone = (form.crew.data or "").startswith("user:")
        at = form.scheduled_at
        warnings = bookings.booking_warnings(session, actor, case, at, one_officer=alone, besides=besides)
        form.accepted.data = ",".join(warning.code for warning in warnings)
    return render_template(
        "visits/rebook.html" if card else "visits/book.html",
        form=form,
        case=case,
        card=card,
        loads=loads,
        day=form.date.data,
        others=others,
        warnings=warnings,
        address=_case_address(case),
        case_url=case_page("cases.show", case.id if case else None),
        **meanwhile,
    )


def _offer_crews(form: SlotForm, case: Case | None) -> list[Load]:
    """Fill the choice of crews, the nearest first, with what each already has on the day that is typed."""
    day = form.date.data if isinstance(form.date.data, date) else utc_now().astimezone(LONDON).date()
    loads = bookings.crews(current_session(), current_actor(), day, areas_of(case))
    form.crew.choices = {load.value: load.officer.name if load.officer else load.team.name for load in loads}
    form.crew.hints = {load.value: _load_words(load) for load in loads}
    return loads


def _load_words(load: Load) -> str:
    times = ", ".join(f"{at.astimezone(LONDON):%H:%M}" for at in load.times)
    busy = f"{len(load.times)} booked that day: {times}" if load.times else "Nothing booked that day"
    return f"{load.team.name}. {busy}" if load.officer else f"Whoever of the team takes it. {busy}"


def _slot(form: SlotForm, *, kept_note: str = "") -> Slot:
    kind, _, ident = (form.crew.data or "").partition(":")
    chosen = UUID(ident)
    return Slot(
        scheduled_at=form.scheduled_at,
        visit_type=form.visit_type.data,
        officer_id=chosen if kind == "user" else None,
        team_id=chosen if kind == "team" else None,
        access_note=form.access_note.data or kept_note,
        accepted=frozenset(filter(None, (form.accepted.data or "").split(","))),
    )


def _current_owner(case: Case) -> str:
    """Who has the case goes, unless nobody was given it yet: the desk visits only when somebody says so."""
    if case.owner_user_id is None and (case.owner_team is None or case.owner_team.is_intake_desk):
        return ""
    return f"user:{case.owner_user_id}" if case.owner_user_id else f"team:{case.owner_team_id}"


def _case_address(case: Case | None) -> str:
    if case is None:
        return ""
    return MASKED if case.premises.confidential else case.premises.address_line
