"""How well a register's address fits an address as written: a level for each part, and what each level weighs.

The weights are in bits, as in the model of people: what fits the address is so many times likelier to be written for it
than for another. They were set from what UK addresses are like and held against labelled cases (docs/adr/0025).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.fuzz import ratio

from prevention.matching.addresses.reading import BUILDINGS, DIRECTIONS, KINDS, Reading, Role, Span

WEIGHTS: dict[str, dict[str, float]] = {
    "dwelling": {
        "same": 9,
        "range_start": 7,  # "10" and "10-12"
        "range": 6,  # "12" and "10-12"
        "place_added": 4,  # one side says the floor as well
        "number_missing": 3,  # the flat and the block agree, one side leaves out the block's number
        "number_unsaid": 0,  # the same, without a block that agrees
        "unnumbered": 0,
        "number_added": -2,  # a house with a name, and a number on one side
        "room": -2,  # a room of the flat or house
        "role_differs": -3,  # "Flat 12, High Street" and "12 High Street"
        "flat_added": -5,
        "flat_missing": -6,
        "flat_elsewhere": -12,  # the same flat of another block
        "other": -40,
    },
    "name": {
        "same": 4, "close": 3, "part": 1, "none": 0, "added": -0.5, "kind_differs": -1, "other": -2,
        "same_alone": 10, "close_alone": 7, "part_alone": 2, "none_alone": -6, "added_alone": -6,
        "kind_differs_alone": 2, "other_alone": -14,
    },
    "street": {
        "same": 6, "close": 5, "most": 4, "alike": 2, "part": 1, "missing": 0, "kind_differs": -1, "different": -6,
    },
    "postcode": {
        "same": 6, "slip": 4, "sector": 3, "outward": 1.5, "missing": 0, "other_sector": -1, "area": -3,
        "different": -8,
    },
}  # fmt: skip
#: For each word that both have of localities and towns, up to three.
_PLACE_BITS = 1.0
_MOST_PLACES = 3
#: Streets written by ear ("Oopton Lane") are as alike as this, of 100; North Road and South Road are not.
_ALIKE = 66
#: The dwellings that are the one written, however it was written; where it is not, a person has to look.
SAME_DWELLING = frozenset(
    {"same", "range_start", "range", "place_added", "number_missing", "unnumbered", "number_added"}
)


@dataclass(frozen=True, slots=True)
class Fit:
    """The level of each part, and how many words of the rest both have."""

    dwelling: str
    name: str
    street: str
    postcode: str
    shared_places: int

    @property
    def bits(self) -> float:
        """The weights of the levels together."""
        return (
            WEIGHTS["dwelling"][self.dwelling]
            + WEIGHTS["name"][self.name]
            + WEIGHTS["street"][self.street]
            + WEIGHTS["postcode"][self.postcode]
            + _PLACE_BITS * min(self.shared_places, _MOST_PLACES)
        )


def compare_addresses(written: Reading, known: Reading) -> Fit:
    """Compare an address as written with one of a register. Pure; never raises."""
    dwelling = _dwelling_level(written, known, named=True)
    if dwelling == "other":
        return _OTHER  # most neighbours: no need to look at their words
    name = _name_level(written, known)
    if name not in _NAMED:
        dwelling = _dwelling_level(written, known, named=False)
    alone = dwelling in {"unnumbered", "number_added"}
    return Fit(
        dwelling=dwelling,
        name=f"{name}_alone" if alone else name,
        street=_street_level(written, known),
        postcode=_postcode_level(written, known),
        shared_places=len(_telling(written.tail) & _telling(known.words)),
    )


_OTHER = Fit("other", "none", "missing", "missing", 0)
#: Levels of the name by which a number may be taken for a flat of the block so named.
_NAMED = frozenset({"same", "close", "part"})


# --- the dwelling ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Side:
    """What one side says of the dwelling and the other does not."""

    reading: Reading
    spans: list[Span]
    letters: set[tuple[str, int]]
    codes: frozenset[str]
    places: frozenset[str]

    @property
    def flats(self) -> int:
        return sum(span.role is Role.UNIT for span in self.spans) + len(self.letters) + len(self.codes)

    @property
    def numbers(self) -> int:
        return sum(span.role is not Role.UNIT for span in self.spans)


def _dwelling_level(written: Reading, known: Reading, *, named: bool) -> str:
    """The best level that one way of reading both gives."""
    if written.rooms and known.rooms and written.rooms != known.rooms:
        return "other"
    levels = (
        _level_of(written, list(mine), known, list(theirs), named=named)
        for mine in written.spans
        for theirs in known.spans
    )
    return max(levels, key=WEIGHTS["dwelling"].__getitem__)


def _level_of(written: Reading, mine: list[Span], known: Reading, theirs: list[Span], *, named: bool) -> str:
    pairs = _pair(mine, theirs)
    letters = _common_letters(written.letters, known.letters)
    shared_places = written.places & known.places if written.places == known.places else frozenset()
    one = _Side(written, mine, set(written.letters), written.codes - known.codes, written.places - shared_places)
    other = _Side(known, theirs, set(known.letters), known.codes - written.codes, known.places - shared_places)
    for first, second in letters:
        one.letters.discard(first)
        other.letters.discard(second)
    flats_agree = bool(
        letters or shared_places or written.codes & known.codes or any(_is_flat(*pair) for pair in pairs)
    )
    if _contradict(one, other, flats_agree=flats_agree):
        return "other"
    if not (pairs or letters or written.codes & known.codes):
        return _level_without_pair(one, other)
    if one.flats or other.flats or ((one.places or other.places) and not flats_agree):
        return "flat_added" if one.flats or (one.places and not other.flats) else "flat_missing"
    return _level_with_pair(pairs, one, other, named=named, flats_agree=flats_agree)


def _contradict(one: _Side, other: _Side, *, flats_agree: bool) -> bool:
    """Whether each side tells a flat, or a number, that the other does not."""
    places = bool(one.places and other.places)
    if (one.flats and other.flats) or (one.numbers and other.numbers) or places:
        return True
    if (one.flats and other.numbers) or (other.flats and one.numbers):
        return True
    return not flats_agree and bool((one.places and other.flats) or (other.places and one.flats))


def _level_without_pair(one: _Side, other: _Side) -> str:
    """The level when no number, letter or code is common: something is told by one side at most."""
    mine, theirs = bool(one.spans or one.letters or one.codes), bool(other.spans or other.letters or other.codes)
    if mine and theirs:
        return "other"
    if one.flats or one.places:
        return "flat_added"
    if other.flats or other.places or other.reading.rooms:
        return "flat_missing"
    if mine or theirs:
        return "number_added"
    return "room" if one.reading.rooms else "unnumbered"


def _level_with_pair(
    pairs: Sequence[tuple[Span, Span, bool]], one: _Side, other: _Side, *, named: bool, flats_agree: bool
) -> str:
    if other.reading.rooms != one.reading.rooms:
        level = "room" if one.reading.rooms else "flat_missing"
    elif not named and not flats_agree and _counts_differently(pairs, one, other):
        level = "role_differs"
    elif not named and _only_flats(pairs, one, other):
        level = "flat_elsewhere" if one.reading.name and other.reading.name else "number_unsaid"
    elif one.places or other.places:
        level = "place_added"
    elif one.numbers or other.numbers:
        level = "number_missing"
    elif all(exact for _, _, exact in pairs):
        level = "same"
    else:
        level = "range_start" if all(first.low == second.low for first, second, _ in pairs) else "range"
    return level


def _is_flat(one: Span, other: Span, _exact: bool) -> bool:  # noqa: FBT001 a part of a pair
    return one.role is Role.UNIT and other.role is Role.UNIT


def _only_flats(pairs: Sequence[tuple[Span, Span, bool]], one: _Side, other: _Side) -> bool:
    """Whether what both have tells a flat, and no building."""
    blocks = one.reading.blocks or other.reading.blocks
    return all(_is_flat(*pair) or (blocks and Role.EITHER in {pair[0].role, pair[1].role}) for pair in pairs)


def _counts_differently(pairs: Sequence[tuple[Span, Span, bool]], one: _Side, other: _Side) -> bool:
    """Whether the one number that both have may count flats on one side and houses on the other."""
    if one.numbers or other.numbers:
        return True
    if any({first.role, second.role} == {Role.UNIT, Role.EITHER} for first, second, _ in pairs):
        return True
    return one.reading.blocks != other.reading.blocks and len(pairs) == 1


def _pair(mine: list[Span], theirs: list[Span]) -> list[tuple[Span, Span, bool]]:
    """The numbers that both have, taken out of both lists: those that are equal first, then those within a range.

    A house's number is looked for before a flat's: "1B" is the house of "Flat 1, 1B", not its flat.
    """
    pairs = []
    for spans in (mine, theirs):
        spans.sort(key=lambda span: span.role is Role.UNIT)
    for exact in (True, False):
        for span in list(mine):
            found = next((other for other in theirs if _meet(span, other, exact=exact)), None)
            if found is not None:
                pairs.append((span, found, exact))
                mine.remove(span)
                theirs.remove(found)
    return pairs


def _meet(one: Span, other: Span, *, exact: bool) -> bool:
    if {one.role, other.role} == {Role.UNIT, Role.NUMBER}:
        return False
    if exact:
        return (one.low, one.high) == (other.low, other.high)
    if one.low < one.high and other.low < other.high:
        return one.low == other.low or one.high == other.high
    single, wide = (one, other) if one.low == one.high else (other, one)
    one_side_of_the_street = (wide.high - wide.low) % 2 == 0
    return wide.low <= single.low <= wide.high and not (one_side_of_the_street and (single.low - wide.low) % 2)


def _common_letters(
    mine: Collection[tuple[str, int]], theirs: Collection[tuple[str, int]]
) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """Letters that both have, with the number they stand with, or with none on one side."""
    return [
        (first, second)
        for first in sorted(mine)
        for second in sorted(theirs)
        if first[0] == second[0] and (first[1] == second[1] or not first[1] or not second[1])
    ]


# --- words ----------------------------------------------------------------------------------------------------------


def _telling(words: Iterable[str]) -> set[str]:
    return {word for word in words if word not in KINDS}


def _kinds(words: Iterable[str]) -> set[str]:
    return {word for word in words if word in KINDS and word != "PREMISES"}


def _or_all(words: Sequence[str]) -> set[str]:
    """The words that tell something, or all where none does ("The Hall", "The Green")."""
    return _telling(words) or _kinds(words)


def _missing(words: set[str], others: Sequence[str]) -> tuple[int, bool]:
    """How many of the words the others do not have, and whether some were only found as slips."""
    left = words.difference(others)
    if not left:
        return 0, False
    joined = "".join(others)
    gone = [word for word in left if not (len(word) > 5 and word in joined) and not _slip_of_one(word, others)]
    return len(gone), len(gone) < len(left)


def _slip_of_one(word: str, others: Iterable[str]) -> bool:
    if len(word) < 4:
        return False
    most = 1 if len(word) < 9 else 2
    return any(
        abs(len(word) - len(other)) <= most
        and len(other) > 3
        and DamerauLevenshtein.distance(word, other, score_cutoff=most) <= most
        for other in others
    )


def _name_level(written: Reading, known: Reading) -> str:
    """Whether the names of house or block agree, wherever the other side has them."""
    mine, theirs = _or_all(written.name), _or_all(known.name)
    if not mine and not theirs:
        return "none"
    gone_mine, slip_mine = _missing(mine, known.words)
    gone_theirs, slip_theirs = _missing(theirs, written.words)
    if not gone_mine and not gone_theirs:
        kinds = BUILDINGS.intersection(written.name), BUILDINGS.intersection(known.name)
        if kinds[0] - kinds[1] and kinds[1] - kinds[0]:
            return "kind_differs"
        return "close" if slip_mine or slip_theirs else "same"
    if gone_mine < len(mine) and gone_theirs < len(theirs):
        return "part"
    if not mine or not theirs:
        return "added"
    return "part" if (gone_mine < len(mine)) or (gone_theirs < len(theirs)) else "other"


def _street_level(written: Reading, known: Reading) -> str:
    """Whether the streets agree, each looked for among the other's words, as where a street begins is a guess.

    They differ only where both end as streets do: else what was taken for a street may be a village.
    """
    mine, theirs = _or_all(written.street), _or_all(known.street)
    if not mine or not theirs:
        return "missing"
    directions = DIRECTIONS.intersection(written.street), DIRECTIONS.intersection(known.street)
    if all(directions) and not directions[0] & directions[1]:
        return "different"
    gone_theirs, slip_theirs = _missing(theirs, written.words)
    gone_mine, slip_mine = _missing(mine, known.name + known.street)
    if not gone_theirs and not gone_mine:
        level = "close" if slip_theirs or slip_mine else "same"
        return "kind_differs" if _kinds_differ(written, known) else level
    if not gone_theirs or not gone_mine:
        return "most"
    if gone_theirs < len(theirs) or gone_mine < len(mine):
        return "part"
    return _level_of_other_streets(written, known)


def _kinds_differ(written: Reading, known: Reading) -> bool:
    """Whether one is a road and the other a lane, say."""
    mine, theirs = _kinds(written.street[-1:]), _kinds(known.street[-1:])
    return bool(mine and theirs) and mine != theirs


def _level_of_other_streets(written: Reading, known: Reading) -> str:
    if not (_kinds(written.street[-2:]) and _kinds(known.street[-2:])):
        return "missing"
    by_ear = ratio("".join(sorted(_or_all(written.street))), "".join(sorted(_or_all(known.street))))
    return "alike" if by_ear >= _ALIKE else "different"


# --- postcode -------------------------------------------------------------------------------------------------------


def _postcode_level(written: Reading, known: Reading) -> str:
    if written.outward is None or known.outward is None:
        level = "missing"
    elif written.postcode is not None and written.postcode == known.postcode:
        level = "same"
    elif _is_slip(written, known):
        level = "slip"
    elif written.outward != known.outward:
        level = "area" if _area(written.outward) == _area(known.outward) else "different"
    elif written.postcode is None or known.postcode is None:
        level = "outward"
    else:
        level = "sector" if written.postcode[:-2] == known.postcode[:-2] else "other_sector"
    return level


def _is_slip(written: Reading, known: Reading) -> bool:
    """Whether one letter or digit of the postcode is wrong, missing or too many, or two changed places."""
    if written.postcode is None or known.postcode is None:
        return False
    first, second = written.postcode.replace(" ", ""), known.postcode.replace(" ", "")
    return DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1


def _area(outward: str) -> str:
    return outward[:2] if outward[1].isalpha() else outward[0]
