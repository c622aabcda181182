"""Tasks of the referrals row: previewing and running imports."""

from uuid import UUID

from celery import shared_task
from flask import current_app

from prevention.adapters.files import FileStore
from prevention.domain.account import SYSTEM
from prevention.extensions import current_session
from prevention.models.referral import ImportRun, ImportState
from prevention.services.referrals import importing
from prevention.web.transactions import work_as


@shared_task(name="referrals.preview_import")
def preview_import(run_id: str, message_id: str = "") -> None:  # noqa: ARG001 - every outbox task gets it
    """Read a file through and try out its first rows; a second delivery finds it done."""
    importing.preview(lambda: work_as(SYSTEM), UUID(run_id), _files().open)


@shared_task(name="referrals.run_import")
def run_import(run_id: str, message_id: str = "") -> None:  # noqa: ARG001 - every outbox task gets it
    """Carry an import to its end; a second delivery goes on where the first stopped, or does nothing."""
    importing.run_import(lambda: work_as(SYSTEM), UUID(run_id), _files().open)
    _forget_file(UUID(run_id))


def _forget_file(run_id: UUID) -> None:
    """Delete the file of a run that has ended: every row is in a referral or in the report (domain.md 4.7)."""
    run = current_session().get(ImportRun, run_id)
    if run is not None and run.state in {ImportState.FINISHED, ImportState.CANCELLED}:
        _files().delete(run.stored_as)


def _files() -> FileStore:
    return FileStore(current_app.extensions["settings"].upload_folder)
