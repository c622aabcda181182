"""What may go wrong, in words every layer shares.

Services, queries and policies raise these; the web turns them into pages, the command line into sentences.
No message ever holds personal data or another agency's data.
"""

import traceback
from collections.abc import Mapping
from pathlib import Path


class PreventionError(Exception):
    """Base of every error the product raises on purpose."""


class NotFound(PreventionError):
    """The thing does not exist, or the actor may not know that it does: the two answer alike."""


class NotAllowed(PreventionError):
    """The actor may see the thing, but not do this to it. ``reason`` is safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conflict(PreventionError):
    """Someone else changed the thing since it was read, or its state no longer allows this."""


class Invalid(PreventionError):
    """What was given breaks a rule. ``problems`` maps a field's name to the sentence to show beside it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)


class Unavailable(PreventionError):
    """Something outside did not answer. The same request may succeed later."""


def kind_and_place(error: BaseException) -> str:
    """What of any error may stand in a log: ``KeyError at page.py:12``. Its words may quote what somebody typed."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return type(error).__name__ + "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
