"""Loading the local gazetteer from CSV."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, case, null, select, update
from sqlalchemy.dialects.postgresql import insert

from prevention.domain.referral import TidiedAddress
from prevention.errors import Invalid
from prevention.matching.normalise.dwellings import address_key
from prevention.matching.normalise.identifiers import tidy_uprn
from prevention.matching.normalise.postcodes import tidy_postcode
from prevention.models.agency import Area
from prevention.models.premises import GazetteerAddress, Premises
from prevention.services.work import Work

COLUMNS = (
    "uprn",
    "flat",
    "building",
    "number",
    "street",
    "locality",
    "town",
    "postcode",
    "borough_code",
    "latitude",
    "longitude",
)
#: A column a file may have.
WARD = "ward_code"
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many addresses were loaded, and what was wrong with the rest: (line number, sentence)."""

    count: int
    refused: tuple[tuple[int, str], ...]


def load_addresses(work: Work, lines: Iterable[str]) -> Loaded:
    """Load a CSV with the columns of ``COLUMNS``, perhaps with ``WARD``; an address with a known UPRN is replaced.

    The homes there are follow into the wards the file says. A file without wards leaves those there are.

    Raises:
        Invalid: the file lacks columns; each is named.
    """
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise Invalid({"file": f"The file lacks these columns: {', '.join(missing)}"})
    has_wards = WARD in (reader.fieldnames or ())
    areas = dict(work.session.execute(select(Area.code, Area.borough_code)).all())
    refused: list[tuple[int, str]] = []
    count = 0
    rows = _rows(reader, areas, refused)
    while batch := list(islice(rows, _BATCH)):
        unique = list({row["uprn"]: row for row in batch}.values())
        statement = insert(GazetteerAddress).values(unique)
        updates: dict[str, Any] = {name: statement.excluded[name] for name in unique[0] if name != "uprn"}
        if not has_wards:
            updates[WARD] = _ward_if_still_in(statement.excluded["borough_code"])
        work.session.execute(statement.on_conflict_do_update(index_elements=[GazetteerAddress.uprn], set_=updates))
        if has_wards:
            _move_homes(work, [row["uprn"] for row in unique])
        count += len(batch)
    return Loaded(count, tuple(refused))


def _ward_if_still_in(borough_code: ColumnElement[str]) -> ColumnElement[str | None]:
    return case((GazetteerAddress.borough_code == borough_code, GazetteerAddress.ward_code), else_=null())


def _move_homes(work: Work, uprns: list[str]) -> None:
    """Put the homes with these UPRNs into the wards of their entries."""
    known = GazetteerAddress
    for which in (~Premises.confidential, Premises.confidential):  # each has an index of its own
        work.session.execute(
            update(Premises)
            .where(Premises.uprn == known.uprn, Premises.uprn.in_(uprns), which)
            .where(Premises.borough_code == known.borough_code, Premises.ward_code.is_distinct_from(known.ward_code))
            .values(ward_code=known.ward_code)
            .execution_options(synchronize_session=False)
        )


def _rows(
    reader: "csv.DictReader[str]", areas: Mapping[str, str], refused: list[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    for row in reader:
        uprn = tidy_uprn(row["uprn"] or "")
        postcode = tidy_postcode(row["postcode"] or "")
        ward = (row.get(WARD) or "").strip() or None
        problem = _problem(uprn, postcode, row["borough_code"], ward, areas)
        if problem or uprn is None or postcode is None:
            refused.append((reader.line_num, problem))
            continue
        parts = {name: (row[name] or "").strip() for name in COLUMNS[1:7]}
        yield {
            "uprn": uprn,
            **parts,
            "postcode": postcode,
            "borough_code": row["borough_code"],
            WARD: ward,
            "latitude": _degrees(row["latitude"]),
            "longitude": _degrees(row["longitude"]),
            "address_key": _key(uprn, postcode, parts),
        }


def _key(uprn: str, postcode: str, parts: dict[str, str]) -> str | None:
    return address_key(
        TidiedAddress(
            uprn=uprn,
            flat=parts["flat"],
            building=parts["building"],
            number=parts["number"],
            street=parts["street"],
            locality=parts["locality"],
            town=parts["town"],
            postcode=postcode,
        )
    )


def _problem(
    uprn: str | None, postcode: str | None, borough: str | None, ward: str | None, areas: Mapping[str, str]
) -> str:
    """What is wrong with a row. ``areas`` gives each known area's borough, which of a borough is itself."""
    if uprn is None:
        return "The UPRN is not a number of up to 12 digits"
    if postcode is None:
        return "The postcode is not a UK postcode"
    if borough is None or areas.get(borough) != borough:
        return "The borough code is not known"
    if ward is not None and (ward not in areas or areas[ward] == ward):
        return "The ward code is not known"
    if ward is not None and areas[ward] != borough:
        return "The ward is in another borough"
    return ""


def _degrees(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
