"""Reading a delimited file row by row: any encoding it may come in, constant memory, and clear words when it is broken.

Every line is decoded on its own, as UTF-8 when it is UTF-8 and in the profile's one-byte encoding otherwise, so that a
file of the wrong or of mixed encoding is read right and each row says what it was read as.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import BinaryIO

from prevention.domain.intake.profile import Profile, fold_column, fold_term, suggest_profile
from prevention.domain.spreadsheet import said_in_cell
from prevention.errors import Invalid

#: Characters in one field; a longer one refuses its row. No form asks for so much.
FIELD_LIMIT = 20_000
#: Bytes in one line, and letters in one row; of a longer one only the beginning is kept, and it is refused.
LINE_LIMIT = 1_000_000
_CHUNK = 65_536
#: One NUL in so many bytes of the beginning, or more, and it is no text.
_BYTES_PER_NUL = 20
#: Columns are named in plain letters, so that these tell UTF-16: every second one is a NUL.
_TELLING_BYTES = 64
#: Stands where a NUL was in a refused row: the database keeps none, and the report shows where it is.
_NUL_SHOWN = "\u2400"
#: How cells without a column are named, with their number.
_BEYOND = "(cell "
_HOLDS_NULS = "This file holds NUL characters, so it is not a text file. Save it as CSV (UTF-8)."

_NEVER_CLOSED = "never closed"
_WRONG_QUOTES = "A quotation mark is never closed, or is in the wrong place."
_TOO_LONG_CELL = "One of its cells is too long for a table in CSV."
_TOO_LONG_LINE = f"This line is longer than {LINE_LIMIT:,} bytes."
_DELIMITERS = ",;\t|"
#: Lines of a file in which its columns are looked for: exports put a title and a date above them.
_HEADER_WITHIN = 12
#: The line by which a spreadsheet is told the delimiter.
_NAMES_DELIMITER = re.compile(r"^\s*\"?sep=.\"?\s*$", re.IGNORECASE)

_NOT_TEXT = {
    b"PK\x03\x04": "This is a spreadsheet or a zip file. Open it and save it as CSV, then send that.",
    b"%PDF": "This is a PDF. Ask the sender for the CSV file.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook. Open it and save it as CSV, then send that.",
    b"\x1f\x8b": "This file is compressed. Unpack it first.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as sent: ``cells`` holds the sender's columns word for word, in order; it ends in ``line``, from 1 on.

    ``names`` says which of them hold a column of the profile, folded. ``problem`` is a sentence when the row itself is
    broken (too many columns, a field too long, a NUL, which then shows as ``␀``), with the ``column``.
    """

    line: int
    cells: dict[str, str]
    encoding: str
    problem: str = ""
    column: str = ""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def text(self, column: str) -> str:
        """The text of a column, whatever the file calls it; empty when it is not there.

        The apostrophe that keeps a spreadsheet from taking a cell for a formula is no part of it.
        """
        said = (said_in_cell(self.cells.get(name, "")).strip() for name in self.names.get(fold_column(column), ()))
        return next(filter(None, said), "")

    def has(self, column: str) -> bool:
        """Whether the file has that column at all, be it empty in this row."""
        return fold_column(column) in self.names


@dataclass(frozen=True, slots=True)
class _Line:
    """One physical line as text: what it was read as, whether it held a NUL, and whether it was too long and cut."""

    text: str
    encoding: str
    nul: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class _Record:
    """The cells of one row, the line it ends in, and what is wrong with it."""

    number: int
    cells: list[str]
    encoding: str
    problem: str
    nul: bool


