"""Reads of proposed amendments: what waits for the actor's agency to confirm, and one of them beside what stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from prevention.domain.account import Actor
from prevention.domain.address_reveal import MASKED
from prevention.domain.referral_content import changes_between, with_fields
from prevention.errors import NotFound
from prevention.models.account import User
from prevention.models.referral import ProposalState, ProposedAmendment, Referral
from prevention.policies.referrals import visible_proposals
from prevention.queries.pages import Page, page_of
from prevention.queries.referrals.following import is_confidential

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class WaitingProposal:
    """One row of the list: whose file would change which fields of which referral."""

    id: UUID
    proposed_at: datetime
    receipt: str
    title: str
    sent_by: str
    is_own_file: bool
    fields: Sequence[str]
    about_another: bool


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal beside what the referral says now. ``changes``: from what to what, without a confidential address.

    ``original`` is the row as the file had it, empty where it would show a confidential address. ``version`` is the
    number of amendments the referral has.
    """

    proposal: ProposedAmendment
    referral: Referral
    title: str
    confidential: bool
    is_own_file: bool
    changes: dict[str, dict[str, Any]]
    original: dict[str, str]
    settled_by: str
    version: int


def waiting_proposals(session: Session, actor: Actor, *, after: UUID | None = None) -> Page[WaitingProposal]:
    """What waits for the actor's agency to confirm, oldest first, in pages of ``PAGE_SIZE``."""
    page = page_of(
        session,
        _proposals(actor).where(ProposedAmendment.state == ProposalState.WAITING),
        order=(ProposedAmendment.proposed_at, ProposedAmendment.id),
        row_id=ProposedAmendment.id,
        after=after,
        size=PAGE_SIZE,
    )
    return page.of([_waiting(proposal) for proposal in page.rows])


def waiting_count(session: Session, actor: Actor) -> int:
    """How many changes wait for the actor's agency to confirm."""
    statement = (
        select(func.count())
        .select_from(ProposedAmendment)
        .where(visible_proposals(actor), ProposedAmendment.state == ProposalState.WAITING)
    )
    return session.scalar(statement) or 0


def proposals_of(session: Session, actor: Actor, referral_id: UUID) -> Sequence[UUID]:
    """The proposals that wait for an answer about one referral, oldest first."""
    return session.scalars(
        select(ProposedAmendment.id)
        .where(
            visible_proposals(actor),
            ProposedAmendment.referral_id == referral_id,
            ProposedAmendment.state == ProposalState.WAITING,
        )
        .order_by(ProposedAmendment.proposed_at, ProposedAmendment.id)
    ).all()


def proposal_view(session: Session, actor: Actor, proposal_id: UUID) -> ProposalView:
    """One proposal, waiting or settled.

    Raises:
        NotFound: there is none that the actor's agency settles.
    """
    proposal = session.scalar(_proposals(actor).where(ProposedAmendment.id == proposal_id))
    if proposal is None:
        raise NotFound
    referral = proposal.referral
    after = with_fields(referral.current_content, proposal.changes)
    confidential = is_confidential(referral) or bool(after.get("confidential_address"))
    changes = changes_between(referral.current_content, after)
    if confidential:
        changes = {field: change for field, change in changes.items() if not field.startswith("address.")}
    return ProposalView(
        proposal=proposal,
        referral=referral,
        title=_title(referral, confidential=confidential),
        confidential=confidential,
        is_own_file=proposal.sent_by_id == proposal.agency_id,
        changes=changes,
        original={} if confidential else proposal.original,
        settled_by=session.scalar(select(User.name).where(User.id == proposal.settled_by)) or "",
        version=len(referral.amendments),
    )


def _proposals(actor: Actor) -> Select[ProposedAmendment]:
    return (
        select(ProposedAmendment)
        .where(visible_proposals(actor))
        .options(
            joinedload(ProposedAmendment.sent_by),
            joinedload(ProposedAmendment.referral).options(
                joinedload(Referral.premises), joinedload(Referral.agency), selectinload(Referral.amendments)
            ),
        )
    )


def _title(referral: Referral, *, confidential: bool) -> str:
    return MASKED if confidential else referral.premises.address_line


def _waiting(proposal: ProposedAmendment) -> WaitingProposal:
    referral = proposal.referral
    confidential = is_confidential(referral) or bool(proposal.changes.get("confidential_address"))
    return WaitingProposal(
        id=proposal.id,
        proposed_at=proposal.proposed_at,
        receipt=referral.receipt,
        title=_title(referral, confidential=confidential),
        sent_by=proposal.sent_by.name,
        is_own_file=proposal.sent_by_id == proposal.agency_id,
        fields=sorted(proposal.changes),
        about_another=proposal.about_another,
    )
