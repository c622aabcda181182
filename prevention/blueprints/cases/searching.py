"""One search box. What is typed is posted, page by page too, so that it is in no address and no log."""

from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.cases.blueprint import bp
from prevention.blueprints.cases.forms import SearchForm
from prevention.domain.account import Permission
from prevention.extensions import current_session
from prevention.queries.cases.search import SearchKey, SearchPage, can_search, exact_case, search
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor


@bp.route("/search", methods=["GET", "POST"], endpoint="search")
@guarded(Permission.CASE_VIEW)
def search_cases() -> ResponseReturnValue:
    """Cases that fit what was typed; an exact reference goes straight to its case."""
    form = SearchForm()
    if not form.is_submitted():
        return _page(form)
    if not form.validate() or form.problem:
        return _page(form, problem=form.problem)
    session, actor, after = current_session(), current_actor(), _key(form.after.data)
    if after is None:
        exact = exact_case(session, actor, form.typed)
        if exact is not None:
            return redirect(url_for("cases.show", case_id=exact), 303)
    problem = "" if can_search(form.typed) else "Enter at least 2 letters or numbers"
    return _page(form, search(session, actor, form.typed, after=after), problem)


def _page(form: SearchForm, page: SearchPage | None = None, problem: str = "") -> str:
    form.q.errors = [problem] if problem else []
    key = page.following if page else None
    return render_template(
        "cases/search.html",
        form=form,
        page=page,
        typed=form.typed,
        problem=problem,
        after=write_cursor("search", (key.closed, key.risk_rank, key.act_by, key.case_id)) if key else None,
        now_at=utc_now(),
    )


def _key(sealed: str | None) -> SearchKey | None:
    match read_cursor("search", sealed):
        case [bool() as closed, int() as rank, str() as act_by, str() as case_id]:
            return SearchKey(closed, rank, datetime.fromisoformat(act_by), UUID(case_id))
    return None
