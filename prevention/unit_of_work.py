"""The one place that commits, and the session that refuses writes anywhere else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.exc import StaleDataError

from prevention.domain.account import Actor
from prevention.errors import Conflict
from prevention.services.work import Work

_WRITABLE = "unit_of_work"


class WriteOutsideUnitOfWork(RuntimeError):
    """Something tried to write, or commit, without opening a unit of work."""


class GuardedSession(Session):
    """A session that reads in read-only transactions, and writes inside ``unit_of_work`` only."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Flush, when a unit of work is open.

        Raises:
            WriteOutsideUnitOfWork: naming the kinds of object that would have been written.
        """
        if not self.info.get(_WRITABLE):
            changed = [*self.new, *self.deleted, *(row for row in self.dirty if self.is_modified(row))]
            if changed:
                raise WriteOutsideUnitOfWork(sorted({type(row).__name__ for row in changed}))
        super().flush(objects)

    def commit(self) -> None:
        """Commit, when a unit of work is open.

        Raises:
            WriteOutsideUnitOfWork: when none is.
        """
        if not self.info.get(_WRITABLE):
            raise WriteOutsideUnitOfWork("commit")
        super().commit()


@event.listens_for(GuardedSession, "after_begin")
def _read_only_outside_work(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not session.info.get(_WRITABLE) and not transaction.nested:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def utc_now() -> datetime:
    """The time, aware UTC. Entry points read it; services get it as ``work.now``."""
    return datetime.now(UTC)


@contextmanager
def unit_of_work(session: GuardedSession, actor: Actor, *, now: datetime | None = None) -> Iterator[Work]:
    """Open a unit of work on ``session``; leaving the block commits, an exception rolls all of it back.

    What was read before the block is read again inside it, so that decisions rest on fresh rows.

    Raises:
        Conflict: somebody else changed a row that this block wrote from a stale copy.
        RuntimeError: a unit of work is already open.
    """
    if session.info.get(_WRITABLE):
        raise RuntimeError("a unit of work is already open")
    session.rollback()
    session.info[_WRITABLE] = True
    try:
        yield Work(session=session, actor=actor, now=now or utc_now())
        session.commit()
    except StaleDataError as stale:
        session.rollback()
        raise Conflict("Somebody else changed this while you were working on it.") from stale
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(_WRITABLE, None)
