"""The review list: referrals that may speak of a case other than their own, for a person to settle."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.match import ReviewAnswer, percent_likely
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.models.agency import Agency
from prevention.models.case import Case, CaseInvolvement, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import PersonRecord
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.policies.matches import reviewable_cases
from prevention.policies.sharing import is_own, may_know_person, screened, view_of_referral

PAGE_SIZE = 10
#: The engine's field that compares addresses, as its explanations name it.
_ADDRESS = "Address"
_MASKED = "Confidential address"


@dataclass(frozen=True, slots=True)
class ReviewKey:
    """Where a candidate stands on the list."""

    risk_rank: int
    found_at: datetime
    candidate_id: UUID


@dataclass(frozen=True, slots=True)
class Field:
    """One thing both sides say: the words of each, None where a side is silent, and whether they agree.

    ``compared``: False where even that would tell too much.
    """

    name: str
    left: str | None
    right: str | None
    left_withheld: str = ""
    right_withheld: str = ""
    compared: bool = True

    @property
    def agreement(self) -> str:
        """In a word: same, different, missing, withheld."""
        if self.left_withheld or self.right_withheld or not self.compared:
            return "Withheld"
        if not self.left or not self.right:
            return "Missing"
        return "Same" if self.left.casefold() == self.right.casefold() else "Different"


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the engine's explanation: what it compared, in words, and how far it speaks for a match."""

    field: str
    words: str
    weight: float

    @property
    def speaks_for(self) -> bool:
        """Whether it makes a match more likely."""
        return self.weight > 0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair, as the actor may see it."""

    case_id: UUID
    case_reference: str
    case_open: bool
    risk_level: RiskLevel
    owner: str
    agency: str
    agency_kind: AgencyKind
    at: datetime
    reasons: tuple[ReferralReason, ...]
    narrative: str | None
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A referral and the case it may speak of, side by side."""

    id: UUID
    key: ReviewKey
    probability: float
    household_probability: float
    words: str
    found_at: datetime
    referral: Side
    case: Side
    fields: tuple[Field, ...]
    explanation: tuple[Reason, ...]
    why_two: str
    """Why the two stay two cases whoever they speak of, in a sentence; empty when they may be joined."""

    @property
    def likelihood(self) -> str:
        """How alike the two are, in words; never certain."""
        if self.probability >= self.household_probability:
            return f"{percent_likely(self.probability)}% likely the same person"
        return f"{percent_likely(self.household_probability)}% likely other people of one household"


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A page of pairs, and the key from which the next is read."""

    pairs: tuple[Pair, ...]
    following: ReviewKey | None


_Own = aliased(Case, name="own_case")
_Feeding = aliased(ReferralLink, name="feeding")
#: A case that was emptied into another has nothing to be compared with.
_IS_FED = or_(Case.is_open, exists().where(_Feeding.case_id == Case.id, _Feeding.valid_to.is_(None)))


def open_candidates(actor: Actor) -> Select[MatchCandidate, int, UUID]:
    """Candidates nobody has answered that the actor may settle: with the worse risk, and the referral's own case."""
    rank = func.least(Case.risk_rank, _Own.risk_rank).label("rank")
    return (
        select(MatchCandidate, rank, _Own.id.label("own_case_id"))
        .join(Case, Case.id == MatchCandidate.case_id)
        .join(ReferralLink, (ReferralLink.referral_id == MatchCandidate.referral_id) & ReferralLink.valid_to.is_(None))
        .join(_Own, _Own.id == ReferralLink.case_id)
        .where(
            MatchCandidate.answer.is_(None),
            _Own.is_open,
            _Own.id != Case.id,
            _IS_FED,
            reviewable_cases(actor, Case, _Own),
        )
    )


def review_page(
    session: Session,
    actor: Actor,
    *,
    after: ReviewKey | None = None,
    case_id: UUID | None = None,
    size: int = PAGE_SIZE,
) -> ReviewPage:
    """One page of the review list: the worse of the two risks first, then the oldest; of one case when it is named."""
    statement = open_candidates(actor)
    if case_id is not None:
        statement = statement.where(or_(Case.id == case_id, _Own.id == case_id))
    rank: ColumnElement[int] = func.least(Case.risk_rank, _Own.risk_rank)
    order = (rank, MatchCandidate.found_at, MatchCandidate.id)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(after.risk_rank, after.found_at, after.candidate_id))
    rows = session.execute(statement.order_by(*order).limit(size + 1)).all()
    pairs = _pairs(session, actor, [(row[0], row[1], row[2]) for row in rows[:size]])
    return ReviewPage(pairs, pairs[-1].key if len(rows) > size and pairs else None)


def pair(session: Session, actor: Actor, candidate_id: UUID) -> Pair | None:
    """One open candidate the actor may settle."""
    row = session.execute(open_candidates(actor).where(MatchCandidate.id == candidate_id)).one_or_none()
    return _pairs(session, actor, [(row[0], row[1], row[2])])[0] if row else None


