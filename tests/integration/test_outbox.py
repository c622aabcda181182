"""From the outbox to a worker: handed over after the commit, again after a crash, never lost, and once in effect."""

from datetime import timedelta

import pytest
import redis
from celery import Celery
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.models.case import Case
from prevention.models.notification import Message, MessageState, OutboxMessage
from prevention.services import outbox
from prevention.services.notifications.alerts import raise_alert
from prevention.services.work import Work
from prevention.tasks.outbox import hand_over, relay
from prevention.tasks.topics import BELLS
from prevention.unit_of_work import GuardedSession, unit_of_work, utc_now
from tests.support.arranging import NOW, Arranger


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, app: Flask) -> list[tuple[str, dict[str, str]]]:
    """What reaches the broker, without a worker to take it."""
    sent: list[tuple[str, dict[str, str]]] = []
    celery: Celery = app.extensions["celery"]
    monkeypatch.setattr(celery, "send_task", lambda name, kwargs, **_: sent.append((name, kwargs)))
    return sent


def _emit(session: GuardedSession, *topics: str) -> None:
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        for number, topic in enumerate(topics):
            work.emit(topic, **({} if topic in BELLS else {"alert_id": str(number)}))


def test_what_is_emitted_reaches_the_broker_once(
    app: Flask, session: GuardedSession, rows: Session, published: list[tuple[str, dict[str, str]]]
) -> None:
    _emit(session, "alert.raised", "message.waiting", "message.waiting")
    assert relay.apply().get() == 3
    assert relay.apply().get() == 0
    row = rows.scalars(select(OutboxMessage).where(OutboxMessage.topic == "alert.raised")).one()
    assert published == [
        ("alerts.send", {"message_id": str(row.id), "alert_id": "0"}),
        ("notifications.send_waiting", {}),
    ]
    assert all(found.sent_at for found in rows.scalars(select(OutboxMessage)))


def test_nothing_leaves_when_the_work_is_rolled_back(
    app: Flask, session: GuardedSession, published: list[tuple[str, dict[str, str]]]
) -> None:
    def fail(work: Work) -> None:
        work.emit("message.waiting")
        work.session.flush()
        raise LookupError

    with pytest.raises(LookupError), unit_of_work(session, SYSTEM) as work:
        fail(work)
    assert relay.apply().get() == 0
    assert published == []


def test_a_relay_that_died_after_publishing_publishes_again(
    app: Flask, session: GuardedSession, published: list[tuple[str, dict[str, str]]]
) -> None:
    _emit(session, "alert.raised")
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        assert len(outbox.claim_unsent(work)) == 1
    with unit_of_work(session, SYSTEM, now=NOW + outbox.LEASE - timedelta(seconds=1)) as work:
        assert outbox.claim_unsent(work) == []
    assert relay.apply().get() == 1
    assert [name for name, _ in published] == ["alerts.send"]


def test_a_topic_no_task_answers_is_parked_and_holds_nothing_back(
    app: Flask, session: GuardedSession, rows: Session, published: list[tuple[str, dict[str, str]]]
) -> None:
    _emit(session, "nobody.listens", "message.waiting")
    assert relay.apply().get() == 1
    assert relay.apply().get() == 0
    parked = rows.scalars(select(OutboxMessage).where(OutboxMessage.topic == "nobody.listens")).one()
    assert (parked.sent_at, parked.problem) == (None, "No task answers this topic.")
    assert [name for name, _ in published] == ["notifications.send_waiting"]


def test_a_broker_that_does_not_answer_loses_nothing(
    app: Flask,
    session: GuardedSession,
    rows: Session,
    published: list[tuple[str, dict[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _emit(session, "alert.raised", "message.waiting")
    with unit_of_work(session, SYSTEM) as work:
        claimed = outbox.claim_unsent(work)
    with app.app_context(), monkeypatch.context() as patch:
        # The real client, on a port nobody listens to.
        patch.setattr(
            "prevention.tasks.outbox.current_app", Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
        )
        assert hand_over(claimed) == 0
    assert [row.leased_until for row in rows.scalars(select(OutboxMessage))] == [None, None]
    rows.rollback()
    assert relay.apply().get() == 2
    assert len(published) == 2


def test_an_alert_raised_ends_as_one_sent_message(
    app: Flask,
    session: GuardedSession,
    arrange: Arranger,
    rows: Session,
    caplog: pytest.LogCaptureFixture,
    redis_client: redis.Redis,
) -> None:
    case = arrange.case(arrange.agency())
    with unit_of_work(session, SYSTEM) as work:
        alert = raise_alert(work, session.get_one(Case, case.id), "Smoking in bed")
        assert alert is not None
        alert_id = str(alert.id)
    assert relay.apply().get() == 2
    assert redis_client.llen("urgent") == 1
    assert redis_client.llen("notify") == 1
    redis_client.delete("urgent", "notify")
    celery = app.extensions["celery"]
    celery.loader.import_default_modules()
    tasks = celery.tasks
    for _ in range(2):
        tasks["alerts.send"].apply(kwargs={"message_id": "1", "alert_id": alert_id}).get()
        tasks["notifications.send_waiting"].apply().get()
    message = rows.scalars(select(Message)).one()
    assert (message.state, message.attempts) == (MessageState.SENT, 1)
    shouted = [record.message for record in caplog.records if "NOTHING IS SENT" in record.message]
    assert len(shouted) == 1
    assert "example.org" in shouted[0]
    assert "desk-1@" not in caplog.text
    assert "team-1@" not in caplog.text


def test_leases_are_counted_from_the_work_s_clock(session: GuardedSession) -> None:
    _emit(session, "message.waiting")
    now = utc_now()
    with unit_of_work(session, SYSTEM, now=now) as work:
        row = outbox.claim_unsent(work)[0]
        assert session.get_one(OutboxMessage, row.id).leased_until == now + outbox.LEASE
