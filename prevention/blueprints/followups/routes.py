"""Follow-ups: what is due, done with one click, cancelled with a reason, given to somebody else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.followups.forms import AnswerForm, CancelForm, CompleteForm, ReassignForm
from prevention.domain.account import Permission
from prevention.domain.followup import FollowUpKind
from prevention.errors import Conflict, Invalid
from prevention.extensions import current_session
from prevention.models.followup import FollowUp
from prevention.policies.followups import may_cancel_followup, may_complete_followup, may_reassign_followup
from prevention.queries import followups as queries
from prevention.queries.cases.counts import owners
from prevention.queries.coverage import areas_of
from prevention.queries.followups import FollowUpFilter, FollowUpRow, When, Whose
from prevention.services.followups import completing
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor
from prevention.web.transactions import work_as

bp = Blueprint("followups", __name__, url_prefix="/follow-ups")

_CURSOR = "follow-ups"


@bp.get("")
@guarded(Permission.FOLLOWUP_VIEW)
def index() -> ResponseReturnValue:
    """The follow-ups of the actor's agency; a field officer begins with their own and their team's."""
    actor = current_actor()
    wanted = _wanted()
    page = queries.followups(current_session(), actor, wanted, utc_now(), after=_after())
    chosen: dict[str, Any] = {
        "when": wanted.when.value,
        "whose": wanted.whose.value,
        "kind": wanted.kind.value if wanted.kind else None,
    }
    return render_template(
        "followups/index.html",
        page=page,
        wanted=wanted,
        when=list(When),
        whose=list(Whose),
        kinds=list(FollowUpKind),
        chosen=chosen,
        may_complete=lambda followup: may_complete_followup(actor, followup).allowed,
        next_url=page.next_key and url_for(".index", after=write_cursor(_CURSOR, page.next_key), **chosen),
        first_url=url_for(".index", **chosen) if "after" in request.args else None,
    )


@bp.get("/<uuid:followup_id>")
@guarded(Permission.FOLLOWUP_VIEW)
def show(followup_id: UUID) -> ResponseReturnValue:
    """One follow-up: why, for whom, by when, and what can be done with it."""
    row = queries.followup(current_session(), current_actor(), followup_id)
    return _page(row)


@bp.post("/<uuid:followup_id>/complete")
@guarded(Permission.FOLLOWUP_COMPLETE)
def complete(followup_id: UUID) -> ResponseReturnValue:
    """Done, with one click; a note may come with it. A second click changes nothing."""
    form = CompleteForm()
    if not form.validate():
        return _page(queries.followup(current_session(), current_actor(), followup_id), complete_form=form)
    try:
        with work_as(current_actor()) as work:
            followup = completing.complete(work, followup_id, note=form.note.data or "")
            words = f"Done: {followup.kind.label.lower()}. {_next_words(followup)}"
            back = _back(followup)
    except Conflict as conflict:
        return _ended_meanwhile(followup_id, conflict, form.note.data or ""), 409
    flash(words, "success")
    return redirect(back)


@bp.post("/<uuid:followup_id>/cancel")
@guarded(Permission.FOLLOWUP_COMPLETE)
def cancel(followup_id: UUID) -> ResponseReturnValue:
    """Not needed, and why."""
    form = CancelForm()
    if form.validate():
        try:
            with work_as(current_actor()) as work:
                followup = completing.cancel(work, followup_id, reason=form.reason.data or "")
                words = (
                    f"Cancelled: {followup.kind.label.lower()}. Your reason is kept with it. {_next_words(followup)}"
                )
                back = _back(followup)
        except Conflict as conflict:
            return _ended_meanwhile(followup_id, conflict, form.reason.data or ""), 409
        flash(words, "success")
        return redirect(back)
    row = queries.followup(current_session(), current_actor(), followup_id)
    return _page(row, cancel_form=form)


@bp.post("/<uuid:followup_id>/reassign")
@guarded(Permission.CASE_ASSIGN)
def reassign(followup_id: UUID) -> ResponseReturnValue:
    """Give it to another team or person of the agency."""
    actor = current_actor()
    row = queries.followup(current_session(), actor, followup_id)
    form = _reassign_form(row)
    if form.validate():
        try:
            with work_as(actor) as work:
                completing.reassign(work, followup_id, team_id=form.team_id, user_id=form.user_id)
        except Invalid as invalid:
            form.owner.errors = [*form.owner.errors, *invalid.problems.values()]
        else:
            row = queries.followup(current_session(), actor, followup_id)
            flash(f"{row.owner} has it now, and sees it under Follow-ups.", "success")
            return redirect(url_for(".show", followup_id=followup_id))
    return _page(queries.followup(current_session(), actor, followup_id), reassign_form=form)


def _ended_meanwhile(followup_id: UUID, conflict: Conflict, typed: str) -> str:
    """The follow-up as somebody else left it, beside the words that were not taken."""
    row = queries.followup(current_session(), current_actor(), followup_id)
    return _page(row, problem=str(conflict), typed=typed)


def _page(
    row: FollowUpRow,
    *,
    complete_form: CompleteForm | None = None,
    cancel_form: CancelForm | None = None,
    reassign_form: ReassignForm | None = None,
    problem: str = "",
    typed: str = "",
) -> str:
    actor = current_actor()
    followup = row.followup
    is_open = completing.is_open(followup)
    chased = followup.kind is FollowUpKind.CHASE_ONWARD_REFERRAL
    return render_template(
        "followups/show.html",
        row=row,
        problem=problem,
        typed=typed,
        followup=followup,
        is_open=is_open,
        form=complete_form or cancel_form or reassign_form,
        complete_form=complete_form or (AnswerForm() if chased else CompleteForm()),
        cancel_form=cancel_form or CancelForm(formdata=None),
        reassign_form=reassign_form or _reassign_form(row),
        may_complete=is_open and may_complete_followup(actor, followup).allowed,
        why_not="" if not is_open else may_complete_followup(actor, followup).reason,
        may_cancel=is_open and may_cancel_followup(actor, followup).allowed,
        may_reassign=is_open and may_reassign_followup(actor, followup).allowed,
    )


def _reassign_form(row: FollowUpRow) -> ReassignForm:
    form = ReassignForm()
    form.offer(owners(current_session(), row.followup.agency_id, [areas_of(row.followup.case)]))
    return form


def _next_words(followup: FollowUp) -> str:
    """What happens next, for the banner."""
    if followup.case is not None and followup.case.next_action.startswith("Every follow-up is done"):
        return f"It was the last one: case {followup.case.reference} can be closed."
    return "It is on the case’s timeline." if followup.case_id else "It is off the list."


def _back(followup: FollowUp) -> str:
    """Where the button was pressed: the case's page when the form says so, else the list."""
    if request.form.get("back") == "case" and followup.case_id is not None:
        return url_for("cases.show", case_id=followup.case_id)
    return url_for(".index", whose=request.form.get("whose") if request.form.get("whose") in set(Whose) else None)


def _wanted() -> FollowUpFilter:
    args = request.args
    usual = Whose.AGENCY if current_actor().has(Permission.CASE_QUEUE) else Whose.MINE
    when, whose, kind = args.get("when", ""), args.get("whose", ""), args.get("kind", "")
    return FollowUpFilter(
        when=When(when) if when in set(When) else When.DUE,
        whose=Whose(whose) if whose in set(Whose) else usual,
        kind=FollowUpKind(kind) if kind in set(FollowUpKind) else None,
    )


def _after() -> tuple[datetime, UUID] | None:
    parts = read_cursor(_CURSOR, request.args.get("after"))
    if parts is None:
        return None
    moment, followup_id = parts
    return datetime.fromisoformat(str(moment)), UUID(str(followup_id))
