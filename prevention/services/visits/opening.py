"""Leaving a trace of who opened a visit to an address that is kept confidential (domain.md 4.5, 4.9)."""

from uuid import UUID

from prevention.domain.address_reveal import RevealReason
from prevention.models.audit import AuditTag
from prevention.policies.visits import keeps_address_back, may_open_address
from prevention.queries.visits.cards import has_opened
from prevention.services.visits.finding import load_visit
from prevention.services.work import Work


def note_opened(work: Work, visit_id: UUID) -> bool:
    """Keep that the actor opened a visit to a confidential address; the visit is the reason. Once a person and visit.

    False when there was nothing to keep: it is on record, or the address is not confidential.

    Raises:
        NotFound, NotAllowed: the visit is not the actor's to make.
    """
    visit = load_visit(work, visit_id, may_open_address)
    if not keeps_address_back(visit) or has_opened(work.session, work.actor, visit_id):
        return False
    work.record(AuditTag.ADDRESS_REVEALED, visit, case_id=visit.case_id, reason=RevealReason.VISITING.value)
    return True
