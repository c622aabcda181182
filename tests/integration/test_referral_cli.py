"""``flask referrals import``: the same door from the command line; a dry run keeps nothing, a report hides nothing."""

import csv
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent
from prevention.models.case import Case
from prevention.models.imports import ImportRun
from prevention.models.notification import Message, OutboxMessage
from prevention.models.person import BlockingKey, Person
from prevention.models.premises import Premises
from prevention.models.referral import Referral
from prevention.services.locks import lock_words
from prevention.services.work import Work
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient
from tests.support.police_file import COLUMNS, file_of, line, some_rows

NOBODY = [cell if column == "merlin_ref" else "" for column, cell in zip(COLUMNS, line(8), strict=True)]


@pytest.fixture
def agencies(arrange: Arranger) -> None:
    for kind in (AgencyKind.FIRE, AgencyKind.POLICE):
        arrange.agency(kind)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acn.csv"
    path.write_bytes(file_of(line(1), line(2), line(1, merlin_ref="26ACN900"), NOBODY, line(4, email="=1+1" * 200)))
    return path


def run(app: Flask, *arguments: object) -> str:
    result = app.test_cli_runner().invoke(args=["referrals", "import", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


def number_of(rows: Session, model: type) -> int:
    rows.rollback()
    return rows.scalar(select(func.count()).select_from(model)) or 0


def test_a_dry_run_says_the_same_and_keeps_nothing(app: Flask, agencies: None, rows: Session, file: Path) -> None:
    said = run(app, file, "--profile", "police", "--dry-run")
    assert said.startswith("Would be received: 3\n")
    for model in (Referral, Case, Person, Premises, BlockingKey, AuditEvent, Message, OutboxMessage):
        assert number_of(rows, model) == 0
    done = run(app, file, "--profile", "police")
    assert done == said.replace("Would be received", "Received")
    assert "  New case: 2\n  Joined an open case: 1\n" in done
    assert "  Refused: 2" in done
    assert number_of(rows, Referral) == 3
    again = run(app, file, "--profile", "police")
    assert again.startswith("Received: 0\n")
    assert "  Unchanged: 3\n" in again
    assert number_of(rows, Referral) == 3


def test_the_report_has_reasons_and_the_original_columns_and_no_formula(
    app: Flask, agencies: None, file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "refused.csv"
    run(app, file, "--profile", "police", "--report", report)
    with report.open(encoding="utf-8-sig", newline="") as lines:
        header, *refused = csv.reader(lines)
    assert header == ["Reason refused", "Line in file", *COLUMNS]
    assert [row[1] for row in refused] == ["5", "6"]
    assert all(row[0] for row in refused)
    assert refused[0][2] == "26ACN8"
    assert refused[1][header.index("email")] == "'" + "=1+1" * 200
    assert not [cell for row in refused for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_report_that_cannot_be_written_is_said_before_anything_is_received(
    app: Flask, agencies: None, rows: Session, file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "nowhere" / "refused.csv"
    said = app.test_cli_runner().invoke(
        args=["referrals", "import", str(file), "--profile", "police", "--report", str(report)]
    )
    assert said.exit_code == 2
    assert "does not exist or cannot be written to" in said.output
    assert number_of(rows, Referral) == 0


def test_a_report_of_a_file_without_fault_is_empty(app: Flask, agencies: None, tmp_path: Path) -> None:
    good, report = tmp_path / "good.csv", tmp_path / "refused.csv"
    good.write_bytes(some_rows(2))
    run(app, good, "--profile", "police", "--dry-run", "--report", report)
    assert report.read_text(encoding="utf-8-sig").splitlines() == ["Reason refused,Line in file"]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (some_rows(1), ["--profile", "coastguard"], "coastguard"),
        (b"", ["--profile", "police"], "empty"),
        (b"a,b\n1,2\n", ["--profile", "police"], "does not look like"),
        (some_rows(1), ["--profile", "police", "--agency", "nobody"], "no active police agency"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(
    app: Flask, agencies: None, rows: Session, tmp_path: Path, content: bytes, arguments: list[str], words: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    result = app.test_cli_runner().invoke(args=["referrals", "import", str(file), *arguments])
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output
    assert number_of(rows, Referral) == 0


def test_a_broken_line_is_reported_and_the_rest_is_taken(
    app: Flask, agencies: None, rows: Session, tmp_path: Path
) -> None:
    path, report = tmp_path / "broken.csv", tmp_path / "refused.csv"
    path.write_bytes(file_of(line(1), NOBODY) + b'26ACN77,"never closed\r\n' + file_of(line(2)).split(b"\r\n", 1)[1])
    arguments = ["referrals", "import", str(path), "--profile", "police", "--report", str(report)]
    for options in (["--dry-run"], []):
        result = app.test_cli_runner().invoke(args=[*arguments, *options])
        assert result.exit_code == 0
        assert "eceived: 2" in result.output
        assert "Refused: 2" in result.output
        told = list(csv.reader(report.read_text(encoding="utf-8-sig").splitlines()))
        assert [line[1] for line in told[1:]] == ["3", "4"]
        assert "never closed" in told[2][0]
    found = rows.scalars(select(ImportRun)).one()
    assert (found.state, found.new, found.refused) == (ImportState.FINISHED, 2, 2)


def test_an_import_that_is_stopped_does_not_look_busy(
    app: Flask, agencies: None, rows: Session, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("prevention.cli.referrals.run_import", stopped)
    assert app.test_cli_runner().invoke(args=["referrals", "import", str(file), "--profile", "police"]).exit_code == 1
    assert rows.scalars(select(ImportRun)).one().state is ImportState.FAILED


def test_coordinators_find_an_operators_import_with_its_report(
    app: Flask, client: PageClient, agencies: None, rows: Session, arrange: Arranger, file: Path
) -> None:
    run(app, file, "--profile", "police")
    found = rows.scalars(select(ImportRun)).one()
    agency = arrange.session.get_one(Agency, found.agency_id)
    client.sign_in(arrange.user(agency, Role.COORDINATOR))
    words = client.page(f"/imports/{found.id}").main.get_text(" ", strip=True)
    assert "2 new cases 1 joined to open cases" in words
    assert "2 refused" in words
    assert client.post(f"/imports/{found.id}/report.csv").status_code == 200


def test_of_several_agencies_one_is_named(app: Flask, agencies: None, arrange: Arranger, tmp_path: Path) -> None:
    city = arrange.agency(AgencyKind.POLICE)
    file = tmp_path / "file.csv"
    file.write_bytes(some_rows(1))
    result = app.test_cli_runner().invoke(args=["referrals", "import", str(file), "--profile", "police"])
    assert result.exit_code == 1
    assert city.code in result.output
    assert "Received: 1" in run(app, file, "--profile", "police", "--agency", city.code)


def test_a_trial_holds_no_locks_others_would_wait_for(session: GuardedSession) -> None:
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        trial = Work(work.session, work.actor, work.now, trial=True)
        lock_words(trial, [f"word {number}" for number in range(10_000)])
        assert work.session.scalar(held) == 0
        lock_words(work, ["one", "two", "one"])
        assert work.session.scalar(held) == 2
        lock_words(work, [])


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_a_file_without_rows_is_an_error(app: Flask, agencies: None, tmp_path: Path, dry_run: tuple[str, ...]) -> None:
    path = tmp_path / "header.csv"
    path.write_bytes(file_of())
    result = app.test_cli_runner().invoke(args=["referrals", "import", str(path), "--profile", "police", *dry_run])
    assert result.exit_code == 1
    assert "The file has no rows" in result.output
