"""How often the right address of a register is found, how often a wrong one is taken for sure, and how long it takes.

Three measures. The rules were changed several times after a look at what failed in them, so none of them is held out:

* ``addresses_ons.csv``, the hard cases of the Office for National Statistics: as written → right register address,
  first among the other register addresses, then with neighbours of each as well (:func:`neighbours`), so that a flat or
  number beside the right one is always there to be taken. Two that fit equally well are wrong.
* Homes of the product's generator as its three agencies write them (one in twenty without the flat, misheard streets,
  two digits swapped, half or no postcode), looked up among the addresses of the postcode or the street.
* The same homes with the errors of ``address-errors``, a package that learned them from councils' records.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import NamedTuple

from address_errors import Controls, Corruptor, Noise, Profile, load_components

from prevention.demonstration.generator.extracts import COLUMNS, Saying, row
from prevention.demonstration.generator.places import Address
from prevention.demonstration.generator.world import World, generate
from prevention.matching.addresses.choosing import AddressRegister, RegisterAddress, Resolution, resolve
from prevention.matching.addresses.reading import read_address
from tests.bench.environment import machine

SHARED = Path("../shared/data/linkage/addresses_ons.csv")
SEED = 20261128
HOUSEHOLDS = 2500
_LETTERS = "ABCD"
_KINDS = ("HOUSE", "COTTAGE", "LODGE", "FARM", "HALL", "BARN")
_STEPS = (-4, -2, -1, 1, 2, 4)


class Asked(NamedTuple):
    """An address as written, the postcode of its own field, and the UPRN that is meant."""

    written: str
    postcode: str
    uprn: str


class Score:
    """Counts of what was found, and the time each took on the clock and on the processor."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.clock: list[float] = []
        self.processor: list[float] = []

    def add(self, found: Resolution, uprn: str) -> None:
        right = found.best is not None and found.best.uprn == uprn and found.lead > 0
        self.counts.update({"asked": 1, "right": right, "sure": found.sure, "sure and wrong": found.sure and not right})

    def line(self, name: str) -> str:
        asked = self.counts["asked"]
        wrong = self.counts["sure and wrong"]
        return (
            f"| {name} | {asked:,} | {self.counts['right'] / asked:.1%} | {self.counts['sure'] / asked:.1%} | {wrong} "
            f"| {_milliseconds(self.clock)} | {_milliseconds(self.processor)} |"
        )


def run() -> str:
    """The table of docs/benchmarks.md."""
    world = generate(SEED, 10_000, date(2026, 11, 22))
    register = _Gazetteer(world.addresses())
    scores = [
        *(_ons() if SHARED.exists() else ()),
        ("generated homes, as the agencies write them", register.score(_as_written(world))),
        ("generated homes, with learned errors", register.score(_corrupted(world))),
    ]
    head = "| addresses | asked | right | sure | sure and wrong | clock p50 / p99 ms | processor p50 / p99 ms |"
    lines = [machine(), "", head, "|---|---|---|---|---|---|---|", *(score.line(name) for name, score in scores)]
    return "\n".join(lines)


# --- the cases of the ONS -------------------------------------------------------------------------------------------


def _ons() -> Iterator[tuple[str, Score]]:
    with SHARED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    asked = [Asked(row["as_written"], "", row["uprn"]) for row in rows]
    right = [RegisterAddress(row["uprn"], row["register_address"]) for row in rows]
    beside = [
        RegisterAddress(f"{row['uprn']}/{at}", line)
        for row in rows
        for at, line in enumerate(neighbours(row["register_address"], row["as_written"]))
    ]
    yield "ONS, among the other addresses", _score(asked, AddressRegister(right))
    yield f"ONS, with {len(beside)} neighbours as well", _score(asked, AddressRegister(right + beside))


def _score(asked: Sequence[Asked], register: AddressRegister) -> Score:
    score = Score()
    for one in asked:
        clock, processor = perf_counter(), thread_time()
        found = register.resolve(one.written, one.postcode)
        score.clock.append(perf_counter() - clock)
        score.processor.append(thread_time() - processor)
        score.add(found, one.uprn)
    return score


def neighbours(line: str, written: str) -> list[str]:
    """Addresses that may stand beside one of the register (capitals, no commas): numbers, letters and flats next to it,
    the house without its flat, and houses of other names.

    One that differs only in a number which ``written`` leaves out is none: nobody could tell it from the right one.
    """
    head, postcode = " ".join(line.split()[:-2]), " ".join(line.split()[-2:])
    said = set(re.findall(r"\d+", written)) & set(re.findall(r"\d+", head))
    made = {other for other in _beside(head.split()) if other != head}
    return [f"{other} {postcode}" for other in sorted(made) if not _differs_unsaid(head, other, said)]


def _differs_unsaid(head: str, other: str, said: set[str]) -> bool:
    same_words = re.sub(r"\d+", "", head) == re.sub(r"\d+", "", other)
    return same_words and said <= set(re.findall(r"\d+", other))


def _beside(words: list[str]) -> Iterator[str]:
    runs = _runs(words)
    letter = next((at for at, word in enumerate(words[:8]) if _is_suffix(words, at) and word != "S"), None)
    in_a_flat = words[0] in {"FLAT", "APARTMENT"}
    if letter is not None:
        yield from _other_letters(words, letter, runs)
    elif runs:
        first, last = runs[0]
        if in_a_flat and last > first:  # flat and number side by side
            for step in _STEPS[1:-1]:
                yield _moved(words, first, first, step)
                yield _moved(words, first + 1, last, 2 * step)
            yield " ".join(words[first + 1 :])
        else:
            for step in _STEPS:  # a house's name goes with its number, a flat's word stays
                yield _moved(words, first, last, step, keep=in_a_flat or first == 0)
            if in_a_flat or len(runs) > 1:
                yield " ".join(words[last + 1 :])
    else:
        yield from _other_names(words)


