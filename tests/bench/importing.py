"""How long a file takes through the import, and how much memory: in a process of its own, into a fresh database."""

import cProfile
import csv
import multiprocessing
import resource
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import psutil
from sqlalchemy import event, select

from prevention.app import create_app
from prevention.demonstration.accounts import load_accounts
from prevention.demonstration.generator.extracts import ENCODINGS
from prevention.demonstration.generator.world import generate
from prevention.domain.account import SYSTEM
from prevention.domain.imports import ImportState, RowOutcome
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.extensions import current_session, db, disconnect
from prevention.models.agency import Agency
from prevention.models.imports import ImportRun
from prevention.services.gazetteer import load_addresses
from prevention.services.imports.running import run_import
from prevention.web.transactions import work_as
from tests.bench.environment import ROOT, fresh_database, machine, postgres, settings_for

SHARED = ROOT.parent / "shared" / "data" / "referrals"
SEED = 4000
TODAY = date(2026, 11, 22)
LONG = 100_000
_PROFILES = {"fire": "lfb", "ambulance": "las", "police": "mps"}
_MEGABYTE = 1024 * 1024


@dataclass(slots=True)
class Imported:
    """What one import took. ``memory`` is the resident size in bytes at ten points on the way."""

    name: str
    rows: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    statements: int = 0
    peak: int = 0
    memory: list[int] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """A row of the table."""
        rows = max(self.rows, 1)
        return (
            f"| {self.name} | {self.rows:,} | {self.seconds:.1f} s | {1000 * self.seconds / rows:.1f} ms "
            f"| {1000 * self.processor / rows:.1f} ms | {self.statements / rows:.1f} | {self.peak / _MEGABYTE:.0f} MB |"
        )


HEAD = """\
| file | rows | time | per row | Python's processor time per row | statements per row | peak memory |
|---|--:|--:|--:|--:|--:|--:|"""


def run(*, long_rows: int = 0, profile: Path | None = None) -> str:
    """Import the shared extracts (or generated ones), or one long file; the figures as Markdown."""
    if profile:
        profile.mkdir(parents=True, exist_ok=True)
    with postgres() as server, TemporaryDirectory() as folder:
        head = f"Machine: {machine(server)}.\n\n{HEAD}"
        gazetteer = Path(folder) / "gazetteer.csv"
        files = [_long_file(Path(folder), gazetteer, long_rows)] if long_rows else _files(Path(folder), gazetteer)
        done = []
        url = fresh_database(server, "bench_import")
        for name, path in files:
            done.append(_in_a_process(url, name, path, gazetteer, profile))
            print(done[-1].line, done[-1].outcomes, flush=True)
    total = Imported(
        "all",
        rows=sum(each.rows for each in done),
        seconds=sum(each.seconds for each in done),
        processor=sum(each.processor for each in done),
        statements=sum(each.statements for each in done),
        peak=max(each.peak for each in done),
    )
    lines = [each.line for each in done] + ([total.line] if len(done) > 1 else [])
    memory = "\n\nResident memory on the way, MB: " + ", ".join(f"{size // _MEGABYTE}" for size in done[0].memory)
    return "\n".join([head, *lines]) + (memory if long_rows else "")


def _files(folder: Path, gazetteer: Path) -> list[tuple[str, Path]]:
    """The shared extracts where there are any; else 4,000 generated referrals and their gazetteer."""
    if SHARED.is_dir():
        return [(name, SHARED / f"{name}.csv") for name in _PROFILES]
    world = generate(SEED, 4000, TODAY)
    extracts = world.write_extracts(folder)
    extracts.gazetteer.rename(gazetteer)
    return [("fire", extracts.fire), ("ambulance", extracts.ambulance), ("police", extracts.police)]


def _long_file(folder: Path, gazetteer: Path, rows: int) -> tuple[str, Path]:
    """One file of ``rows`` rows as the service that refers most writes it; its gazetteer beside it."""
    extracts = generate(SEED, 4 * rows, TODAY).write_extracts(folder)
    extracts.gazetteer.rename(gazetteer)
    name = max(_PROFILES, key=lambda each: extracts.rows[each])
    if extracts.rows[name] < rows:
        raise RuntimeError(f"only {extracts.rows[name]:,} rows were generated")
    path = folder / "long.csv"
    encoding = ENCODINGS[name]
    source = folder / f"{name}.csv"
    with source.open(encoding=encoding, newline="") as all_rows, path.open("w", encoding=encoding, newline="") as lines:
        csv.writer(lines).writerows(islice(csv.reader(all_rows), rows + 1))
    return name, path


def _in_a_process(url: str, name: str, path: Path, gazetteer: Path, profile: Path | None) -> Imported:
    """Import in a new process, so that its memory is its own."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_import, args=(theirs, url, name, path, gazetteer, profile))
    process.start()
    theirs.close()
    try:
        found: Imported = mine.recv()
    finally:
        process.join()
        mine.close()
    return found


def _import(answer: Connection, url: str, name: str, path: Path, gazetteer: Path, profile: Path | None) -> None:
    app = create_app(settings_for(url))
    found = Imported(name)
    with app.app_context():
        run_id = _prepare(name, gazetteer)
        event.listen(db.engine, "before_cursor_execute", lambda *_: _count(found))
        started, processor = time.perf_counter(), time.process_time()
        with _Watched() as watched, cProfile.Profile() if profile else nullcontext() as profiler:
            run_import(lambda: work_as(SYSTEM), run_id, lambda _stored_as: path.open("rb"))
        found.seconds, found.processor = time.perf_counter() - started, time.process_time() - processor
        if profiler and profile:
            profiler.dump_stats(profile / f"{name}.prof")
        found.memory = watched.ten_points()
        found.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        done = current_session().get_one(ImportRun, run_id, populate_existing=True)
        if done.state is not ImportState.FINISHED:
            raise RuntimeError(f"the import ended as {done.state.label}: {done.problem}")
        found.rows = done.done
        found.outcomes = {outcome.label: getattr(done, outcome.value.lower()) for outcome in RowOutcome}
    disconnect(app)
    answer.send(found)
    answer.close()


def _prepare(name: str, gazetteer: Path) -> UUID:
    with work_as(SYSTEM) as work:
        load_accounts(work)
        if gazetteer.exists():
            with gazetteer.open(encoding="utf-8", newline="") as lines:
                load_addresses(work, lines)
            gazetteer.unlink()
        run = ImportRun(
            reference=new_reference(ReferenceKind.IMPORT),
            agency_id=work.session.scalars(select(Agency.id).where(Agency.code == _PROFILES[name])).one(),
            created_at=work.now,
            profile=name,
            file_name=f"{name}.csv",
            stored_as=name,
            state=ImportState.QUEUED,
        )
        work.session.add(run)
    return run.id


def _count(found: Imported) -> None:
    found.statements += 1


class _Watched:
    """Notes the process's resident memory twice a second until the block is left."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def ten_points(self) -> list[int]:
        """The sizes at ten points evenly on the way."""
        last = len(self._sizes) - 1
        return [self._sizes[last * tenth // 10] for tenth in range(1, 11)] if last > 0 else []

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(0.5):
            self._sizes.append(process.memory_info().rss)
