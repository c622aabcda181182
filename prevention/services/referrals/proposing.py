"""Proposed amendments: what a file would change and only a person of the referral's own agency may.

Two kinds: an agency hands in another agency's file, or an agency's own file says something new about what somebody has
corrected here. Neither is applied, and neither is lost: it waits until a coordinator accepts or declines it.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from prevention.domain.imports import RowOutcome
from prevention.domain.local_time import LONDON
from prevention.domain.referral import ReceiveReferral
from prevention.domain.referral_content import Content, changes_between, flat, with_fields
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.models.case import ReferralLink
from prevention.models.notification import Message
from prevention.models.referral import ProposalState, ProposedAmendment, Referral
from prevention.policies.referrals import may_settle_proposal, unanswered, visible_proposals
from prevention.queries.referrals.proposals import stamp_of
from prevention.services.locks import lock_referral
from prevention.services.notifications.messages import NewMessage, mailbox_of_desk, write_message
from prevention.services.notifications.wording import MessageKind
from prevention.services.referrals.amending import amend, saying
from prevention.services.work import Work


def last_said(work: Work, referral: Referral, handed_in_by: UUID | None = None) -> Content:
    """What the sender itself said last: in its file, whatever people have corrected since.

    For an agency that hands in another's file: what the last file it handed in said, if it handed one in.
    """
    if handed_in_by is not None and (proposal := _last_proposal(work, referral, handed_in_by)) is not None:
        return proposal.said
    sent = (amendment.said for amendment in reversed(referral.amendments) if amendment.said is not None)
    return next(sent, referral.content)


def propose(
    work: Work,
    referral: Referral,
    command: ReceiveReferral,
    said: Content,
    fields: dict[str, Any],
    *,
    about_another: bool = False,
) -> RowOutcome:
    """Ask the referral's agency whether ``fields`` (named as by ``flat``) shall change: TO_CONFIRM, else UNCHANGED.

    It is asked once: what waits already and is still said is asked together with what is new, in one proposal.
    """
    sent_by_id = command.handed_in_by or referral.agency_id
    waiting = _last_proposal(work, referral, sent_by_id)
    changes = fields
    if waiting is not None and waiting.state is ProposalState.WAITING:
        says = flat(said)
        changes = {field: value for field, value in waiting.changes.items() if says[field] == value} | fields
        if changes == waiting.changes:
            return RowOutcome.UNCHANGED
        _settle(work, waiting, ProposalState.REPLACED)
    if not changes_between(referral.current_content, with_fields(referral.current_content, changes)):
        return RowOutcome.UNCHANGED
    proposal = ProposedAmendment(
        referral_id=referral.id,
        agency_id=referral.agency_id,
        sent_by_id=sent_by_id,
        proposed_at=work.now,
        changes=changes,
        said=said,
        original=command.original,
        about_another=about_another,
        import_run_id=command.import_run_id,
        state=ProposalState.WAITING,
    )
    work.session.add(proposal)
    _record(work, AuditTag.AMENDMENT_PROPOSED, proposal)
    _tell_agency(work, referral.agency_id)
    return RowOutcome.TO_CONFIRM


def end_what_is_so(work: Work, referral: Referral) -> None:
    """End what waits about ``referral`` and has come true meanwhile: nobody is asked about what is so already."""
    waiting = work.session.scalars(
        select(ProposedAmendment).where(
            ProposedAmendment.referral_id == referral.id, ProposedAmendment.state == ProposalState.WAITING
        )
    )
    for proposal in waiting.all():
        if not changes_between(referral.current_content, with_fields(referral.current_content, proposal.changes)):
            _settle(work, proposal, ProposalState.REPLACED)


def accept(work: Work, proposal_id: UUID, *, version: int, reason: str = "") -> Referral:
    """Amend the referral as proposed, in the actor's name; ``version`` is the number of amendments they saw.

    ``reason`` may be empty.

    Raises:
        NotFound: there is no such proposal in the actor's agency.
        Conflict: it is settled, or replaced by a later file's; or the referral was amended since ``version``.
        Invalid: the referral could not be acted on any more, or it is about somebody else.
    """
    proposal = _waiting(work, proposal_id)
    if proposal.about_another:
        raise Invalid({"answer": "The row is about somebody else. Decline it, and ask who sent the file."})
    referral = proposal.referral
    command = saying(referral, with_fields(referral.current_content, proposal.changes))
    _settle(work, proposal, ProposalState.ACCEPTED, reason)
    sent_by = work.session.get_one(Agency, proposal.sent_by_id)
    why = f"Accepted from a file handed in by {sent_by.name}. {reason}".strip()
    amend(work, referral, command, reason=why, version=version)
    return referral


def decline(work: Work, proposal_id: UUID, *, reason: str) -> Referral:
    """Leave the referral as it is; the proposal is kept with ``reason``, which may be empty. It is not asked again.

    Raises:
        NotFound: there is no such proposal in the actor's agency.
        Conflict: it is settled, or replaced by a later file's.
    """
    proposal = _waiting(work, proposal_id)
    _settle(work, proposal, ProposalState.DECLINED, reason)
    return proposal.referral


def answer_file(work: Work, run_id: UUID, answer: ProposalState, *, stamp: str, reason: str = "") -> int:
    """Accept or decline, in the actor's name, all that waits of one file; how many. A worker settles them one by one.

    What is about somebody else can only be declined, so it goes on waiting when the others are accepted. ``stamp`` is
    that of what the actor saw; ``reason`` may be empty.

    Raises:
        Conflict: other changes wait now than those they saw.
    """
    waiting = work.session.scalars(
        select(ProposedAmendment)
        .where(visible_proposals(work.actor), unanswered(), ProposedAmendment.import_run_id == run_id)
        .options(joinedload(ProposedAmendment.referral).selectinload(Referral.amendments))
        .order_by(ProposedAmendment.id)
        .with_for_update(of=ProposedAmendment)
    ).all()
    if not waiting or stamp_of(proposal.id for proposal in waiting) != stamp:
        raise Conflict("Other changes of this file wait now than those you saw.")
    answered = [one for one in waiting if answer is ProposalState.DECLINED or not one.about_another]
    for proposal in answered:
        proposal.ordered_answer, proposal.ordered_by = answer, work.actor.user_id
        proposal.ordered_version, proposal.reason = len(proposal.referral.amendments), reason.strip()
    ring(work)
    return len(answered)


def ring(work: Work) -> None:
    """Ring for a worker: proposals that were answered together with others wait to be settled."""
    work.emit("amendments.answered")


def settle_answered(work: Work, proposal_id: UUID) -> None:
    """Settle one proposal as it was answered together with others; ``work`` is whose answer it was.

    Raises:
        NotFound, Conflict, Invalid: as ``accept``.
    """
    proposal = _waiting(work, proposal_id)
    version = proposal.ordered_version
    if proposal.ordered_answer is ProposalState.ACCEPTED and version is not None:
        accept(work, proposal_id, version=version, reason=proposal.reason)
    elif proposal.ordered_answer is ProposalState.DECLINED:
        decline(work, proposal_id, reason=proposal.reason)


def take_answer_back(work: Work, proposal_id: UUID) -> None:
    """Let a proposal wait for a person again: it could not be settled as it was answered together with others."""
    proposal = work.session.get_one(ProposedAmendment, proposal_id, with_for_update=True)
    if proposal.state is ProposalState.WAITING:
        proposal.ordered_answer = proposal.ordered_by = proposal.ordered_version = None
        proposal.reason = ""


def _settle(work: Work, proposal: ProposedAmendment, state: ProposalState, reason: str = "") -> None:
    proposal.state = state
    proposal.reason = reason.strip()
    proposal.settled_at = work.now
    proposal.settled_by = work.actor.user_id
    _record(work, AuditTag.AMENDMENT_SETTLED, proposal)


def _record(work: Work, tag: AuditTag, proposal: ProposedAmendment) -> None:
    """On the case's timeline too, where whoever works on the case learns that something waits."""
    case_id = work.session.scalar(
        select(ReferralLink.case_id).where(
            ReferralLink.referral_id == proposal.referral_id, ReferralLink.valid_to.is_(None)
        )
    )
    work.record(tag, proposal, case_id=case_id, state=proposal.state.value, fields=sorted(proposal.changes))


