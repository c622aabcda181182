"""The one door: every referral comes in here, whatever the channel, and leaves with a receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import selectinload

from prevention.domain.imports import RowOutcome
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import ReceiveReferral, SourceReference
from prevention.domain.referral_content import content_of, hash_of
from prevention.domain.risk import RiskLevel
from prevention.errors import Conflict
from prevention.matching.blocking import keys
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.queries.candidates import engine_record, name_rarities
from prevention.queries.matching_models import current_model
from prevention.services.cases.joining import join
from prevention.services.cases.opening import IntakeDesks, open_case
from prevention.services.followups.planning import plan_on_referral
from prevention.services.locks import lock_referrals
from prevention.services.matches.finding import (
    Arrival,
    Likeness,
    find_likenesses,
    remember_candidates,
)
from prevention.services.matches.keys import lock_people, store_keys
from prevention.services.notifications.messages import acknowledge_referral
from prevention.services.people import add_record, link_person
from prevention.services.premises import Whereabouts, place_all
from prevention.services.referrals.checking import check
from prevention.services.referrals.resending import send_again
from prevention.services.work import Work


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told, and where the referral went."""

    referral_id: UUID
    receipt: str
    outcome: RowOutcome
    case_id: UUID
    case_reference: str
    risk_level: RiskLevel


def receive(work: Work, command: ReceiveReferral) -> Receipt:
    """Take a referral in: premises, person, likeness to what is known, case, risk, alert, acknowledgement.

    The same ``reference`` again changes nothing when it says the same, and is an amendment when it says something else.

    Raises:
        Invalid: field → sentence, when it cannot be acted on.
    """
    return receive_all(work, [command])[0]


def receive_all(work: Work, commands: Sequence[ReceiveReferral]) -> list[Receipt]:
    """Take referrals in, with the same end as if each came by itself in this order; together they need less time.

    Raises:
        Invalid: field → sentence, when one of them cannot be acted on.
        Conflict: two of them have one reference.
    """
    for command in commands:
        check(command)
    references = [command.reference for command in commands if command.source_ref.strip()]
    if len(set(references)) < len(references):
        raise Conflict("One reference stands in two referrals, so they come in one after the other.")
    lock_referrals(work, references)
    known = known_referrals(work, references)
    receipts: list[Receipt] = []
    for again, some in groupby(commands, lambda command: command.reference in known):
        if again:
            receipts += [_receive_again(work, known[command.reference], command) for command in some]
        else:
            receipts += _receive_new(work, list(some))
    return receipts


def _receive_again(work: Work, known: Referral, command: ReceiveReferral) -> Receipt:
    outcome = send_again(work, known, command)
    return _receipt(known, _case_of(work, known), outcome)


def _receive_new(work: Work, commands: list[ReceiveReferral]) -> list[Receipt]:
    """Take in referrals that never came before: together as far as none hangs on another that is not written yet."""
    work.session.flush()
    receipts: list[Receipt] = []
    desks = IntakeDesks(work)
    with work.session.no_autoflush:
        waiting = _arrive(work, commands)
        while waiting:
            likenesses = find_likenesses(work, waiting)
            together, waiting = waiting[: len(likenesses)], waiting[len(likenesses) :]
            cases = [_settle(work, *each, desks) for each in zip(together, likenesses, strict=True)]
            work.session.flush()
            store_keys(work, [arrival.engine for arrival in together])
            for arrival, (case, outcome) in zip(together, cases, strict=True):
                acknowledge_referral(work, arrival.referral, case)
                plan_on_referral(work, arrival.referral, case)
                receipts.append(_receipt(arrival.referral, case, outcome))
    return receipts