def answer_given(session: Session, actor: Actor, candidate_id: UUID) -> ReviewAnswer | None:
    """What was answered about a candidate the actor might have settled; None when there is no such answer."""
    return session.scalar(
        select(MatchCandidate.answer)
        .join(Case, Case.id == MatchCandidate.case_id)
        .join(ReferralLink, (ReferralLink.referral_id == MatchCandidate.referral_id) & ReferralLink.valid_to.is_(None))
        .join(_Own, _Own.id == ReferralLink.case_id)
        .where(
            MatchCandidate.id == candidate_id,
            MatchCandidate.answer.is_not(None),
            reviewable_cases(actor, Case, _Own),
        )
    )


def candidates_of_case(session: Session, actor: Actor, case_id: UUID) -> int:
    """How many open candidates touch the case, on either side."""
    feeding = select(ReferralLink.referral_id).where(ReferralLink.case_id == case_id, ReferralLink.valid_to.is_(None))
    touching = or_(MatchCandidate.case_id == case_id, MatchCandidate.referral_id.in_(feeding))
    statement = open_candidates(actor).where(touching)
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def elsewhere(session: Session, actor: Actor) -> int:
    """How many open candidates pair a case of the actor's agency with one it may not see: only told as a number.

    One of a confidential home is not counted: whoever knows a name could learn from the number that it is hidden here.
    """

    def unseen(case: type[Case]) -> ColumnElement[bool]:
        involved = exists().where(CaseInvolvement.case_id == case.id, CaseInvolvement.agency_id == actor.agency_id)
        return ~involved & ~case.premises.has(Premises.confidential)

    statement = (
        select(func.count())
        .select_from(MatchCandidate)
        .join(Case, Case.id == MatchCandidate.case_id)
        .join(ReferralLink, (ReferralLink.referral_id == MatchCandidate.referral_id) & ReferralLink.valid_to.is_(None))
        .join(_Own, _Own.id == ReferralLink.case_id)
        .where(
            MatchCandidate.answer.is_(None),
            _Own.is_open,
            _IS_FED,
            or_(
                (_Own.owner_agency_id == actor.agency_id) & unseen(Case),
                (Case.owner_agency_id == actor.agency_id) & unseen(_Own),
            ),
        )
    )
    return session.scalar(statement) or 0


def _pairs(session: Session, actor: Actor, found: Sequence[tuple[MatchCandidate, int, UUID]]) -> tuple[Pair, ...]:
    case_ids = {candidate.case_id for candidate, _, _ in found} | {own for _, _, own in found}
    cases = _cases(session, case_ids)
    feeding = _referrals(session, {candidate.case_id for candidate, _, _ in found})
    referrals = _referrals_by_id(session, {candidate.referral_id for candidate, _, _ in found})
    return tuple(
        _pair(actor, candidate, rank, referrals[candidate.referral_id], cases[own], cases[candidate.case_id], feeding)
        for candidate, rank, own in found
    )


def _pair(
    actor: Actor,
    candidate: MatchCandidate,
    rank: int,
    referral: Referral,
    own: Case,
    case: Case,
    feeding: dict[UUID, list[Referral]],
) -> Pair:
    others = feeding.get(case.id, [])
    other = _closest(referral, others)
    right = _side(actor, case, other) if other else _empty_side(case)
    hides_home = _is_hidden(own, referral) or _is_hidden(case, other)
    hides_person = not (may_know_person(actor, referral) and (other is None or may_know_person(actor, other)))
    return Pair(
        id=candidate.id,
        key=ReviewKey(rank, candidate.found_at, candidate.id),
        probability=candidate.p_same_person,
        household_probability=candidate.p_same_household,
        words=_words(candidate, hides_home=hides_home, hides_person=hides_person),
        found_at=candidate.found_at,
        referral=_side(actor, own, referral),
        case=right,
        fields=_fields(actor, referral, other, own=own, case=case) if other else (),
        explanation=tuple(
            Reason(str(line.get("field", "")), str(line.get("words", "")), float(line.get("weight", 0.0)))
            for line in candidate.contributions
            if not (hides_home and line.get("field") == _ADDRESS)
        )
        if not hides_person
        else (),
        why_two=_why_two(case, referral),
    )


def _why_two(case: Case, referral: Referral) -> str:
    if not case.is_open:
        return f"{case.reference} was closed, so nothing can join it."
    if case.premises.confidential != referral.current_premises.confidential:
        return "One of the two addresses is confidential, so they stay two cases."
    return ""


def _is_hidden(case: Case, referral: Referral | None) -> bool:
    """Whether the home is kept back: by the case, or by what the referral says of it."""
    return case.premises.confidential or (referral is not None and referral.current_premises.confidential)


def _words(candidate: MatchCandidate, *, hides_home: bool, hides_person: bool) -> str:
    """The engine's sentence; what it found of something kept back would tell what that is (domain.md 4.4, 4.5)."""
    if hides_person:
        return "Whom one of them names is withheld"
    if hides_home:
        return "One address is confidential, so how the two compare is not shown"
    return candidate.words


