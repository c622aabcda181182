"""The run of a file handed in, from one state to the next: made, started, cancelled, failed."""

from uuid import UUID

from prevention.domain.imports import ImportState
from prevention.domain.intake.profile import profile_named
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.errors import Conflict, NotFound
from prevention.models.audit import AuditTag
from prevention.models.imports import ImportRun
from prevention.policies.imports import may_run_import
from prevention.services.imports.source import OpenWork
from prevention.services.work import Work


def create_run(work: Work, *, agency_id: UUID, profile: str, file_name: str, stored_as: str) -> ImportRun:
    """Take note of a file handed in, and ask for its preview.

    Raises:
        Invalid: there is no such profile.
    """
    run = _new_run(work, agency_id, profile, file_name, ImportState.PREVIEWING)
    run.stored_as = stored_as
    work.emit("import.preview", run_id=run.id)
    return run


def queue_run(work: Work, *, agency_id: UUID, profile: str, file_name: str) -> ImportRun:
    """Take note of a file that the caller carries through ``run_import`` itself, without a preview.

    Raises:
        Invalid: there is no such profile.
    """
    run = _new_run(work, agency_id, profile, file_name, ImportState.QUEUED)
    work.record(AuditTag.IMPORT_STARTED, run, profile=run.profile)
    return run


def _new_run(work: Work, agency_id: UUID, profile: str, file_name: str, state: ImportState) -> ImportRun:
    profile_named(profile)
    run = ImportRun(
        reference=new_reference(ReferenceKind.IMPORT),
        agency_id=agency_id,
        created_by=work.actor.user_id,
        handed_in_by_id=work.actor.agency_id,
        created_at=work.now,
        profile=profile,
        file_name=file_name[:200],
        stored_as="",
        state=state,
    )
    work.session.add(run)
    return run


def start_run(work: Work, run_id: UUID) -> ImportRun:
    """Start a previewed run: it waits for a worker.

    Raises:
        Conflict: it was started, cancelled or failed already.
    """
    run = _locked(work, run_id)
    if run.state is not ImportState.PREVIEWED:
        raise Conflict(f"This import is {run.state.label.lower()} already.")
    run.state = ImportState.QUEUED
    work.record(AuditTag.IMPORT_STARTED, run, profile=run.profile)
    work.emit("import.run", run_id=run.id)
    return run


def cancel_run(work: Work, run_id: UUID) -> ImportRun:
    """Cancel a run: one that is running stops without the rows in hand; rows already received stay.

    Raises:
        Conflict: it has ended already.
    """
    run = _locked(work, run_id)
    if run.state.is_over:
        raise Conflict(f"This import has {run.state.label.lower()} already.")
    running = run.state in {ImportState.RUNNING, ImportState.CANCELLING}
    if running:
        work.emit("import.run", run_id=run.id)  # ends it even when the worker that had it is gone
    run.state = ImportState.CANCELLING if running else ImportState.CANCELLED
    run.finished_at = None if running else work.now
    work.record(AuditTag.IMPORT_CANCELLED, run)
    return run


def give_up(open_work: OpenWork, run_id: UUID) -> None:
    """Say that a run, or its preview, stopped for a reason that is nobody's file; what was received stays."""
    fail(open_work, run_id, "Something went wrong on our side. Hand the file in again: no row is received twice.")


def fail(open_work: OpenWork, run_id: UUID, problem: str) -> None:
    """End a run because of ``problem``, a sentence for whoever handed the file in; one that is over stays as it is."""
    with open_work() as work:
        run = work.session.get_one(ImportRun, run_id, with_for_update=True)
        if run.state.is_over:
            return
        run.state = ImportState.FAILED
        run.problem = problem
        run.finished_at = work.now
        work.record(AuditTag.IMPORT_FINISHED, run, state=run.state.value)


def _locked(work: Work, run_id: UUID) -> ImportRun:
    run = work.session.get(ImportRun, run_id, with_for_update=True)
    if run is None:
        raise NotFound
    may_run_import(work.actor, run).require()
    return run
