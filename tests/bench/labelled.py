"""The labelled records of ``../shared/data/linkage``: in the engine's form, and as a table for Splink."""

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from prevention.cli.matching import read_records
from prevention.domain.referral import GivenAddress, GivenPerson, TidiedAddress
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder
from prevention.matching.normalise.people import tidy_person
from prevention.matching.record import Record

SHARED = Path("../shared/data/linkage")
#: A row for Splink: every name and value as text, nothing where it is not given.
Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Labelled:
    """Records with the truth about each, by their places; ``rows`` are the same records as Splink is given them.

    ``households`` is empty where nobody knows them. ``across``: no source holds anybody twice, so only pairs of two
    sources are looked for.
    """

    name: str
    records: Sequence[Record]
    persons: Sequence[str]
    households: Sequence[str]
    rows: Sequence[Row]
    across: bool = False

    def is_looked_for(self, left: int, right: int) -> bool:
        """Whether a pair counts: of two sources, where only those are linked."""
        return not self.across or self.records[left].source != self.records[right].source


def read(name: str) -> Labelled:
    """One of :data:`NAMES`."""
    return _READERS[name](name)


# --- referrals of UK households -------------------------------------------------------------------------------------


def _uk(name: str) -> Labelled:
    records = list(read_records(SHARED / f"{name}.csv.gz"))
    truth = {row["record_id"]: row for row in _csv(f"{name}_truth.csv.gz")}
    return Labelled(
        name=name,
        records=records,
        persons=[truth[record.record_id]["person"] for record in records],
        households=[truth[record.record_id]["household"] for record in records],
        rows=[_normalised(record) for record in records],
        across=name.startswith("essnet"),
    )


def _normalised(record: Record) -> Row:
    """What the engine has read of a record, so that Splink starts from text as clean."""
    return {
        "source": record.source,
        "forename": " ".join(record.forenames[:1]) or None,
        "surname": record.surname or None,
        "dob": record.dob.isoformat() if record.dob else None,
        "sex": record.sex or None,
        "phone": record.phone,
        "email": record.email,
        "uprn": record.uprn,
        "address": record.address_key,
        "postcode": record.postcode,
    }


# --- lists that others measure themselves on ------------------------------------------------------------------------


def _febrl3(name: str) -> Labelled:
    return _febrl(name, [("", row) for row in _csv("febrl3.csv")])


def _febrl4(name: str) -> Labelled:
    return _febrl(name, [(half, row) for half in "ab" for row in _csv(f"febrl4{half}.csv")], across=True)


def _febrl(name: str, given: Sequence[tuple[str, Mapping[str, str]]], *, across: bool = False) -> Labelled:
    rows = [(half, {column.strip(): cell.strip() for column, cell in row.items()}) for half, row in given]
    return Labelled(
        name=name,
        records=[_febrl_record(half, row) for half, row in rows],
        persons=["-".join(row["rec_id"].split("-")[:2]) for _, row in rows],
        households=(),
        rows=[{**_or_none(row), "source": half} for half, row in rows],
        across=across,
    )


def _febrl_record(half: str, row: Mapping[str, str]) -> Record:
    """An Australian postcode and social security number stand where ours would."""
    person = GivenPerson(first_name=row["given_name"], surname=row["surname"])
    address = GivenAddress(lines=f"{row['street_number']} {row['address_1']}, {row['suburb']}")
    record = Record.from_tidied(row["rec_id"], tidy_person(person, _TODAY), tidy_address(address), source=half)
    born = _date(row["date_of_birth"], "%Y%m%d")
    return replace(record, dob=born, nhs_number=row["soc_sec_id"] or None, postcode=row["postcode"] or None)


def _fake_1000(name: str) -> Labelled:
    rows = list(_csv("fake_1000.csv"))
    return Labelled(name, [_fake_record(row) for row in rows], [row["cluster"] for row in rows], (),
                    [_or_none(row) for row in rows])  # fmt: skip


def _fake_record(row: Mapping[str, str]) -> Record:
    """A city stands where a postcode would: what a person lives near."""
    person = GivenPerson(first_name=row["first_name"], surname=row["surname"], dob=row["dob"], email=row["email"])
    record = Record.from_tidied(row["unique_id"], tidy_person(person, _TODAY, DateOrder.ISO), TidiedAddress())
    return replace(record, postcode=row["city"].upper() or None)


def _historical(name: str) -> Labelled:
    rows = list(_csv("historical_50k.csv.gz"))
    return Labelled(name, [_historical_record(row) for row in rows], [row["cluster"] for row in rows], (),
                    [_or_none(row) for row in rows])  # fmt: skip


def _historical_record(row: Mapping[str, str]) -> Record:
    """Birth places and occupations have no field of ours; births of other centuries, which no door takes, are kept."""
    person = GivenPerson(first_name=row["first_name"], surname=row["surname"], sex=row["gender"])
    address = tidy_address(GivenAddress(postcode=row["postcode_fake"]))
    record = Record.from_tidied(row["unique_id"], tidy_person(person, _TODAY), address)
    return replace(record, dob=_date(row["dob"], "%Y-%m-%d"))


#: No record is of a later day.
_TODAY = date(2026, 11, 22)


def _date(text: str, layout: str) -> date | None:
    try:
        return datetime.strptime(text, layout).date()  # noqa: DTZ007 - a day
    except ValueError:
        return None


def _or_none(row: Mapping[str, str]) -> Row:
    return {column: cell or None for column, cell in row.items()}


def _csv(name: str) -> Iterator[dict[str, str]]:
    opened = gzip.open if name.endswith(".gz") else open
    with opened(SHARED / name, "rt", encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


_READERS: Mapping[str, Callable[[str], Labelled]] = {
    "uk_10k": _uk,
    "uk_100k": _uk,
    "essnet_even": _uk,
    "febrl3": _febrl3,
    "febrl4": _febrl4,
    "fake_1000": _fake_1000,
    "historical_50k": _historical,
}
NAMES = tuple(_READERS)
#: Those of households; the others are lists of people.
HOUSEHOLDS = NAMES[:3]
