"""What administrators do with users: add, change, sign out, deactivate, bring back, unlock, give a new password.

Changes of one agency's roles wait for each other on the agency's row, so that two administrators who demote each other
at the same moment cannot leave a service with none.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from prevention.domain.account import PERMISSIONS, Permission, Role, roles_for
from prevention.domain.agency import AgencyKind
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditTag
from prevention.policies.accounts import may_administer_member, may_change_user, may_shut_out
from prevention.policies.agencies import may_administer_agency
from prevention.queries.agencies import open_work_of_user
from prevention.services.accounts import sessions
from prevention.services.accounts.passwords import set_password, set_temporary_password
from prevention.services.work import Work

#: What somebody must be able to do to keep cases, visits or follow-ups.
_DOES_THE_WORK = Permission.FOLLOWUP_COMPLETE


@dataclass(frozen=True, slots=True)
class UserDetails:
    """A user as an administrator types them. ``phone`` is E.164 or empty; ``email`` is where they sign in."""

    name: str
    email: str
    phone: str
    role: Role
    team_id: UUID | None


def add_user(work: Work, agency_id: UUID, details: UserDetails, *, valid_for: timedelta) -> tuple[Membership, str]:
    """Add somebody to an agency with a temporary password, returned once: it works for ``valid_for``.

    Raises:
        NotFound: there is no such agency the actor may administer.
        Invalid: the address signs in already (``email``), or the role or team is not of that agency.
    """
    agency = _locked_agency(work, agency_id)
    may_administer_agency(work.actor, agency).require()
    team = _team_of(work, agency, details.team_id)
    _check_role(agency, details.role)
    user = User(email=details.email.strip().lower(), name=details.name, phone=details.phone)
    password = set_temporary_password(work, user, valid_for)
    membership = Membership(user=user, agency=agency, team=team, role=details.role)
    work.session.add(user)
    _flush(work)
    work.record(AuditTag.USER_SAVED, user, change="added", role=details.role.value)
    return membership, password


def save_user(work: Work, membership_id: UUID, details: UserDetails, *, version: int) -> Membership:
    """Change a member of an agency. Name, address and phone stay as they are when the actor may not change the person.

    Raises:
        NotFound: there is no such member the actor may administer.
        Conflict: the user was changed since ``version``.
        Invalid: the address signs in already, they would lose the role that their open work needs, the role or team
            is not of that agency, or the service would be left without an administrator.
    """
    membership = _locked_member(work, membership_id)
    user = membership.user
    if user.version_id != version:
        raise Conflict("Somebody else changed this user while you were working on it.")
    team = _team_of(work, membership.agency, details.team_id, keep=membership.team_id)
    if details.role is not membership.role:
        _check_role_change(work, membership, details.role)
    if may_change_user(work.actor, user).allowed:
        user.name, user.phone = details.name, details.phone
        user.email = details.email.strip().lower()
    membership.role = details.role
    membership.team = team
    flag_modified(user, "name")  # a change of role alone makes other copies of the form stale too
    _flush(work)
    work.record(AuditTag.USER_SAVED, user, change="saved", role=details.role.value)
    return membership


def reset_password(work: Work, membership_id: UUID, *, valid_for: timedelta) -> str:
    """Give somebody else a temporary password, returned once: it works for ``valid_for``.

    Their sessions end and a lock-out is lifted.

    Raises:
        NotFound: there is no such member the actor may administer.
        NotAllowed: it is the actor's own account, or the user also works for another agency.
    """
    user = _locked_member(work, membership_id).user
    may_shut_out(work.actor, user).require()
    password = set_temporary_password(work, user, valid_for)
    _unlock(user)
    work.record(AuditTag.PASSWORD_CHANGED, user, by="administrator")
    return password


def sign_out_user(work: Work, membership_id: UUID) -> User:
    """End every session of somebody else, who may sign in again. Signed in nowhere: nothing changes.

    Raises:
        NotFound: there is no such member the actor may administer.
        NotAllowed: it is the actor's own account, or the user also works for another agency.
    """
    user = _locked_member(work, membership_id).user
    may_shut_out(work.actor, user).require()
    sessions.end_all(work, user.id)
    work.record(AuditTag.SIGNED_OUT, user, by="administrator")
    return user


def deactivate_user(work: Work, membership_id: UUID) -> User:
    """Let somebody sign in no more; their sessions end. Inactive already: nothing changes.

    Raises:
        NotFound: there is no such member the actor may administer.
        NotAllowed: it is the actor's own account, or the user also works for another agency.
        Conflict: open work is theirs, or they are the last active administrator of a service.
    """
    membership = _locked_member(work, membership_id)
    user = membership.user
    may_shut_out(work.actor, user).require()
    if not user.active:
        return user
    left = open_work_of_user(work.session, user.id)
    if left.total:
        raise Conflict(f"{user.name} still has {left.words}. Give them to somebody else first.")
    for held in user.memberships:
        if _is_last_administrator(work, held):
            raise Conflict(f"{user.name} is the only administrator of {held.agency.name}. Make another one first.")
    user.active = False
    sessions.end_all(work, user.id)
    work.record(AuditTag.USER_SAVED, user, change="deactivated")
    return user


def reactivate_user(work: Work, membership_id: UUID) -> User:
    """Let somebody sign in again, with the password they had. Active already: nothing changes.

    Raises:
        NotFound: there is no such member the actor may administer.
        NotAllowed: the user also works for another agency.
    """
    user = _locked_member(work, membership_id).user
    may_change_user(work.actor, user).require()
    if not user.active:
        user.active = True
        _unlock(user)
        work.record(AuditTag.USER_SAVED, user, change="reactivated")
    return user


def unlock_user(work: Work, membership_id: UUID) -> User:
    """Lift a lock-out before its time. Not locked: nothing changes.

    Raises:
        NotFound: there is no such member the actor may administer.
        NotAllowed: the user also works for another agency.
    """
    user = _locked_member(work, membership_id).user
    may_change_user(work.actor, user).require()
    if user.locked_until is not None or user.failed_attempts:
        _unlock(user)
        work.record(AuditTag.USER_SAVED, user, change="unlocked")
    return user


def create_administrator(work: Work, *, agency_code: str, name: str, email: str, password: str) -> User:
    """Make the first administrator of an agency, for an operator at the command line.

    Raises:
        NotFound: no agency has that code.
        Invalid: the address signs in already (``email``), or the password is too short or too long (``password``).
    """
    agency = work.session.scalar(select(Agency).where(Agency.code == agency_code).with_for_update())
    if agency is None:
        raise NotFound
    may_administer_agency(work.actor, agency).require()
    user = User(email=email.strip().lower(), name=name.strip())
    set_password(work, user, password, field="password")
    user.memberships.append(Membership(agency=agency, role=Role.ADMINISTRATOR))
    work.session.add(user)
    _flush(work)
    work.record(AuditTag.USER_SAVED, user, change="added", role=Role.ADMINISTRATOR.value)
    return user


def _locked_agency(work: Work, agency_id: UUID) -> Agency:
    agency = work.session.get(Agency, agency_id, with_for_update=True)
    if agency is None:
        raise NotFound
    return agency


def _locked_member(work: Work, membership_id: UUID) -> Membership:
    """The membership with its user, both agencies' rows locked first so that everybody locks in one order."""
    member = work.session.get(Membership, membership_id)
    if member is None:
        raise NotFound
    may_administer_member(work.actor, member).require()
    of_the_user = select(Membership.agency_id).where(Membership.user_id == member.user_id)
    work.session.scalars(select(Agency).where(Agency.id.in_(of_the_user)).order_by(Agency.id).with_for_update()).all()
    work.session.scalars(
        select(User)
        .where(User.id == member.user_id)
        .options(selectinload(User.memberships).joinedload(Membership.agency))
        .with_for_update(of=User)
        .execution_options(populate_existing=True)
    ).one()
    return member


