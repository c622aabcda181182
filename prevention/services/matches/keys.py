"""The blocking keys of new records: held while they are taken in, and stored so that later records find them."""

from collections.abc import Iterable

from sqlalchemy import text

from prevention.matching.blocking import keys
from prevention.matching.record import Record
from prevention.services.locks import lock_words
from prevention.services.work import Work

_STORE_KEYS = text(
    "INSERT INTO blocking_keys (key, record_id) SELECT unnest(CAST(:keys AS text[])), unnest(CAST(:records AS uuid[])) "
    "ON CONFLICT DO NOTHING"
)


def lock_people(work: Work, new: Iterable[Record]) -> None:
    """Wait for whoever takes in one of the same people: first referrals of one person at once make one person."""
    lock_words(work, [f"person:{key}" for record in new for key in keys(record)])


def store_keys(work: Work, records: Iterable[Record]) -> None:
    """Store the blocking keys of records whose rows are there, so that later records find them."""
    found = [(key, record.record_id) for record in records for key in keys(record)]
    if found:
        words, ids = zip(*found, strict=True)
        work.session.execute(_STORE_KEYS, {"keys": list(words), "records": list(ids)})
