"""Locks on words rather than rows: two transactions that would make the same thing wait for each other."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import text

from prevention.services.work import Work

_LOCK = text("SELECT pg_advisory_xact_lock(number) FROM unnest(CAST(:numbers AS bigint[])) AS number")


def lock_words(work: Work, words: Iterable[str]) -> None:
    """Hold a lock on each word until the transaction ends, taken in one fixed order so that none deadlock.

    A trial takes none: it tries a whole file in one transaction, would make others wait for something that is never
    kept, and the server has room for a few thousand locks only.
    """
    if work.trial:
        return
    numbers = sorted({_number(word) for word in words})
    if numbers:
        work.session.execute(_LOCK, {"numbers": numbers})


def lock_referral(work: Work, source_system: str, source_ref: str) -> None:
    """Hold a referral against everybody who would receive it, amend it or settle what a file proposes, at once."""
    lock_referrals(work, [(source_system, source_ref)])


def lock_referrals(work: Work, references: Iterable[tuple[str, str]]) -> None:
    """As ``lock_referral``, for several: each by its source and the source's reference."""
    lock_words(work, [f"referral:{source_system}:{source_ref}" for source_system, source_ref in references])


def _number(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), signed=True)
