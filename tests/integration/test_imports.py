"""Importing a file: shown first, then row by row; cut off, doubled or cancelled, no row is lost or taken twice."""

import csv
import io
import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import psutil
import pytest
from celery.exceptions import Retry
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.adapters.files import FileStore
from prevention.demonstration.generator.world import generate
from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState
from prevention.domain.intake.rows import Row
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.imports import ImportRow, ImportRun
from prevention.models.notification import OutboxMessage
from prevention.models.referral import ProposedAmendment, Referral, ReferralAmendment
from prevention.services.imports import previewing, running
from prevention.services.imports.previewing import preview
from prevention.services.imports.running import run_import
from prevention.services.imports.runs import LEASE, cancel_run, create_run, give_up, queue_run, resume, start_run
from prevention.services.imports.source import Source
from prevention.services.work import Work
from prevention.settings import Settings
from prevention.tasks import imports as tasks
from prevention.tasks.failing import TaskFailed
from prevention.unit_of_work import GuardedSession, unit_of_work, utc_now
from tests.conftest import actor_of
from tests.support.arranging import Arranger
from tests.support.police_file import COLUMNS, file_of, line, some_rows

Open = Callable[[str], BinaryIO]
OpenWork = Callable[[], AbstractContextManager[Work]]


def opener(content: bytes) -> Open:
    return lambda _: io.BytesIO(content)


@pytest.fixture
def police(arrange: Arranger) -> Agency:
    arrange.agency(AgencyKind.FIRE)
    return arrange.agency(AgencyKind.POLICE)


@pytest.fixture
def open_work(session: GuardedSession) -> OpenWork:
    return lambda: unit_of_work(session, SYSTEM)


@pytest.fixture
def handed_in(session: GuardedSession, police: Agency) -> UUID:
    """A run whose file has been handed in."""
    with unit_of_work(session, SYSTEM) as work:
        return create_run(work, agency_id=police.id, profile="police", file_name="acn.csv", stored_as="f" * 32).id


def started(session: GuardedSession, run_id: UUID, open_file: Open) -> None:
    """Preview and start."""
    preview(lambda: unit_of_work(session, SYSTEM), run_id, open_file)
    with unit_of_work(session, SYSTEM) as work:
        start_run(work, run_id)


def state_of(rows: Session, run_id: UUID) -> ImportRun:
    rows.rollback()
    return rows.get_one(ImportRun, run_id)


def number_of(rows: Session, model: type) -> int:
    return rows.scalar(select(func.count()).select_from(model)) or 0


def counts(run: ImportRun) -> dict[str, int]:
    return {
        name: count
        for name in ("new", "joined", "review", "amended", "unchanged", "to_confirm", "refused")
        if (count := getattr(run, name))
    }


def test_a_preview_counts_and_keeps_nothing(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID
) -> None:
    again = line(1, merlin_ref="26ACN900")
    other = line(1, merlin_ref="26ACN901", first_name="TOM", last_name="OTHER", date_of_birth="1999-01-01")
    nobody = [cell if column == "merlin_ref" else "" for column, cell in zip(COLUMNS, line(5), strict=True)]
    preview(open_work, handed_in, opener(file_of(line(1), line(2), again, other, nobody)))
    run = state_of(rows, handed_in)
    assert run.state is ImportState.PREVIEWED
    assert run.total == 5
    found = run.preview
    assert (found["rows"], found["refused"], found["already_known"]) == (5, 1, 0)
    assert (found["tried"], found["tried_new"], found["tried_joined"], found["tried_review"]) == (5, 2, 1, 1)
    assert found["refused_examples"][0]["line"] == 6
    assert len(found["first_rows"]) == 5
    assert dict(found["mapping"])["source_ref"] == ["merlin_ref"]
    for model in (Referral, Case, ImportRow):
        assert number_of(rows, model) == 0
    assert rows.scalars(select(OutboxMessage.topic)).all() == ["import.preview"]


