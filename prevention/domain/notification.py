"""Messages to mailboxes, and the words by which a referrer follows a referral (domain.md section 8, SLA set).

Nothing here tells a referrer about health, crime, family or where anybody is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from prevention.domain.case import CaseState, RejectReason
from prevention.domain.outcomes import GOT_IN, feedback_for_referrer
from prevention.domain.visit import VisitOutcome

#: Waits before the second, third, … attempt to hand a message over. After the last, it has failed.
RETRY_AFTER = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
)


@dataclass(frozen=True, slots=True)
class Mail:
    """A message as a mail sender gets it. ``id`` makes its Message-ID, so that a second copy is known as one."""

    id: UUID
    recipient: str
    subject: str
    body: str
    written_at: datetime


class ReferrerStatus(StrEnum):
    """How far a referral has come, as its referrer sees it: the same few words whatever the agency."""

    RECEIVED = "RECEIVED"
    BEING_LOOKED_AT = "BEING_LOOKED_AT"
    VISIT_BOOKED = "VISIT_BOOKED"
    VISITED = "VISITED"
    CLOSED = "CLOSED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.replace("_", " ").capitalize()


_STATUS: dict[CaseState, ReferrerStatus] = {
    CaseState.TRIAGE: ReferrerStatus.RECEIVED,
    CaseState.BOOKED: ReferrerStatus.VISIT_BOOKED,
    CaseState.IN_PROGRESS: ReferrerStatus.VISIT_BOOKED,
    CaseState.COMPLETED: ReferrerStatus.VISITED,
    CaseState.PARTIAL: ReferrerStatus.VISITED,
}


def referrer_status(state: CaseState, outcome: VisitOutcome | None) -> ReferrerStatus:
    """How far a case has come, in a referrer's terms. ``outcome`` is the case's last visit's, None when there was none.

    A hold, a failed attempt and a refusal all read "Being looked at": why somebody is away, or did not want a visit,
    is not the referrer's to know while the case is open.
    """
    if not state.is_open:
        return ReferrerStatus.CLOSED
    if state is CaseState.FOLLOW_UP and outcome in GOT_IN:
        return ReferrerStatus.VISITED
    return _STATUS.get(state, ReferrerStatus.BEING_LOOKED_AT)


def referrer_steps(status: ReferrerStatus, outcome: VisitOutcome | None) -> tuple[ReferrerStatus, ...]:
    """The way of a referral, for a referrer to see how far it is: the last step is that it is closed.

    ``outcome`` is the case's. A case that closed without a visit did not go by way of one, and must not look so.
    """
    if status is not ReferrerStatus.CLOSED or outcome in GOT_IN:
        return tuple(ReferrerStatus)
    return tuple(step for step in ReferrerStatus if step not in {ReferrerStatus.VISIT_BOOKED, ReferrerStatus.VISITED})


def closing_words(state: CaseState, outcome: VisitOutcome | None, reject_reason: RejectReason | None) -> str:
    """What a referrer is told when a case has ended in ``state``, in safe words.

    Raises:
        ValueError: the state is not a final one.
    """
    if state.is_open:
        raise ValueError(f"a case that is {state.value} has no outcome yet")
    if state is CaseState.REJECTED and reject_reason is not None:
        return reject_reason.safe_words
    if state is CaseState.SIGNPOSTED_LOW:
        return feedback_for_referrer(VisitOutcome.NOT_ELIGIBLE_LOW_RISK, closed=True)
    if state is CaseState.REDIRECTED:
        return "Another service is better placed to help, so the referral was passed on to them."
    return feedback_for_referrer(outcome, closed=True)


def status_words(state: CaseState, outcome: VisitOutcome | None, reject_reason: RejectReason | None) -> str:
    """One line for the list of *My referrals*: "Visit booked", or "Closed: " and the outcome in safe words."""
    status = referrer_status(state, outcome)
    if status is not ReferrerStatus.CLOSED:
        return status.label
    return f"{status.label}: {closing_words(state, outcome, reject_reason)}"
