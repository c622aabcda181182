"""The queue: open cases by risk, then by when somebody must act; one page at a time by keyset.

A page is one statement with bounded joins, and loads only what a list may show: no names, no sensitive text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import Actor
from prevention.domain.address_reveal import MASKED
from prevention.domain.agency import AgencyKind
from prevention.domain.case import DEADLINE_MET, CaseState, HoldReason
from prevention.domain.local_time import LONDON, day_bounds
from prevention.domain.referral import ContactConstraint, CurrentLocation, ReferralReason, StaffSafety
from prevention.domain.risk import RiskLevel
from prevention.models.account import User
from prevention.models.agency import Agency, Area, Team
from prevention.models.case import Case, ReferralLink
from prevention.models.premises import Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.policies.cases import visible_cases
from prevention.policies.sharing import NOT_AT_HOME, may_know

PAGE_SIZE = 25


class Scope(StrEnum):
    """Whose cases: the actor's own agency's, or those another agency owns and this one is involved in."""

    OWN = "own"
    SHARED = "shared"


class Due(StrEnum):
    """How near the deadline is, in London days."""

    OVERDUE = "overdue"
    TODAY = "today"
    WEEK = "week"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"overdue": "Past deadline", "today": "Breaching today", "week": "In the next 7 days"}[self.value]


class Age(StrEnum):
    """How long a case has been open."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    OLDER = "older"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "day": "Under 1 day",
            "week": "1 to 7 days",
            "month": "8 to 28 days",
            "older": "Over 28 days",
        }[self.value]

    @property
    def bounds(self) -> tuple[timedelta | None, timedelta]:
        """Open for at least the second, and for less than the first; None for no upper bound."""
        return {
            "day": (timedelta(days=1), timedelta()),
            "week": (timedelta(days=8), timedelta(days=1)),
            "month": (timedelta(days=29), timedelta(days=8)),
            "older": (None, timedelta(days=29)),
        }[self.value]


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list is narrowed to. Within one line any value fits; between lines all must. Empty: no narrowing."""

    scope: Scope = Scope.OWN
    boroughs: frozenset[str] = frozenset()
    teams: frozenset[UUID] = frozenset()
    referrers: frozenset[AgencyKind] = frozenset()
    levels: frozenset[RiskLevel] = frozenset()
    states: frozenset[CaseState] = frozenset()
    reasons: frozenset[ReferralReason] = frozenset()
    ages: frozenset[Age] = frozenset()
    due: Due | None = None
    unassigned: bool = False


@dataclass(frozen=True, slots=True)
class QueueKey:
    """Where a row stands in the queue."""

    risk_rank: int
    act_by: datetime
    case_id: UUID


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row of a list of cases, as much as anybody may see at a glance.

    ``owner`` is a name within the owning agency only. ``borough`` is empty where the home is confidential and another
    agency's to visit.
    """

    id: UUID
    version: int
    reference: str
    risk_level: RiskLevel
    risk_rank: int
    act_by: datetime
    due_at: datetime | None
    deadline_met: bool
    state: CaseState
    is_open: bool
    title: str
    confidential: bool
    borough: str
    referrers: tuple[AgencyKind, ...]
    voices: int
    flags: tuple[str, ...]
    owner: str
    owner_agency: str
    owner_kind: AgencyKind
    urgent: bool
    next_action: str
    next_action_at: datetime | None
    opened_at: datetime

    @property
    def key(self) -> QueueKey:
        """Where the row stands."""
        return QueueKey(self.risk_rank, self.act_by, self.id)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of rows, and the keys from which the neighbouring pages are read; None where there is none."""

    rows: tuple[QueueRow, ...]
    previous: QueueKey | None
    following: QueueKey | None


def queue(
    session: Session,
    actor: Actor,
    wanted: QueueFilter,
    now: datetime,
    *,
    after: QueueKey | None = None,
    before: QueueKey | None = None,
    size: int = PAGE_SIZE,
) -> QueuePage:
    """One page of open cases, worst and most pressing first, after or before a key (``after`` wins)."""
    backwards = before is not None and after is None
    statement = list_statement(actor).where(*conditions(actor, wanted, now))
    order = (Case.risk_rank, Case.act_by, Case.id)
    here = after or before
    if here is not None:
        edge = tuple_(here.risk_rank, here.act_by, here.case_id)
        statement = statement.where(tuple_(*order) < edge if backwards else tuple_(*order) > edge)
    statement = statement.order_by(*(column.desc() for column in order) if backwards else order).limit(size + 1)
    found = [as_row(actor, *row) for row in session.execute(statement).unique()]
    more = len(found) > size
    rows = found[:size]
    if backwards:
        rows.reverse()
    has_previous = more if backwards else here is not None
    has_following = True if backwards else more
    return QueuePage(
        rows=tuple(rows),
        previous=rows[0].key if rows and has_previous else None,
        following=rows[-1].key if rows and has_following else None,
    )


def every_row(session: Session, actor: Actor, wanted: QueueFilter, now: datetime) -> Iterator[QueueRow]:
    """All rows of a filtered queue in order, read some hundreds at a time: for exports, in constant memory."""
    page = queue(session, actor, wanted, now, size=500)
    while True:
        yield from page.rows
        session.expunge_all()
        if page.following is None:
            return
        page = queue(session, actor, wanted, now, after=page.following, size=500)


def list_statement(actor: Actor) -> Select[Case, str, bool]:
    """Cases the actor may see with what a list shows of them, to be narrowed and ordered by the caller."""
    return (
        select(Case, func.coalesce(Area.name, ""), _in_hospital())
        .outerjoin(Area, Area.code == Case.borough_code)
        .where(visible_cases(actor))
        .options(
            joinedload(Case.premises, innerjoin=True).load_only(*_ADDRESS, raiseload=True),
            joinedload(Case.owner_agency, innerjoin=True).load_only(Agency.short_name, Agency.kind, raiseload=True),
            joinedload(Case.owner_team).load_only(Team.name, raiseload=True),
            joinedload(Case.owner_user).load_only(User.name, raiseload=True),
        )
    )


def conditions(actor: Actor, wanted: QueueFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The filter as conditions on ``Case``. ``now`` (aware) fixes today and the ages."""
    own = Case.owner_agency_id == actor.agency_id
    found: list[ColumnElement[bool]] = [and_(Case.is_open, own if wanted.scope is Scope.OWN else ~own)]
    if wanted.boroughs:
        found.append(Case.borough_code.in_(sorted(wanted.boroughs)))
        if wanted.scope is Scope.SHARED:  # what a row does not say is not found out by a filter
            found.append(Case.premises.has(Premises.confidential.is_(False)))
    if wanted.teams:
        found.append(Case.owner_team_id.in_(sorted(wanted.teams)))
    if wanted.levels:
        found.append(Case.risk_rank.in_(sorted(level.rank for level in wanted.levels)))
    if wanted.states:
        found.append(Case.state.in_(sorted(wanted.states)))
    if wanted.referrers:
        found.append(or_(*(Case.referrer_kinds.contains([kind.value]) for kind in sorted(wanted.referrers))))
    if wanted.reasons:
        found.append(or_(*(Case.reasons.contains([reason.value]) for reason in sorted(wanted.reasons))))
    if wanted.ages:
        found.append(or_(*(_aged(age, now) for age in sorted(wanted.ages))))
    if wanted.due is not None:
        found.append(due_condition(wanted.due, now))
    if wanted.unassigned:
        found.append(unassigned_condition(actor))
    return found