@dataclass(frozen=True, slots=True)
class _Header:
    """The columns' names in the file, each once; which of them hold which column of the profile; what must be there."""

    columns: list[str]
    names: dict[str, tuple[str, ...]]
    required: int

    @property
    def doubled(self) -> list[tuple[str, ...]]:
        """The columns of the profile that are there more than once."""
        return [names for names in self.names.values() if len(names) > 1]

    def repeated_by(self, cells: list[str]) -> bool:
        """Whether a row is the header once more, as in files put together from several."""
        columns = [name for name in self.columns if not is_beyond_header(name)]
        first = next((cell for cell in cells if cell.strip()), "").strip()
        if first[: len(columns[0])].casefold() != columns[0].casefold():
            return False
        return [fold_column(cell) for cell in cells if cell.strip()] == [fold_column(name) for name in columns]


def _decoded(line: bytes, one_byte: str, *, cut: bool) -> _Line:
    nul = b"\x00" in line
    if nul:
        line = line.replace(b"\x00", _NUL_SHOWN.encode())
    if line.isascii():
        return _Line(line.decode("ascii"), "ascii", nul, cut)
    for encoding in ("utf-8", one_byte):
        try:
            return _Line(line.decode(encoding), encoding, nul, cut)
        except UnicodeDecodeError:
            continue
    return _Line(line.decode("latin-1"), "latin-1", nul, cut)


def _utf_16(first: bytes) -> str:
    """The kind of UTF-16 a file is in, by its mark or by the NULs beside its letters; empty when it is in none."""
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = first[:_TELLING_BYTES]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) == _TELLING_BYTES and max(even, odd) * 3 > len(head) and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return ""


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The file's bytes, without its byte-order mark; UTF-16 made into UTF-8."""
    first = stream.read(_CHUNK)
    if not first.strip():
        raise Invalid({"file": "This file is empty."})
    for mark, sentence in _NOT_TEXT.items():
        if first.startswith(mark):
            raise Invalid({"file": sentence})
    if encoding := _utf_16(first):
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        yield decoder.decode(first).encode()
        while chunk := stream.read(_CHUNK):
            yield decoder.decode(chunk).encode()
        return
    if first.count(0) * _BYTES_PER_NUL > len(first):
        raise Invalid({"file": _HOLDS_NULS})
    yield first.removeprefix(codecs.BOM_UTF8)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _physical_lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Lines with their ends, for any of the three kinds of line end, and whether one was cut for its length.

    Never more than one line is in memory, and of a line that is too long only its beginning.
    """
    waiting, cut = b"", False
    for chunk in _chunks(stream):
        lines = (waiting + chunk).splitlines(keepends=True)
        waiting = lines.pop() if lines else b""
        for line in lines:
            yield line, cut
            cut = False
        if len(waiting) > LINE_LIMIT:
            end = waiting[-1:] if waiting.endswith((b"\r", b"\n")) else b""
            waiting, cut = waiting[:LINE_LIMIT] + end, True
    if waiting:
        yield waiting, cut


def _lines(stream: BinaryIO, one_byte: str) -> Iterator[_Line]:
    return (_decoded(line, one_byte, cut=cut) for line, cut in _physical_lines(stream))


class _Feed:
    """Lines for the module that reads records; those of the record in hand can be given back, all but the first."""

    def __init__(self, lines: Iterable[_Line]) -> None:
        self._lines = iter(lines)
        self._again: deque[_Line] = deque()
        self._held = 0
        self.used: list[_Line] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._held > LINE_LIMIT:
            raise csv.Error(_NEVER_CLOSED)
        line = self._again.popleft() if self._again else next(self._lines)
        self.used.append(line)
        self._held += len(line.text)
        return line.text

    def next_record(self) -> None:
        """Start over: what follows belongs to another record."""
        self.used, self._held = [], 0

    def keep_first(self) -> None:
        """Give back every line but the first: the record ends there."""
        self._again.extendleft(reversed(self.used[1:]))
        del self.used[1:]


class _Records:
    """The records of a file, ``before`` lines down. Where a quotation mark goes wrong, only its own line is lost.

    A quotation mark that is never closed takes the lines below with it, until one does not fit or there are more cells
    than columns (``width``, once it is known). Then its first line is a record with a problem, and the others are read
    anew.
    """

    def __init__(self, lines: Iterable[_Line], delimiter: str, *, before: int) -> None:
        self._feed, self._delimiter, self._number = _Feed(lines), delimiter, before
        self._reader = csv.reader(self._feed, delimiter=delimiter, strict=True)
        self.width: int | None = None

    def __iter__(self) -> Iterator[_Record]:
        return self

    def __next__(self) -> _Record:
        feed = self._feed
        feed.next_record()
        cells, problem = self._read()
        if problem:
            feed.keep_first()
            self._reader = csv.reader(feed, delimiter=self._delimiter, strict=True)
            cells = _cells(feed.used[0].text, self._delimiter)
        if any(line.cut for line in feed.used):
            problem = _TOO_LONG_LINE
        self._number += len(feed.used)
        encoding = next((line.encoding for line in reversed(feed.used) if line.encoding != "ascii"), "ascii")
        return _Record(self._number, cells, encoding, problem, any(line.nul for line in feed.used))

    def _read(self) -> tuple[list[str], str]:
        try:
            cells = next(self._reader)
        except csv.Error as error:
            return [], _TOO_LONG_CELL if "field limit" in str(error) else _WRONG_QUOTES
        too_many = self.width is not None and any(cell.strip() for cell in cells[self.width :])
        return cells, _WRONG_QUOTES if too_many and len(self._feed.used) > 1 else ""


def _delimiter(header_line: str, profile: Profile) -> str:
    """The profile's delimiter, or another common one when only that gives the columns."""
    candidates = (profile.delimiter, *_DELIMITERS)
    fitting = (delimiter for delimiter in candidates if not profile.missing(_cells(header_line, delimiter)))
    return next(fitting, profile.delimiter)


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line by itself, whatever its quotation marks."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.rstrip("\r\n").split(delimiter)


