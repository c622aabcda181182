"""The report of refused rows: a CSV that opens without harm, keeps its order and can be imported again."""

import csv
import io

import pytest

from prevention.domain.intake.profile import profile_named
from prevention.domain.intake.report import ADDED_COLUMNS, refused_report
from prevention.domain.intake.rows import read_rows
from prevention.domain.spreadsheet import safe_cell, said_in_cell
from tests.support.police_file import COLUMNS, file_of, line


def read(report: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(report.removeprefix("\ufeff"))))


def test_a_report_of_nothing_has_a_first_line() -> None:
    assert read("".join(refused_report([]))) == [list(ADDED_COLUMNS)]


@pytest.mark.parametrize("text", ["=1+1", "+44 20 7946 0000", "-", "@SUM(A1)", "\tx", "\rx", "\nx", "'", "plain", ""])
def test_what_a_safe_cell_says_is_what_was_put_in_it(text: str) -> None:
    assert said_in_cell(safe_cell(text)) == text


def test_words_in_quotation_marks_stay_as_they_are() -> None:
    assert said_in_cell("'Rose Cottage'") == "'Rose Cottage'"


def test_rows_longer_and_shorter_than_the_first_line_keep_every_cell() -> None:
    long, short = [*line(1), *(f"over {number}" for number in range(12))], line(2)[:4]
    rows = list(read_rows(io.BytesIO(file_of(long, short)), profile_named("police")))
    first, *cells = read("".join(refused_report((row.line, "No", row.cells) for row in rows)))
    assert first == [*ADDED_COLUMNS, *COLUMNS]
    assert cells[0][2:] == long
    assert cells[1][2:] == [*short, *[""] * (len(COLUMNS) - 4)]
    assert all(len(cell) > 0 for cell in cells[0][len(first) :])


def test_a_report_refused_again_names_its_reason_once() -> None:
    once = "".join(refused_report([(2, "No", dict(zip(COLUMNS, line(1), strict=True)))]))
    (row,) = read_rows(io.BytesIO(once.encode()), profile_named("police"))
    first, cells = read("".join(refused_report([(row.line, "Still not", row.cells)])))
    assert (first[:3], cells[0]) == ([*ADDED_COLUMNS, COLUMNS[0]], "Still not")
    assert first.count(ADDED_COLUMNS[0]) == 1
