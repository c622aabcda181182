"""The local gazetteer: the table ``gazetteer_addresses`` behind the protocol every source of addresses answers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.gazetteer import KnownAddress
from prevention.models.premises import GazetteerAddress

#: More addresses than a postcode ever holds.
MOST_ADDRESSES = 200


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

    def by_key(self, address_key: str) -> KnownAddress | None:
        """See ``Gazetteer``."""
        rows = self._session.scalars(
            select(GazetteerAddress).where(GazetteerAddress.address_key == address_key).limit(2)
        ).all()
        return _known(rows[0]) if len(rows) == 1 else None


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
        latitude=row.latitude,
        longitude=row.longitude,
        address_key=row.address_key,
    )


def _reading_order(address: KnownAddress) -> tuple[str, int, str, int, str]:
    return (address.street, _first_number(address.number), address.number, _first_number(address.flat), address.flat)


def _first_number(text: str) -> int:
    digits = "".join(letter if letter.isdigit() else " " for letter in text).split()
    return int(digits[0][:9]) if digits else 0
