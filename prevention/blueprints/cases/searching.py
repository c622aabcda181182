"""One search box. What is typed is posted, page by page too, so that it is in no address and no log."""

from datetime import datetime
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.cases.blueprint import bp
from prevention.blueprints.cases.forms import SearchForm
from prevention.domain.account import Permission
from prevention.extensions import current_session
from prevention.queries.cases.search import SearchKey, can_search, exact_case, search
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor


@bp.route("/search", methods=["GET", "POST"], endpoint="search")
@guarded(Permission.CASE_VIEW)
def search_cases() -> ResponseReturnValue:
    """Cases that fit what was typed; an exact reference goes straight to its case."""
    form = SearchForm()
    session, actor, now = current_session(), current_actor(), utc_now()
    if not form.is_submitted():
        return render_template("cases/search.html", search=form, page=None, typed="", problem="", now_at=now)
    typed, problem = form.typed, form.problem
    if not form.validate() or problem:
        return render_template("cases/search.html", search=form, page=None, typed=typed, problem=problem, now_at=now)
    after = _key(form.after.data)
    if after is None:
        exact = exact_case(session, actor, typed)
        if exact is not None:
            return redirect(url_for("cases.show", case_id=exact), 303)
    page = search(session, actor, typed, after=after)
    return render_template(
        "cases/search.html",
        search=form,
        page=page,
        typed=typed,
        problem="" if can_search(typed) else "Enter at least 2 letters or numbers",
        after=write_cursor("search", (key.closed, key.risk_rank, key.act_by, key.case_id))
        if (key := page.following)
        else None,
        is_first=after is None,
        now_at=now,
    )


def _key(sealed: str | None) -> SearchKey | None:
    match read_cursor("search", sealed):
        case [bool() as closed, int() as rank, str() as act_by, str() as case_id]:
            return SearchKey(closed, rank, datetime.fromisoformat(act_by), UUID(case_id))
    return None