def test_a_run_goes_to_its_end_and_twice_changes_nothing(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID, police: Agency
) -> None:
    content = file_of(line(1), line(2), line(1, merlin_ref="26ACN900"), line(3, first_name="x" * 10_000))
    started(session, handed_in, opener(content))
    run_import(open_work, handed_in, opener(content))
    run = state_of(rows, handed_in)
    assert (run.state, run.done, run.total) == (ImportState.FINISHED, 4, 4)
    assert counts(run) == {"new": 2, "joined": 1, "refused": 1}
    assert run.started_at is not None
    assert run.finished_at is not None
    refused = rows.scalars(select(ImportRow)).one()
    assert refused.number == 5
    assert refused.reason
    assert refused.original["first_name"] == "x" * 10_000
    assert set(refused.original) == set(COLUMNS)
    before = number_of(rows, AuditEvent)
    run_import(open_work, handed_in, opener(content))  # delivered twice
    assert number_of(rows, AuditEvent) == before
    with unit_of_work(session, SYSTEM) as work:
        second = create_run(work, agency_id=police.id, profile="police", file_name="x", stored_as="x").id
    started(session, second, opener(content))
    run_import(open_work, second, opener(content))
    assert counts(state_of(rows, second)) == {"unchanged": 3, "refused": 1}
    assert state_of(rows, second).preview["already_known"] == 3
    assert number_of(rows, Referral) == 3


def test_a_changed_row_is_an_amendment(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID, police: Agency
) -> None:
    started(session, handed_in, opener(file_of(line(1), line(2))))
    run_import(open_work, handed_in, opener(file_of(line(1), line(2))))
    changed = file_of(line(1), line(2, circumstances="Alone, and now smoking in bed."))
    with unit_of_work(session, SYSTEM) as work:
        second = create_run(work, agency_id=police.id, profile="police", file_name="x", stored_as="x").id
    started(session, second, opener(changed))
    run_import(open_work, second, opener(changed))
    assert counts(state_of(rows, second)) == {"unchanged": 1, "amended": 1}


FULL = {"gender": "F", "uprn": "100010000377", "middle_names": "ANN", "role": "SUSPECT", "phone": "07700 900123"}


@pytest.fixture
def taken_in(session: GuardedSession, police: Agency, rows: Session, open_work: OpenWork) -> Callable[..., ImportRun]:
    """Takes a whole file in: the run at its end."""

    def take(content: bytes) -> ImportRun:
        with unit_of_work(session, SYSTEM) as work:
            run_id = create_run(work, agency_id=police.id, profile="police", file_name="x", stored_as="x").id
        started(session, run_id, opener(content))
        run_import(open_work, run_id, opener(content))
        return state_of(rows, run_id)

    return take


def without(content: list[str], *columns: str) -> list[str]:
    return [cell for name, cell in zip(COLUMNS, content, strict=True) if name not in columns]


def test_missing_columns_say_nothing_and_empty_cells_do(taken_in: Callable[..., ImportRun], rows: Session) -> None:
    first = line(1, circumstances="Police at the door. Do not contact by letter.", **FULL)
    assert counts(taken_in(file_of(first))) == {"new": 1}
    before = rows.scalars(select(Referral)).one().current_content
    gone = ("date_of_birth", "gender", "uprn", "role", "circumstances", "subject_informed", "middle_names", "grade")
    kept = tuple(column for column in COLUMNS if column not in gone)
    short = taken_in(file_of(without(first, *gone), columns=kept))
    assert counts(short) == {"unchanged": 1}
    assert short.preview["remarks"][0]["sentence"].startswith("grade, role, middle_names, date_of_birth, gender")
    assert "not in this file" in short.preview["remarks"][0]["sentence"]
    changed = without(line(1, **FULL | {"phone": "", "first_name": "EMMA"}), *gone)
    assert counts(taken_in(file_of(changed, columns=kept))) == {"amended": 1}
    assert counts(taken_in(file_of(changed, columns=kept))) == {"unchanged": 1}
    after = rows.scalars(select(Referral)).one().current_content
    assert after == before | {"person": before["person"] | {"phone": "", "first_name": "EMMA"}}
    blank = line(1, **FULL | {"phone": "", "first_name": "EMMA", "date_of_birth": ""})
    assert counts(taken_in(file_of(blank))) == {"amended": 1}
    assert rows.scalars(select(Referral)).one().current_content["person"]["dob"] == ""


