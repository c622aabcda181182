"""A task that fails says what kind of error and where; its words may quote somebody's row."""

import traceback

import pytest
from celery import Celery
from celery.app.task import Task
from flask import Flask

from prevention.settings import Settings
from prevention.tasks.celery_app import create_celery
from prevention.tasks.failing import TaskFailed

PLANTED = "Key (email)=(joan.whitfield@example.org) already exists"


def test_a_failure_names_kind_and_place() -> None:
    try:
        int(PLANTED)
    except ValueError as error:
        failed = TaskFailed.by(error)
    assert str(failed).startswith("ValueError at test_task_failed.py:")
    assert TaskFailed.by(failed) is failed


def test_what_celery_would_write_holds_nothing_of_the_error() -> None:
    values = {"PREVENTION_MODE": "test", "DATABASE_URL": "postgresql://", "BROKER_URL": "memory://", "SECRET_KEY": "k"}
    celery: Celery = create_celery(Flask("test"), Settings.from_values(values))

    @celery.task(name="test.breaks")
    def breaks() -> None:
        try:
            int(PLANTED)
        except ValueError as error:
            raise LookupError(PLANTED) from error

    task: Task = celery.tasks["test.breaks"]  # type: ignore[type-arg]
    with pytest.raises(TaskFailed) as found:
        task()
    written = "".join(traceback.format_exception(found.value))
    assert "joan" not in written
    assert "LookupError at" in written
