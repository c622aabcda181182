"""Agencies and what kind of service they are."""

from enum import StrEnum


class AgencyKind(StrEnum):
    """The kind of service an agency is; sharing rules follow from it (domain.md 4.4)."""

    FIRE = "fire"
    AMBULANCE = "ambulance"
    POLICE = "police"
    PARTNER = "partner"

    @property
    def label(self) -> str:
        """The word shown on screen."""
        return {"fire": "Fire", "ambulance": "Ambulance", "police": "Police", "partner": "Partner"}[self.value]


class TeamKind(StrEnum):
    """What sort of unit a team is: visits are assigned to teams, and through them to officers."""

    STATION = "station"
    SPECIALIST = "specialist"
    WARD_TEAM = "ward_team"
    DESK = "desk"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "station": "Fire station",
            "specialist": "Specialist team",
            "ward_team": "Ward team",
            "desk": "Coordination desk",
        }[self.value]
