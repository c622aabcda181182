"""What has been done for a case and for the home before: visits, contacts, follow-ups, onward referrals, notes, owners.

Each list holds no more than a page shows; the timeline has the rest.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from prevention.domain.account import Actor
from prevention.domain.case import CaseState
from prevention.domain.followup import OPEN_FOLLOWUP_STATES
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.models.account import User
from prevention.models.agency import Agency, Team
from prevention.models.case import Assignment, Case, CaseNote, ContactAttempt
from prevention.models.followup import FollowUp
from prevention.models.premises import AddressStatus
from prevention.models.visit import AlarmRecord, OnwardReferral, Visit
from prevention.policies.cases import visible_cases
from prevention.policies.followups import visible_followups
from prevention.policies.sharing import screened
from prevention.policies.visits import visible_visits
from prevention.queries.colleagues import ANOTHER_AGENCY, works_with
from prevention.queries.pages import MOST_LISTED


@dataclass(frozen=True, slots=True)
class OtherCase:
    """Another case at the same premises."""

    id: UUID
    reference: str
    risk_level: RiskLevel
    state: CaseState
    owner: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A visit for the case, or the last one here before. ``id`` is None when the reader may not open it."""

    id: UUID | None
    reference: str
    agency: str
    state: VisitState
    at: datetime
    who: str
    outcome: VisitOutcome | None
    of_this_case: bool
    alarms_fitted: int


@dataclass(frozen=True, slots=True)
class ContactLine:
    """An attempt to reach the home."""

    at: datetime
    by: str
    method: str
    result: str
    note: str | None


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note the reader may read."""

    at: datetime
    by: str
    agency: str
    text: str
    shared: bool


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """Who had the case, from when to when."""

    who: str
    at: datetime
    until: datetime | None
    by: str
    note: str


def other_cases(session: Session, actor: Actor, case: Case) -> tuple[OtherCase, ...]:
    """Other cases at the same premises that the reader may know of, open ones first."""
    if case.premises.status is AddressStatus.NO_FIXED_ABODE:
        return ()
    rows = session.execute(
        select(Case.id, Case.reference, Case.risk_level, Case.state, Agency.short_name, Case.opened_at)
        .join(Agency, Agency.id == Case.owner_agency_id)
        .where(Case.premises_id == case.premises_id, Case.id != case.id, visible_cases(actor))
        .order_by(Case.is_open.desc(), Case.opened_at.desc(), Case.id)
        .limit(MOST_LISTED)
    )
    return tuple(OtherCase(*row) for row in rows)


def visits_of(session: Session, actor: Actor, case: Case) -> tuple[VisitLine, ...]:
    """Visits for the case by any agency, of others the bare fact; and the agency's own finished ones here before."""
    before = and_(Visit.premises_id == case.premises_id, visible_visits(actor), Visit.state == VisitState.FINISHED)
    alarms = select(func.count()).where(AlarmRecord.visit_id == Visit.id, AlarmRecord.fitted_today).scalar_subquery()
    rows = session.execute(
        select(Visit, Agency.short_name, User.name, Team.name, alarms)
        .join(Agency, Agency.id == Visit.agency_id)
        .outerjoin(User, User.id == Visit.officer_id)
        .outerjoin(Team, Team.id == Visit.team_id)
        .where(or_(Visit.case_id == case.id, before))
        .order_by(Visit.scheduled_at.desc(), Visit.id.desc())
        .limit(MOST_LISTED)
    )
    lines = []
    for visit, agency, officer, team, fitted in rows:
        mine = visit.agency_id == actor.agency_id
        lines.append(
            VisitLine(
                id=visit.id if mine else None,
                reference=visit.reference,
                agency=agency,
                state=visit.state,
                at=visit.finished_at or visit.scheduled_at,
                who=(officer or team or "") if mine else "",
                outcome=visit.outcome if mine else None,
                of_this_case=visit.case_id == case.id,
                alarms_fitted=fitted,
            )
        )
    return tuple(lines)


