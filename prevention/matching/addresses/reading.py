"""Reading an address for comparing it: what tells the dwelling, the building's name, the street, the rest.

Nothing is decided here that the text leaves open. "8 10 Dorset Street" may be flat 8 of number 10 or numbers 8 to 10,
and both are kept; "22 Oak Court" may be a house in a street or a flat in a block (linkage.md section 5: compare sets
of what tells a dwelling, not parsed fields).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from prevention.matching.normalise.addresses import ABBREVIATIONS
from prevention.matching.normalise.postcodes import EMBEDDED_POSTCODE, tidy_outward, tidy_postcode
from prevention.matching.normalise.text import ADDRESS_LIMIT, clean, fold


class Role(Enum):
    """What a number counts: dwellings of a building, buildings of a street, or one of the two."""

    UNIT = "unit"
    NUMBER = "number"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Span:
    """A number, or numbers from ``low`` to ``high``."""

    role: Role
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Reading:
    """An address as it is compared. Words are folded, short forms written in one way.

    ``outward`` is the first half of the postcode, known also where only that is given.
    ``spans`` holds one reading of the numbers, or two where the text leaves it open. ``letters`` are (letter, the
    number it stands with; 0 when it stands with none). ``codes`` are identifiers such as ``A15``; ``rooms`` are rooms
    of a flat or house; ``places`` are floors and sides ("GROUND", "REAR"). ``name`` names the building or house,
    ``blocks`` says that it follows its number ("4 Turnpike House"), so that the number counts its flats, and
    ``says_flat`` that the text speaks of a flat or room in so many words.
    """

    postcode: str | None
    outward: str | None
    spans: tuple[tuple[Span, ...], ...]
    letters: frozenset[tuple[str, int]]
    codes: frozenset[str]
    rooms: frozenset[str]
    places: frozenset[str]
    name: tuple[str, ...]
    street: tuple[str, ...]
    tail: tuple[str, ...]
    blocks: bool
    says_flat: bool

    @property
    def plain_streets(self) -> tuple[str, ...]:
        """The street in small letters without points and apostrophes, in the ways it may stand in a gazetteer."""
        words = [word.lower() for word in self.street]
        if not words:
            return ()
        if words[-1] == "st":
            words[-1] = "street"
        saint = " ".join(words)
        street = " ".join([words[0], *("street" if word == "st" else word for word in words[1:])])
        return tuple(dict.fromkeys((saint, street, f"the {saint}", f"the {street}")))

    @property
    def words(self) -> tuple[str, ...]:
        """Every word, in the order written."""
        return self.name + self.street + self.tail


_FLATS = frozenset(
    {"FLAT", "FLT", "FL", "APARTMENT", "APPARTMENT", "APPT", "APT", "APART", "UNIT", "STUDIO", "MAISONETTE", "MAIS",
     "BEDSIT", "SUITE", "PENTHOUSE"}
)  # fmt: skip
_ROOMS = frozenset({"ROOM", "RM"})
_PLACES = {
    "GROUND": "GROUND", "GRD": "GROUND", "GND": "GROUND", "GFF": "GROUND", "GF": "GROUND", "FIRST": "1", "FFF": "1",
    "FF": "1", "SECOND": "2", "SFF": "2", "THIRD": "3", "FOURTH": "4", "FIFTH": "5", "SIXTH": "6", "TOP": "TOP",
    "TFF": "TOP", "BASEMENT": "BASEMENT", "BSMT": "BASEMENT", "GARDEN": "GARDEN", "LOWER": "LOWER", "UPPER": "UPPER",
    "ATTIC": "TOP", "REAR": "REAR", "FRONT": "FRONT", "LEFT": "LEFT", "RIGHT": "RIGHT", "MIDDLE": "MIDDLE",
    "ABOVE": "ABOVE", "OVER": "ABOVE", "ANNEXE": "ANNEXE", "ANNEX": "ANNEXE",
}  # fmt: skip
#: Words of a floor that are so without "floor" or "flat" beside them.
_SHORT_PLACES = frozenset({"GFF", "GF", "FFF", "SFF", "TFF", "BASEMENT", "BSMT", "ANNEXE", "ANNEX"})
#: "The flat, 12 High Street": a flat of which nothing else is told.
_SOME_FLAT = "FLAT"
_SIDES = frozenset({"REAR", "FRONT", "LEFT", "RIGHT", "MIDDLE", "ABOVE", "OVER"})
_FLOORS = frozenset({"FLOOR", "FLR"})
_ORDINAL = re.compile(r"\b([0-9])(?:ST|ND|RD|TH)\b")
_ORDINALS = {"1": "FIRST", "2": "SECOND", "3": "THIRD", "4": "FOURTH", "5": "FIFTH", "6": "SIXTH"}
_COUNTED = {
    word: at
    for at, word in enumerate(["ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN"], start=1)
}
#: Where "12/3" is flat 3 of number 12; elsewhere it is flat 12 of number 3, or numbers 3 to 12.
_SCOTTISH = re.compile(r"(?:AB|DD|DG|EH|FK|G|HS|IV|KA|KW|KY|ML|PA|PH|TD|ZE)[0-9]")

_STREET_KINDS = frozenset(
    {
        "ROAD", "STREET", "ST", "AVENUE", "CLOSE", "LANE", "DRIVE", "CRESCENT", "TERRACE", "GARDENS", "SQUARE", "MEWS",
        "GROVE", "WAY",
    }
)  # fmt: skip
_SOMETIMES_STREETS = frozenset(
    {
        "PLACE", "PARADE", "BROADWAY", "RISE", "ROW", "VALE", "HILL", "WALK", "YARD", "PARK", "GREEN", "MOUNT", "VIEW",
        "APPROACH", "WHARF", "QUAY", "CIRCUS", "GATE", "EMBANKMENT", "PASSAGE", "BANK", "END", "COURT", "DENE", "CROFT",
        "FOLD", "DRV", "PATH", "BROW", "COMMON",
    }
)  # fmt: skip
#: What a house or a block is called after its name.
BUILDINGS = frozenset(
    {
        "HOUSE", "COTTAGE", "COTTAGES", "COURT", "LODGE", "FARM", "HALL", "VILLA", "VILLAS", "BUNGALOW", "MANSIONS",
        "TOWER", "TOWERS", "APARTMENTS", "HOME", "BARN", "HEIGHTS", "HOSTEL", "HOTEL", "ALMSHOUSES", "VICARAGE",
        "RECTORY", "POINT", "LOFTS", "WHARF", "BUILDINGS", "BUILDING", "MILL", "GRANGE", "MANOR", "CENTRE", "FARMHOUSE",
    }
)  # fmt: skip
#: A street's North and South are two streets.
DIRECTIONS = frozenset({"NORTH", "SOUTH", "EAST", "WEST"})
#: Words that tell hardly one address from another.
KINDS = _STREET_KINDS | _SOMETIMES_STREETS | BUILDINGS | DIRECTIONS | {"PREMISES", "NURSING", "CARE", "RESIDENTIAL"}
_SILENT = frozenset({"THE", "AND", "OF", "IN", "AT", "LE", "NO", "NUMBER", "NR", "NEAR", "HOUSENAME"})
_ONE_WAY = {**ABBREVIATIONS, "STR": "STREET", "ST": "ST", "SAINT": "ST", "STS": "ST", "UPON": "ON",
            "CRESENT": "CRESCENT", "AVENUES": "AVENUE", "FM": "FARM", "COTT": "COTTAGE", "COTTS": "COTTAGES",
            "BUNG": "BUNGALOW", "NTH": "NORTH", "STH": "SOUTH"}  # fmt: skip

_TOKEN = re.compile(r"[^\W\d_]+|[0-9]+|[,/-]")
_GLUED = re.compile(r"\b([A-Z])-?([0-9]{1,3})\b(?![A-Z])")
_LAST_OUTWARD = re.compile(r"[ ,]([A-Z]{1,2}[0-9][0-9A-Z]?)[ ,.]*$")
_ROAD_NUMBER = re.compile(r"\b[ABCMU] ?[0-9]{4}\b")
_CODE = re.compile(r"#[A-Z][0-9]{1,3}")
#: "10 to 12", "10 and 12": as wide as one address with several numbers gets.
_UP_TO = re.compile(r"(?<=[0-9A-Z]) (?:TO|AND) (?=[0-9])")
_WIDEST_RANGE = 20
#: Digits beyond these are no house's: what is read stays small.
_LONGEST_NUMBER = 12
_REAR_OF = re.compile(r"\bR/O\b|\bREAR OF\b|\bTHE REAR\b|\bBEHIND\b")
_CARE_OF = re.compile(r"\bC/O\b")


@lru_cache(maxsize=8192)
def read_address(text: str, postcode: str = "") -> Reading:
    """Read an address on one line or several; the postcode is taken from ``postcode``, else from the text.

    Pure; takes any text and never raises. Only the first few hundred characters are looked at.
    """
    line = fold(clean(re.sub(r"[\r\n|;]+", ", ", text[: ADDRESS_LIMIT * 2]), ADDRESS_LIMIT))
    line, found = _without_postcode(line, tidy_postcode(postcode))
    line, outward = _without_outward(line)
    outward = found.split(" ")[0] if found else tidy_outward(postcode) or outward
    return _Sorter(found, outward).sort(_tokens(line))


def _without_postcode(line: str, given: str | None) -> tuple[str, str | None]:
    """The line without its postcodes, and the one given, else the last; "Close" and "Priory" are none (C1 0SE)."""
    found = None
    for match in reversed(list(EMBEDDED_POSTCODE.finditer(line))):
        read = tidy_postcode(match.group())
        if read is not None and not match.group().isalpha():
            found = found or read
            line = f"{line[: match.start()]}, {line[match.end() :]}"
    return line, given or found


def _without_outward(line: str) -> tuple[str, str | None]:
    """The line without the first half of a postcode at its end ("London N1"), and that half."""
    match = _LAST_OUTWARD.search(line)
    outward = tidy_outward(match.group(1)) if match else None
    return (line[: match.start()], outward) if match and outward else (line, None)


def _tokens(line: str) -> list[str]:
    """Words, numbers, commas, dashes and slashes; ``A15`` is one token, ``#A15``."""
    line = line.replace("'", "").replace("(", ",").replace(")", ",").replace("&", " AND ")
    line = _CARE_OF.sub(" ", _REAR_OF.sub(" REAR FLOOR ", line))
    line = _ROAD_NUMBER.sub(" ", line)
    line = _ORDINAL.sub(lambda match: _ORDINALS.get(match.group(1), match.group()), line)
    line = _UP_TO.sub("-", line)
    tokens: list[str] = []
    for piece in _GLUED.sub(r" #\1\2 ", line).split():
        tokens += [piece] if _CODE.fullmatch(piece) else _TOKEN.findall(piece)
    return tokens


