"""The mark of a confidential address: since when, by whom, until when, and what was decided about it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from prevention.domain.account import Actor
from prevention.domain.confidentiality import MarkChoice
from prevention.models.account import Membership, User
from prevention.models.agency import Agency
from prevention.models.case import Case, MarkDecision
from prevention.models.premises import Premises
from prevention.policies.confidentiality import may_answer_removal, may_decide_on_mark, may_withdraw_removal
from prevention.policies.sharing import screened

#: Most decisions a page lists, newest first.
MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One decision. ``by`` and ``answered_by`` name people of the reader's own agency, else their agency."""

    choice: MarkChoice
    at: datetime
    by: str
    reason: str
    review_on: date | None
    answered_at: datetime | None
    answered_by: str
    agreed: bool | None
    answer: str

    @property
    def waits(self) -> bool:
        """Whether a second person has still to answer."""
        return self.choice is MarkChoice.TAKE_OFF and self.answered_at is None


@dataclass(frozen=True, slots=True)
class MarkView:
    """The mark as one actor may see it, and what they may do. ``set_by`` is empty when no user set it."""

    set_at: datetime | None
    set_by: str
    review_on: date | None
    lines: tuple[MarkLine, ...]
    may_decide: bool
    may_answer: bool
    may_withdraw: bool

    @property
    def asked(self) -> MarkLine | None:
        """The question whether the mark comes off, while it waits for its answer."""
        return next((line for line in self.lines if line.waits), None)


def mark_of(session: Session, actor: Actor, case: Case, involved: Collection[UUID]) -> MarkView | None:
    """The mark of a case the caller has found visible; None where there is none, or it is not the actor's concern.

    It concerns the owning agency's staff, and whoever may answer for another service whether it comes off.
    """
    if not case.premises.confidential:
        return None
    rows = _decisions(session, case)
    asked = next((row[0] for row in rows if row[0].choice is MarkChoice.TAKE_OFF and row[0].answered_at is None), None)
    may_answer = asked is not None and may_answer_removal(actor, asked, involved).allowed
    if actor.agency_id != case.owner_agency_id and not may_answer:
        return None
    return MarkView(
        set_at=case.premises.confidential_set_at,
        set_by=_who_set_it(session, actor, case.premises.confidential_set_by),
        review_on=case.premises.confidential_review_on,
        lines=tuple(_line(actor, case.premises, *row) for row in rows),
        may_decide=asked is None and may_decide_on_mark(actor, case, involved).allowed,
        may_answer=may_answer,
        may_withdraw=asked is not None and may_withdraw_removal(actor, asked).allowed,
    )


def _decisions(session: Session, case: Case) -> list[tuple[MarkDecision, str, str, str | None, str | None]]:
    maker, answerer, theirs = aliased(User), aliased(User), aliased(Agency)
    rows = session.execute(
        select(MarkDecision, maker.name, Agency.short_name, answerer.name, theirs.short_name)
        .join(maker, maker.id == MarkDecision.made_by)
        .join(Agency, Agency.id == MarkDecision.agency_id)
        .outerjoin(answerer, answerer.id == MarkDecision.answered_by)
        .outerjoin(theirs, theirs.id == MarkDecision.answering_agency_id)
        .where(MarkDecision.case_id == case.id)
        .order_by(MarkDecision.made_at.desc(), MarkDecision.id.desc())
        .limit(MOST_LISTED)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _line(
    actor: Actor, home: Premises, one: MarkDecision, maker: str, agency: str, answerer: str | None, theirs: str | None
) -> MarkLine:
    withdrawn = one.answered_by is not None and one.answered_by == one.made_by
    own_answer = actor.agency_id == (one.agency_id if withdrawn else one.answering_agency_id)
    return MarkLine(
        choice=one.choice,
        at=one.made_at,
        by=maker if one.agency_id == actor.agency_id else agency,
        reason=screened(one.reason, home),
        review_on=one.review_on,
        answered_at=one.answered_at,
        answered_by=((answerer if own_answer else theirs) or "") if one.answered_at else "",
        agreed=one.agreed,
        answer=screened(one.answer, home),
    )


def _who_set_it(session: Session, actor: Actor, user_id: UUID | None) -> str:
    if user_id is None:
        return ""
    own = Membership.agency_id == actor.agency_id
    row = session.execute(
        select(User.name, Agency.short_name, own)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(User.id == user_id)
        .order_by(own.desc(), Membership.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return ""
    return row[0] if row[2] else f"somebody at {row[1]}"
