"""Reading a delimited file row by row: any encoding it may come in, constant memory, and clear words when it is broken.

Every line is decoded on its own, as UTF-8 when it is UTF-8 and in the profile's one-byte encoding otherwise, so that a
file of the wrong or of mixed encoding is read right and each row says what it was read as.
"""

import codecs
import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from prevention.domain.intake.profile import Profile, fold_column
from prevention.domain.spreadsheet import said_in_cell
from prevention.errors import Invalid

#: Characters in one field; a longer one refuses its row. No form asks for so much.
FIELD_LIMIT = 20_000
#: Bytes in one line; a longer one is no line of a table.
LINE_LIMIT = 1_000_000
_CHUNK = 65_536
#: One NUL in so many bytes of the beginning, or more, and it is no text (UTF-16 without its mark has 1 in 2).
_BYTES_PER_NUL = 20
#: Stands where a NUL was in a refused row: the database keeps none, and the report shows where it is.
_NUL_SHOWN = "\u2400"
#: How cells without a column are named, with their number.
_BEYOND = "(cell "
_HOLDS_NULS = "This file holds NUL characters, so it is not a text file. Save it as CSV (UTF-8)."

_NOT_TEXT = {
    b"PK\x03\x04": "This is a spreadsheet or a zip file. Open it and save it as CSV, then send that.",
    b"%PDF": "This is a PDF. Ask the sender for the CSV file.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook. Open it and save it as CSV, then send that.",
    b"\x1f\x8b": "This file is compressed. Unpack it first.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as sent: ``cells`` holds the sender's columns word for word, in order; it ends in ``line``, from 1 on.

    ``problem`` is a sentence when the row itself is broken (too many columns, a field too long, a NUL, which then shows
    as ``␀``), with the ``column``.
    """

    line: int
    cells: dict[str, str]
    encoding: str
    problem: str = ""
    column: str = ""
    names: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def text(self, column: str) -> str:
        """The text of a column, whatever case and spacing its name has in the file; empty when it is not there.

        The apostrophe that keeps a spreadsheet from taking a cell for a formula is no part of it.
        """
        return said_in_cell(self.cells.get(self.names.get(fold_column(column), ""), "")).strip()

    def has(self, column: str) -> bool:
        """Whether the file has that column at all, be it empty in this row."""
        return fold_column(column) in self.names


@dataclass(slots=True)
class _Decoder:
    """Decodes one physical line after the other and remembers what the lines since the last row were like.

    A NUL in the header is a file that is no text; once ``in_rows``, it is a mark against its own row.
    """

    one_byte: str
    used: str = "ascii"
    in_rows: bool = False
    nul: bool = False

    def decode(self, line: bytes) -> str:
        if b"\x00" in line:
            if not self.in_rows:
                raise Invalid({"file": _HOLDS_NULS})
            self.nul = True
            line = line.replace(b"\x00", _NUL_SHOWN.encode())
        if line.isascii():
            return line.decode("ascii")
        try:
            text = line.decode("utf-8")
            self.used = "utf-8"
        except UnicodeDecodeError:
            self.used = self.one_byte
            try:
                text = line.decode(self.one_byte)
            except UnicodeDecodeError:
                self.used = "latin-1"
                text = line.decode("latin-1")
        return text


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The file's bytes, without its byte-order mark; UTF-16 made into UTF-8."""
    first = stream.read(_CHUNK)
    if not first.strip():
        raise Invalid({"file": "This file is empty."})
    for mark, sentence in _NOT_TEXT.items():
        if first.startswith(mark):
            raise Invalid({"file": sentence})
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        yield decoder.decode(first).encode()
        while chunk := stream.read(_CHUNK):
            yield decoder.decode(chunk).encode()
        return
    if first.count(0) * _BYTES_PER_NUL > len(first):
        raise Invalid({"file": _HOLDS_NULS})
    yield first.removeprefix(codecs.BOM_UTF8)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _physical_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends, for any of the three kinds of line end, never more than one line in memory."""
    waiting = b""
    for chunk in _chunks(stream):
        lines = (waiting + chunk).splitlines(keepends=True)
        waiting = lines.pop() if lines else b""
        if len(waiting) > LINE_LIMIT:
            raise Invalid({"file": f"A line is longer than {LINE_LIMIT:,} bytes, so this is not a table in CSV."})
        yield from lines
    if waiting:
        yield waiting


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Cells of each row with the line it ends in; the module's own errors as sentences."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(
                {"file": f"Line {reader.line_num}: a quotation mark is never closed, or is in the wrong place."}
            ) from error
        yield reader.line_num, cells


def _delimiter(header_line: str, profile: Profile) -> str:
    """The profile's delimiter, or another common one when only that gives the columns."""
    wanted = {fold_column(column) for column in profile.required}
    for delimiter in (profile.delimiter, ",", ";", "\t", "|"):
        if wanted <= {fold_column(cell) for cell in _header_cells(header_line, delimiter)}:
            return delimiter
    return profile.delimiter


def _header_cells(header_line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header_line], delimiter=delimiter), [])
    except csv.Error:
        return []


