"""Who lives together: households are computed from their number, so a million of them need no memory."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import lru_cache
from random import Random
from typing import NamedTuple

from prevention.demonstration.generator import people
from prevention.demonstration.generator.people import Person
from prevention.demonstration.generator.places import Address, Kind, Places

_HOUSEHOLD_STREAM = 2
#: No household has more people than this.
MOST_MEMBERS = 12
_YEAR = 365.25


class Shape(StrEnum):
    """How the people of a household belong together."""

    ALONE = "alone"
    OLD_ALONE = "old and alone"
    COUPLE = "couple"
    OLD_COUPLE = "old couple"
    FAMILY = "family"
    LONE_PARENT = "lone parent"
    TWINS = "family with twins"
    FATHER_AND_SON = "father and son of one name"
    THREE_GENERATIONS = "three generations"
    SHARERS = "sharers"
    CARE_HOME = "care home"


#: Unrelated people: one resident's concern is never another's.
UNRELATED = frozenset({Shape.SHARERS, Shape.CARE_HOME})
_SHAPES: dict[Kind, tuple[tuple[Shape, ...], tuple[int, ...]]] = {
    Kind.HOUSE: (
        (Shape.OLD_ALONE, Shape.OLD_COUPLE, Shape.FAMILY, Shape.COUPLE, Shape.ALONE, Shape.LONE_PARENT,
         Shape.THREE_GENERATIONS, Shape.FATHER_AND_SON, Shape.TWINS, Shape.SHARERS),
        (24, 17, 20, 11, 8, 6, 5, 4, 2, 3),
    ),
    Kind.FLAT: (
        (Shape.OLD_ALONE, Shape.ALONE, Shape.COUPLE, Shape.FAMILY, Shape.LONE_PARENT, Shape.OLD_COUPLE,
         Shape.SHARERS, Shape.TWINS, Shape.FATHER_AND_SON),
        (26, 22, 14, 11, 11, 6, 7, 1, 2),
    ),
    Kind.SHELTERED: ((Shape.OLD_ALONE, Shape.OLD_COUPLE), (80, 20)),
    Kind.CARE_HOME: ((Shape.CARE_HOME,), (1,)),
}  # fmt: skip


class Household(NamedTuple):
    """A household: ``key`` is its name in the truth, ``moved_from`` an address the family left in the last years."""

    number: int
    key: str
    shape: Shape
    address: Address
    moved_from: Address
    members: tuple[Person, ...]


class _Draft(NamedTuple):
    sex: str
    born: int
    forename: str
    surname: str
    birth_surname: str


class Households:
    """The people of one world. The same seed, size and day give the same people."""

    def __init__(self, seed: int, count: int, today: date) -> None:
        """Make ``count`` households whose ages are right on ``today``."""
        self._seed = seed
        self._count = count
        self._today = today.toordinal()
        self.places = Places(seed, count)
        self.household = lru_cache(maxsize=1024)(self._household)

    def _household(self, index: int) -> Household:
        rng = Random((self._seed << 44) ^ (_HOUSEHOLD_STREAM << 40) ^ index)  # noqa: S311 invented data, not secrets
        address = self.places.home(index)
        shapes, weights = _SHAPES[address.kind]
        shape = rng.choices(shapes, weights)[0]
        drafts = list(self._drafts(rng, shape))
        shared_phone = rng.random() < 0.9
        return Household(
            number=index,
            key=f"h{index}",
            shape=shape,
            address=address,
            moved_from=self.places.empty_home(rng.randrange(1 << 20)),
            members=tuple(
                self._person(rng, index, place, draft, shared_phone=shared_phone) for place, draft in enumerate(drafts)
            ),
        )

    def _person(self, rng: Random, index: int, place: int, draft: _Draft, *, shared_phone: bool) -> Person:
        adult = self._today - draft.born > 16 * _YEAR
        own = 1 if place == 1 and rng.random() < 0.5 else 0
        middle = draft.forename
        while middle == draft.forename:
            middle = people.middle_name(rng, draft.sex)
        return Person(
            f"p{index * MOST_MEMBERS + place}",
            draft.forename,
            middle if rng.random() < 0.45 else "",
            draft.surname,
            draft.birth_surname,
            draft.born,
            draft.sex,
            people.nhs_number(place * self._count + index),
            people.phone_number(2 * index + own) if shared_phone or own else "",
            people.email_address(rng, draft.forename, draft.surname) if adult and rng.random() < 0.4 else "",
        )

    def _drafts(self, rng: Random, shape: Shape) -> Iterator[_Draft]:
        match shape:
            case Shape.CARE_HOME | Shape.SHARERS:
                yield from self._unrelated(rng, shape)
            case Shape.OLD_ALONE | Shape.ALONE:
                low, high = (67, 96) if shape is Shape.OLD_ALONE else (19, 66)
                yield self._grown_up(rng, people.community(rng), rng.choice("MF"), self._born(rng, low, high))
            case _:
                yield from self._related(rng, shape)

    def _unrelated(self, rng: Random, shape: Shape) -> Iterator[_Draft]:
        low, high, most = (72, 99, 9) if shape is Shape.CARE_HOME else (19, 40, 4)
        for _ in range(rng.randint(3, most)):
            yield self._grown_up(rng, people.community(rng), rng.choice("MFF"), self._born(rng, low, high))

    def _related(self, rng: Random, shape: Shape) -> Iterator[_Draft]:
        names = people.community(rng)
        family = people.family_name(rng, names)
        low, high = {Shape.OLD_COUPLE: (66, 93), Shape.FATHER_AND_SON: (52, 88)}.get(shape, (26, 52))
        first_born = self._born(rng, low, high)
        father = self._grown_up(rng, names, "M", first_born, family)
        mother = self._grown_up(rng, names, "F", first_born + rng.randint(-2_500, 2_500), family)
        yield from ([mother] if shape is Shape.LONE_PARENT else [father, mother])
        if shape is Shape.FATHER_AND_SON:
            yield father._replace(born=first_born + rng.randint(7_500, 13_000))
        elif shape is Shape.THREE_GENERATIONS:
            yield self._grown_up(rng, names, "F", first_born - rng.randint(8_500, 11_500), family)
        if shape in {Shape.FAMILY, Shape.TWINS, Shape.LONE_PARENT, Shape.THREE_GENERATIONS}:
            yield from self._children(rng, names, family, mother.born, twins=shape is Shape.TWINS)

    def _children(
        self, rng: Random, names: people.Community, family: str, mother_born: int, *, twins: bool
    ) -> Iterator[_Draft]:
        born = min(max(mother_born + rng.randint(7_500, 11_000), self._today - 6_500), self._today - 40)
        taken: set[str] = set()
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            for _ in range(2 if twins else 1):
                sex = rng.choice("MF")
                name = people.forename(rng, names, sex, 0)
                while name in taken:
                    name = people.forename(rng, names, sex, 0)
                taken.add(name)
                last = people.surname(names, family, sex)
                yield _Draft(sex, born, name, last, last)
            twins = False
            born += rng.randint(400, 1_500)
            if born > self._today - 40:
                return

    def _born(self, rng: Random, youngest: int, oldest: int) -> int:
        return self._today - int(rng.uniform(youngest, oldest) * _YEAR)

    def _grown_up(self, rng: Random, names: people.Community, sex: str, born: int, family: str = "") -> _Draft:
        """An adult; one woman in three has another name by birth."""
        family = family or people.family_name(rng, names)
        last = people.surname(names, family, sex)
        maiden = sex == "F" and rng.random() < 0.35
        birth_surname = people.surname(names, people.family_name(rng, names), sex) if maiden else last
        return _Draft(sex, born, people.forename(rng, names, sex, self._today - born), last, birth_surname)
