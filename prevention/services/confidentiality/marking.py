"""The mark that keeps an address confidential: reviewed, kept for a reason, taken off by two people (domain.md 4.5)."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from prevention.domain.account import Permission
from prevention.domain.agency import AgencyKind
from prevention.domain.confidentiality import LONGEST_REASON, MarkChoice, load_confidentiality_rules
from prevention.domain.followup import OPEN_FOLLOWUP_STATES, FollowUpKind
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.audit import AuditTag
from prevention.models.case import Case, MarkDecision
from prevention.models.followup import FollowUp
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.policies.confidentiality import may_answer_removal, may_withdraw_removal
from prevention.policies.sharing import keeps_home_back
from prevention.services.cases.finding import check_version, involved_agencies, load_case, lock_cases
from prevention.services.cases.summarising import open_referrals, summarise
from prevention.services.followups.completing import end_as_done
from prevention.services.followups.planning import plan
from prevention.services.premises import place
from prevention.services.referrals.amending import saying
from prevention.services.referrals.placing import move_case, record_at
from prevention.services.work import Work

#: Reviews planned by one ring of the clock; the next takes the rest.
BATCH = 200


def keep(work: Work, case_id: UUID, *, version: int, review_on: date | None, reason: str) -> MarkDecision:
    """Keep the address confidential until it is looked at again on ``review_on``, and say why.

    Raises:
        Invalid: no reason (``reason``), or a day that is past or further off than the rules allow (``review_on``).
        StaleCase: the case was changed meanwhile.
        Conflict: the address is not confidential, or somebody asked to take the mark off and waits for an answer.
        NotFound, NotAllowed: by the policy.
    """
    case = _marked_case(work, case_id, version)
    _check_reason(reason, "reason")
    rules = load_confidentiality_rules()
    today, last = rules.calendar.local(work.now).date(), rules.last_review(work.now)
    if review_on is None or not today < review_on <= last:
        raise Invalid({"review_on": f"Choose a day after today and no later than {last.day} {last:%B %Y}"})
    if asked_removal(work, case_id) is not None:
        raise Conflict("Somebody asked to take this mark off. Answer that first.")
    decision = _decide(work, case, MarkChoice.KEEP, reason, review_on=review_on)
    case.premises.confidential_review_on = review_on
    _end_followups(work, case, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS, "The address stays confidential.")
    _plan_review(work, case)
    work.record(AuditTag.MARK_KEPT, case.premises, case_id=case.id, review_on=review_on.isoformat())
    return decision


def ask_to_take_off(work: Work, case_id: UUID, *, version: int, reason: str) -> MarkDecision:
    """Ask a second person whether the address is still confidential. Until they agree nothing is shown to anybody.

    The second person is of the service whose referral keeps the address confidential, where that is another than the
    owner: it knows why. Otherwise, and when a partner or the public asked for it, of the owning agency.

    Raises:
        Invalid: no reason (``reason``).
        StaleCase: the case was changed meanwhile.
        Conflict: the address is not confidential, or somebody asked already.
        NotFound, NotAllowed: by the policy.
    """
    case = _marked_case(work, case_id, version)
    _check_reason(reason, "reason")
    if asked_removal(work, case_id) is not None:
        raise Conflict("Somebody asked already. A second person has to answer.")
    decision = _decide(work, case, MarkChoice.TAKE_OFF, reason, answering_agency_id=_who_answers(work, case))
    work.session.flush()
    plan(
        work,
        case=case,
        kind=FollowUpKind.ANSWER_MARK_REMOVAL,
        due_at=work.now,
        why="Somebody asks to show this address again: agree, or say why it stays confidential",
        rule="mark-removal",
        effect_key=f"mark:{decision.id}",
        agency_id=decision.answering_agency_id,
        not_by=work.actor.user_id,
    )
    work.record(AuditTag.MARK_REMOVAL_ASKED, case.premises, case_id=case.id)
    return decision


def answer_removal(work: Work, case_id: UUID, *, version: int, agree: bool, words: str) -> MarkDecision:
    """Answer whether the mark comes off, and why. Whoever asked may only leave it be.

    When the mark comes off, the case, its people and the visits booked for it are at the home like any other's; what
    was recorded before stays masked.

    Raises:
        Invalid: no words (``words``).
        StaleCase: the case was changed meanwhile.
        Conflict: nobody asks (any more).
        NotFound, NotAllowed: by the policy.
    """
    case = lock_cases(work, [case_id]).get(case_id)
    if case is None:
        raise NotFound
    involved, asked = involved_agencies(work, [case_id])[case_id], asked_removal(work, case_id)
    if asked is None:
        load_case(work, case_id, Permission.ADDRESS_REVEAL)
        raise Conflict("This was answered meanwhile.")
    if agree or not may_withdraw_removal(work.actor, asked).allowed:
        may_answer_removal(work.actor, asked, involved).require()
    check_version(case, version)
    _check_reason(words, "words")
    asked.answered_at, asked.answered_by, asked.agreed, asked.answer = (
        work.now,
        work.actor.user_id,
        agree,
        words.strip(),
    )
    _end_followups(work, case, FollowUpKind.ANSWER_MARK_REMOVAL, "It was answered.")
    if not agree:
        work.record(AuditTag.MARK_REMOVAL_DECLINED, case.premises, case_id=case.id)
        return asked
    work.record(AuditTag.MARK_TAKEN_OFF, case.premises, case_id=case.id)
    _end_followups(work, case, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS, "The address is no longer confidential.")
    _show_home(work, case)
    return asked


def asked_removal(work: Work, case_id: UUID) -> MarkDecision | None:
    """The question whether the mark comes off that waits for its answer, its row locked."""
    return work.session.scalar(
        select(MarkDecision)
        .where(
            MarkDecision.case_id == case_id,
            MarkDecision.choice == MarkChoice.TAKE_OFF,
            MarkDecision.answered_at.is_(None),
        )
        .with_for_update()
    )


def plan_reviews(work: Work, *, limit: int = BATCH) -> int:
    """Plan the review of each mark on an open case whose owner has none planned; how many. Safe to run at any time.

    However a case came to a confidential address (a new one, an amendment, another owner), this finds it.
    """
    planned = (
        select(FollowUp.id)
        .where(
            FollowUp.case_id == Case.id,
            FollowUp.agency_id == Case.owner_agency_id,
            FollowUp.kind == FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS,
            FollowUp.state.in_(OPEN_FOLLOWUP_STATES),
        )
        .exists()
    )
    cases = work.session.scalars(
        select(Case)
        .join(Premises, Premises.id == Case.premises_id)
        .where(Premises.confidential, Case.is_open, ~planned)
        .options(joinedload(Case.premises))
        .order_by(Case.id)
        .limit(limit)
        .with_for_update(of=Case, skip_locked=True)
    ).all()
    for case in cases:
        _end_followups(work, case, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS, "Another agency owns the case now.")
        _plan_review(work, case)
    return len(cases)


def _marked_case(work: Work, case_id: UUID, version: int) -> Case:
    case = load_case(work, case_id, Permission.ADDRESS_REVEAL)
    check_version(case, version)
    if not case.premises.confidential:
        raise Conflict("This address is not confidential.")
    return case


def _check_reason(text: str, field: str) -> None:
    if not text.strip():
        raise Invalid({field: "Say why"})
    if len(text.strip()) > LONGEST_REASON:
        raise Invalid({field: f"Use {LONGEST_REASON:,} characters or fewer"})


def _decide(
    work: Work,
    case: Case,
    choice: MarkChoice,
    reason: str,
    *,
    review_on: date | None = None,
    answering_agency_id: UUID | None = None,
) -> MarkDecision:
    if work.actor.user_id is None or work.actor.agency_id is None:
        raise Invalid({"reason": "Only a person can decide this"})
    decision = MarkDecision(
        premises_id=case.premises_id,
        case_id=case.id,
        agency_id=work.actor.agency_id,
        choice=choice,
        reason=reason.strip(),
        made_at=work.now,
        made_by=work.actor.user_id,
        review_on=review_on,
        answering_agency_id=answering_agency_id,
        answer="",
    )
    work.session.add(decision)
    return decision


def _who_answers(work: Work, case: Case) -> UUID:
    """The service whose latest referral keeps the address confidential, else the owner."""
    for referral in reversed(open_referrals(work, case)):
        is_service = referral.agency.kind is not AgencyKind.PARTNER
        if is_service and referral.agency_id != case.owner_agency_id and keeps_home_back(referral):
            return referral.agency_id
    return case.owner_agency_id


def _plan_review(work: Work, case: Case) -> None:
    rules = load_confidentiality_rules()
    day = case.premises.confidential_review_on or rules.proposed_review(work.now)
    case.premises.confidential_review_on = day
    plan(
        work,
        case=case,
        kind=FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS,
        due_at=rules.falls_due(day),
        why="Is this address still confidential? Keep it so for a reason, or ask to take the mark off",
        rule="mark-review",
        effect_key=f"mark:{case.id}:{case.owner_agency_id}:{case.premises_id}:{day}:{work.now.isoformat()}",
        agency_id=case.owner_agency_id,
    )


def _end_followups(work: Work, case: Case, kind: FollowUpKind, note: str) -> None:
    found = work.session.scalars(
        select(FollowUp)
        .where(FollowUp.case_id == case.id, FollowUp.kind == kind, FollowUp.state.in_(OPEN_FOLLOWUP_STATES))
        .order_by(FollowUp.id)
        .with_for_update(of=FollowUp)
    )
    for followup in found.all():
        end_as_done(work, followup, note)


def _show_home(work: Work, case: Case) -> None:
    """Put every referral that feeds the case, and so the case, at its home as if nobody had ever hidden it."""
    referrals = open_referrals(work, case)
    home = case.premises
    for referral in referrals:
        was = referral.current_premises
        if not was.confidential:
            continue
        command = saying(referral, referral.current_content)
        now_at = place(work, command.address)
        record_at(work, referral, command, now_at, reason="The address is no longer confidential")
        if was.id == case.premises_id:
            home = now_at
    if home.confidential:  # the case stood at a home none of its referrals names any more
        home = _newest(referrals).current_premises
    move_case(work, case, home)
    work.session.flush()  # the sums read the records
    summarise(work, case, open_referrals(work, case))


def _newest(referrals: list[Referral]) -> Referral:
    if not referrals:
        raise Conflict("No referral feeds this case, so there is no address to show.")
    return referrals[-1]
