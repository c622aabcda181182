"""One place commits: everything else can look, and cannot touch."""

from datetime import UTC

import pytest
from sqlalchemy import Engine, delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.errors import Conflict
from prevention.models.agency import Agency, Area
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.notification import OutboxMessage
from prevention.unit_of_work import GuardedSession, WriteOutsideUnitOfWork, unit_of_work
from tests.support.arranging import NOW, Arranger


@pytest.fixture
def case(arrange: Arranger) -> Case:
    return arrange.case(arrange.agency())


def test_a_write_outside_is_refused_before_it_reaches_the_table(session: GuardedSession, case: Case) -> None:
    found = session.get_one(Case, case.id)
    found.next_action = "Sneak in"
    with pytest.raises(WriteOutsideUnitOfWork, match="Case"):
        session.flush()
    with pytest.raises(WriteOutsideUnitOfWork, match="Case"):
        session.scalars(select(Agency)).all()  # autoflush
    session.rollback()
    session.add(OutboxMessage(topic="message.waiting", payload={}, created_at=NOW))
    with pytest.raises(WriteOutsideUnitOfWork, match="OutboxMessage"):
        session.flush()
    session.rollback()
    session.delete(session.get_one(Case, case.id))
    with pytest.raises(WriteOutsideUnitOfWork, match="Case"):
        session.flush()


def test_a_commit_outside_is_refused(session: GuardedSession) -> None:
    session.scalars(select(Area)).first()
    with pytest.raises(WriteOutsideUnitOfWork, match="commit"):
        session.commit()


@pytest.mark.parametrize("before", [False, True])
def test_the_database_refuses_statements_that_write_outside(
    session: GuardedSession, case: Case, *, before: bool
) -> None:
    if before:  # a session that has written before reads only again
        with unit_of_work(session, SYSTEM) as work:
            work.record(AuditTag.CASE_VIEWED, case_id=case.id)
    for statement in (delete(OutboxMessage), text("UPDATE cases SET next_action = 'x'")):
        with pytest.raises(DBAPIError, match="read-only transaction"):
            session.execute(statement)
        session.rollback()
    with pytest.raises(DBAPIError, match="read-only transaction"), session.begin_nested():
        session.execute(delete(OutboxMessage))


def test_leaving_the_block_commits_the_outbox_with_the_change(
    session: GuardedSession, rows: Session, case: Case
) -> None:
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        assert work.now == NOW
        work.session.get_one(Case, case.id).next_action = "Ring twice"
        work.emit("message.waiting", case_id=case.id)
        work.record(AuditTag.CASE_VIEWED, case_id=case.id, code="x")
    assert rows.get_one(Case, case.id).next_action == "Ring twice"
    assert rows.scalars(select(OutboxMessage)).one().payload == {"case_id": str(case.id)}
    event = rows.scalars(select(AuditEvent)).one()
    assert (event.at, event.detail) == (NOW, {"code": "x"})


def test_an_error_leaves_nothing(session: GuardedSession, rows: Session, case: Case) -> None:
    def fail() -> None:
        with unit_of_work(session, SYSTEM) as work:
            work.session.get_one(Case, case.id).next_action = "Half done"
            work.emit("message.waiting")
            work.session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert rows.get_one(Case, case.id).next_action == case.next_action
    assert rows.scalars(select(OutboxMessage)).all() == []
    with pytest.raises(WriteOutsideUnitOfWork):
        session.commit()
    with unit_of_work(session, SYSTEM) as work:  # and the session works on
        work.emit("message.waiting")
    rows.rollback()
    assert len(rows.scalars(select(OutboxMessage)).all()) == 1


def test_a_stale_save_is_a_conflict(engine: Engine, session: GuardedSession, rows: Session, case: Case) -> None:
    def save_stale() -> None:
        with unit_of_work(session, SYSTEM) as work:
            mine = work.session.get_one(Case, case.id)
            with GuardedSession(engine) as other, unit_of_work(other, SYSTEM) as theirs:
                theirs.session.get_one(Case, case.id).next_action = "Theirs"
            mine.next_action = "Mine"
            work.emit("message.waiting")

    with pytest.raises(Conflict):
        save_stale()
    kept = rows.get_one(Case, case.id)
    assert (kept.next_action, kept.version_id) == ("Theirs", 2)
    assert rows.scalars(select(OutboxMessage)).all() == []


def test_what_was_read_before_is_read_again(engine: Engine, session: GuardedSession, case: Case) -> None:
    early = session.get_one(Case, case.id)
    assert early.next_action == case.next_action
    with GuardedSession(engine) as other, unit_of_work(other, SYSTEM) as theirs:
        theirs.session.get_one(Case, case.id).next_action = "Theirs"
    with unit_of_work(session, SYSTEM) as work:
        assert work.session.get_one(Case, case.id).next_action == "Theirs"


def test_one_inside_another_is_refused(session: GuardedSession) -> None:
    def nest() -> None:
        with unit_of_work(session, SYSTEM), unit_of_work(session, SYSTEM):
            pass

    with pytest.raises(RuntimeError, match="already open"):
        nest()
    with unit_of_work(session, SYSTEM) as work:
        assert work.now.tzinfo is UTC