def test_a_moved_home_does_not_keep_the_old_uprn(taken_in: Callable[..., ImportRun], rows: Session) -> None:
    taken_in(file_of(line(1, **FULL)))
    gone = ("uprn", "postcode")
    kept = tuple(column for column in COLUMNS if column not in gone)
    spelt = without(line(1, **FULL | {"address": line(1)[COLUMNS.index("address")].replace("Road", "Rd")}), *gone)
    taken_in(file_of(spelt, columns=kept))
    address = rows.scalars(select(Referral)).one().current_content["address"]
    assert (address["uprn"], bool(address["postcode"])) == (FULL["uprn"], True)
    moved = without(line(1, **FULL | {"address": "99 Elsewhere Street, London"}), *gone)
    assert counts(taken_in(file_of(moved, columns=kept))) == {"amended": 1}
    address = rows.scalars(select(Referral)).one().current_content["address"]
    assert (address["uprn"], address["postcode"]) == ("", "")


def test_a_reference_used_for_somebody_else_is_refused(taken_in: Callable[..., ImportRun], rows: Session) -> None:
    taken_in(file_of(line(1)))
    run = taken_in(file_of(line(2, merlin_ref="26ACN1")))
    assert counts(run) == {"refused": 1}
    refused = rows.scalars(select(ImportRow).where(ImportRow.run_id == run.id)).one()
    assert refused.reason == "This reference was used for somebody else before. Ask the sender which is right."
    assert rows.scalars(select(Referral)).one().amendments == []


def test_the_preview_counts_references_that_cannot_be_used(taken_in: Callable[..., ImportRun]) -> None:
    taken_in(file_of(line(1), line(2)))
    nobody = [cell if column == "merlin_ref" else "" for column, cell in zip(COLUMNS, line(9), strict=True)]
    found = taken_in(file_of(line(5, merlin_ref="26ACN1"), line(2), nobody, line(3))).preview
    assert (found["rows"], found["already_known"], found["refused"]) == (4, 1, 2)
    assert [(one["line"], one["column"]) for one in found["refused_examples"]] == [(2, "merlin_ref"), (4, "")]


def test_two_services_of_one_kind_each_have_their_own_numbers(
    taken_in: Callable[..., ImportRun], rows: Session, arrange: Arranger, session: GuardedSession, open_work: OpenWork
) -> None:
    taken_in(file_of(line(1), line(2)))
    other = arrange.agency(AgencyKind.POLICE)
    with unit_of_work(session, SYSTEM) as work:
        run_id = create_run(work, agency_id=other.id, profile="police", file_name="x", stored_as="x").id
    content = file_of(line(7, merlin_ref="26ACN1"), line(2, circumstances="Smoking in bed."), line(4))
    started(session, run_id, opener(content))
    run_import(open_work, run_id, opener(content))
    run = state_of(rows, run_id)
    assert (run.preview["already_known"], run.preview["refused"], run.refused, run.amended) == (0, 0, 0, 0)
    assert len(rows.scalars(select(Referral).where(Referral.source_ref == "26ACN1")).all()) == 2
    assert number_of(rows, ReferralAmendment) == 0


