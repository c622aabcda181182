"""Why somebody looks at an address that is kept confidential (domain.md 4.5: a reason for every view)."""

from enum import StrEnum


class RevealReason(StrEnum):
    """The reasons there are; each look is kept with one of them."""

    SENDING_CREW = "SENDING_CREW"
    ON_THE_PHONE = "ON_THE_PHONE"
    CHECKING_MATCH = "CHECKING_MATCH"
    DANGER_NOW = "DANGER_NOW"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "SENDING_CREW": "To send a crew there",
            "ON_THE_PHONE": "The resident is on the phone and I am checking the address",
            "CHECKING_MATCH": "To check whether two referrals are about the same home",
            "DANGER_NOW": "Somebody is in danger now",
        }[self.value]
