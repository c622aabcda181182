"""Visits: the officer's list, booking, the visit page and form, and what was finished."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import RequestEntityTooLarge

from prevention.blueprints.visits.forms import (
    AT_THE_DOOR,
    DOOR_FIELDS,
    LONDON,
    CancelForm,
    DoorForm,
    RebookForm,
    SlotForm,
)
from prevention.blueprints.visits.record_form import (
    SECTIONS,
    Difference,
    Fields,
    RecordForm,
    answers_in,
    differences,
    fields_of,
    fields_of_form,
    form_from,
    sections_with_errors,
    show_problems,
)
from prevention.domain.account import Permission
from prevention.domain.address_reveal import MASKED
from prevention.domain.followup_rules import load_followup_rules
from prevention.domain.outcomes import facts, what_happens_next
from prevention.domain.referral import ReferralReason
from prevention.domain.visit import VisitOutcome, VisitState, VisitType
from prevention.domain.visit_record import NoAccess, VisitRecord, from_json, prefill_from, problems
from prevention.errors import Conflict, Invalid, NotFound
from prevention.extensions import current_session
from prevention.models.case import Case
from prevention.models.visit import Visit
from prevention.policies.sharing import shared_reasons
from prevention.policies.visits import may_manage_booking, may_record_visit
from prevention.queries import visits as queries
from prevention.queries.visits import Load, VisitCard
from prevention.services.visits import booking, drafting, opening, recording
from prevention.services.visits.booking import Slot
from prevention.services.visits.drafting import Saved, Version
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.device import device_key
from prevention.web.errors import problem
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

bp = Blueprint("visits", __name__)

#: How far ahead a slot is proposed for a case without a due time.
_USUAL_LEAD = timedelta(days=1)


@bp.get("/visits/")
@guarded(Permission.VISIT_RECORD)
def my_visits() -> ResponseReturnValue:
    """The officer's list: under way, overdue, today, the next days."""
    day_list = queries.my_visits(current_session(), current_actor(), utc_now())
    return render_template("visits/my_visits.html", days=day_list, today=utc_now().astimezone(LONDON).date())


@bp.get("/visits/<uuid:visit_id>")
@guarded(Permission.CASE_VIEW)
def show(visit_id: UUID) -> ResponseReturnValue:
    """One visit: what to know and do before it, or what came of it after.

    Whoever is to make a visit to a confidential address sees it here, and that they opened it is kept first: no trace,
    no address.
    """
    session, actor = current_session(), current_actor()
    card = queries.visit_card(session, actor, visit_id)
    if card.visit.state is VisitState.FINISHED:
        return render_template("visits/summary.html", **_summary(visit_id))
    if card.may_open and card.address is None:
        with work_as(actor) as work:
            opening.note_opened(work, visit_id)
        card = queries.visit_card(session, actor, visit_id)
    return render_template(
        "visits/show.html",
        card=card,
        visit=card.visit,
        reasons=_reasons(card.visit.case),
        may_manage=may_manage_booking(actor, card.visit).allowed,
        at_the_door=AT_THE_DOOR[2:],
        has_draft=queries.draft_of(session, visit_id) is not None,
        case_url=_case_page("cases.show", card.visit.case_id),
        reveal_url=_case_page("cases.reveal", card.visit.case_id) if card.may_reveal else None,
        escalate_url=_case_page("cases.urgent", card.visit.case_id),
    )


@bp.get("/visits/<uuid:visit_id>/print")
@guarded(Permission.CASE_VIEW)
def print_summary(visit_id: UUID) -> ResponseReturnValue:
    """The summary of a finished visit, for paper."""
    if _state_of(visit_id) is not VisitState.FINISHED:
        return redirect(url_for("visits.show", visit_id=visit_id))
    return render_template("visits/print_summary.html", **_summary(visit_id))