def due_condition(due: Due, now: datetime) -> ColumnElement[bool]:
    """Open cases whose deadline no visit has met, and that breach it in that time; days are London's."""
    start, end = day_bounds(now.astimezone(LONDON).date())
    standing = Case.state.not_in(DEADLINE_MET)
    if due is Due.OVERDUE:
        return and_(standing, Case.due_at < now)
    if due is Due.TODAY:
        return and_(standing, Case.due_at >= start, Case.due_at < end)
    return and_(standing, Case.due_at >= now, Case.due_at < end + timedelta(days=6))


def unassigned_condition(actor: Actor) -> ColumnElement[bool]:
    """Nobody's in particular: still with the intake desk."""
    desks = select(Team.id).where(Team.agency_id == actor.agency_id, Team.is_intake_desk)
    return and_(Case.owner_user_id.is_(None), Case.owner_team_id.in_(desks))


def as_row(actor: Actor, case: Case, borough: str, in_hospital: bool) -> QueueRow:  # noqa: FBT001 - a row of list_statement
    """A row of ``list_statement`` as a list shows it to ``actor``: a confidential address is masked here."""
    is_own, hidden = case.owner_agency_id == actor.agency_id, case.premises.confidential
    owner = case.owner_user.name if case.owner_user else case.owner_team.name if case.owner_team else "Nobody"
    return QueueRow(
        id=case.id,
        version=case.version_id,
        reference=case.reference,
        risk_level=case.risk_level,
        risk_rank=case.risk_rank,
        act_by=case.act_by,
        due_at=case.due_at,
        deadline_met=case.state in DEADLINE_MET,
        state=case.state,
        is_open=case.is_open,
        title=MASKED if hidden else case.premises.address_line,
        confidential=hidden,
        borough=borough if is_own or not hidden else "",
        referrers=tuple(AgencyKind(kind) for kind in case.referrer_kinds),
        voices=case.referral_count,
        flags=_flags(actor, case, in_hospital=in_hospital),
        owner=owner if is_own else case.owner_agency.short_name,
        owner_agency=case.owner_agency.short_name,
        owner_kind=case.owner_agency.kind,
        urgent=case.urgent,
        next_action=case.next_action,
        next_action_at=case.next_action_at,
        opened_at=case.opened_at,
    )


