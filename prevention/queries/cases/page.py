"""Everything the page of one case shows, already narrowed to what the reader may see.

A bounded number of statements whatever the case holds. What another agency said passes through
``policies/sharing``; a confidential address is masked here and nowhere undone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, joinedload, selectinload

from prevention.domain.account import Actor, Permission
from prevention.domain.address_reveal import MASKED
from prevention.domain.agency import AgencyKind
from prevention.domain.case import TRANSITIONS, CaseState, HoldReason
from prevention.domain.followup import FollowUpState
from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    Channel,
    ContactConstraint,
    CurrentLocation,
    HouseholdFlag,
    ReferralReason,
    StaffSafety,
    Told,
)
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import factor_reason
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.errors import NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team
from prevention.models.case import (
    Assignment,
    Case,
    CaseInvolvement,
    CaseNote,
    ContactAttempt,
    ReferralLink,
    RiskAssessment,
)
from prevention.models.followup import FollowUp
from prevention.models.person import PersonRecord
from prevention.models.premises import AddressStatus, Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.models.visit import AlarmRecord, OnwardReferral, Visit
from prevention.policies.cases import may_note_on_case, may_view_case, may_work_on_case, visible_cases
from prevention.policies.followups import visible_followups
from prevention.policies.sharing import (
    NOT_AT_HOME,
    crew_instructions,
    is_own,
    keeps_home_back,
    may_know,
    may_know_person,
    shared_household,
    shared_location,
    shared_reasons,
    view_of_referral,
)
from prevention.policies.visits import visible_visits
from prevention.queries.cases.queue import DEADLINE_MET
from prevention.queries.matches import candidates_of_case

#: Most visits, contacts and so on that one page lists; the timeline has the rest.
MOST_LISTED = 50
#: Stands for people of an agency that is not the reader's.
_ANOTHER_AGENCY = "Another agency"
_OPEN_VISITS = (VisitState.BOOKED, VisitState.STARTED, VisitState.INTERRUPTED)


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
    separate: bool
    complete_followups: bool


@dataclass(frozen=True, slots=True)
class CaseHeader:
    """The case with its owner and premises, as every page about it needs it.

    Other agencies read how far it has come: ``owner`` names nobody to them, ``next_action`` is empty, and so are
    ``hold_reason`` and ``outcome`` where those would tell of somebody's health (domain.md 4.4).
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

    @property
    def title(self) -> str:
        """Reference and short address."""
        return f"{self.case.reference}: {self.short_address}"

    @property
    def deadline_met(self) -> bool:
        """Whether a visit has met the deadline already."""
        return self.case.state in DEADLINE_MET


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One factor: its words, and who says so and how they know; or only who withholds it."""

    words: str
    source: str
    agency: str
    withheld_by: str


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """A rule that gave the level, and its factors. ``words`` is empty when a fact it rests on is withheld."""

    words: str
    score: int | None
    factors: tuple[FactorLine, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The assessment in force: why this level."""

    level: RiskLevel
    score: int | None
    rule_pack: str
    version: str
    assessed_at: datetime
    overridden: bool
    by: str
    reason: str
    triggers: tuple[TriggerLine, ...]
    not_considered: tuple[FactorLine, ...]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field an amendment changed; both values are None when they are withheld."""

    field: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class AmendmentView:
    """An amendment as the reader may see it."""

    made_at: datetime
    by: str
    reason: str
    changes: tuple[ChangeLine, ...]
    withheld: bool


@dataclass(frozen=True, slots=True)
class ReferralEntry:
    """A referral that feeds the case, or did, as the reader may see it."""

    link_id: UUID
    receipt: str
    source_ref: str | None
    agency: str
    agency_short: str
    kind: AgencyKind
    own: bool
    channel: Channel
    received_at: datetime
    observed_at: datetime | None
    joined_at: datetime
    left_at: datetime | None
    automatic: bool
    why_joined: str
    probability: float | None
    reasons: tuple[ReferralReason, ...]
    added: tuple[ReferralReason, ...]
    narrative: str | None
    grade: str | None
    household: tuple[HouseholdFlag, ...]
    location: str
    told: Told
    agrees: Agrees
    capacity_concern: bool
    referrer: str
    team: str
    contact: str | None
    feedback_to: str | None
    withheld: tuple[str, ...]
    amendments: tuple[AmendmentView, ...]
    suspect: bool


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person the referrals name; the same name and birth date is one entry, whoever gave it."""

    name: str
    dob: date | None
    age: int | None
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    language: str
    interpreter: bool
    nhs_number: str | None
    nhs_withheld_by: str
    given_by: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class CasePage:
    """The whole page but its timeline."""

    header: CaseHeader
    why: Why | None
    warnings: tuple[StaffSafety, ...]
    instructions: tuple[ContactConstraint, ...]
    cautions: tuple[str, ...]
    reasons: tuple[ReferralReason, ...]
    referrals: tuple[ReferralEntry, ...]
    people: tuple[PersonView, ...]
    other_cases: tuple[OtherCase, ...]
    visits: tuple[VisitLine, ...]
    contacts: tuple[ContactLine, ...]
    followups: tuple[FollowUp, ...]
    onward: tuple[OnwardReferral, ...]
    notes: tuple[NoteView, ...]
    assignments: tuple[AssignmentLine, ...]
    possible_matches: int

    @property
    def open_visit(self) -> VisitLine | None:
        """The visit that is booked or under way, when the reader's agency has one."""
        return next(
            (line for line in self.visits if line.of_this_case and line.id and line.state in _OPEN_VISITS), None
        )

    @property
    def voices(self) -> tuple[AgencyKind, ...]:
        """The kinds of agency that speak of this home now."""
        kinds = {entry.kind for entry in self.referrals if entry.left_at is None}
        return tuple(kind for kind in AgencyKind if kind in kinds)


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
    return CaseHeader(
        case=case,
        address=MASKED if hidden else case.premises.address_line,
        short_address=MASKED if hidden else short_address(case.premises),
        borough=_borough(session, case.borough_code) if is_owner or not hidden else "",
        owner=_owner(case, by_name=is_owner),
        next_action=case.next_action if is_owner else "",
        hold_reason=held if held and may_know(actor, held, own=is_owner) else None,
        outcome=outcome if outcome and may_know(actor, outcome, own=is_owner) else None,
        rights=_rights(actor, case, ids),
        involved=tuple(involved),
        is_owner=is_owner,
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


def case_page(session: Session, actor: Actor, case_id: UUID) -> CasePage:
    """The page of one case.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    header = case_header(session, actor, case_id)
    case = header.case
    links = _links(session, case_id)
    feeding = [link.referral for link in links if link.valid_to is None]
    return CasePage(
        header=header,
        why=_why(session, actor, case),
        warnings=tuple(warning for warning in StaffSafety if warning.value in case.staff_safety),
        instructions=crew_instructions(case.contact_constraints),
        cautions=_cautions(actor, feeding),
        reasons=_reasons(actor, feeding),
        referrals=_entries(actor, links, hide_address=case.premises.confidential),
        people=_people(actor, feeding),
        other_cases=_other_cases(session, actor, case),
        visits=_visits(session, actor, case),
        contacts=_contacts(session, actor, case_id),
        followups=_followups(session, actor, case_id),
        onward=_onward(session, actor, case_id),
        notes=_notes(session, actor, case_id),
        assignments=_assignments(session, actor, case_id) if header.is_owner else (),
        possible_matches=candidates_of_case(session, actor, case_id) if actor.has(Permission.MATCH_REVIEW) else 0,
    )


def short_address(premises: Premises) -> str:
    """The part of an address a crew says aloud: flat, building, number and street."""
    if premises.status is AddressStatus.NO_FIXED_ABODE:
        return "No fixed abode"
    parts = [premises.flat_words, premises.building, f"{premises.number} {premises.street}".strip()]
    return ", ".join(part for part in parts if part) or premises.address_line[:60]


def _rights(actor: Actor, case: Case, involved: frozenset[UUID]) -> Rights:
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
        reopen=triage and not is_open,
        reveal=may(Permission.ADDRESS_REVEAL) and case.premises.confidential,
        separate=triage and case.referral_count > 1,
        complete_followups=actor.has(Permission.FOLLOWUP_COMPLETE),
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


def _links(session: Session, case_id: UUID) -> list[ReferralLink]:
    rows = session.scalars(
        select(ReferralLink)
        .where(ReferralLink.case_id == case_id)
        .options(
            joinedload(ReferralLink.referral).options(
                joinedload(Referral.agency),
                selectinload(Referral.person_records),
                selectinload(Referral.amendments),
            )
        )
        .order_by(ReferralLink.valid_from.desc(), ReferralLink.id.desc())
        .limit(MOST_LISTED)
    )
    return list(rows)


def _why(session: Session, actor: Actor, case: Case) -> Why | None:
    row = session.execute(
        select(RiskAssessment, User.name, _colleague(actor, RiskAssessment.assessed_by))
        .outerjoin(User, User.id == RiskAssessment.assessed_by)
        .where(RiskAssessment.case_id == case.id)
        .order_by(RiskAssessment.assessed_at.desc(), RiskAssessment.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    assessment, name, is_colleague = row
    triggers = tuple(_trigger(actor, trigger) for trigger in assessment.triggers)
    mine = actor.agency_id == case.owner_agency_id
    return Why(
        level=assessment.level,
        score=assessment.score,
        rule_pack=assessment.rule_pack,
        version=assessment.rule_pack_version,
        assessed_at=assessment.assessed_at,
        overridden=assessment.overridden,
        by=name if is_colleague else _ANOTHER_AGENCY if name and mine else case.owner_agency.short_name if name else "",
        reason=assessment.reason if mine or not assessment.overridden else "",
        triggers=triggers,
        not_considered=tuple(
            _factor(actor, factor) for factor in assessment.factors if not factor.get("triggered", False)
        ),
    )


def _trigger(actor: Actor, trigger: dict[str, Any]) -> TriggerLine:
    factors = tuple(_factor(actor, factor) for factor in trigger.get("factors", []))
    hidden = any(factor.withheld_by for factor in factors)
    return TriggerLine("" if hidden else str(trigger.get("label", "")), trigger.get("score"), factors)


def _factor(actor: Actor, factor: dict[str, Any]) -> FactorLine:
    agency = str(factor.get("agency_name") or "")
    kind = AgencyKind(factor["agency_kind"]) if factor.get("agency_kind") else None
    if not _may_know_factor(actor, str(factor.get("reason", "")), own=kind is not None and kind is actor.agency_kind):
        return FactorLine("", "", agency, withheld_by=agency or (kind.label if kind else "another agency"))
    source = str(factor.get("source", ""))
    words = FactorSource(source).label if source in set(FactorSource) else source
    return FactorLine(str(factor.get("label", "")), words, agency, "")


def _may_know_factor(actor: Actor, code: str, *, own: bool) -> bool:
    """Whether the factor may be named; one whose code is no longer known says only what its label says."""
    try:
        return may_know(actor, factor_reason(code), own=own)
    except LookupError:
        return True


#: Where somebody is when they are not at home, in the words of ``shared_location``.
_AWAY = frozenset(
    {CurrentLocation.HOSPITAL.label, CurrentLocation.RESPITE.label, CurrentLocation.CUSTODY.label, NOT_AT_HOME}
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a referral says now, after its amendments."""

    reasons: tuple[str, ...]
    told: Told
    agrees: Agrees


def _said(referral: Referral) -> _Said:
    content = referral.current_content
    return _Said(
        reasons=tuple(content.get("reasons", referral.reasons)),
        told=Told(content.get("told", referral.told)),
        agrees=Agrees(content.get("agrees", referral.agrees)),
    )


def _visible_reasons(actor: Actor, referral: Referral) -> tuple[ReferralReason, ...]:
    author = actor.agency_kind if is_own(actor, referral) else None
    return shared_reasons(actor, _said(referral).reasons, author=author)


def _cautions(actor: Actor, feeding: Iterable[Referral]) -> tuple[str, ...]:
    """What the four separate things of domain.md 1.9 mean for whoever rings or knocks, and whether anybody is in."""
    found: list[str] = []
    for referral in feeding:
        said = _said(referral)
        if said.told is Told.NO_UNSAFE:
            found.append("It is not safe to tell the resident about the referral")
        if said.agrees is Agrees.NO:
            found.append("The resident said no to being contacted")
        where = shared_location(actor, referral)
        if where in _AWAY:
            found.append(where if where == NOT_AT_HOME else f"{where}, not at home")
    return tuple(dict.fromkeys(found))


def _reasons(actor: Actor, feeding: Iterable[Referral]) -> tuple[ReferralReason, ...]:
    seen = {reason for referral in feeding for reason in _visible_reasons(actor, referral)}
    return tuple(reason for reason in ReferralReason if reason in seen)


def _entries(actor: Actor, links: Iterable[ReferralLink], *, hide_address: bool) -> tuple[ReferralEntry, ...]:
    """The referrals in the order of ``links``, newest first, each with what it added to those that come before it here.

    Measured against what the reader may see of those: against everything, what it did *not* add would tell which
    reasons another agency had given already (domain.md 4.4).
    """
    entries: list[ReferralEntry] = []
    told: list[tuple[ReferralLink, tuple[ReferralReason, ...]]] = []
    for link in sorted(links, key=lambda one: (one.valid_from, one.id)):
        seen = _visible_reasons(actor, link.referral)
        known = {
            reason
            for before, reasons in told
            if before.valid_to is None or before.valid_to > link.valid_from
            for reason in reasons
        }
        told.append((link, seen))
        added = tuple(reason for reason in seen if reason not in known)
        entries.append(_entry(actor, link, added, hide_address=hide_address or keeps_home_back(link.referral)))
    return tuple(reversed(entries))


def _entry(actor: Actor, link: ReferralLink, added: tuple[ReferralReason, ...], *, hide_address: bool) -> ReferralEntry:
    referral = link.referral
    view = view_of_referral(actor, referral, recipient_id=link.case.owner_agency_id)
    own = is_own(actor, referral)
    said = _said(referral)
    return ReferralEntry(
        link_id=link.id,
        receipt=referral.receipt,
        source_ref=referral.source_ref if own and referral.source_ref != referral.receipt else None,
        agency=referral.agency.name,
        agency_short=referral.agency.short_name,
        kind=referral.agency.kind,
        own=own,
        channel=referral.channel,
        received_at=referral.received_at,
        observed_at=referral.concern_observed_at,
        joined_at=link.valid_from,
        left_at=link.valid_to,
        automatic=link.automatic,
        why_joined=link.reason,
        probability=link.probability,
        reasons=view.reasons,
        added=added,
        narrative=view.narrative,
        grade=view.grade,
        household=shared_household(actor, referral),
        location=shared_location(actor, referral),
        told=said.told,
        agrees=said.agrees,
        capacity_concern=own and referral.capacity_concern is CapacityConcern.YES,
        referrer=referral.referrer_name if own else "",
        team=referral.referrer_team,
        contact=referral.referrer_contact if own else None,
        feedback_to=referral.feedback_to if own else None,
        withheld=view.withheld,
        amendments=tuple(
            _amendment(actor, referral, amendment, hide_address=hide_address, readable=view.narrative is not None)
            for amendment in referral.amendments
        ),
        suspect=own and bool(referral.current_content.get("suspect", referral.suspect)),
    )


#: Fields of another agency's amendment that a shared case may show (domain.md 4.4: name, address, contact, language,
#: and what keeps a crew safe). Where somebody is, and who lives there, is shown as it is now, not as it was.
_SHARED_GROUPS = ("person.", "address.")
_SHARED_FIELDS = frozenset({"staff_safety", "contact_constraints", "told", "agrees"})
_NEVER_SHARED = frozenset({"person.nhs_number"})


def _amendment(
    actor: Actor, referral: Referral, amendment: ReferralAmendment, *, hide_address: bool, readable: bool
) -> AmendmentView:
    own = is_own(actor, referral)
    lines: list[ChangeLine] = []
    withheld = False
    for field, change in amendment.changes.items():
        shared = field in _SHARED_FIELDS or (field.startswith(_SHARED_GROUPS) and field not in _NEVER_SHARED)
        shown = own or shared or (readable and field == "narrative")
        if hide_address and field.startswith("address."):
            shown = False
        if field.startswith("person.") and not may_know_person(actor, referral):
            shown = False
        if field == "reasons":
            lines.append(_reason_change(actor, change, own=own))
        elif shown:
            lines.append(ChangeLine(_field_words(field), _as_words(change.get("from")), _as_words(change.get("to"))))
        else:
            withheld = True
    return AmendmentView(
        made_at=amendment.made_at,
        by=referral.agency.short_name,
        reason=amendment.reason if own else "",
        changes=tuple(lines),
        withheld=withheld,
    )


def _reason_change(actor: Actor, change: dict[str, Any], *, own: bool) -> ChangeLine:
    author = actor.agency_kind if own else None

    def words(codes: Any) -> str:
        reasons = shared_reasons(actor, codes or [], author=author)
        return ", ".join(reason.label for reason in reasons)

    return ChangeLine("Reasons", words(change.get("from")), words(change.get("to")))


def _field_words(field: str) -> str:
    return field.removeprefix("person.").removeprefix("address.").replace("_", " ").replace(".", " ").capitalize()


def _as_words(value: Any) -> str:
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_as_words(item) for item in value)
    text = str(value)
    return text.replace("_", " ").capitalize() if text.isupper() and "_" in text else text


