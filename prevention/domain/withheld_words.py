"""What people write may tell where a home is: finding that, and masking it where the address is kept back.

Two things are looked for. *Any* postcode and *any* street with a name or a number, whoever's they are: a warning that
came for the right address alone would tell whoever tries addresses when they have found it. And the home's own words,
however they are spaced and capitalised, so that a street such as "Broadway" goes too (domain.md 4.5).
"""

import re
from collections.abc import Iterable

#: Stands in a text for the words that tell where a home is.
WITHHELD = "[address withheld]"

_ALWAYS_STREETS = (
    "road|rd|street|avenue|ave|lane|crescent|cres|terrace|gardens|gdns|mews|grove|drive|square|mansions|embankment"
)
#: Words of streets and buildings that are common words too: streets only after a name written with a capital.
_SOMETIMES_STREETS = (
    "Close|Way|Place|Park|Hill|Court|House|Rise|Row|Walk|Green|Lodge|Tower|Heights|Yard|Wharf|Parade|Broadway|Villas|"
    "Cottages|Estate|St|Ln|Cl|Ct|Pl|Sq|Dr|Apartments|Buildings|Hostel|Point|Quay|View|Vale"
)
#: Never the name of a street: "in the road", "across a street".
_NO_NAMES = (
    "a|an|the|this|that|his|her|their|our|my|your|its|in|on|at|to|of|off|and|or|by|down|up|across|over|into|onto|from|"
    "near|same|next|main|busy|front|back|each|every|no|is|was|are|with|for|through|along|facing|smokes|whole|own|fire"
)
_NUMBER = r"\d{1,5}[A-Za-z]?(?:\s?[-/\u2013]\s?\d{1,5}[A-Za-z]?)?"
_NAME = rf"(?!(?:{_NO_NAMES})\b)[A-Za-z][A-Za-z'\u2019.-]{{0,30}}"
_CAPITAL = rf"(?!(?i:{_NO_NAMES})\b)[A-Z][a-z'\u2019.-][A-Za-z'\u2019.-]{{0,30}}"
_FLAT = r"(?:(?:flat|flt|apartment|apt|unit|room|studio)\s{0,2}\w{1,6},?\s{1,2})?"

_POSTCODE = re.compile(
    r"(?<![A-Z0-9])(?:GIR[ \t\u00a0]{0,2}0AA|[A-Z]{1,2}[0-9][A-Z0-9]?[ \t\u00a0.-]{0,3}[0-9][A-Z]{2})(?![A-Z0-9])",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    rf"\b{_FLAT}{_NUMBER},?\s{{1,2}}{_NAME}(?:\s{{1,2}}{_NAME}){{0,2}}\s{{1,2}}(?:{_ALWAYS_STREETS})\b\.?",
    re.IGNORECASE,
)
#: Without a number only what is surely the name goes: the words before it may say what burns.
_STREET = re.compile(
    rf"\b(?:{_CAPITAL}\s{{1,2}}){{0,2}}(?i:{_NAME})\s{{1,2}}(?i:{_ALWAYS_STREETS})\b\.?",
)
_NAMED = re.compile(
    rf"\b(?i:{_FLAT})(?:{_NUMBER},?\s{{1,2}})?{_CAPITAL}(?:\s{{1,2}}{_CAPITAL}){{0,2}}\s{{1,2}}(?:{_SOMETIMES_STREETS})\b\.?"
)
_ANY_ADDRESS = (_POSTCODE, _NUMBERED, _STREET, _NAMED)
_SHORTEST_WORDS = 4
_SHORTEST_NAME = 5
#: Words of streets that name none.
_KINDS = frozenset(
    f"{_ALWAYS_STREETS}|{_SOMETIMES_STREETS}|great|little|lower|upper|north|south|saint".lower().split("|")
)


def tells_an_address(text: str) -> bool:
    """Whether a text holds a postcode or a street, this home's or another: it answers alike for both."""
    return any(pattern.search(text) for pattern in _ANY_ADDRESS)


def mask_addresses(text: str, home: Iterable[str] = ()) -> str:
    """``text`` with every address in it withheld, and with each of ``home``: the words of the home itself.

    A word of the home's own goes by itself too, when it is a name: "the Quillfeather desk".
    """
    for pattern in _ANY_ADDRESS:
        text = pattern.sub(WITHHELD, text)
    for words in _longest_first(home):
        text = _spelled(words).sub(WITHHELD, text)
    return text


def _longest_first(home: Iterable[str]) -> list[str]:
    whole = {words.strip() for words in home}
    names = {name for words in whole for name in re.findall(rf"[^\W\d_]{{{_SHORTEST_NAME},}}", words)}
    wanted = {words for words in whole if len(words) >= _SHORTEST_WORDS} | {
        name for name in names if name.lower() not in _KINDS
    }
    return sorted(wanted, key=lambda words: (-len(words), words))


def _spelled(words: str) -> re.Pattern[str]:
    """The words with anything but letters and digits between them, in any case."""
    parts = re.findall(r"[^\W_]+", words)
    return re.compile(r"(?<![^\W_])" + r"[\W_]{0,4}".join(map(re.escape, parts)) + r"(?![^\W_])", re.IGNORECASE)
