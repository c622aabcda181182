"""A real Celery worker, on real queues: a due follow-up is carried to its effect, once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from celery import Celery
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.followup import FollowUp
from prevention.models.notification import Message, MessageState, OutboxMessage
from tests.support.arranging import Arranger
from tests.support.services import ROOT, product_environment

PATIENCE_SECONDS = 60


@pytest.fixture
def worker(database_url: str, broker_url: str, redis_client: redis.Redis, tmp_path: Path) -> Iterator[Path]:
    """A worker started as it is deployed, without a list of queues; its log."""
    redis_client.flushdb()
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "--app", "wsgi:celery", "worker", "--concurrency", "1"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=os.environ | product_environment(database_url, broker_url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        yield log
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    redis_client.flushdb()


def _until(holds: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"the worker did not get there:\n{log.read_text(encoding='utf-8')[-4000:]}"
        time.sleep(0.1)


def test_a_due_follow_up_is_carried_to_its_effect_once(
    app: Flask, arrange: Arranger, engine: Engine, worker: Path
) -> None:
    case = arrange.case(arrange.agency(), state=CaseState.NO_ACCESS)
    followup = arrange.followup(case, kind=FollowUpKind.REVISIT, why="Try again in the evening")
    celery: Celery = app.extensions["celery"]

    def sent() -> bool:
        celery.send_task("outbox.relay")
        with Session(engine) as session:
            return session.scalars(select(Message.state)).all() == [MessageState.SENT]

    for _ in range(3):  # beat rings again and again, and a broker may deliver twice
        celery.send_task("followups.pick_due")
    _until(sent, worker)
    with Session(engine) as session:
        assert session.get_one(FollowUp, followup.id).state is FollowUpState.DUE
        assert session.scalars(select(AuditEvent.tag)).all() == [AuditTag.FOLLOWUP_FELL_DUE]
        assert session.scalars(select(Message.attempts)).all() == [1]
        _until(lambda: not session.scalars(select(OutboxMessage).where(OutboxMessage.sent_at.is_(None))).all(), worker)
    assert "NOTHING IS SENT" in worker.read_text(encoding="utf-8")