def _team_of(work: Work, agency: Agency, team_id: UUID | None, *, keep: UUID | None = None) -> Team | None:
    if team_id is None:
        return None
    team = work.session.get(Team, team_id)
    if team is None or team.agency_id != agency.id or not (team.active or team.id == keep):
        raise Invalid({"team": "Choose one of the agency’s teams"})
    return team


def _check_role(agency: Agency, role: Role) -> None:
    if role not in roles_for(agency.kind):
        raise Invalid({"role": f"{role.label} is not a role in a {agency.kind.label.lower()} agency"})


def _check_role_change(work: Work, membership: Membership, role: Role) -> None:
    _check_role(membership.agency, role)
    if membership.user_id == work.actor.user_id:
        raise Invalid({"role": "You cannot change your own role. Ask another administrator"})
    if _is_last_administrator(work, membership):
        raise Invalid({"role": f"{membership.agency.name} would have no administrator. Make another one first"})
    left = open_work_of_user(work.session, membership.user_id)
    if left.total and _DOES_THE_WORK not in PERMISSIONS[role]:
        raise Invalid({"role": f"They still have {left.words}. Give them to somebody else first"})


def _is_last_administrator(work: Work, membership: Membership) -> bool:
    """Whether a service would be left without an active administrator. Partners are looked after by the services."""
    agency = membership.agency
    if membership.role is not Role.ADMINISTRATOR or agency.kind is AgencyKind.PARTNER or not membership.user.active:
        return False
    others = work.session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.agency_id == agency.id,
            Membership.role == Role.ADMINISTRATOR,
            Membership.id != membership.id,
            User.active,
        )
    )
    return not others


def _unlock(user: User) -> None:
    user.failed_attempts = 0
    user.locked_until = None


def _flush(work: Work) -> None:
    """Write now, so that a taken address is told beside its field."""
    try:
        work.session.flush()
    except IntegrityError as broken:
        if "uq_users_email" in str(broken.orig):
            raise Invalid({"email": "Somebody already signs in with this e-mail address"}) from broken
        raise
