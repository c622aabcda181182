"""Keeping what is typed into the visit form: autosave for the page's script, and versions kept beside the draft."""

from typing import Any
from uuid import UUID

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import RequestEntityTooLarge

from prevention.blueprints.visits.blueprint import bp
from prevention.blueprints.visits.record_fields import Fields
from prevention.domain.account import Permission
from prevention.domain.local_time import LONDON
from prevention.errors import Invalid
from prevention.extensions import current_session
from prevention.policies.visits import may_record_visit
from prevention.queries.visits import cards, history
from prevention.services.visits import drafting
from prevention.services.visits.drafting import Saved
from prevention.web.auth import current_actor
from prevention.web.device import device_key
from prevention.web.errors import problem
from prevention.web.guards import guarded
from prevention.web.transactions import work_as


@bp.route("/visits/<uuid:visit_id>/draft", methods=["GET", "PUT"])
@guarded(Permission.VISIT_RECORD)
def autosave(visit_id: UUID) -> ResponseReturnValue:
    """Keep what is typed, as JSON: ``{revision, fields, copy}``; see static/js/autosave.mjs for the answers.

    GET gives the version in force, a fresh token for a page whose session was renewed meanwhile, and whose it is.
    """
    actor = current_actor()
    if request.method == "GET":
        card = cards.visit_card(current_session(), actor, visit_id)
        may_record_visit(actor, card.visit).require()
        draft = history.draft_of(current_session(), visit_id)
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


@bp.post("/visits/<uuid:visit_id>/draft/versions/<int:place>")
@guarded(Permission.VISIT_RECORD)
def bring_back(visit_id: UUID, place: int) -> ResponseReturnValue:
    """Use a version of the form that was kept beside the draft."""
    with work_as(current_actor()) as work:
        drafting.bring_back(work, visit_id, place)
    flash("The other version is on the screen. The one before is kept below it.", "success")
    return redirect(url_for("visits.record", visit_id=visit_id))


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


def _autosave_answer(saved: Saved, sent: Fields) -> ResponseReturnValue:
    if saved.accepted:
        return jsonify(revision=saved.revision)
    if saved.not_used:
        return problem(410, saved.not_used, words=saved.not_used, revision=saved.revision)
    name = history.names_of(current_session(), {saved.current.saved_by} if saved.current.saved_by else set())
    who = next(iter(name.values()), "Somebody")
    at = saved.current.saved_at.astimezone(LONDON)
    return problem(
        409,
        revision=saved.revision,
        # A box the other version leaves empty is sent as empty, so that choosing it clears the box.
        fields={field: [] for field in sent} | saved.current.fields,
        words=f"{who} saved another version at {at:%H:%M}. Both are kept.",
    )
