"""What came of visits: the last one at a home, what one led to, how many failed, and what is typed so far."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import Actor
from prevention.domain.outcomes import GOT_IN, facts
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.models.account import User
from prevention.models.followup import FollowUp
from prevention.models.visit import OnwardReferral, Visit, VisitDraft
from prevention.policies.visits import visible_visits

#: How many earlier visits a crew reads before the door; the case's page has them all.
MOST_EARLIER = 3


def draft_of(session: Session, visit_id: UUID) -> VisitDraft | None:
    """What has been typed into the visit's form, when anything has."""
    return session.get(VisitDraft, visit_id, populate_existing=True)


def names_of(session: Session, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of users by id."""
    if not user_ids:
        return {}
    rows = session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))
    return {user_id: name for user_id, name in rows}  # noqa: C416 - rows are not plain tuples


def last_inside(session: Session, actor: Actor, visit: Visit) -> Visit | None:
    """The last visit of the actor's own agency that got into the same home, to pre-fill the form from.

    One that ended at the door since then knows nothing of the home, and hides nothing of what is known.
    """
    return session.scalar(_before(actor, visit).where(Visit.outcome.in_(GOT_IN)).limit(1))


def earlier_visits(session: Session, actor: Actor, visit: Visit) -> list[Visit]:
    """The last few finished visits of the actor's own agency to the same home, the newest first."""
    return list(session.scalars(_before(actor, visit).limit(MOST_EARLIER)))


def _before(actor: Actor, visit: Visit) -> Select[Visit]:
    return (
        select(Visit)
        .where(
            Visit.premises_id == visit.premises_id,
            Visit.id != visit.id,
            Visit.state == VisitState.FINISHED,
            Visit.finished_at.is_not(None),
            visible_visits(actor),
        )
        .order_by(Visit.finished_at.desc(), Visit.id.desc())
    )


def followups_of(session: Session, visit_id: UUID) -> list[FollowUp]:
    """The follow-ups a visit led to, soonest first."""
    return list(
        session.scalars(
            select(FollowUp)
            .where(FollowUp.visit_id == visit_id)
            .options(joinedload(FollowUp.owner_team), joinedload(FollowUp.owner_user))
            .order_by(FollowUp.due_at, FollowUp.id)
        )
    )


def onward_of(session: Session, visit_id: UUID) -> list[OnwardReferral]:
    """What a visit sent onward, in the order it was made."""
    return list(
        session.scalars(select(OnwardReferral).where(OnwardReferral.visit_id == visit_id).order_by(OnwardReferral.id))
    )


def failed_attempts(session: Session, case_id: UUID | None) -> int:
    """How many visits for a case failed to reach anybody so far (domain.md 1.11)."""
    if case_id is None:
        return 0
    attempts = [outcome for outcome in VisitOutcome if facts(outcome).is_attempt]
    return (
        session.scalar(
            select(func.count()).select_from(Visit).where(Visit.case_id == case_id, Visit.outcome.in_(attempts))
        )
        or 0
    )
