"""`make run`, `make flask` and `make reset`: every process of the demonstration under one supervisor.

PostgreSQL and Redis start first, then the database is brought up to date, then honcho keeps the web
server, the Celery worker and Celery beat. The end of any of them, Ctrl-C, a closed terminal and
SIGTERM stop them all; the data stays in `var/`. A run that was killed is cleaned up by the next one.
What the processes write goes to `var/log/`; only errors reach the screen (LOGS=1 shows everything).
PREVENTION_DATA names another folder than `var/`.
"""

import http.client
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from prevention.demonstration.instance import (
    HOST,
    Places,
    SupervisorProblem,
    check_port_is_free,
    chosen_port,
    only_one,
    stop_left_behind,
)
from prevention.demonstration.people import accounts
from prevention.demonstration.preparing import DATABASE, ROOT, prepare_database
from prevention.demonstration.processes import LogPrinter, PatientManager, commands, process_environment
from prevention.demonstration.services import INSTANCE_MARK, ServiceProblem, last_words

SECONDS_TO_BE_READY = 300
"""After which the web server hangs; that it ended is noticed at once."""


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


def announcement(address: str) -> str:
    """What a newcomer reads when everything runs."""
    line = "─" * 72
    return (
        f"\n{line}\n  Prevention is ready: {address}\n{line}\n\n{accounts()}\n\n"
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
        manager.watch = threading.Thread(target=self._watch, args=(printer,), daemon=True)
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

    def _watch(self, printer: LogPrinter) -> None:
        """Announce the address once the web server is ready; afterwards see that the two servers stay up."""
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
        print(announcement(self._address), flush=True)
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


def operate(places: Places, environment: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run one `flask` command on the running demonstration's data; returns its exit code.

    Raises SupervisorProblem when nothing runs from this folder.
    """
    try:
        with only_one(places, "looking whether it runs"):
            pass
    except SupervisorProblem:
        address = places.postgres().url(DATABASE), places.redis().url()
        told = process_environment(places, chosen_port(environment), *address, environment)
        del told[INSTANCE_MARK]  # it is nobody's to stop but the operator's
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments], env=told, check=False
        ).returncode
    raise SupervisorProblem(
        "Prevention does not run from this folder: start it with `make run` in another window first."
    )


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Treat SIGTERM and SIGHUP like Ctrl-C until honcho takes over."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """`run`, `reset` or `flask …`; 0 when it went well, 1 after a sentence that says what to do, 2 for a wrong call."""
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
            case ["flask", *command]:
                return operate(places, os.environ, command)
            case _:
                print("Usage: python -m prevention.demonstration.supervisor run|reset|flask …", file=sys.stderr)
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
