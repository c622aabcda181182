"""Loading a visit to change it: locked, checked, and in one fixed order so that no two writers wait for each other."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Actor
from prevention.domain.visit import VISIT_TRANSITIONS, VisitState
from prevention.errors import Conflict, NotFound
from prevention.models.case import Case
from prevention.models.visit import Visit
from prevention.policies.decision import Decision
from prevention.policies.visits import visible_visits
from prevention.services.work import Work


def load_visit(work: Work, visit_id: UUID, may: Callable[[Actor, Visit], Decision]) -> Visit:
    """The visit, its case's row and its own locked until the transaction ends (case first, then visit).

    Raises:
        NotFound: there is none, or the actor may not know of it.
        NotAllowed: ``may`` refuses.
    """
    found = work.session.execute(
        select(Visit.id, Visit.case_id).where(Visit.id == visit_id, visible_visits(work.actor))
    ).one_or_none()
    if found is None:
        raise NotFound
    if found.case_id is not None:
        work.session.execute(select(Case.id).where(Case.id == found.case_id).with_for_update())
    visit = work.session.scalars(
        select(Visit).where(Visit.id == visit_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    may(work.actor, visit).require()
    return visit


def check_visit_version(visit: Visit, version: int | None) -> None:
    """Refuse a change made from an older state of the visit.

    Raises:
        Conflict: somebody changed the visit since the page was made.
    """
    if version is not None and version != visit.version_id:
        raise Conflict("Somebody changed this visit while you were looking at it. Reload the page to see it as it is.")


def change_state(visit: Visit, to: VisitState) -> None:
    """Move the visit to ``to``.

    Raises:
        Conflict: a visit in this state cannot go there.
    """
    if to not in VISIT_TRANSITIONS[visit.state]:
        raise Conflict(
            f"This visit is {visit.state.label.lower()} and cannot become {to.label.lower()}. "
            "Reload the page to see it as it is."
        )
    visit.state = to
