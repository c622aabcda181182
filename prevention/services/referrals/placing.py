"""Putting a referral's people at another premises than before; its case and the visits booked for it follow.

Nothing moves: a new person record stands beside the old one, linked to the same person.
"""

from sqlalchemy import select

from prevention.domain.referral import ReceiveReferral
from prevention.domain.visit import VisitState
from prevention.models.case import Case
from prevention.models.person import PersonLink
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.models.visit import Visit
from prevention.queries.candidates import engine_record
from prevention.services.matches.keys import store_keys
from prevention.services.people import add_record, link_person
from prevention.services.work import Work


def record_at(work: Work, referral: Referral, command: ReceiveReferral, premises: Premises, *, reason: str) -> None:
    """Add the record of the person ``command`` names, at ``premises``."""
    earlier = referral.person_records[-1] if referral.person_records else None
    record = add_record(work, referral, command, premises)
    work.session.flush()  # keys name the record's row
    store_keys(work, [engine_record(record, premises, referral.source_system, referral.received_at)])
    link = None
    if earlier is not None:
        link = work.session.scalar(
            select(PersonLink).where(PersonLink.record_id == earlier.id, PersonLink.valid_to.is_(None))
        )
    link_person(work, record, link.person_id if link else None, reason=reason)


def move_case(work: Work, case: Case, premises: Premises) -> None:
    """Let a case, and the visits booked for it, be about the home at ``premises``."""
    case.premises, case.borough_code = premises, premises.borough_code
    booked = select(Visit).where(Visit.case_id == case.id, Visit.state == VisitState.BOOKED)
    for visit in work.session.scalars(booked):
        visit.premises_id = premises.id
