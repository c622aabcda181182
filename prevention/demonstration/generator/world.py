"""A world of invented referrals: ``generate`` describes it, ``World.write_extracts`` writes it out as it goes.

The same seed, size, day and clock time give the same bytes, on any machine. Nothing is kept in memory but the
referrals of concerns that are still being spoken of, so a million rows need no more room than a thousand.
"""

import csv
import heapq
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from prevention.demonstration.generator import extracts, reasons, schedule, wards
from prevention.demonstration.generator.errors import GivenName
from prevention.demonstration.generator.extracts import Saying
from prevention.demonstration.generator.households import MOST_MEMBERS, UNRELATED, Household, Households, Shape
from prevention.demonstration.generator.people import Person, email_address, nhs_number
from prevention.demonstration.generator.places import Address, Kind
from prevention.demonstration.generator.schedule import Start
from prevention.domain.referral import ReferralReason

if TYPE_CHECKING:
    from _csv import Writer

_CONCERN_STREAM = 3
_SCHEDULE_STREAM = 4
_SHOWCASE_STREAM = 5
#: Nine in the morning: where the day stands when the caller gives only a date.
MORNING = time(9, 0)
#: A household spoken of again after this many days is a new concern.
_NEW_CONCERN_DAYS = 90
#: Concerns are mostly about people older than this (sixteen years).
_GROWN_UP_DAYS = 5_844
#: The last reference each agency gave out before this world.
#: Far from where real systems count, so that a real extract never meets an invented reference.
_FIRST_SERIALS = {"fire": 700_211, "ambulance": 71_209, "police": 402_178}

#: Somebody old, as the ambulance crew and as the police officer wrote the surname.
_SHOWCASE_NAMES = (
    ("Maureen", "Kavanagh", "Cavanagh"),
    ("Doreen", "Phillips", "Philips"),
    ("Kathleen", "McDermott", "MacDermott"),
    ("Beryl", "Thompson", "Thomson"),
    ("Winifred", "Shepherd", "Sheppard"),
    ("Patricia", "O'Connor", "O'Conner"),
)


class Referral(NamedTuple):
    """One row of one agency's file, with what is true about it. ``at`` counts minutes (see ``schedule``)."""

    at: int
    order: int
    source: str
    row: tuple[str, ...]
    birth: int
    person: str
    household: str
    concern: str
    showcase: bool


@dataclass(frozen=True, slots=True)
class Showcase:
    """The home a newcomer should find first: ambulance and police spoke of it in the last three hours.

    The resident smokes in bed on an air-flow mattress and cannot get out; the agencies spelt the name differently.
    ``times`` are moments on London's clocks, without a zone.
    """

    resident: Person
    address: Address
    household: str
    concern: str
    ambulance_name: GivenName
    police_name: GivenName
    times: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class Extracts:
    """Where the files are, how many rows each has, and the references of the showcase's two referrals."""

    fire: Path
    ambulance: Path
    police: Path
    gazetteer: Path
    wards: Path
    truth: Path
    rows: dict[str, int]
    showcase_references: dict[str, str]


def generate(seed: int, referrals: int, today: date, *, clock: time = MORNING) -> "World":
    """Describe a world of ``referrals`` referrals (at least two) that ends ``today`` at ``clock``, London time.

    Nothing is written and nothing lies after that moment, so pass the present time of day when the world is to be
    looked at straight away. The same arguments give the same world. ValueError below two referrals.
    """
    return World(seed, referrals, datetime.combine(today, clock.replace(tzinfo=None)))


