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


def prepare_database(places: Places, environment: Mapping[str, str], server: EmbeddedPostgres) -> None:
    """Bring the database up to date and, the first time, fill it.

    What an unfinished load left is emptied first; the database itself says that it is one, so a finished one never is.
    Raises SupervisorProblem when a step fails.
    """
    server.ensure_database(DATABASE)
    try:
        _prepare(places, environment)
    except LoadCutOff:
        print("The demonstration data was not loaded to its end before: emptying it and loading again …", flush=True)
        server.drop_database(DATABASE)
        shutil.rmtree(places.uploads, ignore_errors=True)
        server.ensure_database(DATABASE)
        _prepare(places, environment)


def _prepare(places: Places, environment: Mapping[str, str]) -> None:
    """Run `flask demonstration prepare`: its progress goes to the screen, its complaints to the log.

    Raises LoadCutOff when it asks to be tried again on an empty database, SupervisorProblem when it fails otherwise.
    """
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "demonstration", "prepare"]
    with open_log(places, "prepare") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
        try:
            process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode == os.EX_TEMPFAIL:
        raise LoadCutOff("Loading the demonstration data was cut off before.")
    if process.returncode != 0:
        log_path = places.log("prepare")
        raise SupervisorProblem(f"Preparing the database failed: {last_words(log_path)}; see {log_path}.")
