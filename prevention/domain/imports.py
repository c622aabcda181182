"""Imports of files: where one stands, and what becomes of a row."""

from enum import StrEnum


class ImportState(StrEnum):
    """Where an import stands."""

    PREVIEWING = "PREVIEWING"
    PREVIEWED = "PREVIEWED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.capitalize()

    @property
    def is_moving(self) -> bool:
        """Whether a worker has it in hand, or will soon."""
        return not self.is_over and self is not ImportState.PREVIEWED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be done with the file."""
        return self in {ImportState.FINISHED, ImportState.FAILED, ImportState.CANCELLED}


class RowOutcome(StrEnum):
    """What became of one row of a file."""

    NEW = "NEW"
    JOINED = "JOINED"
    REVIEW = "REVIEW"
    AMENDED = "AMENDED"
    UNCHANGED = "UNCHANGED"
    TO_CONFIRM = "TO_CONFIRM"
    REFUSED = "REFUSED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "NEW": "New case",
            "JOINED": "Joined an open case",
            "REVIEW": "For review",
            "TO_CONFIRM": "For its agency to confirm",
        }.get(self.value, self.value.capitalize())
