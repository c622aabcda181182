"""Importing through the pages: hand in, preview, start, watch, cancel, report."""

import csv
import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.adapters.files import FileStore
from prevention.demonstration.generator.world import generate
from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState, RowOutcome
from prevention.domain.intake.profile import profile_named
from prevention.domain.spreadsheet import safe_cell
from prevention.domain.suggestions import handling
from prevention.models.account import User
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.imports import ImportRow, ImportRun
from prevention.models.referral import Referral
from prevention.policies.imports import may_run_import, visible_imports
from prevention.services.imports import previewing, running
from prevention.services.work import Work
from prevention.settings import Settings
from prevention.tasks.imports import preview_import, run_import
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient, as_id

HEADER = ",".join(profile_named("ambulance").columns)
ROWS = (
    'CAD1,12-Oct-26,0930,"OKORO, Joan",01/02/1950,76,F,,"14 Harrow Street, London",NW1 0AA,,,Hoarding,Boxes,Yes,A101',
    'CAD2,31-Feb-26,0930,"LANE, Sam",31/02/1950,,M,,"16 Harrow Street, London",NW1 0AA,,,Falls,"=1+1",No,A101',
    "CAD3,12-Oct-26,0930,,,,,,,,,,Hoarding,Nobody and nowhere,,",
)
FILE = "\r\n".join([HEADER, *ROWS]).encode()


@pytest.fixture
def coordinator(arrange: Arranger, client: PageClient) -> User:
    """An ambulance coordinator, signed in; a fire agency owns what comes in."""
    arrange.agency(AgencyKind.FIRE)
    user = arrange.user(arrange.agency(AgencyKind.AMBULANCE), Role.COORDINATOR)
    client.sign_in(user)
    return user


def _hand_in(client: PageClient, content: bytes = FILE, name: str = "extract.csv", **fields: str) -> Any:
    data = {"profile": "find-out", "file": (io.BytesIO(content), name), **fields}
    return client.post("/imports/new", data=data, content_type="multipart/form-data")


def _page(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "html5lib")


@pytest.fixture
def worker(session: GuardedSession, settings: Settings) -> Callable[[str, UUID], None]:
    """Does what a worker does: ``preview`` or ``run_import`` of a run."""

    def open_work() -> AbstractContextManager[Work]:
        return unit_of_work(session, SYSTEM)

    def work(what: str, run_id: UUID) -> None:
        step = {"preview": previewing.preview, "run_import": running.run_import}[what]
        step(open_work, run_id, FileStore(settings.upload_folder).open)

    return work


def test_a_file_from_choosing_it_to_its_report(
    client: PageClient, coordinator: User, worker: Callable[[str, UUID], None], rows: Session
) -> None:
    client.page("/imports/new")
    where = str(_hand_in(client).location)
    run_id = as_id(where)
    page = client.page(where)
    assert page.select_one("[data-progress-url]") is not None
    assert client.get(f"{where}/progress").json["state"] == "previewing"
    worker("preview", run_id)
    assert client.get(f"{where}/progress").json["state"] == "done"
    page = client.page(where)
    words = page.main.get_text(" ", strip=True)
    assert "3 rows can be read" in words
    assert "neither who nor where" in words
    assert "2 new" in words
    headings = [cell.get_text() for cell in page.select("table")[-1].select("thead th")]
    assert headings == list(profile_named("ambulance").columns), "the sender's own order"
    assert rows.scalar(select(func.count()).select_from(Referral)) == 0
    assert client.post(f"{where}/start").status_code == 302
    assert client.get(f"{where}/progress").json["state"] == "queued"
    worker("run_import", run_id)
    assert client.get(f"{where}/progress").json["state"] == "done"
    words = client.page(where).main.get_text(" ", strip=True)
    assert "Received 2" in words
    assert "Finished" in words
    assert "“31-Feb-26 0930” is not a date and time that can be read" in words
    client.page("/imports/")


