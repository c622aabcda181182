"""Ending follow-ups: done with one click, cancelled with a reason, or given to somebody else. Twice is once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from prevention.domain.case import CaseState
from prevention.domain.followup import (
    ABOUT_CONFIDENTIAL_ADDRESSES,
    NEXT_ACTION_KINDS,
    OPEN_FOLLOWUP_STATES,
    FollowUpKind,
    FollowUpState,
)
from prevention.domain.local_time import LONDON
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Team
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from prevention.models.visit import OnwardReferral
from prevention.policies.followups import may_cancel_followup, may_complete_followup, may_reassign_followup
from prevention.services.cases.moving import plan_by_state, set_act_by
from prevention.services.work import Work

LONGEST_NOTE = 1000
#: Kinds that come round long after a case's work is over: they do not keep a case open.
_OUTLIVE_THE_CASE = ABOUT_CONFIDENTIAL_ADDRESSES | {
    FollowUpKind.ALARM_EXPIRY,
    FollowUpKind.SANCTUARY_REVIEW,
    FollowUpKind.REVIEW_REFUSAL,
}


def complete(work: Work, followup_id: UUID, *, note: str = "") -> FollowUp:
    """Say that a follow-up is done. Done already, and nothing else to say about it: nothing changes, whoever asks.

    ``note`` is kept with it; for a chased onward referral it is the answer that came. When it was the last thing to
    do for a case in follow-up, the case's next action becomes closing it.

    Raises:
        NotFound: there is none the actor may see.
        NotAllowed: their role does not complete follow-ups.
        Conflict: it was cancelled meanwhile, or somebody did it and wrote another note.
        Invalid: the note is longer than 1,000 characters (``note``).
    """
    followup = _locked(work, followup_id)
    may_complete_followup(work.actor, followup).require()
    _check_length(note, "note")
    if followup.state is FollowUpState.DONE:
        return _ended_so(followup, note, "Somebody did this follow-up meanwhile.")
    if followup.state is FollowUpState.CANCELLED:
        raise Conflict("This follow-up was cancelled meanwhile.")
    if followup.kind is FollowUpKind.CHASE_ONWARD_REFERRAL:
        _record_answer(work, followup, note.strip())
    end_as_done(work, followup, note.strip())
    return followup


def cancel(work: Work, followup_id: UUID, *, reason: str) -> FollowUp:
    """Say that a follow-up is not needed, and why. Cancelled already for that reason: nothing changes.

    Raises:
        NotFound: there is none the actor may see.
        NotAllowed: they neither own it nor assign work.
        Conflict: it was done meanwhile, or cancelled for another reason.
        Invalid: there is no reason, or it is longer than 1,000 characters (``reason``).
    """
    followup = _locked(work, followup_id)
    may_cancel_followup(work.actor, followup).require()
    if followup.state is FollowUpState.CANCELLED:
        return _ended_so(followup, reason, "Somebody cancelled this follow-up meanwhile.")
    if followup.state is FollowUpState.DONE:
        raise Conflict("Somebody did this follow-up meanwhile.")
    if not reason.strip():
        raise Invalid({"reason": "Say why this follow-up is not needed"})
    _check_length(reason, "reason")
    _end(work, followup, FollowUpState.CANCELLED, AuditTag.FOLLOWUP_CANCELLED, reason.strip())
    return followup


def reassign(work: Work, followup_id: UUID, *, team_id: UUID | None = None, user_id: UUID | None = None) -> FollowUp:
    """Give an open follow-up to a team or a person of the same agency.

    Raises:
        NotFound: there is none the actor may see.
        NotAllowed: they do not assign work.
        Conflict: it has ended meanwhile.
        Invalid: nobody was chosen, or they are not of this agency (``owner``).
    """
    followup = _locked(work, followup_id)
    may_reassign_followup(work.actor, followup).require()
    if not is_open(followup):
        raise Conflict("This follow-up has ended meanwhile.")
    if user_id is not None:
        team_id = _team_of_user(work, followup.agency_id, user_id)
    elif team_id is None or not _is_active_team(work, followup.agency_id, team_id):
        raise Invalid({"owner": "Choose a team or a person of your agency"})
    if (followup.owner_team_id, followup.owner_user_id) != (team_id, user_id):
        followup.owner_team_id, followup.owner_user_id = team_id, user_id
        work.record(AuditTag.FOLLOWUP_REASSIGNED, followup, case_id=followup.case_id, kind=followup.kind.value)
    return followup


def is_open(followup: FollowUp) -> bool:
    """Whether somebody still has to do it."""
    return followup.state in OPEN_FOLLOWUP_STATES


def end_as_done(work: Work, followup: FollowUp, note: str) -> None:
    """Mark an open, locked follow-up done by the actor, and suggest closing the case when it was the last."""
    _end(work, followup, FollowUpState.DONE, AuditTag.FOLLOWUP_DONE, note)


def _ended_so(followup: FollowUp, note: str, otherwise: str) -> FollowUp:
    """The ended follow-up when ``note`` adds nothing to what is kept with it: no words may be dropped unsaid."""
    if note.strip() not in {"", followup.end_note}:
        raise Conflict(otherwise)
    return followup


def _end(work: Work, followup: FollowUp, state: FollowUpState, tag: AuditTag, note: str) -> None:
    followup.state = state
    followup.ended_at = work.now
    followup.ended_by = work.actor.user_id
    followup.end_note = note
    followup.leased_until = None
    work.record(tag, followup, case_id=followup.case_id, kind=followup.kind.value)
    if followup.case_id is not None:
        _go_on(work, followup)


def _go_on(work: Work, followup: FollowUp) -> None:
    """A case that waits for its follow-ups is looked at when the next falls due.

    When nothing is left, its next action is to close it: a person does, with the outcome. In any other state, a
    follow-up that was the next thing to do is so no longer.
    """
    case = work.session.get_one(Case, followup.case_id)
    if case.state is CaseState.FOLLOW_UP:
        due_at = first_due(work, case.id)
        if due_at is None:
            case.next_action = "Every follow-up is done: close the case with its outcome"
        case.next_action_at = due_at or work.now
        set_act_by(case)
    elif case.state.is_open and case.next_action == followup.why:
        _next_after_that(work, case)


def _next_after_that(work: Work, case: Case) -> None:
    """What comes after a case's next action has ended: what fell due longest ago, or else what its state asks for."""
    work.session.flush()  # what is left is read from the database
    waits = work.session.scalar(
        select(FollowUp)
        .where(
            FollowUp.case_id == case.id,
            FollowUp.state == FollowUpState.DUE,
            FollowUp.kind.in_(NEXT_ACTION_KINDS),
        )
        .order_by(FollowUp.due_at, FollowUp.id)
        .limit(1)
    )
    if waits is None:
        plan_by_state(work, case)
    else:
        case.next_action, case.next_action_at = waits.why, waits.due_at
        set_act_by(case)