def test_one_reference_several_times_in_a_file(taken_in: Callable[..., ImportRun], rows: Session) -> None:
    content = file_of(
        line(1),
        line(2),
        line(1, circumstances="Smoking in bed."),
        line(8, merlin_ref="26ACN1"),
        line(1),
        line(1, circumstances="No smoke alarm."),
    )
    first = taken_in(content)
    assert counts(first) == {"new": 2, "amended": 2, "unchanged": 1, "refused": 1}
    assert (first.preview["refused"], first.preview["said_twice"]) == (1, 3), "the preview says what the run will do"
    assert first.preview["refused_examples"][0]["line"] == 5
    assert counts(taken_in(content)) == {"unchanged": 5, "refused": 1}, "the same file twice changes nothing"
    referral = rows.scalars(select(Referral).where(Referral.source_ref == "26ACN1")).one()
    assert referral.current_content["narrative"] == "No smoke alarm."
    assert counts(taken_in(file_of(line(1)))) == {"amended": 1}, "a later file may go back to what was said first"


def test_a_file_handed_in_for_another_agency_refuses_nothing_that_would_tell_who_is_known(
    taken_in: Callable[..., ImportRun],
    rows: Session,
    arrange: Arranger,
    session: GuardedSession,
    open_work: OpenWork,
    police: Agency,
) -> None:
    taken_in(file_of(line(1), line(2), line(3)))
    fire = arrange.user(arrange.agency(AgencyKind.FIRE), Role.COORDINATOR)
    with unit_of_work(session, actor_of(fire)) as work:
        run_id = create_run(work, agency_id=police.id, profile="police", file_name="x", stored_as="x").id
    content = file_of(line(1), line(2, circumstances="Smoking in bed."), line(7, merlin_ref="26ACN3"), line(4))
    started(session, run_id, opener(content))
    assert state_of(rows, run_id).preview["refused"] == 0
    run_import(open_work, run_id, opener(content))
    run = state_of(rows, run_id)
    assert (run.new, run.amended, run.unchanged, run.to_confirm, run.refused) == (1, 0, 1, 2, 0)
    assert rows.scalars(select(ReferralAmendment)).all() == []
    waiting = {one.referral.source_ref: one for one in rows.scalars(select(ProposedAmendment))}
    assert {reference: one.about_another for reference, one in waiting.items()} == {"26ACN2": False, "26ACN3": True}
    assert list(waiting["26ACN2"].original) == list(COLUMNS)


def test_cancelling_rings_for_a_worker_when_the_one_at_work_may_be_gone(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID
) -> None:
    started(session, handed_in, opener(some_rows(3)))
    with unit_of_work(session, SYSTEM) as work:
        work.session.get_one(ImportRun, handed_in).state = ImportState.RUNNING
    with unit_of_work(session, SYSTEM) as work:
        cancel_run(work, handed_in)
    assert rows.scalars(select(OutboxMessage.topic).order_by(OutboxMessage.id)).all()[-1] == "import.run"
    run_import(open_work, handed_in, opener(some_rows(3)))
    assert (state_of(rows, handed_in).state, number_of(rows, Referral)) == (ImportState.CANCELLED, 0)


@pytest.mark.parametrize("same", ["date_of_birth", "address", "first_name"])
def test_somebody_of_whom_something_stays_is_amended(
    taken_in: Callable[..., ImportRun], rows: Session, same: str
) -> None:
    taken_in(file_of(line(1)))
    keeps = {"address": ("address", "postcode"), "first_name": ("first_name", "last_name")}.get(same, (same,))
    values = {column: line(1)[COLUMNS.index(column)] for column in keeps}
    assert counts(taken_in(file_of(line(2, merlin_ref="26ACN1", **values)))) == {"amended": 1}


def test_a_cancel_after_the_worker_died_is_carried_out_by_the_next(
    session: GuardedSession, rows: Session, open_work: OpenWork, arrange: Arranger, handed_in: UUID
) -> None:
    content = some_rows(5)
    started(session, handed_in, opener(content))
    run = arrange.session.get_one(ImportRun, handed_in)
    run.state, run.done = ImportState.RUNNING, 2
    arrange.session.commit()
    with unit_of_work(session, SYSTEM) as work:
        assert cancel_run(work, handed_in).state is ImportState.CANCELLING
    run_import(open_work, handed_in, opener(content))
    assert state_of(rows, handed_in).state is ImportState.CANCELLED
    assert number_of(rows, Referral) == 0


