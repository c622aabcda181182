"""One run of the demonstration on this machine: where it keeps things, its port and key, and that it is alone."""

import errno
import fcntl
import os
import secrets
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from prevention.demonstration.services import (
    INSTANCE_MARK,
    EmbeddedPostgres,
    EmbeddedRedis,
    stop_process,
)

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
LARGEST_LOG = 5_000_000
"""Bytes after which a log is put aside as `.previous` at the next start."""


class SupervisorProblem(Exception):
    """Something the person at the keyboard can put right; the message is the sentence they read."""


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


def open_log(places: Places, name: str) -> IO[bytes]:
    """A process's log, opened to append; one that has grown large is put aside first."""
    path = places.log(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.previous"))
    return path.open("ab")
