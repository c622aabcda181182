"""Passwords: how they are kept, checked, made up and changed."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from prevention.errors import Invalid
from prevention.models.account import User

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


def new_session_key() -> str:
    """A fresh random session key; giving it to a user ends every session they have."""
    return secrets.token_urlsafe(16)


def temporary_password() -> str:
    """A random password to be read out once and changed at the first sign-in: ``7KQM-W3ZP-…``, 79 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))


def set_password(user: User, password: str, *, field: str = "new") -> None:
    """Give a user a password and end their sessions.

    Raises:
        Invalid: the password is shorter than 12 or longer than 200 characters (``field``).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid({field: f"The password must have between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD} characters"})
    user.password_hash = hash_password(password)
    user.session_key = new_session_key()
