"""The words for how alike a referral and what is known are (domain.md section 8, Dedup keys)."""

from enum import StrEnum


class MatchDecision(StrEnum):
    """What the engine says of a new referral against an open case."""

    JOINED = "joined"
    REVIEW = "review"
    NEW = "new"


class BatchState(StrEnum):
    """Where a comparison of everybody with everybody stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be done."""
        return self in {BatchState.CANCELLED, BatchState.FINISHED, BatchState.FAILED}


class Settled(StrEnum):
    """What became of two records that the comparison of everybody found alike."""

    LINKED = "linked"
    ASKED = "asked"
    LEFT = "left"


class ReviewAnswer(StrEnum):
    """What a person answered on the review list: who the two speak of, and whether it is one concern."""

    SAME_CONCERN = "same_concern"
    SAME_HOME_SAME_CONCERN = "same_home_same_concern"
    SAME_PERSON_NEW_CONCERN = "same_person_new_concern"
    SAME_HOUSEHOLD = "same_household"
    NOT_RELATED = "not_related"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "same_concern": "Same person, same concern: join them",
            "same_home_same_concern": "Same home, same concern, other people: join them",
            "same_person_new_concern": "Same person, another concern: keep two cases",
            "same_household": "Same household, another concern: keep two cases",
            "not_related": "Not related: keep two cases",
        }[self.value]

    @property
    def joins(self) -> bool:
        """Whether one case goes on from the two: the concern is one, whoever of the home is named."""
        return self in {ReviewAnswer.SAME_CONCERN, ReviewAnswer.SAME_HOME_SAME_CONCERN}

    @property
    def is_same_person(self) -> bool:
        """Whether both name one person."""
        return self in {ReviewAnswer.SAME_CONCERN, ReviewAnswer.SAME_PERSON_NEW_CONCERN}

    @property
    def is_same_household(self) -> bool:
        """Whether both name different people of one household."""
        return self in {ReviewAnswer.SAME_HOME_SAME_CONCERN, ReviewAnswer.SAME_HOUSEHOLD}


def percent_likely(probability: float) -> int:
    """A probability for people to read, from 1 to 99: a machine is never certain of either."""
    return min(99, max(1, round(probability * 100)))
