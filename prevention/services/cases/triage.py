"""Triage: take a case on, turn it down, pass it on, answer it with advice, or set its risk by hand."""

from uuid import UUID

from sqlalchemy import select

from prevention.domain.account import Permission
from prevention.domain.case import CaseState, RedirectReason, RejectReason
from prevention.domain.case_moves import check_passing_outside, check_rejecting
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import Invalid
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditTag
from prevention.models.case import Case
from prevention.services.cases import assessing
from prevention.services.cases.assigning import assign_to, end_assignment
from prevention.services.cases.finding import check_version, load_case
from prevention.services.cases.moving import move
from prevention.services.cases.noting import write_note
from prevention.services.cases.summarising import involve
from prevention.services.notifications.alerts import raise_alert, settle_alert
from prevention.services.notifications.messages import tell_outcome
from prevention.services.work import Work


def accept(work: Work, case_id: UUID, *, version: int) -> Case:
    """Take the case on.

    Raises:
        StaleCase: it was changed meanwhile.
        Conflict: it is past triage.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    move(work, case, CaseState.ACCEPTED)
    work.record(AuditTag.CASE_ACCEPTED, case, case_id=case.id)
    return case


def reject(work: Work, case_id: UUID, *, version: int, reason: RejectReason, note: str = "") -> Case:
    """Turn the case down for a coded reason, whose safe words the referrers are told. ``note`` stays in the agency.

    Raises:
        Invalid: the home is at very high risk and nobody says why it is left (field ``note``).
        StaleCase: it was changed meanwhile.
        Conflict: a case in its state cannot be rejected.
        NotFound, NotAllowed: by the policy.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    check_rejecting(case.risk_level, reason, note)
    move(work, case, CaseState.REJECTED)
    case.reject_reason = reason
    end_assignment(work, case)
    settle_alert(work, case)
    if note:
        write_note(work, case, note, shared=False)
    work.record(AuditTag.CASE_REJECTED, case, case_id=case.id, reason=reason.value)
    tell_outcome(work, case)
    return case


def signpost(work: Work, case_id: UUID, *, version: int) -> Case:
    """Answer a low-risk case with advice and the online checker instead of a visit (domain.md 1.1, LOW).

    Raises:
        Invalid: the risk is not low (field ``level``).
        StaleCase, Conflict, NotFound, NotAllowed: as ``reject``.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    if case.risk_level is not RiskLevel.LOW:
        raise Invalid({"level": "Only a low-risk case can be answered with advice alone"})
    move(work, case, CaseState.SIGNPOSTED_LOW)
    case.outcome = VisitOutcome.NOT_ELIGIBLE_LOW_RISK
    end_assignment(work, case)
    settle_alert(work, case)
    work.record(AuditTag.CASE_SIGNPOSTED, case, case_id=case.id)
    tell_outcome(work, case)
    return case


def redirect(
    work: Work, case_id: UUID, *, version: int, agency_id: UUID | None, why: RedirectReason, note: str = ""
) -> Case:
    """Pass the case on. With ``agency_id`` that agency's desk owns it from now and triages it; the agencies involved
    stay involved. With None it goes to a service outside this list and is closed here. ``why`` and ``note`` become a
    shared note, so that the next owner reads them.

    Raises:
        Invalid: an agency that cannot take cases (field ``agency``); a home at very high risk that leaves this list
            without a word on who goes there (field ``reason``).
        StaleCase, Conflict, NotFound, NotAllowed: as ``reject``.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    reason = _passing_words(why, note)
    if agency_id is None:
        check_passing_outside(case.risk_level, case.outcome, note)
        move(work, case, CaseState.REDIRECTED)
        case.outcome = VisitOutcome.REDIRECTED_OUT_OF_AREA
        end_assignment(work, case)
        settle_alert(work, case)
        write_note(work, case, reason, shared=True)
        work.record(AuditTag.CASE_REDIRECTED, case, case_id=case.id, outside=True, why=why.value)
        tell_outcome(work, case)
        return case
    desk = _desk_of(work, agency_id, case)
    write_note(work, case, reason, shared=True)
    work.record(AuditTag.CASE_REDIRECTED, case, case_id=case.id, to=str(agency_id), why=why.value)
    was_pack = work.session.get_one(Agency, case.owner_agency_id).rule_pack
    move(work, case, CaseState.REDIRECTED)
    end_assignment(work, case)
    settle_alert(work, case)
    case.owner_agency_id = desk.agency_id
    case.owner_team_id, case.owner_user_id = desk.id, None
    move(work, case, CaseState.TRIAGE)
    involve(work, case, [desk.agency_id])
    if work.session.get_one(Agency, desk.agency_id).rule_pack != was_pack:
        assessing.reassess(work, case, reason="Passed to an agency with other rules")
    if case.risk_level is RiskLevel.VERY_HIGH:
        raise_alert(work, case, "A very high risk case was passed to you")
    return case


def _passing_words(why: RedirectReason, note: str) -> str:
    return f"{why.label}. {note.strip()}".strip()


def pass_to_team(
    work: Work, case_id: UUID, *, version: int, team_id: UUID, why: RedirectReason, note: str = ""
) -> Case:
    """Give the case to another team of the owning agency, and say why in its note of assignment.

    Raises:
        Invalid: not a team of the agency (``owner``).
        StaleCase, Conflict, NotFound, NotAllowed: as ``reject``.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    assign_to(work, case, team_id=team_id, user_id=None, note=_passing_words(why, note))
    return case


def override_risk(work: Work, case_id: UUID, *, version: int, level: RiskLevel, reason: str) -> Case:
    """Set the risk level by hand; the actor's name and the reason stay with it, and as a note when the level changes
    again. Lowering it answers an open alert.

    Raises:
        Invalid: no reason, or the level is what it was (fields ``reason``, ``level``).
        StaleCase, NotFound, NotAllowed: as ``reject``.
    """
    case = load_case(work, case_id, Permission.CASE_TRIAGE)
    check_version(case, version)
    write_note(work, case, f"Risk level set to {level.label.lower()} by hand: {reason.strip()}", shared=False)
    assessing.override(work, case, level, reason)
    if level is not RiskLevel.VERY_HIGH:
        settle_alert(work, case)
    return case


def _desk_of(work: Work, agency_id: UUID, case: Case) -> Team:
    desk = work.session.scalar(
        select(Team).join(Agency).where(Team.agency_id == agency_id, Team.is_intake_desk, Team.active, Agency.active)
    )
    if desk is None or agency_id == case.owner_agency_id:
        raise Invalid({"agency": "Choose another agency that takes cases"})
    return desk
