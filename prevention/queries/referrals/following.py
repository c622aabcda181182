"""Following referrals: lists with safe words for how far each has come, and one referral as it was received."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from prevention.domain.account import Actor, Permission
from prevention.domain.address_reveal import MASKED
from prevention.domain.notification import ReferrerStatus, referrer_status, referrer_steps, status_words
from prevention.domain.referral_content import Content
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import NotFound
from prevention.models.account import User
from prevention.models.case import Case, ReferralLink
from prevention.models.premises import Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.models.visit import Visit
from prevention.policies.cases import visible_cases
from prevention.policies.referrals import visible_referrals
from prevention.policies.sharing import keeps_home_back, screened, screened_changes, screened_content

PAGE_SIZE = 20


class Scope(StrEnum):
    """Whose referrals: those the actor made, or all of the actor's agency."""

    OWN = "own"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class ReferralKey:
    """Where a referral stands in a list, newest first."""

    received_at: datetime
    referral_id: UUID


@dataclass(frozen=True, slots=True)
class FollowedReferral:
    """One row of *My referrals*: no detail of the case beyond how far it has come, in safe words."""

    id: UUID
    receipt: str
    received_at: datetime
    title: str
    status: ReferrerStatus
    words: str

    @property
    def key(self) -> ReferralKey:
        """Where the row stands."""
        return ReferralKey(self.received_at, self.id)


@dataclass(frozen=True, slots=True)
class FollowedPage:
    """A page of rows, and the keys from which the neighbouring pages are read; None where there is none."""

    rows: tuple[FollowedReferral, ...]
    previous: ReferralKey | None
    following: ReferralKey | None


@dataclass(frozen=True, slots=True)
class ReferralReceipt:
    """What the sender is told right after sending. ``due_at`` is None where the level has no due time."""

    referral_id: UUID
    receipt: str
    received_at: datetime
    owner: str
    risk_level: RiskLevel
    due_at: datetime | None
    immediate_danger: bool
    feedback_to: str


@dataclass(frozen=True, slots=True)
class AmendmentView:
    """A change to a referral: when, by whom (a name, or None for a file sent again), why, from what to what."""

    made_at: datetime
    made_by: str | None
    reason: str
    changes: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ReferralDetail:
    """A referral as received, its amendments (oldest first) and how far it has come.

    ``steps`` is the way it goes. ``case_id`` is None unless the actor may open the case. ``confidential``: the
    address must not be shown.
    """

    referral: Referral
    amendments: tuple[AmendmentView, ...]
    status: ReferrerStatus
    steps: tuple[ReferrerStatus, ...]
    words: str
    title: str
    confidential: bool
    content: Content
    made_by: str | None
    sender_reference: str
    case_id: UUID | None


def followed_referrals(
    session: Session,
    actor: Actor,
    scope: Scope = Scope.OWN,
    *,
    after: ReferralKey | None = None,
    before: ReferralKey | None = None,
) -> FollowedPage:
    """Referrals the actor made, or their agency's (staff only), newest first; one page of ``PAGE_SIZE``.

    ``after`` reads on towards older ones, ``before`` back towards newer ones.
    """
    key = tuple_(Referral.received_at, Referral.id)
    statement = _with_progress(visible_referrals(actor) & _in_scope(actor, scope)).limit(PAGE_SIZE + 1)
    if before is not None:
        newer = key > tuple_(before.received_at, before.referral_id)
        found = session.execute(statement.where(newer).order_by(Referral.received_at, Referral.id)).all()
        rows = [_followed(*row) for row in reversed(found[:PAGE_SIZE])]
        return FollowedPage(
            tuple(rows),
            previous=rows[0].key if len(found) > PAGE_SIZE else None,
            following=rows[-1].key if rows else None,
        )
    if after is not None:
        statement = statement.where(key < tuple_(after.received_at, after.referral_id))
    found = session.execute(statement.order_by(Referral.received_at.desc(), Referral.id.desc())).all()
    rows = [_followed(*row) for row in found[:PAGE_SIZE]]
    return FollowedPage(
        tuple(rows),
        previous=rows[0].key if after is not None and rows else None,
        following=rows[-1].key if len(found) > PAGE_SIZE else None,
    )