class _Sorter:
    """Goes through the tokens once and puts each where it belongs."""

    def __init__(self, postcode: str | None, outward: str | None) -> None:
        self._postcode = postcode
        self._outward = outward
        self._units: list[Span] = []
        self._letters: set[tuple[str, int]] = set()
        self._codes: set[str] = set()
        self._rooms: set[str] = set()
        self._places: set[str] = set()
        self._waiting = ""  # a flat's letter that may belong to the number after it
        #: Runs of numbers that nothing stands between, words, and None for a comma.
        self._parts: list[list[tuple[int, int, str]] | str | None] = []

    def sort(self, tokens: Sequence[str]) -> Reading:
        at = 0
        while at < len(tokens):
            at = self._take(tokens, at)
        self._settle(0)
        return self._reading()

    def _take(self, tokens: Sequence[str], at: int) -> int:
        """Put the token at ``at`` where it belongs; the place of the next one."""
        word = tokens[at]
        if _is_number(word):
            return self._take_number(tokens, at)
        if word in _FLATS or word in _ROOMS:
            return self._take_flat(tokens, at)
        if word == ",":
            self._parts.append(None)
        elif word.startswith("#"):
            if _peek(tokens, at - 1) in {"", ","} and _peek(tokens, at + 1) not in {"", ","}:
                self._codes.add(word[1:])
        elif _is_place(tokens, at):
            self._places.add(_PLACES[word])
        elif len(word) == 1:
            self._take_letter(tokens, at)
        elif word not in _FLOORS and word not in _SILENT:
            self._parts.append(_ONE_WAY.get(word, word))
        return at + 1

    def _take_flat(self, tokens: Sequence[str], at: int) -> int:
        """Take "Flat 3", "Room B", "Apt No 12A": the word and what follows it, unless that is no identifier."""
        room, at = tokens[at] in _ROOMS, at + 1
        while _peek(tokens, at) in {"NO", "NUMBER", "NUM"}:
            at += 1
        word, after = _peek(tokens, at), _peek(tokens, at + 1)
        number = _as_number(word) if _is_number(word) else _COUNTED.get(word, 0)
        lettered = bool(number) and _is_letter(after)
        if room and (number or _is_letter(word) or word.startswith("#")):
            self._rooms.add(f"{number or word}{after if lettered else ''}")
        elif number:
            self._settle(0)
            self._units.append(Span(Role.UNIT, number, number))
            if lettered:
                self._letters.add((after, number))
        elif word.startswith("#"):
            self._codes.add(word[1:])
        elif _is_letter(word):
            self._settle(0)
            self._waiting = word
        else:
            self._places.add(_SOME_FLAT)
            return at
        at += 2 if lettered else 1
        return at + 1 if _peek(tokens, at) in {"-", "/"} else at

    def _take_number(self, tokens: Sequence[str], at: int) -> int:
        low = high = _as_number(tokens[at])
        kind = ""
        at += 1
        if _is_letter(_peek(tokens, at)):
            self._letters.add((tokens[at], low))
            at += 1
        if _peek(tokens, at) in {"-", "/"} and _is_number(_peek(tokens, at + 1)):
            kind = tokens[at]
            high = _as_number(tokens[at + 1])
            at += 2
            if _is_letter(_peek(tokens, at)):
                self._letters.add((tokens[at], high))
                at += 1
        self._settle(low)
        if self._parts and isinstance(self._parts[-1], list):
            self._parts[-1].append((low, high, kind))
        else:
            self._parts.append([(low, high, kind)])
        return at

    def _take_letter(self, tokens: Sequence[str], at: int) -> None:
        word = tokens[at]
        starts = _peek(tokens, at - 1) in {"", ","}
        before_number = _is_number(_peek(tokens, at + 1)) or _peek(tokens, at + 1) in {",", "/"}
        if _is_letter(word) and starts and before_number:
            self._waiting = word
        elif word not in {"S", "-", "/"}:
            self._parts.append(word)

    def _settle(self, number: int) -> None:
        if self._waiting:
            self._letters.add((self._waiting, number))
            self._waiting = ""

    def _reading(self) -> Reading:
        runs = [at for at, part in enumerate(self._parts) if isinstance(part, list)]
        last = runs[-1] if runs else -1
        before = [part for part in self._parts[: max(last, 0)] if isinstance(part, str)]
        after = [part for part in self._parts[last + 1 :] if not isinstance(part, list)]
        flat_told = bool(self._units or self._letters or self._codes or self._places - {_SOME_FLAT})
        name, street, tail = _name_and_street(after, numbered=bool(runs), in_a_flat=flat_told)
        blocks = bool(name) and bool(runs)
        says_flat = bool(self._units or self._places or self._rooms)
        if flat_told:
            self._places.discard(_SOME_FLAT)
        return Reading(
            postcode=self._postcode,
            outward=self._outward,
            spans=self._spans([part for part in self._parts if isinstance(part, list)], blocks=blocks),
            letters=frozenset(self._letters),
            codes=frozenset(self._codes),
            rooms=frozenset(self._rooms),
            places=frozenset(self._places),
            name=_one_saint((*before, *name)),
            street=_one_saint(street),
            tail=_one_saint(tail),
            blocks=blocks,
            says_flat=says_flat,
        )

    def _spans(self, runs: list[list[tuple[int, int, str]]], *, blocks: bool) -> tuple[tuple[Span, ...], ...]:
        """The ways to read the numbers: the likeliest first, two at most."""
        units = list(dict.fromkeys(self._units))
        for run in runs[:-1]:
            units += [Span(Role.UNIT, *sorted((low, high))) for low, high, _ in run if (low, high) != (0, 0)]
        if not runs:
            return (tuple(units),)
        last = [each for at, each in enumerate(runs[-1]) if each not in runs[-1][:at]]
        role = Role.EITHER
        if units:
            role = Role.UNIT if blocks else Role.NUMBER  # before a block's name stands no number of the street
        return tuple(tuple(dict.fromkeys((*units, *way))) for way in _ways(last, role, self._is_scottish()))

    def _is_scottish(self) -> bool:
        return bool(self._outward and _SCOTTISH.match(self._outward))


