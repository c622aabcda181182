"""Everybody beside everybody: who is surely one becomes one, what is likely is asked, who was told apart stays so."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from prevention.adapters.whole_table import WholeTable
from prevention.domain.account import SYSTEM
from prevention.domain.match import BatchState, ReviewAnswer
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.errors import Conflict
from prevention.matching.decide import ScoredPair
from prevention.matching.model import Model, default_model
from prevention.matching.record import Record
from prevention.models.match import MatchBatch, MatchCandidate
from prevention.models.notification import OutboxMessage
from prevention.models.person import PersonLink
from prevention.services.matches.adopting import adopt
from prevention.services.matches.batches import cancel_batch, carry_out, queue_batch
from prevention.services.work import Work
from prevention.tasks.matches import compare_everybody
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import Arranger

HOME = GivenAddress(lines="12 Essex Road, London", postcode="N1 8LY")
JOHN = GivenPerson(first_name="John", surname="Whitfield", dob="1950-07-11", sex="M")
MARY = GivenPerson(first_name="Mary", surname="Whitfield", dob="1952-01-30", sex="F")
#: A model that lets no machine join anybody, and one that does not ask either.
STRICT = replace(default_model(), version="strict", join=90.0)
SILENT = replace(STRICT, version="silent", review=90.0)

OpenWork = Callable[[], AbstractContextManager[Work]]


@pytest.fixture
def open_work(session: GuardedSession) -> OpenWork:
    return lambda: unit_of_work(session, SYSTEM)


@pytest.fixture
def two_johns(arrange: Arranger, open_work: OpenWork) -> None:
    """One man who was taken for two by a model that saw nothing, his wife, and the usual model in use again."""
    fire = arrange.agency()
    with open_work() as work:
        adopt(work, SILENT)
    for person in (JOHN, JOHN, MARY):
        arrange.received(fire, address=HOME, person=person)
    with open_work() as work:
        adopt(work, default_model())
    arrange.session.query(MatchCandidate).delete()
    arrange.session.commit()


def compare(records: Sequence[Record], model: Model, reached: Callable[[float], None]) -> Iterable[ScoredPair]:
    return WholeTable(records, model).pairs(reached)


def batch(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["matching", "batch", *options])


def open_links(rows: Session) -> list[PersonLink]:
    rows.rollback()
    return list(rows.scalars(select(PersonLink).where(PersonLink.valid_to.is_(None)).order_by(PersonLink.record_id)))


def run(rows: Session) -> MatchBatch:
    rows.rollback()
    return rows.scalars(select(MatchBatch).order_by(MatchBatch.id.desc()).limit(1)).one()


def test_who_is_surely_one_becomes_one_and_the_concern_is_asked(app: Flask, two_johns: None, rows: Session) -> None:
    before = [link.person_id for link in open_links(rows)]
    assert len(set(before)) == 3
    told = batch(app)
    assert told.exit_code == 0, told.output
    assert "Finished, 100% done. 1 pairs made one person" in told.output
    first, second, third = open_links(rows)
    assert first.person_id == second.person_id == before[0]
    assert third.person_id == before[2]
    assert second.automatic
    assert second.model_version == default_model().version
    assert "same first name" in second.reason.lower()
    closed = rows.scalars(select(PersonLink).where(PersonLink.valid_to.is_not(None))).one()
    assert (closed.person_id, closed.record_id) == (before[1], second.record_id)
    (candidate,) = rows.scalars(select(MatchCandidate))
    assert candidate.answer is None
    assert "0 pairs made one person, 0 put on the review list" in batch(app).output
    assert len(rows.scalars(select(MatchCandidate)).all()) == 1, "nobody is asked twice"


def test_whom_somebody_told_apart_stays_two(app: Flask, two_johns: None, arrange: Arranger, rows: Session) -> None:
    batch(app)
    (candidate,) = rows.scalars(select(MatchCandidate))
    # The answer was that they are two people: as if it had been given before.
    newer = rows.scalars(select(PersonLink).where(PersonLink.valid_to.is_not(None))).one()
    arrange.session.execute(
        update(PersonLink)
        .where(PersonLink.record_id == newer.record_id, PersonLink.valid_to.is_(None))
        .values(person_id=newer.person_id)
    )
    arrange.session.execute(
        update(MatchCandidate)
        .where(MatchCandidate.id == candidate.id)
        .values(answer=ReviewAnswer.SAME_HOUSEHOLD, answered_at=candidate.found_at)
    )
    arrange.session.commit()
    assert "0 pairs made one person, 0 put on the review list, 1 left as they are" in batch(app).output
    assert len({link.person_id for link in open_links(rows)}) == 3


def test_what_is_less_sure_is_asked_once(app: Flask, two_johns: None, open_work: OpenWork, rows: Session) -> None:
    with open_work() as work:
        adopt(work, STRICT)
    assert "0 pairs made one person, 1 put on the review list" in batch(app).output
    assert len({link.person_id for link in open_links(rows)}) == 3
    (candidate,) = rows.scalars(select(MatchCandidate))
    assert candidate.model_version == "strict"
    assert "0 put on the review list, 1 left as they are" in batch(app).output


def test_a_dry_run_keeps_nothing(app: Flask, two_johns: None, rows: Session) -> None:
    told = batch(app, "--dry-run")
    assert "Nothing is kept. 1 pairs made one person" in told.output
    assert len({link.person_id for link in open_links(rows)}) == 3
    assert rows.scalars(select(MatchCandidate)).all() == []
    assert rows.scalars(select(MatchBatch)).all() == []


def test_a_person_with_a_record_that_does_not_fit_is_not_made_one(
    app: Flask, arrange: Arranger, open_work: OpenWork, rows: Session
) -> None:
    """John's second record is linked to a person who also has Mary's: what is wrong already must not grow."""
    fire = arrange.agency()
    with open_work() as work:
        adopt(work, SILENT)
    for person in (JOHN, MARY, JOHN):
        arrange.received(fire, address=HOME, person=person)
    with open_work() as work:
        adopt(work, default_model())
    _, marys, johns = open_links(rows)
    arrange.session.execute(update(PersonLink).where(PersonLink.id == johns.id).values(person_id=marys.person_id))
    arrange.session.commit()
    assert "0 pairs made one person" in batch(app).output
    assert len({link.person_id for link in open_links(rows)}) == 2


def test_it_is_handed_to_a_worker_and_carried_out_once(app: Flask, two_johns: None, rows: Session) -> None:
    assert "Queued, 0% done" in batch(app, "--background").output
    (message,) = rows.scalars(select(OutboxMessage).where(OutboxMessage.topic == "match.batch"))
    assert "under way" in batch(app, "--background").output
    with app.app_context():
        compare_everybody(message.payload["batch_id"])
        assert run(rows).state is BatchState.FINISHED
        assert (run(rows).linked, run(rows).share) == (1, 1.0)
        compare_everybody(message.payload["batch_id"])  # delivered twice
    assert run(rows).linked == 1
    assert "Finished, 100% done. 1 pairs made one person" in batch(app, "--status").output


def test_cancelled_before_it_began(app: Flask, two_johns: None, rows: Session) -> None:
    assert "never compared" in batch(app, "--status").output
    assert "No comparison of everybody is under way" in batch(app, "--cancel").output
    batch(app, "--background")
    assert "Cancelled, 0% done" in batch(app, "--cancel").output
    with app.app_context():
        compare_everybody(str(run(rows).id))
    assert run(rows).state is BatchState.CANCELLED
    assert len({link.person_id for link in open_links(rows)}) == 3


def test_cancelled_on_the_way(two_johns: None, open_work: OpenWork, rows: Session) -> None:
    with open_work() as work:
        batch_id = queue_batch(work).id

    def cancelled(records: Sequence[Record], model: Model, reached: Callable[[float], None]) -> Iterable[ScoredPair]:
        with open_work() as work:
            assert cancel_batch(work).state is BatchState.CANCELLING
        yield from compare(records, model, reached)

    carry_out(open_work, batch_id, cancelled)
    assert run(rows).state is BatchState.CANCELLED
    assert len({link.person_id for link in open_links(rows)}) == 3


def test_one_that_breaks_off_says_so_and_leaves_room_for_the_next(
    two_johns: None, open_work: OpenWork, rows: Session
) -> None:
    with open_work() as work:
        batch_id = queue_batch(work).id

    def broken(records: Sequence[Record], model: Model, reached: Callable[[float], None]) -> Iterable[ScoredPair]:
        raise MemoryError

    with pytest.raises(MemoryError):
        carry_out(open_work, batch_id, broken)
    assert run(rows).state is BatchState.FAILED
    with open_work() as work:
        batch_id = queue_batch(work).id
    carry_out(open_work, batch_id, compare)
    assert run(rows).state is BatchState.FINISHED


def test_one_whose_worker_is_lost_makes_room_after_an_hour(
    session: GuardedSession, rows: Session, arrange: Arranger
) -> None:
    arrange.agency()
    begun = datetime.fromisoformat("2026-11-28T09:00+00:00")
    with unit_of_work(session, SYSTEM, now=begun) as work:
        lost = queue_batch(work).id
    with pytest.raises(Conflict), unit_of_work(session, SYSTEM, now=begun + timedelta(minutes=59)) as work:
        queue_batch(work)
    with unit_of_work(session, SYSTEM, now=begun + timedelta(hours=1)) as work:
        queue_batch(work)
    rows.rollback()
    assert rows.get_one(MatchBatch, lost).state is BatchState.FAILED
