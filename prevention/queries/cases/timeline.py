"""A case's history in words: its audit events, newest first, one page at a time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from prevention.domain.account import Actor
from prevention.domain.case import ContactMethod, ContactResult, HoldReason, RejectReason
from prevention.domain.followup import FollowUpKind
from prevention.domain.match import ReviewAnswer
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.models.account import User
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditEvent, AuditTag
from prevention.policies.sharing import shared_reasons

PAGE_SIZE = 50
#: Who looked is in the trail, not on the timeline.
_UNSHOWN = (AuditTag.CASE_VIEWED,)


@dataclass(frozen=True, slots=True)
class TimelineKey:
    """Where an event stands."""

    at: datetime
    event_id: UUID


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened. ``by`` names a person of the reader's own agency, else only their agency."""

    id: UUID
    at: datetime
    title: str
    by: str
    words: str


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of entries, and the key from which older ones are read."""

    entries: tuple[TimelineEntry, ...]
    older: TimelineKey | None


def timeline(
    session: Session,
    actor: Actor,
    case_id: UUID,
    *,
    before: TimelineKey | None = None,
    since: datetime | None = None,
    size: int = PAGE_SIZE,
) -> TimelinePage:
    """What happened to a case the caller has found visible: before a key, or since a time."""
    statement = (
        select(AuditEvent, User.name, Agency.short_name)
        .outerjoin(User, User.id == AuditEvent.user_id)
        .outerjoin(Agency, Agency.id == AuditEvent.agency_id)
        .where(AuditEvent.case_id == case_id, AuditEvent.tag.not_in(_UNSHOWN))
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
        .limit(size + 1)
    )
    if before is not None:
        statement = statement.where(tuple_(AuditEvent.at, AuditEvent.id) < tuple_(before.at, before.event_id))
    if since is not None:
        statement = statement.where(AuditEvent.at > since)
    rows = session.execute(statement).all()
    shown = rows[:size]
    names = _names(session, [row[0].detail for row in shown])
    entries = tuple(
        TimelineEntry(
            id=event.id,
            at=event.at,
            title=_TITLES.get(event.tag) or event.tag.value.partition(":")[2].replace("_", " ").capitalize(),
            by=_by(actor, event, name, agency),
            words=_words(actor, event, names),
        )
        for event, name, agency in shown
    )
    last = entries[-1] if len(rows) > size else None
    return TimelinePage(entries, TimelineKey(last.at, last.id) if last else None)


_TITLES: Mapping[AuditTag, str] = {
    AuditTag.REFERRAL_RECEIVED: "Referral received",
    AuditTag.REFERRAL_JOINED: "Referral joined the case",
    AuditTag.REFERRAL_AMENDED: "Referral amended",
    AuditTag.REFERRAL_SEPARATED: "Referral separated from the case",
    AuditTag.CASE_OPENED: "Case opened",
    AuditTag.CASE_REOPENED: "Case opened again",
    AuditTag.CASE_ASSESSED: "Risk assessed",
    AuditTag.CASE_OVERRIDDEN: "Risk level set by hand",
    AuditTag.CASE_ESCALATED: "Urgent fire risk raised",
    AuditTag.CASE_ACCEPTED: "Case accepted",
    AuditTag.CASE_REJECTED: "Case rejected",
    AuditTag.CASE_REDIRECTED: "Case passed on",
    AuditTag.CASE_SIGNPOSTED: "Answered with advice",
    AuditTag.CASE_HELD: "Put on hold",
    AuditTag.CASE_RESUMED: "Taken up again",
    AuditTag.CASE_ASSIGNED: "Assigned",
    AuditTag.CASE_CONTACTED: "Contact attempt",
    AuditTag.CASE_NOTED: "Note written",
    AuditTag.CASE_CLOSED: "Case closed",
    AuditTag.ALERT_RAISED: "Very high alert raised",
    AuditTag.ALERT_ACKNOWLEDGED: "Very high alert seen",
    AuditTag.ADDRESS_REVEALED: "Confidential address looked at",
    AuditTag.MATCH_FOUND: "Possible match found",
    AuditTag.MATCH_ANSWERED: "Possible match answered",
    AuditTag.VISIT_BOOKED: "Visit booked",
    AuditTag.VISIT_STARTED: "Visit started",
    AuditTag.VISIT_INTERRUPTED: "Visit interrupted",
    AuditTag.VISIT_FINISHED: "Visit finished",
    AuditTag.VISIT_CANCELLED: "Visit cancelled",
    AuditTag.FOLLOWUP_PLANNED: "Follow-up planned",
    AuditTag.FOLLOWUP_FELL_DUE: "Follow-up fell due",
    AuditTag.FOLLOWUP_DONE: "Follow-up done",
    AuditTag.FOLLOWUP_CANCELLED: "Follow-up cancelled",
    AuditTag.ONWARD_REFERRED: "Referred onward",
    AuditTag.REFERRER_TOLD: "Referrer told",
}

Detail = dict[str, Any]
Names = dict[str, str]


def _by(actor: Actor, event: AuditEvent, name: str | None, agency: str | None) -> str:
    if event.user_id is None:
        return "Prevention"
    if event.agency_id == actor.agency_id:
        return name or ""
    return agency or "another agency"


def _words(actor: Actor, event: AuditEvent, names: Names) -> str:
    if event.tag is AuditTag.REFERRAL_JOINED:
        return _joined(actor, event.detail)
    write = _WORDS.get(event.tag)
    return write(event.detail, names) if write else ""


def _joined(actor: Actor, detail: Detail) -> str:
    known = {reason.value for reason in ReferralReason}
    added = shared_reasons(actor, [code for code in detail.get("added", []) if code in known])
    how = "Joined automatically." if detail.get("automatic") else "Joined by a person."
    return f"{how} Added: {', '.join(reason.label.lower() for reason in added)}." if added else how


def _label(kind: type[StrEnum], value: object) -> str:
    for member in kind:
        if member.value == value:
            return str(getattr(member, "label", member.value))
    return ""


def _moved(detail: Detail, _names: Names) -> str:
    was, now = _label(RiskLevel, detail.get("was")), _label(RiskLevel, detail.get("now"))
    if not was or not now:
        return ""
    return f"Still {now.lower()}." if was == now else f"From {was.lower()} to {now.lower()}."


def _assigned(detail: Detail, names: Names) -> str:
    who = names.get(str(detail.get("user"))) or names.get(str(detail.get("team")))
    return f"To {who}." if who else ""


def _redirected(detail: Detail, names: Names) -> str:
    if detail.get("outside"):
        return "To a service outside this list."
    who = names.get(str(detail.get("to")))
    return f"To {who}." if who else ""


def _contacted(detail: Detail, _names: Names) -> str:
    method, result = _label(ContactMethod, detail.get("method")), _label(ContactResult, detail.get("result"))
    return f"{method}: {result.lower()}." if method and result else ""


def _told(detail: Detail, _names: Names) -> str:
    count = int(detail.get("messages", 0))
    return f"{count} message{'' if count == 1 else 's'}." if count else ""


def _one(kind: type[StrEnum], key: str) -> Callable[[Detail, Names], str]:
    def write(detail: Detail, _names: Names) -> str:
        words = _label(kind, detail.get(key))
        return f"{words}." if words else ""

    return write


_WORDS: Mapping[AuditTag, Callable[[Detail, Names], str]] = {
    AuditTag.CASE_OPENED: _one(RiskLevel, "level"),
    AuditTag.CASE_ASSESSED: _moved,
    AuditTag.CASE_OVERRIDDEN: _moved,
    AuditTag.CASE_REJECTED: _one(RejectReason, "reason"),
    AuditTag.CASE_REDIRECTED: _redirected,
    AuditTag.CASE_HELD: _one(HoldReason, "reason"),
    AuditTag.CASE_ASSIGNED: _assigned,
    AuditTag.CASE_CONTACTED: _contacted,
    AuditTag.CASE_NOTED: lambda detail, _: "Shared with the agencies involved." if detail.get("shared") else "",
    AuditTag.CASE_CLOSED: _one(VisitOutcome, "outcome"),
    AuditTag.MATCH_ANSWERED: _one(ReviewAnswer, "answer"),
    AuditTag.FOLLOWUP_PLANNED: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_FELL_DUE: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_DONE: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_CANCELLED: _one(FollowUpKind, "kind"),
    AuditTag.REFERRER_TOLD: _told,
}


def _names(session: Session, details: Iterable[Detail]) -> Names:
    """Names of the people, teams and agencies that events speak of by id."""
    wanted: dict[str, set[UUID]] = {"user": set(), "team": set(), "to": set()}
    for detail in details:
        for key, ids in wanted.items():
            value = detail.get(key)
            if isinstance(value, str):
                try:
                    ids.add(UUID(value))
                except ValueError:
                    continue
    found: Names = {}
    for key, column, name in (
        ("user", User.id, User.name),
        ("team", Team.id, Team.name),
        ("to", Agency.id, Agency.name),
    ):
        if wanted[key]:
            found.update(
                (str(row[0]), row[1]) for row in session.execute(select(column, name).where(column.in_(wanted[key])))
            )
    return found
