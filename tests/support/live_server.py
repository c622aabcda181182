"""Pytest plugin: the product running for real, as processes of its own, for browser tests.

Fixtures (session scope):

- ``live_server``: web server with demonstration data, over a database of its own; ``.url`` is its address.
- ``live_worker``: the same server with a Celery worker and Celery beat beside it, for tests of what
  happens after the request (messages, follow-ups); the worker can be held.
"""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from prevention.demonstration.services import free_port
from tests.support.services import FOLDER, ROOT, first_to_come, product_environment

SECONDS_TO_BE_READY = 300
#: Added to the number of a Redis database of tests for the live server that runs beside them (64 are there).
LIVE_BROKERS = 32


@dataclass(frozen=True)
class LiveServer:
    """Where a running product can be reached, and what it runs on."""

    url: str
    database_url: str
    broker_url: str
    environment: dict[str, str]


@dataclass(frozen=True)
class LiveWorker(LiveServer):
    """A running product with a Celery worker."""

    worker: subprocess.Popen[bytes]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop the clock for the worker: inside, what is asked of it stays undone."""
        os.killpg(self.worker.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.worker.pid, signal.SIGCONT)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def live_server(
    request: pytest.FixtureRequest,
    make_database: Callable[[str], str],
    broker_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveServer]:
    """The product's web server with demonstration data, on a free loopback port."""
    with first_to_come(request.config.stash[FOLDER], "live_server") as first:
        assert first, "Another worker has a live server: mark its tests with xdist_group('live')."
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    database_url = make_database("live")
    broker_url = _own_broker(broker_url)
    environment = product_environment(database_url, broker_url, "demonstration")
    folder = tmp_path_factory.mktemp("live")
    environment |= {"PORT": str(port), "PUBLIC_URL": url, "UPLOAD_FOLDER": str(folder / "uploads")}
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    loaded = subprocess.run(
        [*flask, "demonstration", "load"],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if loaded.returncode != 0:
        raise RuntimeError(f"The demonstration did not load:\n{loaded.stdout}\n{loaded.stderr}")
    gunicorn = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    log = folder / "web.log"
    with _process([*gunicorn, "--worker-class", "gthread", "--threads", "4"], environment, log) as process:
        end = time.monotonic() + SECONDS_TO_BE_READY
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The live server is not ready:\n{log.read_text(encoding='utf-8')}")
            time.sleep(0.1)
        yield LiveServer(url, database_url, broker_url, environment)


@pytest.fixture(scope="session")
def live_worker(live_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveWorker]:
    """The live server with a Celery worker and Celery beat working for it."""
    folder = tmp_path_factory.mktemp("celery")
    celery = [sys.executable, "-m", "celery", "--app", "wsgi:celery"]
    worker = [*celery, "worker", "--concurrency", "1", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--schedule", str(folder / "schedule"), "--pidfile", ""]
    with (
        _process(worker, live_server.environment, folder / "worker.log") as process,
        _process(beat, live_server.environment, folder / "beat.log"),
    ):
        yield LiveWorker(**vars(live_server), worker=process)


def _own_broker(broker_url: str) -> str:
    """Another database of the same Redis: the live worker must not take what other tests put on their queues."""
    address, _, number = broker_url.rpartition("/")
    return f"{address}/{int(number) + LIVE_BROKERS}"
