"""Reads of users and the roles they hold."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from prevention.domain.account import Actor, Role, SessionLimits
from prevention.errors import NotFound
from prevention.models.account import Membership, User, UserSession
from prevention.models.agency import Agency
from prevention.policies.accounts import administered_members
from prevention.queries.pages import Page, page_of

USERS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user as a request sees them: the actor of one membership, and the words to show."""

    actor: Actor
    session_id: UUID
    last_seen_at: datetime
    name: str
    email: str
    agency_name: str
    team_name: str
    membership_id: UUID
    temporary_until: datetime | None

    @property
    def must_change_password(self) -> bool:
        """Whether the password was made by an administrator: it must be changed before anything else."""
        return self.temporary_until is not None


def live_sessions(now: datetime, limits: SessionLimits) -> ColumnElement[bool]:
    """The sessions that have neither idled out nor lasted too long at ``now`` (aware UTC), as a condition."""
    return and_(UserSession.last_seen_at >= now - limits.idle, UserSession.started_at >= now - limits.longest)


def signed_in_user(
    session: Session, session_id: UUID, membership_id: UUID | None, *, now: datetime, limits: SessionLimits
) -> SignedIn | None:
    """Who is signed in by a session, acting under ``membership_id`` or their first role. One statement.

    None when the session has ended, or its user may sign in no more.
    """
    rows = session.execute(
        select(UserSession.last_seen_at, Membership)
        .join(Membership, Membership.user_id == UserSession.user_id)
        .join(Membership.user)
        .join(Membership.agency)
        .outerjoin(Membership.team)
        .where(UserSession.id == session_id, live_sessions(now, limits), User.active, Agency.active)
        .options(contains_eager(Membership.user), contains_eager(Membership.agency), contains_eager(Membership.team))
        .order_by(Membership.id)
    ).all()
    if not rows:
        return None
    last_seen_at, first = rows[0]
    held = next((role for _, role in rows if role.id == membership_id), first)
    return SignedIn(
        actor=acting_under(held),
        session_id=session_id,
        last_seen_at=last_seen_at,
        name=held.user.name,
        email=held.user.email,
        agency_name=held.agency.name,
        team_name=held.team.name if held.team else "",
        membership_id=held.id,
        temporary_until=held.user.temporary_until,
    )


def acting_for(session: Session, user_id: UUID | None, agency_id: UUID) -> Actor | None:
    """The actor a user is in an agency, when a worker carries out what they asked for; None when they are no more."""
    held = session.scalar(
        select(Membership)
        .join(Membership.user)
        .join(Membership.agency)
        .where(Membership.user_id == user_id, Membership.agency_id == agency_id, User.active, Agency.active)
        .options(contains_eager(Membership.user), contains_eager(Membership.agency))
    )
    return acting_under(held) if held is not None else None


def acting_under(held: Membership) -> Actor:
    """The actor a user is in the role and agency of one membership."""
    return Actor(
        user_id=held.user_id,
        agency_id=held.agency_id,
        agency_kind=held.agency.kind,
        role=held.role,
        team_ids=frozenset({held.team_id} if held.team_id else ()),
        name=held.user.name,
    )


def sessions_of(session: Session, user_id: UUID, *, now: datetime, limits: SessionLimits) -> int:
    """On how many devices a user is signed in at ``now``."""
    live = select(func.count()).where(UserSession.user_id == user_id, live_sessions(now, limits))
    return session.scalar(live) or 0


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


#: By the user's name, inactive ones last. Read through the membership, so that a page can start after any of them.
_holder = aliased(User)
_BY_NAME = (
    select(~_holder.active).where(_holder.id == Membership.user_id).scalar_subquery(),
    select(func.lower(_holder.name)).where(_holder.id == Membership.user_id).scalar_subquery(),
    Membership.id,
)


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users to list. None leaves that part open; ``state`` is ``active``, ``inactive`` or ``locked``."""

    agency_id: UUID | None = None
    role: Role | None = None
    team_id: UUID | None = None
    state: str | None = None
    words: str = ""


def members(
    session: Session,
    actor: Actor,
    wanted: UserFilter,
    *,
    now: datetime,
    after: UUID | None = None,
    before: UUID | None = None,
) -> Page[Membership]:
    """The roles held in agencies the actor administers, by the user's name; inactive users last."""
    found = page_of(
        session,
        select(Membership)
        .join(Membership.user)
        .where(administered_members(actor), *_conditions(wanted, now))
        .options(contains_eager(Membership.user), joinedload(Membership.agency), joinedload(Membership.team)),
        order=_BY_NAME,
        row_id=Membership.id,
        after=after,
        before=before,
        size=USERS_A_PAGE,
    )
    return found.of(list(found.rows))


def member(session: Session, actor: Actor, membership_id: UUID) -> Membership:
    """One role with its user, every role of theirs, agency and team.

    Raises:
        NotFound: there is none the actor may administer.
    """
    found = session.scalar(
        select(Membership)
        .where(Membership.id == membership_id, administered_members(actor))
        .options(
            joinedload(Membership.user).selectinload(User.memberships).joinedload(Membership.agency),
            joinedload(Membership.agency),
            joinedload(Membership.team),
        )
    )
    if found is None:
        raise NotFound
    return found


def _conditions(wanted: UserFilter, now: datetime) -> list[ColumnElement[bool]]:
    locked = and_(User.locked_until.is_not(None), User.locked_until > now)
    states = {"active": User.active.is_(True), "inactive": User.active.is_(False), "locked": locked}
    found: list[ColumnElement[bool]] = []
    if wanted.agency_id is not None:
        found.append(Membership.agency_id == wanted.agency_id)
    if wanted.role is not None:
        found.append(Membership.role == wanted.role)
    if wanted.team_id is not None:
        found.append(Membership.team_id == wanted.team_id)
    if wanted.state in states:
        found.append(states[wanted.state])
    found += [
        or_(User.name.icontains(word, autoescape=True), User.email.icontains(word, autoescape=True))
        for word in wanted.words.split()[:5]
    ]
    return found
