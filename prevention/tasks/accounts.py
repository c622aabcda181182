"""Clearing away sessions that are over."""

from celery import shared_task

from prevention.domain.account import SYSTEM
from prevention.services.accounts import sessions
from prevention.web.auth import session_limits
from prevention.web.transactions import work_as


@shared_task(name="accounts.remove_ended_sessions", ignore_result=True)
def remove_ended_sessions() -> int:
    """Remove sessions that idled out or lasted too long; how many. They open nothing already: this saves room."""
    with work_as(SYSTEM) as work:
        return sessions.remove_ended(work, session_limits())
