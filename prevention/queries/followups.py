"""Reads of follow-ups: what is due, what comes, what has ended, and what a case still waits for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import Actor
from prevention.domain.address_reveal import MASKED
from prevention.domain.followup import FollowUpKind
from prevention.errors import NotFound
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.models.premises import Premises
from prevention.models.visit import Visit
from prevention.policies.followups import visible_followups
from prevention.policies.sharing import screened

PAGE_SIZE = 25
#: How far ahead "coming up" looks: what was put off for three months shows at once, an alarm's end of life in ten years
#: is nobody's work this month.
AHEAD = timedelta(days=100)
#: The words of the partial index, so that the planner always knows it fits.
_OPEN: ColumnElement[bool] = literal_column("follow_ups.state IN ('WAITING', 'DUE')")


class When(StrEnum):
    """Which follow-ups a list shows."""

    DUE = "due"
    COMING = "coming"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"due": "Due now", "coming": "Coming up", "ended": "Done or cancelled"}[self.value]


class Whose(StrEnum):
    """Whose follow-ups a list shows: the actor's own and their team's, or the whole agency's."""

    MINE = "mine"
    AGENCY = "agency"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"mine": "Mine and my team’s", "agency": "Everybody’s"}[self.value]


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """What a list is narrowed to."""

    when: When = When.DUE
    whose: Whose = Whose.AGENCY
    kind: FollowUpKind | None = None


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """A follow-up as a list shows it. ``title`` is the home's address, or words that stand for it; ``note`` what was
    written when it ended."""

    followup: FollowUp
    title: str
    owner: str
    note: str

    @property
    def when(self) -> datetime:
        """When it ended, or is due while it has not."""
        return self.followup.ended_at or self.followup.due_at


@dataclass(frozen=True, slots=True)
class FollowUpPage:
    """One page of follow-ups; ``next_key`` begins the next page, None on the last."""

    rows: tuple[FollowUpRow, ...]
    next_key: tuple[datetime, UUID] | None


def followups(
    session: Session,
    actor: Actor,
    wanted: FollowUpFilter,
    now: datetime,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE_SIZE,
) -> FollowUpPage:
    """The follow-ups the actor may see, in pages of ``limit``: open ones by due time, ended ones newest first."""
    chosen = _with_places(actor).limit(limit + 1)
    if wanted.when is When.ENDED:
        key = tuple_(FollowUp.ended_at, FollowUp.id)
        chosen = chosen.where(FollowUp.ended_at.is_not(None))
        chosen = chosen.order_by(FollowUp.ended_at.desc(), FollowUp.id.desc())
        if after is not None:
            chosen = chosen.where(key < after)
    else:
        key = tuple_(FollowUp.due_at, FollowUp.id)
        chosen = chosen.where(_OPEN).order_by(FollowUp.due_at, FollowUp.id)
        if wanted.when is When.DUE:
            chosen = chosen.where(FollowUp.due_at <= now)
        else:
            chosen = chosen.where(FollowUp.due_at > now, FollowUp.due_at <= now + AHEAD)
        if after is not None:
            chosen = chosen.where(key > after)
    if wanted.whose is Whose.MINE:
        chosen = chosen.where(_is_mine(actor))
    if wanted.kind is not None:
        chosen = chosen.where(FollowUp.kind == wanted.kind)
    rows = [_row(found[0], found[1]) for found in session.execute(chosen).unique()]
    shown = rows[:limit]
    return FollowUpPage(tuple(shown), (shown[-1].when, shown[-1].followup.id) if len(rows) > limit else None)


def followup(session: Session, actor: Actor, followup_id: UUID) -> FollowUpRow:
    """One follow-up.

    Raises:
        NotFound: there is none the actor may see.
    """
    found = session.execute(_with_places(actor).where(FollowUp.id == followup_id)).unique().one_or_none()
    if found is None:
        raise NotFound
    return _row(found[0], found[1])


def _with_places(actor: Actor) -> Select[FollowUp, Premises]:
    return (
        select(FollowUp, Premises)
        .outerjoin(Case, Case.id == FollowUp.case_id)
        .outerjoin(Visit, Visit.id == FollowUp.visit_id)
        .join(Premises, Premises.id == func.coalesce(Case.premises_id, Visit.premises_id))
        .where(visible_followups(actor))
        .options(joinedload(FollowUp.case), joinedload(FollowUp.owner_team), joinedload(FollowUp.owner_user))
    )


def _is_mine(actor: Actor) -> ColumnElement[bool]:
    return or_(
        FollowUp.owner_user_id == actor.user_id,
        and_(FollowUp.owner_user_id.is_(None), FollowUp.owner_team_id.in_(actor.team_ids)),
    )


def _row(followup: FollowUp, premises: Premises) -> FollowUpRow:
    team = followup.owner_team.name if followup.owner_team else ""
    return FollowUpRow(
        followup=followup,
        title=MASKED if premises.confidential else premises.address_line,
        owner=followup.owner_user.name if followup.owner_user else team,
        note=screened(followup.end_note, premises),
    )
