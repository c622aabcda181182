"""Answering the review list: links only, nothing is copied or deleted, and the answer is remembered."""

from uuid import UUID

from sqlalchemy import select, update

from prevention.domain.match import ReviewAnswer
from prevention.domain.visit import OPEN_VISIT_STATES
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import HouseholdLink, PersonLink, PersonRecord
from prevention.models.premises import Household
from prevention.models.referral import Referral
from prevention.models.visit import Visit
from prevention.policies.matches import may_review
from prevention.services.cases.finding import involved_agencies, lock_cases
from prevention.services.cases.joining import join
from prevention.services.cases.summarising import open_referrals
from prevention.services.notifications.alerts import settle_alert
from prevention.services.people import close_links, link_person
from prevention.services.work import Work

_BY_A_PERSON = "A coordinator said so on the review list"


def answer(work: Work, candidate_id: UUID, given: ReviewAnswer, *, reason: str = "") -> MatchCandidate:
    """Settle a candidate. Both cases are locked in the order of their ids.

    The same concern: every voice of the referral's own case feeds the other from now on, and the own case is closed
    as a duplicate; one case is one concern. The same person: both persons are one, with all their records. The same
    household: the two records are of one household, and nobody is made one person. Not related: kept, so that nobody
    is asked again.

    Raises:
        NotFound, NotAllowed: by the policy.
        Invalid: a visit is still to come for the case that would be closed (field ``answer``).
        Conflict: it was answered meanwhile, or the case it would join is closed.
    """
    candidate = work.session.get(MatchCandidate, candidate_id)
    own_id = _own_case_id(work, candidate.referral_id) if candidate else None
    if candidate is None or own_id is None:
        raise NotFound
    cases = lock_cases(work, [own_id, candidate.case_id])
    candidate = work.session.get_one(MatchCandidate, candidate_id, with_for_update=True, populate_existing=True)
    own, case = cases[own_id], cases[candidate.case_id]
    involved = involved_agencies(work, [case.id, own.id])
    may_review(work.actor, case, involved[case.id], own, involved[own.id]).require()
    if candidate.answer is not None:
        raise Conflict("Somebody else has answered this one already.")
    if _own_case_id(work, candidate.referral_id) != own_id:
        raise Conflict("The referral was moved to another case meanwhile. Look at the list again.")
    _link_people(work, candidate, case, given)
    if given.joins:
        _join_whole(work, candidate, own, case, given)
    if not own.state.is_open:
        settle_alert(work, own)
    candidate.answer = given
    candidate.answered_at = work.now
    candidate.answered_by = work.actor.user_id
    candidate.answer_reason = reason.strip()
    work.record(AuditTag.MATCH_ANSWERED, candidate, case_id=case.id, answer=given.value, other=str(own.id))
    if own.id != case.id:
        work.record(AuditTag.MATCH_ANSWERED, candidate, case_id=own.id, answer=given.value, other=str(case.id))
    return candidate


def _link_people(work: Work, candidate: MatchCandidate, case: Case, given: ReviewAnswer) -> None:
    record = _record_of(work, candidate.referral)
    if record is not None and given.is_same_person:
        _link_same_person(work, record, case, candidate)
    elif record is not None and given.is_same_household:
        _link_household(work, record, case)


def _join_whole(work: Work, candidate: MatchCandidate, own: Case, case: Case, given: ReviewAnswer) -> None:
    """Let everything that feeds ``own`` feed ``case``; what is still asked about ``own`` is asked about ``case``."""
    coming = work.session.scalar(
        select(Visit.reference).where(Visit.case_id == own.id, Visit.state.in_(OPEN_VISIT_STATES)).limit(1)
    )
    if coming is not None:
        raise Invalid({"answer": f"Visit {coming} is still booked for {own.reference}. Cancel or finish it first"})
    for referral in open_referrals(work, own):
        compared = given.is_same_person and referral.id == candidate.referral_id
        join(
            work,
            referral,
            case,
            decided_by=work.actor.user_id,
            reason=_BY_A_PERSON,
            probability=candidate.p_same_person if compared else None,
            model_version=candidate.model_version if compared else "",
        )
    _ask_on(work, own, case)


