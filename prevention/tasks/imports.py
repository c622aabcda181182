"""Tasks of the imports row: previewing a file, and running its import."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import UUID

from celery import Task, shared_task
from flask import current_app

from prevention.adapters.files import FileStore
from prevention.domain.account import SYSTEM
from prevention.extensions import current_session
from prevention.queries.imports import file_of_ended_run, files_no_import_needs
from prevention.services.imports import previewing, running, runs
from prevention.services.imports.source import OpenWork
from prevention.tasks.failing import TaskFailed
from prevention.web.transactions import work_as

#: Tries after the first, a little later each time: a database that restarts is back by then.
_RETRIES = 4
_FIRST_PAUSE_SECONDS = 5
#: Seconds after which a worker lets an import go, which goes on where it stopped when its lease has run out.
LONGEST_IMPORT = 3000
#: A file younger than this may be one that is being handed in: its import's row is written after it.
_BEING_HANDED_IN = timedelta(hours=1)

Step = Callable[[OpenWork, UUID, Callable[[str], BinaryIO]], None]


@shared_task(bind=True, name="imports.preview", max_retries=_RETRIES, time_limit=LONGEST_IMPORT)
def preview_import(self: Task[Any, Any], run_id: str, message_id: str = "") -> None:  # noqa: ARG001 - all get it
    """Read a file through and try out its first rows; a second delivery finds it done."""
    _carry(self, previewing.preview, UUID(run_id))


@shared_task(bind=True, name="imports.run", max_retries=_RETRIES, time_limit=LONGEST_IMPORT)
def run_import(self: Task[Any, Any], run_id: str, message_id: str = "") -> None:  # noqa: ARG001 - all get it
    """Carry an import to its end; a second delivery goes on where the first stopped, or does nothing."""
    _carry(self, running.run_import, UUID(run_id))


@shared_task(name="imports.resume", ignore_result=True)
def resume() -> int:
    """Hand on again what a worker or the broker lost; how many runs. Safe to run many times at once."""
    with work_as(SYSTEM) as work:
        return runs.resume(work)


@shared_task(name="imports.expire_previews", ignore_result=True)
def expire_previews() -> int:
    """Cancel imports that wait too long to be started, and delete every file that no import needs; how many files.

    The latter are left behind by a process that ended between an import's end and its file's.
    """
    with work_as(SYSTEM) as work:
        runs.expire_previews(work, current_app.extensions["settings"].preview_days)
        long_ago = work.now - _BEING_HANDED_IN
    over = files_no_import_needs(current_session(), _files().kept_since_before(long_ago))
    for name in over:
        _files().delete(name)
    return len(over)


def _files() -> FileStore:
    return FileStore(current_app.extensions["settings"].upload_folder)


def _forget_file(run_id: UUID) -> None:
    """Delete the file of a run that has ended: every row is in a referral or in the report (domain.md 4.7).

    One that failed has to be handed in again. What was imported from the command line was never kept.
    """
    stored_as = file_of_ended_run(current_session(), run_id)
    if stored_as:
        _files().delete(stored_as)


def _carry(task: Task[Any, Any], step: Step, run_id: UUID) -> None:
    """Take a step, and try again later when it broke off: a run never looks busy with nobody at work on it."""
    try:
        step(lambda: work_as(SYSTEM), run_id, _files().open)
    except Exception as problem:  # noqa: BLE001 - whatever it was, it is tried again; its words may quote a row
        failed = TaskFailed.by(problem)
    else:
        _forget_file(run_id)
        return
    if task.request.retries >= _RETRIES:
        runs.give_up(lambda: work_as(SYSTEM), run_id)
        _forget_file(run_id)
        raise failed
    raise task.retry(exc=failed, countdown=_FIRST_PAUSE_SECONDS * 2**task.request.retries)
