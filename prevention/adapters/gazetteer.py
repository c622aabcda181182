"""Address look-up by postcode or UPRN. The local table is one source; another fits behind the same protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.models.premises import GazetteerAddress

#: More addresses than a postcode ever holds.
MOST_ADDRESSES = 200


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """One address of a gazetteer: BS 7666 parts, ONS borough code, WGS84 position where known."""

    uprn: str
    flat: str
    building: str
    number: str
    street: str
    locality: str
    town: str
    postcode: str
    borough_code: str
    latitude: float | None
    longitude: float | None
    address_key: str | None

    @property
    def line(self) -> str:
        """The address on one line, without the postcode."""
        parts = [self.flat, self.building, f"{self.number} {self.street}".strip(), self.locality, self.town]
        return ", ".join(part for part in parts if part)


class Gazetteer(Protocol):
    """A source of addresses."""

    def by_postcode(self, postcode: str) -> Sequence[KnownAddress]:
        """Addresses of a normalised postcode, in the order a person would look through them."""

    def by_uprn(self, uprn: str) -> KnownAddress | None:
        """The address with this UPRN."""

    def by_key(self, address_key: str) -> KnownAddress | None:
        """The address with this normalised key, when exactly one has it."""


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
