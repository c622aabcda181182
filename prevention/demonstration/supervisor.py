"""`make run` and `make reset`: every process of the demonstration under one supervisor.

PostgreSQL and Redis start first, then the database is brought up to date, then honcho keeps the web
server, the Celery worker and Celery beat. The end of any of them, Ctrl-C, a closed terminal and
SIGTERM stop them all; the data stays in `var/`. A run that was killed is cleaned up by the next one.
What the processes write goes to `var/log/`; only errors reach the screen (LOGS=1 shows everything).
PREVENTION_DATA names another folder than `var/`.
"""

import errno
import fcntl
import http.client
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

import psutil
from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

from prevention.demonstration.services import (
    INSTANCE_MARK,
    EmbeddedPostgres,
    EmbeddedRedis,
    ServiceProblem,
    last_words,
    stop_process,
)

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
DEFAULT_PORT = 8000
DATABASE = "prevention"
SECONDS_TO_BE_READY = 300
"""After which the web server hangs; that it ended is noticed at once."""
LARGEST_LOG = 5_000_000
"""Bytes after which a log is put aside as `.previous` at the next start."""

TROUBLE = re.compile(rb"\b(?:ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback ")


class SupervisorProblem(Exception):
    """Something the person at the keyboard can put right; the message is the sentence they read."""


class LoadCutOff(SupervisorProblem):
    """An earlier load of the demonstration data did not come to its end."""


@dataclass(frozen=True)
class Places:
    """Where one run keeps what it makes."""

    var: Path

    @property
    def uploads(self) -> Path:
        """The files people handed in."""
        return self.var / "uploads"

    @property
    def lock(self) -> Path:
        """Held by the running supervisor; says its process id and address."""
        return self.var / "run" / "lock"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.var / "log" / f"{name}.log"

    def postgres(self) -> EmbeddedPostgres:
        """The run's PostgreSQL, not started."""
        return EmbeddedPostgres(self.var / "postgres", self.var / "run" / "postgres", self.log("postgres"))

    def redis(self) -> EmbeddedRedis:
        """The run's Redis, not started."""
        return EmbeddedRedis(self.var / "redis", self.log("redis"))


def chosen_port(environment: Mapping[str, str]) -> int:
    """The port to serve on, from PORT. Raises SupervisorProblem when that is no port."""
    given = environment.get("PORT") or str(DEFAULT_PORT)
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 65535:
        raise SupervisorProblem(f"PORT is “{given}”, which is not a port: give a number from 1 to 65535.")
    return int(given)


def check_port_is_free(port: int) -> None:
    """Raise SupervisorProblem with what to type when nothing can listen on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as problem:
            other = port + 1 if 1024 <= port < 65535 else DEFAULT_PORT
            if problem.errno == errno.EACCES:
                reason = f"This user may not listen on port {port}"
            else:
                reason = f"Port {port} is in use by another program"
            raise SupervisorProblem(f"{reason}: choose another, for example `make run PORT={other}`.") from problem


@contextmanager
def only_one(places: Places, address: str) -> Iterator[None]:
    """Hold the run's lock. The system lets go of it when the process ends, however it ends.

    Raises SupervisorProblem when a live supervisor holds it, or when the folder is not ours to write.
    """
    try:
        places.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = places.lock.open("a+", encoding="utf-8")
    except PermissionError as problem:
        owner = next(path for path in (places.lock, *places.lock.parents) if path.exists()).owner()
        raise SupervisorProblem(
            f"{places.var} belongs to the user {owner}: run this as {owner}, or remove that folder first."
        ) from problem
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            lock.seek(0)
            holder = lock.read().strip() or "still starting"
            raise SupervisorProblem(
                f"Prevention already runs from this folder ({holder}): stop it with Ctrl-C in its window first."
            ) from problem
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {address}")
        lock.flush()
        yield


def left_behind(places: Places) -> list[psutil.Process]:
    """Processes that a run over these places started and that still live, children first."""
    found = []
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        try:
            if process.pid not in ours and process.environ().get(INSTANCE_MARK) == str(places.var):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return sorted(found, key=lambda process: process.pid, reverse=True)


def stop_left_behind(places: Places) -> int:
    """Stop what a killed run left: web, worker and beat, then the two servers. Returns how many there were."""
    count = 0
    for process in left_behind(places):
        if process.is_running() and process.name() not in {"postgres", "redis-server"}:
            stop_process(process, signal.SIGTERM, 5)
            count += 1
    places.postgres().stop()
    places.redis().stop()
    return count


def secret_key(places: Places) -> str:
    """The run's own secret key: made at random once, readable by its owner only."""
    path = places.var / "secret-key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()


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


