"""A case's history in words: its audit events, newest first, one page at a time.

An agency reads of its own people by name. Of another agency's doings it reads who of them by agency and role, and no
more than how far the case has come: follow-ups, reasons for a look at an address and answers to likenesses stay with
those who did them, for what they are called may tell of health, crime or safeguarding (domain.md 4.4).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from prevention.domain.account import Actor, Role
from prevention.domain.address_reveal import RevealReason
from prevention.domain.case import ContactMethod, ContactResult, HoldReason, RejectReason
from prevention.domain.followup import FollowUpKind
from prevention.domain.match import ReviewAnswer
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.policies.followups import visible_followups
from prevention.policies.sharing import may_know

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
    """One thing that happened. ``by`` names a person of the reader's own agency, else their agency and role."""

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
        select(AuditEvent, User.name, Membership.role, Agency.short_name, Case.owner_agency_id)
        .join(Case, Case.id == AuditEvent.case_id)
        .outerjoin(User, User.id == AuditEvent.user_id)
        .outerjoin(Agency, Agency.id == AuditEvent.agency_id)
        .outerjoin(
            Membership,
            and_(Membership.user_id == AuditEvent.user_id, Membership.agency_id == AuditEvent.agency_id),
        )
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
    names = _names(session, actor, [row[0] for row in shown])
    own_followups = _own_followups(session, actor, [row[0] for row in shown])
    entries = tuple(
        TimelineEntry(
            id=event.id,
            at=event.at,
            title=_TITLES.get(event.tag) or event.tag.value.partition(":")[2].replace("_", " ").capitalize(),
            by=_by(actor, event, name, role, agency),
            words=_words(actor, event, names, own=_is_own(actor, event, owner_id, own_followups)),
        )
        for event, name, role, agency, owner_id in shown
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
    AuditTag.MARK_KEPT: "Address kept confidential",
    AuditTag.MARK_REMOVAL_ASKED: "Asked whether the address is still confidential",
    AuditTag.MARK_REMOVAL_DECLINED: "Address stays confidential",
    AuditTag.MARK_TAKEN_OFF: "Address no longer confidential",
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
    AuditTag.FOLLOWUP_REASSIGNED: "Follow-up given to somebody else",
    AuditTag.ONWARD_REFERRED: "Referred onward",
    AuditTag.REFERRER_TOLD: "Referrer told",
}

Detail = dict[str, Any]
Names = dict[str, str]


def _by(actor: Actor, event: AuditEvent, name: str | None, role: Role | None, agency: str | None) -> str:
    if event.user_id is None:
        return "Prevention"
    if event.agency_id == actor.agency_id:
        return name or ""
    return f"{agency or 'Another agency'}, {role.label.lower()}" if role else agency or "Another agency"


def _is_own(actor: Actor, event: AuditEvent, owner_id: UUID, own_followups: frozenset[UUID]) -> bool:
    """Whether the actor's agency did this; what the product did by itself, it did for the owner."""
    if event.tag in _OF_FOLLOWUPS:
        return event.subject_id in own_followups
    return actor.agency_id == (event.agency_id or owner_id)


def _words(actor: Actor, event: AuditEvent, names: Names, *, own: bool) -> str:
    if event.tag in _OWN_WORDS and not own:
        return ""
    for key, kind in _MAY_TELL.get(event.tag, {}).items():
        code = _code(kind, event.detail.get(key))
        if code is not None and not may_know(actor, code, own=own):
            return ""
    write = _WORDS.get(event.tag)
    return write(event.detail, names) if write else ""


def _code(kind: type[StrEnum], value: object) -> StrEnum | None:
    return next((member for member in kind if member.value == value), None)


def _label(kind: type[StrEnum], value: object) -> str:
    member = _code(kind, value)
    return str(getattr(member, "label", member)) if member is not None else ""


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


def _joined(detail: Detail, _names: Names) -> str:
    return "Joined automatically." if detail.get("automatic") else "Joined by a person."


