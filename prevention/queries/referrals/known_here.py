""" "Already known here": what an actor may be told of open concerns at a home before they send theirs (domain.md 4.4).

A confidential home answers exactly as a home nobody has spoken of. Of another agency's case nothing is told but that
there is one; a partner's referrer is told of their own referrals only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select, true, tuple_
from sqlalchemy.orm import Session

from prevention.domain.account import Actor, Permission
from prevention.domain.case import CaseState
from prevention.domain.match import MatchDecision
from prevention.domain.referral import ReceiveReferral, TidiedAddress
from prevention.domain.referral_content import content_of
from prevention.matching.decide import choose
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dwellings import address_key
from prevention.matching.normalise.people import tidy_person
from prevention.matching.record import Record
from prevention.models.case import Case, CaseInvolvement, ReferralLink
from prevention.models.person import PersonLink, PersonRecord
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.queries.candidates import name_rarities, people_beside
from prevention.queries.gazetteer import LocalGazetteer
from prevention.queries.matching_models import current_model

#: More open cases than one home ever has; a block of flats given without a flat could have many.
MOST_CASES = 50


@dataclass(frozen=True, slots=True)
class KnownCase:
    """An open case at the home that the actor may open."""

    case_id: UUID
    reference: str
    state: CaseState
    opened_at: datetime
    referral_count: int


@dataclass(frozen=True, slots=True)
class KnownReferral:
    """A referral of the actor's own that feeds an open case at the home."""

    referral_id: UUID
    receipt: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SentBefore:
    """A referral that a form became already. It ``says_the_same`` though reasons be missing from the form: the page
    before sending offers some more.
    """

    referral_id: UUID
    receipt: str
    says_the_same: bool


@dataclass(frozen=True, slots=True)
class KnownHere:
    """What the actor may be told. ``elsewhere``: another service has an open concern at this home.

    ``of_person``: open cases at other homes that may speak of the same person.
    """

    cases: tuple[KnownCase, ...] = ()
    of_person: tuple[KnownCase, ...] = ()
    referrals: tuple[KnownReferral, ...] = ()
    elsewhere: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.cases or self.of_person or self.referrals or self.elsewhere)


NOTHING = KnownHere()


def sent_before(session: Session, command: ReceiveReferral) -> SentBefore | None:
    """The referral that this very form became already: it was sent twice, or again by going back.

    Nobody is told of another's form: its user and its token are what the referral is known by.
    """
    there = session.execute(
        select(Referral.id, Referral.receipt, Referral.content).where(
            tuple_(Referral.agency_id, Referral.source_system, Referral.source_ref) == command.reference
        )
    ).one_or_none()
    if there is None:
        return None
    says = content_of(command)
    same = says | {"reasons": []} == there.content | {"reasons": []}
    return SentBefore(
        there.id, there.receipt, says_the_same=same and set(says["reasons"]) <= set(there.content["reasons"])
    )


def known_here(session: Session, actor: Actor, command: ReceiveReferral, today: date) -> KnownHere:
    """What the actor may be told about the home and the person that ``command`` speaks of, before it is received.

    Nothing is told of an address given as confidential. Of a person no more is told than the cases of other homes that
    the actor's agency has part in, and none of a confidential home. ``today`` is the day in London.
    """
    if command.confidential_address:
        return NOTHING
    here = _same_home(session, command)
    if not actor.has(Permission.CASE_VIEW):
        return KnownHere(referrals=_own_referrals(session, actor, here)) if here is not None else NOTHING
    rows = _open_cases(session, actor, here) if here is not None else []
    cases = tuple(_known(case) for case, seen in rows if seen)
    likely = _likely_people(session, command, today)
    others = _open_cases(session, actor, _speaks_of(likely)) if likely else []
    return KnownHere(
        cases=cases,
        of_person=tuple(known for case, seen in others if seen and (known := _known(case)) not in cases),
        elsewhere=any(not seen for _, seen in rows),
    )


def _open_cases(session: Session, actor: Actor, which: ColumnElement[bool]) -> Sequence[Row[Case, bool]]:
    """Open cases, and whether the actor's agency has part in them; the newest first."""
    involved = (
        select(CaseInvolvement.agency_id)
        .where(CaseInvolvement.case_id == Case.id, CaseInvolvement.agency_id == actor.agency_id)
        .correlate(Case)
        .exists()
    )
    return session.execute(
        select(Case, involved)
        .join(Premises, Premises.id == Case.premises_id)
        .where(which, ~Premises.confidential, Case.is_open)
        .order_by(Case.opened_at.desc(), Case.id)
        .limit(MOST_CASES)
    ).all()


def _likely_people(session: Session, command: ReceiveReferral, today: date) -> list[UUID]:
    """The known people whom the engine would join with the person of ``command``, or ask about.

    Without the address: whoever knows a name must not learn from the answer that they guessed where somebody is hidden.
    """
    record = Record.from_tidied("", tidy_person(command.person, today), TidiedAddress(), received=today)
    model = current_model(session)
    rarity = name_rarities(session, [record], model)[0]
    outcomes = choose(record, people_beside(session, [record])[0], model, rarity)
    return [UUID(outcome.profile_id) for outcome in outcomes if outcome.decision is not MatchDecision.NEW]


def _speaks_of(people: list[UUID]) -> ColumnElement[bool]:
    return Case.id.in_(
        select(ReferralLink.case_id)
        .join(PersonRecord, PersonRecord.referral_id == ReferralLink.referral_id)
        .join(PersonLink, PersonLink.record_id == PersonRecord.id)
        .where(PersonLink.person_id.in_(people), PersonLink.valid_to.is_(None), ReferralLink.valid_to.is_(None))
    )


def _same_home(session: Session, command: ReceiveReferral) -> ColumnElement[bool] | None:
    """The condition on ``Premises`` by which ``services.premises.place`` would find the home again; None for none."""
    tidied = tidy_address(command.address)
    if tidied.no_fixed_abode:
        return None
    known = LocalGazetteer(session).look_up([command.address])[0]
    uprn = known.uprn if known else tidied.uprn
    same = [Premises.uprn == uprn] if uprn else []
    if known and known.address_key:
        same.append(Premises.address_key == known.address_key)
    if key := address_key(tidied):
        same.append((Premises.address_key == key) & (Premises.uprn.is_(None) if known else true()))
    return or_(*same) & ~Premises.confidential if same else None


def _known(case: Case) -> KnownCase:
    return KnownCase(case.id, case.reference, case.state, case.opened_at, case.referral_count)


def _own_referrals(session: Session, actor: Actor, here: ColumnElement[bool]) -> tuple[KnownReferral, ...]:
    rows = session.execute(
        select(Referral.id, Referral.receipt, Referral.received_at)
        .join(ReferralLink, (ReferralLink.referral_id == Referral.id) & ReferralLink.valid_to.is_(None))
        .join(Case, Case.id == ReferralLink.case_id)
        .join(Premises, Premises.id == Referral.premises_id)
        .where(here, Case.is_open, Referral.referred_by == actor.user_id)
        .order_by(Referral.received_at.desc(), Referral.id)
        .limit(MOST_CASES)
    )
    return tuple(KnownReferral(*row) for row in rows)
