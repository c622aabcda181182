"""Addresses of a gazetteer, and what any source of them must answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from prevention.domain.referral import GivenAddress


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """One address of a gazetteer: BS 7666 parts, ONS code of the borough; ward and WGS84 position where known."""

    uprn: str
    flat: str
    building: str
    number: str
    street: str
    locality: str
    town: str
    postcode: str
    borough_code: str
    ward_code: str | None
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

    def look_up(self, addresses: Sequence[GivenAddress]) -> Sequence[KnownAddress | None]:
        """For each address as given: the one with its UPRN, else the one its words surely mean, else none."""
