"""Finding the case to work on: locked, within the actor's rights, and not older than what the actor looked at."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.errors import Conflict, NotFound
from prevention.models.case import Case, CaseInvolvement
from prevention.policies.cases import may_work_on_case
from prevention.services.work import Work


class StaleCase(Conflict):
    """The case was changed after the actor's page was made. The page then shows both versions."""


def load_case(work: Work, case_id: UUID, permission: Permission) -> Case:
    """The case, its row locked until the work ends, when the actor may use ``permission`` on it.

    Raises:
        NotFound: there is no such case, or the actor may not know of it.
        NotAllowed: the actor may see it, but not do this.
    """
    case = lock_cases(work, [case_id]).get(case_id)
    if case is None:
        raise NotFound
    may_work_on_case(work.actor, case, involved_agencies(work, [case_id])[case_id], permission).require()
    return case


def lock_cases(work: Work, case_ids: Iterable[UUID]) -> dict[UUID, Case]:
    """The cases by id, locked in the order of their ids so that two workers never wait for each other in a ring."""
    rows = work.session.scalars(
        select(Case)
        .where(Case.id.in_(set(case_ids)))
        .order_by(Case.id)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    )
    return {case.id: case for case in rows}


def involved_agencies(work: Work, case_ids: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """For each of the cases, the agencies that may know of it."""
    found: dict[UUID, set[UUID]] = {case_id: set() for case_id in case_ids}
    rows = work.session.execute(
        select(CaseInvolvement.case_id, CaseInvolvement.agency_id).where(CaseInvolvement.case_id.in_(list(found)))
    )
    for row in rows:
        found[row.case_id].add(row.agency_id)
    return {case_id: frozenset(agencies) for case_id, agencies in found.items()}


def check_version(case: Case, version: int) -> None:
    """Go on when the actor looked at the case as it is now.

    Raises:
        StaleCase: it was changed after ``version``.
    """
    if case.version_id != version:
        raise StaleCase("Somebody else changed this case while you were working on it.")
