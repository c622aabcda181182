"""Visits as one actor may see them: one visit with what its crew must know, and an officer's list."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload, load_only, selectinload

from prevention.domain.account import Actor, Permission
from prevention.domain.address_reveal import MASKED
from prevention.domain.behaviour import Behaviour
from prevention.domain.local_time import LONDON
from prevention.domain.referral import ContactConstraint, StaffSafety
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import OPEN_VISIT_STATES, VisitState
from prevention.domain.visit_findings import warnings_from_visit
from prevention.domain.visit_rules import load_visit_rules
from prevention.errors import NotFound
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.person import PersonRecord
from prevention.models.premises import AddressStatus
from prevention.models.referral import Referral, ReferralAmendment
from prevention.models.visit import Visit
from prevention.policies.cases import may_work_on_case
from prevention.policies.sharing import crew_instructions, no_suspect_named, screened_record
from prevention.policies.visits import (
    keeps_address_back,
    may_open_address,
    may_record_visit,
    may_take_visit,
    recordable_visits,
    visible_visits,
)
from prevention.queries.cases.voices import cautions

#: More than anybody does in a fortnight; a longer list would hide that something is wrong.
MOST_ON_A_LIST = 120


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to ask for at the home, as the latest referral gave them. ``phone`` is E.164 or empty."""

    name: str
    phone: str
    language: str
    interpreter: bool


@dataclass(frozen=True, slots=True)
class VisitCard:
    """A visit as one actor may see it. ``address`` is None when it is kept back, and with it whom to ask for.

    ``is_confidential``: the home's address is kept confidential. ``may_open``: this visit is the actor's reason to see
    it, once it is on record that they opened the visit (``services/visits/opening.py``). ``may_reveal``: they may see
    it on the case's page, for a reason they give. ``cautions``: what the referrals mean for whoever rings or knocks,
    and whether anybody is in.
    """

    visit: Visit
    is_confidential: bool
    may_open: bool
    may_reveal: bool
    address: str | None
    map_uri: str | None
    contacts: tuple[Contact, ...]
    safety: tuple[StaffSafety, ...]
    constraints: tuple[ContactConstraint, ...]
    cautions: tuple[str, ...]
    may_record: bool
    may_take: bool

    @property
    def title(self) -> str:
        """The address, or words that stand for it: a title is seen by whoever passes the screen."""
        return MASKED if self.is_confidential or self.address is None else self.address

    def screened(self, record: Any) -> Any:
        """What was written down at the visit, as it may be shown: a text, or a record as it is stored."""
        homes = [self.visit.premises, *([self.visit.case.premises] if self.visit.case else [])]
        return screened_record(record, *homes)

    @property
    def risk(self) -> RiskLevel | None:
        """The case's risk level now, None for a visit without a case."""
        return self.visit.case.risk_level if self.visit.case else self.visit.risk_before

    @property
    def two_person(self) -> bool:
        """Whether nobody may go there alone (domain.md 1.10)."""
        return StaffSafety.TWO_PERSON in self.safety

    @property
    def warnings(self) -> tuple[StaffSafety | ContactConstraint, ...]:
        """Everything a crew must know before the door."""
        return (*self.safety, *self.constraints)

    @property
    def card_allowed(self) -> bool:
        """Whether a card may be left at the door."""
        return ContactConstraint.DO_NOT_LEAVE_CARD not in self.constraints


@dataclass(frozen=True, slots=True)
class DayList:
    """An officer's list: what is under way, late, for today, and for the days after, each by time."""

    under_way: tuple[VisitCard, ...]
    overdue: tuple[VisitCard, ...]
    today: tuple[VisitCard, ...]
    next_days: tuple[tuple[date, tuple[VisitCard, ...]], ...]

    @property
    def count(self) -> int:
        """How many visits are on the list."""
        later = sum(len(cards) for _, cards in self.next_days)
        return len(self.under_way) + len(self.overdue) + len(self.today) + later


