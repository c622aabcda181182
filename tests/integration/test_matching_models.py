"""Models trained on the records there are, and adopted: what changes is told, and what was decided stays."""

import csv
import subprocess
import sys
from dataclasses import replace
from datetime import date, time
from itertools import islice, product
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.cli.matching import COLUMNS
from prevention.demonstration.generator.extracts import ENCODINGS
from prevention.demonstration.generator.world import generate
from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.match import ReviewAnswer
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching.model import Model, default_model, read_model, write_model
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.match import AdoptedModel, MatchCandidate
from prevention.models.person import PersonLink, PersonRecord
from prevention.models.referral import Referral
from prevention.queries.matching_models import current_model
from prevention.queries.whole_table import every_answer, every_record
from prevention.services.matches.adopting import adopt
from prevention.unit_of_work import GuardedSession, unit_of_work, utc_now
from tests.support.arranging import Arranger
from tests.support.extracts import commands_in
from tests.support.receiving import hand_in

HOME = GivenAddress(lines="12 Essex Road, London", postcode="N1 8LY")
JOHN = GivenPerson(first_name="John", surname="Whitfield", dob="1950-07-11", sex="M")
#: A model that lets no machine join anybody.
STRICT = replace(default_model(), version="strict", join=90.0)


def call(app: Flask, *arguments: object, answer: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["matching", *map(str, arguments)], input=answer)


@pytest.fixture
def strict(tmp_path: Path) -> Path:
    path = tmp_path / "strict.json"
    path.write_text(write_model(STRICT), encoding="utf-8")
    return path


def people(rows: Session) -> int:
    rows.rollback()
    return rows.scalar(select(func.count(PersonLink.person_id.distinct())).where(PersonLink.valid_to.is_(None))) or 0


def test_a_model_decides_from_its_adoption_on(app: Flask, arrange: Arranger, rows: Session, strict: Path) -> None:
    fire = arrange.agency()
    arrange.received(fire, address=HOME, person=JOHN)
    arrange.received(fire, address=HOME, person=JOHN)
    assert people(rows) == 1
    told = call(app, "adopt", strict, "--yes")
    assert told.exit_code == 0, told.output
    assert "Decided otherwise: 1\n  joined → for review: 1\n" in told.output
    assert "newly of one home: 0" in told.output
    arrange.received(fire, address=HOME, person=JOHN)
    assert people(rows) == 2
    versions = set(rows.scalars(select(PersonLink.model_version)))
    assert versions == {"", default_model().version}, "what was decided keeps its version"
    assert set(rows.scalars(select(MatchCandidate.model_version))) == {"strict"}
    assert rows.scalars(select(AuditEvent.detail).where(AuditEvent.tag == AuditTag.MODEL_ADOPTED)).all() == [
        {"version": "strict"}
    ]


def test_whoever_says_no_keeps_the_model(app: Flask, arrange: Arranger, rows: Session, strict: Path) -> None:
    arrange.received(arrange.agency(), address=HOME, person=JOHN)
    told = call(app, "adopt", strict, answer="n\n")
    assert told.exit_code == 1
    assert f"Let model strict decide instead of {default_model().version}?" in told.output
    assert rows.scalar(select(func.count()).select_from(AdoptedModel)) == 0


def test_an_earlier_model_is_taken_back_by_its_version(
    app: Flask, arrange: Arranger, session: GuardedSession, strict: Path
) -> None:
    arrange.agency()
    assert call(app, "adopt", strict, "--yes").exit_code == 0
    assert current_model(session) == STRICT
    assert "in use already" in call(app, "adopt", "strict", "--yes").output
    assert call(app, "adopt", default_model().version, "--yes").exit_code == 0
    session.rollback()
    assert current_model(session) == default_model()
    assert call(app, "adopt", "strict", "--yes").exit_code == 0
    session.rollback()
    assert current_model(session) == STRICT


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "is no model's file"), ("[]", "is no model's file"), ('{"version": "x", "fields": {}}', "no whole model")],
)
def test_what_is_no_model_is_refused(app: Flask, arrange: Arranger, tmp_path: Path, content: str, words: str) -> None:
    arrange.agency()
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    told = call(app, "adopt", path, "--yes")
    assert told.exit_code == 1
    assert words in told.output
    assert "no model of that version" in call(app, "adopt", "2020-01-a").output


def test_the_last_adopted_model_decides(arrange: Arranger, session: GuardedSession, rows: Session) -> None:
    arrange.agency()

    def take(model: Model) -> None:
        with unit_of_work(session, SYSTEM) as work:
            adopt(work, model)

    assert current_model(rows) == default_model()
    take(STRICT)
    rows.rollback()
    assert current_model(rows) == STRICT
    mild = replace(default_model(), version="mild", review=-9.0)
    take(mild)
    rows.rollback()
    assert current_model(rows) == mild


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracts")
    generate(11, 1_500, date(2026, 11, 22), clock=time(14, 30)).write_extracts(folder)
    return folder


