"""Carrying follow-ups to their effect when their time has come: once, whatever crashes in between.

``claim_due`` leases rows in one short unit of work, ``fall_due`` carries them in another. A worker that dies in
between loses its lease and another takes over; one that was frozen past its lease finds the state changed and stops.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import literal, or_, select

from prevention.domain.case import CaseState
from prevention.domain.followup import ABOUT_CONFIDENTIAL_ADDRESSES, NEXT_ACTION_KINDS, FollowUpKind, FollowUpState
from prevention.models.account import Membership
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.services.cases.moving import set_act_by
from prevention.services.notifications.messages import NewMessage, mailbox_of_desk, write_message
from prevention.services.notifications.wording import MessageKind, spoken_time
from prevention.services.work import Work

_log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
BATCH = 100
#: Cases of which it may become the next action: where a visit is booked or under way, that comes next.
_WITHOUT_VISIT = frozenset(state for state in CaseState if state.is_open) - {CaseState.BOOKED, CaseState.IN_PROGRESS}
#: What these are about is not for an e-mail, even without a name.
_NOT_NAMED_IN_MAIL = frozenset(
    {
        FollowUpKind.RAISE_SAFEGUARDING,
        FollowUpKind.SANCTUARY_REVIEW,
        FollowUpKind.MARAC_ACTION,
        FollowUpKind.OPERATIONAL_RISK_FLAG,
        FollowUpKind.SHARE_WITH_CARER,
        FollowUpKind.REVIEW_REFUSAL,
        *ABOUT_CONFIDENTIAL_ADDRESSES,
    }
)


def claim_due(work: Work, *, limit: int = BATCH) -> list[UUID]:
    """Lease up to ``limit`` follow-ups whose time has come, longest due first; rows another worker holds are passed.

    The lease lasts two minutes from ``work.now``; a row whose lease ran out is claimed again.
    """
    due = work.session.scalars(
        select(FollowUp)
        .where(
            # A literal, so that the planner knows the partial index fits even for a prepared statement.
            FollowUp.state == literal(FollowUpState.WAITING, FollowUp.state.type, literal_execute=True),
            FollowUp.due_at <= work.now,
            or_(FollowUp.leased_until.is_(None), FollowUp.leased_until <= work.now),
        )
        .order_by(FollowUp.due_at, FollowUp.id)
        .limit(limit)
        .with_for_update(of=FollowUp, skip_locked=True)
    ).all()
    for followup in due:
        followup.leased_until = work.now + LEASE
    return [followup.id for followup in due]


def fall_due(work: Work, followup_ids: Sequence[UUID]) -> int:
    """Make claimed follow-ups DUE and tell their owners; the number that fell due now.

    Each is carried in a savepoint: one that cannot be carried stays leased and is tried again when the lease has run
    out, without holding back the others. One that is no longer waiting is left alone.
    """
    fell = 0
    for followup in _locked(work, followup_ids):
        followup_id = followup.id
        try:
            with work.session.begin_nested():
                _fall_due(work, followup)
            fell += 1
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not hold back the others
            # The kind of error only: its words may quote the row.
            _log.error("follow-up %s cannot fall due: %s", followup_id, type(error).__name__)
    return fell


def _locked(work: Work, followup_ids: Sequence[UUID]) -> list[FollowUp]:
    """Those still waiting, locked; their cases first and in one order, so that workers and people never deadlock."""
    cases = (
        select(Case)
        .where(Case.id.in_(select(FollowUp.case_id).where(FollowUp.id.in_(followup_ids))))
        .order_by(Case.id)
        .with_for_update(of=Case)
    )
    work.session.scalars(cases).all()
    return list(
        work.session.scalars(
            select(FollowUp)
            .where(FollowUp.id.in_(followup_ids), FollowUp.state == FollowUpState.WAITING, FollowUp.due_at <= work.now)
            .order_by(FollowUp.due_at, FollowUp.id)
            .with_for_update(of=FollowUp)
            .execution_options(populate_existing=True)
        )
    )


def _fall_due(work: Work, followup: FollowUp) -> None:
    followup.state = FollowUpState.DUE
    followup.fell_due_at = work.now
    followup.leased_until = None
    work.record(AuditTag.FOLLOWUP_FELL_DUE, followup, case_id=followup.case_id, kind=followup.kind.value)
    case = followup.case
    if case is not None and case.state in _WITHOUT_VISIT and followup.kind in NEXT_ACTION_KINDS:
        case.next_action = followup.why
        case.next_action_at = followup.due_at
        set_act_by(case)
    _tell_owner(work, followup)


def _tell_owner(work: Work, followup: FollowUp) -> None:
    mailbox = _mailbox_of_owner(work, followup)
    if not mailbox:
        return
    named = followup.kind not in _NOT_NAMED_IN_MAIL
    write_message(
        work,
        NewMessage(
            effect_key=f"followup:{followup.id}:due",
            kind=MessageKind.FOLLOW_UP_DUE,
            agency_id=followup.agency_id,
            recipient=mailbox,
            words={
                "owner": followup.owner_team.name if followup.owner_team else _agency_name(work, followup.agency_id),
                "task": followup.kind.label if named else None,
                "reference": followup.case.reference if followup.case else None,
                "due_at": spoken_time(followup.due_at),
            },
            case_id=followup.case_id,
        ),
    )


def _mailbox_of_owner(work: Work, followup: FollowUp) -> str:
    """The owning team's mailbox, the owning person's team's, else the desk's. Never a person's own."""
    if followup.owner_team is not None and followup.owner_team.mailbox:
        return followup.owner_team.mailbox
    if followup.owner_user_id is not None:
        theirs = work.session.scalar(
            select(Team.mailbox)
            .join(Membership, Membership.team_id == Team.id)
            .where(Membership.user_id == followup.owner_user_id, Membership.agency_id == followup.agency_id)
        )
        if theirs:
            return theirs
    return mailbox_of_desk(work, followup.agency_id)


def _agency_name(work: Work, agency_id: UUID) -> str:
    return work.session.get_one(Agency, agency_id).name