def _told(detail: Detail, _names: Names) -> str:
    count = int(detail.get("messages", 0))
    return f"{count} message{'' if count == 1 else 's'}." if count else ""


def _one(kind: type[StrEnum], key: str) -> Callable[[Detail, Names], str]:
    def write(detail: Detail, _names: Names) -> str:
        words = _label(kind, detail.get(key))
        return f"{words}." if words else ""

    return write


_OF_FOLLOWUPS = frozenset(
    {
        AuditTag.FOLLOWUP_PLANNED,
        AuditTag.FOLLOWUP_FELL_DUE,
        AuditTag.FOLLOWUP_DONE,
        AuditTag.FOLLOWUP_CANCELLED,
        AuditTag.FOLLOWUP_REASSIGNED,
    }
)
#: Events whose words are for the agency that did them.
_OWN_WORDS = _OF_FOLLOWUPS | {AuditTag.ADDRESS_REVEALED, AuditTag.MATCH_ANSWERED}
#: Codes in events that may tell of somebody's health, by the key they stand under.
_MAY_TELL: Mapping[AuditTag, Mapping[str, type[StrEnum]]] = {
    AuditTag.CASE_HELD: {"reason": HoldReason},
    AuditTag.CASE_CLOSED: {"outcome": VisitOutcome},
}

_WORDS: Mapping[AuditTag, Callable[[Detail, Names], str]] = {
    AuditTag.REFERRAL_JOINED: _joined,
    AuditTag.ADDRESS_REVEALED: _one(RevealReason, "reason"),
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
    AuditTag.VISIT_BOOKED: lambda detail, _: "It was started by mistake." if detail.get("started_by_mistake") else "",
    AuditTag.FOLLOWUP_PLANNED: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_FELL_DUE: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_DONE: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_CANCELLED: _one(FollowUpKind, "kind"),
    AuditTag.FOLLOWUP_REASSIGNED: _one(FollowUpKind, "kind"),
    AuditTag.REFERRER_TOLD: _told,
}


def _own_followups(session: Session, actor: Actor, events: Iterable[AuditEvent]) -> frozenset[UUID]:
    """Of the follow-ups that events speak of, those the actor may see."""
    ids = {event.subject_id for event in events if event.tag in _OF_FOLLOWUPS}
    if not ids:
        return frozenset()
    return frozenset(session.scalars(select(FollowUp.id).where(FollowUp.id.in_(ids), visible_followups(actor))))


def _names(session: Session, actor: Actor, events: Sequence[AuditEvent]) -> Names:
    """Names of the people, teams and agencies that events speak of by id; of another agency's people only the role."""
    wanted: dict[str, set[UUID]] = {"user": set(), "team": set(), "to": set()}
    for event in events:
        for key, ids in wanted.items():
            value = event.detail.get(key)
            if isinstance(value, str):
                try:
                    ids.add(UUID(value))
                except ValueError:
                    continue
    found: Names = {}
    for key, column, name in (("team", Team.id, Team.name), ("to", Agency.id, Agency.name)):
        if wanted[key]:
            found.update(
                (str(row[0]), row[1]) for row in session.execute(select(column, name).where(column.in_(wanted[key])))
            )
    return found | (_people(session, actor, wanted["user"]) if wanted["user"] else {})


def _people(session: Session, actor: Actor, ids: set[UUID]) -> Names:
    """Each by name when they work in the actor's agency, else as "a field officer of LFB"."""
    found: Names = {}
    rows = session.execute(
        select(User.id, User.name, Membership.agency_id, Membership.role, Agency.short_name)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(User.id.in_(ids))
        .order_by(Membership.agency_id == actor.agency_id, Membership.id)
    )
    for row in rows:  # the actor's own agency last: it is the one that counts
        is_colleague = row.agency_id == actor.agency_id
        found[str(row.id)] = row.name if is_colleague else f"a {row.role.label.lower()} of {row.short_name}"
    return found
