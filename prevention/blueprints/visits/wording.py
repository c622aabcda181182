"""What several pages of a visit say and where they lead: what happens next, the pages of its case."""

from uuid import UUID

from flask import url_for

from prevention.domain.followup_rules import load_followup_rules
from prevention.domain.outcomes import facts, what_happens_next
from prevention.domain.visit import VisitOutcome
from prevention.extensions import current_session
from prevention.queries.visits import history
from prevention.queries.visits.cards import VisitCard


def next_words(card: VisitCard, outcome: VisitOutcome, *, counting_this: bool) -> str:
    """What happens next after this outcome; ``counting_this`` while it is being recorded, at the door."""
    visit = card.visit
    level = visit.risk_after or (visit.case.risk_level if visit.case else None) or visit.risk_before
    if level is None or visit.case is None:
        return facts(outcome).next_step
    attempts = history.failed_attempts(current_session(), visit.case_id)
    if counting_this and facts(outcome).is_attempt:
        attempts += 1
    return what_happens_next(
        outcome,
        level,
        load_followup_rules(),
        attempts_so_far=max(attempts, 1),
        do_not_leave_card=not card.card_allowed,
        level_before=visit.risk_before,
        at_the_door=counting_this,
    )


def case_page(endpoint: str, case_id: UUID | None) -> str | None:
    """The address of a page of the visit's case; None for a visit without one."""
    return url_for(endpoint, case_id=case_id) if case_id is not None else None
