"""Reads of proposed amendments: what waits for the actor's agency to confirm, and one of them beside what stands."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, func, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from prevention.domain.account import Actor
from prevention.domain.address_reveal import MASKED
from prevention.domain.referral_content import changes_between, with_fields
from prevention.errors import NotFound
from prevention.models.account import User
from prevention.models.agency import Agency
from prevention.models.imports import ImportRun
from prevention.models.referral import ProposalState, ProposedAmendment, Referral
from prevention.policies.referrals import unanswered, visible_proposals
from prevention.policies.sharing import screened_changes
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


@dataclass(frozen=True, slots=True)
class FileOfProposals:
    """A file that would change several referrals of the actor's agency: ``waiting`` of them, some ``about_another``."""

    run_id: UUID
    reference: str
    file_name: str
    handed_in_at: datetime
    sent_by: str
    is_own_file: bool
    waiting: int
    about_another: int


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """All that waits of one file, for one answer: how many referrals each field would change in.

    ``stamp`` tells these proposals from any others, so that nobody answers what they have not seen.
    """

    file: FileOfProposals
    fields: Sequence[tuple[str, int]]
    stamp: str


class Answered(NamedTuple):
    """A proposal a worker has to settle, and who answered it for which agency."""

    proposal_id: UUID
    user_id: UUID | None
    agency_id: UUID


def waiting_proposals(
    session: Session, actor: Actor, *, after: UUID | None = None, run_id: UUID | None = None
) -> Page[WaitingProposal]:
    """What waits for the actor's agency to confirm, oldest first, in pages of ``PAGE_SIZE``; of one file, or all."""
    of_file = ProposedAmendment.import_run_id == run_id if run_id is not None else true()
    page = page_of(
        session,
        _proposals(actor).where(unanswered(), of_file),
        order=(ProposedAmendment.proposed_at, ProposedAmendment.id),
        row_id=ProposedAmendment.id,
        after=after,
        size=PAGE_SIZE,
    )
    return page.of([_waiting(proposal) for proposal in page.rows])


def waiting_count(session: Session, actor: Actor) -> int:
    """How many changes wait for the actor's agency to confirm."""
    statement = select(func.count()).select_from(ProposedAmendment).where(visible_proposals(actor), unanswered())
    return session.scalar(statement) or 0


def being_settled_count(session: Session, actor: Actor) -> int:
    """How many changes the actor's agency has answered that a worker has yet to settle."""
    statement = (
        select(func.count())
        .select_from(ProposedAmendment)
        .where(
            visible_proposals(actor),
            ProposedAmendment.state == ProposalState.WAITING,
            ProposedAmendment.ordered_answer.is_not(None),
        )
    )
    return session.scalar(statement) or 0


def files_of_proposals(session: Session, actor: Actor) -> Sequence[FileOfProposals]:
    """The files of which more than one change waits for the actor's agency, ``PAGE_SIZE`` at most, largest first."""
    rows = session.execute(
        _files(actor).having(func.count() > 1).order_by(func.count().desc(), ImportRun.id).limit(PAGE_SIZE)
    )
    return [FileOfProposals(*row) for row in rows]


def file_answer(session: Session, actor: Actor, run_id: UUID) -> FileAnswer:
    """All that waits of one file.

    Raises:
        NotFound: nothing of it waits for the actor's agency.
    """
    row = session.execute(_files(actor).where(ImportRun.id == run_id)).one_or_none()
    if row is None:
        raise NotFound
    waiting = and_(visible_proposals(actor), unanswered(), ProposedAmendment.import_run_id == run_id)
    field = func.jsonb_object_keys(ProposedAmendment.changes).label("field")
    changed = select(field).where(waiting, ~ProposedAmendment.about_another).subquery()
    fields = session.execute(
        select(changed.c.field, func.count()).group_by(changed.c.field).order_by(func.count().desc(), changed.c.field)
    )
    return FileAnswer(
        FileOfProposals(*row),
        [(name, count) for name, count in fields],
        stamp_of(session.scalars(select(ProposedAmendment.id).where(waiting))),
    )


def is_own_file(session: Session, actor: Actor, run_id: UUID) -> bool:
    """Whether a file was imported for the actor's agency, so that what it would change is theirs to answer."""
    return session.scalar(select(ImportRun.agency_id).where(ImportRun.id == run_id)) == actor.agency_id


def answered_proposals(session: Session, limit: int) -> Sequence[Answered]:
    """Proposals that were answered together with others and are not settled yet, oldest first."""
    rows = session.execute(
        select(ProposedAmendment.id, ProposedAmendment.ordered_by, ProposedAmendment.agency_id)
        .where(ProposedAmendment.state == ProposalState.WAITING, ProposedAmendment.ordered_answer.is_not(None))
        .order_by(ProposedAmendment.proposed_at, ProposedAmendment.id)
        .limit(limit)
    )
    return [Answered(*row) for row in rows]


def stamp_of(ids: Iterable[UUID]) -> str:
    """A short word for a set of proposals, whatever their order."""
    return hashlib.sha256("".join(sorted(one.hex for one in ids)).encode()).hexdigest()[:32]


def _files(actor: Actor) -> Select[UUID, str, str, datetime, str, bool, int, int]:
    about_another = func.count().filter(ProposedAmendment.about_another)
    own = ProposedAmendment.sent_by_id == ProposedAmendment.agency_id
    return (
        select(
            ImportRun.id,
            ImportRun.reference,
            ImportRun.file_name,
            ImportRun.created_at,
            Agency.name,
            own,
            func.count(),
            about_another,
        )
        .join(ImportRun, ImportRun.id == ProposedAmendment.import_run_id)
        .join(Agency, Agency.id == ProposedAmendment.sent_by_id)
        .where(visible_proposals(actor), unanswered())
        .group_by(ImportRun.id, Agency.name, own)
    )


def proposals_of(session: Session, actor: Actor, referral_id: UUID) -> Sequence[UUID]:
    """The proposals that wait for an answer about one referral, oldest first."""
    return session.scalars(
        select(ProposedAmendment.id)
        .where(
            visible_proposals(actor),
            ProposedAmendment.referral_id == referral_id,
            unanswered(),
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
        changes=screened_changes(changes, referral.premises, hidden=confidential),
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
