"""Giving a case, or several at once, to a team or an officer; who had it before stays on record."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import PERMISSIONS, Permission
from prevention.domain.case import CaseState
from prevention.domain.case_selection import Holder, LeftOut, SelectedCase, left_out
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Team
from prevention.models.audit import AuditTag
from prevention.models.case import Assignment, Case
from prevention.policies.cases import may_work_on_case
from prevention.services.cases.finding import check_version, involved_agencies, load_case, lock_cases
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


@dataclass(frozen=True, slots=True)
class Stays:
    """A selected case that was left as it was, and why."""

    case_id: UUID
    reference: str
    reason: LeftOut


@dataclass(frozen=True, slots=True)
class Handover:
    """What became of several cases: how many were given, and which were left out."""

    given: int
    left_out: tuple[Stays, ...]


def assign_several(
    work: Work,
    selection: Collection[SelectedCase],
    *,
    team_id: UUID | None = None,
    user_id: UUID | None = None,
    note: str = "",
) -> Handover:
    """Give every selected case to one team or officer, all in this work; each gets its own trace, as by ``assign``.

    A case that changed since it was selected, is closed, or belongs to another agency by now stays as it is and is
    named. One the actor may not know of is neither given nor named.

    Raises:
        Invalid: neither team nor officer, or not one of the actor's agency's (field ``owner``).
        NotAllowed: the actor's role does not assign cases.
    """
    if work.actor.agency_id is None:
        raise NotFound
    found = lock_cases(work, [each.case_id for each in selection])
    involved = involved_agencies(work, found)
    to = _holder(work, work.actor.agency_id, team_id, user_id)
    given, stay = [], []
    for each in selection:
        case = found.get(each.case_id)
        if case is None:
            continue
        may = may_work_on_case(work.actor, case, involved[case.id], Permission.CASE_ASSIGN)
        if may.hidden:
            continue
        reason = _why_left_out(work, case, each, to)
        if reason is None:
            may.require()
            given.append(case)
        else:
            stay.append(Stays(case.id, case.reference, reason))
    _end_assignments(work, [case.id for case in given])
    for case in given:
        _give(work, case, to, note.strip())
    return Handover(len(given), tuple(stay))


def _why_left_out(work: Work, case: Case, selected: SelectedCase, to: Holder) -> LeftOut | None:
    return left_out(
        is_own=case.owner_agency_id == work.actor.agency_id,
        state=case.state,
        holder=Holder(case.owner_team_id, case.owner_user_id),
        version=case.version_id,
        selected_version=selected.version,
        to=to,
    )


def assign_to(work: Work, case: Case, *, team_id: UUID | None, user_id: UUID | None, note: str) -> None:
    """As ``assign``, for a case that is loaded and checked already."""
    if not case.state.is_open:
        raise Conflict("This case is closed. Reopen it before you give it to somebody.")
    to = _holder(work, case.owner_agency_id, team_id, user_id)
    end_assignment(work, case)
    _give(work, case, to, note)


def end_assignment(work: Work, case: Case) -> None:
    """End whatever assignment is running: the case changes hands or is closed."""
    _end_assignments(work, [case.id])


def _end_assignments(work: Work, case_ids: Iterable[UUID]) -> None:
    running = work.session.scalars(
        select(Assignment).where(Assignment.case_id.in_(list(case_ids)), Assignment.ended_at.is_(None))
    )
    for assignment in running:
        assignment.ended_at = work.now


def _give(work: Work, case: Case, to: Holder, note: str) -> None:
    case.owner_team_id, case.owner_user_id = to.team_id, to.user_id
    work.session.add(
        Assignment(
            case_id=case.id,
            team_id=to.team_id,
            user_id=to.user_id,
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
        team=str(to.team_id) if to.team_id else None,
        user=str(to.user_id) if to.user_id else None,
    )


def _holder(work: Work, agency_id: UUID, team_id: UUID | None, user_id: UUID | None) -> Holder:
    if user_id is not None:
        return Holder(_team_of_officer(work, agency_id, user_id), user_id)
    if team_id is None:
        raise Invalid({"owner": "Choose a team or an officer"})
    _check_team(work, agency_id, team_id)
    return Holder(team_id, None)


def _team_of_officer(work: Work, agency_id: UUID, user_id: UUID) -> UUID | None:
    held = work.session.scalar(
        select(Membership)
        .join(User)
        .where(
            Membership.user_id == user_id,
            Membership.agency_id == agency_id,
            Membership.role.in_(ASSIGNABLE_ROLES),
            User.active,
        )
    )
    if held is None:
        raise Invalid({"owner": "Choose a team or an officer of your agency"})
    return held.team_id


def _check_team(work: Work, agency_id: UUID, team_id: UUID) -> None:
    team = work.session.get(Team, team_id)
    if team is None or not team.active or team.agency_id != agency_id:
        raise Invalid({"owner": "Choose a team or an officer of your agency"})