def _ways(run: list[tuple[int, int, str]], role: Role, scottish: bool) -> list[list[Span]]:  # noqa: FBT001
    """How the numbers of one run may be meant: a flat and a number, or numbers from one to another."""
    if len(run) == 1:
        low, high, kind = run[0]
        if kind == "/":
            flat, number = (high, low) if scottish else (low, high)
            split = [Span(Role.UNIT, flat, flat), Span(Role.NUMBER, number, number)]
            return [split, [Span(role, low, high)]] if _is_range(low, high) and not scottish else [split]
        return [[Span(role, *sorted((low, high)))]]
    if len(run) == 2 and not run[0][2] and not run[1][2]:
        low, high = run[0][0], run[1][0]
        if role is Role.NUMBER and low < high:  # the flat is told already, so that these are one building's numbers
            return [[Span(role, low, high)]]
        split = [Span(Role.UNIT, low, low), Span(Role.NUMBER, high, high)]
        return [split, [Span(role, low, high)]] if _is_range(low, high) else [split]
    (unit, unit_to, _), *rest = run
    numbers = Span(Role.NUMBER, min(each[0] for each in rest), max(each[1] for each in rest))
    if numbers.low <= unit <= numbers.high:
        return [[Span(role, numbers.low, numbers.high)]]
    return [[Span(Role.UNIT, unit, unit_to), numbers]]