def test_a_run_is_started_once_by_its_own_agency(
    session: GuardedSession, rows: Session, open_work: OpenWork, arrange: Arranger, handed_in: UUID, police: Agency
) -> None:
    stranger = actor_of(arrange.user(arrange.agency(AgencyKind.POLICE), Role.COORDINATOR))
    with pytest.raises(Conflict), unit_of_work(session, SYSTEM) as work:
        start_run(work, handed_in)  # not previewed yet
    preview(open_work, handed_in, opener(some_rows(1)))
    preview(open_work, handed_in, opener(some_rows(3)))  # delivered twice
    assert state_of(rows, handed_in).total == 1
    for step in (start_run, cancel_run):
        with pytest.raises(NotFound), unit_of_work(session, stranger) as work:
            step(work, handed_in)
    own = actor_of(arrange.user(police, Role.COORDINATOR))
    with unit_of_work(session, own) as work:
        start_run(work, handed_in)
    with pytest.raises(Conflict), unit_of_work(session, own) as work:
        start_run(work, handed_in)
    with unit_of_work(session, own) as work:
        cancel_run(work, handed_in)
    run_import(open_work, handed_in, opener(some_rows(1)))
    assert (state_of(rows, handed_in).state, number_of(rows, Referral)) == (ImportState.CANCELLED, 0)
    topics = Counter(rows.scalars(select(OutboxMessage.topic)))
    assert topics["import.run"] == 1
    started_by = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.IMPORT_STARTED)).one()
    assert started_by.user_id == own.user_id


def test_an_unknown_profile_is_refused(session: GuardedSession, police: Agency) -> None:
    with pytest.raises(Invalid), unit_of_work(session, SYSTEM) as work:
        create_run(work, agency_id=police.id, profile="coastguard", file_name="x.csv", stored_as="x")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \r\n \r\n", "empty"),
        (b"PK\x03\x04 a workbook", "spreadsheet"),
        (b"%PDF-1.7", "PDF"),
        (b"just some words\nand more", "does not look like"),
        (file_of(line(1), columns=("number", *COLUMNS[1:])), "merlin_ref"),
        (file_of(line(1)).replace(b"merlin_ref", b"merlin_ref\x00"), "NUL"),
        (b"x" * 1_100_000, "longer than"),
    ],
)
def test_a_file_no_row_can_be_read_from_fails_in_words(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID, content: bytes, words: str
) -> None:
    preview(open_work, handed_in, opener(content))
    run = state_of(rows, handed_in)
    assert run.state is ImportState.FAILED
    assert words in run.problem
    assert number_of(rows, Referral) == 0


def test_a_quotation_mark_that_is_never_closed_loses_its_own_row_only(
    taken_in: Callable[..., ImportRun], rows: Session
) -> None:
    broken = b'26ACN8,"never closed\r\n'
    run = taken_in(some_rows(2) + broken + some_rows(5).split(b"\r\n", 3)[3])
    assert (run.state, run.done, counts(run)["refused"]) == (ImportState.FINISHED, 6, 1)
    assert (run.preview["rows"], run.preview["refused"]) == (6, 1)
    assert number_of(rows, Referral) == 5
    refused = rows.scalars(select(ImportRow)).one()
    assert (refused.number, "never closed" in refused.reason) == (4, True)


