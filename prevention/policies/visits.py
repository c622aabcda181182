"""Who may see and record a visit. Each rule has two faces, one for a row and one for SQL; a test holds them equal.

A visit belongs to the agency that booked it. Its crew is the officer it is given to and the members of its team:
a fire engine's crew works as one (domain.md 1.1).
"""

from sqlalchemy import ColumnElement, and_, false, or_, true

from prevention.domain.account import Actor, Permission
from prevention.domain.visit import OPEN_VISIT_STATES
from prevention.models.visit import Visit
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_view_visit(actor: Actor, visit: Visit) -> Decision:
    """Staff see their own agency's visits; to everybody else a visit does not exist."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.CASE_VIEW) or visit.agency_id != actor.agency_id:
        return HIDE
    return ALLOW


def visible_visits(actor: Actor) -> ColumnElement[bool]:
    """The rule of ``may_view_visit`` as a condition on ``Visit``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.CASE_VIEW) or actor.agency_id is None:
        return false()
    return Visit.agency_id == actor.agency_id


def is_crew(actor: Actor, visit: Visit) -> bool:
    """Whether the visit is given to the actor, or to a team the actor works in."""
    if actor.user_id is not None and visit.officer_id == actor.user_id:
        return True
    return visit.team_id is not None and visit.team_id in actor.team_ids


def may_record_visit(actor: Actor, visit: Visit) -> Decision:
    """Its crew records a visit; so does whoever books visits in that agency, for a crew that rings in."""
    seen = may_view_visit(actor, visit)
    if not seen.allowed:
        return seen
    if not actor.has(Permission.VISIT_RECORD):
        return deny("Your role does not include this.")
    if actor.is_system or actor.has(Permission.VISIT_BOOK) or is_crew(actor, visit):
        return ALLOW
    return deny("This visit is given to somebody else. Ask your coordinator to give it to you.")


def may_keep_typed(actor: Actor, visit: Visit) -> Decision:
    """Who may record visits in the visit's agency may leave what they typed, also after it was given to others."""
    seen = may_view_visit(actor, visit)
    if not seen.allowed:
        return seen
    return ALLOW if actor.has(Permission.VISIT_RECORD) else deny("Your role does not include this.")


def recordable_visits(actor: Actor) -> ColumnElement[bool]:
    """The rule of ``may_record_visit`` as a condition on ``Visit``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.VISIT_RECORD):
        return false()
    if actor.has(Permission.VISIT_BOOK):
        return visible_visits(actor)
    crew: ColumnElement[bool] = Visit.team_id.in_(actor.team_ids)
    if actor.user_id is not None:
        crew = or_(Visit.officer_id == actor.user_id, crew)
    return and_(visible_visits(actor), crew)


def may_manage_booking(actor: Actor, visit: Visit) -> Decision:
    """Who books visits in the visit's agency may move or cancel them."""
    seen = may_view_visit(actor, visit)
    if not seen.allowed:
        return seen
    return ALLOW if actor.has(Permission.VISIT_BOOK) else deny("A coordinator moves and cancels visits.")


def may_take_visit(actor: Actor, visit: Visit) -> Decision:
    """An officer takes a visit that is their team's and nobody's in particular."""
    seen = may_view_visit(actor, visit)
    if not seen.allowed:
        return seen
    if not actor.has(Permission.VISIT_RECORD):
        return deny("Your role does not include this.")
    if visit.officer_id is not None and visit.officer_id != actor.user_id:
        return deny("Somebody else has this visit.")
    return ALLOW if is_crew(actor, visit) else deny("This visit is another team's.")


def keeps_address_back(visit: Visit) -> bool:
    """Whether the visit's home is confidential: marked so, or by what its case has learned since the visit."""
    return visit.premises.confidential or (visit.case is not None and visit.case.premises.confidential)


def may_open_address(actor: Actor, visit: Visit) -> Decision:
    """Whether a visit is reason enough to see its confidential address (domain.md 4.5); that it was seen is kept.

    It is for whom it was given to, while it has still to be made: the officer, or the team when no officer is named.
    It is not for those who book visits. They could book one for themselves, so they say on the case's page why they
    need the address, each time.
    """
    seen = may_view_visit(actor, visit)
    if not seen.allowed:
        return seen
    if visit.state not in OPEN_VISIT_STATES:
        return deny("This visit is over.")
    given_to_actor = visit.officer_id == actor.user_id if visit.officer_id is not None else is_crew(actor, visit)
    if actor.has(Permission.VISIT_BOOK) or not given_to_actor:
        return deny("This address is confidential. Only the crew of the visit sees it here.")
    return ALLOW
