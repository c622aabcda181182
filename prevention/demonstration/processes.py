"""The processes honcho keeps: what each is told, the command that starts it, and where its words go."""

import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

from prevention.demonstration.instance import HOST, Places, open_log, secret_key
from prevention.demonstration.services import (
    INSTANCE_MARK,
)

TROUBLE = re.compile(rb"\b(?:ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback ")


def process_environment(
    places: Places, port: int, database_url: str, broker_url: str, inherited: Mapping[str, str]
) -> dict[str, str]:
    """What every process of the run is told. The machine's own settings of the same names are not used here."""
    kept = {key: value for key, value in inherited.items() if key != "PYTHONDONTWRITEBYTECODE"}  # it slows each start
    return {
        **kept,
        "PREVENTION_MODE": "demonstration",
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "SECRET_KEY": secret_key(places),
        "UPLOAD_FOLDER": str(places.uploads),
        "BIND_HOST": HOST,
        "PORT": str(port),
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "PYTHONUNBUFFERED": "1",
        INSTANCE_MARK: str(places.var),
    }


def commands(places: Places, port: int) -> dict[str, Sequence[str]]:
    """The processes honcho keeps, by name, sized for two cores. Imports have a worker of their own: they take long."""
    celery = [sys.executable, "-m", "celery", "--app", "wsgi:celery"]
    worker = [*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return {
        "web": [
            *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"{HOST}:{port}"),
            *("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"),
            *("--graceful-timeout", "3", "--timeout", "60", "--access-logfile", "-"),
        ],
        "worker": [
            *(*worker, "--hostname", "worker@%h", "--concurrency", "3"),
            *("--queues", "urgent,notify,followups,preview"),
        ],
        "importer": [*worker, "--hostname", "importer@%h", "--concurrency", "1", "--queues", "import"],
        "beat": [
            *celery,
            *("beat", "--loglevel", "INFO", "--schedule", str(places.var / "run" / "beat"), "--pidfile", ""),
        ],
    }


class LogPrinter(Printer):
    """Sends each process's lines to its log, and only signs of trouble (or everything, with LOGS=1) to the screen."""

    def __init__(
        self, places: Places, names: Sequence[str], when_all_started: Callable[[], None], *, everything: bool
    ) -> None:
        """Open one log per process, putting aside those that have grown large."""
        super().__init__(sys.stdout)
        self.stopped: list[str] = []
        self._when_all_started = when_all_started
        self._everything = everything
        self._starting = set(names)
        self._logs: dict[str, IO[bytes]] = {name: open_log(places, name) for name in names}

    def write(self, message: Message) -> None:
        """Take one message from honcho: a line of a process, or word of a process that started or stopped."""
        if message.name == SYSTEM_PRINTER_NAME:
            self._note(str(message.data))
            return
        data = message.data if isinstance(message.data, bytes) else str(message.data).encode()
        log = self._logs[message.name]
        log.write(data)
        log.flush()
        if self._everything or TROUBLE.search(data):
            super().write(message)

    def close(self) -> None:
        """Close the logs."""
        for log in self._logs.values():
            log.close()

    def _note(self, sentence: str) -> None:
        name, _, rest = sentence.partition(" ")
        if rest.startswith("started"):
            self._starting.discard(name)
            if not self._starting:
                self._when_all_started()
        elif rest.startswith("stopped"):
            self.stopped.append(name)


class PatientManager(Manager):
    """honcho's manager, told to stop only once every process has started (before that it would fail)."""

    watch: threading.Thread

    def __init__(self) -> None:
        """Start with nothing to keep."""
        super().__init__()
        self._all_have_started = False
        self._told_to_stop = False

    def print_with(self, printer: Printer) -> None:
        """Send what the processes write through this printer."""
        self._printer = printer

    def note_all_started(self) -> None:
        """Every process has started: watch them from a thread (none exists while honcho forks), or stop them."""
        self._all_have_started = True
        if self._told_to_stop:
            super().terminate()
        else:
            self.watch.start()

    def terminate(self) -> None:
        """Stop every process, now or as soon as the last has started."""
        self._told_to_stop = True
        if self._all_have_started:
            super().terminate()