def test_previews_nobody_starts_are_removed(
    app: Flask, settings: Settings, session: GuardedSession, rows: Session, police: Agency
) -> None:
    store = FileStore(settings.upload_folder)
    kept = [store.save(io.BytesIO(some_rows(1))) for _ in range(5)]
    long_ago = utc_now() - timedelta(days=settings.preview_days, minutes=1)
    for name in kept[:4]:
        os.utime(settings.upload_folder / name, (long_ago.timestamp(), long_ago.timestamp()))
    runs = []
    for name, moment in zip(kept[:3], (long_ago, long_ago, long_ago + timedelta(hours=1)), strict=True):
        with unit_of_work(session, SYSTEM, now=moment) as work:
            runs.append(create_run(work, agency_id=police.id, profile="police", file_name="x", stored_as=name).id)
        preview(lambda: unit_of_work(session, SYSTEM), runs[-1], store.open)
    with unit_of_work(session, SYSTEM) as work:
        start_run(work, runs[1])
    with app.app_context():
        assert tasks.expire_previews() == 2
        assert tasks.expire_previews() == 0
    states = [state_of(rows, run_id).state for run_id in runs]
    assert states == [ImportState.CANCELLED, ImportState.QUEUED, ImportState.PREVIEWED]
    expired = state_of(rows, runs[0])
    assert expired.problem == "Nobody started it within 7 days, so the file was removed. Hand it in again."
    assert expired.preview == {}, "nor are its first rows"
    there = {path.name for path in settings.upload_folder.iterdir()}
    assert there & set(kept) == {kept[1], kept[2], kept[4]}, "of the last, the import's row is still being written"


def test_a_nul_refuses_its_own_row_and_the_report_shows_where(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID
) -> None:
    content = file_of(line(1), line(2, circumstances="Al\x00one"), line(3))
    started(session, handed_in, opener(content))
    assert state_of(rows, handed_in).preview["refused"] == 1
    run_import(open_work, handed_in, opener(content))
    assert counts(state_of(rows, handed_in)) == {"new": 2, "refused": 1}
    refused = rows.scalars(select(ImportRow)).one()
    assert "a character no text has" in refused.reason
    assert refused.original["circumstances"] == "Al\u2400one"


HOSTILE = "<script>alert('x')</script>'; DROP TABLE referrals; -- =cmd|' /C calc'!A0 \u202e \u2028 ☂ {{7*7}} %s"


def test_html_and_sql_in_every_field_are_words_like_any_other(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID
) -> None:
    every = [[HOSTILE if column == at else cell for column, cell in zip(COLUMNS, line(n), strict=True)]
             for n, at in enumerate(COLUMNS, start=1)]  # fmt: skip
    content = file_of(*every, [HOSTILE] * len(COLUMNS))
    started(session, handed_in, opener(content))
    run_import(open_work, handed_in, opener(content))
    run = state_of(rows, handed_in)
    assert (run.state, run.done, run.refused) == (ImportState.FINISHED, len(COLUMNS) + 1, 0)
    kept = rows.scalars(select(Referral)).all()
    assert any(HOSTILE in referral.narrative for referral in kept)
    assert all(HOSTILE in referral.original.values() for referral in kept)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16", "latin-1"])
def test_another_encoding_is_read_all_the_same(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID, encoding: str
) -> None:
    content = file_of(line(1, first_name="Zoë"), line(2), encoding=encoding)
    started(session, handed_in, opener(content))
    run_import(open_work, handed_in, opener(content))
    names = {referral.original["first_name"] for referral in rows.scalars(select(Referral))}
    assert names == {"Zoë", "GRACE"}


@pytest.mark.parametrize(
    "values",
    [
        {"date_of_birth": "1950-02-31"},
        {"date_of_birth": "31/02/1950"},
        {"created_at": "2026-02-31T10:00:00"},
        {"created_at": "yesterday"},
        {"created_at": "9999-12-31T23:59:59"},
        {"date_of_birth": "0000-00-00"},
        {"phone": "9" * 400},
        {"uprn": "9" * 40},
        {"postcode": "ZZ99 3VZ", "address": ""},
        {"factors": "|||"},
        {"grade": "PURPLE"},
    ],
)
def test_a_row_with_a_value_that_cannot_be_is_received_all_the_same(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID, values: dict[str, str]
) -> None:
    content = file_of(line(1, **values))
    started(session, handed_in, opener(content))
    run_import(open_work, handed_in, opener(content))
    assert counts(state_of(rows, handed_in)) == {"new": 1}
    original = rows.scalars(select(Referral)).one().original
    assert {name: original[name] for name in values} == values


