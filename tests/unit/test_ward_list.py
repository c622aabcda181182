"""Reading a list of wards: whatever the year and the order of columns, and what is wrong with a row."""

import pytest

from prevention.domain.ward_list import ListedWard, read_wards
from prevention.errors import Invalid

HEAD = "WD24CD,WD24NM,LAD24CD"


def test_columns_of_any_year_case_and_order_are_found() -> None:
    lines = ["\ufefflad23nm,LAD23CD, wd22nm ,WD22NMW,wd22CD,ObjectId", "Lambeth,E09000022,Vassall,,E05000434,7", ""]
    assert list(read_wards(lines)) == [ListedWard(2, "E05000434", "Vassall", "E09000022")]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "WD24CD, WD24NM, LAD24CD"),
        ("WD24CD,WD24NM", "lacks these columns .*: LAD24CD$"),
        ("uprn,flat", "WD24CD"),
        ("WD23CD,WD24CD,WD24NM,LAD24CD", "more than one list: WD23CD, WD24CD"),
    ],
)
def test_a_file_of_other_columns_is_refused_and_they_are_named(header: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        list(read_wards([header, "E05000434,Vassall,E09000022"]))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("E0500043,Vassall,E09000022", "ward code is not an ONS code"),
        ("E05000434,Vassall", "local authority code is not an ONS code"),
        ("E05000434,Vassall,Lambeth", "local authority code is not an ONS code"),
        ("E05000434,  ,E09000022", "no name"),
        (f"E05000434,{'x' * 10_000},E09000022", "longer than 120"),
        ("E05000434,Vass\u202eall,E09000022", "cannot be shown"),
        ("E05000434,Vass\0all,E09000022", "cannot be shown"),
        ("٣05000434,Vassall,E09000022", "ward code"),
    ],
)
def test_a_row_says_its_line_and_what_is_wrong(row: str, problem: str) -> None:
    listed = list(read_wards([HEAD, "E05000026,Abbey,E09000002", row]))
    assert [each.line for each in listed] == [2, 3]
    assert listed[0].problem == ""
    assert problem in listed[1].problem


def test_what_is_no_csv_is_refused_with_its_line() -> None:
    with pytest.raises(Invalid, match="Line 2"):
        list(read_wards([HEAD, "x" * 200_000]))
