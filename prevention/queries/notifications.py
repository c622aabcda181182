"""Reads of very-high alerts and of the messages an agency sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session, load_only

from prevention.domain.account import Actor
from prevention.errors import NotFound
from prevention.models.agency import Area
from prevention.models.case import Case
from prevention.models.notification import Alert, Message, MessageState
from prevention.models.premises import Premises
from prevention.policies.notifications import visible_alerts, visible_messages

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert nobody has acknowledged. ``words`` name the case and its borough, never a person, home or reason.

    Of a confidential home not even the borough: the banner is on every screen (domain.md 4.5).
    """

    id: UUID
    case_id: UUID
    reference: str
    words: str
    due_at: datetime | None
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class NewestAlerts:
    """The alerts raised last, newest first, and how many are open in all."""

    alerts: tuple[OpenAlert, ...]
    count: int


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One page of open alerts, newest first; ``next_key`` begins the next page, None on the last."""

    alerts: tuple[OpenAlert, ...]
    next_key: tuple[datetime, UUID] | None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of sent messages, newest first; ``next_key`` begins the next page, None on the last."""

    messages: tuple[Message, ...]
    next_key: tuple[datetime, UUID] | None


def newest_alerts(session: Session, actor: Actor, *, limit: int) -> NewestAlerts:
    """The ``limit`` open alerts raised last that the actor may see, and the number of all: one statement."""
    rows = session.execute(_open_alerts(actor).add_columns(func.count().over().label("in_all")).limit(limit)).all()
    return NewestAlerts(tuple(_as_open_alert(row) for row in rows), rows[0].in_all if rows else 0)


def open_alerts(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE_SIZE
) -> AlertPage:
    """The open alerts the actor may see on open cases, raised last first, in pages of ``limit``."""
    wanted = _open_alerts(actor).limit(limit + 1)
    if after is not None:
        wanted = wanted.where(tuple_(Alert.raised_at, Alert.id) < after)
    found = [_as_open_alert(row) for row in session.execute(wanted)]
    shown = tuple(found[:limit])
    return AlertPage(shown, (shown[-1].raised_at, shown[-1].id) if len(found) > limit else None)


def _open_alerts(actor: Actor) -> Select[UUID, UUID, str, str, datetime | None, datetime]:
    return (
        select(Alert.id, Alert.case_id, Case.reference, Area.name, Case.due_at, Alert.raised_at)
        .join(Case, Case.id == Alert.case_id)
        .join(Premises, Premises.id == Case.premises_id)
        .outerjoin(Area, and_(Area.code == Case.borough_code, Premises.confidential.is_(False)))
        .where(visible_alerts(actor), Alert.acknowledged_at.is_(None), Case.is_open)
        .order_by(Alert.raised_at.desc(), Alert.id.desc())
    )


def _as_open_alert(row: Row[*tuple[Any, ...]]) -> OpenAlert:
    return OpenAlert(
        id=row.id,
        case_id=row.case_id,
        reference=row.reference,
        words=f"Case {row.reference}, {row.name}" if row.name else f"Case {row.reference}",
        due_at=row.due_at,
        raised_at=row.raised_at,
    )


def sent_messages(
    session: Session,
    actor: Actor,
    *,
    state: MessageState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE_SIZE,
) -> MessagePage:
    """The messages the actor's agency wrote, newest first, in pages of ``limit``; bodies are left in the database."""
    wanted = (
        select(Message)
        .where(visible_messages(actor))
        .options(
            load_only(
                Message.id,
                Message.created_at,
                Message.template,
                Message.recipient,
                Message.subject,
                Message.state,
                Message.sent_at,
                Message.problem,
            )
        )
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        wanted = wanted.where(Message.state == state)
    if after is not None:
        wanted = wanted.where(tuple_(Message.created_at, Message.id) < after)
    found = session.scalars(wanted).all()
    shown = found[:limit]
    more = len(found) > limit
    return MessagePage(tuple(shown), (shown[-1].created_at, shown[-1].id) if more else None)


def sent_message(session: Session, actor: Actor, message_id: UUID) -> Message:
    """One message, with its body.

    Raises:
        NotFound: the actor's agency sent no such message.
    """
    message = session.scalar(select(Message).where(Message.id == message_id, visible_messages(actor)))
    if message is None:
        raise NotFound
    return message
