"""The words for how alike a referral and what is known are (domain.md section 8, Dedup keys)."""

from enum import StrEnum


class MatchDecision(StrEnum):
    """What the engine says of a new referral against an open case."""

    JOINED = "joined"
    REVIEW = "review"
    NEW = "new"


class ReviewAnswer(StrEnum):
    """What a person answered on the review list."""

    SAME_CONCERN = "same_concern"
    SAME_PERSON_NEW_CONCERN = "same_person_new_concern"
    SAME_HOUSEHOLD = "same_household"
    NOT_RELATED = "not_related"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "same_concern": "Same person, same concern: join them",
            "same_person_new_concern": "Same person, a new concern: keep both",
            "same_household": "Same household, different people",
            "not_related": "Not related",
        }[self.value]
