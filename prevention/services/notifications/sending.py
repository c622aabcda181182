"""Sending messages: lease rows in one short unit of work, hand them over outside it, mark each in another.

The lease outlasts the hand-over, so two workers never send the same message while both are alive. What fails is tried
again with growing waits; after the last it has failed and waits for a person's button.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import literal, or_, select

from prevention.domain.notification import RETRY_AFTER, Mail
from prevention.errors import Conflict, NotFound
from prevention.models.audit import AuditTag
from prevention.models.notification import Message, MessageState
from prevention.policies.notifications import may_retry_message, may_view_message
from prevention.services.notifications.alerts import alert_message_key
from prevention.services.notifications.wording import with_site
from prevention.services.work import Work

#: How long a worker has for the messages it leased. One hand-over takes 20 seconds at most (``adapters/mail.py``).
LEASE = timedelta(minutes=5)
BATCH = 10


def claim_waiting(work: Work, public_url: str, *, alert_id: UUID | None = None, limit: int = BATCH) -> list[Mail]:
    """Lease up to ``limit`` messages whose time has come, oldest first, as they are to be handed over.

    ``alert_id`` takes that alert's message only. Rows another worker holds are passed. Each claim counts as an
    attempt, so that a message that kills its worker does not come back for ever.
    """
    chosen = select(Message).where(
        # A literal, so that the planner knows the partial index fits even for a prepared statement.
        Message.state == literal(MessageState.WAITING, Message.state.type, literal_execute=True),
        Message.try_at <= work.now,
        or_(Message.leased_until.is_(None), Message.leased_until <= work.now),
    )
    if alert_id is not None:
        chosen = chosen.where(Message.effect_key == alert_message_key(alert_id))
    rows = work.session.scalars(
        chosen.order_by(Message.try_at, Message.id).limit(limit).with_for_update(of=Message, skip_locked=True)
    ).all()
    leased = []
    for message in rows:
        if message.attempts > len(RETRY_AFTER):
            message.state = MessageState.FAILED
            message.problem = message.problem or "The worker stopped each time it tried to send this."
            continue
        message.attempts += 1
        message.leased_until = work.now + LEASE
        leased.append(message)
    return [
        Mail(message.id, message.recipient, message.subject, with_site(message, public_url), message.created_at)
        for message in leased
    ]


def mark_sent(work: Work, message_id: UUID) -> None:
    """Say that a message was accepted. Said already: nothing changes."""
    message = _locked(work, message_id)
    if message.state is not MessageState.SENT:
        message.state = MessageState.SENT
        message.sent_at = work.now
        message.leased_until = None
        message.problem = ""


def mark_failed(work: Work, message_id: UUID, problem: str, *, for_ever: bool = False) -> None:
    """Say that a hand-over failed and why: tried again after a wait, or failed when none is left or ``for_ever``.

    ``problem`` is shown on the page of sent messages; it holds no personal data.
    """
    message = _locked(work, message_id)
    if message.state is not MessageState.WAITING:
        return
    message.leased_until = None
    message.problem = problem
    if for_ever or message.attempts > len(RETRY_AFTER):
        message.state = MessageState.FAILED
    else:
        message.try_at = work.now + RETRY_AFTER[max(message.attempts, 1) - 1]


def retry(work: Work, message_id: UUID) -> Message:
    """Send a failed message again, with all its attempts. Waiting already: nothing changes.

    Raises:
        NotFound: the actor's agency sent no such message.
        NotAllowed: it has no usable mailbox, or the actor's role has no part in it.
        Conflict: it has been sent.
    """
    message = _locked(work, message_id)
    may_view_message(work.actor, message).require()
    if message.state is MessageState.SENT:
        raise Conflict("This message has been sent meanwhile.")
    if message.state is MessageState.FAILED:
        may_retry_message(work.actor, message).require()
        _again(work, message)
    return message


def retry_all_failed(work: Work) -> int:
    """Send every failed message that has a mailbox again; how many. For operators, after the mail server is back."""
    failed = work.session.scalars(
        select(Message)
        .where(Message.state == MessageState.FAILED, Message.recipient != "")
        .order_by(Message.id)
        .with_for_update(of=Message)
    ).all()
    for message in failed:
        _again(work, message)
    return len(failed)


def _again(work: Work, message: Message) -> None:
    message.state = MessageState.WAITING
    message.attempts = 0
    message.try_at = work.now
    message.leased_until = None
    work.record(AuditTag.MESSAGE_RETRIED, message, case_id=message.case_id)
    work.emit("message.waiting")


def _locked(work: Work, message_id: UUID) -> Message:
    message = work.session.get(Message, message_id, with_for_update={"of": Message}, populate_existing=True)
    if message is None:
        raise NotFound
    return message
