"""Every topic the product emits reaches a task, on a queue that a worker listens to, and tasks take ids only."""

import ast
from pathlib import Path

from celery import Celery
from flask import Flask

from prevention.demonstration.instance import Places
from prevention.demonstration.processes import commands
from prevention.tasks import queues, schedule
from prevention.tasks.queues import Queue, route
from prevention.tasks.topics import BELLS, TASKS
from tests.architecture.source import PRODUCT, tree, where


def _emitted() -> set[str]:
    """The first argument of every ``….emit(…)``; only literals, so that this test can read them."""
    topics = set()
    for path in PRODUCT.rglob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit":
                topic = node.args[0]
                assert isinstance(topic, ast.Constant), f"{path}:{node.lineno}: write the topic out"
                topics.add(topic.value)
    return topics


def _celery(app: Flask) -> Celery:
    celery: Celery = app.extensions["celery"]
    celery.loader.import_default_modules()
    return celery


def _tasks(app: Flask) -> set[str]:
    return {name for name in _celery(app).tasks if not name.startswith("celery.")}


def test_every_emitted_topic_has_a_task() -> None:
    emitted = _emitted()
    assert {"alert.raised", "message.waiting"} <= emitted
    assert emitted == TASKS.keys() | BELLS.keys()
    assert not TASKS.keys() & BELLS.keys()


def test_every_task_of_a_topic_and_of_the_schedule_exists(app: Flask) -> None:
    scheduled = {entry["task"] for entry in schedule.BEAT.values()}
    assert set(TASKS.values()) | set(BELLS.values()) | scheduled <= _tasks(app)


def test_every_task_module_is_listed() -> None:
    own = {"__init__", "celery_app", "failing", "queues", "schedule", "topics"}
    there = {f"prevention.tasks.{path.stem}" for path in (PRODUCT / "tasks").glob("*.py") if path.stem not in own}
    assert there == set(schedule.MODULES)


def test_every_queue_has_a_promise_and_a_worker(app: Flask, tmp_path: Path) -> None:
    assert set(queues.TIME_TO_START) == set(Queue)
    assert {queue.name for queue in _celery(app).conf.task_queues} == {queue.value for queue in Queue}
    workers = [command for command in commands(Places(tmp_path), 8000).values() if "worker" in command]
    consumed = [name for worker in workers for name in worker[list(worker).index("--queues") + 1].split(",")]
    assert sorted(consumed) == sorted(queue.value for queue in Queue), "each queue is consumed by one worker command"


def test_every_task_goes_to_a_queue_on_purpose(app: Flask) -> None:
    assert not [name for name in _tasks(app) if name.split(".", 1)[0] not in queues._ROUTES]


def test_nothing_that_looks_after_imports_waits_behind_one() -> None:
    kept = {name: route(f"imports.{name}")["queue"] for name in ("preview", "resume", "run")}
    assert kept == {"preview": Queue.PREVIEW, "resume": Queue.FOLLOWUPS, "run": Queue.IMPORT}


def test_no_task_outlives_the_brokers_patience(app: Flask) -> None:
    """Else the broker would give it to a second worker while the first is at it."""
    celery = _celery(app)
    patience = celery.conf.broker_transport_options["visibility_timeout"]
    assert celery.conf.task_acks_late
    for name in _tasks(app):
        assert 0 < (celery.tasks[name].time_limit or celery.conf.task_time_limit) < patience, name


def test_tasks_take_ids_only() -> None:
    """A task's parameters are plain text: no row travels through the broker."""
    wrong = []
    for path in sorted((PRODUCT / "tasks").glob("*.py")):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.FunctionDef) or not any("task" in ast.unparse(d) for d in node.decorator_list):
                continue
            for argument in (*node.args.args, *node.args.kwonlyargs):
                kind = ast.unparse(argument.annotation) if argument.annotation else ""
                if argument.arg != "self" and kind.replace(" | None", "") not in {"str", "int", "bool"}:
                    wrong.append(f"{where(path, node.lineno)} {argument.arg}: {kind}")
    assert not wrong