def test_the_report_has_the_reason_and_the_senders_own_columns_and_no_formulas(
    client: PageClient, coordinator: User, arrange: Arranger, rows: Session
) -> None:
    run = _run(arrange, coordinator, state=ImportState.FINISHED, done=1, refused=1)
    cells = {"CAD": "=cmd()", "Crew Notes": "+44 20", "Patient Name": "\tx", "Location": "@SUM(A1)", "Extra": "-1"}
    arrange.save(ImportRow(run_id=run.id, number=4, outcome=RowOutcome.REFUSED, reason="=Bad", original=cells))
    response = client.post(f"/imports/{run.id}/report.csv")
    text = response.get_data().decode("utf-8-sig")
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    for cell in ("'=Bad", "'=cmd()", "'+44 20", "'\tx", "'@SUM(A1)", "'-1"):
        assert cell in text
    tags = rows.scalars(select(AuditEvent.tag)).all()
    assert AuditTag.IMPORT_REPORTED in tags


@pytest.mark.parametrize("name", ["fire", "ambulance", "police"])
def test_the_report_gives_each_shape_back_as_it_came(
    client: PageClient, arrange: Arranger, worker: Callable[[str, UUID], None], rows: Session, name: str
) -> None:
    """Refused rows of the three real shapes: columns in order, cells word for word, and fit to be imported again."""
    profile = profile_named(name)
    agencies = {kind: arrange.agency(kind) for kind in (AgencyKind.FIRE, profile.agency_kind)}
    client.sign_in(arrange.user(agencies[profile.agency_kind], Role.COORDINATOR))
    header, good = _shape(name)
    long = [cell if column != profile.fields["source_ref"].columns[0] else f"{cell}-" + "x" * 600
            for column, cell in zip(header, good, strict=True)]  # fmt: skip
    text = io.StringIO()
    csv.writer(text).writerows([header, good, long, [*good, "=over", "end"]])
    where = _through(client, worker, text.getvalue().encode(profile.encodings[0]))
    response = client.post(f"{where}/report.csv")
    assert response.get_data().startswith("\ufeff".encode())
    report = response.get_data().decode("utf-8-sig")
    columns, *refused = csv.reader(io.StringIO(report))
    assert columns == ["Reason refused", "Line in file", *header]
    assert [row[1] for row in refused] == ["3", "4"]
    assert [row[2:] for row in refused] == [
        [safe_cell(cell) for cell in row] for row in (long, [*good, "=over", "end"])
    ]
    with_names = client.page(where).main.get_text(" ", strip=True)
    assert "500 characters or fewer" in with_names
    mended = report.replace("-" + "x" * 600, "-2")
    again = _through(client, worker, mended.encode())
    assert "1 refused" in client.page(again).main.get_text(" ", strip=True)
    columns, _ = csv.reader(io.StringIO(client.post(f"{again}/report.csv").get_data().decode("utf-8-sig")))
    assert columns == ["Reason refused", "Line in file", *header], "what the report added is there once"
    people = [referral.current_content["person"] for referral in rows.scalars(select(Referral))]
    assert people[0] == people[1], "the guard against formulas is no part of what the sender said"


def _shape(name: str) -> tuple[list[str], list[str]]:
    """The first line and a row of the shared extract, or of the product's own where it is not there.

    A row that asks for a confidential address has a report of its own kind.
    """
    shared = Path(__file__).parents[3] / "shared" / "data" / "referrals" / f"{name}.csv"
    profile = profile_named(name)
    if shared.exists():
        text = shared.read_bytes().decode("utf-8-sig" if name != "ambulance" else "cp1252")
    else:
        with TemporaryDirectory() as folder:
            text = getattr(generate(7, 30, date(2026, 9, 1)).write_extracts(Path(folder)), name).read_text(
                encoding=profile.encodings[0]
            )
    header, *lines = csv.reader(io.StringIO(text))
    return header, next(line for line in lines if not any(handling(cell).confidential_address for cell in line))