def first_due(work: Work, case_id: UUID) -> datetime | None:
    """When the first open follow-up that a case has to wait for is due (UTC); None when it waits for none.

    An alarm's end of life, a refusal to look at again and the like outlive the case.
    """
    work.session.flush()  # what is left is read from the database
    return work.session.scalar(
        select(func.min(FollowUp.due_at)).where(
            FollowUp.case_id == case_id,
            FollowUp.state.in_(OPEN_FOLLOWUP_STATES),
            FollowUp.kind.not_in(_OUTLIVE_THE_CASE),
        )
    )


def _locked(work: Work, followup_id: UUID) -> FollowUp:
    """The follow-up, locked after its case: everybody who locks both takes the case first."""
    case_id = work.session.scalar(select(FollowUp.case_id).where(FollowUp.id == followup_id))
    if case_id is not None:
        work.session.get(Case, case_id, with_for_update={"of": Case})
    followup = work.session.get(FollowUp, followup_id, with_for_update={"of": FollowUp}, populate_existing=True)
    if followup is None:
        raise NotFound
    return followup


def _record_answer(work: Work, followup: FollowUp, answer: str) -> None:
    if followup.onward_referral_id is None:
        return
    sent = work.session.get_one(OnwardReferral, followup.onward_referral_id)
    sent.answered_on = work.now.astimezone(LONDON).date()
    sent.answer = answer or "They answered."


def _is_active_team(work: Work, agency_id: UUID, team_id: UUID) -> bool:
    team = work.session.get(Team, team_id)
    return team is not None and team.active and team.agency_id == agency_id


def _team_of_user(work: Work, agency_id: UUID, user_id: UUID) -> UUID | None:
    """The team the user works in, so that it is told too."""
    held = work.session.execute(
        select(Membership.team_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.agency_id == agency_id, Membership.user_id == user_id, User.active)
    ).one_or_none()
    if held is None:
        raise Invalid({"owner": "Choose a team or a person of your agency"})
    team_id: UUID | None = held.team_id
    return team_id


def _check_length(text: str, field: str) -> None:
    if len(text.strip()) > LONGEST_NOTE:
        raise Invalid({field: f"Use {LONGEST_NOTE:,} characters or fewer"})
