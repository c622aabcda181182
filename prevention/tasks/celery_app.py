"""Makes the Celery app from the Flask app: every task runs in an app context, gets ids only, and fails in few words."""

from typing import Any

from celery import Celery, Task
from celery.exceptions import TaskPredicate
from flask import Flask

from prevention.settings import Settings
from prevention.tasks import schedule
from prevention.tasks.failing import TaskFailed
from prevention.tasks.queues import Queue, broker_queues, route

#: Seconds after which the broker gives a task that nobody acknowledged to another worker. Longer than any task may
#: take, so that none is given away while it is at work.
VISIBILITY_TIMEOUT = 3600
#: Seconds after which a task hangs, and is ended. The rows it had leased are taken again. Imports may take longer.
LONGEST_TASK = 900


def create_celery(app: Flask, settings: Settings) -> Celery:
    """Make the Celery app, with its queues, its schedule and every task registered by name."""

    class ContextTask(Task):  # type: ignore[type-arg]
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            try:
                with app.app_context():
                    return self.run(*args, **kwargs)
            except TaskPredicate:  # to be tried again: no failure
                raise
            except Exception as error:  # noqa: BLE001 - every other one is a failure, and may quote what it was about
                failed = TaskFailed.by(error)
            raise failed  # here, where the error is not its context any more

    task_class: type[Task[Any, Any]] = ContextTask
    celery = Celery("prevention", task_cls=task_class)
    celery.conf.update(
        broker_url=settings.broker_url,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_default_queue=Queue.NOTIFY.value,
        task_queues=broker_queues(),
        task_routes=(route,),
        task_serializer="json",
        accept_content=["json"],
        beat_schedule=schedule.BEAT,
        broker_connection_retry_on_startup=True,
        task_time_limit=LONGEST_TASK,
        broker_transport_options={"visibility_timeout": VISIBILITY_TIMEOUT},
        timezone="UTC",
        imports=schedule.MODULES,
        worker_hijack_root_logger=False,
    )
    celery.set_default()
    app.extensions["celery"] = celery
    return celery