def _run(arrange: Arranger, user: User, **values: Any) -> ImportRun:
    columns = {"CAD": "", "Patient Name": "", "Location": "", "Crew Notes": ""}
    usual: dict[str, Any] = {
        "reference": f"I-{len(values):04}-{id(values) % 10000:04}",
        "agency_id": user.memberships[0].agency_id,
        "created_by": user.id,
        "created_at": NOW,
        "profile": "ambulance",
        "file_name": "extract.csv",
        "stored_as": "0" * 32,
        "state": ImportState.PREVIEWED,
        "preview": {"first_rows": [columns]},
    }
    return arrange.save(ImportRun(**usual | values))


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.csv", "empty"),
        (b"   \r\n", "a.csv", "empty"),
        (b"PK\x03\x04rest", "a.xlsx", "spreadsheet or a zip"),
        (b"%PDF-1.4", "a.pdf", "PDF"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.csv", "NUL"),
        (b"Name,Street\r\nJoan,Harrow\r\n", "a.csv", "fit no kind of file"),
        (HEADER.encode(), "a.csv", "no rows below"),
    ],
)
def test_a_wrong_file_is_said_beside_the_field(
    client: PageClient, coordinator: User, content: bytes, name: str, says: str, rows: Session
) -> None:
    page = _page(_hand_in(client, content, name))
    assert says in page.select_one("#file-error").get_text()
    assert rows.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_no_file_at_all(client: PageClient, coordinator: User) -> None:
    page = _page(client.post("/imports/new", data={"profile": "find-out", "file": "not a file"}))
    assert "Choose a file" in page.select_one("#file-error").get_text()


def test_missing_columns_are_named(client: PageClient, coordinator: User) -> None:
    content = FILE.replace(b"Patient Name,", b"").replace(b"Concerns,", b"")
    page = _page(_hand_in(client, content, profile="ambulance"))
    assert "“Patient Name”, “Concerns”" in page.select_one("#file-error").get_text()
    words = _page(_hand_in(client, content)).select_one("#file-error").get_text()
    assert "This looks like “Ambulance crew e-referrals”. Missing from the first line: “Patient Name”" in words


def test_a_wrong_kind_is_said_with_the_right_one(client: PageClient, coordinator: User) -> None:
    page = _page(_hand_in(client, profile="police"))
    assert "look like “Ambulance crew e-referrals”" in page.select_one("#profile-error").get_text()


def test_a_file_too_large(client: PageClient, coordinator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prevention.blueprints.imports.reading.LARGEST_FILE", 100)
    page = _page(_hand_in(client))
    assert "50 MB or smaller" in page.select_one("#file-error").get_text()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_encoding_comes_in(
    client: PageClient, coordinator: User, worker: Callable[[str, UUID], None], encoding: str
) -> None:
    content = FILE.decode().replace("OKORO", "Ñúñez’s").encode(encoding)
    where = str(_hand_in(client, content).location)
    worker("preview", as_id(where))
    assert "3 rows can be read" in client.page(where).main.get_text(" ", strip=True)


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "<script>alert(1)</script>.csv", "a\x00b.csv", "x" * 5000])
def test_a_hostile_file_name_is_only_words(
    client: PageClient, coordinator: User, name: str, settings: Settings, rows: Session
) -> None:
    where = str(_hand_in(client, name=name).location)
    assert "<script>alert" not in client.get(where).get_data(as_text=True)
    run = rows.scalars(select(ImportRun)).one()
    assert "/" not in run.file_name
    assert len(run.file_name) <= 200
    assert (settings.upload_folder / run.stored_as).is_file()


