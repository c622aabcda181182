"""When concerns begin: most in the last eight weeks, more towards today, some in the last three hours, none later.

Minutes count from the start of the calendar (``date.toordinal() * 1440``), on London's clocks.
"""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from random import Random
from typing import NamedTuple

from prevention.demonstration.generator.reasons import AGENCIES

DAY = 1_440
LIVE_DAYS = 56
HISTORY_DAYS = 300
FRESH_MINUTES = 135
#: How long before the end the showcase begins: first of the last three hours.
SHOWCASE_MINUTES = 160

#: How many voices a concern has: three in ten referrals repeat one that is already known.
_VOICES = ((1, 2, 3, 4, 5), (710, 190, 75, 20, 5))
_LAST_MINUTE = 4
#: Weight of each hour of the day, midnight first.
_HOURS = {
    "fire": (2, 1, 1, 1, 1, 2, 3, 5, 12, 20, 24, 22, 18, 20, 22, 20, 17, 13, 9, 8, 7, 6, 4, 3),
    "ambulance": (9, 8, 7, 6, 6, 6, 8, 10, 13, 15, 16, 16, 16, 15, 15, 15, 15, 15, 16, 16, 15, 14, 13, 11),
    "police": (9, 8, 7, 5, 4, 3, 4, 6, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17, 18, 18, 17, 15, 12),
}


class Start(NamedTuple):
    """When a concern begins and who speaks first. ``fresh`` numbers the concerns of the last three hours, else -1."""

    at: int
    agency: str
    fresh: int


def minutes(moment: datetime) -> int:
    """A moment on London's clocks as minutes from the start of the calendar."""
    return moment.toordinal() * DAY + moment.hour * 60 + moment.minute


def moment(at: int) -> tuple[date, int, int]:
    """Minutes from the start of the calendar as date, hour and minute."""
    ordinal, minute = divmod(at, DAY)
    return date.fromordinal(ordinal), minute // 60, minute % 60


def on_the_clock(at: int) -> int:
    """The same time, an hour later when London's clocks skip it (01:00 to 02:00 on March's last Sunday)."""
    day, hour, _ = moment(at)
    skipped = hour == 1 and day.month == 3 and day.day >= 25 and day.weekday() == 6
    return at + 60 if skipped else at


def voices_per_concern(rng: Random, referrals: int) -> bytearray:
    """How many referrals each concern has; they add up to ``referrals``. The first two belong to the showcase."""
    counts = bytearray((2,))
    left = referrals - 2
    while left > 0:
        wanted = min(left, rng.choices(*_VOICES)[0])
        counts.append(wanted)
        left -= wanted
    return counts


def starts(rng: Random, concerns: int, until: int) -> Iterator[Start]:
    """Every concern's beginning in the order of time, none after ``until`` (minutes)."""
    fresh = min(concerns, max(6, concerns // 300))
    waiting: dict[int, list[Start]] = {}
    for number in range(fresh):
        # The showcase (number 0) is the first of them, so that nothing as bad has waited longer.
        back = SHOWCASE_MINUTES if number == 0 else rng.randint(_LAST_MINUTE, FRESH_MINUTES)
        start = Start(min(until, on_the_clock(until - back)), rng.choice(AGENCIES), number)
        waiting.setdefault(start.at // DAY, []).append(start)
    for day, count in _counts_by_day(concerns - fresh, until):
        some = [_ordinary(rng, day, until) for _ in range(count)]
        yield from sorted([*some, *waiting.pop(day, [])])


def _counts_by_day(concerns: int, until: int) -> Iterator[tuple[int, int]]:
    """How many concerns begin on each day, oldest first; they add up exactly."""
    today, minute = divmod(until, DAY)
    ages = range(HISTORY_DAYS, -1, -1)
    weights = [_weight(age) * (minute / DAY if age == 0 else 1) for age in ages]
    total = sum(weights)
    reached, given = 0.0, 0
    for age, weight in zip(ages, weights, strict=True):
        reached += weight
        upto = concerns if age == 0 else int(concerns * reached / total)
        yield today - age, upto - given
        given = upto


def _weight(age: int) -> float:
    return math.exp(-age / 15) + 0.35 if age <= LIVE_DAYS else 0.022


def _ordinary(rng: Random, day: int, until: int) -> Start:
    agency = rng.choice(AGENCIES)
    return Start(time_of_day(rng, day, agency, day * DAY, until), agency, -1)


def time_of_day(rng: Random, day: int, agency: str, earliest: int, until: int) -> int:
    """A believable minute of that day for that agency, between ``earliest`` and ``until``."""
    hour = rng.choices(range(24), _HOURS[agency])[0]
    at = on_the_clock(day * DAY + hour * 60 + rng.randrange(60))
    if earliest <= at <= until:
        return at
    return min(until, on_the_clock(earliest + int(rng.random() * (until - earliest))))


def next_voice(rng: Random, start: int, agency: str, until: int) -> int:
    """When another agency speaks of a concern that began at ``start``: hours or days later, never after ``until``."""
    if rng.random() < 0.4:
        at = start + 5 + int(rng.expovariate(1 / 200))
    else:
        day = start // DAY + 1 + min(27, int(rng.expovariate(1 / 5)))
        at = time_of_day(rng, day, agency, start, max(until, (day + 1) * DAY))
    if at > until:
        at = start + int(rng.random() * (until - start))
    return min(until, on_the_clock(at))


def agencies_of(rng: Random, first: str, count: int) -> tuple[str, ...]:
    """Who speaks: ``first``, then mostly the others."""
    spoken = Counter({first: 1})
    order = [first]
    for _ in range(count - 1):
        agency = rng.choices(AGENCIES, [4 if spoken[name] == 0 else 1 for name in AGENCIES])[0]
        spoken[agency] += 1
        order.append(agency)
    return tuple(order)
