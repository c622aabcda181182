"""Keeping what the matching engine goes by up to date."""

from celery import shared_task

from prevention.domain.account import SYSTEM
from prevention.services.matches.counting import count_names
from prevention.web.transactions import work_as


@shared_task(name="matches.count_names", ignore_result=True)
def count_all_names() -> int:
    """Count how common each name is; how many names there are. A count that is missed leaves the one before."""
    with work_as(SYSTEM) as work:
        return count_names(work)