def _ask_on(work: Work, own: Case, case: Case) -> None:
    """Point open questions about the emptied ``own`` at ``case``, unless the same was asked of ``case`` already."""
    asked = select(MatchCandidate.referral_id).where(MatchCandidate.case_id == case.id)
    work.session.execute(
        update(MatchCandidate)
        .where(
            MatchCandidate.case_id == own.id,
            MatchCandidate.answer.is_(None),
            MatchCandidate.referral_id.not_in(asked),
        )
        .values(case_id=case.id)
    )


def _own_case_id(work: Work, referral_id: UUID) -> UUID | None:
    return work.session.scalar(
        select(ReferralLink.case_id).where(ReferralLink.referral_id == referral_id, ReferralLink.valid_to.is_(None))
    )


def _record_of(work: Work, referral: Referral) -> PersonRecord | None:
    """The person as the referral gives them since its last amendment."""
    return work.session.scalar(
        select(PersonRecord)
        .where(PersonRecord.referral_id == referral.id)
        .order_by(PersonRecord.created_at.desc(), PersonRecord.id.desc())
        .limit(1)
    )


def _records_of(work: Work, case: Case) -> list[PersonRecord]:
    """The person records of the case's referrals, the newest first."""
    rows = work.session.scalars(
        select(PersonRecord)
        .join(ReferralLink, ReferralLink.referral_id == PersonRecord.referral_id)
        .where(ReferralLink.case_id == case.id, ReferralLink.valid_to.is_(None))
        .order_by(PersonRecord.created_at.desc(), PersonRecord.id.desc())
    )
    return list(rows)


def _link_same_person(work: Work, record: PersonRecord, case: Case, candidate: MatchCandidate) -> None:
    """Make the record's person and whom the case's referrals name one person, with all the records of the first."""
    other = max(_records_of(work, case), key=record.agreements, default=None)
    if other is None:
        return
    person_id = _person_of(work, other)
    if person_id is None:
        person_id = link_person(work, other, None, reason=_BY_A_PERSON, decided_by=work.actor.user_id)
    known_id = _person_of(work, record)
    if known_id == person_id:
        return
    records = close_links(work, known_id) if known_id else [record]
    for each in records:
        compared = each.id == record.id
        link_person(
            work,
            each,
            person_id,
            reason=_BY_A_PERSON,
            decided_by=work.actor.user_id,
            probability=candidate.p_same_person if compared else None,
            model_version=candidate.model_version if compared else "",
        )


def _person_of(work: Work, record: PersonRecord) -> UUID | None:
    return work.session.scalar(
        select(PersonLink.person_id).where(PersonLink.record_id == record.id, PersonLink.valid_to.is_(None))
    )


def _link_household(work: Work, record: PersonRecord, case: Case) -> None:
    others = _records_of(work, case)
    if not others:
        return
    household = work.session.scalar(
        select(Household)
        .join(HouseholdLink)
        .where(HouseholdLink.record_id == others[0].id, HouseholdLink.valid_to.is_(None))
    )
    if household is None:
        household = Household(premises_id=case.premises_id, created_at=work.now)
        work.session.add(household)
        work.session.flush()  # the links name it
        _open_household_link(work, others[0], household)
    running = work.session.scalar(
        select(HouseholdLink)
        .where(HouseholdLink.record_id == record.id, HouseholdLink.valid_to.is_(None))
        .with_for_update()
    )
    if running is not None:
        if running.household_id == household.id:
            return
        running.valid_to = work.now
        work.session.flush()  # only one open link a record
    _open_household_link(work, record, household)


def _open_household_link(work: Work, record: PersonRecord, household: Household) -> None:
    work.session.add(
        HouseholdLink(
            record_id=record.id,
            household_id=household.id,
            valid_from=work.now,
            decided_by=work.actor.user_id,
            automatic=False,
            reason=_BY_A_PERSON,
        )
    )