def _people(actor: Actor, feeding: Iterable[Referral]) -> tuple[PersonView, ...]:
    grouped: dict[tuple[str, date | None], list[tuple[Referral, PersonRecord]]] = {}
    for referral in feeding:
        if not may_know_person(actor, referral):
            continue
        for record in referral.person_records[-1:]:  # the last is how the person is known since the last amendment
            grouped.setdefault((record.display_name.casefold(), record.dob), []).append((referral, record))
    return tuple(_person(actor, given) for given in grouped.values())


def _person(actor: Actor, given: list[tuple[Referral, PersonRecord]]) -> PersonView:
    records = [record for _, record in given]
    numbered = [(referral, record) for referral, record in given if record.nhs_number]
    seen = [record for referral, record in numbered if view_of_referral(actor, referral).nhs_number_visible]
    return PersonView(
        name=records[0].display_name,
        dob=records[0].dob,
        age=next((record.age for record in records if record.age is not None), None),
        phones=tuple(dict.fromkeys(record.phone for record in records if record.phone)),
        emails=tuple(dict.fromkeys(record.email for record in records if record.email)),
        language=next((record.language for record in records if record.language), ""),
        interpreter=any(record.interpreter for record in records),
        nhs_number=seen[0].nhs_number if seen else None,
        nhs_withheld_by=numbered[0][0].agency.short_name if numbered and not seen else "",
        given_by=tuple(dict.fromkeys(referral.agency.short_name for referral, _ in given)),
    )


