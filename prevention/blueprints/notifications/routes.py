"""Very-high alerts on every coordinator's screen, and the messages an agency has sent."""

import hashlib
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.domain.account import Permission
from prevention.errors import NotFound
from prevention.extensions import current_session
from prevention.models.notification import MessageState
from prevention.policies.notifications import may_retry_message
from prevention.queries import notifications as queries
from prevention.queries.notifications import NewestAlerts
from prevention.services.notifications import alerts as alert_service
from prevention.services.notifications import sending
from prevention.services.notifications.wording import MessageKind, with_site
from prevention.settings import Settings
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor
from prevention.web.transactions import work_as

bp = Blueprint("notifications", __name__)

#: Alerts the banner lists by name. When there are more, it names the first and the rest are a link away, so that the
#: page below stays in sight.
_SHOWN = 3
_CURSOR = "sent-messages"
_ALERTS_CURSOR = "open-alerts"


@bp.app_context_processor
def _banner() -> dict[str, object]:
    return {"alert_banner": alert_banner}


def alert_banner() -> dict[str, object] | None:
    """What the banner shows to this request's actor: the newest alerts, how many there are, and their version."""
    found = queries.newest_alerts(current_session(), current_actor(), limit=_SHOWN)
    if not found.count:
        return None
    shown = [
        {
            "words": alert.words,
            "due_at": alert.due_at,
            "url": url_for("cases.show", case_id=alert.case_id),
            "acknowledge_url": url_for("notifications.acknowledge", alert_id=alert.id),
        }
        for alert in (found.alerts if found.count <= _SHOWN else found.alerts[:1])
    ]
    return {"shown": shown, "count": found.count, "etag": _etag(found), "all_url": url_for("notifications.open_alerts")}


@bp.get("/alerts")
@guarded(Permission.CASE_TRIAGE)
def alerts() -> ResponseReturnValue:
    """The banner alone, for the script that keeps it fresh; 304 while nothing changed."""
    banner = alert_banner()
    etag = str(banner["etag"]) if banner else "none"
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        response = make_response(render_template("notifications/_alerts.html", banner=banner))
    response.set_etag(etag, weak=True)
    return response


@bp.get("/alerts/open")
@guarded(Permission.CASE_TRIAGE)
def open_alerts() -> ResponseReturnValue:
    """Every open alert, newest first, to be acknowledged by name: each, or all that the page lists."""
    after = _after(_ALERTS_CURSOR)
    page = queries.open_alerts(current_session(), current_actor(), after=after)
    return render_template(
        "notifications/open_alerts.html",
        found=page.alerts,
        next_url=page.next_key and url_for(".open_alerts", after=write_cursor(_ALERTS_CURSOR, page.next_key)),
        first_url=url_for(".open_alerts") if after else None,
    )


@bp.post("/alerts/acknowledge")
@guarded(Permission.CASE_TRIAGE)
def acknowledge_listed() -> ResponseReturnValue:
    """Say by name that somebody has seen the alerts a page listed, and no others."""
    ids = _listed()
    with work_as(current_actor()) as work:
        named = alert_service.acknowledge_alerts(work, ids)
    if named:
        cases = "1 case" if named == 1 else f"{named} cases"
        flash(f"Your name is on {cases}. Now make sure that somebody goes to each home.", "success")
    else:
        flash("Somebody’s name is on all of them already.", "info")
    return redirect(url_for(".open_alerts"))


@bp.post("/alerts/<uuid:alert_id>/acknowledge")
@guarded(Permission.CASE_TRIAGE)
def acknowledge(alert_id: UUID) -> ResponseReturnValue:
    """Say by name that somebody has seen the alert, and go to its case."""
    with work_as(current_actor()) as work:
        alert = alert_service.acknowledge_alert(work, alert_id)
        case_id, reference = alert.case_id, alert.case.reference
    flash(f"Your name is on case {reference}. Now make sure that somebody goes to the home.", "success")
    return redirect(url_for("cases.show", case_id=case_id))


@bp.get("/messages")
@guarded(Permission.MESSAGES_VIEW)
def sent() -> ResponseReturnValue:
    """The messages the actor's agency has written, newest first."""
    state = _chosen_state()
    chosen = state.value if state else None
    page = queries.sent_messages(current_session(), current_actor(), state=state, after=_after(_CURSOR))
    next_url = page.next_key and url_for(".sent", after=write_cursor(_CURSOR, page.next_key), state=chosen)
    return render_template(
        "notifications/sent.html",
        messages=[(message, MessageKind(message.template).label) for message in page.messages],
        state=state,
        states=list(MessageState),
        next_url=next_url,
        first_url=url_for(".sent", state=chosen) if "after" in request.args else None,
        nothing_leaves=not _settings().smtp_host,
    )


@bp.get("/messages/<uuid:message_id>")
@guarded(Permission.MESSAGES_VIEW)
def message(message_id: UUID) -> ResponseReturnValue:
    """One message as its recipient reads it."""
    actor = current_actor()
    found = queries.sent_message(current_session(), actor, message_id)
    return render_template(
        "notifications/message.html",
        message=found,
        kind=MessageKind(found.template).label,
        body=with_site(found, _settings().public_url),
        may_retry=may_retry_message(actor, found).allowed,
        nothing_leaves=not _settings().smtp_host,
    )


@bp.post("/messages/<uuid:message_id>/retry")
@guarded(Permission.MESSAGES_VIEW)
def retry(message_id: UUID) -> ResponseReturnValue:
    """Send a failed message again."""
    with work_as(current_actor()) as work:
        sending.retry(work, message_id)
    flash("The message waits to be sent again. This takes a few seconds.", "success")
    return redirect(url_for(".message", message_id=message_id))


def _etag(found: NewestAlerts) -> str:
    """A version of what the banner says: how many, and the newest. Times on screen are fixed words."""
    told = [str(found.count)]
    told += [f"{alert.raised_at} {alert.id} {alert.words} {alert.due_at}" for alert in found.alerts]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def _chosen_state() -> MessageState | None:
    chosen = request.args.get("state", "")
    return MessageState(chosen) if chosen in set(MessageState) else None


def _listed() -> list[UUID]:
    """The ids a page posts. What no page of ours sends is answered as an alert that is not there."""
    try:
        ids = [UUID(given) for given in request.form.getlist("alert")]
    except ValueError:
        raise NotFound from None
    if not 1 <= len(ids) <= queries.PAGE_SIZE:
        raise NotFound
    return ids


def _after(cursor: str) -> tuple[datetime, UUID] | None:
    parts = read_cursor(cursor, request.args.get("after"))
    if parts is None:
        return None
    at, row_id = parts
    return datetime.fromisoformat(str(at)), UUID(str(row_id))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