def open_log(places: Places, name: str) -> IO[bytes]:
    """A process's log, opened to append; one that has grown large is put aside first."""
    path = places.log(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.previous"))
    return path.open("ab")


def is_ready(port: int) -> bool:
    """Whether the web server says that it and what it needs are ready."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def flask(places: Places, environment: Mapping[str, str], *arguments: str, show: bool = False) -> str:
    """Run one `flask` command to its end and return what it printed.

    With `show` its words (a progress bar) go to the screen instead. Raises SupervisorProblem when it fails, LoadCutOff
    when it asks to be tried again on an empty database.
    """
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    log_path = places.log("prepare")
    with open_log(places, "prepare") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else log,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        log.write(output or b"")
    if process.returncode == os.EX_TEMPFAIL:
        raise LoadCutOff("Loading the demonstration data was cut off before.")
    if process.returncode != 0:
        where = "the lines above tell why" if show else f"{last_words(log_path)}; see {log_path}"
        raise SupervisorProblem(f"`flask {' '.join(arguments)}` failed: {where}.")
    return (output or b"").decode("utf-8", "replace")


def prepare_database(places: Places, environment: Mapping[str, str], server: EmbeddedPostgres) -> None:
    """Bring the database up to date and, the first time, fill it.

    What an unfinished load left is emptied first; the database itself says that it is one, so a finished one never is.
    Raises SupervisorProblem when a step fails.
    """
    server.ensure_database(DATABASE)
    try:
        _fill(places, environment)
    except LoadCutOff:
        print("The demonstration data was not loaded to its end before: emptying it and loading again …", flush=True)
        server.drop_database(DATABASE)
        shutil.rmtree(places.uploads, ignore_errors=True)
        server.ensure_database(DATABASE)
        _fill(places, environment)


def _fill(places: Places, environment: Mapping[str, str]) -> None:
    flask(places, environment, "db", "upgrade")
    flask(places, environment, "reference", "load")
    flask(places, environment, "demonstration", "load", show=True)


def announcement(address: str, accounts: str) -> str:
    """What a newcomer reads when everything runs."""
    line = "─" * 72
    return (
        f"\n{line}\n  Prevention is ready: {address}\n{line}\n\n{accounts.strip(chr(10))}\n\n"
        "Everybody here is invented. Logs are in var/log; Ctrl-C stops everything and keeps the data.\n"
    )


class Run:
    """One `make run`, from the first server to the last process stopped."""

    def __init__(self, places: Places, port: int, environment: Mapping[str, str]) -> None:
        """Take where to keep things and where to serve; nothing is started yet."""
        self._places = places
        self._port = port
        self._inherited = environment
        self._address = f"http://{HOST}:{port}"
        self._postgres = places.postgres()
        self._redis = places.redis()
        self._problem: str | None = None
        self._stopping = False

    def run(self) -> None:
        """Run until told to stop. Raises SupervisorProblem or ServiceProblem with the sentence when something fails."""
        with only_one(self._places, self._address), ExitStack() as stack:
            if stop_left_behind(self._places):
                print("Stopped what an earlier run that was killed had left running.", flush=True)
            check_port_is_free(self._port)
            print("Starting PostgreSQL and Redis …", flush=True)
            for server in (self._postgres, self._redis):
                stack.callback(server.stop)
                server.start()
            environment = process_environment(
                self._places, self._port, self._postgres.url(DATABASE), self._redis.url(), self._inherited
            )
            print("Preparing the database …", flush=True)
            prepare_database(self._places, environment, self._postgres)
            check_port_is_free(self._port)  # the first start takes minutes
            print("Starting the web server, the worker and the clock …", flush=True)
            stack.callback(stop_left_behind, self._places)
            self._supervise(environment)
        if self._problem is not None:
            raise SupervisorProblem(self._problem)

    def _supervise(self, environment: Mapping[str, str]) -> None:
        """Keep the processes until one ends or we are told to stop."""
        named = commands(self._places, self._port)
        manager = PatientManager()
        printer = LogPrinter(
            self._places, list(named), manager.note_all_started, everything=bool(environment.get("LOGS"))
        )
        manager.print_with(printer)
        manager.watch = threading.Thread(target=self._watch, args=(environment, printer), daemon=True)
        for name, command in named.items():
            manager.add_process(name, f"exec {shlex.join(command)}", env=dict(environment), cwd=str(ROOT))
        signal.signal(signal.SIGHUP, lambda _number, _frame: os.kill(os.getpid(), signal.SIGTERM))
        manager.loop()
        self._stopping = True
        printer.close()
        told_to_stop = manager.returncode in {130, 143}
        if not told_to_stop and self._problem is None and printer.stopped:
            name = printer.stopped[0]
            log = self._places.log(name)
            self._problem = (
                f"The {name} process ended by itself ({last_words(log)}), so the rest was stopped; see {log}."
            )

    def _watch(self, environment: Mapping[str, str], printer: LogPrinter) -> None:
        """Announce the address once the web server is ready; afterwards see that the two servers stay up."""
        try:
            accounts = flask(self._places, environment, "demonstration", "accounts")
        except SupervisorProblem as problem:
            self._give_up(str(problem))
            return
        end = time.monotonic() + SECONDS_TO_BE_READY
        while not is_ready(self._port):
            if printer.stopped:
                return
            if time.monotonic() > end:
                log = self._places.log("web")
                self._give_up(
                    f"The web server was not ready after {SECONDS_TO_BE_READY} s ({last_words(log)}); see {log}."
                )
                return
            time.sleep(0.2)
        print(announcement(self._address, accounts), flush=True)
        while not printer.stopped:
            for server in (self._postgres, self._redis):
                if not server.is_alive():
                    self._give_up(f"A server ended by itself ({last_words(server.log)}); see {server.log}.")
                    return
            time.sleep(2)

    def _give_up(self, problem: str) -> None:
        if not self._stopping:
            self._problem = problem
            os.kill(os.getpid(), signal.SIGTERM)


def reset(places: Places) -> None:
    """Empty the demonstration: its data, key and logs. Raises SupervisorProblem while it runs."""
    with only_one(places, "emptying the data"):
        stop_left_behind(places)
        for item in places.var.iterdir():
            if item.name in {"run", "setup.lock"}:
                continue
            if item.is_dir():
                shutil.rmtree(item)
            else:
                item.unlink()


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C until honcho takes over."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """`run` or `reset`; 0 when it went well, 1 after a sentence that says what to do, 2 for a wrong call."""
    places = Places(Path(os.environ.get("PREVENTION_DATA") or ROOT / "var").absolute())
    try:
        match list(arguments):
            case ["run"]:
                for number in (signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, interrupt)
                Run(places, chosen_port(os.environ), os.environ).run()
                print("\nStopped. The data is kept; `make run` goes on from it, `make reset` empties it.", flush=True)
            case ["reset"]:
                reset(places)
                print("The demonstration's data is gone; `make run` makes it anew.")
            case _:
                print("Usage: python -m prevention.demonstration.supervisor run|reset", file=sys.stderr)
                return 2
    except (SupervisorProblem, ServiceProblem) as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"Stopped: {problem.strerror or problem} ({problem.filename or 'no file named'}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before everything had started; `make run` goes on from here.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
