"""Signing in and out, passwords and lock-out."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select

from prevention.errors import Invalid, NotFound
from prevention.models.account import User
from prevention.models.audit import AuditTag
from prevention.services.work import Work

_HASHER = PasswordHasher()
#: Checked when there is no such user, so that the answer takes as long as for one that exists.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(32))
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


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


def hash_password(password: str) -> str:
    """Hash with argon2id and a fresh salt."""
    return _HASHER.hash(password)


def new_session_key() -> str:
    """A fresh random session key; giving it to a user ends every session they have."""
    return secrets.token_urlsafe(16)


def sign_in(work: Work, *, email: str, password: str, lockout: LockoutRule) -> tuple[SignInResult, User | None]:
    """Check a password; count failures and lock out. The user comes back only when the password is right."""
    user = work.session.scalar(
        select(User).where(User.email == email.strip().lower(), User.active).with_for_update(of=User)
    )
    right = _matches(user.password_hash if user else _NOBODY, password)
    if user is None:
        work.record(AuditTag.SIGN_IN_FAILED)
        return SignInResult.WRONG, None
    if user.locked_until is not None and user.locked_until > work.now:
        work.record(AuditTag.SIGN_IN_FAILED, user, locked=True)
        return SignInResult.LOCKED, None
    if not right:
        return _count_failure(work, user, lockout), None
    user.failed_attempts = 0
    user.locked_until = None
    user.last_signed_in_at = work.now
    if _HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
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
    if not _matches(user.password_hash, current):
        raise Invalid({"current": "This is not your current password"})
    if new == current:
        raise Invalid({"new": "The new password must differ from the current one"})
    set_password(user, new)
    user.must_change_password = False
    work.record(AuditTag.PASSWORD_CHANGED, user)
    return user


def set_password(user: User, password: str) -> None:
    """Give a user a password and end their sessions.

    Raises:
        Invalid: the password is shorter than 12 or longer than 200 characters.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid({"new": f"The password must have between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD} characters"})
    user.password_hash = hash_password(password)
    user.session_key = new_session_key()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _count_failure(work: Work, user: User, lockout: LockoutRule) -> SignInResult:
    user.failed_attempts += 1
    if user.failed_attempts < lockout.attempts:
        work.record(AuditTag.SIGN_IN_FAILED, user)
        return SignInResult.WRONG
    user.failed_attempts = 0
    user.locked_until = work.now + timedelta(minutes=lockout.minutes)
    work.record(AuditTag.LOCKED_OUT, user)
    return SignInResult.LOCKED