def _first_lines(stream: BinaryIO, one_byte: str) -> tuple[list[_Line], Iterator[_Line]]:
    """The lines among which the columns' names are looked for, and the rest.

    Raises:
        Invalid: they cannot be a table's.
    """
    lines = _lines(stream, one_byte)
    first = list(islice(lines, _HEADER_WITHIN))
    if not any(line.text.strip() for line in first):
        raise Invalid({"file": "This file is empty."})
    at = next(at for at, line in enumerate(first) if line.text.strip())
    if first[at].nul:
        raise Invalid({"file": _HOLDS_NULS})
    if first[at].cut:
        raise Invalid({"file": f"A line is longer than {LINE_LIMIT:,} bytes, so this is not a table in CSV."})
    return first, lines


def read_header(stream: BinaryIO) -> list[str]:
    """The column names of a file nobody has named a profile for; the stream is then used up.

    They are those of the first line that fits a profile; else of the first that is not blank. Raises
    :class:`~prevention.errors.Invalid` for an empty file or one that is no text.
    """
    first, _ = _first_lines(stream, "cp1252")
    found: list[list[str]] = []
    for line in first:
        if not line.text.strip() or _NAMES_DELIMITER.match(line.text):
            continue
        header = max((_cells(line.text, delimiter) for delimiter in _DELIMITERS), key=len)
        found.append([cell.strip() for cell in header])
        if suggest_profile(found[-1]) is not None:
            return found[-1]
    return found[0] if found else []


def _find_header(first: list[_Line], profile: Profile) -> int:
    """Which of the first lines names the columns: titles, and a line that names the delimiter, may stand above it."""
    said = [at for at, line in enumerate(first) if line.text.strip() and not _NAMES_DELIMITER.match(line.text)]
    for at in said:
        line = first[at].text
        if not profile.missing(_cells(line, _delimiter(line, profile))):
            return at
    return said[0] if said else 0