@pytest.mark.parametrize("column", ["merlin_ref", "first_name", "last_name", "address", "phone", "email"])
def test_ten_thousand_characters_refuse_their_row_alone(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID, column: str
) -> None:
    content = file_of(line(1), line(2, **{column: "y" * 10_000}), line(3))
    started(session, handed_in, opener(content))
    found = state_of(rows, handed_in).preview
    assert found["refused"] == 1
    assert found["refused_examples"][0]["column"] == column
    run_import(open_work, handed_in, opener(content))
    assert counts(state_of(rows, handed_in)) == {"new": 2, "refused": 1}
    reason = rows.scalars(select(ImportRow)).one().reason
    assert reason == found["refused_examples"][0]["reason"]
    assert reason.endswith(" must be 500 characters or fewer")
    assert not reason.startswith("This")


def test_a_received_date_still_to_come_is_now_with_a_remark(
    session: GuardedSession, rows: Session, open_work: OpenWork, handed_in: UUID
) -> None:
    content = file_of(line(1, created_at="2999-01-01T10:00:00"))
    started(session, handed_in, opener(content))
    remarks = state_of(rows, handed_in).preview["remarks"]
    assert [(remark["line"], remark["column"]) for remark in remarks] == [(2, "created_at")]
    assert "still to come" in remarks[0]["sentence"]
    run_import(open_work, handed_in, opener(content))
    referral = rows.scalars(select(Referral)).one()
    assert referral.received_at == referral.recorded_at
    assert referral.original["created_at"] == "2999-01-01T10:00:00"