class World:
    """An invented London: see ``generate``."""

    def __init__(self, seed: int, referrals: int, until: datetime) -> None:
        """``until`` is a moment on London's clocks, without a zone. ValueError below two referrals."""
        if referrals < 2:
            raise ValueError("a world needs at least two referrals, those of the showcase")
        self.seed = abs(seed)
        self.referral_count = referrals
        self.until = schedule.minutes(until)
        self._counts = schedule.voices_per_concern(self._rng(_SCHEDULE_STREAM, 0), referrals)
        self.households = Households(self.seed, len(self._counts), until.date())
        self._showcase_home = self._find_showcase_home()
        self.showcase = self._make_showcase()

    @property
    def concern_count(self) -> int:
        """How many concerns the referrals speak of."""
        return len(self._counts)

    def addresses(self) -> Iterator[Address]:
        """Every address of the gazetteer: homes and neighbours."""
        return self.households.places.addresses()

    def referrals(self) -> Iterator[Referral]:
        """Every referral in the order of time."""
        waiting: list[Referral] = []
        for concern in self._concerns():
            while waiting and waiting[0].at <= concern.start.at:
                yield heapq.heappop(waiting)
            for referral in self._voices(concern):
                heapq.heappush(waiting, referral)
        while waiting:
            yield heapq.heappop(waiting)

    def write_extracts(self, folder: Path) -> Extracts:
        """Write ``fire.csv``, ``ambulance.csv``, ``police.csv``, ``gazetteer.csv``, ``wards.csv`` and ``truth.csv``.

        Makes ``folder`` when it is not there and replaces files of those names. OSError when it cannot write.
        """
        folder.mkdir(parents=True, exist_ok=True)
        rows = dict.fromkeys(extracts.COLUMNS, 0)
        found: dict[str, str] = {}
        serials = dict(_FIRST_SERIALS)
        steps = self._rng(_SCHEDULE_STREAM, 2)
        with ExitStack() as stack:
            writers = {name: _writer(stack, folder, name) for name in extracts.COLUMNS}
            for referral in self.referrals():
                serials[referral.source] += steps.randint(1, 7)
                reference = extracts.reference(referral.source, serials[referral.source], referral.at, referral.birth)
                writers[referral.source].writerow((reference, *referral.row))
                truth = (referral.source, reference, referral.person, referral.household, referral.concern)
                writers["truth"].writerow(truth)
                rows[referral.source] += 1
                if referral.showcase:
                    found[referral.source] = reference
            for address in self.addresses():
                writers["gazetteer"].writerow(address[:-1])
                rows["gazetteer"] += 1
            writers["wards"].writerows(wards.wards())
        rows["truth"], rows["wards"] = self.referral_count, len(wards.wards())
        paths = {name: folder / f"{name}.csv" for name in extracts.COLUMNS}
        return Extracts(**paths, rows=rows, showcase_references=found)

    def _rng(self, stream: int, index: int) -> Random:
        return Random((self.seed << 44) ^ (stream << 40) ^ index)  # noqa: S311 invented data, not secrets

    def _concerns(self) -> Iterator["_Concern"]:
        """Every concern in the order of time, with the household it is about."""
        rng = self._rng(_SCHEDULE_STREAM, 1)
        past: deque[tuple[int, int]] = deque()
        may_return: list[int] = []
        number = 0
        for start in schedule.starts(rng, self.concern_count, self.until):
            if start.fresh == 0:
                yield _Concern(0, start, self._showcase_home)
                continue
            number += 1
            while past and start.at - past[0][0] >= _NEW_CONCERN_DAYS * schedule.DAY:
                may_return.append(past.popleft()[1])
            if may_return and rng.random() < 0.06:
                yield _Concern(number, start, may_return.pop(rng.randrange(len(may_return))))
                continue
            home = 0 if number == self._showcase_home else number
            if self.until - start.at >= _NEW_CONCERN_DAYS * schedule.DAY:
                past.append((start.at, home))
            yield _Concern(number, start, home)

    def _voices(self, concern: "_Concern") -> list[Referral]:
        """The referrals of one concern: the first to speak, then the others in the hours and days after."""
        if concern.start.fresh == 0:
            return self._showcase_voices(concern)
        rng = self._rng(_CONCERN_STREAM, concern.number)
        household = self.households.household(concern.home)
        subject = _subject(rng, household, self.until)
        no_home = household.shape in {Shape.ALONE, Shape.SHARERS} and rng.random() < 0.04
        truth = self._truth(rng, concern.start, household)
        very_high = reasons.is_very_high(truth)
        order = schedule.agencies_of(rng, concern.start.agency, self._counts[concern.number])
        made = []
        for place, agency in enumerate(order):
            at = schedule.next_voice(rng, concern.start.at, agency, self.until) if place else concern.start.at
            person = _spoken_of(rng, household, subject) if place else subject
            address = household.moved_from if place and rng.random() < 0.025 else household.address
            codes = truth if very_high else reasons.seen_reasons(rng, truth, agency)
            saying = Saying(at, person, household, None if no_home else address, codes)
            made.append(_referral(rng, concern, place, agency, saying))
        return made

    def _truth(self, rng: Random, start: Start, household: Household) -> tuple[ReferralReason, ...]:
        """What is the matter. Very high only in the last three hours: older ones have been dealt with."""
        if start.fresh > 0 and start.fresh % 3 == 0:
            return rng.choice(reasons.VERY_HIGH_COMBINATIONS)
        return reasons.true_reasons(rng, household.shape, start.agency)

    def _find_showcase_home(self) -> int:
        """The first household in a flat with a door number of its own; household 0 in a tiny world."""
        for index in range(min(self.concern_count, 500)):
            address = self.households.places.home(index)
            if address.kind is Kind.FLAT and address.building and address.number:
                return index
        return 0

    def _make_showcase(self) -> Showcase:
        rng = self._rng(_SHOWCASE_STREAM, 0)
        forename, surname, heard = rng.choice(_SHOWCASE_NAMES)
        index = self._showcase_home
        household = self.households.household(index)
        day = self.until // schedule.DAY
        resident = household.members[0]._replace(
            forename=forename,
            middle="",
            surname=surname,
            birth_surname=surname,
            birth=day - rng.randint(27_500, 31_000),
            sex="F",
            nhs_number=_valid_nhs_number(index, self.concern_count),
            email=email_address(rng, forename, surname),
        )
        times = {"ambulance": self._showcase_start(), "police": self.until - rng.randint(25, 70)}
        return Showcase(
            resident=resident,
            address=household.address,
            household=household.key,
            concern="c0",
            ambulance_name=GivenName(forename, "", surname),
            police_name=GivenName(forename, "", heard),
            times={agency: _as_datetime(at) for agency, at in times.items()},
        )

    def _showcase_start(self) -> int:
        return min(self.until, schedule.on_the_clock(self.until - schedule.SHOWCASE_MINUTES))

    def _showcase_voices(self, concern: "_Concern") -> list[Referral]:
        rng = self._rng(_SHOWCASE_STREAM, 1)
        shown = self.showcase
        household = self.households.household(concern.home)._replace(shape=Shape.OLD_ALONE, members=(shown.resident,))
        names = {"ambulance": shown.ambulance_name, "police": shown.police_name}
        made = []
        for place, (agency, name) in enumerate(names.items()):
            at = schedule.minutes(shown.times[agency])
            saying = Saying(at, shown.resident, household, shown.address, reasons.SHOWCASE_REASONS, name)
            made.append(_referral(rng, concern, place, agency, saying))
        return made


