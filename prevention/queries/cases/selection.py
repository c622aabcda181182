"""Several cases ticked in the queue, as they are now: which would be given to somebody, and which stay and why."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from prevention.domain.account import Actor
from prevention.domain.case_selection import Holder, LeftOut, SelectedCase, left_out
from prevention.models.case import Case
from prevention.queries.cases.queue import QueueRow, as_row, list_statement
from prevention.queries.coverage import HomeAreas, areas_of


@dataclass(frozen=True, slots=True)
class Selection:
    """The cases that go, and those that stay, each in the queue's order.

    ``homes``: where the home of each case that goes lies.
    """

    going: tuple[QueueRow, ...]
    staying: tuple[tuple[QueueRow, LeftOut], ...]
    homes: tuple[HomeAreas, ...]


def selection(
    session: Session, actor: Actor, selected: Collection[SelectedCase], to: Holder | None = None
) -> Selection:
    """Look the selected cases up, in one statement. One the actor may not see is in neither list."""
    versions = {each.case_id: each.version for each in selected}
    statement = list_statement(actor).where(Case.id.in_(list(versions))).order_by(Case.risk_rank, Case.act_by, Case.id)
    going, staying, homes = [], [], []
    for case, borough, in_hospital in session.execute(statement).unique():
        row = as_row(actor, case, borough, in_hospital)
        reason = left_out(
            is_own=case.owner_agency_id == actor.agency_id,
            state=case.state,
            holder=Holder(case.owner_team_id, case.owner_user_id),
            version=case.version_id,
            selected_version=versions[case.id],
            to=to,
        )
        if reason is None:
            going.append(row)
            homes.append(areas_of(case))
        else:
            staying.append((row, reason))
    return Selection(tuple(going), tuple(staying), tuple(homes))
