"""The local gazetteer: the table ``gazetteer_addresses`` behind the protocol every source of addresses answers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Text, any_, bindparam, column, func, literal_column, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from prevention.domain.gazetteer import KnownAddress
from prevention.domain.referral import GivenAddress
from prevention.matching.addresses.choosing import RegisterAddress, resolve
from prevention.matching.addresses.reading import Reading, read_address
from prevention.matching.normalise.addresses import is_no_fixed_abode
from prevention.matching.normalise.identifiers import tidy_uprn
from prevention.models.premises import PLAIN_STREET, GazetteerAddress

#: More addresses than a postcode ever holds.
MOST_ADDRESSES = 200
#: More addresses than a street has whose homes can be told apart without a postcode.
MOST_ON_A_STREET = 1000

_Row = Row[Any]
#: Rows of the table, not entities: a batch of an import looks through hundreds and keeps twenty.
_TABLE = GazetteerAddress.__table__.c
_NAMED = select(*_TABLE).where(
    or_(
        _TABLE.uprn == any_(bindparam("uprns", type_=ARRAY(Text))),
        _TABLE.postcode == any_(bindparam("postcodes", type_=ARRAY(Text))),
    )
)
_WANTED = (
    func.unnest(bindparam("streets", type_=ARRAY(Text)), bindparam("outwards", type_=ARRAY(Text)))
    .table_valued(column("street", Text), column("outward", Text))
    .render_derived(name="wanted")
)
_ON_STREET = (
    select(*_TABLE)
    .where(
        literal_column(PLAIN_STREET.replace("street", "gazetteer_addresses.street")) == _WANTED.c.street,
        or_(_WANTED.c.outward == "", _TABLE.postcode.startswith(_WANTED.c.outward.concat(" "))),
    )
    .limit(MOST_ON_A_STREET + 1)
    .correlate(_WANTED)
    .lateral("on_street")
)
_ALONG = select(
    _WANTED.c.street.label("wanted_street"), _WANTED.c.outward.label("wanted_outward"), *_ON_STREET.c
).select_from(_WANTED.join(_ON_STREET, true()))


class LocalGazetteer:
    """The table ``gazetteer_addresses``, loaded by ``flask gazetteer load``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_postcode(self, postcode: str) -> Sequence[KnownAddress]:
        """See ``Gazetteer``: by street, number as a number, flat as a number."""
        rows = self._session.scalars(
            select(GazetteerAddress).where(GazetteerAddress.postcode == postcode).limit(MOST_ADDRESSES)
        )
        return sorted((_known(row) for row in rows), key=_reading_order)

    def by_uprn(self, uprn: str) -> KnownAddress | None:
        """See ``Gazetteer``."""
        row = self._session.get(GazetteerAddress, uprn)
        return _known(row) if row is not None else None

    def look_up(self, addresses: Sequence[GivenAddress]) -> Sequence[KnownAddress | None]:
        """See ``Gazetteer``: two statements at most, however many are wanted.

        What an address means is looked for among those of its postcode, then along its street.
        """
        wanted = [_Wanted.of(address) for address in addresses]
        found = self._by_number_or_postcode(wanted)
        left = [at for at, one in enumerate(wanted) if found[at] is None and one.text]
        for at, row in zip(left, self._along_streets([wanted[at] for at in left]), strict=True):
            found[at] = row
        return [_known(row) if row is not None else None for row in found]

    def _by_number_or_postcode(self, wanted: Sequence["_Wanted"]) -> list[_Row | None]:
        uprns = {one.uprn for one in wanted if one.uprn}
        postcodes = {one.reading.postcode for one in wanted if one.text and one.reading.postcode}
        if not uprns and not postcodes:
            return [None] * len(wanted)
        rows = self._session.execute(_NAMED, {"uprns": list(uprns), "postcodes": list(postcodes)}).all()
        by_uprn = {row.uprn: row for row in rows}
        for one in wanted:
            one.nearby = [row for row in rows if row.postcode == one.reading.postcode] if one.text else []
        return [by_uprn.get(one.uprn or "") or one.surely_meant() for one in wanted]

    def _along_streets(self, wanted: Sequence["_Wanted"]) -> list[_Row | None]:
        streets = {(street, one.outward) for one in wanted for street in one.reading.plain_streets}
        if not streets:
            return [None] * len(wanted)
        names, outwards = zip(*sorted(streets), strict=True)
        found = defaultdict(list)
        for row in self._session.execute(_ALONG, {"streets": list(names), "outwards": list(outwards)}):
            found[row.wanted_street, row.wanted_outward].append(row)
        for one in wanted:
            on_street = [row for street in one.reading.plain_streets for row in found[street, one.outward]]
            # Of a street that is not known whole nobody can say that only one home fits.
            one.nearby = [*one.nearby, *on_street] if 0 < len(on_street) <= MOST_ON_A_STREET else []
        return [one.surely_meant() for one in wanted]


@dataclass(slots=True)
class _Wanted:
    """An address to be looked up; ``nearby`` are the gazetteer's addresses that it may mean."""

    uprn: str | None
    text: str
    postcode: str
    reading: Reading
    nearby: list[_Row] = field(default_factory=list)

    @classmethod
    def of(cls, address: GivenAddress) -> "_Wanted":
        nowhere = address.no_fixed_abode or any(map(is_no_fixed_abode, (address.lines, address.postcode)))
        text = "" if nowhere else address.lines.strip()
        uprn = None if nowhere else tidy_uprn(address.uprn)
        return cls(uprn, text, address.postcode, read_address(text, address.postcode))

    @property
    def outward(self) -> str:
        return self.reading.outward or ""

    def surely_meant(self) -> _Row | None:
        """The one address nearby that the words surely mean."""
        by_uprn = {row.uprn: row for row in self.nearby}
        if not self.text or not by_uprn:
            return None
        resolution = resolve(self.text, [_as_registered(row) for row in by_uprn.values()], self.postcode)
        return by_uprn[resolution.best.uprn] if resolution.sure and resolution.best is not None else None


def _as_registered(row: _Row) -> RegisterAddress:
    return RegisterAddress.from_parts(
        row.uprn,
        flat=row.flat,
        building=row.building,
        number=row.number,
        street=row.street,
        locality=row.locality,
        town=row.town,
        postcode=row.postcode,
    )


def _known(row: _Row | GazetteerAddress) -> KnownAddress:
    return KnownAddress(
        uprn=row.uprn,
        flat=row.flat,
        building=row.building,
        number=row.number,
        street=row.street,
        locality=row.locality,
        town=row.town,
        postcode=row.postcode,
        borough_code=row.borough_code,
        ward_code=row.ward_code,
        latitude=row.latitude,
        longitude=row.longitude,
        address_key=row.address_key,
    )


def _reading_order(address: KnownAddress) -> tuple[str, int, str, int, str]:
    return (address.street, _first_number(address.number), address.number, _first_number(address.flat), address.flat)


def _first_number(text: str) -> int:
    digits = "".join(letter if letter.isdigit() else " " for letter in text).split()
    return int(digits[0][:9]) if digits else 0
