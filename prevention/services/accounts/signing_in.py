"""Signing in and out, lock-out, and changing one's own password."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from prevention.errors import Invalid, NotFound
from prevention.models.account import Membership, User
from prevention.models.agency import Agency
from prevention.models.audit import AuditTag
from prevention.services.accounts import sessions
from prevention.services.accounts.passwords import has_run_out, hash_password, matches, needs_rehash, set_password
from prevention.services.work import Work

#: Checked when there is no such user, so that the answer takes as long as for one that exists.
_NOBODY = hash_password(secrets.token_urlsafe(32))


class SignInResult(StrEnum):
    """What became of a password. To somebody who is not signed in the first two look alike on screen."""

    WRONG = "wrong"
    LOCKED = "locked"
    RUN_OUT = "run out"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class LockoutRule:
    """After ``attempts`` wrong passwords in a row, none is accepted for ``minutes``."""

    attempts: int
    minutes: int


def sign_in(work: Work, *, email: str, password: str, lockout: LockoutRule) -> tuple[SignInResult, UUID | None]:
    """Check a password; count failures and lock out. Only a right one begins a session, whose id comes back.

    Somebody without a role in an active agency is nobody here.
    """
    user = work.session.scalar(
        select(User)
        .where(
            User.email == email.strip().lower(),
            User.active,
            User.memberships.any(Membership.agency.has(Agency.active)),
        )
        .with_for_update(of=User)
    )
    if user is None:
        matches(_NOBODY, password)
        work.record(AuditTag.SIGN_IN_FAILED)
        return SignInResult.WRONG, None
    result = _check(work, user, password, lockout)
    if result is not SignInResult.RIGHT:
        return result, None
    if has_run_out(user, work.now):
        work.record(AuditTag.SIGN_IN_FAILED, user, run_out=True)
        return SignInResult.RUN_OUT, None
    stronger = hash_password(password) if needs_rehash(user.password_hash) else user.password_hash
    _note(work, user, last_signed_in_at=work.now, password_hash=stronger)
    work.record(AuditTag.SIGNED_IN, user)
    return SignInResult.RIGHT, sessions.begin(work, user)


def sign_out(work: Work, session_id: UUID) -> None:
    """End one session of the actor's: whoever kept its cookie is signed out too."""
    sessions.end(work, session_id)
    work.record(AuditTag.SIGNED_OUT)


def sign_out_others(work: Work, session_id: UUID) -> None:
    """End the actor's sessions on every device but the one in use."""
    if work.actor.user_id is None:
        raise NotFound
    sessions.end_all(work, work.actor.user_id, besides=session_id)
    work.record(AuditTag.SIGNED_OUT, others=True)


def change_password(work: Work, *, current: str, new: str, lockout: LockoutRule) -> tuple[SignInResult, UUID | None]:
    """Change the actor's own password. Every session of theirs ends; the id of a fresh one comes back.

    A wrong ``current`` counts as at signing in, and locks out alike: a device left open lets nobody guess for long.

    Raises:
        Invalid: the new password is too short, too long or the same (``new``).
    """
    user = work.session.get(User, work.actor.user_id, with_for_update=True)
    if user is None:
        raise NotFound
    result = _check(work, user, current, lockout)
    if result is not SignInResult.RIGHT:
        return result, None
    if new == current:
        raise Invalid({"new": "The new password must differ from the current one"})
    set_password(work, user, new)
    work.record(AuditTag.PASSWORD_CHANGED, user)
    return SignInResult.RIGHT, sessions.begin(work, user)


def _check(work: Work, user: User, password: str, lockout: LockoutRule) -> SignInResult:
    """Whether this is the password of a user whose row is locked; a wrong one counts, a right one starts afresh."""
    right = matches(user.password_hash, password)
    if user.locked_until is not None and user.locked_until > work.now:
        work.record(AuditTag.SIGN_IN_FAILED, user, locked=True)
        return SignInResult.LOCKED
    if not right:
        return _count_failure(work, user, lockout)
    _note(work, user, failed_attempts=0, locked_until=None)
    return SignInResult.RIGHT


def _count_failure(work: Work, user: User, lockout: LockoutRule) -> SignInResult:
    attempts = user.failed_attempts + 1
    if attempts < lockout.attempts:
        _note(work, user, failed_attempts=attempts)
        work.record(AuditTag.SIGN_IN_FAILED, user)
        return SignInResult.WRONG
    _note(work, user, failed_attempts=0, locked_until=work.now + timedelta(minutes=lockout.minutes))
    work.record(AuditTag.LOCKED_OUT, user)
    return SignInResult.LOCKED


def _note(work: Work, user: User, **values: Any) -> None:
    """Keep what signing in leaves on the row. It edits nothing, so no administrator's open form becomes stale."""
    work.session.execute(update(User).where(User.id == user.id).values(values))
