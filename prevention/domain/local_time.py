"""The clock on people's walls. Moments are UTC in the database; days, and times on screen, are London's."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """A London day as two aware moments, whatever the clocks do in it."""
    start = datetime.combine(day, time(), tzinfo=LONDON)
    return start, datetime.combine(day + timedelta(days=1), time(), tzinfo=LONDON)
