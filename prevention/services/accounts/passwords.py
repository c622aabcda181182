"""Passwords: how they are kept, checked, made up and changed."""

import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from prevention.errors import Invalid
from prevention.models.account import User
from prevention.services.accounts import sessions
from prevention.services.work import Work

_HASHER = PasswordHasher()
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
#: Letters and numbers that are not mistaken for each other when read out: no 0 and O, no 1, I and L.
_READABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS = 4
_GROUP_LENGTH = 4


def hash_password(password: str) -> str:
    """Hash with argon2id and a fresh salt."""
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether ``password`` is the one that was hashed; False for a hash that cannot be read."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def temporary_password() -> str:
    """A random password to be read out once and changed at the first sign-in: ``7KQM-W3ZP-…``, 79 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))


def set_password(work: Work, user: User, password: str, *, field: str = "new") -> None:
    """Give a user a password of their own and end all their sessions.

    Raises:
        Invalid: the password is shorter than 12 or longer than 200 characters (``field``).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid({field: f"The password must have between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD} characters"})
    user.password_hash = hash_password(password)
    user.temporary_until = None
    sessions.end_all(work, user.id)


def set_temporary_password(work: Work, user: User, valid_for: timedelta) -> str:
    """Give a user a password that works for ``valid_for`` and must be changed; end all their sessions.

    It is returned this once: only its hash is kept.
    """
    password = temporary_password()
    set_password(work, user, password)
    user.temporary_until = work.now + valid_for
    return password


def has_run_out(user: User, now: datetime) -> bool:
    """Whether the user's password was a temporary one and its time is over at ``now`` (aware UTC)."""
    return user.temporary_until is not None and user.temporary_until <= now
