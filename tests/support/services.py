"""Pytest plugin: real PostgreSQL and Redis for the tests, shared by all workers, gone at the end.

Fixtures (session scope):

- ``database_url``: an empty-of-data database of this worker's own, migrated and with reference data.
- ``make_database(name)``: another such database, for tests that need one to themselves (a live server).
- ``broker_url``: a Redis database of this worker's own.
- ``redis_client``: a client of the same.
- ``open_folder`` (a test's own): where a server that runs as another user can work.

Nothing starts until a test asks for it. The first that asks starts the server (a file lock decides
who is first), makes the template database by running the real migrations once, and the controller
stops everything when the session ends. A session that was killed is cleaned up by the next one.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from prevention.demonstration.services import APPLICATION_ROLE, EmbeddedPostgres, EmbeddedRedis

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = "template_migrated"
FOLDER = pytest.StashKey[Path]()


def _base() -> Path:
    """Where sessions of this user keep their servers: short, so that sockets fit."""
    return Path(tempfile.gettempdir()) / f"prevention-tests-{os.geteuid()}"


def _servers(folder: Path) -> tuple[EmbeddedPostgres, EmbeddedRedis]:
    postgres = EmbeddedPostgres(folder / "postgres", folder / "sockets-p", folder / "postgres.log", durable=False)
    return postgres, EmbeddedRedis(folder / "redis", folder / "redis.log", durable=False)


def _discard(folder: Path) -> None:
    for server in _servers(folder):
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _controller_lives(folder: Path) -> bool:
    """Whether the pytest whose process id names the folder still runs."""
    try:
        return any("pytest" in part for part in psutil.Process(int(folder.name)).cmdline())
    except (ValueError, psutil.Error):
        return False


def pytest_configure(config: pytest.Config) -> None:
    """On the controller: choose the session's folder and clear away those of killed sessions."""
    worker_input = getattr(config, "workerinput", None)
    if worker_input is not None:
        config.stash[FOLDER] = Path(worker_input["services_folder"])
        return
    base = _base()
    base.mkdir(mode=0o755, exist_ok=True)
    for folder in base.iterdir():
        if not _controller_lives(folder):
            _discard(folder)
    folder = base / str(os.getpid())
    folder.mkdir(mode=0o755)
    config.stash[FOLDER] = folder


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell each xdist worker the session's folder."""
    node.workerinput["services_folder"] = str(node.config.stash[FOLDER])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """On the controller: stop the servers, if a test had asked for them."""
    if getattr(config, "workerinput", None) is None and FOLDER in config.stash:
        _discard(config.stash[FOLDER])


@contextmanager
def first_to_come(folder: Path, name: str) -> Iterator[bool]:
    """Hold the lock of something the workers share; True for the first, who has to make it."""
    done = folder / f"{name}.done"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


def _run_flask(database_url: str, broker_url: str, *arguments: str) -> None:
    """Run a `flask` command of the product on a test database; its words are shown when it fails."""
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env=os.environ | product_environment(database_url, broker_url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise RuntimeError(f"flask {' '.join(arguments)} failed:\n{result.stdout}\n{result.stderr}")


def product_environment(database_url: str, broker_url: str, mode: str = "test") -> dict[str, str]:
    """The environment in which a process of the product works on a test's own database and broker."""
    return {
        "PREVENTION_MODE": mode,
        "DATABASE_URL": database_url,
        "BROKER_URL": broker_url,
        "SECRET_KEY": "a secret for tests only, long enough to be accepted",
        "BIND_HOST": "127.0.0.1",
    }


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    """0 for the first or only worker, 1 for the second, and so on."""
    worker_input = getattr(request.config, "workerinput", None)
    return 0 if worker_input is None else int(worker_input["workerid"].removeprefix("gw"))


@pytest.fixture(scope="session")
def embedded_redis(request: pytest.FixtureRequest) -> EmbeddedRedis:
    """The session's Redis server, started by the first worker that asks."""
    folder = request.config.stash[FOLDER]
    server = _servers(folder)[1]
    with first_to_come(folder, "redis") as first:
        if first:
            server.start()
            server.outlive()
    return server


@pytest.fixture(scope="session")
def broker_url(embedded_redis: EmbeddedRedis, worker_number: int) -> str:
    """The address of this worker's own Redis database."""
    return embedded_redis.url(worker_number)


@pytest.fixture(scope="session")
def redis_client(embedded_redis: EmbeddedRedis, worker_number: int) -> Iterator[redis.Redis]:
    """A client of this worker's own Redis database."""
    with embedded_redis.client(worker_number) as client:
        yield client


@pytest.fixture(scope="session")
def embedded_postgres(request: pytest.FixtureRequest, broker_url: str) -> EmbeddedPostgres:
    """The session's PostgreSQL server with the migrated template, both made by the first worker that asks."""
    folder = request.config.stash[FOLDER]
    server = _servers(folder)[0]
    with first_to_come(folder, "postgres") as first:
        if first:
            server.start()
            server.outlive()
            server.ensure_database(TEMPLATE)
            with server.connect() as connection:  # tests empty tables whose triggers refuse it
                connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {APPLICATION_ROLE}".encode())
            url = server.url(TEMPLATE)
            _run_flask(url, broker_url, "db", "upgrade")
            _run_flask(url, broker_url, "reference", "load")
    return server


@pytest.fixture(scope="session")
def make_database(
    request: pytest.FixtureRequest, embedded_postgres: EmbeddedPostgres, worker_number: int
) -> Iterator[Callable[[str], str]]:
    """Makes a fresh migrated database by name and returns its address; dropped when the session ends."""
    folder = request.config.stash[FOLDER]
    made: list[str] = []

    def make(name: str) -> str:
        full_name = f"{name}_{worker_number}"
        with (folder / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            embedded_postgres.ensure_database(full_name, TEMPLATE)
        made.append(full_name)
        return embedded_postgres.url(full_name)

    yield make
    for name in made:
        embedded_postgres.drop_database(name)


@pytest.fixture
def open_folder(request: pytest.FixtureRequest) -> Path:
    """An empty folder that stays open to other users: pytest closes its own whenever another session of it begins."""
    return Path(tempfile.mkdtemp(dir=request.config.stash[FOLDER]))


@pytest.fixture(scope="session")
def database_url(make_database: Callable[[str], str]) -> str:
    """SQLAlchemy's address of this worker's own database: migrated, with reference data, nothing else."""
    return make_database("test")
