"""Rows of a file are taken some at a time: whatever happens in the middle, each is taken once and counted once."""

import io
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, BinaryIO
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from prevention.demonstration.generator.world import generate
from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState, RowOutcome
from prevention.errors import Conflict
from prevention.models.agency import Agency
from prevention.models.case import Case, ReferralLink
from prevention.models.imports import ImportRow, ImportRun
from prevention.models.match import MatchCandidate
from prevention.models.person import BlockingKey, HouseholdLink, PersonLink, PersonRecord
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.services.imports import running
from prevention.services.imports.running import BATCH, run_import
from prevention.services.imports.runs import cancel_run, queue_run
from prevention.services.locks import lock_words
from prevention.services.referrals import intake
from prevention.services.work import Work
from prevention.settings import Settings
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import empty
from tests.support.arranging import Arranger
from tests.support.police_file import COLUMNS, file_of, line, some_rows

#: Two whole batches and half of a third.
ROWS = 2 * BATCH + BATCH // 2

#: Takes a file in, as far as it gets.
TakeIn = Callable[[UUID, bytes], None]


@pytest.fixture
def police(arrange: Arranger) -> Agency:
    arrange.agency(AgencyKind.FIRE)
    return arrange.agency(AgencyKind.POLICE)


@pytest.fixture
def own_connections(settings: Settings, clean_database: None) -> Iterator[Engine]:
    engine = create_engine(settings.database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def queued(session: GuardedSession, police: Agency) -> UUID:
    """A police run that waits for a worker."""
    return queue(session, police.id, "police")


@pytest.fixture
def take_in(session: GuardedSession) -> TakeIn:
    return lambda run_id, content: run_import(lambda: unit_of_work(session, SYSTEM), run_id, opener(content))


def queue(session: GuardedSession, agency_id: UUID, profile: str) -> UUID:
    with unit_of_work(session, SYSTEM) as work:
        return queue_run(work, agency_id=agency_id, profile=profile, file_name=f"{profile}.csv").id


def opener(content: bytes) -> Callable[[str], BinaryIO]:
    return lambda _: io.BytesIO(content)


def run_of(rows: Session, run_id: UUID) -> ImportRun:
    rows.rollback()
    return rows.get_one(ImportRun, run_id)


def number_of(rows: Session, model: type) -> int:
    return rows.scalar(select(func.count()).select_from(model)) or 0


def counted(run: ImportRun) -> dict[str, int]:
    """The counters that moved; together they say what ``done`` says."""
    counts = {outcome.value.lower(): getattr(run, outcome.value.lower()) for outcome in RowOutcome}
    assert sum(counts.values()) == run.done
    return {name: count for name, count in counts.items() if count}


def when_it_has_a_case(monkeypatch: pytest.MonkeyPatch, happens: Callable[[int, Work, Referral], None]) -> None:
    """Let something happen each time a new row has its case; it is told how many that makes."""
    real, times = intake.acknowledge_referral, iter(range(1, 10_000))

    def meanwhile(work: Work, referral: Referral, case: Case) -> bool:
        happens(next(times), work, referral)
        return real(work, referral, case)

    monkeypatch.setattr(intake, "acknowledge_referral", meanwhile)


class Killed(BaseException):
    """The worker is gone, with no time to say so."""


@pytest.mark.parametrize("at", [1, 2, BATCH, BATCH + 1, 2 * BATCH + 3, ROWS])
def test_a_worker_killed_in_the_middle_leaves_whole_batches_and_another_goes_on(
    rows: Session, take_in: TakeIn, queued: UUID, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    def killed(times: int, _work: Work, _referral: Referral) -> None:
        if times == at:
            raise Killed

    with monkeypatch.context() as patched:
        when_it_has_a_case(patched, killed)
        with pytest.raises(Killed):
            take_in(queued, some_rows(ROWS))
    cut = run_of(rows, queued)
    assert (cut.state, cut.done) == (ImportState.RUNNING, (at - 1) // BATCH * BATCH)
    assert number_of(rows, Referral) == cut.done == sum(counted(cut).values())
    take_in(queued, some_rows(ROWS))
    run = run_of(rows, queued)
    assert (run.state, counted(run)) == (ImportState.FINISHED, {"new": ROWS})
    assert number_of(rows, Referral) == number_of(rows, Case) == ROWS


def test_a_row_refused_in_the_middle_takes_no_other_with_it(
    rows: Session, take_in: TakeIn, queued: UUID, session: GuardedSession, police: Agency
) -> None:
    take_in(queued, file_of(line(55, merlin_ref="26ACN7")))
    second = queue(session, police.id, "police")
    lines = [line(number) for number in range(1, BATCH + 1)]
    lines[3] = line(4, first_name="x" * 999)  # seen before anything is done
    take_in(second, file_of(*lines))  # row 7: seen when it is held against the referral of its reference
    run = run_of(rows, second)
    assert (run.state, counted(run)) == (ImportState.FINISHED, {"new": BATCH - 2, "refused": 2})
    refused = rows.scalars(select(ImportRow).order_by(ImportRow.number)).all()
    assert [row.number for row in refused] == [5, 8]
    assert refused[0].reason == "First name must be 500 characters or fewer"
    assert refused[1].reason.startswith("This reference was used for somebody else before")
    assert number_of(rows, Referral) == BATCH - 1


def test_one_reference_twice_in_a_batch_is_one_referral(rows: Session, take_in: TakeIn, queued: UUID) -> None:
    lines = [line(number) for number in range(1, 6)]
    changed = line(2, circumstances="Alone, and smokes in bed.")
    take_in(queued, file_of(*lines, lines[0], changed, line(6)))
    assert counted(run_of(rows, queued)) == {"new": 6, "unchanged": 1, "amended": 1}
    assert number_of(rows, Referral) == 6


def test_known_and_new_rows_in_one_batch(
    rows: Session, take_in: TakeIn, queued: UUID, session: GuardedSession, police: Agency
) -> None:
    take_in(queued, file_of(line(2), line(4)))
    second = queue(session, police.id, "police")
    home = {column: line(9)[COLUMNS.index(column)] for column in ("address", "postcode")}
    take_in(second, file_of(line(1), line(2), line(3), line(4, **home), line(9), line(5)))
    run = run_of(rows, second)
    assert counted(run) | {"new": 4, "review": 0} == {"new": 4, "review": 0, "unchanged": 1, "amended": 1}
    assert (run.new + run.review, number_of(rows, Premises)) == (4, 6)  # the home moved to is the next row's


@pytest.mark.parametrize(
    "problem", [Conflict("Somebody else changed this."), OperationalError("deadlock detected", None, Exception())]
)
def test_a_batch_that_meets_somebody_elses_change_is_taken_row_by_row(
    rows: Session, take_in: TakeIn, queued: UUID, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    met: list[int] = []

    def meets(times: int, _work: Work, _referral: Referral) -> None:
        met.append(times)
        if times in {7, 9}:  # in the batch, and once more when its second row is taken by itself
            raise problem

    when_it_has_a_case(monkeypatch, meets)
    take_in(queued, some_rows(ROWS))
    run = run_of(rows, queued)
    assert (run.state, counted(run)) == (ImportState.FINISHED, {"new": ROWS})
    assert number_of(rows, Referral) == ROWS
    assert len(met) == ROWS + 7 + 1


def test_a_row_the_database_cannot_keep_stops_the_run_after_the_rows_before_it(
    rows: Session, take_in: TakeIn, queued: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot_be_kept(_times: int, _work: Work, referral: Referral) -> None:
        if referral.source_ref == "26ACN9":
            raise IntegrityError("a rule of the database", None, Exception())

    when_it_has_a_case(monkeypatch, cannot_be_kept)
    with pytest.raises(IntegrityError):
        take_in(queued, some_rows(ROWS))
    run = run_of(rows, queued)
    assert (run.state, counted(run)) == (ImportState.RUNNING, {"new": 8})
    assert number_of(rows, Referral) == 8


def test_cancelling_in_the_middle_undoes_the_rows_in_hand(
    rows: Session, take_in: TakeIn, queued: UUID, own_connections: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(times: int, _work: Work, _referral: Referral) -> None:
        if times == BATCH + 4:
            with GuardedSession(own_connections) as other, unit_of_work(other, SYSTEM) as theirs:
                assert run_of(other, queued).done == BATCH  # it was seen to move
                cancel_run(theirs, queued)

    when_it_has_a_case(monkeypatch, cancelled)
    take_in(queued, some_rows(ROWS))
    run = run_of(rows, queued)
    assert (run.state, counted(run)) == (ImportState.CANCELLED, {"new": BATCH})
    assert run.finished_at is not None
    assert number_of(rows, Referral) == BATCH


@pytest.mark.parametrize("bad", [0, 3, ROWS])
def test_two_workers_at_once_never_take_a_row_twice(
    rows: Session, own_connections: Engine, queued: UUID, bad: int
) -> None:
    lines = [line(number, **({"first_name": "x" * 999} if number <= bad else {})) for number in range(1, ROWS + 1)]
    content = file_of(*lines)
    ready, problems = Barrier(2, timeout=30), list[BaseException]()

    def work_on() -> None:
        try:
            with GuardedSession(own_connections) as mine:
                ready.wait()
                run_import(lambda: unit_of_work(mine, SYSTEM), queued, opener(content))
        except BaseException as problem:  # noqa: BLE001 - shown below
            problems.append(problem)

    threads = [Thread(target=work_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    run = run_of(rows, queued)
    assert run.state is ImportState.FINISHED
    assert (run.new, run.refused, sum(counted(run).values())) == (ROWS - bad, bad, ROWS)
    assert (number_of(rows, Referral), number_of(rows, ImportRow)) == (ROWS - bad, bad)


def test_a_batch_waits_for_nobody_long_and_a_row_as_long_as_it_takes(
    take_in: TakeIn, queued: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than PostgreSQL takes to look for rings (a second): it is the batch that is given up, and nobody else."""
    waits: list[str] = []

    def look(times: int, work: Work, _referral: Referral) -> None:
        waits.append(work.session.scalar(text("SHOW lock_timeout")) or "")
        if times == 2:
            raise Conflict("Somebody else changed this.")

    when_it_has_a_case(monkeypatch, look)
    take_in(queued, some_rows(3))
    assert waits == ["500ms", "500ms", "0", "0", "0"]


def test_a_batch_gives_way_to_whoever_waits_for_it(rows: Session, own_connections: Engine, queued: UUID) -> None:
    """Somebody holds the home of a late row, and asks for that of an early one: a ring, which the batch leaves."""

    def import_them() -> None:
        with GuardedSession(own_connections) as mine:
            run_import(lambda: unit_of_work(mine, SYSTEM), queued, opener(some_rows(BATCH)))

    with GuardedSession(own_connections) as person:
        importer = Thread(target=import_them)
        with unit_of_work(person, SYSTEM) as work:
            lock_words(work, ["person:postcode:N7 7AB|1955-04-16"])  # row 15's
            importer.start()
            _until_somebody_waits(own_connections)
            lock_words(work, ["referral:police-merlin:26ACN1"])  # row 1's, which the batch holds
            assert run_of(person, queued).done == 0
        importer.join()
    run = run_of(rows, queued)
    assert (run.state, counted(run)) == (ImportState.FINISHED, {"new": BATCH})


def _until_somebody_waits(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(500):
            if connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one():
                return
            connection.exec_driver_sql("SELECT pg_sleep(0.02)")
        raise AssertionError("the batch did not wait")


def test_batches_leave_the_same_behind_as_rows_one_by_one(
    session: GuardedSession, rows: Session, engine: Engine, arrange: Arranger, tmp_path: Path
) -> None:
    """Two files of one small world, in which many rows speak of one another's people and homes."""
    extracts = generate(11, 240, date(2026, 9, 1)).write_extracts(tmp_path)
    left = []
    for size in (1, BATCH, 7):
        arrange.session.expunge_all()
        arrange.agency(AgencyKind.FIRE)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(running, "BATCH", size)
            for kind, profile in ((AgencyKind.AMBULANCE, "ambulance"), (AgencyKind.POLICE, "police")):
                run_id = queue(session, arrange.agency(kind).id, profile)
                content = getattr(extracts, profile).read_bytes()
                run_import(lambda: unit_of_work(session, SYSTEM), run_id, opener(content))
        left.append(picture(rows))
        empty(engine)
    one_by_one, *together = left
    assert min(map(len, one_by_one.values())) > 5
    for name, of_rows in one_by_one.items():
        for of_batches in together:
            assert of_batches[name] == of_rows, name


def picture(rows: Session) -> dict[str, set[Any]]:
    """What is left behind: which referrals are one case, person, household and home, and what waits to be settled."""
    rows.rollback()
    by_case = groups(rows, ReferralLink.case_id, ReferralLink.referral_id == Referral.id)
    whose = (PersonRecord.referral_id == Referral.id,)
    return {
        "cases": {(case.risk_level, case.borough_code, tuple(case.reasons), by_case[case.id])
                  for case in rows.scalars(select(Case))},
        "people": set(groups(rows, PersonLink.person_id, *whose, PersonLink.record_id == PersonRecord.id).values()),
        "homes": set(groups(rows, HouseholdLink.household_id, *whose,
                            HouseholdLink.record_id == PersonRecord.id).values()),
        "premises": {(home.uprn, home.address_key, home.address_text) for home in rows.scalars(select(Premises))},
        "keys": {(ref, key) for ref, key in rows.execute(
            select(Referral.source_ref, BlockingKey.key).where(*whose, BlockingKey.record_id == PersonRecord.id))},
        "review": {(ref, by_case[case_id], probability) for ref, case_id, probability in rows.execute(
            select(Referral.source_ref, MatchCandidate.case_id, MatchCandidate.p_same_person)
            .where(MatchCandidate.referral_id == Referral.id))},
    }  # fmt: skip


def groups(rows: Session, by: Any, *where: Any) -> dict[UUID, frozenset[str]]:
    """The references of the referrals that share each value of ``by``."""
    found = rows.execute(select(by, func.array_agg(Referral.source_ref)).where(*where).group_by(by))
    return {key: frozenset(refs) for key, refs in found}
