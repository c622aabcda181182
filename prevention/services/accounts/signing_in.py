"""Signing in and out, lock-out, and changing one's own password."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from prevention.errors import Invalid, NotFound
from prevention.models.account import User
from prevention.models.audit import AuditTag
from prevention.services.accounts.passwords import hash_password, matches, needs_rehash, set_password
from prevention.services.work import Work

#: Checked when there is no such user, so that the answer takes as long as for one that exists.
_NOBODY = hash_password(secrets.token_urlsafe(32))


class SignInResult(StrEnum):
    """What became of a try to sign in. The first two look alike on screen."""

    WRONG = "wrong"
    LOCKED = "locked"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class LockoutRule:
    """After ``attempts`` wrong passwords in a row, no sign-in for ``minutes``."""

    attempts: int
    minutes: int


def sign_in(work: Work, *, email: str, password: str, lockout: LockoutRule) -> tuple[SignInResult, User | None]:
    """Check a password; count failures and lock out. The user comes back only when the password is right."""
    user = work.session.scalar(
        select(User).where(User.email == email.strip().lower(), User.active).with_for_update(of=User)
    )
    right = matches(user.password_hash if user else _NOBODY, password)
    if user is None:
        work.record(AuditTag.SIGN_IN_FAILED)
        return SignInResult.WRONG, None
    if user.locked_until is not None and user.locked_until > work.now:
        work.record(AuditTag.SIGN_IN_FAILED, user, locked=True)
        return SignInResult.LOCKED, None
    if not right:
        return _count_failure(work, user, lockout), None
    stronger = hash_password(password) if needs_rehash(user.password_hash) else user.password_hash
    _note(work, user, failed_attempts=0, locked_until=None, last_signed_in_at=work.now, password_hash=stronger)
    work.record(AuditTag.SIGNED_IN, user)
    return SignInResult.RIGHT, user


def sign_out(work: Work) -> None:
    """Leave a trace of signing out."""
    work.record(AuditTag.SIGNED_OUT)


def change_password(work: Work, *, current: str, new: str) -> User:
    """Change the actor's own password and end their other sessions.

    Raises:
        Invalid: the current password is wrong, or the new one is too short, too long or the same.
    """
    user = work.session.get(User, work.actor.user_id, with_for_update=True)
    if user is None:
        raise NotFound
    if not matches(user.password_hash, current):
        raise Invalid({"current": "This is not your current password"})
    if new == current:
        raise Invalid({"new": "The new password must differ from the current one"})
    set_password(user, new)
    user.must_change_password = False
    work.record(AuditTag.PASSWORD_CHANGED, user)
    return user


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