@bp.route("/cases/<uuid:case_id>/visits/book", methods=["GET", "POST"])
@guarded(Permission.VISIT_BOOK)
def book(case_id: UUID) -> ResponseReturnValue:
    """Book a visit for a case."""
    session, actor = current_session(), current_actor()
    case = queries.case_for_booking(session, actor, case_id)
    existing = queries.open_visit_of(session, case.id)
    if existing is not None and request.method == "GET":
        return redirect(url_for("visits.show", visit_id=existing.id))
    proposed = _proposed_time(case)
    form = SlotForm(
        date=proposed.date(),
        time=f"{proposed:%H:%M}",
        visit_type=VisitType.HFSV,
        crew=_current_owner(case),
        version=str(case.version_id),
    )
    loads = _offer_crews(form)
    if form.is_submitted() and "look" not in request.form and form.validate():
        try:
            with work_as(actor) as work:
                visit = booking.book(work, case_id, _slot(form), case_version=_number(form.version.data))
                visit_id, goes = visit.id, visit.officer or visit.team
                name = goes.name if goes else "The crew"
        except Invalid as invalid:
            _show(form, invalid)
            case = queries.case_for_booking(current_session(), actor, case_id)
        else:
            flash(f"Visit booked. {name} will see it in My visits.", "success")
            return redirect(url_for("visits.show", visit_id=visit_id))
    return _slot_page(form, loads, case, None)


@bp.route("/visits/<uuid:visit_id>/move", methods=["GET", "POST"])
@guarded(Permission.VISIT_BOOK)
def rebook(visit_id: UUID) -> ResponseReturnValue:
    """Move a booked visit to another time, officer or team. How to get in is kept back with a confidential address."""
    session, actor = current_session(), current_actor()
    card = queries.visit_card(session, actor, visit_id)
    visit = card.visit
    kept_note = visit.access_note if card.address is None else ""
    may_manage_booking(actor, visit).require()
    if visit.state is not VisitState.BOOKED:
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
    loads = _offer_crews(form)
    if form.is_submitted() and "look" not in request.form and form.validate():
        try:
            with work_as(actor) as work:
                slot = _slot(form, kept_note=kept_note)
                booking.rebook(work, visit_id, slot, reason=form.reason.data or "", version=_number(form.version.data))
        except Invalid as invalid:
            _show(form, invalid)
            card = queries.visit_card(current_session(), actor, visit_id)
        else:
            flash("Visit moved. The crew sees the new time in My visits.", "success")
            return redirect(url_for("visits.show", visit_id=visit_id))
    return _slot_page(form, loads, card.visit.case, card)


@bp.route("/visits/<uuid:visit_id>/cancel", methods=["GET", "POST"])
@guarded(Permission.VISIT_BOOK)
def cancel(visit_id: UUID) -> ResponseReturnValue:
    """Cancel a visit, saying whose wish it was."""
    actor = current_actor()
    card = queries.visit_card(current_session(), actor, visit_id)
    may_manage_booking(actor, card.visit).require()
    form = CancelForm(version=str(card.visit.version_id))
    if form.validate_on_submit():
        try:
            with work_as(actor) as work:
                booking.cancel(
                    work, visit_id, form.outcome.data, form.note.data or "", version=_number(form.version.data)
                )
        except Invalid as invalid:
            _show(form, invalid)
            card = queries.visit_card(current_session(), actor, visit_id)
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


@bp.post("/visits/<uuid:visit_id>/start")
@guarded(Permission.VISIT_RECORD)
def start(visit_id: UUID) -> ResponseReturnValue:
    """Start a visit or go on with it, and open its form."""
    with work_as(current_actor()) as work:
        recording.start(work, visit_id)
    return redirect(url_for("visits.record", visit_id=visit_id))


@bp.post("/visits/<uuid:visit_id>/interrupt")
@guarded(Permission.VISIT_RECORD)
def interrupt(visit_id: UUID) -> ResponseReturnValue:
    """Break a visit off for an emergency call."""
    with work_as(current_actor()) as work:
        recording.interrupt(work, visit_id)
    flash("Visit interrupted. What you recorded is kept; it waits at the top of My visits.", "success")
    return redirect(url_for("visits.my_visits"))


@bp.route("/visits/<uuid:visit_id>/door/<outcome>", methods=["GET", "POST"])
@guarded(Permission.VISIT_RECORD)
def at_the_door(visit_id: UUID, outcome: str) -> ResponseReturnValue:
    """End a visit at the door: no reply in two taps, a refusal or another reason in a few more."""
    actor = current_actor()
    ended = next((known for known in AT_THE_DOOR if known.value == outcome), None)
    if ended is None:
        raise NotFound
    card = queries.visit_card(current_session(), actor, visit_id)
    may_record_visit(actor, card.visit).require()
    if card.visit.state is VisitState.FINISHED:
        return redirect(url_for("visits.show", visit_id=visit_id))
    form = DoorForm()
    if form.validate_on_submit():
        typed = _typed(card, ended)
        answers = recording.short_record(ended, form.to_record(ended), typed)
        try:
            with work_as(actor) as work:
                recording.finish(work, visit_id, answers)
        except Invalid as invalid:
            _show(form, invalid, DOOR_FIELDS)
            card = queries.visit_card(current_session(), actor, visit_id)
        else:
            return redirect(url_for("visits.show", visit_id=visit_id))
    return render_template(
        "visits/at_the_door.html",
        form=form,
        card=card,
        visit=card.visit,
        outcome=ended,
        needs={needed.value for needed in facts(ended).needs},
        next_words=_next_words(card, ended, counting_this=True),
    )


