"""A visit that ended at the door: no reply in two taps, a refusal or another reason in a few more."""

from dataclasses import replace
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.visits.blueprint import bp
from prevention.blueprints.visits.forms import AT_THE_DOOR, DOOR_FIELDS, DoorForm
from prevention.blueprints.visits.record_fields import form_from
from prevention.blueprints.visits.wording import next_words
from prevention.domain.account import Permission
from prevention.domain.local_time import LONDON
from prevention.domain.outcomes import facts
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.domain.visit_record import NoAccess, VisitRecord, problems
from prevention.errors import Invalid, NotFound
from prevention.extensions import current_session
from prevention.policies.visits import may_record_visit
from prevention.queries.visits import cards, history
from prevention.queries.visits.cards import VisitCard
from prevention.services.visits import drafting, recording
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.form_handling import show_problems
from prevention.web.guards import guarded
from prevention.web.transactions import work_as


@bp.route("/visits/<uuid:visit_id>/door/<outcome>", methods=["GET", "POST"])
@guarded(Permission.VISIT_RECORD)
def at_the_door(visit_id: UUID, outcome: str) -> ResponseReturnValue:
    """End a visit at the door: no reply in two taps, a refusal or another reason in a few more."""
    actor = current_actor()
    ended = next((known for known in AT_THE_DOOR if known.value == outcome), None)
    if ended is None:
        raise NotFound
    card = cards.visit_card(current_session(), actor, visit_id)
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
            show_problems(form, invalid, DOOR_FIELDS)
            card = cards.visit_card(current_session(), actor, visit_id)
        else:
            return redirect(url_for("visits.show", visit_id=visit_id))
    return render_template(
        "visits/at_the_door.html",
        form=form,
        card=card,
        visit=card.visit,
        outcome=ended,
        needs={needed.value for needed in facts(ended).needs},
        next_words=next_words(card, ended, counting_this=True),
    )


def _typed(card: VisitCard, ended: VisitOutcome) -> VisitRecord | None:
    """What had been typed into the visit's form before it ended at the door.

    A half-typed answer must not stand in the way at the door: a form that could not be finished as it is goes along
    word for word, under ``draft``.
    """
    draft = history.draft_of(current_session(), card.visit.id)
    if draft is None:
        return None
    fields = drafting.read_draft(draft).fields
    form = form_from(fields)
    if form.validate():
        typed = replace(form.to_record(utc_now().astimezone(LONDON).year), no_access=NoAccess())
        if set(problems(typed, ended, risk_before=card.risk)) <= set(DOOR_FIELDS):
            return typed
    return VisitRecord(unknown={"draft": fields})
