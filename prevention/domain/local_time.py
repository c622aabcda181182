"""The clock on people's walls. Moments are UTC in the database; days, and times on screen, are London's."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """A London day as two aware moments, whatever the clocks do in it."""
    start = datetime.combine(day, time(), tzinfo=LONDON)
    return start, datetime.combine(day + timedelta(days=1), time(), tzinfo=LONDON)


def which_hour(local: datetime) -> str:
    """`` BST`` or `` GMT`` behind a London time of the hour that comes twice when the clocks go back; else nothing.

    ``local`` is a moment in London's zone, not words read from a form: then it never lies in the hour that is skipped.
    """
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f" {local:%Z}" if twice else ""