@bp.route("/visits/<uuid:visit_id>/record", methods=["GET", "POST"])
@guarded(Permission.VISIT_RECORD)
def record(visit_id: UUID) -> ResponseReturnValue:
    """The visit form. Every button keeps what was typed; one of them finishes the visit."""
    actor = current_actor()
    card = queries.visit_card(current_session(), actor, visit_id)
    may_record_visit(actor, card.visit).require()
    if card.visit.state in {VisitState.FINISHED, VisitState.CANCELLED} and request.method == "GET":
        return redirect(url_for("visits.show", visit_id=visit_id))
    if request.method == "POST":
        return _keep_and_go_on(card)
    draft = queries.draft_of(current_session(), visit_id)
    if draft is not None:
        version = drafting.read_draft(draft)
        return _record_page(card, form_from(version.fields), version.fields, draft.revision)
    last = queries.last_finished(current_session(), actor, card.visit)
    fields = fields_of(prefill_from(from_json(last.record))) if last is not None else {}
    return _record_page(card, form_from(fields), fields, 0, last=last if fields else None)


@bp.route("/visits/<uuid:visit_id>/draft", methods=["GET", "PUT"])
@guarded(Permission.VISIT_RECORD)
def autosave(visit_id: UUID) -> ResponseReturnValue:
    """Keep what is typed, as JSON: ``{revision, fields, copy}``; see static/js/autosave.mjs for the answers.

    GET gives the version in force, a fresh token for a page whose session was renewed meanwhile, and whose it is.
    """
    actor = current_actor()
    if request.method == "GET":
        card = queries.visit_card(current_session(), actor, visit_id)
        may_record_visit(actor, card.visit).require()
        draft = queries.draft_of(current_session(), visit_id)
        return jsonify(
            revision=draft.revision if draft else 0,
            fields=drafting.read_draft(draft).fields if draft else {},
            csrf_token=generate_csrf(),
            owner=device_key(actor).owner,
        )
    try:
        sent = _sent()
        fields = drafting.clean_fields(sent.get("fields"))
    except Invalid as invalid:
        return problem(413 if "size" in invalid.problems else 400, " ".join(invalid.problems.values()))
    copy = sent.get("copy")
    with work_as(actor) as work:
        saved = drafting.save(
            work, visit_id, fields, revision=sent["revision"], copy=copy if isinstance(copy, str) else ""
        )
    return _autosave_answer(saved, fields)


def _sent() -> dict[str, Any]:
    """What a page sent: at least a revision.

    Raises:
        Invalid: it is too large (``size``) or not readable (``fields``), such as brackets nested without end.
    """
    request.max_content_length = 2 * drafting.LARGEST_DRAFT_BYTES
    try:
        sent = request.get_json(silent=True)
    except RequestEntityTooLarge as too_large:
        raise Invalid({"size": drafting.TOO_LARGE}) from too_large
    except RecursionError:
        sent = None
    if not isinstance(sent, dict) or not isinstance(sent.get("revision"), int):
        raise Invalid({"fields": "The form could not be read"})
    return sent


@bp.post("/visits/<uuid:visit_id>/draft/versions/<int:place>")
@guarded(Permission.VISIT_RECORD)
def bring_back(visit_id: UUID, place: int) -> ResponseReturnValue:
    """Use a version of the form that was kept beside the draft."""
    with work_as(current_actor()) as work:
        drafting.bring_back(work, visit_id, place)
    flash("The other version is on the screen. The one before is kept below it.", "success")
    return redirect(url_for("visits.record", visit_id=visit_id))


