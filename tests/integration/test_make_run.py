"""`make run` from outside: it comes up, is alone, stops with all it started, keeps its data, and mends itself."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from prevention.demonstration.instance import Places
from prevention.demonstration.preparing import DATABASE
from prevention.demonstration.services import INSTANCE_MARK, free_port, process_of

pytestmark = pytest.mark.xdist_group("run")

ROOT = Path(__file__).resolve().parent.parent.parent
SUPERVISOR = [sys.executable, "-m", "prevention.demonstration.supervisor"]
#: Seconds after which something hangs. No promise of speed: loading takes minutes where other work is going on.
PATIENCE = 1800
#: As many as it takes to be cut off in the middle; browser tests load them all.
REFERRALS = 300
EMPTIED = "The demonstration data was not loaded to its end before: emptying it and loading again …"


class Started:
    """One supervisor over a data folder."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self.screen = data.parent / f"screen-{time.monotonic_ns()}"
        self.environment = {
            **os.environ,
            "PREVENTION_DATA": str(data),
            "PORT": str(port),
            "FLASK_DEMONSTRATION_LOAD_REFERRALS": str(REFERRALS),  # Flask's own name for an option of a command
        }
        with self.screen.open("wb") as screen:
            self.process = subprocess.Popen(
                [*SUPERVISOR, "run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        self.wait_until(lambda: "Prevention is ready" in self.text())

    def wait_until(self, happened: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not happened():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < end, self.text()
            time.sleep(0.1)

    def text(self) -> str:
        return self.screen.read_text(encoding="utf-8", errors="replace")

    def beside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Call the supervisor again over the same folder."""
        return subprocess.run(
            [*SUPERVISOR, *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def lose_power(self) -> None:
        """Everything ends at once, with no time for a last word."""
        self.process.kill()
        self.process.wait()
        for process in marked(self.data):
            process.kill()

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def marked(data: Path) -> list[psutil.Process]:
    """Live processes of the run over this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(INSTANCE_MARK) == str(data) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    servers = (
        process_of(data / "postgres" / "postmaster.pid", "postgres"),
        process_of(data / "redis" / "redis.pid", "redis-server"),
    )
    return [*found, *(server for server in servers if server is not None)]


@pytest.fixture
def data(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "var"
    yield folder
    for process in marked(folder):
        process.kill()


def referrals(data: Path) -> int:
    """How many referrals the run's database holds."""
    with Places(data).postgres().connect(DATABASE) as connection:
        found = connection.execute("SELECT count(*) FROM referrals").fetchone()
    assert found is not None
    return int(found[0])


def test_a_newcomers_first_day(data: Path) -> None:
    port = free_port()
    run = Started(data, port)
    try:
        run.wait_until_ready()
        assert re.search(rf"http://127\.0\.0\.1:{port}\b", run.text())
        assert "Traceback" not in run.text()
        names = {process.name() for process in marked(data)}
        assert {"postgres", "redis-server"} <= names
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/health/ready")
        assert connection.getresponse().status == 200
        connection.close()

        second = run.beside("run")
        assert second.returncode == 1
        assert re.fullmatch(r"Prevention already runs from this folder .*\n", second.stderr)
        refused = run.beside("reset")
        assert refused.returncode == 1
        operated = run.beside("flask", "demonstration", "accounts")
        assert operated.returncode == 0, operated.stderr
        assert "fire.coordinator@demo.example" in operated.stdout
        held = referrals(data)
        assert held > 0
        key = (data / "secret-key").read_text(encoding="ascii")
    finally:
        assert run.stop(signal.SIGINT) == 0, run.text()
    assert "Stopped. The data is kept" in run.text()
    assert marked(data) == []

    again = Started(data, port)
    again.wait_until_ready()
    again.stop(signal.SIGKILL)  # leaves everything it started
    assert marked(data)

    after = Started(data, port)
    after.wait_until_ready()
    assert "Stopped what an earlier run that was killed had left running." in after.text()
    assert (data / "secret-key").read_text(encoding="ascii") == key
    assert referrals(data) == held
    assert not any(EMPTIED in each.text() for each in (run, again, after))
    assert after.stop(signal.SIGTERM) == 0
    assert marked(data) == []

    assert "start it with `make run`" in run.beside("flask", "demonstration", "accounts").stderr
    reset = run.beside("reset")
    assert reset.returncode == 0
    assert [item.name for item in data.iterdir()] == ["run"]


def test_a_first_start_cut_off_while_it_loads_is_made_good_by_the_next(data: Path) -> None:
    port = free_port()
    uploads = data / "uploads"
    first = Started(data, port)
    first.wait_until(lambda: uploads.is_dir() and len(list(uploads.iterdir())) > 3)
    first.lose_power()
    assert "Prevention is ready" not in first.text()
    half = {file.name for file in uploads.iterdir()}

    second = Started(data, port)
    second.wait_until_ready()
    assert EMPTIED in second.text()
    assert not half & {file.name for file in uploads.iterdir()}
    assert referrals(data) > 0
    assert second.stop(signal.SIGINT) == 0
