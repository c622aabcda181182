"""Changes to confirm: what a file would change and only a person of the referral's own agency may."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from prevention.blueprints.referrals.blueprint import bp
from prevention.blueprints.referrals.wording import change_rows, label_of
from prevention.domain.account import Permission
from prevention.errors import Conflict, Invalid, NotFound
from prevention.extensions import current_session
from prevention.models.referral import ProposalState
from prevention.queries.referrals.proposals import (
    being_settled_count,
    file_answer,
    files_of_proposals,
    is_own_file,
    proposal_view,
    waiting_proposals,
)
from prevention.services.referrals import proposing
from prevention.web.auth import current_actor
from prevention.web.fields import LongTextField, RadiosField
from prevention.web.filters import plural
from prevention.web.form_handling import row_asked_for, show_problems, typed_version
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

ACCEPT, DECLINE = "accept", "decline"
_DONE = {
    ACCEPT: "Referral amended. The case is assessed again with the change.",
    DECLINE: "The referral stays as it was. The same file does not ask again.",
}


def _why() -> LongTextField:
    """The field for why one answered so; made anew for each form, in its place among the form's fields."""
    return LongTextField(
        "Why? (optional)",
        [Length(max=500, message="Why must be 500 characters or fewer")],
        rows=2,
        filters=[lambda text: text.replace("\x00", "") if text else text],
    )


class ProposalForm(FlaskForm):  # type: ignore[misc]  # the package ships no types
    """Whether a referral shall say what a file says."""

    answer = RadiosField(
        "What shall the referral say?",
        [InputRequired("Choose what the referral shall say")],
        choices={ACCEPT: "What the file says", DECLINE: "What it says now"},
        hints={
            ACCEPT: "The referral is amended in your name, and its case is assessed again.",
            DECLINE: "Nothing changes. The same file does not ask again.",
        },
    )
    reason = _why()
    version = HiddenField()


class FileAnswerForm(FlaskForm):  # type: ignore[misc]
    """One answer to all that a file would change."""

    answer = RadiosField(
        "What shall these referrals say?",
        [InputRequired("Choose what these referrals shall say")],
        choices={ACCEPT: "What the file says", DECLINE: "What they say now"},
        hints={
            ACCEPT: "Each referral is amended in your name, and its case is assessed again.",
            DECLINE: "Nothing changes. The same file does not ask again.",
        },
    )
    reason = _why()
    stamp = HiddenField()


@bp.get("/proposed")
@guarded(Permission.REFERRAL_AMEND)
def proposed() -> ResponseReturnValue:
    """What waits for one's agency to confirm, oldest first: all of it, or what one file would change."""
    after, run_id = row_asked_for("after"), row_asked_for("file")
    page = waiting_proposals(current_session(), current_actor(), after=after, run_id=run_id)
    files = files_of_proposals(current_session(), current_actor())
    return render_template(
        "referrals/proposed.html",
        page=page,
        files=files if run_id is None else [file for file in files if file.run_id == run_id],
        of_one_file=run_id is not None,
        being_settled=being_settled_count(current_session(), current_actor()),
        label_of=label_of,
        next_url=url_for("referrals.proposed", after=page.after, file=run_id) if page.after else None,
        first_url=url_for("referrals.proposed", file=run_id) if after else None,
    )


@bp.route("/proposed/files/<uuid:run_id>", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_AMEND)
def settle_file(run_id: UUID) -> ResponseReturnValue:
    """What one file would change in all, and one answer to it. A stale answer shows what waits now."""
    try:
        found = file_answer(current_session(), current_actor(), run_id)
    except NotFound:
        if request.method == "GET" or not is_own_file(current_session(), current_actor(), run_id):
            raise
        flash("Your answer was not kept. Nothing of that file waits for an answer any more.", "info")
        return redirect(url_for("referrals.proposed"))
    form = FileAnswerForm(stamp=found.stamp)
    if found.file.about_another == found.file.waiting:
        form.answer.choices = [(DECLINE, "What they say now")]
    status = 200
    if form.validate_on_submit():
        answer = ProposalState.ACCEPTED if form.answer.data == ACCEPT else ProposalState.DECLINED
        try:
            with work_as(current_actor()) as work:
                count = proposing.answer_file(
                    work, run_id, answer, stamp=form.stamp.data or "", reason=form.reason.data or ""
                )
        except Conflict as conflict:
            flash(f"Your answer was not kept. {conflict}", "info")
            found = file_answer(current_session(), current_actor(), run_id)
            form.stamp.data, status = found.stamp, 409
        else:
            said = f"{plural(count, 'change')} will be {answer.label.lower()} within a few minutes."
            flash(f"{said} What cannot be stays here.", "success")
            return redirect(url_for("referrals.proposed"))
    return render_template("referrals/settle_file.html", found=found, form=form, label_of=label_of), status


@bp.route("/proposed/<uuid:proposal_id>", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_AMEND)
def settle(proposal_id: UUID) -> ResponseReturnValue:
    """One proposed change beside what the referral says now, and the answer. A stale answer shows both anew."""
    found = proposal_view(current_session(), current_actor(), proposal_id)
    form = ProposalForm(version=str(found.version))
    if found.proposal.about_another:
        form.answer.choices = [(DECLINE, "What it says now")]
    status = 200
    if form.validate_on_submit():
        try:
            _answer(proposal_id, form)
        except Conflict as conflict:
            flash(f"Your answer was not kept. {conflict}", "info")
            found = proposal_view(current_session(), current_actor(), proposal_id)
            form.version.data, status = str(found.version), 409
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            flash(_DONE[form.answer.data], "success")
            return redirect(url_for("referrals.proposed"))
    waits = found.proposal.state is ProposalState.WAITING
    rows = change_rows(found.changes)
    return render_template("referrals/settle.html", found=found, form=form, waits=waits, rows=rows), status


def _answer(proposal_id: UUID, form: ProposalForm) -> None:
    reason = form.reason.data or ""
    with work_as(current_actor()) as work:
        if form.answer.data == ACCEPT:
            proposing.accept(work, proposal_id, version=typed_version(form.version.data), reason=reason)
        else:
            proposing.decline(work, proposal_id, reason=reason)