def _arrive(work: Work, commands: list[ReceiveReferral]) -> list[Arrival]:
    """Put the referrals and their people at their homes; whoever takes in the same ones waits from here on."""
    homes = place_all(work, [Whereabouts(command.address, command.confidential_address) for command in commands])
    new = []
    for command, home in zip(commands, homes, strict=True):
        referral = _referral(work, command, home)
        work.session.add(referral)
        record = add_record(work, referral, command, home)
        new.append((referral, record, engine_record(record, home, referral.source_system, referral.received_at)))
    records = [engine for *_, engine in new]
    lock_people(work, records)
    model = current_model(work.session)
    rarities = name_rarities(work.session, records, model)
    return [
        Arrival(*each, frozenset(keys(each[-1])), rarity, model) for each, rarity in zip(new, rarities, strict=True)
    ]


def _settle(work: Work, arrival: Arrival, likeness: Likeness, desks: IntakeDesks) -> tuple[Case, RowOutcome]:
    """Give a referral its person and its case."""
    link_person(
        work,
        arrival.record,
        likeness.person_id,
        reason=likeness.words or "Nobody known is like this",
        probability=likeness.probability,
        model_version=likeness.model_version,
    )
    referral = arrival.referral
    work.record(AuditTag.REFERRAL_RECEIVED, referral, channel=referral.channel.value)
    if likeness.case is not None:
        join(
            work,
            referral,
            likeness.case,
            decided_by=None,
            reason=likeness.words,
            probability=likeness.probability,
            model_version=likeness.model_version,
        )
        return likeness.case, RowOutcome.JOINED
    case = open_case(work, referral, desks=desks)
    if likeness.candidates:
        remember_candidates(work, referral, likeness)
        return case, RowOutcome.REVIEW
    return case, RowOutcome.NEW


def known_referrals(work: Work, references: Sequence[SourceReference]) -> dict[SourceReference, Referral]:
    """The referrals there are already, with their amendments, by what they are known by."""
    if not references:
        return {}
    rows = work.session.scalars(
        select(Referral)
        .where(tuple_(Referral.agency_id, Referral.source_system, Referral.source_ref).in_(references))
        .options(selectinload(Referral.amendments))
    )
    return {referral.reference: referral for referral in rows}


def _case_of(work: Work, referral: Referral) -> Case:
    return work.session.scalars(
        select(Case)
        .join(ReferralLink, ReferralLink.case_id == Case.id)
        .where(ReferralLink.referral_id == referral.id, ReferralLink.valid_to.is_(None))
    ).one()


def _referral(work: Work, command: ReceiveReferral, premises: Premises) -> Referral:
    receipt = new_reference(ReferenceKind.RECEIPT)
    content = content_of(command)
    return Referral(
        receipt=receipt,
        agency=work.session.get_one(Agency, command.agency_id),
        agency_id=command.agency_id,
        amendments=[],
        source_system=command.source_system,
        source_ref=command.source_ref.strip() or receipt,
        channel=command.channel,
        received_at=command.received_at or work.now,
        recorded_at=work.now,
        concern_observed_at=command.concern_observed_at,
        referred_by=work.actor.user_id,
        referrer_name=command.referrer_name,
        referrer_team=command.referrer_team,
        referrer_contact=command.referrer_contact,
        feedback_to=command.feedback_to.strip(),
        premises=premises,
        premises_id=premises.id,
        reasons=content["reasons"],
        immediate_danger=command.immediate_danger,
        narrative=command.narrative,
        household_flags=content["household_flags"],
        current_location=command.current_location,
        location_detail=command.location_detail,
        told=command.told,
        told_detail=command.told_detail,
        agrees=command.agrees,
        capacity_concern=command.capacity_concern,
        lawful_basis=command.lawful_basis,
        sharing_preference=command.sharing_preference,
        staff_safety=content["staff_safety"],
        contact_constraints=content["contact_constraints"],
        source_grade=command.source_grade,
        source_grade_scheme=command.source_grade_scheme,
        other_agencies_told=command.other_agencies_told,
        suspect=command.suspect,
        original=command.original,
        content=content,
        content_hash=hash_of(content, command.original),
    )


def _receipt(referral: Referral, case: Case, outcome: RowOutcome) -> Receipt:
    return Receipt(referral.id, referral.receipt, outcome, case.id, case.reference, case.risk_level)