def _other_cases(session: Session, actor: Actor, case: Case) -> tuple[OtherCase, ...]:
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


def _visits(session: Session, actor: Actor, case: Case) -> tuple[VisitLine, ...]:
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


def _contacts(session: Session, actor: Actor, case_id: UUID) -> tuple[ContactLine, ...]:
    """Every attempt; by whom, and the note, to the agency that made it. The case may have been another's then."""
    rows = session.execute(
        select(ContactAttempt, User.name, _colleague(actor, ContactAttempt.made_by))
        .join(User, User.id == ContactAttempt.made_by)
        .where(ContactAttempt.case_id == case_id)
        .order_by(ContactAttempt.made_at.desc(), ContactAttempt.id.desc())
        .limit(MOST_LISTED)
    )
    return tuple(
        ContactLine(
            at=attempt.made_at,
            by=name if is_colleague else "",
            method=attempt.method.label,
            result=attempt.result.label,
            note=attempt.note if is_colleague else None,
        )
        for attempt, name, is_colleague in rows
    )


def _followups(session: Session, actor: Actor, case_id: UUID) -> tuple[FollowUp, ...]:
    waiting = FollowUp.state.in_((FollowUpState.WAITING, FollowUpState.DUE))
    rows = session.scalars(
        select(FollowUp)
        .where(FollowUp.case_id == case_id, visible_followups(actor))
        .options(joinedload(FollowUp.owner_team), joinedload(FollowUp.owner_user))
        .order_by(waiting.desc(), FollowUp.due_at, FollowUp.id)
        .limit(MOST_LISTED)
    )
    return tuple(rows)


