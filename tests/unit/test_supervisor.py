"""What `make run` decides before and around the processes it keeps."""

import os
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from honcho.manager import SYSTEM_PRINTER_NAME
from honcho.printer import Message

from prevention.demonstration import instance, processes, supervisor
from prevention.demonstration.instance import Places, SupervisorProblem
from prevention.demonstration.processes import LogPrinter
from prevention.demonstration.services import LONGEST_SOCKET_PATH, free_port, process_of, socket_directory

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "var").mkdir()
    return Places(tmp_path / "var")


@pytest.mark.parametrize(("given", "port"), [({}, 8000), ({"PORT": ""}, 8000), ({"PORT": "8123"}, 8123)])
def test_port_comes_from_the_environment(given: dict[str, str], port: int) -> None:
    assert instance.chosen_port(given) == port


@pytest.mark.parametrize("given", ["abc", "0", "65536", "-1", "80 80", "8000.0", "²"])
def test_what_is_no_port_gets_a_sentence(given: str) -> None:
    with pytest.raises(SupervisorProblem, match="which is not a port"):
        instance.chosen_port({"PORT": given})


def test_a_busy_port_gets_a_sentence_that_names_another() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(SupervisorProblem, match=rf"Port {port} is in use .*`make run PORT=\d+`"):
            instance.check_port_is_free(port)


def test_a_free_port_is_free() -> None:
    instance.check_port_is_free(free_port())


def test_a_dead_run_leaves_no_lock(places: Places) -> None:
    child = os.fork()
    if child == 0:
        with instance.only_one(places, "http://127.0.0.1:1"):
            os._exit(9)
    os.waitpid(child, 0)
    assert "process" in places.lock.read_text(encoding="utf-8")
    with instance.only_one(places, "http://127.0.0.1:2"):
        assert f"process {os.getpid()}, http://127.0.0.1:2" == places.lock.read_text(encoding="utf-8")


def test_a_second_run_is_told_about_the_first(places: Places) -> None:
    ready, wait = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with instance.only_one(places, "http://127.0.0.1:1"):
            os.write(ready[1], b".")
            os.read(wait[0], 1)
            os._exit(0)
    os.read(ready[0], 1)
    try:
        with (
            pytest.raises(SupervisorProblem, match=rf"already runs .*process {child}, http://127.0.0.1:1"),
            instance.only_one(places, "http://127.0.0.1:2"),
        ):
            pass
        with pytest.raises(SupervisorProblem, match="already runs"):
            supervisor.reset(places)
    finally:
        os.write(wait[1], b".")
        os.waitpid(child, 0)
        for end in (*ready, *wait):
            os.close(end)


def test_reset_empties_everything_but_the_lock(places: Places) -> None:
    (places.var / "redis").mkdir()
    (places.var / "redis" / "dump").write_text("x", encoding="ascii")
    instance.secret_key(places)
    supervisor.reset(places)
    assert [item.name for item in places.var.iterdir()] == ["run"]


def test_the_secret_key_is_random_kept_and_private(places: Places, tmp_path: Path) -> None:
    key = instance.secret_key(places)
    assert len(key) >= 48
    assert instance.secret_key(places) == key
    assert stat.S_IMODE((places.var / "secret-key").stat().st_mode) == 0o600
    (tmp_path / "other").mkdir()
    assert instance.secret_key(Places(tmp_path / "other")) != key


def test_processes_are_told_what_they_need_and_only_loopback(places: Places) -> None:
    inherited = {"DATABASE_URL": "postgresql://production", "PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    told = processes.process_environment(places, 8123, "postgresql+psycopg://here", "redis://here", inherited)
    assert told["DATABASE_URL"] == "postgresql+psycopg://here"
    assert told["PREVENTION_MODE"] == "demonstration"
    assert told["BIND_HOST"] == "127.0.0.1"
    assert told["PATH"] == "/bin"
    assert "PYTHONDONTWRITEBYTECODE" not in told
    assert all("0.0.0.0" not in part for command in processes.commands(places, 8123).values() for part in command)  # noqa: S104


def printed(places: Places, lines: list[tuple[str, bytes | str]]) -> tuple[LogPrinter, list[str]]:
    started: list[str] = []
    printer = LogPrinter(places, ["web", "beat"], lambda: started.append("all"), everything=False)
    for name, data in lines:
        printer.write(Message(type="line", data=data, time=NOW, name=name, colour=None))
    printer.close()
    return printer, started


def test_lines_go_to_the_log_and_only_trouble_to_the_screen(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    printed(places, [("web", b"GET / 200\n"), ("web", b"12:00 ERROR no such table\n"), ("beat", b"\xff tick\n")])
    assert places.log("web").read_bytes() == b"GET / 200\n12:00 ERROR no such table\n"
    assert places.log("beat").read_bytes() == b"\xff tick\n"
    screen = capsys.readouterr().out
    assert "no such table" in screen
    assert "GET" not in screen


def test_it_is_noticed_when_all_have_started_and_which_stopped(places: Places) -> None:
    system = SYSTEM_PRINTER_NAME
    printer, started = printed(places, [(system, "web started (pid=1)\n")])
    assert not started
    for line in ("beat started (pid=2)\n", "beat stopped (rc=1)\n"):
        printer.write(Message(type="line", data=line, time=NOW, name=system, colour=None))
    assert started == ["all"]
    assert printer.stopped == ["beat"]


def test_a_large_log_is_put_aside(places: Places) -> None:
    log = places.log("web")
    log.parent.mkdir()
    log.write_bytes(b"x" * (instance.LARGEST_LOG + 1))
    instance.open_log(places, "web").close()
    assert log.read_bytes() == b""
    assert log.with_suffix(".log.previous").exists()


def test_a_short_path_holds_its_own_socket(tmp_path: Path) -> None:
    preferred = tmp_path / "s"
    assert socket_directory(preferred, "s") == preferred
    assert stat.S_IMODE(preferred.stat().st_mode) == 0o700


def test_a_long_path_gets_a_short_private_folder_for_its_socket(tmp_path: Path) -> None:
    preferred = tmp_path / ("x" * 90) / ("y" * 90)
    chosen = socket_directory(preferred, ".s.PGSQL.5432.lock")
    try:
        assert chosen != preferred
        assert len(os.fsencode(chosen / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET_PATH
        assert stat.S_IMODE(chosen.stat().st_mode) == 0o700
        assert socket_directory(preferred, ".s.PGSQL.5432.lock") == chosen
        assert socket_directory(preferred / "z", ".s.PGSQL.5432.lock") != chosen
    finally:
        chosen.rmdir()
        other = socket_directory(preferred / "z", ".s.PGSQL.5432.lock")
        other.rmdir()


@pytest.mark.parametrize("content", ["", "no number", "999999999", "1\n/data\n"])
def test_a_stale_pid_file_names_no_server(tmp_path: Path, content: str) -> None:
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(content, encoding="ascii")
    assert process_of(pid_file, "postgres") is None
    assert process_of(tmp_path / "missing", "postgres") is None


def test_a_reused_process_id_is_not_mistaken_for_the_server(tmp_path: Path) -> None:
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
    assert process_of(pid_file, "postgres") is None
    assert process_of(pid_file, psutil.Process().name()) is not None
