"""The review list: what may be the same concern, the same person or the same household, for a person to say."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.matches.forms import AnswerForm
from prevention.domain.account import Permission
from prevention.domain.match import ReviewAnswer
from prevention.errors import Conflict, Invalid, NotFound
from prevention.extensions import current_session
from prevention.queries import matches as queries
from prevention.queries.matches import Pair, ReviewKey
from prevention.queries.referrals.proposals import waiting_count
from prevention.services.matches import reviewing
from prevention.web.auth import current_actor
from prevention.web.form_handling import show_problems
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor
from prevention.web.transactions import work_as

bp = Blueprint("matches", __name__, url_prefix="/review")

_DONE = {
    ReviewAnswer.SAME_CONCERN: "Joined. {case} goes on for both; {own} is closed as a duplicate.",
    ReviewAnswer.SAME_HOME_SAME_CONCERN: "Joined. {case} goes on for everybody of the home; {own} is closed as a "
    "duplicate.",
    ReviewAnswer.SAME_PERSON_NEW_CONCERN: "Linked as one person. Both cases stay open.",
    ReviewAnswer.SAME_HOUSEHOLD: "Linked as one household. Both cases stay open.",
    ReviewAnswer.NOT_RELATED: "Kept as not related. You are not asked again.",
}


@bp.get("", endpoint="review_list")
@guarded(Permission.MATCH_REVIEW)
def review_list() -> ResponseReturnValue:
    """What waits for an answer, the highest risk first; of one case when the address names it."""
    session, actor = current_session(), current_actor()
    case_id = request.args.get("case", type=UUID)
    page = queries.review_page(session, actor, after=_key(request.args.get("after")), case_id=case_id)
    return render_template(
        "matches/review_list.html",
        page=page,
        of_case=case_id is not None,
        elsewhere=queries.elsewhere(session, actor),
        to_confirm=waiting_count(session, actor),
        next_url=url_for("matches.review_list", after=_cursor(page.following), case=case_id)
        if page.following
        else None,
    )


@bp.route("/<uuid:candidate_id>", methods=["GET", "POST"])
@guarded(Permission.MATCH_REVIEW)
def answer(candidate_id: UUID) -> ResponseReturnValue:
    """One pair side by side, and the answer."""
    form = AnswerForm()
    pair = queries.pair(current_session(), current_actor(), candidate_id)
    if pair is None:
        return _settled(candidate_id, form)
    if pair.why_two:
        form.answer.choices = {value.value: value.label for value in ReviewAnswer if not value.joins}
    if not form.validate_on_submit():
        return _show(pair, form, 400 if form.is_submitted() else 200)
    given: ReviewAnswer = form.answer.data
    try:
        with work_as(current_actor()) as work:
            reviewing.answer(work, candidate_id, given, reason=form.reason.data or "")
    except Invalid as invalid:
        show_problems(form, invalid)
        return _show(pair, form, 400)
    except Conflict:
        return _settled(candidate_id, form)
    flash(_DONE[given].format(case=pair.case.case_reference, own=pair.referral.case_reference), "success")
    if given.joins:
        return redirect(url_for("cases.show", case_id=pair.case.case_id), 303)
    return redirect(url_for("matches.review_list"), 303)


def _settled(candidate_id: UUID, form: AnswerForm) -> ResponseReturnValue:
    """Nothing is asked any more: back to the list, which says what somebody answered.

    Raises:
        Conflict: the reader answers too; the page of the error gives back what they wrote.
        NotFound: nobody answered, or the reader could not have.
    """
    given = queries.answer_given(current_session(), current_actor(), candidate_id)
    if given is None:
        raise NotFound
    words = f"Somebody has answered this one already: {given.label}."
    if form.is_submitted():
        raise Conflict(words)
    flash(words, "notice")
    return redirect(url_for("matches.review_list"), 303)


def _show(pair: Pair, form: AnswerForm, status: int) -> ResponseReturnValue:
    return render_template("matches/pair.html", pair=pair, form=form), status


def _cursor(key: ReviewKey) -> str:
    return write_cursor("review", (key.risk_rank, key.found_at, key.candidate_id))


def _key(sealed: str | None) -> ReviewKey | None:
    match read_cursor("review", sealed):
        case [int() as rank, str() as found_at, str() as candidate_id]:
            return ReviewKey(rank, datetime.fromisoformat(found_at), UUID(candidate_id))
    return None
