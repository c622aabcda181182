"""Reads of users and the roles they hold."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from prevention.domain.account import Actor
from prevention.models.account import Membership, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user as a request sees them: the actor of one membership, and the words to show."""

    actor: Actor
    user_id: UUID
    session_key: str
    name: str
    email: str
    agency_name: str
    team_name: str
    membership_id: UUID
    membership_count: int
    must_change_password: bool


def user_by_email(session: Session, email: str) -> User | None:
    """The user with this e-mail address, in any case of letters."""
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def signed_in_user(session: Session, user_id: UUID, membership_id: UUID | None) -> SignedIn | None:
    """The user acting under ``membership_id`` (or their first), or None when either may no longer sign in."""
    user = session.scalar(
        select(User)
        .where(User.id == user_id, User.active)
        .options(
            selectinload(User.memberships).options(joinedload(Membership.agency), joinedload(Membership.team))
        )
    )
    if user is None:
        return None
    memberships = [held for held in user.memberships if held.agency.active]
    held = next((held for held in memberships if held.id == membership_id), memberships[0] if memberships else None)
    if held is None:
        return None
    return SignedIn(
        actor=Actor(
            user_id=user.id,
            agency_id=held.agency_id,
            agency_kind=held.agency.kind,
            role=held.role,
            team_ids=frozenset({held.team_id} if held.team_id else ()),
            name=user.name,
        ),
        user_id=user.id,
        session_key=user.session_key,
        name=user.name,
        email=user.email,
        agency_name=held.agency.name,
        team_name=held.team.name if held.team else "",
        membership_id=held.id,
        membership_count=len(memberships),
        must_change_password=user.must_change_password,
    )


def memberships_of(session: Session, actor: Actor) -> list[Membership]:
    """The roles the actor holds, for the page that switches between them, by agency name."""
    rows = session.scalars(
        select(Membership)
        .where(Membership.user_id == actor.user_id)
        .options(joinedload(Membership.agency), joinedload(Membership.team))
    )
    return sorted((held for held in rows if held.agency.active), key=lambda held: held.agency.name)


def is_locked(user: User, now: datetime) -> bool:
    """Whether the user is locked out at ``now`` (aware UTC)."""
    return user.locked_until is not None and user.locked_until > now
