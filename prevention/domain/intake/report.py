"""The report of refused rows: why, which line, and the sender's own columns, in order and word for word."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from prevention.domain.intake.rows import is_beyond_header
from prevention.domain.spreadsheet import safe_cell

#: What the report adds to the sender's columns. A report that is corrected and refused again has them once.
ADDED_COLUMNS = ("Reason refused", "Line in file")
#: Without it a spreadsheet takes UTF-8 for something else.
_MARK = "\ufeff"


def refused_report(rows: Iterable[tuple[int, str, Mapping[str, str]]]) -> Iterator[str]:
    """CSV, a line at a time, of refused rows: each its line, its reason and its original columns.

    It can be put right and imported as it is. No cell is a formula. Cells that have no column stand where they stood.
    """
    columns: list[str] | None = None
    for line, reason, original in rows:
        if columns is None:
            columns = [name for name in original if name not in ADDED_COLUMNS and not is_beyond_header(name)]
            yield _MARK + _line([*ADDED_COLUMNS, *columns])
        beyond = [cell for name, cell in original.items() if is_beyond_header(name)]
        yield _line([reason, str(line), *(original.get(name, "") for name in columns), *beyond])
    if columns is None:
        yield _MARK + _line(ADDED_COLUMNS)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([safe_cell(cell) for cell in cells])
    return text.getvalue()