def _waiting(work: Work, proposal_id: UUID) -> ProposedAmendment:
    proposal = work.session.get(ProposedAmendment, proposal_id)
    if proposal is None:
        raise NotFound
    may_settle_proposal(work.actor, proposal).require()
    lock_referral(work, proposal.referral.reference)
    work.session.refresh(proposal)
    if proposal.state is ProposalState.REPLACED:
        raise Conflict("This is no longer asked: a later file or an amendment has taken its place.")
    if proposal.state is not ProposalState.WAITING:
        raise Conflict(f"This proposal has been {proposal.state.label.lower()} meanwhile.")
    return proposal


def _last_proposal(work: Work, referral: Referral, sent_by_id: UUID) -> ProposedAmendment | None:
    return work.session.scalar(
        select(ProposedAmendment)
        .where(ProposedAmendment.referral_id == referral.id, ProposedAmendment.sent_by_id == sent_by_id)
        .order_by(ProposedAmendment.proposed_at.desc(), ProposedAmendment.id.desc())
        .limit(1)
    )


def _tell_agency(work: Work, agency_id: UUID) -> None:
    """One message a day that something waits to be confirmed, however many rows of a file are."""
    effect_key = f"to-confirm:{agency_id}:{work.now.astimezone(LONDON).date()}"
    mailbox = mailbox_of_desk(work, agency_id)
    if work.trial or not mailbox or work.session.scalar(select(Message.id).where(Message.effect_key == effect_key)):
        return
    name = work.session.get_one(Agency, agency_id).name
    write_message(
        work,
        NewMessage(
            effect_key=effect_key,
            kind=MessageKind.AMENDMENTS_PROPOSED,
            agency_id=agency_id,
            recipient=mailbox,
            words={"agency": name},
        ),
    )
