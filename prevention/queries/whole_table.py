"""Everybody's records at once, and what reviewers decided of them: for training a model and for trying one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, contains_eager, defer

from prevention.domain.match import ReviewAnswer
from prevention.matching.record import Record
from prevention.models.case import ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import PersonLink, PersonRecord
from prevention.models.referral import Referral
from prevention.queries.candidates import engine_record


@dataclass(frozen=True, slots=True)
class Answered:
    """A reviewer's answer on the review list: the record that was asked about, and those of the case beside it."""

    record_id: UUID
    beside: Sequence[UUID]
    answer: ReviewAnswer


def every_record(session: Session) -> Iterator[Record]:
    """All person records in the form the engine compares, the earliest received first."""
    rows = session.execute(
        select(PersonRecord, Referral.source_system, Referral.received_at)
        .join(Referral, Referral.id == PersonRecord.referral_id)
        .join(PersonRecord.premises)
        .options(contains_eager(PersonRecord.premises), defer(PersonRecord.given))
        .order_by(Referral.received_at, PersonRecord.id)
        .execution_options(yield_per=5_000)
    )
    for record, source, received_at in rows:
        yield engine_record(record, record.premises, source, received_at)


def person_of_each(session: Session) -> dict[UUID, UUID]:
    """Whose each record is now."""
    rows = session.execute(select(PersonLink.record_id, PersonLink.person_id).where(PersonLink.valid_to.is_(None)))
    return {row.record_id: row.person_id for row in rows}


def every_answer(session: Session) -> list[Answered]:
    """What reviewers answered, in the order of their answers, with the records that were beside one another then.

    A referral's record is its newest; a case's are those of the referrals that fed it when the question was put.
    """
    newest = (
        select(PersonRecord.referral_id, PersonRecord.id)
        .ext(distinct_on(PersonRecord.referral_id))
        .order_by(PersonRecord.referral_id, PersonRecord.created_at.desc(), PersonRecord.id.desc())
        .subquery("newest")
    )
    rows = session.execute(
        select(MatchCandidate.id, MatchCandidate.answer, newest.c.id, PersonRecord.id)
        .join(newest, newest.c.referral_id == MatchCandidate.referral_id)
        .join(ReferralLink, ReferralLink.case_id == MatchCandidate.case_id)
        .join(PersonRecord, PersonRecord.referral_id == ReferralLink.referral_id)
        .where(
            MatchCandidate.answer.is_not(None),
            ReferralLink.referral_id != MatchCandidate.referral_id,
            ReferralLink.valid_from <= MatchCandidate.found_at,
            or_(ReferralLink.valid_to.is_(None), ReferralLink.valid_to > MatchCandidate.found_at),
        )
        .order_by(MatchCandidate.answered_at, MatchCandidate.id, PersonRecord.id)
    )
    beside: dict[UUID, list[UUID]] = defaultdict(list)
    asked: dict[UUID, tuple[UUID, ReviewAnswer]] = {}
    for candidate_id, answer, record_id, other_id in rows:
        asked[candidate_id] = record_id, answer
        beside[candidate_id].append(other_id)
    return [Answered(record_id, beside[candidate_id], answer) for candidate_id, (record_id, answer) in asked.items()]
