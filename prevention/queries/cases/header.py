"""What every page about a case needs: the case with its owner and premises, and what the reader may do with it.

A confidential address is masked here and nowhere undone.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import Actor, Permission
from prevention.domain.address_reveal import MASKED
from prevention.domain.case import DEADLINE_MET, TRANSITIONS, CaseState, HoldReason
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import NotFound
from prevention.models.agency import Agency, Area
from prevention.models.case import Case, CaseInvolvement
from prevention.models.premises import AddressStatus, Premises
from prevention.policies.cases import may_note_on_case, may_view_case, may_work_on_case, visible_cases
from prevention.policies.confidentiality import may_decide_on_mark
from prevention.policies.sharing import may_know, screened
from prevention.queries.cases.joined import goes_on_as


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with the case as it stands: the policy's answer and the case's state together."""

    accept: bool
    reject: bool
    redirect: bool
    signpost: bool
    hold: bool
    resume: bool
    assign: bool
    book: bool
    contact: bool
    note: bool
    override: bool
    escalate: bool
    close: bool
    reopen: bool
    reveal: bool
    mark: bool
    separate: bool


@dataclass(frozen=True, slots=True)
class CaseHeader:
    """The case with its owner and premises, as every page about it needs it.

    Other agencies read how far it has come: ``owner`` names nobody to them, ``next_action`` is empty, and so are
    ``hold_reason`` and ``outcome`` where those would tell of somebody's health (domain.md 4.4). ``goes_on`` is the case
    that one closed as a duplicate was joined to, where the reader may know of it.
    """

    case: Case
    address: str
    short_address: str
    borough: str
    owner: str
    next_action: str
    hold_reason: HoldReason | None
    outcome: VisitOutcome | None
    rights: Rights
    involved: tuple[Agency, ...]
    is_owner: bool
    goes_on: Case | None

    @property
    def title(self) -> str:
        """Reference and short address."""
        return f"{self.case.reference}: {self.short_address}"

    def screened(self, text: str) -> str:
        """What somebody wrote about the case, as it may be shown."""
        return screened(text, self.case.premises)

    @property
    def deadline_met(self) -> bool:
        """Whether a visit has met the deadline already."""
        return self.case.state in DEADLINE_MET


def case_header(session: Session, actor: Actor, case_id: UUID) -> CaseHeader:
    """The case's header.

    Raises:
        NotFound: there is none, or the actor may not know of it: the two are told apart by nothing.
    """
    case = session.scalar(
        select(Case)
        .where(Case.id == case_id, visible_cases(actor))
        .options(
            joinedload(Case.premises),
            joinedload(Case.owner_agency),
            joinedload(Case.owner_team),
            joinedload(Case.owner_user),
        )
    )
    if case is None:
        raise NotFound
    involved = session.scalars(
        select(Agency)
        .join(CaseInvolvement, CaseInvolvement.agency_id == Agency.id)
        .where(CaseInvolvement.case_id == case_id)
        .order_by(Agency.name)
    ).all()
    ids = frozenset(agency.id for agency in involved)
    may_view_case(actor, ids).require()
    hidden, is_owner = case.premises.confidential, actor.agency_id == case.owner_agency_id
    held, outcome = case.hold_reason, case.outcome
    goes_on = goes_on_as(session, case)
    return CaseHeader(
        case=case,
        address=MASKED if hidden else case.premises.address_line,
        short_address=MASKED if hidden else short_address(case.premises),
        borough=_borough(session, case.borough_code) if is_owner or not hidden else "",
        owner=_owner(case, by_name=is_owner),
        next_action=case.next_action if is_owner else "",
        hold_reason=held if held and may_know(actor, held, own=is_owner) else None,
        outcome=outcome if outcome and may_know(actor, outcome, own=is_owner) else None,
        rights=_rights(actor, case, ids, joined=goes_on is not None),
        involved=tuple(involved),
        is_owner=is_owner,
        goes_on=goes_on if goes_on is not None and _may_see(session, actor, goes_on) else None,
    )


def workable_case(
    session: Session, actor: Actor, case_id: UUID, permission: Permission, *, for_involved: bool = False
) -> CaseHeader:
    """The header of a case on which the actor may use ``permission``; ``for_involved``: as notes, by all involved.

    Raises:
        NotFound: there is none, or the actor may not know of it.
        NotAllowed: the actor may see it, but not do this.
    """
    header = case_header(session, actor, case_id)
    involved = frozenset(agency.id for agency in header.involved)
    if for_involved:
        may_note_on_case(actor, involved).require()
    else:
        may_work_on_case(actor, header.case, involved, permission).require()
    return header


def short_address(premises: Premises) -> str:
    """The part of an address a crew says aloud: flat, building, number and street."""
    if premises.status is AddressStatus.NO_FIXED_ABODE:
        return "No fixed abode"
    parts = [premises.flat_words, premises.building, f"{premises.number} {premises.street}".strip()]
    return ", ".join(part for part in parts if part) or premises.address_line[:60]


def _may_see(session: Session, actor: Actor, case: Case) -> bool:
    return session.scalar(select(Case.id).where(Case.id == case.id, visible_cases(actor))) is not None


def _rights(actor: Actor, case: Case, involved: frozenset[UUID], *, joined: bool) -> Rights:
    def may(permission: Permission) -> bool:
        return may_work_on_case(actor, case, involved, permission).allowed

    reachable = TRANSITIONS[case.state]
    triage, is_open = may(Permission.CASE_TRIAGE), case.state.is_open
    return Rights(
        accept=triage and case.state is CaseState.TRIAGE,
        reject=triage and CaseState.REJECTED in reachable,
        redirect=triage and is_open,
        signpost=triage and case.risk_level is RiskLevel.LOW and CaseState.SIGNPOSTED_LOW in reachable and is_open,
        hold=triage and is_open,
        resume=triage and case.state is CaseState.ON_HOLD,
        assign=may(Permission.CASE_ASSIGN) and is_open,
        book=may(Permission.VISIT_BOOK) and is_open,
        contact=may(Permission.CASE_CONTACT) and is_open,
        note=may_note_on_case(actor, involved).allowed,
        override=triage and is_open,
        escalate=may(Permission.CASE_ESCALATE) and not (is_open and case.urgent),
        close=may(Permission.CASE_CLOSE) and is_open,
        reopen=triage and not is_open and not joined,
        reveal=may(Permission.ADDRESS_REVEAL) and case.premises.confidential,
        mark=may_decide_on_mark(actor, case, involved).allowed and case.premises.confidential,
        separate=triage and case.referral_count > 1,
    )


def _owner(case: Case, *, by_name: bool) -> str:
    """Who has the case now: person and team to their own agency, to others the team."""
    team = case.owner_team.name if case.owner_team else ""
    if not by_name:
        return team or case.owner_agency.short_name
    person = case.owner_user.name if case.owner_user else ""
    return ", ".join(part for part in (person, team) if part) or "Nobody"


def _borough(session: Session, code: str | None) -> str:
    return session.scalar(select(Area.name).where(Area.code == code)) or "" if code else ""
