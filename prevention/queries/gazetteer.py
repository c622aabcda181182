"""The local gazetteer: the table ``gazetteer_addresses`` behind the protocol every source of addresses answers."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Text, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from prevention.domain.gazetteer import KnownAddress
from prevention.models.premises import GazetteerAddress

#: More addresses than a postcode ever holds.
MOST_ADDRESSES = 200

_LOOKED_UP = select(GazetteerAddress).where(
    or_(
        GazetteerAddress.uprn == any_(bindparam("uprns", type_=ARRAY(Text))),
        GazetteerAddress.address_key == any_(bindparam("keys", type_=ARRAY(Text))),
    )
)


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

    def look_up(self, wanted: Sequence[tuple[str | None, str | None]]) -> Sequence[KnownAddress | None]:
        """See ``Gazetteer``: one statement, however many are wanted."""
        uprns, keys = {uprn for uprn, _ in wanted if uprn}, {key for _, key in wanted if key}
        if not uprns and not keys:
            return [None] * len(wanted)
        rows = self._session.scalars(_LOOKED_UP, {"uprns": list(uprns), "keys": list(keys)}).all()
        by_uprn = {row.uprn: row for row in rows}
        by_key = defaultdict(list)
        for row in rows:
            by_key[row.address_key].append(row)
        found = [by_uprn.get(uprn or "") or _only(by_key[key] if key else []) for uprn, key in wanted]
        return [_known(row) if row is not None else None for row in found]


def _only(rows: list[GazetteerAddress]) -> GazetteerAddress | None:
    return rows[0] if len(rows) == 1 else None


def _known(row: GazetteerAddress) -> KnownAddress:
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
