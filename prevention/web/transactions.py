"""Units of work for entry points: this request's session, this request's actor."""

from contextlib import AbstractContextManager

from prevention.domain.account import Actor
from prevention.extensions import current_session
from prevention.services.work import Work
from prevention.unit_of_work import unit_of_work


def work_as(actor: Actor) -> AbstractContextManager[Work]:
    """Open a unit of work on the current session for ``actor``; leaving the block commits."""
    return unit_of_work(current_session(), actor)