def _autosave_answer(saved: Saved, sent: Fields) -> ResponseReturnValue:
    if saved.accepted:
        return jsonify(revision=saved.revision)
    if saved.finished:
        words = "This visit was finished. What you typed since is kept with it."
        return problem(410, words, words=words, revision=saved.revision)
    name = queries.names_of(current_session(), {saved.current.saved_by} if saved.current.saved_by else set())
    who = next(iter(name.values()), "Somebody")
    at = saved.current.saved_at.astimezone(LONDON)
    return problem(
        409,
        revision=saved.revision,
        # A box the other version leaves empty is sent as empty, so that choosing it clears the box.
        fields={field: [] for field in sent} | saved.current.fields,
        words=f"{who} saved another version at {at:%H:%M}. Both are kept.",
    )


def _keep_and_go_on(card: VisitCard) -> ResponseReturnValue:
    """Keep the posted form; then go on to the next part, show both versions, or finish."""
    visit_id = card.visit.id
    try:
        fields = drafting.clean_fields(fields_of_form(request.form))
    except Invalid as invalid:
        posted = fields_of_form(request.form)
        form = form_from(posted)
        form.form_errors.extend(invalid.problems.values())
        return _record_page(card, form, posted, _number(request.form.get("revision")) or 0)
    with work_as(current_actor()) as work:
        saved = drafting.save(
            work,
            visit_id,
            fields,
            revision=_number(request.form.get("revision")) or 0,
            copy=request.form.get("copy", ""),
        )
    card = queries.visit_card(current_session(), current_actor(), visit_id)
    if saved.finished:
        return redirect(url_for("visits.show", visit_id=visit_id))
    if not saved.accepted:
        other = differences(fields, saved.current.fields)
        return _record_page(card, form_from(fields), fields, saved.revision, conflict=other, saved=saved), 409
    if "finish" in request.form:
        return _finish(card, fields, saved.revision)
    anchors = {section.anchor for section in SECTIONS}
    wanted = request.form.get("save", "")
    section = wanted if wanted in anchors else None
    anchor = f"part-{section}" if section else None
    return redirect(url_for("visits.record", visit_id=visit_id, section=section, _anchor=anchor))


def _finish(card: VisitCard, fields: Fields, revision: int) -> ResponseReturnValue:
    form = form_from(fields)
    if form.validate():
        try:
            with work_as(current_actor()) as work:
                recording.finish(work, card.visit.id, form.to_record(utc_now().astimezone(LONDON).year))
        except Invalid as invalid:
            show_problems(form, invalid.problems)
        else:
            return redirect(url_for("visits.show", visit_id=card.visit.id))
    card = queries.visit_card(current_session(), current_actor(), card.visit.id)
    return _record_page(card, form, fields, revision)


def _record_page(
    card: VisitCard,
    form: RecordForm,
    fields: Fields,
    revision: int,
    *,
    last: Visit | None = None,
    conflict: list[Difference] | None = None,
    saved: Saved | None = None,
) -> str:
    session = current_session()
    others = drafting.read_others(queries.draft_of(session, card.visit.id))
    people = {other.saved_by for other in others if other.saved_by}
    if saved is not None and saved.current.saved_by is not None:
        people.add(saved.current.saved_by)
    wrong = sections_with_errors(form)
    asked_for = request.args.get("section") or ("household" if not fields else "")
    return render_template(
        "visits/record.html",
        form=form,
        card=card,
        visit=card.visit,
        sections=SECTIONS,
        counts={section.anchor: answers_in(section, fields) for section in SECTIONS},
        open_sections=wrong or {asked_for},
        wrong_sections=wrong,
        autosave_url=url_for("visits.autosave", visit_id=card.visit.id),
        autosave_revision=revision,
        last=last,
        conflict=conflict,
        saved=saved,
        names=queries.names_of(session, people),
        others=[(other, differences(other.fields, fields)) for other in others] if conflict is None else [],
        escalate_url=_case_page("cases.urgent", card.visit.case_id),
    )


def _summary(visit_id: UUID) -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    card = queries.finished_visit(session, actor, visit_id)
    visit = card.visit
    names = queries.names_of(session, {visit.recorded_by} if visit.recorded_by else set())
    outcome = visit.outcome or VisitOutcome.COMPLETED
    return {
        "card": card,
        "visit": visit,
        "record": from_json(visit.record),
        "followups": queries.followups_of(session, visit_id),
        "next_words": _next_words(card, outcome, counting_this=False),
        "recorded_by": names.get(visit.recorded_by) if visit.recorded_by else None,
        "late": _not_used(visit),
        "case_url": _case_page("cases.show", visit.case_id),
        "autosave_url": url_for("visits.autosave", visit_id=visit_id),
        "handling": "Official – sensitive. Personal details: keep it safe, destroy it when it is not needed.",
    }


