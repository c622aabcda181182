"""Two records that the comparison of everybody found alike: one person from now on, a question, or left as they are."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, exists, or_, select

from prevention.domain.concern import load_concern_rules, same_concern
from prevention.domain.match import MatchDecision, ReviewAnswer, Settled
from prevention.matching.decide import Outcome, decide
from prevention.matching.explain import explain
from prevention.matching.model import Model
from prevention.matching.profile import Profile
from prevention.models.case import Case, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import PersonLink, PersonRecord
from prevention.models.referral import Referral
from prevention.queries.candidates import name_rarities, records_of
from prevention.services.matches.finding import CandidateCase, Likeness, remember_candidates, says_when
from prevention.services.matches.keys import lock_people
from prevention.services.people import close_links, link_person
from prevention.services.work import Work

_OTHER_PEOPLE = [answer for answer in ReviewAnswer if not answer.is_same_person]


def settle(work: Work, one_id: UUID, other_id: UUID, model: Model) -> Settled:
    """Settle what the records ``one_id`` and ``other_id`` are to one another, as ``model`` has it.

    Two people become one, with all their records, when every record of the newer would be joined with the older, and
    nobody has answered that they are two. What is less sure is asked, where two open cases are concerned and intake
    would ask too. Whoever takes in a referral of either waits meanwhile.
    """
    people = _people_of(work, one_id, other_id)
    if len(people) < 2:
        return Settled.LEFT
    lock_people(work, [record for held in records_of(work.session, people).values() for record in held])
    people = _people_of(work, one_id, other_id)
    if len(people) < 2:
        return Settled.LEFT
    older, newer = people
    records = records_of(work.session, people)
    if _were_told_apart(work, older, newer):
        return Settled.LEFT
    profile = Profile.of(str(older), records[older])
    rarities = name_rarities(work.session, records[newer], model)
    outcomes = {
        record.record_id: decide(record, profile, model, rarity)
        for record, rarity in zip(records[newer], rarities, strict=True)
    }
    surely = all(outcome.decision is MatchDecision.JOINED for outcome in outcomes.values())
    if surely:
        _make_one(work, older, newer, outcomes)
    of_newer = one_id if str(one_id) in outcomes else other_id
    asked = _ask(work, of_newer, other_id if of_newer == one_id else one_id, outcomes[str(of_newer)])
    return Settled.LINKED if surely else Settled.ASKED if asked else Settled.LEFT


def _people_of(work: Work, *record_ids: UUID) -> list[UUID]:
    """The people of these records now, the older first."""
    return sorted(
        set(
            work.session.scalars(
                select(PersonLink.person_id).where(PersonLink.record_id.in_(record_ids), PersonLink.valid_to.is_(None))
            )
        )
    )


def _were_told_apart(work: Work, one: UUID, other: UUID) -> bool:
    """Whether somebody answered, of a referral of one and a case of the other, that they are two people."""

    def referrals(person_id: UUID) -> Sequence[UUID]:
        return work.session.scalars(
            select(PersonRecord.referral_id)
            .join(PersonLink, PersonLink.record_id == PersonRecord.id)
            .where(PersonLink.person_id == person_id, PersonLink.valid_to.is_(None))
        ).all()

    ours, theirs = referrals(one), referrals(other)
    return bool(
        work.session.scalar(
            select(
                exists()
                .where(MatchCandidate.answer.in_(_OTHER_PEOPLE), ReferralLink.case_id == MatchCandidate.case_id)
                .where(
                    or_(
                        and_(MatchCandidate.referral_id.in_(ours), ReferralLink.referral_id.in_(theirs)),
                        and_(MatchCandidate.referral_id.in_(theirs), ReferralLink.referral_id.in_(ours)),
                    )
                )
            )
        )
    )


def _make_one(work: Work, older: UUID, newer: UUID, outcomes: dict[str, Outcome]) -> None:
    for record in close_links(work, newer):
        outcome = outcomes[str(record.id)]
        link_person(
            work,
            record,
            older,
            reason=explain(outcome).sentence,
            probability=outcome.p_same_person,
            model_version=outcome.model_version,
        )
    work.session.flush()  # what is asked next reads the links


def _ask(work: Work, record_id: UUID, other_id: UUID, outcome: Outcome) -> bool:
    """Put the referral of ``record_id`` beside the case of the other on the review list, as intake would have."""
    record, other = work.session.get_one(PersonRecord, record_id), work.session.get_one(PersonRecord, other_id)
    own, case = _open_case(work, record.referral_id), _open_case(work, other.referral_id)
    if own is None or case is None or own.id == case.id or _was_asked(work, record, own, other, case):
        return False
    referrals = [work.session.get_one(Referral, each.referral_id) for each in (record, other)]
    candidate = CandidateCase(case, outcome, same_premises=case.premises_id == record.premises_id)
    candidate.silence = abs(referrals[0].received_at - referrals[1].received_at)
    candidate.dated = all(says_when(each.channel, each.received_at, each.recorded_at) for each in referrals)
    decision = same_concern(
        candidate.person,
        same_premises=candidate.same_premises,
        case_is_open=True,
        silence=candidate.silence,
        dated=candidate.dated,
        rules=load_concern_rules(),
    )
    if decision is not MatchDecision.NEW:
        remember_candidates(work, referrals[0], Likeness(candidates=[candidate]))
    return decision is not MatchDecision.NEW


def _open_case(work: Work, referral_id: UUID) -> Case | None:
    return work.session.scalar(
        select(Case)
        .join(ReferralLink, ReferralLink.case_id == Case.id)
        .where(ReferralLink.referral_id == referral_id, ReferralLink.valid_to.is_(None), Case.is_open)
    )


def _was_asked(work: Work, record: PersonRecord, own: Case, other: PersonRecord, case: Case) -> bool:
    """Whether the two cases stand beside one another on the review list, or stood there."""
    return bool(
        work.session.scalar(
            select(
                exists().where(
                    or_(
                        and_(MatchCandidate.referral_id == record.referral_id, MatchCandidate.case_id == case.id),
                        and_(MatchCandidate.referral_id == other.referral_id, MatchCandidate.case_id == own.id),
                    )
                )
            )
        )
    )