def my_visits(session: Session, actor: Actor, now: datetime) -> DayList:
    """The actor's own open visits and those of their team that nobody has taken, in London days around ``now``.

    A list shows no confidential address, opened before or not.
    """
    mine = or_(Visit.officer_id == actor.user_id, and_(Visit.team_id.in_(actor.team_ids), Visit.officer_id.is_(None)))
    visits = session.scalars(
        select(Visit)
        .where(recordable_visits(actor), mine, Visit.state.in_(OPEN_VISIT_STATES), Visit.finished_at.is_(None))
        .options(
            joinedload(Visit.premises),
            joinedload(Visit.case).joinedload(Case.premises),
            joinedload(Visit.team),
            joinedload(Visit.officer),
        )
        .order_by(Visit.scheduled_at, Visit.id)
        .limit(MOST_ON_A_LIST)
    ).all()
    cards = _cards(session, actor, visits)
    today = now.astimezone(LONDON).date()
    under_way = tuple(card for card in cards if card.visit.state is not VisitState.BOOKED)
    waiting = [card for card in cards if card.visit.state is VisitState.BOOKED]
    days: dict[date, list[VisitCard]] = defaultdict(list)
    for card in waiting:
        days[card.visit.scheduled_at.astimezone(LONDON).date()].append(card)
    return DayList(
        under_way=under_way,
        overdue=tuple(card for day, found in days.items() if day < today for card in found),
        today=tuple(days.get(today, ())),
        next_days=tuple((day, tuple(found)) for day, found in sorted(days.items()) if day > today),
    )


def visit_card(session: Session, actor: Actor, visit_id: UUID) -> VisitCard:
    """One visit with what its crew must know; a confidential address when it is on record that the actor opened it.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    visit = session.scalar(
        select(Visit)
        .where(Visit.id == visit_id, visible_visits(actor))
        .options(
            joinedload(Visit.premises),
            joinedload(Visit.case).options(joinedload(Case.owner_agency), joinedload(Case.premises)),
            joinedload(Visit.team),
            joinedload(Visit.officer),
        )
    )
    if visit is None:
        raise NotFound
    may_open = keeps_address_back(visit) and may_open_address(actor, visit).allowed
    opened = may_open and has_opened(session, actor, visit_id)
    return _cards(session, actor, [visit], opened=opened)[0]


def has_opened(session: Session, actor: Actor, visit_id: UUID) -> bool:
    """Whether it is on record that the actor opened a visit to a confidential address."""
    trace = select(AuditEvent.id).where(
        AuditEvent.subject_id == visit_id,
        AuditEvent.tag == AuditTag.ADDRESS_REVEALED,
        AuditEvent.user_id == actor.user_id,
    )
    return bool(session.scalar(select(trace.exists())))


def finished_visit(session: Session, actor: Actor, visit_id: UUID) -> VisitCard:
    """As ``visit_card``, with what was found, fitted and sent onward already loaded."""
    card = visit_card(session, actor, visit_id)
    session.scalars(
        select(Visit)
        .where(Visit.id == visit_id)
        .options(
            selectinload(Visit.alarms),
            selectinload(Visit.equipment),
            selectinload(Visit.clutter),
            selectinload(Visit.onward),
        )
        .execution_options(populate_existing=True)
    ).one()
    return card


def _cards(session: Session, actor: Actor, visits: Sequence[Visit], *, opened: bool = False) -> list[VisitCard]:
    contacts = _contacts(session, actor, {visit.case_id for visit in visits if visit.case_id})
    seen = _seen_before(session, actor, {visit.premises_id for visit in visits})
    feeding = _feeding(session, {visit.case_id for visit in visits if visit.case_id})
    return [
        _card(
            actor,
            visit,
            contacts.get(visit.case_id, ()) if visit.case_id else (),
            _standing(seen[visit.premises_id], visit),
            cautions(actor, feeding.get(visit.case_id, ())) if visit.case_id else (),
            opened=opened,
        )
        for visit in visits
    ]


def _seen_before(
    session: Session, actor: Actor, premises_ids: Collection[UUID]
) -> defaultdict[UUID, list[tuple[datetime, frozenset[StaffSafety]]]]:
    """What crews of the actor's agency warned of at these homes and when, whichever case they came for."""
    seen: defaultdict[UUID, list[tuple[datetime, frozenset[StaffSafety]]]] = defaultdict(list)
    rows = session.execute(
        select(Visit.premises_id, Visit.finished_at, Visit.outcome, Visit.record["behaviours"]).where(
            Visit.premises_id.in_(premises_ids), Visit.state == VisitState.FINISHED, visible_visits(actor)
        )
    )
    for premises_id, finished_at, outcome, behaviours in rows:
        codes = set(behaviours or ())
        warnings = warnings_from_visit(outcome, [item for item in Behaviour if item.value in codes])
        if warnings:
            seen[premises_id].append((finished_at, warnings))
    return seen