def read_header(stream: BinaryIO) -> list[str]:
    """The column names of a file nobody has named a profile for; reads one line only, the stream is then used up.

    Raises :class:`~prevention.errors.Invalid` for an empty file or one that is no text.
    """
    decoder = _Decoder("cp1252")
    for line in _physical_lines(stream):
        text = decoder.decode(line)
        if text.strip():
            best = max((_header_cells(text, delimiter) for delimiter in ",;\t|"), key=len)
            return [cell.strip() for cell in best]
    raise Invalid({"file": "This file is empty."})


def _check_header(header: list[str], profile: Profile) -> None:
    folded = [fold_column(name) for name in header]
    missing = [column for column in profile.required if fold_column(column) not in folded]
    if len(missing) == len(profile.required):
        raise Invalid(
            {"file": f"This does not look like a file of “{profile.title}”: none of its columns is there. "
                     f"The first line should name them: {', '.join(profile.columns)}."}
        )  # fmt: skip
    if missing:
        named = ", ".join(f"“{column}”" for column in missing)
        raise Invalid({"file": f"Missing from the first line: {named}."})
    twice = sorted({name for name, key in zip(header, folded, strict=True) if key and folded.count(key) > 1})
    if twice:
        raise Invalid({"file": f"These columns are there more than once: {', '.join(twice)}."})


def read_rows(stream: BinaryIO, profile: Profile) -> Iterator[Row]:
    """The file's rows, one at a time, whatever its encoding and line ends; blank rows are left out.

    Memory stays constant: a line at a time. A row that is itself broken comes with its ``problem``. Raises
    :class:`~prevention.errors.Invalid` (field ``file``) for what no row can be read from: an empty file, a workbook or
    PDF, NULs in the first line or everywhere, missing or doubled columns, a quotation mark that is never closed.
    """
    one_byte = next((e for e in profile.encodings if codecs.lookup(e).name not in {"utf-8", "utf-8-sig"}), "cp1252")
    decoder = _Decoder(one_byte)
    lines = (decoder.decode(line) for line in _physical_lines(stream))
    first = next((line for line in lines if line.strip()), "")
    if not first:
        raise Invalid({"file": "This file is empty."})
    records = _records(itertools.chain([first], lines), _delimiter(first, profile))
    _, header = next(records)
    header = [name.strip() for name in header]
    while header and not header[-1]:
        header.pop()
    _check_header(header, profile)
    names = {fold_column(name): name for name in header}
    decoder.in_rows = True
    for line_number, cells in records:
        encoding, decoder.used = decoder.used, "ascii"
        nul, decoder.nul = decoder.nul, False
        if any(cell.strip() for cell in cells):
            row = _row(line_number, header, cells, encoding, names)
            yield _with_nul(row) if nul else row


def _row(line_number: int, header: list[str], cells: list[str], encoding: str, names: dict[str, str]) -> Row:
    problem = column = ""
    over = [cell for cell in cells[len(header) :] if cell.strip()]
    if over:
        problem = f"This row has {len(cells)} columns, the first line has {len(header)}. Is a quotation mark missing?"
        column = header[-1]
    filled = dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=False))
    if over:
        filled |= {_beyond_header(number): cell for number, cell in enumerate(cells[len(header) :], len(header) + 1)}
    for name, cell in filled.items():
        if len(cell) > FIELD_LIMIT:
            problem, column = f"“{name}” is longer than {FIELD_LIMIT:,} characters.", name
            filled[name] = cell[:FIELD_LIMIT]
    return Row(line=line_number, cells=filled, encoding=encoding, problem=problem, column=column, names=names)


def _beyond_header(number: int) -> str:
    return f"{_BEYOND}{number})"


def is_beyond_header(name: str) -> bool:
    """Whether a cell has no column: the row, which is refused for it, has more cells than the first line has names."""
    return name.startswith(_BEYOND)


def _with_nul(row: Row) -> Row:
    column = next((name for name, cell in row.cells.items() if _NUL_SHOWN in cell), row.column)
    return replace(row, problem="This row holds a character no text has (NUL).", column=column)