def _read_header(cells: list[str], profile: Profile) -> _Header:
    """Give every column a name of its own, and find the profile's among them.

    Raises:
        Invalid: columns without which no row can be taken are not there.
    """
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    missing = profile.missing(cells)
    if len(missing) == len(profile.required):
        raise Invalid(
            {"file": f"This does not look like a file of “{profile.title}”: none of its columns is there. "
                     f"The first line should name them: {', '.join(profile.columns)}."}
        )  # fmt: skip
    if missing:
        named = ", ".join(f"“{column}”" for column in missing)
        raise Invalid({"file": f"Missing from the first line: {named}."})
    columns: list[str] = []
    names: dict[str, tuple[str, ...]] = {}
    for number, (cell, known) in enumerate(zip(cells, profile.columns_of(cells), strict=True), start=1):
        name = cell or _beyond_header(number)
        columns.append(name if name not in columns else f"{name} (column {number})")
        if known is not None:
            key = fold_column(known)
            names[key] = (*names.get(key, ()), columns[-1])
    last = max(min(columns.index(name) for name in names[fold_column(column)]) for column in profile.required)
    return _Header(columns, names, last + 1)


def read_rows(stream: BinaryIO, profile: Profile) -> Iterator[Row]:
    """The file's rows, one at a time, whatever its encoding and line ends; blank rows are left out.

    Memory stays constant: a row at a time. A row that is itself broken comes with its ``problem``, and those below it
    are read all the same. Raises :class:`~prevention.errors.Invalid` (field ``file``) for what no row can be read from:
    an empty file, a workbook or PDF, NULs in the first line or everywhere, missing columns.
    """
    one_byte = next((e for e in profile.encodings if codecs.lookup(e).name not in {"utf-8", "utf-8-sig"}), "cp1252")
    first, rest = _first_lines(stream, one_byte)
    at = _find_header(first, profile)
    delimiter = _delimiter(first[at].text, profile)
    records = _Records(chain(first[at:], rest), delimiter, before=at)
    header = _read_header(next(records).cells, profile)
    records.width = len(header.columns)
    for record in records:
        if any(cell.strip() for cell in record.cells) or record.problem:
            yield _row(record, header)


def _row(record: _Record, header: _Header) -> Row:
    columns, cells = header.columns, record.cells
    filled = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
    filled |= {
        _beyond_header(number): cell
        for number, cell in enumerate(cells[len(columns) :], len(columns) + 1)
        if any(later.strip() for later in cells[len(columns) :])
    }
    problem, column = next(_problems(record, header, filled), ("", ""))
    shown = {name: cell[:FIELD_LIMIT] for name, cell in filled.items()}
    return Row(record.number, shown, record.encoding, problem, column, names=header.names)


def _problems(record: _Record, header: _Header, filled: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a row itself, in sentences, each with the column it is about; the most telling first."""
    columns, cells = header.columns, record.cells
    if record.nul:
        column = next((name for name, cell in filled.items() if _NUL_SHOWN in cell), "")
        yield "This row holds a character no text has (NUL).", column
    if too_long := next((name for name, cell in filled.items() if len(cell) > FIELD_LIMIT), ""):
        yield f"“{too_long}” is longer than {FIELD_LIMIT:,} characters.", too_long
    if record.problem:
        yield record.problem, ""
    if header.repeated_by(cells):
        yield "This row repeats the names of the columns.", ""
    if any(cell.strip() for cell in cells[len(columns) :]):
        count = f"This row has {len(cells)} columns, the first line has {len(columns)}."
        yield f"{count} Is a quotation mark missing?", columns[-1]
    if len(cells) < header.required:
        missing = columns[len(cells)]
        yield f"This row breaks off before “{missing}”: it has {len(cells)} of {len(columns)} columns.", missing
    for names in header.doubled:
        if len({fold_term(filled[name]).replace(" ", "") for name in names} - {""}) > 1:
            yield f"“{names[0]}” is there more than once, and says different things in this row.", names[0]


def _beyond_header(number: int) -> str:
    return f"{_BEYOND}{number})"


def is_beyond_header(name: str) -> bool:
    """Whether a cell has no column: the row, which is refused for it, has more cells than the first line has names."""
    return name.startswith(_BEYOND)


def in_batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """The rows in lists of ``size``, the last one maybe shorter; no more than one list is held at a time."""
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch
