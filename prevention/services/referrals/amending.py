"""Amending a referral: what was received stays, the change is a row of its own."""

from sqlalchemy import select

from prevention.domain.imports import RowOutcome
from prevention.domain.referral import GivenAddress, ReceiveReferral
from prevention.domain.referral_content import Content, changes_between, command_from, content_of, hash_of
from prevention.errors import Conflict, Invalid
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.referral import Referral, ReferralAmendment
from prevention.services.cases.assessing import reassess
from prevention.services.cases.finding import lock_cases
from prevention.services.cases.summarising import open_referrals, summarise
from prevention.services.locks import lock_referral
from prevention.services.premises import place
from prevention.services.referrals.checking import check
from prevention.services.referrals.placing import move_case, record_at
from prevention.services.work import Work

AMENDED_MEANWHILE = "Somebody else amended this referral while you were working on it. Open it again to see how."


def amend(
    work: Work,
    referral: Referral,
    command: ReceiveReferral,
    *,
    reason: str,
    said: Content | None = None,
    version: int | None = None,
) -> RowOutcome:
    """Amend ``referral`` to say what ``command`` says: UNCHANGED when it says so already, else AMENDED.

    ``said`` is what its sender said when it sent the referral again; None when a person amends it. ``version`` is the
    number of amendments that person saw.

    A changed person or address is a new person record beside the old one, linked to the same person. The case, and
    the visits booked for it, follow a corrected address unless another referral still speaks of the old one; an
    address that turns out to be confidential is masked whatever the others say. An amendment never unmasks one, nor
    puts an open address in its place. The case is summed up and assessed again.

    Raises:
        Invalid: the new content cannot be acted on, or no reason is given.
        Conflict: it was amended since ``version``.
    """
    lock_referral(work, referral.reference)
    if version is not None:
        work.session.refresh(referral, ["amendments"])
        if len(referral.amendments) != version:
            raise Conflict(AMENDED_MEANWHILE)
    if not reason.strip():
        raise Invalid({"reason": "Say why you are changing this"})
    check(command)
    before = referral.current_content
    after = content_of(command)
    digest = hash_of(after, command.original)
    latest = referral.amendments[-1].content_hash if referral.amendments else referral.content_hash
    if digest == latest:
        return RowOutcome.UNCHANGED
    changes = changes_between(before, after)
    if not changes and said is None:
        return RowOutcome.UNCHANGED
    referral.amendments.append(
        ReferralAmendment(
            made_at=work.now,
            made_by=work.actor.user_id,
            reason=reason.strip(),
            changes=changes,
            original=command.original,
            content=after,
            content_hash=digest,
            said=said,
        )
    )
    if any(before[part] != after[part] for part in ("person", "address", "confidential_address")):
        _add_changed_record(work, referral, command, before, after)
    work.session.flush()  # the sums read the amendments and records
    case = _case_of(work, referral)
    work.record(AuditTag.REFERRAL_AMENDED, referral, case_id=case.id, fields=sorted(changes))
    referrals = open_referrals(work, case)
    _follow_address(work, case, referral, referrals)
    summarise(work, case, referrals)
    if case.state.is_open:
        reassess(work, case, referral=referral, reason="A referral was amended")
    return RowOutcome.AMENDED


def saying(referral: Referral, content: Content) -> ReceiveReferral:
    """The command by which ``referral`` would say ``content``, with the columns its sender sent last."""
    latest = referral.amendments[-1].original if referral.amendments else referral.original
    identity = ReceiveReferral(
        agency_id=referral.agency_id,
        source_system=referral.source_system,
        channel=referral.channel,
        address=GivenAddress(),
        reasons=frozenset(),
        narrative="",
        source_ref=referral.source_ref,
        received_at=referral.received_at,
        original=dict(latest),
    )
    return command_from(content, identity)


def _add_changed_record(
    work: Work, referral: Referral, command: ReceiveReferral, before: Content, after: Content
) -> None:
    premises = referral.current_premises
    asks_now = command.confidential_address and not before["confidential_address"]
    if before["address"] != after["address"] or (asks_now and not premises.confidential):
        premises = place(work, command.address, confidential=command.confidential_address or premises.confidential)
    record_at(work, referral, command, premises, reason="Amended record of the same referral")


def _follow_address(work: Work, case: Case, referral: Referral, referrals: list[Referral]) -> None:
    premises = referral.current_premises
    if premises.id == case.premises_id:
        return
    still_there = any(other.current_premises.id == case.premises_id for other in referrals if other is not referral)
    if still_there and not premises.confidential:
        return
    move_case(work, case, premises)


def _case_of(work: Work, referral: Referral) -> Case:
    """The case the referral feeds, its row locked: two changes of one case wait for each other."""
    case_id = work.session.scalars(
        select(ReferralLink.case_id).where(ReferralLink.referral_id == referral.id, ReferralLink.valid_to.is_(None))
    ).one()
    return lock_cases(work, [case_id])[case_id]
