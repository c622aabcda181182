"""Sending: each message accepted once, failures tried again with growing waits, then a person's button."""

import dataclasses
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.notification import RETRY_AFTER
from prevention.errors import Conflict, NotAllowed, NotFound
from prevention.models.notification import Message, MessageState
from prevention.services.notifications import sending
from prevention.settings import Settings
from prevention.tasks.notifications import send_waiting
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.smtp import MailServer, running_mail_server

SITE = "https://prevention.example.org/"


@pytest.fixture
def mail_server(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """The app sending through a real SMTP conversation."""
    with running_mail_server() as server:
        smtp = dataclasses.replace(
            settings,
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            mail_from="Prevention <prevention@example.org>",
            public_url=SITE,
        )
        monkeypatch.setitem(app.extensions, "settings", smtp)
        yield server


def test_a_message_is_accepted_once(app: Flask, arrange: Arranger, rows: Session, mail_server: MailServer) -> None:
    message = arrange.message(arrange.agency(), subject="We have your referral R-4F7K-92QD")
    assert send_waiting.apply().get() == 1
    assert send_waiting.apply().get() == 0
    mail = mail_server.accepted[0]
    assert len(mail_server.accepted) == 1
    assert mail["To"] == message.recipient
    assert mail["From"] == "Prevention <prevention@example.org>"
    assert mail["Subject"] == "We have your referral R-4F7K-92QD"
    assert mail["Message-ID"] == f"<{message.id}@prevention.example.org>"
    assert mail.get_content().strip() == "Thank you. See https://prevention.example.org."
    found = rows.get_one(Message, message.id)
    assert (found.state, found.attempts, found.leased_until) == (MessageState.SENT, 1, None)


@pytest.mark.parametrize(("code", "state"), [(550, MessageState.FAILED), (451, MessageState.WAITING)])
def test_a_refusal_fails_at_once_and_a_delay_is_tried_again(
    app: Flask, arrange: Arranger, rows: Session, mail_server: MailServer, code: int, state: MessageState
) -> None:
    agency = arrange.agency()
    bad = arrange.message(agency)
    good = arrange.message(agency)
    mail_server.answers[bad.recipient] = code
    assert send_waiting.apply().get() == 1
    found = rows.get_one(Message, bad.id)
    assert found.state is state
    assert str(code) in found.problem
    assert bad.recipient not in found.problem
    assert rows.get_one(Message, good.id).state is MessageState.SENT


def test_a_mail_server_that_is_away_costs_nothing_but_time(
    app: Flask, settings: Settings, arrange: Arranger, rows: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = dataclasses.replace(settings, smtp_host="127.0.0.1", smtp_port=1, mail_from="a@example.org")
    monkeypatch.setitem(app.extensions, "settings", away)
    message = arrange.message(arrange.agency())
    assert send_waiting.apply().get() == 0
    found = rows.get_one(Message, message.id)
    assert (found.state, found.problem) == (
        MessageState.WAITING,
        "The mail server did not answer (ConnectionRefusedError).",
    )
    assert found.try_at > NOW


def test_waits_grow_and_end(session: GuardedSession, arrange: Arranger, rows: Session) -> None:
    message = arrange.message(arrange.agency())
    now = NOW
    for wait in RETRY_AFTER:
        with unit_of_work(session, SYSTEM, now=now) as work:
            assert [mail.id for mail in sending.claim_waiting(work, SITE)] == [message.id]
        with unit_of_work(session, SYSTEM, now=now) as work:
            sending.mark_failed(work, message.id, "Away")
        with unit_of_work(session, SYSTEM, now=now + wait - timedelta(seconds=1)) as work:
            assert sending.claim_waiting(work, SITE) == []
        now += wait
    with unit_of_work(session, SYSTEM, now=now) as work:
        assert len(sending.claim_waiting(work, SITE)) == 1
    with unit_of_work(session, SYSTEM, now=now) as work:
        sending.mark_failed(work, message.id, "Away")
    assert rows.get_one(Message, message.id).state is MessageState.FAILED


def test_a_message_that_kills_its_worker_stops_coming_back(
    session: GuardedSession, arrange: Arranger, rows: Session
) -> None:
    message = arrange.message(arrange.agency())
    now = NOW
    for _ in range(len(RETRY_AFTER) + 2):
        with unit_of_work(session, SYSTEM, now=now) as work:
            sending.claim_waiting(work, SITE)
        now += sending.LEASE
    found = rows.get_one(Message, message.id)
    assert (found.state, found.problem) == (
        MessageState.FAILED,
        "The worker stopped each time it tried to send this.",
    )


def test_two_senders_at_once_never_take_the_same_message(engine: Engine, arrange: Arranger) -> None:
    agency = arrange.agency()
    for _ in range(30):
        arrange.message(agency)
    taken: list[UUID] = []
    start = threading.Barrier(2)

    def send() -> None:
        with GuardedSession(engine) as session:
            start.wait(timeout=30)
            while True:
                with unit_of_work(session, SYSTEM, now=NOW) as work:
                    mails = sending.claim_waiting(work, SITE, limit=4)
                if not mails:
                    return
                taken.extend(mail.id for mail in mails)

    workers = [threading.Thread(target=send) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(taken) == len(set(taken)) == 30


def test_a_failed_message_is_sent_again_by_a_person(session: GuardedSession, arrange: Arranger, rows: Session) -> None:
    agency = arrange.agency()
    failed = arrange.message(agency, state=MessageState.FAILED, attempts=6, problem="Away")
    nowhere = arrange.message(agency, state=MessageState.FAILED, recipient="")
    sent = arrange.message(agency, state=MessageState.SENT)
    coordinator = actor_of(arrange.user(agency))
    for _ in range(2):
        with unit_of_work(session, coordinator, now=NOW) as work:
            sending.retry(work, failed.id)
    found = rows.get_one(Message, failed.id)
    assert (found.state, found.attempts) == (MessageState.WAITING, 0)
    with pytest.raises(NotAllowed), unit_of_work(session, coordinator) as work:
        sending.retry(work, nowhere.id)
    with pytest.raises(Conflict), unit_of_work(session, coordinator) as work:
        sending.retry(work, sent.id)
    for outsider in (arrange.user(agency, Role.FIELD_OFFICER), arrange.user(arrange.agency(AgencyKind.POLICE))):
        with pytest.raises(NotFound), unit_of_work(session, actor_of(outsider)) as work:
            sending.retry(work, failed.id)
