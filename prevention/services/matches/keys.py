"""The blocking keys of new records: held while they are taken in, and stored so that later records find them.

Beside the keys the form is kept in which the engine compares a record.
"""

import json
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, select, text

from prevention.matching.blocking import keys
from prevention.matching.record import Record
from prevention.models.person import BlockingKey, PersonRecord
from prevention.queries.candidates import engine_records
from prevention.services.locks import lock_words
from prevention.services.work import Work

_STORE = text(
    "WITH forms AS (INSERT INTO compared_records (record_id, form) "
    "SELECT unnest(CAST(:held AS uuid[])), CAST(unnest(CAST(:forms AS text[])) AS jsonb) "
    "ON CONFLICT (record_id) DO UPDATE SET form = excluded.form) "
    "INSERT INTO blocking_keys (key, record_id) SELECT unnest(CAST(:keys AS text[])), unnest(CAST(:records AS uuid[])) "
    "ON CONFLICT DO NOTHING"
)


def lock_people(work: Work, new: Iterable[Record]) -> None:
    """Wait for whoever takes in one of the same people: first referrals of one person at once make one person."""
    lock_words(work, [f"person:{key}" for record in new for key in keys(record)])


def store_keys(work: Work, records: Iterable[Record]) -> None:
    """Store the blocking keys of records whose rows are there, so that later records find them, and their form."""
    held = list(records)
    found = [(key, record.record_id) for record in held for key in keys(record)]
    if held:
        work.session.execute(
            _STORE,
            {
                "held": [record.record_id for record in held],
                "forms": [json.dumps(record.stored()) for record in held],
                "keys": [key for key, _ in found],
                "records": [record_id for _, record_id in found],
            },
        )


def records_after(work: Work, record_id: UUID | None, limit: int) -> Sequence[UUID]:
    """The next ``limit`` person records in the order of their identifiers, after ``record_id`` or from the start."""
    ids = select(PersonRecord.id).order_by(PersonRecord.id).limit(limit)
    return work.session.scalars(ids if record_id is None else ids.where(PersonRecord.id > record_id)).all()


def renew(work: Work, record_ids: Sequence[UUID]) -> None:
    """Make the engine's form and the blocking keys of stored records anew, as folding and parsing are now.

    Harmless beside intake: a record keeps the keys it has until it has those of today.
    """
    records = engine_records(work.session, record_ids)
    if not records:
        return
    work.session.execute(delete(BlockingKey).where(BlockingKey.record_id.in_(list(records))))
    store_keys(work, records.values())