class _Concern(NamedTuple):
    """A concern: its number, when it begins, and the number of the household it is about."""

    number: int
    start: Start
    home: int


def _referral(rng: Random, concern: _Concern, place: int, agency: str, saying: Saying) -> Referral:
    return Referral(
        at=saying.at,
        order=concern.number * 8 + place,
        source=agency,
        row=extracts.row(rng, agency, saying),
        birth=saying.person.birth,
        person=saying.person.key,
        household=saying.household.key,
        concern=f"c{concern.number}",
        showcase=concern.start.fresh == 0,
    )


def _subject(rng: Random, household: Household, until: int) -> Person:
    """Whom the concern is about: mostly a grown-up of the household."""
    members = household.members
    if household.shape in UNRELATED or len(members) == 1:
        return rng.choice(members)
    grown_up = until // schedule.DAY - _GROWN_UP_DAYS
    return rng.choices(members, [8 if member.birth < grown_up else 1 for member in members])[0]


def _spoken_of(rng: Random, household: Household, subject: Person) -> Person:
    """Whom a later referral names: the same person, or somebody who lives with them."""
    if household.shape in UNRELATED or rng.random() < 0.8:
        return subject
    return rng.choice(household.members)


def _valid_nhs_number(home: int, households: int) -> str:
    """An NHS number of that household: the first of its members' that has a check digit."""
    return next(filter(None, (nhs_number(place * households + home) for place in range(MOST_MEMBERS))), "")


def _as_datetime(at: int) -> datetime:
    day, hour, minute = schedule.moment(at)
    return datetime.combine(day, time(hour, minute))


def _writer(stack: ExitStack, folder: Path, name: str) -> "Writer":
    """A CSV writer for one of the files, its header written; lines end as the agencies' do."""
    path = folder / f"{name}.csv"
    encoding = extracts.ENCODINGS[name]
    file = stack.enter_context(path.open("w", encoding=encoding, errors="replace", newline=""))
    writer = csv.writer(file)
    writer.writerow(extracts.COLUMNS[name])
    return writer
