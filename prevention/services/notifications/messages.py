"""Writing messages: rows in the transaction that caused them, handed over by a worker after the commit.

Every message has an effect key, so that the same cause never writes two. No message holds a name, an address, a
reason or anything about health or crime.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload

from prevention.domain.notification import closing_words
from prevention.domain.referral import Channel
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditTag
from prevention.models.base import new_id
from prevention.models.case import Case, ReferralLink
from prevention.models.notification import Message, MessageState
from prevention.models.referral import Referral
from prevention.services.notifications.wording import MessageKind, render, spoken_time
from prevention.services.work import Work

_NO_MAILBOX = "The mailbox given is not an e-mail address."


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message before it is written: from ``agency_id`` to ``recipient``, in the ``words`` of its ``kind``.

    A recipient that is not an e-mail address makes a failed message without a recipient, where a person sees it.
    """

    effect_key: str
    kind: MessageKind
    agency_id: UUID
    recipient: str
    words: dict[str, str | None]
    case_id: UUID | None = None
    referral_id: UUID | None = None

    def row(self, now: datetime) -> dict[str, Any]:
        """The columns of ``messages``, from ``now`` on to be handed over."""
        mailbox = _valid_mailbox(self.recipient)
        subject, body = render(self.kind, **self.words)
        return {
            "id": new_id(),
            "effect_key": self.effect_key,
            "agency_id": self.agency_id,
            "case_id": self.case_id,
            "referral_id": self.referral_id,
            "template": self.kind.value,
            "recipient": mailbox,
            "subject": subject,
            "body": body,
            "created_at": now,
            "try_at": now,
            "attempts": 0,
            "state": MessageState.WAITING if mailbox else MessageState.FAILED,
            "problem": "" if mailbox else _NO_MAILBOX,
        }


def write_message(work: Work, message: NewMessage) -> bool:
    """Write a message; False when its effect key exists and nothing was written."""
    row = message.row(work.now)
    work.session.flush()  # the case or referral it is about may be new
    written = work.session.execute(
        insert(Message).values(row).on_conflict_do_nothing(index_elements=[Message.effect_key]).returning(Message.id)
    ).scalar()
    if written is not None and row["recipient"]:
        work.emit("message.waiting")
    return written is not None


def add_message(work: Work, message: NewMessage) -> None:
    """Write a message whose cause is made in this very unit of work, so that nobody can have been told of it before.

    It is written with what else waits in the session, where :func:`write_message` has to ask the database first.
    """
    row = message.row(work.now)
    work.session.add(Message(**row))
    if row["recipient"]:
        work.emit("message.waiting")


#: How referrals come from people of the services, who can sign in and follow theirs. Others rang, wrote or came in.
_OF_THOSE_WHO_SIGN_IN = frozenset({Channel.WEB_FORM, Channel.CSV, Channel.API_JSON, Channel.API_FHIR})

#: What anybody who asked for a visit is told: no more than that they were heard.
_PUBLIC_NEXT_STEP = "Somebody reads what you sent and gets in touch if a visit would help."
_PUBLIC_OUTCOME = "What you asked for has been dealt with. If you still need a visit, ask again."


def acknowledge_referral(work: Work, referral: Referral, case: Case) -> bool:
    """Tell the referrer's mailbox at once that the referral arrived, who owns it and what happens next.

    Says nothing of the person, the home or the reasons. Anybody may ask for a visit in anybody's name, so a
    self-referral is answered in words that are the same whatever is known already. False when they gave no mailbox,
    or were told already.
    """
    if not referral.feedback_to.strip():
        return False
    public = referral.channel is Channel.ONLINE_CHECKER
    return write_message(
        work,
        NewMessage(
            effect_key=f"ack:{referral.id}",
            kind=MessageKind.ACKNOWLEDGEMENT,
            agency_id=case.owner_agency_id,
            recipient=referral.feedback_to,
            words={
                "receipt": referral.receipt,
                "owner": work.session.get_one(Agency, referral.agency_id if public else case.owner_agency_id).name,
                "next_step": _PUBLIC_NEXT_STEP if public else _what_happens_next(work, case),
                "may_sign_in": "yes" if referral.channel in _OF_THOSE_WHO_SIGN_IN else None,
            },
            case_id=case.id,
            referral_id=referral.id,
        ),
    )


def tell_outcome(work: Work, case: Case) -> int:
    """Tell every referrer of a closed case what came of it, in safe words; the number of messages written.

    One message a referral with a mailbox, once a closure: telling again after a case was reopened and closed anew
    is a new message, telling the same closure twice is not.

    Raises:
        ValueError: the case is still open.
    """
    words = closing_words(case.state, case.outcome, case.reject_reason)
    closed_at = case.closed_at or work.now
    told = 0
    for referral in _referrals_of(work, case):
        mailbox = _feedback_mailbox(referral)
        if mailbox:
            told += write_message(
                work,
                NewMessage(
                    effect_key=f"outcome:{referral.id}:{closed_at.isoformat()}",
                    kind=MessageKind.OUTCOME,
                    agency_id=case.owner_agency_id,
                    recipient=mailbox,
                    words={"receipt": referral.receipt, "outcome": _outcome_for(referral, words)},
                    case_id=case.id,
                    referral_id=referral.id,
                ),
            )
    if told:
        work.record(AuditTag.REFERRER_TOLD, case, case_id=case.id, messages=told)
    return told


def _outcome_for(referral: Referral, words: str) -> str:
    return _PUBLIC_OUTCOME if referral.channel is Channel.ONLINE_CHECKER else words


def mailbox_of_desk(work: Work, agency_id: UUID) -> str:
    """The one mailbox that reaches an agency's desk: the intake desk's, else the agency's own, else ``""``."""
    desk = work.session.scalar(select(Team.mailbox).where(Team.agency_id == agency_id, Team.is_intake_desk)) or ""
    return desk.strip() or work.session.get_one(Agency, agency_id).mailbox.strip()


def _what_happens_next(work: Work, case: Case) -> str:
    if case.due_at is not None and case.due_at > work.now:
        return f"the team aims to visit by {spoken_time(case.due_at)}."
    if case.due_at is not None:
        return "the team is working on it now."
    if case.next_action_at is not None and case.next_action_at > work.now:
        return f"somebody looks at it by {spoken_time(case.next_action_at)} and decides what is needed."
    return "somebody looks at it and decides what is needed."


def _referrals_of(work: Work, case: Case) -> list[Referral]:
    return list(
        work.session.scalars(
            select(Referral)
            .join(ReferralLink, ReferralLink.referral_id == Referral.id)
            .where(ReferralLink.case_id == case.id, ReferralLink.valid_to.is_(None))
            .options(selectinload(Referral.amendments))
            .order_by(Referral.received_at, Referral.id)
        )
    )


def _feedback_mailbox(referral: Referral) -> str:
    """The mailbox as last amended, else as received."""
    last = referral.amendments[-1].content if referral.amendments else {}
    return str(last.get("feedback_to", referral.feedback_to)).strip()


def _valid_mailbox(text: str) -> str:
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        return ""