def test_starting_twice_and_cancelling(client: PageClient, coordinator: User, arrange: Arranger, rows: Session) -> None:
    run = _run(arrange, coordinator)
    for _ in range(2):
        assert client.post(f"/imports/{run.id}/start").status_code == 302
    assert "already" in client.page(f"/imports/{run.id}").get_text()
    client.post(f"/imports/{run.id}/cancel")
    assert rows.get_one(ImportRun, run.id).state is ImportState.CANCELLED
    client.page(f"/imports/{run.id}")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (ImportState.RUNNING, "Waiting for another import to finish"),
        (ImportState.CANCELLING, "Waiting for another import to finish"),
        (ImportState.PREVIEWING, "Waiting for its turn"),
        (ImportState.FINISHED, "Waiting for its turn"),
    ],
)
def test_a_run_says_that_it_waits_for_another(
    client: PageClient, coordinator: User, arrange: Arranger, other: ImportState, words: str
) -> None:
    _run(arrange, coordinator, state=other, created_by=None)
    run = _run(arrange, coordinator, state=ImportState.QUEUED)
    assert words in client.page(f"/imports/{run.id}").main.get_text(" ", strip=True)
    assert client.get(f"/imports/{run.id}/progress").json["words"] == words


def test_a_file_is_kept_no_longer_than_its_import(
    app: Flask, client: PageClient, coordinator: User, settings: Settings, rows: Session
) -> None:
    for ending in ("cancel", "start"):
        where = str(_hand_in(client).location)
        run = rows.get_one(ImportRun, as_id(where))
        with app.app_context():
            preview_import(str(run.id))
            assert (settings.upload_folder / run.stored_as).is_file()
            client.post(f"{where}/{ending}")
            run_import(str(run.id))
        assert not (settings.upload_folder / run.stored_as).exists()


@pytest.mark.parametrize("state", ImportState)
def test_every_state_has_its_page(client: PageClient, coordinator: User, arrange: Arranger, state: ImportState) -> None:
    counts = ("rows", "refused", "already_known", "said_twice", "tried", "tried_new", "tried_joined", "tried_review")
    lists = ("mapping", "first_rows", "refused_examples", "remarks")
    empty: dict[str, Any] = {**dict.fromkeys(counts, 0), **{name: [] for name in lists}, "encoding": ""}
    run = _run(arrange, coordinator, state=state, preview=empty, problem="<b>This file is empty.</b>")
    page = client.page(f"/imports/{run.id}")
    assert page.select_one("main b") is None


def test_another_kind_of_file_is_a_new_import_of_the_same_file(
    client: PageClient, coordinator: User, worker: Callable[[str, UUID], None], rows: Session
) -> None:
    where = str(_hand_in(client).location)
    worker("preview", as_id(where))
    page = _page(client.post(f"{where}/profile", data={"profile": "police"}))
    assert "not those of" in page.select_one("#profile-error").get_text()
    assert rows.scalar(select(func.count()).select_from(ImportRun)) == 1


def test_a_fire_coordinator_hands_in_the_ambulance_services_file(
    client: PageClient, coordinator: User, arrange: Arranger, worker: Callable[[str, UUID], None], rows: Session
) -> None:
    client.post("/sign-out")
    fire = arrange.user(arrange.agency(AgencyKind.FIRE), Role.COORDINATOR)
    client.sign_in(fire)
    where = str(_hand_in(client).location)
    run = rows.scalars(select(ImportRun)).one()
    assert run.agency_id == coordinator.memberships[0].agency_id
    worker("preview", run.id)
    assert client.post(f"{where}/start").status_code == 302


#: Words that tell whether a home, a person or a reference was known before.
TELLING = ("came in before", "joined", "review", "unchanged", "amended", "to confirm", "new")


