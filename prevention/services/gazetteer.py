"""Loading the local gazetteer from CSV."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from prevention.domain.referral import TidiedAddress
from prevention.errors import Invalid
from prevention.matching.normalise import address_key, tidy_postcode, tidy_uprn
from prevention.models.agency import Area
from prevention.models.premises import GazetteerAddress
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
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many addresses were loaded, and what was wrong with the rest: (line number, sentence)."""

    count: int
    refused: tuple[tuple[int, str], ...]


def load_addresses(work: Work, lines: Iterable[str]) -> Loaded:
    """Load a CSV with the columns of ``COLUMNS``; an address with a known UPRN is replaced.

    Raises:
        Invalid: the file lacks columns; each is named.
    """
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise Invalid({"file": f"The file lacks these columns: {', '.join(missing)}"})
    boroughs = set(work.session.scalars(select(Area.code)))
    refused: list[tuple[int, str]] = []
    count = 0
    rows = _rows(reader, boroughs, refused)
    while batch := list(islice(rows, _BATCH)):
        unique = list({row["uprn"]: row for row in batch}.values())
        statement = insert(GazetteerAddress).values(unique)
        updates = {name: statement.excluded[name] for name in unique[0] if name != "uprn"}
        work.session.execute(statement.on_conflict_do_update(index_elements=[GazetteerAddress.uprn], set_=updates))
        count += len(batch)
    return Loaded(count, tuple(refused))


def _rows(
    reader: "csv.DictReader[str]", boroughs: set[str], refused: list[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    for row in reader:
        uprn = tidy_uprn(row["uprn"] or "")
        postcode = tidy_postcode(row["postcode"] or "")
        problem = _problem(uprn, postcode, row["borough_code"], boroughs)
        if problem or uprn is None or postcode is None:
            refused.append((reader.line_num, problem))
            continue
        parts = {name: (row[name] or "").strip() for name in COLUMNS[1:7]}
        yield {
            "uprn": uprn,
            **parts,
            "postcode": postcode,
            "borough_code": row["borough_code"],
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


def _problem(uprn: str | None, postcode: str | None, borough: str | None, boroughs: set[str]) -> str:
    if uprn is None:
        return "The UPRN is not a number of up to 12 digits"
    if postcode is None:
        return "The postcode is not a UK postcode"
    if borough not in boroughs:
        return "The borough code is not known"
    return ""


def _degrees(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