def _is_range(low: int, high: int) -> bool:
    """Whether one building may have both numbers: on one side of the street, or next to each other."""
    return low < high <= low + _WIDEST_RANGE and (high - low == 1 or (high - low) % 2 == 0)


def _peek(tokens: Sequence[str], at: int) -> str:
    return tokens[at] if 0 <= at < len(tokens) else ""


def _is_number(token: str) -> bool:
    return token.isascii() and token.isdigit()


def _as_number(token: str) -> int:
    return int(token[-_LONGEST_NUMBER:])


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isascii() and word.isalpha()


def _is_place(tokens: Sequence[str], at: int) -> bool:
    """Whether the word says where in the house: before "floor" or "flat", after them, or short for both."""
    word, before, after = tokens[at], _peek(tokens, at - 1), _peek(tokens, at + 1)
    if word not in _PLACES:
        return False
    if word in _SHORT_PLACES or after in _FLOORS or after in _FLATS:
        return True
    if before in _FLOORS or before in _FLATS:
        return word in _SIDES or after in {"", ","}
    return after in _PLACES and _is_place(tokens, at + 1)


def _name_and_street(
    after: list[str | None], *, numbered: bool, in_a_flat: bool
) -> tuple[list[str], list[str], list[str]]:
    """What follows the last number (or the whole address): a building's name, the street, the rest."""
    while after and after[0] is None:
        after = after[1:]
    words = [word for word in after if word is not None]
    breaks = _breaks(after)
    end = _street_end(words, breaks)
    start = _name_end(words, breaks, end, numbered=numbered, least=0 if in_a_flat else 1)
    end = max(end, start)
    return words[:start], words[start:end], words[end:]