def test_who_hands_in_another_services_file_does_not_learn_who_is_known(
    client: PageClient, coordinator: User, arrange: Arranger, worker: Callable[[str, UUID], None], rows: Session
) -> None:
    _through(client, worker, FILE)
    client.post("/sign-out")
    fire = arrange.agency(AgencyKind.FIRE, name="Otherwhere Fire Service")
    client.sign_in(arrange.user(fire, Role.COORDINATOR))
    where = str(_hand_in(client, FILE.replace(b"Boxes", b"Ashtrays")).location)
    worker("preview", as_id(where))
    preview_words = client.page(where).main.get_text(" ", strip=True)
    client.post(f"{where}/start")
    moving = client.get(f"{where}/progress").json["words"]
    worker("run_import", as_id(where))
    report_words = client.page(where).main.get_text(" ", strip=True)
    progress_words = client.get(f"{where}/progress").json["words"]
    listed = client.page("/imports/").main.get_text(" ", strip=True)
    agency = coordinator.memberships[0].agency.name
    assert f"2 taken in for {agency}" in report_words
    assert "neither who nor where" in report_words
    for words in (preview_words, moving, report_words, progress_words, listed):
        assert not [word for word in TELLING if re.search(rf"\b{word}\b", words, re.IGNORECASE)], words
    client.post("/sign-out")
    client.sign_in(coordinator)
    words = client.page(where).main.get_text(" ", strip=True)
    assert "1 unchanged" in words
    assert "1 to confirm" in words
    assert "Otherwhere Fire Service" in words, "who handed it in"


def _through(client: PageClient, worker: Callable[[str, UUID], None], content: bytes) -> str:
    """Hand in, start, and carry to the end; its page's address."""
    where = str(_hand_in(client, content).location)
    worker("preview", as_id(where))
    client.post(f"{where}/start")
    worker("run_import", as_id(where))
    return where


def test_several_services_of_a_kind_must_be_told_apart(
    client: PageClient, coordinator: User, arrange: Arranger, rows: Session
) -> None:
    client.post("/sign-out")
    second = arrange.agency(AgencyKind.AMBULANCE)
    fire_agency = arrange.agency(AgencyKind.FIRE)
    client.sign_in(arrange.user(fire_agency, Role.COORDINATOR))
    assert "Choose which ambulance service" in _page(_hand_in(client)).select_one("#agency-error").get_text()
    wrong = _hand_in(client, agency=str(fire_agency.id))
    assert "Choose a service of the kind" in _page(wrong).select_one("#agency-error").get_text()
    _hand_in(client, agency=str(second.id))
    assert rows.scalars(select(ImportRun)).one().agency_id == second.id


def test_others_do_not_know_of_an_import(client: PageClient, coordinator: User, arrange: Arranger) -> None:
    run = _run(arrange, coordinator)
    client.post("/sign-out")
    client.sign_in(arrange.user(arrange.agency(AgencyKind.POLICE), Role.COORDINATOR))
    client.page(f"/imports/{run.id}", status=404)
    for action in ("start", "cancel", "report.csv", "profile"):
        assert client.post(f"/imports/{run.id}/{action}").status_code == 404
    assert "Nothing was imported yet" in client.page("/imports/").main.get_text()
    client.post("/sign-out")
    client.sign_in(arrange.user(coordinator.memberships[0].agency, Role.FIELD_OFFICER))
    client.page("/imports/", status=403)


@pytest.mark.parametrize("role", Role)
def test_the_policys_two_faces_agree(coordinator: User, arrange: Arranger, role: Role, rows: Session) -> None:
    agency = coordinator.memberships[0].agency
    runs = [_run(arrange, coordinator), _run(arrange, coordinator, created_by=None)]
    for user in (coordinator, arrange.user(agency, role), arrange.user(arrange.agency(AgencyKind.FIRE), role)):
        actor = actor_of(user)
        seen = set(rows.scalars(select(ImportRun.id).where(visible_imports(actor))))
        assert seen == {run.id for run in runs if may_run_import(actor, run).allowed}


def test_pages_of_the_list(client: PageClient, coordinator: User, arrange: Arranger) -> None:
    for _ in range(23):
        _run(arrange, coordinator)
    page = client.page("/imports/")
    assert len(page.select("li.app-row")) == 20
    older = page.select_one("a[rel=next]")
    assert len(client.page(str(older["href"])).select("li.app-row")) == 3
    client.page("/imports/?after=rubbish")