def contacts_of(session: Session, actor: Actor, case: Case) -> tuple[ContactLine, ...]:
    """Every attempt; by whom, and the note, to the agency that made it. The case may have been another's then."""
    rows = session.execute(
        select(ContactAttempt, User.name, works_with(actor, ContactAttempt.made_by))
        .join(User, User.id == ContactAttempt.made_by)
        .where(ContactAttempt.case_id == case.id)
        .order_by(ContactAttempt.made_at.desc(), ContactAttempt.id.desc())
        .limit(MOST_LISTED)
    )
    return tuple(
        ContactLine(
            at=attempt.made_at,
            by=name if is_colleague else "",
            method=attempt.method.label,
            result=attempt.result.label,
            note=screened(attempt.note, case.premises) if is_colleague else None,
        )
        for attempt, name, is_colleague in rows
    )


def followups_of(session: Session, actor: Actor, case_id: UUID) -> tuple[FollowUp, ...]:
    """Follow-ups of the case, those still open first, by due time."""
    waiting = FollowUp.state.in_(OPEN_FOLLOWUP_STATES)
    rows = session.scalars(
        select(FollowUp)
        .where(FollowUp.case_id == case_id, visible_followups(actor))
        .options(joinedload(FollowUp.owner_team), joinedload(FollowUp.owner_user))
        .order_by(waiting.desc(), FollowUp.due_at, FollowUp.id)
        .limit(MOST_LISTED)
    )
    return tuple(rows)


def onward_of(session: Session, actor: Actor, case_id: UUID) -> tuple[OnwardReferral, ...]:
    """What visits of the reader's agency sent onward for the case, latest first."""
    rows = session.scalars(
        select(OnwardReferral)
        .join(Visit, Visit.id == OnwardReferral.visit_id)
        .where(OnwardReferral.case_id == case_id, visible_visits(actor))
        .order_by(OnwardReferral.made_at.desc(), OnwardReferral.id)
        .limit(MOST_LISTED)
    )
    return tuple(rows)


def notes_of(session: Session, actor: Actor, case: Case) -> tuple[NoteView, ...]:
    """Notes of the reader's agency and shared ones, latest first; an author is named to their own agency."""
    rows = session.execute(
        select(CaseNote, User.name, Agency.short_name)
        .join(User, User.id == CaseNote.author_id)
        .join(Agency, Agency.id == CaseNote.agency_id)
        .where(CaseNote.case_id == case.id, or_(CaseNote.shared, CaseNote.agency_id == actor.agency_id))
        .order_by(CaseNote.written_at.desc(), CaseNote.id.desc())
        .limit(MOST_LISTED)
    )
    return tuple(
        NoteView(
            at=note.written_at,
            by=name if note.agency_id == actor.agency_id else "",
            agency=agency,
            text=screened(note.text, case.premises),
            shared=note.shared,
        )
        for note, name, agency in rows
    )


def assignments_of(session: Session, actor: Actor, case: Case) -> tuple[AssignmentLine, ...]:
    """Who had it; of a time when it was another agency's, the team and no names."""
    officer, giver = aliased(User), aliased(User)
    rows = session.execute(
        select(
            Assignment,
            Team.name,
            officer.name,
            giver.name,
            works_with(actor, Assignment.user_id),
            works_with(actor, Assignment.assigned_by),
        )
        .outerjoin(Team, Team.id == Assignment.team_id)
        .outerjoin(officer, officer.id == Assignment.user_id)
        .outerjoin(giver, giver.id == Assignment.assigned_by)
        .where(Assignment.case_id == case.id)
        .order_by(Assignment.assigned_at.desc(), Assignment.id.desc())
        .limit(MOST_LISTED)
    )
    return tuple(
        AssignmentLine(
            who=(person if is_own else team or (ANOTHER_AGENCY if person else "")) or "",
            at=assignment.assigned_at,
            until=assignment.ended_at,
            by=by if by_own else ANOTHER_AGENCY if by else "",
            note=screened(assignment.note, case.premises) if by_own else "",
        )
        for assignment, team, person, by, is_own, by_own in rows
    )
