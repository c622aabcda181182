"""A list of wards as the ONS publishes it: a look-up from wards to local authorities, its columns named by the year."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prevention.errors import Invalid

#: The columns needed, as people know them, and what they look like in a file of any year.
_COLUMNS = {
    "WD24CD": re.compile(r"WD\d\dCD", re.IGNORECASE),
    "WD24NM": re.compile(r"WD\d\dNM", re.IGNORECASE),
    "LAD24CD": re.compile(r"LAD\d\dCD", re.IGNORECASE),
}
_CODE = re.compile(r"[ENSW][0-9]{8}")
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class ListedWard:
    """One row of the list. ``problem`` says what is wrong with it; empty: nothing is."""

    line: int
    code: str
    name: str
    borough_code: str
    problem: str = ""


def read_wards(lines: Iterable[str]) -> Iterator[ListedWard]:
    """The rows of a CSV with a ward's code and name and its local authority's code; other columns do not matter.

    Raises:
        Invalid: a column is missing or there twice (a file of two years), or the text is no CSV.
    """
    reader = csv.reader(lines)
    try:
        places = _places(next(reader, []))
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _listed(reader.line_num, [row[place].strip() if place < len(row) else "" for place in places])
    except csv.Error as broken:
        raise Invalid({"file": f"Line {reader.line_num} cannot be read as CSV: {broken}"}) from broken


def _places(header: list[str]) -> list[int]:
    names = [name.strip().strip("\ufeff").strip() for name in header]
    found = {
        wanted: [place for place, name in enumerate(names) if like.fullmatch(name)] for wanted, like in _COLUMNS.items()
    }
    missing = [wanted for wanted, places in found.items() if not places]
    if missing:
        raise Invalid({"file": f"The file lacks these columns (of any year): {', '.join(missing)}"})
    twice = [names[place] for places in found.values() if len(places) > 1 for place in places]
    if twice:
        raise Invalid({"file": f"The file holds more than one list: {', '.join(twice)}. Keep the columns of one year"})
    return [places[0] for places in found.values()]


def _listed(line: int, cells: list[str]) -> ListedWard:
    code, name, borough_code = cells
    return ListedWard(line, code, name, borough_code, _problem(code, name, borough_code))


def _problem(code: str, name: str, borough_code: str) -> str:
    if not _CODE.fullmatch(code):
        return "The ward code is not an ONS code such as E05000026"
    if not _CODE.fullmatch(borough_code):
        return "The local authority code is not an ONS code such as E09000022"
    if not name:
        return "The ward has no name"
    if len(name) > _LONGEST_NAME or not name.isprintable():
        return f"The name is longer than {_LONGEST_NAME} characters, or holds some that cannot be shown"
    return ""