_ADDRESS = (
    Premises.status,
    Premises.flat,
    Premises.building,
    Premises.number,
    Premises.street,
    Premises.locality,
    Premises.town,
    Premises.postcode,
    Premises.address_text,
    Premises.confidential,
    Premises.ward_code,
)
_SHORT = {
    StaffSafety.TWO_PERSON: "Two people",
    StaffSafety.POLICE_ATTEND: "Police attend",
    StaffSafety.DOG: "Dog",
    StaffSafety.AGGRESSION: "Aggression",
    ContactConstraint.DO_NOT_LEAVE_CARD: "Do not leave a card",
}


def _flags(actor: Actor, case: Case, *, in_hospital: bool) -> tuple[str, ...]:
    given = {*case.staff_safety, *case.contact_constraints}
    flags = [words for code, words in _SHORT.items() if code.value in given]
    if in_hospital or case.hold_reason is HoldReason.IN_HOSPITAL:
        where = CurrentLocation.HOSPITAL
        flags.append(where.label if may_know(actor, where) else NOT_AT_HOME)
    return tuple(flags)


def _in_hospital() -> ColumnElement[bool]:
    """Whether a referral says so now, asked for the rows of the page alone: PostgreSQL answers an EXISTS here for every
    case at once, by reading all referrals.
    """
    amended = (
        select(ReferralAmendment.content["current_location"].as_string())
        .where(ReferralAmendment.referral_id == Referral.id)
        .order_by(ReferralAmendment.made_at.desc(), ReferralAmendment.id.desc())
        .limit(1)
        .correlate(Referral)
        .scalar_subquery()
    )
    said = (
        select(literal(value=True))
        .where(
            ReferralLink.case_id == Case.id,
            ReferralLink.valid_to.is_(None),
            Referral.id == ReferralLink.referral_id,
            func.coalesce(amended, Referral.current_location) == CurrentLocation.HOSPITAL.value,
        )
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )
    return func.coalesce(said, literal(value=False))


def _aged(age: Age, now: datetime) -> ColumnElement[bool]:
    below, least = age.bounds
    youngest = Case.opened_at <= now - least
    return youngest if below is None else and_(youngest, Case.opened_at > now - below)
