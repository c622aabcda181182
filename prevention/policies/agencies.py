"""Who administers an agency and its teams. Two faces for each rule, a row's and SQL's, held equal by a test.

An administrator administers their own agency. Administrators of the three services also administer partner
organisations, because few of those have an administrator of their own (docs/adr/0009).
"""

from sqlalchemy import ColumnElement, false, or_, select, true

from prevention.domain.account import Actor, Permission
from prevention.domain.agency import AgencyKind
from prevention.models.agency import Agency, Team
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_administer_agency(actor: Actor, agency: Agency) -> Decision:
    """Administrators see and change their own agency, and those of a service also partners; others do not exist."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.AGENCY_ADMINISTER):
        return HIDE
    own = agency.id == actor.agency_id
    return ALLOW if own or (_is_of_a_service(actor) and agency.kind is AgencyKind.PARTNER) else HIDE


def administered_agencies(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Agency``."""
    if actor.is_system:
        return true()
    if not actor.has(Permission.AGENCY_ADMINISTER):
        return false()
    own = Agency.id == actor.agency_id
    return or_(own, Agency.kind == AgencyKind.PARTNER) if _is_of_a_service(actor) else own


def may_add_partner(actor: Actor) -> Decision:
    """Administrators of the fire, ambulance and police services add partner organisations."""
    if actor.is_system:
        return ALLOW
    if not actor.has(Permission.AGENCY_ADMINISTER):
        return deny("Your role does not include this.")
    if not _is_of_a_service(actor):
        return deny("Only the fire, ambulance and police services add partner organisations.")
    return ALLOW


def may_stop_agency(actor: Actor, agency: Agency) -> Decision:
    """Partners may be stopped by a service's administrator; a service itself only by an operator."""
    seen = may_administer_agency(actor, agency)
    if not seen.allowed or actor.is_system:
        return seen
    if agency.kind is AgencyKind.PARTNER and _is_of_a_service(actor):
        return ALLOW
    return deny("Only a partner organisation can be stopped here, by one of the three services.")


def may_administer_team(actor: Actor, team: Team) -> Decision:
    """Whoever administers the agency administers its teams."""
    return may_administer_agency(actor, team.agency)


def administered_teams(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Team``."""
    return Team.agency_id.in_(select(Agency.id).where(administered_agencies(actor)))


def _is_of_a_service(actor: Actor) -> bool:
    return actor.agency_kind is not None and actor.agency_kind is not AgencyKind.PARTNER
