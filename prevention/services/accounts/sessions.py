"""Sessions: begun by a right password, kept alive by clicks, ended one by one or all at once."""

from uuid import UUID, uuid4

from sqlalchemy import CursorResult, delete, not_, update

from prevention.domain.account import SessionLimits
from prevention.models.account import User, UserSession
from prevention.queries.accounts import live_sessions
from prevention.services.work import Work


def begin(work: Work, user: User) -> UUID:
    """Begin a session of ``user``; its id goes into the cookie."""
    # Drawn at random and not rising with time like other ids: whoever names it is taken for the user.
    begun = UserSession(id=uuid4(), user_id=user.id, started_at=work.now, last_seen_at=work.now)
    work.session.add(begun)
    return begun.id


def keep_alive(work: Work, session_id: UUID) -> None:
    """Note that somebody is there. A session that has ended meanwhile stays ended."""
    work.session.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=work.now))


def end(work: Work, session_id: UUID) -> None:
    """End one session. Ended already: nothing changes."""
    work.session.execute(delete(UserSession).where(UserSession.id == session_id))


def end_all(work: Work, user_id: UUID, *, besides: UUID | None = None) -> None:
    """End every session of a user, ``besides`` the one they are using when that is given."""
    theirs = delete(UserSession).where(UserSession.user_id == user_id)
    work.session.execute(theirs.where(UserSession.id != besides) if besides else theirs)


def remove_ended(work: Work, limits: SessionLimits) -> int:
    """Remove the rows of sessions that idled out or lasted too long; how many."""
    removed = work.session.execute(delete(UserSession).where(not_(live_sessions(work.now, limits))))
    return removed.rowcount if isinstance(removed, CursorResult) else 0