def _one_saint(words: Iterable[str]) -> tuple[str, ...]:
    """The words with one spelling for saint and street: "St" may be either."""
    return tuple("ST" if word == "STREET" else word for word in words)


def _breaks(after: Iterable[str | None]) -> list[int]:
    """After how many words a comma stands."""
    found, count = [], 0
    for part in after:
        if part is not None:
            count += 1
        elif count:
            found.append(count)
    return found


def _street_end(words: list[str], breaks: list[int]) -> int:
    """How many words reach to the end of the street: to a word such as "Road", else a comma, else the first two."""
    for kinds in (_STREET_KINDS, _SOMETIMES_STREETS):
        for at in range(1, len(words)):
            if words[at] not in kinds or (words[at] == "ST" and _is_saint(words, at, breaks)):
                continue
            end = at + 1
            more = _STREET_KINDS if kinds is _STREET_KINDS else _STREET_KINDS | _SOMETIMES_STREETS
            while end < len(words) and end not in breaks and words[end] in more - {"ST"}:
                end += 1
            if end < len(words) and end not in breaks and words[end] in DIRECTIONS:
                end += 1
            return end
    return breaks[0] if breaks else min(2, len(words))


def _is_saint(words: list[str], at: int, breaks: list[int]) -> bool:
    return at + 1 not in breaks and any(word in _STREET_KINDS and word != "ST" for word in words[at + 1 : at + 4])


def _name_end(words: list[str], breaks: list[int], end: int, *, numbered: bool, least: int) -> int:
    """How many of the first words name a building rather than the street."""
    for at in reversed(range(1 if numbered else 0, min(len(words), 7))):
        leaves_a_street = at + 3 <= end or (at + 1 < end and at + 1 in breaks)
        if words[at] in BUILDINGS and (leaves_a_street or (at + 1 in breaks and not numbered)):
            return at + 1
    if numbered or not words:
        return 0
    if breaks and breaks[0] < len(words):
        return breaks[0]
    named = next((at for at in reversed(range(1, min(len(words), 5))) if words[at] in BUILDINGS), None)
    return named + 1 if named is not None else max(end - 2, least)
