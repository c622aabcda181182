"""Brings the demonstration's database up to date and, the first time, fills it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from prevention.demonstration.instance import Places, SupervisorProblem, open_log
from prevention.demonstration.services import (
    EmbeddedPostgres,
    last_words,
)

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASE = "prevention"


class LoadCutOff(SupervisorProblem):
    """An earlier load of the demonstration data did not come to its end."""


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
