"""The run of a file handed in, from one state to the next: made, started, cancelled, handed on, failed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from prevention.domain.imports import ImportState
from prevention.domain.intake.profile import profile_named
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.errors import Conflict, NotFound
from prevention.models.audit import AuditTag
from prevention.models.imports import ImportRun
from prevention.policies.imports import may_run_import
from prevention.queries.imports import import_run
from prevention.services.imports.source import OpenWork
from prevention.services.work import Work

#: How long a run counts as in hand after the last sign of life. A batch of rows takes a second, a long file's preview
#: gives a sign every thousand rows.
LEASE = timedelta(minutes=5)
_MOVING = [state for state in ImportState if state.is_moving]


def create_run(work: Work, *, agency_id: UUID, profile: str, file_name: str, stored_as: str) -> ImportRun:
    """Take note of a file handed in, and ask for its preview.

    Raises:
        Invalid: there is no such profile.
    """
    run = _new_run(work, agency_id, profile, file_name, ImportState.PREVIEWING)
    run.stored_as = stored_as
    hand_on(work, run)
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
    hand_on(work, run)
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
    run.state = ImportState.CANCELLING if running else ImportState.CANCELLED
    run.finished_at = None if running else work.now
    if running:
        hand_on(work, run)  # ends it even when the worker that had it is gone
    work.record(AuditTag.IMPORT_CANCELLED, run)
    return run


def expire_previews(work: Work, days: int) -> int:
    """Cancel the imports that nobody has started or cancelled for so many days; how many. Nothing of them was taken.

    What a file holds about people is not kept longer than it is needed (domain.md 4.7).
    """
    waiting = work.session.scalars(
        select(ImportRun)
        .where(
            ImportRun.state.in_([ImportState.PREVIEWING, ImportState.PREVIEWED]),
            ImportRun.created_at < work.now - timedelta(days=days),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for run in waiting:
        run.state, run.finished_at, run.preview = ImportState.CANCELLED, work.now, {}
        run.problem = f"Nobody started it within {days} days, so the file was removed. Hand it in again."
        work.record(AuditTag.IMPORT_CANCELLED, run)
    return len(waiting)


def hand_on(work: Work, run: ImportRun) -> None:
    """Hand a run to the workers for its next step, and lease it: while the lease lasts nobody hands it on again."""
    run.leased_until = work.now + LEASE
    if run.state is ImportState.PREVIEWING:
        work.emit("import.preview", run_id=run.id)
    else:
        work.emit("import.run", run_id=run.id)


def keep(work: Work, run_id: UUID) -> None:
    """Lengthen the lease of a run in hand."""
    work.session.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id)
        .values(leased_until=work.now + LEASE)
        .execution_options(synchronize_session=False)
    )


def resume(work: Work) -> int:
    """Hand on again the runs whose lease ran out: a worker, or the broker, lost them. How many there were.

    One that an operator carries at the command line is theirs: no worker has its file.
    """
    lost = work.session.scalars(
        select(ImportRun)
        .where(
            ImportRun.state.in_(_MOVING),
            ImportRun.stored_as != "",
            or_(ImportRun.leased_until.is_(None), ImportRun.leased_until <= work.now),
        )
        .order_by(ImportRun.created_at, ImportRun.id)
        .with_for_update(skip_locked=True)
    ).all()
    for run in lost:
        hand_on(work, run)
    return len(lost)


def note_reported(work: Work, run_id: UUID) -> str:
    """Keep that the actor took the refused rows out of the product as a file; the run's reference, to name the file.

    Raises:
        NotFound: there is no such run, or the actor may not see it.
    """
    run = import_run(work.session, work.actor, run_id).run
    work.record(AuditTag.IMPORT_REPORTED, run)
    return run.reference


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