def _onward(session: Session, actor: Actor, case_id: UUID) -> tuple[OnwardReferral, ...]:
    rows = session.scalars(
        select(OnwardReferral)
        .join(Visit, Visit.id == OnwardReferral.visit_id)
        .where(OnwardReferral.case_id == case_id, visible_visits(actor))
        .order_by(OnwardReferral.made_at.desc(), OnwardReferral.id)
        .limit(MOST_LISTED)
    )
    return tuple(rows)


def _notes(session: Session, actor: Actor, case_id: UUID) -> tuple[NoteView, ...]:
    rows = session.execute(
        select(CaseNote, User.name, Agency.short_name)
        .join(User, User.id == CaseNote.author_id)
        .join(Agency, Agency.id == CaseNote.agency_id)
        .where(CaseNote.case_id == case_id, or_(CaseNote.shared, CaseNote.agency_id == actor.agency_id))
        .order_by(CaseNote.written_at.desc(), CaseNote.id.desc())
        .limit(MOST_LISTED)
    )
    return tuple(
        NoteView(
            at=note.written_at,
            by=name if note.agency_id == actor.agency_id else "",
            agency=agency,
            text=note.text,
            shared=note.shared,
        )
        for note, name, agency in rows
    )


def _assignments(session: Session, actor: Actor, case_id: UUID) -> tuple[AssignmentLine, ...]:
    """Who had it; of a time when it was another agency's, the team and no names."""
    officer, giver = aliased(User), aliased(User)
    rows = session.execute(
        select(
            Assignment,
            Team.name,
            officer.name,
            giver.name,
            _colleague(actor, Assignment.user_id),
            _colleague(actor, Assignment.assigned_by),
        )
        .outerjoin(Team, Team.id == Assignment.team_id)
        .outerjoin(officer, officer.id == Assignment.user_id)
        .outerjoin(giver, giver.id == Assignment.assigned_by)
        .where(Assignment.case_id == case_id)
        .order_by(Assignment.assigned_at.desc(), Assignment.id.desc())
        .limit(MOST_LISTED)
    )
    return tuple(
        AssignmentLine(
            who=(person if is_own else team or (_ANOTHER_AGENCY if person else "")) or "",
            at=assignment.assigned_at,
            until=assignment.ended_at,
            by=by if by_own else _ANOTHER_AGENCY if by else "",
            note=assignment.note if by_own else "",
        )
        for assignment, team, person, by, is_own, by_own in rows
    )


def _colleague(actor: Actor, user_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether a user works in the actor's agency: people are named to their own agency only."""
    return exists().where(Membership.user_id == user_id, Membership.agency_id == actor.agency_id)
