"""Risk levels and where a factor came from (domain.md 1.1, 1.4)."""

from enum import StrEnum


class RiskLevel(StrEnum):
    """London's four levels; ``rank`` sorts the queue, worst first."""

    VERY_HIGH = "VERY_HIGH"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"

    @property
    def rank(self) -> int:
        """0 for the worst level, 3 for the least."""
        return list(RiskLevel).index(self)

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"VERY_HIGH": "Very high", "HIGH": "High", "MEDIUM": "Medium", "LOW": "Low"}[self.value]


class FactorSource(StrEnum):
    """Who says so: a police record is never shown as something a crew saw (domain.md 1.4)."""

    CREW_OBSERVED = "crew_observed"
    SELF_REPORTED = "self_reported"
    POLICE_RECORD = "police_record"
    THIRD_PARTY = "third_party"
    VISIT_OBSERVED = "visit_observed"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "crew_observed": "Crew observed",
            "self_reported": "Self-reported",
            "police_record": "Police record",
            "third_party": "Told by someone else",
            "visit_observed": "Seen on a visit",
        }[self.value]