def _runs(words: list[str]) -> list[tuple[int, int]]:
    """Where numbers stand, neighbours together with the letters among them."""
    runs: list[tuple[int, int]] = []
    for at, word in enumerate(words):
        counts = re.fullmatch(r"[A-Z]?\d{1,4}", word) or (_is_suffix(words, at) and words[at - 1].isdigit())
        if counts and runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        elif counts:
            runs.append((at, at))
    return runs


def _is_suffix(words: list[str], at: int) -> bool:
    before = words[at - 1] if at else ""
    return len(words[at]) == 1 and words[at].isalpha() and (before.isdigit() or before == "FLAT")


def _moved(words: list[str], first: int, last: int, step: int, *, keep: bool = True) -> str:
    """The words with some numbers moved on, a range by its whole width; the address itself when there is none below."""
    numbers = [int(re.sub(r"\D", "", word)) for word in words[first : last + 1] if not word.isalpha()]
    width = max(numbers) - min(numbers)
    by = step * (width + 2) if width else step
    if min(numbers) + by < 1:
        return " ".join(words)
    moved = [re.sub(r"\d+", lambda found: str(int(found.group()) + by), word) for word in words[first : last + 1]]
    return " ".join([*(words[:first] if keep else []), *moved, *words[last + 1 :]])


def _other_letters(words: list[str], letter: int, runs: list[tuple[int, int]]) -> Iterator[str]:
    for other in _LETTERS:
        yield " ".join([*words[:letter], other, *words[letter + 1 :]])
    yield " ".join(word for at, word in enumerate(words) if at != letter and word != "FLAT")
    for first, last in runs:
        if first - 1 <= letter <= last:
            yield _moved(words, first, last, 2)
            yield _moved(words, first, last, -2)


def _other_names(words: list[str]) -> Iterator[str]:
    rest = " ".join(words[3 if words[0] == "THE" else 2 :])
    yield from (f"{name} {rest}" for name in ("ROSE COTTAGE", "HILLCREST"))
    at = next((at for at, word in enumerate(words[:4]) if word in _KINDS), None)
    if at is not None:
        for kind in _KINDS:
            if kind not in words[:4]:
                yield " ".join([*words[:at], kind, *words[at + 1 :]])


# --- generated homes ------------------------------------------------------------------------------------------------


class _Gazetteer:
    """Generated addresses by postcode and by street, as the product looks them up."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._by_postcode: dict[str | None, list[RegisterAddress]] = defaultdict(list)
        self._by_street: dict[str, list[RegisterAddress]] = defaultdict(list)
        for address in addresses:
            known = _as_registered(address)
            self._by_postcode[address.postcode].append(known)
            self._by_street[re.sub(r"[.']", "", address.street).replace("-", " ").lower()].append(known)

    def score(self, asked: Iterable[Asked]) -> Score:
        score = Score()
        for one in asked:
            clock, processor = perf_counter(), thread_time()
            found = self._look_up(one)
            score.clock.append(perf_counter() - clock)
            score.processor.append(thread_time() - processor)
            score.add(found, one.uprn)
        return score

    def _look_up(self, one: Asked) -> Resolution:
        reading = read_address(one.written, one.postcode)
        nearby = self._by_postcode.get(reading.postcode, [])
        found = resolve(one.written, nearby, one.postcode)
        if found.sure:
            return found
        along = [each for street in reading.plain_streets for each in self._by_street.get(street, ())]
        if reading.outward:
            along = [each for each in along if f", {reading.outward} " in each.line]
        return resolve(one.written, {each.uprn: each for each in [*nearby, *along]}.values(), one.postcode)


def _as_registered(address: Address) -> RegisterAddress:
    return RegisterAddress.from_parts(
        address.uprn,
        flat=address.flat,
        building=address.building,
        number=address.number,
        street=address.street,
        locality=address.locality,
        town=address.town,
        postcode=address.postcode,
    )


def _as_written(world: World) -> Iterator[Asked]:
    rng = Random(SEED)  # noqa: S311 invented data
    for number in range(HOUSEHOLDS):
        household = world.households.household(number)
        saying = Saying(5_000_000, household.members[0], household, household.address, ())
        for agency in ("fire", "ambulance", "police"):
            cells = dict(zip(COLUMNS[agency][1:], row(rng, agency, saying), strict=True))
            lines = [cell for column, cell in cells.items() if column.startswith(("Address", "Location", "address"))]
            postcode = cells[next(column for column in cells if column.lower().startswith("post"))]
            yield Asked("\n".join(line for line in lines if line), postcode, household.address.uprn)


def _corrupted(world: World) -> Iterator[Asked]:
    """The homes with errors as councils make them, at five times their rate. What was written down for another home, or
    reads as another after the error, is left out: no reader could know.
    """
    homes = [world.households.household(number).address for number in range(HOUSEHOLDS)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "components.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("uprn", "subname", "name", "number", "streetname", "locality", "townname", "postcode"))
            writer.writerows((home.uprn, *(part.upper() for part in home[1:8])) for home in homes)
        components = load_components(path)
    corruptor = Corruptor(Profile.load(), seed=SEED, controls=Controls(prevalence=5.0, noise=Noise(rate=0.1)))
    corruptor.index(components)
    for made in corruptor.generate([home.uprn for home in homes]):
        if not made["label_drift_relation"] and not made["collision_uprn"]:
            yield Asked(made["recorded_address"], made["recorded_postcode"], made["source_uprn"])


def _milliseconds(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1000:.2f} / {ordered[int(len(ordered) * 0.99)] * 1000:.2f}"
