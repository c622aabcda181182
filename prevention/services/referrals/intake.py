"""The one door: every referral comes in here, whatever the channel, and leaves with a receipt."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import ReceiveReferral
from prevention.domain.referral_content import content_of, hash_of
from prevention.domain.risk import RiskLevel
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.premises import Premises
from prevention.models.referral import Referral, RowOutcome
from prevention.services.cases.joining import join
from prevention.services.cases.opening import open_case
from prevention.services.followups.planning import plan_on_referral
from prevention.services.locks import lock_referral
from prevention.services.matches.finding import Likeness, find_likeness, remember_candidates
from prevention.services.notifications.messages import acknowledge_referral
from prevention.services.people import add_record, link_person
from prevention.services.premises import place
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

    The same ``source_system`` + ``source_ref`` again changes nothing when it says the same, and is an amendment
    when it says something else.

    Raises:
        Invalid: field → sentence, when it cannot be acted on.
    """
    check(command)
    source_ref = command.source_ref.strip()
    if source_ref:
        lock_referral(work, command.source_system, source_ref)
        known = _known(work, command.source_system, source_ref)
        if known is not None:
            outcome = send_again(work, known, command)
            return _receipt(known, _case_of(work, known), outcome)
    with work.session.no_autoflush:  # what is new is written together, where the next step reads it
        return _receive_new(work, command, source_ref)


def _receive_new(work: Work, command: ReceiveReferral, source_ref: str) -> Receipt:
    premises = place(work, command.address, confidential=command.confidential_address)
    referral = _referral(work, command, source_ref, premises)
    work.session.add(referral)
    record = add_record(work, referral, command, premises)
    work.session.flush()  # looking for likenesses reads what is stored, and must not find this record
    likeness = find_likeness(work, referral, record)
    link_person(
        work,
        record,
        likeness.person,
        reason=likeness.words or "Nobody known is like this",
        probability=likeness.probability,
        model_version=likeness.model_version,
    )
    work.record(AuditTag.REFERRAL_RECEIVED, referral, channel=referral.channel.value)
    case, outcome = _to_case(work, referral, likeness)
    acknowledge_referral(work, referral, case)
    plan_on_referral(work, referral, case)
    return _receipt(referral, case, outcome)


def _to_case(work: Work, referral: Referral, likeness: Likeness) -> tuple[Case, RowOutcome]:
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
    case = open_case(work, referral)
    if likeness.candidates:
        remember_candidates(work, referral, likeness)
        return case, RowOutcome.REVIEW
    return case, RowOutcome.NEW


def _known(work: Work, source_system: str, source_ref: str) -> Referral | None:
    known = work.session.scalar(
        select(Referral.id).where(Referral.source_system == source_system, Referral.source_ref == source_ref)
    )
    return work.session.get_one(Referral, known) if known is not None else None


def _case_of(work: Work, referral: Referral) -> Case:
    return work.session.scalars(
        select(Case)
        .join(ReferralLink, ReferralLink.case_id == Case.id)
        .where(ReferralLink.referral_id == referral.id, ReferralLink.valid_to.is_(None))
    ).one()


def _referral(work: Work, command: ReceiveReferral, source_ref: str, premises: Premises) -> Referral:
    receipt = new_reference(ReferenceKind.RECEIPT)
    content = content_of(command)
    return Referral(
        receipt=receipt,
        agency=work.session.get_one(Agency, command.agency_id),
        amendments=[],
        source_system=command.source_system,
        source_ref=source_ref or receipt,
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
