"""Queues and what is promised for each: the longest time a task should wait to start."""

from enum import StrEnum
from typing import Any

from kombu import Queue as BrokerQueue


class Queue(StrEnum):
    """The queues workers listen to."""

    URGENT = "urgent"
    NOTIFY = "notify"
    FOLLOWUPS = "followups"
    PREVIEW = "preview"
    IMPORT = "import"


#: Longest wait before a task starts, in seconds.
TIME_TO_START: dict[Queue, int] = {
    Queue.URGENT: 5,
    Queue.NOTIFY: 30,
    Queue.FOLLOWUPS: 60,
    Queue.PREVIEW: 60,
    Queue.IMPORT: 300,
}

#: First word of a task's name → its queue.
_ROUTES = {
    "outbox": Queue.URGENT,
    "alerts": Queue.URGENT,
    "notifications": Queue.NOTIFY,
    "followups": Queue.FOLLOWUPS,
    "accounts": Queue.FOLLOWUPS,
    "imports": Queue.IMPORT,
    "matches": Queue.FOLLOWUPS,
    "referrals": Queue.FOLLOWUPS,
}

#: Tasks that do not go where their row goes, for an import before them may take an hour: somebody waits for a preview,
#: and what takes up lost imports must not stand behind one.
_EXCEPTIONS = {
    "matches.compare_everybody": Queue.IMPORT,
    "imports.preview": Queue.PREVIEW,
    "imports.resume": Queue.FOLLOWUPS,
    "imports.expire_previews": Queue.FOLLOWUPS,
}


def route(name: str, *_args: Any, **_options: Any) -> dict[str, str]:
    """Celery's router: a task named ``row.verb`` goes to its row's queue, with few exceptions."""
    queue = _EXCEPTIONS.get(name) or _ROUTES.get(name.split(".", 1)[0], Queue.NOTIFY)
    return {"queue": queue.value}


def broker_queues() -> tuple[BrokerQueue, ...]:
    """Every queue as the broker knows it, so that a worker without ``-Q`` listens to all of them."""
    return tuple(BrokerQueue(queue.value) for queue in Queue)
