"""Making a visit: start it, break it off, go on, and the visit form to its end."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.visits.blueprint import bp
from prevention.blueprints.visits.record_differences import Difference, differences
from prevention.blueprints.visits.record_fields import Fields, fields_of, fields_of_form, form_from
from prevention.blueprints.visits.record_form import RecordForm
from prevention.blueprints.visits.record_sections import SECTIONS, answers_in, sections_with_errors, show_problems
from prevention.domain.account import Permission
from prevention.domain.local_time import LONDON
from prevention.domain.visit import VisitState
from prevention.domain.visit_record import from_json, prefill_from
from prevention.errors import Invalid
from prevention.extensions import current_session
from prevention.models.visit import Visit
from prevention.policies.visits import may_record_visit
from prevention.queries.visits import cards, history
from prevention.queries.visits.cards import VisitCard
from prevention.services.cases import escalating
from prevention.services.visits import drafting, recording
from prevention.services.visits.drafting import Saved
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.form_handling import typed_number
from prevention.web.guards import guarded
from prevention.web.transactions import work_as


@bp.post("/visits/<uuid:visit_id>/start")
@guarded(Permission.VISIT_RECORD)
def start(visit_id: UUID) -> ResponseReturnValue:
    """Start a visit or go on with it, and open its form."""
    with work_as(current_actor()) as work:
        recording.start(work, visit_id)
    return redirect(url_for("visits.record", visit_id=visit_id))


@bp.post("/visits/<uuid:visit_id>/not-started")
@guarded(Permission.VISIT_RECORD)
def take_back_start(visit_id: UUID) -> ResponseReturnValue:
    """Undo a start by mistake."""
    with work_as(current_actor()) as work:
        recording.take_back_start(work, visit_id)
    flash("The visit is booked as before. It waits in My visits.", "success")
    return redirect(url_for("visits.my_visits"))


@bp.post("/visits/<uuid:visit_id>/interrupt")
@guarded(Permission.VISIT_RECORD)
def interrupt(visit_id: UUID) -> ResponseReturnValue:
    """Break a visit off for an emergency call."""
    return _break_off(visit_id)


@bp.route("/visits/<uuid:visit_id>/record", methods=["GET", "POST"])
@guarded(Permission.VISIT_RECORD)
def record(visit_id: UUID) -> ResponseReturnValue:
    """The visit form. Every button keeps what was typed; one of them finishes the visit."""
    actor = current_actor()
    card = cards.visit_card(current_session(), actor, visit_id)
    if request.method == "POST":
        return _keep_and_go_on(card)
    may_record_visit(actor, card.visit).require()
    if card.visit.state in {VisitState.FINISHED, VisitState.CANCELLED}:
        return redirect(url_for("visits.show", visit_id=visit_id))
    draft = history.draft_of(current_session(), visit_id)
    revision = draft.revision if draft is not None else 0
    typed = drafting.read_draft(draft).fields if draft is not None else {}
    if typed:
        return _record_page(card, form_from(typed), typed, revision)
    last = history.last_inside(current_session(), actor, card.visit)
    fields = fields_of(prefill_from(from_json(last.record))) if last is not None else {}
    return _record_page(card, form_from(fields), fields, revision, last=last if fields else None)


def _break_off(visit_id: UUID) -> ResponseReturnValue:
    with work_as(current_actor()) as work:
        recording.interrupt(work, visit_id)
    flash("Visit interrupted. What you recorded is kept; it waits at the top of My visits.", "success")
    return redirect(url_for("visits.my_visits"))


def _keep_and_go_on(card: VisitCard) -> ResponseReturnValue:
    """Keep the posted form; then go on to the next part, show both versions, break off or finish.

    What somebody typed who no longer has the visit is kept for the coordinators. A danger is raised first, whatever
    becomes of the form; for an emergency call nobody compares two versions.
    """
    visit_id = card.visit.id
    if "urgent" in request.form and card.visit.case_id is not None:
        with work_as(current_actor()) as work:
            escalating.escalate(work, card.visit.case_id)
        flash("Raised as an urgent fire risk. The coordinators are alerted now. Go on with the visit.", "success")
    try:
        fields = drafting.clean_fields(fields_of_form(request.form))
    except Invalid as invalid:
        may_record_visit(current_actor(), card.visit).require()
        posted = fields_of_form(request.form)
        form = form_from(posted)
        form.form_errors.extend(invalid.problems.values())
        return _record_page(card, form, posted, typed_number(request.form.get("revision")) or 0)
    with work_as(current_actor()) as work:
        saved = drafting.save(
            work,
            visit_id,
            fields,
            revision=typed_number(request.form.get("revision")) or 0,
            copy=request.form.get("copy", ""),
        )
    card = cards.visit_card(current_session(), current_actor(), visit_id)
    if saved.not_used:
        flash(saved.not_used, "notice")
        return redirect(url_for("visits.show", visit_id=visit_id))
    if "interrupt" in request.form:
        return _break_off(visit_id)
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
    card = cards.visit_card(current_session(), current_actor(), card.visit.id)
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
    others = drafting.read_others(history.draft_of(session, card.visit.id))
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
        left_to_do=card.screened(from_json(last.record).left_to_do) if last is not None else "",
        conflict=conflict,
        saved=saved,
        names=history.names_of(session, people),
        others=[(other, differences(other.fields, fields)) for other in others] if conflict is None else [],
        may_escalate=card.visit.case_id is not None,
    )