def receipt_for(session: Session, actor: Actor, referral_id: UUID) -> ReferralReceipt:
    """The receipt of a referral the actor may see.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    row = session.execute(_of_one(actor, referral_id).options(joinedload(Case.owner_agency))).one_or_none()
    if row is None:
        raise NotFound
    referral, case, _ = row
    return ReferralReceipt(
        referral_id=referral.id,
        receipt=referral.receipt,
        received_at=referral.received_at,
        owner=case.owner_agency.name,
        risk_level=case.risk_level,
        due_at=case.due_at,
        immediate_danger=referral.immediate_danger,
        feedback_to=referral.feedback_to,
    )


def referral_detail(session: Session, actor: Actor, referral_id: UUID) -> ReferralDetail:
    """A referral with its amendments and how far it has come.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    statement = _of_one(actor, referral_id).options(joinedload(Referral.agency), selectinload(Referral.person_records))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    referral, case, outcome = row
    names = _names(session, [referral.referred_by, *(one.made_by for one in referral.amendments)])
    opened = session.scalar(select(Case.id).where(Case.id == case.id, visible_cases(actor)))
    confidential = is_confidential(referral)
    return ReferralDetail(
        referral=referral,
        amendments=tuple(_amendment(referral, one, names, confidential=confidential) for one in referral.amendments),
        status=_status(case, outcome),
        steps=referrer_steps(_status(case, outcome), _final_outcome(case, outcome)),
        words=_words(case, outcome),
        title=_title(referral, confidential=confidential),
        confidential=confidential,
        content=as_shown(referral, referral.content),
        made_by=names.get(referral.referred_by) if referral.referred_by else None,
        sender_reference=screened(referral.sender_reference, referral.premises, hidden=confidential),
        case_id=opened,
    )


def referral_to_amend(session: Session, actor: Actor, referral_id: UUID) -> Referral:
    """A referral of the actor's own agency with its amendments and premises.

    Raises:
        NotFound: there is none, the actor may not see it, or it is another agency's.
    """
    referral = session.scalar(
        select(Referral)
        .where(Referral.id == referral_id, visible_referrals(actor), Referral.agency_id == actor.agency_id)
        .options(selectinload(Referral.amendments), joinedload(Referral.premises), joinedload(Referral.agency))
    )
    if referral is None:
        raise NotFound
    return referral


def is_confidential(referral: Referral) -> bool:
    """Whether the address must be kept back: marked so at the home, or by what the referral says or ever said."""
    return referral.premises.confidential or keeps_home_back(referral)


def as_shown(referral: Referral, content: Content) -> Content:
    """``content`` of the referral with what was written in it as it may be shown: without a confidential address."""
    return screened_content(content, referral.premises, hidden=is_confidential(referral))


def _in_scope(actor: Actor, scope: Scope) -> ColumnElement[bool]:
    if scope is Scope.AGENCY and actor.has(Permission.CASE_VIEW):
        return Referral.agency_id == actor.agency_id
    return Referral.referred_by == actor.user_id


def _with_progress(condition: ColumnElement[bool]) -> Select[Referral, Case, VisitOutcome | None]:
    """Referrals with the case each feeds and the outcome of that case's last visit."""
    last_visit = aliased(Visit)
    outcome = (
        select(last_visit.outcome)
        .where(last_visit.case_id == Case.id, last_visit.outcome.is_not(None))
        .order_by(last_visit.finished_at.desc().nulls_last(), last_visit.id.desc())
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )
    return (
        select(Referral, Case, outcome)
        .join(ReferralLink, (ReferralLink.referral_id == Referral.id) & ReferralLink.valid_to.is_(None))
        .join(Case, Case.id == ReferralLink.case_id)
        .join(Premises, Premises.id == Referral.premises_id)
        .options(contains_eager(Referral.premises), selectinload(Referral.amendments))
        .where(condition)
    )


def _of_one(actor: Actor, referral_id: UUID) -> Select[Referral, Case, VisitOutcome | None]:
    return _with_progress((Referral.id == referral_id) & visible_referrals(actor))


def _status(case: Case, outcome: VisitOutcome | None) -> ReferrerStatus:
    return referrer_status(case.state, outcome)


def _words(case: Case, outcome: VisitOutcome | None) -> str:
    return status_words(case.state, _final_outcome(case, outcome), case.reject_reason)


def _final_outcome(case: Case, last: VisitOutcome | None) -> VisitOutcome | None:
    """What the case ended with; while it is open, what its last visit ended with."""
    return last if case.state.is_open else case.outcome


def _followed(referral: Referral, case: Case, outcome: VisitOutcome | None) -> FollowedReferral:
    return FollowedReferral(
        id=referral.id,
        receipt=referral.receipt,
        received_at=referral.received_at,
        title=_title(referral, confidential=is_confidential(referral)),
        status=_status(case, outcome),
        words=_words(case, outcome),
    )


def _title(referral: Referral, *, confidential: bool) -> str:
    return MASKED if confidential else referral.premises.address_line


def _names(session: Session, user_ids: Sequence[UUID | None]) -> dict[UUID, str]:
    wanted = {user_id for user_id in user_ids if user_id is not None}
    if not wanted:
        return {}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(wanted))).all())


def _amendment(
    referral: Referral, one: ReferralAmendment, names: dict[UUID, str], *, confidential: bool
) -> AmendmentView:
    changes = {
        field: change for field, change in one.changes.items() if not (confidential and field.startswith("address."))
    }
    return AmendmentView(
        made_at=one.made_at,
        made_by=names.get(one.made_by) if one.made_by else None,
        reason=screened(one.reason, referral.premises, hidden=confidential),
        changes=screened_changes(changes, referral.premises, hidden=confidential),
    )