def test_training_on_the_records_of_the_database(
    app: Flask, arrange: Arranger, session: GuardedSession, tmp_path: Path, extracts: Path
) -> None:
    kinds = {"fire": AgencyKind.FIRE, "ambulance": AgencyKind.AMBULANCE, "police": AgencyKind.POLICE}
    agencies = {name: arrange.agency(kind).id for name, kind in kinds.items()}
    for _, command in islice(commands_in(extracts, agencies), 300):
        hand_in(session, command)
    told = call(app, "train", "--out", tmp_path / "models")
    assert told.exit_code == 0, told.output
    (model_path,) = (tmp_path / "models").glob("*.json")
    model = read_model(model_path.read_text(encoding="utf-8"))
    assert model.version == model_path.stem
    assert "300 records" in model.about
    assert model.bits != default_model().bits
    assert f"# Model {model.version}" in model_path.with_suffix(".md").read_text(encoding="utf-8")
    adopted = call(app, "adopt", model_path, "--yes")
    assert adopted.exit_code == 0, adopted.output
    assert f"Model {model.version} decides" in adopted.output


def test_training_on_a_file_needs_no_database(extracts: Path, tmp_path: Path) -> None:
    records = tmp_path / "records.csv"
    named = {"record_id": "merlin_ref", "middle_name": "middle_names", "surname": "last_name", "dob": "date_of_birth",
             "sex": "gender"}  # fmt: skip
    with (extracts / "police.csv").open(newline="", encoding=ENCODINGS["police"]) as given:
        rows = [{column: row.get(named.get(column, column), "") for column in COLUMNS} for row in csv.DictReader(given)]
    with records.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, COLUMNS)
        lines.writeheader()
        lines.writerows(rows)
    flask = Path(sys.executable).with_name("flask")
    told = subprocess.run(
        [flask, "matching", "train", "--records", records, "--out", tmp_path / "models"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert sorted(path.suffix for path in (tmp_path / "models").iterdir()) == [".json", ".md"]


def test_a_list_of_people_is_learned_from_and_put_together(app: Flask, tmp_path: Path) -> None:
    """Everybody twice, every second time with a slip in the birth; no homes."""
    records, people = tmp_path / "list.csv", tmp_path / "people.csv"
    names = product(("Ash", "Brook", "Cole", "Drake", "Elder", "Finch", "Grant"), ("ford", "ham", "ley", "by", "wick"))
    rows = [
        {
            "record_id": f"{at}{half}",
            "first_name": first,
            "surname": "".join(last),
            "dob": f"{1920 + at}-0{1 + slip}-11",
        }
        for at, (first, last) in enumerate(product(("Ada", "Bram"), names))
        for half, slip in (("a", 0), ("b", at % 2))
    ]
    with records.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, COLUMNS, restval="")
        lines.writeheader()
        lines.writerows(rows)
    told = call(app, "train", "--records", records, "--list", "--out", tmp_path / "models")
    assert told.exit_code == 0, told.output
    assert "flask matching deduplicate --list --model" in told.output
    (model,) = (tmp_path / "models").glob("*.json")
    told = call(app, "deduplicate", records, "--list", "--model", model, "--out", people)
    assert told.exit_code == 0, told.output
    with people.open(encoding="utf-8", newline="") as stream:
        groups = {row["record_id"]: row["person_id"] for row in csv.DictReader(stream)}
    assert all(groups[f"{at}a"] == groups[f"{at}b"] for at in range(70))
    assert len(set(groups.values())) > 60


def test_a_list_must_be_given(app: Flask, tmp_path: Path) -> None:
    told = call(app, "train", "--list", "--out", tmp_path / "models")
    assert told.exit_code == 2
    assert "--records FILE" in told.output


def test_a_model_that_is_none_is_refused(app: Flask, tmp_path: Path) -> None:
    records, model = tmp_path / "records.csv", tmp_path / "model.json"
    records.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    model.write_text("{}", encoding="utf-8")
    told = call(app, "deduplicate", records, "--model", model, "--out", tmp_path / "people.csv")
    assert told.exit_code == 1
    assert "model.json is no" in told.output


def test_what_cannot_be_learned_from_is_said(app: Flask, tmp_path: Path) -> None:
    records = tmp_path / "records.csv"
    records.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    told = call(app, "train", "--records", records, "--out", tmp_path / "models")
    assert told.exit_code == 1
    assert "nothing to learn from" in told.output
    assert not (tmp_path / "models").exists()


def test_answers_come_with_the_records_that_were_beside_one_another(
    arrange: Arranger, session: GuardedSession, rows: Session
) -> None:
    fire = arrange.agency()
    case = arrange.received(fire, address=HOME, person=JOHN)
    elsewhere = GivenAddress(lines="99 Other Road", postcode="E8 1AA")
    arrange.received(fire, address=elsewhere, person=GivenPerson(surname="W"))
    referral = arrange.session.scalars(select(Referral).order_by(Referral.id.desc()).limit(1)).one()
    arrange.session.query(MatchCandidate).delete()
    arrange.candidate(referral, case, answer=ReviewAnswer.SAME_HOUSEHOLD, found_at=utc_now(), answered_at=utc_now())
    (answered,) = every_answer(rows)
    records = {record.surname: record.id for record in rows.scalars(select(PersonRecord))}
    assert answered.record_id == records["W"]
    assert answered.beside == [records["Whitfield"]]
    assert answered.answer is ReviewAnswer.SAME_HOUSEHOLD
    assert {record.record_id for record in every_record(rows)} == {str(each) for each in records.values()}
