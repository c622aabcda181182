"""The home itself, as a visit finds it (domain.md 1.4 C): codes, never the address."""

from dataclasses import dataclass
from enum import StrEnum

#: Floors a front door may plausibly be on; outside it is a slip of the finger.
LOWEST_STOREY, HIGHEST_STOREY = -5, 99


class PropertyType(StrEnum):
    """What kind of building somebody lives in."""

    HOUSE = "HOUSE"
    BUNGALOW = "BUNGALOW"
    FLAT_PURPOSE_BUILT = "FLAT_PURPOSE_BUILT"
    FLAT_CONVERTED = "FLAT_CONVERTED"
    HMO = "HMO"
    SHELTERED = "SHELTERED"
    SUPPORTED = "SUPPORTED"
    CARAVAN_OR_BOAT = "CARAVAN_OR_BOAT"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "FLAT_PURPOSE_BUILT": "Flat, purpose-built",
            "FLAT_CONVERTED": "Flat in a converted building",
            "HMO": "Shared house or bedsit (HMO)",
            "SHELTERED": "Sheltered or extra care housing",
            "SUPPORTED": "Supported housing",
        }.get(self.value, self.value.replace("_", " ").capitalize())


class Tenure(StrEnum):
    """By what right the resident lives there."""

    OWNER_OCCUPIED = "OWNER_OCCUPIED"
    COUNCIL = "COUNCIL"
    HOUSING_ASSOCIATION = "HOUSING_ASSOCIATION"
    PRIVATE_RENTED = "PRIVATE_RENTED"
    OTHER = "OTHER"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "COUNCIL": "Rented from the council",
            "HOUSING_ASSOCIATION": "Rented from a housing association",
            "PRIVATE_RENTED": "Rented from a private landlord",
        }.get(self.value, self.value.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Home:
    """The home itself. ``storey`` is the floor of its own front door: 0 the ground floor, below 0 underground.

    None is not asked.
    """

    property_type: PropertyType | None = None
    tenure: Tenure | None = None
    storey: int | None = None
    lift: bool | None = None
    telecare_provider: str = ""

    @property
    def storey_words(self) -> str:
        """The floor in words; empty when it was not asked."""
        if self.storey is None:
            return ""
        return {0: "Ground floor", -1: "Basement"}.get(self.storey, f"Floor {self.storey}")