def _not_used(visit: Visit) -> list[tuple[Version, list[Difference]]]:
    """Versions of the form kept beside a finished visit, and where each differs from what was saved."""
    saved = fields_of(from_json(visit.record))
    year = utc_now().astimezone(LONDON).year
    others = drafting.read_others(queries.draft_of(current_session(), visit.id))
    compared = [(other, differences(fields_of(form_from(other.fields).to_record(year)), saved)) for other in others]
    return [(other, found) for other, found in compared if found]


def _next_words(card: VisitCard, outcome: VisitOutcome, *, counting_this: bool) -> str:
    visit = card.visit
    level = (visit.case.risk_level if visit.case else None) or visit.risk_before
    if level is None or visit.case is None:
        return facts(outcome).next_step
    attempts = queries.failed_attempts(current_session(), visit.case_id)
    if counting_this and facts(outcome).is_attempt:
        attempts += 1
    return what_happens_next(
        outcome,
        level,
        load_followup_rules(),
        attempts_so_far=max(attempts, 1),
        do_not_leave_card=not card.card_allowed,
    )


def _typed(card: VisitCard, ended: VisitOutcome) -> VisitRecord | None:
    """What had been typed into the visit's form before it ended at the door.

    A half-typed answer must not stand in the way at the door: a form that could not be finished as it is goes along
    word for word, under ``draft``.
    """
    draft = queries.draft_of(current_session(), card.visit.id)
    if draft is None:
        return None
    fields = drafting.read_draft(draft).fields
    form = form_from(fields)
    if form.validate():
        typed = replace(form.to_record(utc_now().astimezone(LONDON).year), no_access=NoAccess())
        if set(problems(typed, ended, risk_before=card.risk)) <= set(DOOR_FIELDS):
            return typed
    return VisitRecord(unknown={"draft": fields})


def _state_of(visit_id: UUID) -> VisitState:
    return queries.visit_card(current_session(), current_actor(), visit_id).visit.state


def _slot_page(form: SlotForm, loads: list[Load], case: Case | None, card: VisitCard | None) -> str:
    session, actor = current_session(), current_actor()
    besides = card.visit.id if card else None
    others = queries.other_bookings(session, actor, case, besides=besides) if case else []
    warnings = []
    if case is not None and form.form_errors:
        alone = (form.crew.data or "").startswith("user:")
        at = form.scheduled_at
        warnings = queries.booking_warnings(session, actor, case, at, one_officer=alone, besides=besides)
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
        case_url=_case_page("cases.show", case.id if case else None),
    )


def _offer_crews(form: SlotForm) -> list[Load]:
    """Fill the choice of crews with what each already has on the day that is typed."""
    day = form.date.data if isinstance(form.date.data, date) else utc_now().astimezone(LONDON).date()
    loads = queries.crews(current_session(), current_actor(), day)
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


def _show(form: Any, invalid: Invalid, names: dict[str, str] | None = None) -> None:
    """Put a service's words beside the fields; those of no field go to the top."""
    for name, words in invalid.problems.items():
        field = (names or {}).get(name, name)
        if field != "accepted" and field in form:
            form[field].errors = [*form[field].errors, words]
        else:
            form.form_errors.append(words)


def _proposed_time(case: Case) -> datetime:
    """Tomorrow at ten, or in an hour when the home must be visited before that."""
    now = utc_now().astimezone(LONDON)
    usual = (now + _USUAL_LEAD).replace(hour=10, minute=0, second=0, microsecond=0)
    if case.due_at is not None and case.due_at < usual:
        return (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return usual


def _current_owner(case: Case) -> str:
    return f"user:{case.owner_user_id}" if case.owner_user_id else f"team:{case.owner_team_id}"


def _case_address(case: Case | None) -> str:
    if case is None:
        return ""
    return MASKED if case.premises.confidential else case.premises.address_line


def _reasons(case: Case | None) -> tuple[ReferralReason, ...]:
    return shared_reasons(current_actor(), case.reasons) if case else ()


def _number(typed: str | None) -> int | None:
    return int(typed) if typed and typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _case_page(endpoint: str, case_id: UUID | None) -> str | None:
    """The address of a page of the visit's case; None for a visit without one."""
    return url_for(endpoint, case_id=case_id) if case_id is not None else None
