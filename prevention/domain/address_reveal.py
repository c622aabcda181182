"""An address that is kept confidential: the words that stand for it, and why somebody looks at it (domain.md 4.5)."""

from enum import StrEnum

#: What stands for the address wherever it is kept back.
MASKED = "Confidential address"


class RevealReason(StrEnum):
    """The reasons there are; each look is kept with one of them. ``VISITING`` is the crew's, by the visit itself."""

    SENDING_CREW = "SENDING_CREW"
    VISITING = "VISITING"
    ON_THE_PHONE = "ON_THE_PHONE"
    CHECKING_MATCH = "CHECKING_MATCH"
    DANGER_NOW = "DANGER_NOW"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "SENDING_CREW": "To send a crew there",
            "VISITING": "To go there on a visit",
            "ON_THE_PHONE": "The resident is on the phone and I am checking the address",
            "CHECKING_MATCH": "To check whether two referrals are about the same home",
            "DANGER_NOW": "Somebody is in danger now",
        }[self.value]
