"""``flask matching …``: files in, files out."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from prevention.cli.matching import COLUMNS

ROWS = [
    {"record_id": "1", "source": "fire", "first_name": "John", "surname": "Whitfield", "dob": "1950-07-11",
     "sex": "M", "address": "12 Essex Road, London", "postcode": "N1 8LY"},
    {"record_id": "2", "source": "police", "first_name": "JON", "surname": "WHITFIELD", "dob": "1950-11-07",
     "sex": "M", "address": "12 ESSEX RD", "postcode": "n18ly"},
    {"record_id": "3", "source": "ambulance", "first_name": "Mary", "surname": "Whitfield", "dob": "1952-01-30",
     "sex": "F", "address": "12 Essex Road", "postcode": "N1 8LY"},
]  # fmt: skip


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, COLUMNS)
        lines.writeheader()
        lines.writerows(ROWS)
    return path


def call(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["matching", *map(str, arguments)])


def test_the_commands_need_no_settings_and_no_application(records: Path, tmp_path: Path) -> None:
    links = tmp_path / "links.csv"
    told = subprocess.run(
        [Path(sys.executable).with_name("flask"), "matching", "link", records, "--out", links],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert [row["decision"] for row in read(links)] == ["new", "joined", "new"]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_linking_a_file(app: Flask, records: Path, tmp_path: Path) -> None:
    result = call(app, "link", records, "--out", tmp_path / "links.csv")
    assert result.exit_code == 0, result.output
    links = read(tmp_path / "links.csv")
    assert list(links[0]) == ["record_id", "person_id", "household_id", "decision", "probability"]
    assert [(row["record_id"], row["person_id"], row["household_id"], row["decision"]) for row in links] == [
        ("1", "1", "1", "new"), ("2", "1", "1", "joined"), ("3", "3", "1", "new")
    ]  # fmt: skip


def test_a_gzip_file_with_a_mark_is_the_same(app: Flask, records: Path, tmp_path: Path) -> None:
    packed = tmp_path / "records.csv.gz"
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + records.read_bytes()))
    for source, out in ((records, "plain.csv"), (packed, "packed.csv")):
        assert call(app, "score-pairs", source, "--out", tmp_path / out).exit_code == 0
    pairs = read(tmp_path / "plain.csv")
    assert pairs == read(tmp_path / "packed.csv")
    assert [(row["left_id"], row["right_id"], row["decision"]) for row in pairs] == [
        ("1", "2", "joined"), ("1", "3", "new"), ("2", "3", "new")
    ]  # fmt: skip
    assert float(pairs[0]["p_same_person"]) > 0.97


def test_explaining_two_records(app: Flask, records: Path) -> None:
    result = call(app, "explain", "1", "2", "--records", records)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("joined: Same surname and address;")
    assert "day and month of birth swapped" in result.output
    assert "bits for one person (model " in result.output


def test_explaining_a_record_that_is_not_there(app: Flask, records: Path) -> None:
    result = call(app, "explain", "1", "99", "--records", records)
    assert result.exit_code == 1
    assert "records.csv has no record 99." in result.output


def test_evaluating_against_a_truth(app: Flask, records: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("record_id,person,household\n1,john,h\n2,john,h\n3,mary,h\n", encoding="utf-8")
    result = call(app, "evaluate", records, "--truth", truth)
    assert result.exit_code == 0, result.output
    assert "Pairs at even odds: precision 1.0000, recall 1.0000, F1 1.0000" in result.output
    truth.write_text("record_id,person,household\n1,john,h\n", encoding="utf-8")
    assert "says nothing of 2 of the 3 records" in call(app, "evaluate", records, "--truth", truth).output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"record_id,source\n1,fire\n", "has no column first_name"),
        (b"", "has no column record_id"),
        (b"record_id\xff\xfe\n", "cannot be read as CSV in UTF-8"),
    ],
)
def test_a_file_that_is_none_of_records(app: Flask, tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "records.csv"
    path.write_bytes(content)
    result = call(app, "link", path, "--out", tmp_path / "links.csv")
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output


def test_deduplicating_a_file(app: Flask, records: Path, tmp_path: Path) -> None:
    result = call(app, "deduplicate", records, "--out", tmp_path / "people.csv")
    assert result.exit_code == 0, result.output
    assert [row["person_id"] for row in read(tmp_path / "people.csv")] == ["1", "1", "3"]


def test_a_command_for_whole_tables_says_what_it_lacks(
    app: Flask, records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("prevention.cli.matching_tables", "prevention.adapters.whole_table", "splink"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "splink", None)
    result = call(app, "deduplicate", records, "--out", tmp_path / "people.csv")
    assert result.exit_code == 1
    assert "requirements/batch.txt" in result.output
    assert "Not here: splink is not installed" in call(app, "--help").output


def test_whole_tables_are_not_loaded_for_anything_else(records: Path) -> None:
    """The pages' processes import every command's module: what compares whole tables takes a second to load."""
    asks = "import sys, prevention.app, prevention.cli.matching; print(sorted({'duckdb', 'splink'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