def _closest(referral: Referral, others: Sequence[Referral]) -> Referral | None:
    """Of the referrals that feed the case, the newest of those whose person agrees most with the referral's."""
    record = referral.person_records[-1] if referral.person_records else None

    def agreements(other: Referral) -> int:
        return record.agreements(other.person_records[-1]) if record and other.person_records else 0

    return max(reversed(others), key=agreements, default=None)


def _side(actor: Actor, case: Case, referral: Referral) -> Side:
    view = view_of_referral(actor, referral, recipient_id=case.owner_agency_id)
    return Side(
        case_id=case.id,
        case_reference=case.reference,
        case_open=case.is_open,
        risk_level=case.risk_level,
        owner=case.owner_agency.short_name,
        agency=referral.agency.name,
        agency_kind=referral.agency.kind,
        at=referral.received_at,
        reasons=view.reasons,
        narrative=screened(view.narrative or "", case.premises, referral.current_premises) or view.narrative,
        withheld=view.withheld,
    )


def _empty_side(case: Case) -> Side:
    return Side(
        case_id=case.id,
        case_reference=case.reference,
        case_open=case.is_open,
        risk_level=case.risk_level,
        owner=case.owner_agency.short_name,
        agency=case.owner_agency.name,
        agency_kind=case.owner_agency.kind,
        at=case.opened_at,
        reasons=(),
        narrative=None,
        withheld=(),
    )


def _fields(actor: Actor, left: Referral, right: Referral, *, own: Case, case: Case) -> tuple[Field, ...]:
    one, two = _person(actor, left), _person(actor, right)
    unnamed = _withheld_person(actor, left), _withheld_person(actor, right)
    rows = [
        Field("Name", _name(one), _name(two), *unnamed),
        Field("Born", _born(one), _born(two), *unnamed),
        Field("Phone", one.phone if one else None, two.phone if two else None, *unnamed),
        Field(
            "Address",
            _MASKED if _is_hidden(own, left) else left.current_premises.address_line,
            _MASKED if _is_hidden(case, right) else right.current_premises.address_line,
            compared=not (_is_hidden(own, left) or _is_hidden(case, right)),
        ),
    ]
    rows.append(
        Field(
            "NHS number",
            _nhs(actor, left, one),
            _nhs(actor, right, two),
            left_withheld=_withheld_nhs(actor, left, one),
            right_withheld=_withheld_nhs(actor, right, two),
        )
    )
    return tuple(rows)


def _person(actor: Actor, referral: Referral) -> PersonRecord | None:
    if not may_know_person(actor, referral):
        return None
    return referral.person_records[-1] if referral.person_records else None


def _withheld_person(actor: Actor, referral: Referral) -> str:
    return "" if may_know_person(actor, referral) else referral.agency.short_name


def _name(record: PersonRecord | None) -> str | None:
    return record.display_name if record and (record.first_name or record.surname) else None


def _born(record: PersonRecord | None) -> str | None:
    if record is None:
        return None
    if record.dob is not None:
        return f"{record.dob.day} {record.dob:%B} {record.dob.year}"
    return f"Aged {record.age}" if record.age is not None else None


def _nhs(actor: Actor, referral: Referral, record: PersonRecord | None) -> str | None:
    visible = view_of_referral(actor, referral).nhs_number_visible
    return record.nhs_number if record and visible else None


def _withheld_nhs(actor: Actor, referral: Referral, record: PersonRecord | None) -> str:
    hidden = record is not None and record.nhs_number is not None and not is_own(actor, referral)
    return referral.agency.short_name if hidden and not view_of_referral(actor, referral).nhs_number_visible else ""


def _cases(session: Session, ids: Collection[UUID]) -> dict[UUID, Case]:
    rows = session.scalars(
        select(Case)
        .where(Case.id.in_(ids))
        .options(
            joinedload(Case.owner_agency).load_only(Agency.short_name, Agency.name, Agency.kind),
            joinedload(Case.premises),
        )
    )
    return {case.id: case for case in rows}


_WHOLE = (
    joinedload(Referral.agency),
    joinedload(Referral.premises),
    selectinload(Referral.person_records).joinedload(PersonRecord.premises),
)


def _referrals(session: Session, case_ids: Collection[UUID]) -> dict[UUID, list[Referral]]:
    rows = session.execute(
        select(ReferralLink.case_id, Referral)
        .join(Referral, Referral.id == ReferralLink.referral_id)
        .where(ReferralLink.case_id.in_(case_ids), ReferralLink.valid_to.is_(None))
        .options(*_WHOLE)
        .order_by(Referral.received_at, Referral.id)
    )
    found: dict[UUID, list[Referral]] = defaultdict(list)
    for case_id, referral in rows:
        found[case_id].append(referral)
    return found


def _referrals_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, Referral]:
    rows = session.scalars(select(Referral).where(Referral.id.in_(ids)).options(*_WHOLE))
    return {referral.id: referral for referral in rows}
