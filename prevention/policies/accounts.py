"""Who administers users. A *membership* is a role held in an agency; a user may hold several.

Two faces for each rule, held equal by a test. The person behind a membership (name, e-mail address, password, whether
they may sign in) is changed only by somebody who administers every agency they work for: otherwise one agency's
administrator could take over another agency's account by resetting its password.
"""

from sqlalchemy import ColumnElement, and_, exists, select

from prevention.domain.account import Actor
from prevention.models.account import Membership, User
from prevention.models.agency import Agency
from prevention.policies.agencies import administered_agencies, may_administer_agency
from prevention.policies.decision import ALLOW, HIDE, Decision, deny


def may_administer_member(actor: Actor, membership: Membership) -> Decision:
    """Whoever administers the agency sees its members and decides their role and team there."""
    return may_administer_agency(actor, membership.agency)


def administered_members(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``Membership``."""
    return Membership.agency_id.in_(select(Agency.id).where(administered_agencies(actor)))


def may_change_user(actor: Actor, user: User) -> Decision:
    """Only somebody who administers every agency the user works for changes the person; see the module."""
    decisions = [may_administer_agency(actor, held.agency) for held in user.memberships]
    if not any(decision.allowed for decision in decisions):
        return HIDE
    if not all(decision.allowed for decision in decisions):
        return deny("They also work for another agency. Here you can change only their role and team in yours.")
    return ALLOW


def changeable_users(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on ``User``."""
    mine = select(Agency.id).where(administered_agencies(actor))
    held = Membership.user_id == User.id
    return and_(
        exists().where(held, Membership.agency_id.in_(mine)),
        ~exists().where(held, Membership.agency_id.not_in(mine)),
    )


def may_shut_out(actor: Actor, user: User) -> Decision:
    """Deactivating, signing out everywhere and resetting a password are done to somebody else, never to oneself."""
    may = may_change_user(actor, user)
    if may.allowed and actor.user_id == user.id:
        return deny("You cannot do this to your own account. Ask another administrator.")
    return may
