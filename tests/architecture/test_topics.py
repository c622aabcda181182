"""Every topic the product emits reaches a task, on a queue that the worker listens to."""

import ast
from pathlib import Path

from celery import Celery
from flask import Flask

import prevention
from prevention.tasks import schedule
from prevention.tasks.queues import TIME_TO_START, Queue, route
from prevention.tasks.topics import BELLS, TASKS

PACKAGE = Path(prevention.__file__).parent


def _emitted() -> set[str]:
    """The first argument of every ``….emit(…)``; only literals, so that this test can read them."""
    topics = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit":
                topic = node.args[0]
                assert isinstance(topic, ast.Constant), f"{path}:{node.lineno}: write the topic out"
                topics.add(topic.value)
    return topics


def _tasks(app: Flask) -> set[str]:
    celery: Celery = app.extensions["celery"]
    celery.loader.import_default_modules()
    return {name for name in celery.tasks if not name.startswith("celery.")}


def test_every_emitted_topic_has_a_task() -> None:
    emitted = _emitted()
    assert {"alert.raised", "message.waiting"} <= emitted
    assert emitted == TASKS.keys() | BELLS.keys()
    assert not TASKS.keys() & BELLS.keys()


def test_every_task_of_a_topic_and_of_the_schedule_exists(app: Flask) -> None:
    scheduled = {entry["task"] for entry in schedule.BEAT.values()}
    assert set(TASKS.values()) | set(BELLS.values()) | scheduled <= _tasks(app)


def test_the_worker_listens_to_every_queue_a_task_is_routed_to(app: Flask) -> None:
    celery: Celery = app.extensions["celery"]
    listened = {queue.name for queue in celery.conf.task_queues}
    assert {route(name)["queue"] for name in _tasks(app)} <= listened
    assert listened == {queue.value for queue in Queue}
    assert TIME_TO_START.keys() == set(Queue)


def test_a_preview_never_waits_behind_an_import() -> None:
    preview, run = (route(f"referrals.{verb}_import")["queue"] for verb in ("preview", "run"))
    assert (preview, run) == (Queue.PREVIEW, Queue.IMPORT)
