"""Files of any kind are read row by row, and every row that somebody could act on becomes the one command."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.address_reveal import MASKED
from prevention.domain.intake.conversion import (
    Refused,
    about_missing_columns,
    cells_to_show,
    mapping_of,
    remarks,
    to_command,
)
from prevention.domain.intake.profile import (
    Profile,
    fold_column,
    profile_named,
    read_profile,
    shipped_profiles,
    suggest_profile,
)
from prevention.domain.intake.rows import FIELD_LIMIT, Row, read_header, read_rows
from prevention.domain.referral import (
    Agrees,
    ContactConstraint,
    CurrentLocation,
    HouseholdFlag,
    NotSaid,
    ReceiveReferral,
    ReferralReason,
    Told,
)
from prevention.domain.written_dates import written_time
from prevention.errors import Invalid

AGENCY = UUID("01890000-0000-7000-8000-000000000001")
FIRE, AMBULANCE, POLICE = profile_named("fire"), profile_named("ambulance"), profile_named("police")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "referrals"

FIRE_LINE = (
    "HFSV/26/1,05/07/2026 21:25,Web,Ana,Müller,11/07/1950,F,07700 900123,a@b.co.uk,100010000377,Flat 6,Elm House,"
    '"26 Hertford Rd, Enfield",EN3 5JG,Yes,No,Reduced mobility; Hoarding / clutter,Yes,Not asked,"Walks, with frame"'
)
AMBULANCE_LINE = (
    'CAD1-06JAN26,06-Jan-26,1736,"BOOTH, Tom",09/12/1973,51,Male,999 012 3470,26 BEVILL ALLEN CL,SW17 8PX,,'
    '"St Thomas","home O2, lives alone",Caf\u00e9 owner,N,C212'
)
POLICE_LINE = (
    "25ACN1,2026-07-03T02:32:00,AMBER,VICTIM,EMILY,,SANDERS,2017-02-02,F,No fixed abode,,,,,"
    '"DOMESTIC ABUSE|NO HEATING","High risk DA, moved here from previous address, do not contact by letter.",U,Y'
)


def file_of(profile: Profile, *lines: str, encoding: str = "utf-8") -> BinaryIO:
    return io.BytesIO("\r\n".join([",".join(profile.columns), *lines, ""]).encode(encoding))


def rows_of(profile: Profile, *lines: str, encoding: str = "utf-8") -> list[Row]:
    return list(read_rows(file_of(profile, *lines, encoding=encoding), profile))


def command_of(profile: Profile, line: str) -> ReceiveReferral:
    command = to_command(rows_of(profile, line)[0], profile, AGENCY)
    assert isinstance(command, ReceiveReferral)
    return command


def test_a_fire_row() -> None:
    command = command_of(FIRE, FIRE_LINE)
    assert command.received_at == datetime(2026, 7, 5, 20, 25, tzinfo=UTC)
    assert command.reasons == {ReferralReason.MOBILITY_ESCAPE, ReferralReason.HOARDING, ReferralReason.NO_ALARM}
    assert command.household_flags == {HouseholdFlag.LIVES_ALONE}
    assert command.address.lines == "Flat 6\nElm House\n26 Hertford Rd, Enfield"
    assert (command.told, command.agrees) == (Told.YES, Agrees.NOT_ASKED)
    assert command.person.surname == "Müller"
    assert command.original["Notes"] == "Walks, with frame"
    assert list(command.original) == list(FIRE.columns)


def test_an_ambulance_row() -> None:
    command = command_of(AMBULANCE, AMBULANCE_LINE)
    assert command.received_at == datetime(2026, 1, 6, 17, 36, tzinfo=UTC)
    assert command.person.full_name == "BOOTH, Tom"
    assert (command.current_location, command.location_detail) == (CurrentLocation.HOSPITAL, "St Thomas")
    assert command.referrer_team == "C212"
    assert command.told is Told.NO_OTHER
    assert HouseholdFlag.LIVES_ALONE in command.household_flags


def test_a_police_row() -> None:
    command = command_of(POLICE, POLICE_LINE)
    assert command.address.no_fixed_abode
    assert command.contact_constraints == {ContactConstraint.NO_MENTION_OF_POLICE, ContactConstraint.DO_NOT_WRITE}
    assert command.confidential_address
    assert (command.source_grade, command.source_grade_scheme) == ("AMBER", "POLICE_BRAG")
    assert command.told is Told.NOT_RECORDED
    assert command.received_at == datetime(2026, 7, 3, 1, 32, tzinfo=UTC)


def test_a_row_that_asks_for_it_is_shown_without_its_address() -> None:
    [plain] = rows_of(FIRE, FIRE_LINE)
    assert cells_to_show(plain, FIRE) == plain.cells
    asks = FIRE_LINE.replace("Walks, with frame", "In a refuge at 26 Hertford Rd")
    [row] = rows_of(FIRE, asks)
    shown = cells_to_show(row, FIRE)
    assert "Hertford" in "".join(row.cells.values())
    for secret in ("Hertford", "Elm House", "EN3", "100010000377", "refuge"):
        assert secret not in "".join(shown.values())
    assert list(shown) == list(row.cells)
    assert (shown["Request Ref"], shown["Surname"], shown["Postcode"]) == ("HFSV/26/1", "Müller", MASKED)
    [broken] = rows_of(FIRE, f"{asks},one cell too many")
    assert broken.problem
    assert set(cells_to_show(broken, FIRE).values()) == {MASKED}
    again = to_command(replace(row, cells=shown), FIRE, AGENCY)
    assert isinstance(again, Refused), "nobody is sent to a home that the report left out"
    assert again.column == "UPRN"


@pytest.mark.parametrize("name", ["fire", "ambulance", "police"])
def test_every_shared_row_comes_in(name: str) -> None:
    if not SHARED.exists():  # a clone without ../shared has nothing to read here
        return
    profile = shipped_profiles()[name]
    with (SHARED / f"{name}.csv").open("rb") as stream:
        rows = list(read_rows(stream, profile))
    commands = [to_command(row, profile, AGENCY) for row in rows]
    assert len(rows) == {"fire": 1328, "ambulance": 1359, "police": 1313}[name]
    taken = [command for command in commands if isinstance(command, ReceiveReferral)]
    assert len(taken) == len(rows)
    assert all(command.received_at is not None for command in taken)
    assert not any(ReferralReason.OTHER in command.reasons for command in taken)
    assert not [remark for row in rows for remark in remarks(row, profile)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("profile", "line"), [(FIRE, FIRE_LINE), (AMBULANCE, AMBULANCE_LINE)])
def test_any_encoding_is_read_right(profile: Profile, line: str, encoding: str) -> None:
    row = rows_of(profile, line, encoding=encoding)[0]
    assert "Müller" in row.cells.values() or "Café owner" in row.cells.values()
    expected = {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"} if profile is FIRE else {"cp1252"}
    assert bool(remarks(row, profile)) == (encoding not in expected)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_line_ends_and_delimiters(end: str, delimiter: str) -> None:
    line = POLICE_LINE.replace("DA, moved here", "DA moved here").replace("address, do", "address do").replace('"', "")
    content = end.join([",".join(POLICE.columns), line, "", line]).replace(",", delimiter)
    assert [row.text("last_name") for row in read_rows(io.BytesIO(content.encode()), POLICE)] == ["SANDERS", "SANDERS"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"PK\x03\x04rubbish", "save it as CSV"),
        (b"%PDF-1.7", "PDF"),
        (b"a,b,c\n1,2,3\n", "none of its columns"),
        (b"\x00\x01\x02", "NUL"),
        (",".join(FIRE.columns).encode() + b",\x00\nx,y", "NUL"),
        (",".join(FIRE.columns).encode() + b"\n" + b"x\x00" * 100, "NUL"),
        (",".join(FIRE.columns).replace("Postcode", "Zip").replace("Reasons", "Why").encode(), "“Postcode”, “Reasons”"),
        (b"x" * 3_000_000, "longer than"),
    ],
)
def test_what_is_no_table_is_told_in_one_sentence(content: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        list(read_rows(io.BytesIO(content), FIRE))


def test_broken_rows_are_refused_and_the_rest_come_in() -> None:
    cells = FIRE_LINE.replace("HFSV/26/1", "HFSV/26/2")
    long_name = FIRE_LINE.replace("Müller", "A" * (FIELD_LIMIT + 1))
    rows = rows_of(FIRE, FIRE_LINE, cells + ",too,many", long_name, "HFSV/26/3,05/07/2026 21:25" + "," * 18)
    results = [to_command(row, FIRE, AGENCY) for row in rows]
    assert [isinstance(result, Refused) for result in results] == [False, True, True, True]
    assert [result.column for result in results if isinstance(result, Refused)] == ["Notes", "Surname", ""]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (FIRE_LINE.replace('"Walks, with frame"', '"Walks, with frame'), "quotation mark"),
        (FIRE_LINE.replace('"Walks, with frame"', '"He said "go away", twice"'), "quotation mark"),
        (FIRE_LINE.replace('"Walks, with frame"', '"Walks\r\nwith, frame'), "quotation mark"),
        (FIRE_LINE + ",too,many", "22 columns"),
        ("HFSV/26/9,05/07/2026 21:25,Web,Ana,M\u00fcller", "breaks off before “DOB”"),
        (",".join(FIRE.columns), "repeats the names"),
        (FIRE_LINE.replace("Walks, with frame", "x" * 200_000), "longer than 20,000"),
        (FIRE_LINE.replace("Walks, with frame", "x" * 3_000_000), "longer than"),
        (FIRE_LINE.replace("Ana", "x\x00"), "NUL"),
    ],
)
def test_a_broken_row_is_refused_alone(broken: str, why: str) -> None:
    lines = [FIRE_LINE.replace("HFSV/26/1", f"HFSV/26/{n}") for n in (2, 3, 4)]
    rows = rows_of(FIRE, lines[0], broken, *lines[1:])
    good = [row for row in rows if not isinstance(to_command(row, FIRE, AGENCY), Refused)]
    assert [row.text("Request Ref") for row in good] == ["HFSV/26/2", "HFSV/26/3", "HFSV/26/4"]
    assert why in next(row.problem for row in rows if row.problem)
    assert len({row.line for row in rows}) == len(rows), "each is reported by a line of its own"


def test_a_sentence_over_several_lines_is_one_cell() -> None:
    told = FIRE_LINE.replace("Walks, with frame", 'Walks,\nwith ""frame""\r\nand sleeps')
    rows = rows_of(FIRE, told, FIRE_LINE)
    assert [row.text("Notes") for row in rows] == ['Walks,\nwith "frame"\r\nand sleeps', "Walks, with frame"]
    assert [row.line for row in rows] == [4, 5]


@pytest.mark.parametrize("above", ["sep=;", '"Extract of requests";"as at 05/07/2026"', ";;;", "\n\nRequests\n"])
def test_what_stands_above_the_columns_is_passed_over(above: str) -> None:
    line = FIRE_LINE.replace("; ", " | ").replace(", ", " ").replace(",", ";")
    content = f"{above}\n{';'.join(FIRE.columns)};;\n{line};;\n"
    assert suggest_profile(read_header(io.BytesIO(content.encode()))) == FIRE
    [row] = read_rows(io.BytesIO(content.encode()), FIRE)
    assert (row.text("Surname"), row.line, row.problem) == ("M\u00fcller", content.count("\n"), "")


def test_columns_are_found_under_their_other_names_and_in_any_order() -> None:
    names = {"Request Ref": "Reference", "Surname": "LAST NAME", "DOB": "Date of birth", "Postcode": "post_code"}
    order = sorted(FIRE.columns)
    header = ",".join(names.get(column, column) for column in order)
    cells = dict(zip(FIRE.columns, next(csv.reader([FIRE_LINE])), strict=True))
    line = io.StringIO()
    csv.writer(line).writerow([cells[column] for column in order])
    content = f"{header},Officer\n{line.getvalue().rstrip()},Smith\n".encode()
    assert suggest_profile(read_header(io.BytesIO(content))) == FIRE
    [row] = read_rows(io.BytesIO(content), FIRE)
    command = to_command(row, FIRE, AGENCY)
    assert isinstance(command, ReceiveReferral)
    usual = command_of(FIRE, FIRE_LINE)
    assert replace(command, original={}) == replace(usual, original={})
    assert command.original["LAST NAME"] == "M\u00fcller"
    assert dict(mapping_of(row, FIRE))["person.surname"] == ["LAST NAME"]


def test_a_column_named_twice_refuses_only_the_rows_that_say_two_things() -> None:
    header = ",".join((*FIRE.columns, "Postcode", "", "Remark", "Remark"))
    endings = [",en35jg", ",EN3 5JG,c,a,b", ",,,a", ",N1 1AA"]
    content = "\n".join([header, *(f"{FIRE_LINE}{ending}" for ending in endings)])
    rows = list(read_rows(io.BytesIO(content.encode()), FIRE))
    assert [bool(row.problem) for row in rows] == [False, False, False, True]
    assert rows[3].column == "Postcode"
    assert [rows[1].cells[name] for name in ("Remark", "Remark (column 24)", "(cell 22)")] == ["a", "b", "c"]


def test_a_confidential_row_hides_columns_that_nobody_knows() -> None:
    header = ",".join((*FIRE.columns, "Postcode", "Where to go"))
    line = FIRE_LINE.replace("Walks, with frame", "In a refuge")
    [row] = read_rows(io.BytesIO(f"{header}\n{line},EN3 5JG,26 Hertford Rd".encode()), FIRE)
    shown = "".join(cells_to_show(row, FIRE).values())
    assert "Hertford" not in shown
    assert "EN3" not in shown
    assert "M\u00fcller" in shown


@pytest.mark.parametrize("said", ["N/A", "unknown", "-", "n/k", "..."])
def test_words_for_no_reference_are_no_reference(said: str) -> None:
    one, other = (command_of(FIRE, FIRE_LINE.replace("HFSV/26/1", said).replace("Ana", name)) for name in "AB")
    assert one.source_ref != other.source_ref


def test_a_nul_refuses_its_own_row_alone() -> None:
    second, third = (FIRE_LINE.replace("HFSV/26/1", f"HFSV/26/{n}") for n in (2, 3))
    rows = rows_of(FIRE, FIRE_LINE, second.replace("Ana", "A\x00na"), third)
    assert [row.problem for row in rows] == ["", "This row holds a character no text has (NUL).", ""]
    assert (rows[1].column, rows[1].cells["Forename"]) == ("Forename", "A\u2400na")
    assert isinstance(to_command(rows[1], FIRE, AGENCY), Refused)


def test_a_bad_birth_date_never_refuses_and_words_are_kept() -> None:
    command = command_of(FIRE, FIRE_LINE.replace("11/07/1950", "31/02/1950"))
    assert command.person.dob == "31/02/1950"


def test_an_unknown_reason_is_other_and_stays_readable() -> None:
    command = command_of(FIRE, FIRE_LINE.replace("Reduced mobility; Hoarding / clutter", "Leaking roof"))
    assert command.reasons == {ReferralReason.OTHER, ReferralReason.NO_ALARM}
    assert "Leaking roof" in command.narrative


def test_what_a_file_has_no_column_for_is_not_said() -> None:
    gone = {"DOB", "Lives Alone", "Smoke Alarm Working", "Address 2", "Notes", "Resident Told"}
    line = "HFSV/26/1,05/07/2026 21:25,Web,Ana,Ray,F,,,,Flat 6,26 Hertford Rd,EN3 5JG,Falls,No"
    header = ",".join(column for column in FIRE.columns if column not in gone)
    (row,) = read_rows(io.BytesIO(f"{header}\n{line}".encode()), FIRE)
    command = to_command(row, FIRE, AGENCY)
    assert isinstance(command, ReceiveReferral)
    said = command.not_said
    assert said.parts == {"person.dob", "narrative", "told", "told_detail", "confidential_address"}
    assert said.partly == {"address.lines"}
    assert {("reasons", "NO_ALARM"), ("household_flags", "LIVES_ALONE")} <= said.values
    assert [remark.sentence[:70] for remark in about_missing_columns(row, FIRE)] == [
        "DOB, Address 2, Lives Alone, Smoke Alarm Working, Resident Told and No"
    ]
    assert about_missing_columns(rows_of(FIRE, FIRE_LINE)[0], FIRE) == []
    assert command_of(FIRE, FIRE_LINE).not_said == NotSaid()


def test_no_reason_at_all_is_other() -> None:
    line = FIRE_LINE.replace("Reduced mobility; Hoarding / clutter", "").replace("Yes,No,,", "Yes,Yes,,")
    assert command_of(FIRE, line).reasons == {ReferralReason.OTHER}


def test_an_unreadable_received_date_is_now_with_a_remark() -> None:
    row = rows_of(FIRE, FIRE_LINE.replace("05/07/2026 21:25", "31/02/2026 21:25"))[0]
    command = to_command(row, FIRE, AGENCY)
    assert isinstance(command, ReceiveReferral)
    assert command.received_at is None
    assert [remark.column for remark in remarks(row, FIRE)] == ["Received"]


def test_a_row_without_reference_always_gets_the_same_one() -> None:
    line = FIRE_LINE.replace("HFSV/26/1", "")
    assert command_of(FIRE, line).source_ref == command_of(FIRE, line).source_ref
    assert command_of(FIRE, line).source_ref != command_of(FIRE, line.replace("Ana", "Eva")).source_ref


def test_someone_without_an_address_and_an_address_without_a_name_come_in() -> None:
    nobody = FIRE_LINE.replace("Ana,Müller", ",").replace("07700 900123,a@b.co.uk", ",")
    assert command_of(FIRE, nobody).address.postcode == "EN3 5JG"
    nowhere = POLICE_LINE.replace("No fixed abode", "")
    assert command_of(POLICE, nowhere).person.surname == "SANDERS"


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("25/10/2026 01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # happens twice: the first
        ("29/03/2026 01:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # never happens
        ("01/07/2026 12:00", datetime(2026, 7, 1, 11, 0, tzinfo=UTC)),
        ("2026-07-01T12:00:00+02:00", datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),
        ("01/07/26 9:05 pm", datetime(2026, 7, 1, 20, 5, tzinfo=UTC)),
        ("1.7.2026 21.05", datetime(2026, 7, 1, 20, 5, tzinfo=UTC)),
        ("Wed 1st July 2026 at 2105 hrs", datetime(2026, 7, 1, 20, 5, tzinfo=UTC)),
        ("01-Jul-26 36", datetime(2026, 6, 30, 23, 36, tzinfo=UTC)),  # a spreadsheet took the zeros of 0036
        ("46204.8785", datetime(2026, 7, 1, 20, 5, tzinfo=UTC)),
        ("46204 0.8785", datetime(2026, 7, 1, 20, 5, tzinfo=UTC)),
        ("46204", datetime(2026, 6, 30, 23, 0, tzinfo=UTC)),
        ("07/15/2026 12:00", datetime(2026, 7, 15, 11, 0, tzinfo=UTC)),  # no month is the fifteenth
        ("01/07/2026 25:61", datetime(2026, 6, 30, 23, 0, tzinfo=UTC)),
        ("01/07/2026 12:00 GMT", datetime(2026, 7, 1, 12, 0, tzinfo=UTC)),
        ("31/02/2026 12:00", None),
        ("01/07/1026 12:00", None),
        ("2026", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_local_times(local: str, utc: datetime | None) -> None:
    found = written_time(local)
    assert (found and found.at) == utc


def test_a_header_suggests_its_profile() -> None:
    for name, profile in shipped_profiles().items():
        header = read_header(file_of(profile))
        found = suggest_profile(header)
        assert found is not None
        assert found.name == name
    assert suggest_profile(["a", "b"]) is None
    assert suggest_profile([column.upper() for column in FIRE.columns if column != "Email"]) == FIRE


def test_a_new_source_is_json_only() -> None:
    content = json.loads(
        """{"name": "housing", "title": "Housing", "source_system": "housing", "agency_kind": "partner",
        "columns": ["Ref", "When", "Tenant", "Where", "Why"], "required": ["Ref", "Where"], "date_order": "ISO",
        "fields": {"source_ref": {"columns": ["Ref"]}, "person.full_name": {"columns": ["Tenant"]},
          "received_at": {"columns": ["When"], "convert": "local_time"},
          "address.lines": {"columns": ["Where"], "convert": "lines"},
          "reasons": {"columns": ["Why"], "convert": "reasons", "separators": "/"}},
        "vocabularies": {"reasons": {"clutter": "HOARDING"}}}"""
    )
    profile = read_profile(content)
    command = command_of(profile, "1,2026-01-05,Ann Lee,1 High St N1 1AA,Clutter / damp")
    assert command.reasons == {ReferralReason.HOARDING, ReferralReason.OTHER}


def test_a_wrong_profile_tells_every_problem() -> None:
    with pytest.raises(Invalid) as caught:
        read_profile(
            {
                "name": "x",
                "agency_kind": "navy",
                "encodings": ["klingon"],
                "columns": ["A"],
                "required": ["B"],
                "fields": {"surname": {"columns": ["A"]}, "narrative": {"columns": ["Z"]}},
                "effects": [{"column": "A", "reason": "NONSENSE"}],
                "vocabularies": {"reasons": {"a": "NONSENSE"}},
            }
        )
    assert {"title", "agency_kind", "encodings", "required", "fields.surname", "fields.narrative"} <= set(
        caught.value.problems
    )
    with pytest.raises(Invalid, match="ambulance, fire, police"):
        profile_named("navy")


class _Endless(io.RawIOBase):
    """A file of very many rows that never exists as a whole."""

    def __init__(self, rows: int) -> None:
        self._pieces: Iterator[bytes] = iter([",".join(FIRE.columns).encode() + b"\n"])
        self._left = rows
        self._block = (FIRE_LINE + "\n").encode() * 200

    def read(self, size: int = -1) -> bytes:
        head = next(self._pieces, b"")
        if self._left > 0:
            self._left -= 200
            return head + self._block
        return head


def test_memory_stays_constant() -> None:
    tracemalloc.start()
    count = sum(1 for _ in read_rows(_Endless(20_000), FIRE))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 5_000_000, "bytes"


@given(st.lists(st.text(max_size=60), min_size=20, max_size=20))
def test_any_cells_give_a_command_or_a_sentence(cells: list[str]) -> None:
    names = {fold_column(column): (column,) for column in FIRE.columns}
    row = Row(2, dict(zip(FIRE.columns, cells, strict=True)), "utf-8", names=names)
    result = to_command(row, FIRE, AGENCY)
    assert isinstance(result, (ReceiveReferral, Refused))


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_sentence(content: bytes) -> None:
    try:
        list(read_rows(io.BytesIO(",".join(FIRE.columns).encode() + b"\n" + content), FIRE))
    except Invalid as problem:
        assert problem.problems["file"]  # noqa: PT017 - rows are as good an answer
