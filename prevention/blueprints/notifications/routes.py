"""Very-high alerts on every coordinator's screen, and the messages an agency has sent."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.domain.account import Permission
from prevention.extensions import current_session
from prevention.models.notification import MessageState
from prevention.policies.notifications import may_retry_message
from prevention.queries import notifications as queries
from prevention.queries.notifications import OpenAlert
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


@bp.app_context_processor
def _banner() -> dict[str, object]:
    return {"alert_banner": alert_banner}


def alert_banner() -> dict[str, object] | None:
    """What the banner shows to this request's actor: the first alerts, how many there are, and their version."""
    found = queries.open_alerts(current_session(), current_actor())
    if not found:
        return None
    shown = [
        {
            "words": alert.words,
            "due_at": alert.due_at,
            "url": url_for("cases.show", case_id=alert.case_id),
            "acknowledge_url": url_for("notifications.acknowledge", alert_id=alert.id),
        }
        for alert in (found if len(found) <= _SHOWN else found[:1])
    ]
    return {"shown": shown, "count": len(found), "etag": _etag(found), "all_url": url_for("notifications.open_alerts")}


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
    """Every open alert, each to be acknowledged by name."""
    found = queries.open_alerts(current_session(), current_actor())
    return render_template("notifications/open_alerts.html", found=found, most=queries.MOST_ALERTS)


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
    page = queries.sent_messages(current_session(), current_actor(), state=state, after=_after())
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


def _etag(found: Sequence[OpenAlert]) -> str:
    """A version of what the banner says; the words on screen are fixed times, so nothing else changes it."""
    told = [f"{alert.id} {alert.words} {alert.due_at}" for alert in found]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]


def _chosen_state() -> MessageState | None:
    chosen = request.args.get("state", "")
    return MessageState(chosen) if chosen in set(MessageState) else None


def _after() -> tuple[datetime, UUID] | None:
    parts = read_cursor(_CURSOR, request.args.get("after"))
    if parts is None:
        return None
    created_at, message_id = parts
    return datetime.fromisoformat(str(created_at)), UUID(str(message_id))


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