def test_a_run_that_cannot_go_on_says_so(
    app: Flask, session: GuardedSession, rows: Session, handed_in: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise OSError("no space left on device")

    started(session, handed_in, opener(some_rows(1)))
    monkeypatch.setattr(tasks.running, "run_import", breaks)
    with app.app_context():
        monkeypatch.setattr(tasks.run_import, "retry", lambda **_: Retry())
        with pytest.raises(Retry):
            tasks.run_import(str(handed_in))
        assert state_of(rows, handed_in).state is ImportState.QUEUED
        tasks.run_import.push_request(retries=4)
        with pytest.raises(TaskFailed, match=r"^OSError at") as failed:
            tasks.run_import.run(str(handed_in))
        assert "no space" not in str(failed.value)
        tasks.run_import.pop_request()
    run = state_of(rows, handed_in)
    assert run.state is ImportState.FAILED
    assert "no space" not in run.problem
    give_up(lambda: unit_of_work(session, SYSTEM), handed_in)  # ended already: nothing changes
    assert state_of(rows, handed_in).finished_at == run.finished_at


def test_the_tasks_carry_a_kept_file_to_its_end(
    app: Flask, settings: Settings, session: GuardedSession, rows: Session, police: Agency
) -> None:
    stored_as = FileStore(settings.upload_folder).save(io.BytesIO(some_rows(3)))
    with unit_of_work(session, SYSTEM) as work:
        run_id = create_run(work, agency_id=police.id, profile="police", file_name="a.csv", stored_as=stored_as).id
    tasks.preview_import.apply(kwargs={"run_id": str(run_id), "message_id": "1"}).get()
    with unit_of_work(session, SYSTEM) as work:
        start_run(work, run_id)
    for _ in range(2):
        tasks.run_import.apply(kwargs={"run_id": str(run_id), "message_id": "2"}).get()
    assert counts(state_of(rows, run_id)) == {"new": 3}


@pytest.mark.parametrize("state", [ImportState.PREVIEWING, ImportState.QUEUED, ImportState.RUNNING])
def test_a_run_that_was_lost_is_handed_on_when_its_lease_has_run_out(
    session: GuardedSession, rows: Session, handed_in: UUID, state: ImportState
) -> None:
    """An emptied broker, or a worker that is gone: nothing else would ever take it up again."""
    with unit_of_work(session, SYSTEM) as work:
        work.session.get_one(ImportRun, handed_in).state = state
        begun = work.now
    asked = len(rows.scalars(select(OutboxMessage.topic)).all())
    for after, found in ((LEASE - timedelta(seconds=1), 0), (LEASE, 1), (LEASE, 0), (2 * LEASE, 1)):
        with unit_of_work(session, SYSTEM, now=begun + after) as work:
            assert resume(work) == found, after
    rows.rollback()
    topics = rows.scalars(select(OutboxMessage.topic).order_by(OutboxMessage.created_at)).all()[asked:]
    assert topics == ["import.preview" if state is ImportState.PREVIEWING else "import.run"] * 2


def test_a_run_that_is_over_shown_or_an_operators_is_never_handed_on(
    session: GuardedSession, open_work: OpenWork, handed_in: UUID, police: Agency
) -> None:
    content = some_rows(1)
    with unit_of_work(session, SYSTEM) as work:
        queue_run(work, agency_id=police.id, profile="police", file_name="by hand.csv")
        later = work.now + 2 * LEASE
    preview(open_work, handed_in, opener(content))
    with unit_of_work(session, SYSTEM, now=later) as work:
        assert resume(work) == 0
        start_run(work, handed_in)
    run_import(open_work, handed_in, opener(content))
    with unit_of_work(session, SYSTEM, now=later + 2 * LEASE) as work:
        assert resume(work) == 0


def test_a_run_in_hand_keeps_its_lease(
    session: GuardedSession, rows: Session, handed_in: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = datetime.now(UTC)
    clock = iter(begun + LEASE * step for step in range(100))

    def open_work() -> AbstractContextManager[Work]:
        return unit_of_work(session, SYSTEM, now=next(clock))

    monkeypatch.setattr(running, "BATCH", 1)
    content = some_rows(3)
    preview(open_work, handed_in, opener(content))
    with open_work() as work:
        start_run(work, handed_in)
    started_at = state_of(rows, handed_in).leased_until
    run_import(open_work, handed_in, opener(content))
    ended = state_of(rows, handed_in).leased_until
    assert started_at is not None
    assert ended is not None
    assert ended - started_at >= LEASE * 3


def test_twenty_thousand_rows_are_read_in_constant_memory(
    session: GuardedSession,
    rows: Session,
    open_work: OpenWork,
    handed_in: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every row is read and a few hundred are received; a whole file through the door is the bench's business."""
    extracts = generate(7, 6_000, date(2026, 9, 1)).write_extracts(tmp_path)
    long_file = tmp_path / "long.csv"
    copies = _repeat(extracts.police, long_file, 20_000)

    def open_file(_: str) -> BinaryIO:
        return long_file.open("rb")

    real, seen = running._take_batch, Counter[str]()

    def counted(open_work: OpenWork, run_id: UUID, done: int, batch: list[Row], source: Source) -> bool:
        seen["rows"] += len(batch)
        return done >= 50 or real(open_work, run_id, done, batch, source)

    monkeypatch.setattr(running, "_take_batch", counted)
    monkeypatch.setattr(previewing, "ROWS_TRIED", 50)
    process = psutil.Process()
    before = process.memory_info().rss
    started(session, handed_in, open_file)
    run_import(open_work, handed_in, open_file)
    grown = process.memory_info().rss - before
    run = state_of(rows, handed_in)
    assert run.preview["rows"] == seen["rows"] == copies >= 20_000
    assert run.total == 60
    assert grown < 60_000_000


def _repeat(source: Path, target: Path, at_least: int) -> int:
    """Write the rows of ``source`` over and over, each with a reference of its own; how many."""
    with source.open(encoding="utf-8", newline="") as lines:
        header, *once = csv.reader(lines)
    written = 0
    with target.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(header)
        while written < at_least:
            writer.writerows([f"{row[0]}-{written}", *row[1:]] for row in once)
            written += len(once)
    return written
