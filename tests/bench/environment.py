"""Where the benchmarks run: a PostgreSQL of their own under ``var/bench``, and the product on one of its databases."""

import fcntl
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from prevention.demonstration.services import APPLICATION_ROLE, EmbeddedPostgres
from prevention.settings import Mode, Settings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "bench"
_SECRET = "benchmarks only, and long enough to be accepted"


class BenchBusyError(RuntimeError):
    """Another benchmark runs in this folder; two at once would measure each other."""


@contextmanager
def postgres() -> Iterator[EmbeddedPostgres]:
    """The benchmarks' server, durable as in production; stopped at the end, its data stays.

    Raises:
        BenchBusyError: another run has it.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchBusyError("Another benchmark is running; wait for it.") from None
        server = EmbeddedPostgres(FOLDER / "postgres", FOLDER / "sockets", FOLDER / "postgres.log")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def has_database(server: EmbeddedPostgres, name: str) -> bool:
    """Whether a database of an earlier run is there."""
    with server.connect() as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    return found is not None


def fresh_database(server: EmbeddedPostgres, name: str) -> str:
    """A new, migrated database with the product's reference data; SQLAlchemy's address of it."""
    server.drop_database(name)
    server.ensure_database(name)
    with server.connect() as connection:  # filling in bulk leaves the checks of foreign keys to the end
        connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {APPLICATION_ROLE}".encode())
    url = server.url(name)
    for command in (["db", "upgrade"], ["reference", "load"]):
        _flask(url, command)
    return url


def settings_for(url: str) -> Settings:
    """The product's settings on a benchmark's database; nothing is sent anywhere."""
    return Settings(
        mode=Mode.TEST,
        database_url=url,
        broker_url="memory://",
        secret_key=_SECRET,
        upload_folder=FOLDER / "uploads",
        https_only=False,
    )


def machine(server: EmbeddedPostgres | None = None) -> str:
    """The machine in one line, for the head of a table; without a server where no database is measured."""
    memory = psutil.virtual_memory().total / 1024**3
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GiB, {_system()}, Python {platform.python_version()}"
        f"{_version(server) if server is not None else ''}; load average {os.getloadavg()[0]:.1f} at the start"
    )


def _version(server: EmbeddedPostgres) -> str:
    with server.connect() as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return f", PostgreSQL {row[0].split()[0] if row else ''}"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def _flask(url: str, command: list[str]) -> None:
    environment = {
        "PREVENTION_MODE": "test",
        "DATABASE_URL": url,
        "BROKER_URL": "memory://",
        "SECRET_KEY": _SECRET,
    }
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *command],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
