"""Locks on words rather than rows: two transactions that would make the same thing wait for each other."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import text

from prevention.domain.referral import SourceReference
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


def lock_referral(work: Work, reference: SourceReference) -> None:
    """Hold a referral against everybody who would receive it, amend it or settle what a file proposes, at once."""
    lock_referrals(work, [reference])


def lock_referrals(work: Work, references: Iterable[SourceReference]) -> None:
    """As ``lock_referral``, for several."""
    lock_words(work, [f"referral:{one.agency_id}:{one.source_system}:{one.source_ref}" for one in references])


def _number(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), signed=True)
