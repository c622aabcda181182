"""Answering the review list: links only, nothing is copied or deleted, and the answer is remembered."""

from uuid import UUID

from sqlalchemy import select

from prevention.domain.match import ReviewAnswer
from prevention.errors import Conflict, NotFound
from prevention.models.audit import AuditTag
from prevention.models.case import Case, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import HouseholdLink, Person, PersonLink, PersonRecord
from prevention.models.premises import Household
from prevention.models.referral import Referral
from prevention.policies.matches import may_review
from prevention.services.cases.finding import involved_agencies, lock_cases
from prevention.services.cases.joining import join
from prevention.services.notifications.alerts import settle_alert
from prevention.services.people import link_person
from prevention.services.work import Work

_BY_A_PERSON = "A coordinator said so on the review list"


def answer(work: Work, candidate_id: UUID, given: ReviewAnswer, *, reason: str = "") -> MatchCandidate:
    """Settle a candidate. Both cases are locked in the order of their ids.

    Same concern: the referral leaves its own case and feeds the other as one more voice; a case left empty is closed
    as a duplicate. Same person: the records are of one person, both cases stay. Same household: one household, both
    stay. Not related: kept, so that nobody is asked again.

    Raises:
        NotFound, NotAllowed: by the policy.
        Conflict: it was answered meanwhile, or the case it would join is closed.
    """
    candidate = work.session.get(MatchCandidate, candidate_id)
    own_id = _own_case_id(work, candidate.referral_id) if candidate else None
    if candidate is None or own_id is None:
        raise NotFound
    cases = lock_cases(work, [own_id, candidate.case_id])
    candidate = work.session.get_one(MatchCandidate, candidate_id, with_for_update=True, populate_existing=True)
    own, case = cases[own_id], cases[candidate.case_id]
    may_review(work.actor, case, involved_agencies(work, case.id), own, involved_agencies(work, own.id)).require()
    if candidate.answer is not None:
        raise Conflict("Somebody else has answered this one already.")
    if _own_case_id(work, candidate.referral_id) != own_id:
        raise Conflict("The referral was moved to another case meanwhile. Look at the list again.")
    _settle(work, candidate, case, given)
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


def _settle(work: Work, candidate: MatchCandidate, case: Case, given: ReviewAnswer) -> None:
    referral = candidate.referral
    record = _record_of(work, referral)
    if given is ReviewAnswer.NOT_RELATED:
        return
    if given is ReviewAnswer.SAME_HOUSEHOLD:
        _link_household(work, record, case)
        return
    _link_same_person(work, record, case, candidate)
    if given is ReviewAnswer.SAME_CONCERN:
        join(
            work,
            referral,
            case,
            decided_by=work.actor.user_id,
            reason=_BY_A_PERSON,
            probability=candidate.p_same_person,
            model_version=candidate.model_version,
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


def _closest(record: PersonRecord, others: list[PersonRecord]) -> PersonRecord | None:
    """Whom the case's referrals name: somebody of the same surname first, else the latest named."""
    same = [other for other in others if other.surname and other.surname.casefold() == record.surname.casefold()]
    return next(iter(same or others), None)


def _link_same_person(work: Work, record: PersonRecord | None, case: Case, candidate: MatchCandidate) -> None:
    other = _closest(record, _records_of(work, case)) if record else None
    if record is None or other is None:
        return
    person = work.session.scalar(
        select(Person).join(PersonLink).where(PersonLink.record_id == other.id, PersonLink.valid_to.is_(None))
    )
    running = work.session.scalar(
        select(PersonLink).where(PersonLink.record_id == record.id, PersonLink.valid_to.is_(None)).with_for_update()
    )
    if person is None:
        person = link_person(work, other, None, reason=_BY_A_PERSON, decided_by=work.actor.user_id)
        work.session.flush()  # the person's id is needed below
    if running is not None:
        if running.person_id == person.id:
            return
        running.valid_to = work.now
        work.session.flush()  # only one open link a record
    link_person(
        work,
        record,
        person,
        reason=_BY_A_PERSON,
        decided_by=work.actor.user_id,
        probability=candidate.p_same_person,
        model_version=candidate.model_version,
    )


def _link_household(work: Work, record: PersonRecord | None, case: Case) -> None:
    others = _records_of(work, case)
    if record is None or not others:
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
