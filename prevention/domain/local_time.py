"""The clock on people's walls. Moments are UTC in the database; days, and times on screen, are London's."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """A London day as two aware moments, whatever the clocks do in it."""
    start = datetime.combine(day, time(), tzinfo=LONDON)
    return start, datetime.combine(day + timedelta(days=1), time(), tzinfo=LONDON)


def spoken_clock(local: datetime) -> str:
    """A London time of day as people read it: ``4:07pm``.

    An hour that comes twice, when the clocks go back, says which: ``1:45am BST``, then ``1:45am GMT``. ``local`` is a
    moment in London's zone, not words read from a form: then it never lies in the hour that is skipped.
    """
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    which = f" {local:%Z}" if twice else ""
    return f"{local.hour % 12 or 12}:{local.minute:02d}{'am' if local.hour < 12 else 'pm'}{which}"
