"""Reads of imports: the list of runs, one run, its refused rows, and which agency a file is from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import Session, aliased

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState, RowOutcome
from prevention.errors import NotFound
from prevention.models.account import User
from prevention.models.agency import Agency
from prevention.models.imports import ImportRow, ImportRun
from prevention.policies.imports import may_see_outcomes, visible_imports

PAGE_SIZE = 20
_BATCH = 500
_OVER = [state for state in ImportState if state.is_over]


@dataclass(frozen=True, slots=True)
class RunKey:
    """Where a run stands in the list, newest first."""

    created_at: datetime
    run_id: UUID


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with the names of who handed it in, of the agency it is from, and of another agency that handed it in.

    ``tells_outcomes``: the actor may know what became of its rows, and not only how many there were and why some were
    refused.
    """

    run: ImportRun
    created_by: str
    agency: str
    handed_in_by: str
    tells_outcomes: bool

    @property
    def key(self) -> RunKey:
        """Where the run stands."""
        return RunKey(self.run.created_at, self.run.id)


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs and the key from which the next one is read; None where there is none."""

    rows: tuple[RunView, ...]
    following: RunKey | None


def import_runs(session: Session, actor: Actor, *, after: RunKey | None = None) -> RunPage:
    """Runs the actor may see, newest first."""
    statement = _runs(actor).order_by(ImportRun.created_at.desc(), ImportRun.id.desc()).limit(PAGE_SIZE + 1)
    if after is not None:
        statement = statement.where(tuple_(ImportRun.created_at, ImportRun.id) < tuple_(after.created_at, after.run_id))
    found = [_view(actor, *row) for row in session.execute(statement)]
    return RunPage(tuple(found[:PAGE_SIZE]), found[PAGE_SIZE - 1].key if len(found) > PAGE_SIZE else None)


def import_run(session: Session, actor: Actor, run_id: UUID) -> RunView:
    """One run.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    row = session.execute(_runs(actor).where(ImportRun.id == run_id)).one_or_none()
    if row is None:
        raise NotFound
    return _view(actor, *row)


def _runs(actor: Actor) -> Select[ImportRun, str | None, str, str | None]:
    other = aliased(Agency)
    return (
        select(ImportRun, User.name, Agency.name, other.name)
        .join(Agency, Agency.id == ImportRun.agency_id)
        .outerjoin(other, (other.id == ImportRun.handed_in_by_id) & (other.id != ImportRun.agency_id))
        .outerjoin(User, User.id == ImportRun.created_by)
        .where(visible_imports(actor))
    )


def _view(actor: Actor, run: ImportRun, created_by: str | None, agency: str, other: str | None) -> RunView:
    return RunView(run, created_by or "", agency, other or "", may_see_outcomes(actor, run).allowed)


def file_of_ended_run(session: Session, run_id: UUID) -> str:
    """The name under which the file of a run that is over is still kept; ``""`` when the run goes on or kept none."""
    run = session.get(ImportRun, run_id)
    return run.stored_as if run is not None and run.state.is_over else ""


def another_import_runs(session: Session, run_id: UUID) -> bool:
    """Whether some import other than ``run_id``, anybody's, is being carried out: a run that waits may wait for it."""
    running = select(ImportRun.id).where(
        ImportRun.id != run_id, ImportRun.state.in_([ImportState.RUNNING, ImportState.CANCELLING])
    )
    return bool(session.scalar(select(running.exists())))


def refused_rows(session: Session, run_id: UUID, limit: int) -> Sequence[ImportRow]:
    """The first refused rows of a run the caller has been let see, in the file's order."""
    return session.scalars(
        select(ImportRow)
        .where(ImportRow.run_id == run_id, ImportRow.outcome == RowOutcome.REFUSED)
        .order_by(ImportRow.number)
        .limit(limit)
    ).all()


def every_refused_row(session: Session, run_id: UUID) -> Iterator[Row[int, str, dict[str, str]]]:
    """Line, reason and original columns of every refused row, in the file's order; a batch at a time in memory."""
    last = -1
    while True:
        batch = session.execute(
            select(ImportRow.number, ImportRow.reason, ImportRow.original)
            .where(ImportRow.run_id == run_id, ImportRow.outcome == RowOutcome.REFUSED, ImportRow.number > last)
            .order_by(ImportRow.number)
            .limit(_BATCH)
        ).all()
        if not batch:
            return
        yield from batch
        last = batch[-1].number


def files_no_import_needs(session: Session, names: Sequence[str]) -> list[str]:
    """Which of the kept files belong to no import, or to one that has ended."""
    needed = select(ImportRun.stored_as).where(ImportRun.stored_as.in_(names), ImportRun.state.not_in(_OVER))
    still = set(session.scalars(needed))
    return [name for name in names if name not in still]


def senders_of_kind(session: Session, actor: Actor, kind: AgencyKind) -> list[Agency]:
    """Active agencies a file of ``kind`` may be from, the actor's own first, then by name."""
    found = session.scalars(select(Agency).where(Agency.active, Agency.kind == kind).order_by(Agency.name)).all()
    return sorted(found, key=lambda agency: agency.id != actor.agency_id)
