"""The queue and the page of one case."""

from datetime import datetime
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from prevention.blueprints.cases.blueprint import bp
from prevention.blueprints.cases.filtering import filter_args, filter_form, read_filter, selected
from prevention.blueprints.cases.forms import SelectForm
from prevention.domain.account import Permission
from prevention.extensions import current_session
from prevention.queries.cases.counts import boroughs, counts, teams_of
from prevention.queries.cases.page import case_page
from prevention.queries.cases.queue import QueueKey, Scope, queue
from prevention.queries.cases.timeline import TimelineKey, timeline
from prevention.services.cases.viewing import note_viewed
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor
from prevention.web.transactions import work_as


@bp.get("/", endpoint="queue")
@guarded(Permission.CASE_QUEUE)
def own_queue() -> ResponseReturnValue:
    """The open cases of one's own agency, worst and most pressing first."""
    return queue_page(Scope.OWN, request.args)


@bp.get("/shared")
@guarded(Permission.CASE_QUEUE)
def shared() -> ResponseReturnValue:
    """Open cases another agency owns and one's own is involved in."""
    return queue_page(Scope.SHARED, request.args)


def queue_page(scope: Scope, args: MultiDict[str, str], problem: str = "") -> str:
    """The queue narrowed and paged as ``args`` say; with a ``problem``, why the ticked cases could not be taken on."""
    session, actor, now = current_session(), current_actor(), utc_now()
    endpoint = "cases.queue" if scope is Scope.OWN else "cases.shared"
    wanted = read_filter(args, actor, scope)
    page = queue(
        session,
        actor,
        wanted,
        now,
        after=_queue_key(args.get("after")),
        before=_queue_key(args.get("before")),
    )
    form = SelectForm(formdata=None)
    form.all.errors = [problem] if problem else []
    all_boroughs = boroughs(session)
    teams = [(str(team_id), name) for team_id, name in teams_of(session, actor.agency_id)]
    filters = filter_args(wanted)
    cursors = {name: args[name] for name in ("after", "before") if args.get(name)}
    return render_template(
        "cases/queue.html",
        endpoint=endpoint,
        is_own=scope is Scope.OWN,
        page=page,
        counts=counts(session, actor, now),
        form=form if scope is Scope.OWN and actor.has(Permission.CASE_ASSIGN) else None,
        filters=filter_form(args, actor, all_boroughs, teams),
        filter_args=filters,
        cursors=cursors,
        selected=selected(wanted, endpoint, dict(all_boroughs), dict(teams)),
        previous_url=url_for(endpoint, **filters, before=_cursor(page.previous)) if page.previous else None,  # type: ignore[arg-type]
        next_url=url_for(endpoint, **filters, after=_cursor(page.following)) if page.following else None,  # type: ignore[arg-type]
        now_at=now,
    )


def _cursor(key: QueueKey) -> str:
    return write_cursor("queue", (key.risk_rank, key.act_by, key.case_id))


def _queue_key(sealed: str | None) -> QueueKey | None:
    match read_cursor("queue", sealed):
        case [int() as rank, str() as act_by, str() as case_id]:
            return QueueKey(rank, datetime.fromisoformat(act_by), UUID(case_id))
    return None


@bp.get("/<uuid:case_id>")
@guarded(Permission.CASE_VIEW)
def show(case_id: UUID) -> ResponseReturnValue:
    """One case. That it was looked at is kept after the page is made and before it is sent: no trace, no page."""
    page = _case(case_id, "cases/show.html")
    with work_as(current_actor()) as work:
        note_viewed(work, case_id)
    return page


@bp.get("/<uuid:case_id>/print")
@guarded(Permission.CASE_VIEW)
def sheet(case_id: UUID) -> ResponseReturnValue:
    """One case on paper."""
    page = _case(case_id, "cases/print.html")
    with work_as(current_actor()) as work:
        note_viewed(work, case_id)
    return page


def _case(case_id: UUID, template: str) -> str:
    session, actor, now = current_session(), current_actor(), utc_now()
    found = case_page(session, actor, case_id)
    history = timeline(session, actor, case_id, before=_timeline_key(request.args.get("before")))
    version = str(found.header.case.version_id)
    return render_template(
        template,
        page=found,
        header=found.header,
        case=found.header.case,
        rights=found.header.rights,
        history=history,
        older_url=url_for("cases.show", case_id=case_id, before=_timeline_cursor(history.older), _anchor="timeline")
        if history.older
        else None,
        tap_fields={"version": version, "seen": now.isoformat()},
        now_at=now,
    )


def _timeline_cursor(key: TimelineKey) -> str:
    return write_cursor("timeline", (key.at, key.event_id))


def _timeline_key(sealed: str | None) -> TimelineKey | None:
    match read_cursor("timeline", sealed):
        case [str() as at, str() as event_id]:
            return TimelineKey(datetime.fromisoformat(at), UUID(event_id))
    return None