def _feeding(session: Session, case_ids: Collection[UUID]) -> dict[UUID, list[Referral]]:
    """The referrals that feed the cases, newest first, with no more of them than ``cautions`` reads."""
    if not case_ids:
        return {}
    rows = session.execute(
        select(ReferralLink.case_id, Referral)
        .join(Referral, Referral.id == ReferralLink.referral_id)
        .where(ReferralLink.case_id.in_(case_ids), ReferralLink.valid_to.is_(None))
        .options(
            load_only(
                Referral.agency_id,
                Referral.content,
                Referral.reasons,
                Referral.told,
                Referral.agrees,
                Referral.current_location,
                raiseload=True,
            ),
            joinedload(Referral.amendments).load_only(ReferralAmendment.content, raiseload=True),
        )
        .order_by(ReferralLink.valid_from.desc(), ReferralLink.id.desc())
    )
    found: dict[UUID, list[Referral]] = defaultdict(list)
    for case_id, referral in rows.unique():
        found[case_id].append(referral)
    return found


def _standing(seen: list[tuple[datetime, frozenset[StaffSafety]]], visit: Visit) -> set[str]:
    """Those that still stand when ``visit`` is to be made."""
    rules = load_visit_rules()
    return {
        warning.value
        for at, warnings in seen
        if rules.warnings_stand.after(at, rules.calendar) > visit.scheduled_at
        for warning in warnings
    }


def _card(
    actor: Actor,
    visit: Visit,
    contacts: tuple[Contact, ...],
    seen_before: set[str],
    cautioned: tuple[str, ...],
    *,
    opened: bool,
) -> VisitCard:
    hidden = keeps_address_back(visit)
    shown = opened or not hidden
    given = seen_before | (set(visit.case.staff_safety) if visit.case else set())
    return VisitCard(
        visit=visit,
        is_confidential=hidden,
        may_open=hidden and may_open_address(actor, visit).allowed,
        may_reveal=hidden and _may_reveal(actor, visit.case),
        address=visit.premises.address_line if shown else None,
        map_uri=_map_uri(visit) if shown else None,
        contacts=contacts if shown else (),
        safety=tuple(warning for warning in StaffSafety if warning.value in given),
        constraints=crew_instructions(visit.case.contact_constraints) if visit.case else (),
        cautions=cautioned,
        may_record=may_record_visit(actor, visit).allowed,
        may_take=visit.officer_id is None and may_take_visit(actor, visit).allowed,
    )


def _may_reveal(actor: Actor, case: Case | None) -> bool:
    """As ``services.confidentiality.revealing.reveal_address`` decides; the case's owner is always involved in it."""
    if case is None or not case.premises.confidential:
        return False
    return may_work_on_case(actor, case, {case.owner_agency_id}, Permission.ADDRESS_REVEAL).allowed


def _map_uri(visit: Visit) -> str | None:
    """A ``geo:`` URI, which the phone's own map opens: no address reaches anybody's web server (domain.md 4.5)."""
    premises = visit.premises
    if keeps_address_back(visit) or premises.status is AddressStatus.NO_FIXED_ABODE:
        return None
    if premises.latitude is None or premises.longitude is None:
        return None
    return f"geo:{premises.latitude:.6f},{premises.longitude:.6f}"


def _contacts(session: Session, actor: Actor, case_ids: Collection[UUID]) -> dict[UUID, tuple[Contact, ...]]:
    """Who to ask for, by case: one entry per name and number, the latest referral's first.

    Somebody named as a suspect is nobody to ask for, and another agency's suspect is not even named (domain.md 4.4).
    """
    if not case_ids:
        return {}
    rows = session.execute(
        select(ReferralLink.case_id, PersonRecord)
        .join(PersonRecord, PersonRecord.referral_id == ReferralLink.referral_id)
        .join(Referral, Referral.id == ReferralLink.referral_id)
        .where(
            ReferralLink.case_id.in_(case_ids),
            ReferralLink.valid_to.is_(None),
            or_(Referral.agency_id == actor.agency_id, no_suspect_named()),
        )
        .order_by(PersonRecord.created_at.desc(), PersonRecord.id.desc())
    )
    found: dict[UUID, dict[Any, Contact]] = defaultdict(dict)
    for case_id, record in rows:
        contact = Contact(record.display_name, record.phone or "", record.language, record.interpreter)
        found[case_id].setdefault((contact.name.casefold(), contact.phone), contact)
    return {case_id: _without_twins(list(by_key.values())) for case_id, by_key in found.items()}


def _without_twins(contacts: list[Contact]) -> tuple[Contact, ...]:
    """Without somebody that another referral named with a number, and this one without."""
    reachable = {contact.name.casefold() for contact in contacts if contact.phone}
    return tuple(contact for contact in contacts if contact.phone or contact.name.casefold() not in reachable)
