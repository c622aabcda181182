"""Everything the page of one case shows, already narrowed to what the reader may see.

A bounded number of statements whatever the case holds. What another agency said passes through
``policies/sharing``; a confidential address is masked here and nowhere undone.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from prevention.domain.account import Actor, Permission
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import ContactConstraint, ReferralReason, StaffSafety
from prevention.domain.visit import OPEN_VISIT_STATES
from prevention.models.followup import FollowUp
from prevention.models.visit import OnwardReferral
from prevention.policies.followups import may_complete_followup
from prevention.policies.sharing import crew_instructions
from prevention.queries.cases.activity import (
    AssignmentLine,
    ContactLine,
    NoteView,
    OtherCase,
    VisitLine,
    assignments_of,
    contacts_of,
    followups_of,
    notes_of,
    onward_of,
    other_cases,
    visits_of,
)
from prevention.queries.cases.header import CaseHeader, case_header
from prevention.queries.cases.people import PersonView, people_named
from prevention.queries.cases.voices import ReferralEntry, cautions, entries_of, links_of, reasons_given
from prevention.queries.cases.why import Why, why_this_level
from prevention.queries.confidentiality import MarkView, mark_of
from prevention.queries.matches import candidates_of_case


@dataclass(frozen=True, slots=True)
class CasePage:
    """The whole page but its timeline."""

    header: CaseHeader
    why: Why | None
    warnings: tuple[StaffSafety, ...]
    instructions: tuple[ContactConstraint, ...]
    cautions: tuple[str, ...]
    reasons: tuple[ReferralReason, ...]
    referrals: tuple[ReferralEntry, ...]
    people: tuple[PersonView, ...]
    other_cases: tuple[OtherCase, ...]
    visits: tuple[VisitLine, ...]
    contacts: tuple[ContactLine, ...]
    followups: tuple[FollowUp, ...]
    may_complete: frozenset[UUID]
    onward: tuple[OnwardReferral, ...]
    notes: tuple[NoteView, ...]
    assignments: tuple[AssignmentLine, ...]
    possible_matches: int
    mark: MarkView | None

    @property
    def open_visit(self) -> VisitLine | None:
        """The visit that is booked or under way, when the reader's agency has one."""
        return next(
            (line for line in self.visits if line.of_this_case and line.id and line.state in OPEN_VISIT_STATES), None
        )

    @property
    def voices(self) -> tuple[AgencyKind, ...]:
        """The kinds of agency that speak of this home now."""
        kinds = {entry.kind for entry in self.referrals if entry.left_at is None}
        return tuple(kind for kind in AgencyKind if kind in kinds)


def case_page(session: Session, actor: Actor, case_id: UUID) -> CasePage:
    """The page of one case.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    header = case_header(session, actor, case_id)
    case = header.case
    links = links_of(session, case_id)
    feeding = [link.referral for link in links if link.valid_to is None]
    followups = followups_of(session, actor, case_id)
    return CasePage(
        header=header,
        why=why_this_level(session, actor, case),
        warnings=tuple(warning for warning in StaffSafety if warning.value in case.staff_safety),
        instructions=crew_instructions(case.contact_constraints),
        cautions=cautions(actor, feeding),
        reasons=reasons_given(actor, feeding),
        referrals=entries_of(actor, links, hide_address=case.premises.confidential),
        people=people_named(actor, feeding),
        other_cases=other_cases(session, actor, case),
        visits=visits_of(session, actor, case),
        contacts=contacts_of(session, actor, case),
        followups=followups,
        may_complete=frozenset(one.id for one in followups if may_complete_followup(actor, one).allowed),
        onward=onward_of(session, actor, case_id),
        notes=notes_of(session, actor, case),
        assignments=assignments_of(session, actor, case) if header.is_owner else (),
        possible_matches=candidates_of_case(session, actor, case_id) if actor.has(Permission.MATCH_REVIEW) else 0,
        mark=mark_of(session, actor, case, [agency.id for agency in header.involved]),
    )
