"""Giving a case to a team or an officer; who had it before stays on record."""

from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import PERMISSIONS, Permission
from prevention.domain.case import CaseState
from prevention.errors import Conflict, Invalid
from prevention.models.account import Membership, User
from prevention.models.agency import Team
from prevention.models.audit import AuditTag
from prevention.models.case import Assignment, Case
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.moving import move
from prevention.services.work import Work

#: States that being given to somebody ends; in the others the case stays where it is and changes hands.
_BEFORE_ASSIGNED = frozenset({CaseState.TRIAGE, CaseState.ACCEPTED, CaseState.ASSIGNED})
#: Roles whose holders can be given a case.
ASSIGNABLE_ROLES = tuple(role for role, held in PERMISSIONS.items() if Permission.VISIT_RECORD in held)


def assign(
    work: Work, case_id: UUID, *, version: int, team_id: UUID | None = None, user_id: UUID | None = None, note: str = ""
) -> Case:
    """Give the case to a team, or to an officer (and with them to their team).

    Raises:
        Invalid: neither, or not one of the owning agency's (field ``owner``).
        StaleCase: it was changed meanwhile.
        Conflict: the case is closed.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_ASSIGN)
    check_version(case, version)
    assign_to(work, case, team_id=team_id, user_id=user_id, note=note.strip())
    return case


def assign_to(work: Work, case: Case, *, team_id: UUID | None, user_id: UUID | None, note: str) -> None:
    """As ``assign``, for a case that is loaded and checked already."""
    if not case.state.is_open:
        raise Conflict("This case is closed. Reopen it before you give it to somebody.")
    if user_id is not None:
        team_id = _team_of_officer(work, case, user_id)
    elif team_id is not None:
        _check_team(work, case, team_id)
    else:
        raise Invalid({"owner": "Choose a team or an officer"})
    end_assignment(work, case)
    case.owner_team_id, case.owner_user_id = team_id, user_id
    work.session.add(
        Assignment(
            case_id=case.id,
            team_id=team_id,
            user_id=user_id,
            assigned_at=work.now,
            assigned_by=work.actor.user_id,
            note=note,
        )
    )
    if case.state in _BEFORE_ASSIGNED:
        move(work, case, CaseState.ASSIGNED)
    else:
        move(work, case, case.state, next_action=case.next_action, next_action_at=case.next_action_at)
    work.record(
        AuditTag.CASE_ASSIGNED,
        case,
        case_id=case.id,
        team=str(team_id) if team_id else None,
        user=str(user_id) if user_id else None,
    )


def end_assignment(work: Work, case: Case) -> None:
    """End whatever assignment is running: the case changes hands or is closed."""
    running = work.session.scalars(
        select(Assignment).where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
    )
    for assignment in running:
        assignment.ended_at = work.now


def _team_of_officer(work: Work, case: Case, user_id: UUID) -> UUID | None:
    held = work.session.scalar(
        select(Membership)
        .join(User)
        .where(
            Membership.user_id == user_id,
            Membership.agency_id == case.owner_agency_id,
            Membership.role.in_(ASSIGNABLE_ROLES),
            User.active,
        )
    )
    if held is None:
        raise Invalid({"owner": "Choose a team or an officer of your agency"})
    return held.team_id


def _check_team(work: Work, case: Case, team_id: UUID) -> None:
    team = work.session.get(Team, team_id)
    if team is None or not team.active or team.agency_id != case.owner_agency_id:
        raise Invalid({"owner": "Choose a team or an officer of your agency"})
