"""What tells one dwelling from another, however its address was written: keys, tokens, streets."""

import re

from prevention.domain.referral import TidiedAddress
from prevention.matching.normalise.addresses import ABBREVIATIONS, FLAT_WORDS, split_words
from prevention.matching.normalise.text import fold

_FLAT_WORD_BEFORE = re.compile(rf"^{FLAT_WORDS}[ .]+(?=[A-Z0-9]+$)")
_FLOOR_WORDS = {
    "GROUND": "GROUND", "GRD": "GROUND", "GFF": "GROUND", "FIRST": "FIRST", "1ST": "FIRST", "FFF": "FIRST",
    "SECOND": "SECOND", "2ND": "SECOND", "SFF": "SECOND", "THIRD": "THIRD", "3RD": "THIRD", "TOP": "TOP",
    "TFF": "TOP", "BASEMENT": "BASEMENT", "GARDEN": "GARDEN", "LOWER": "LOWER", "UPPER": "UPPER",
}  # fmt: skip
_TOKEN = re.compile(r"[0-9]+|(?<![^\W_])[A-Z](?![^\W_'])|(?<=[0-9])[A-Z](?![^\W_])")
_COMMUNAL = re.compile(
    r"\b(?:(?:CARE|NURSING|RESIDENTIAL|REST) HOME|HOSTEL|HOSPITAL|HOSPICE|REFUGE|SHELTERED|EXTRA CARE|HOTEL|YMCA|"
    r"PRISON|HALLS? OF RESIDENCE|BARRACKS|ALMSHOUSES)\b"
)
_LEADING = frozenset(
    {"THE", "UPPER", "LOWER", "OLD", "NEW", "GREAT", "LITTLE", "NORTH", "SOUTH", "EAST", "WEST", "ST", "SAINT", "HIGH",
     "TOP", "LONG", "GREEN", "CHURCH", "PARK", "STATION"}
)  # fmt: skip


def street_key(street: str) -> str:
    """What tells a street from its neighbours however its end is written: ``ST. JOHN'S VALE`` → ``ST JOHNS``."""
    words = [re.sub(r"[^\w]", "", word) for word in split_words(fold(street).replace("-", " "))]
    words = ["ST" if word == "SAINT" else ABBREVIATIONS.get(word, word) if at else word
             for at, word in enumerate(word for word in words if word)]  # fmt: skip
    if not words:
        return ""
    return " ".join(words[:2]) if words[0] in _LEADING or len(words[0]) == 1 else words[0]


def flat_and_number(address: TidiedAddress) -> tuple[str, str]:
    """The dwelling inside the street as (flat, number), one spelling for ``39A``, ``39 A`` and ``Flat A, 39``.

    A lettered house number counts as a flat of that number; leading zeros go, and so does a word such as "Flat" that a
    gazetteer writes before the flat's own number or letter.
    """
    flat = _FLAT_WORD_BEFORE.sub("", fold(address.flat)).replace(" ", "").lstrip("0")
    number = fold(address.number).split("-")[0].replace(" ", "")
    match = re.fullmatch(r"([0-9]+)([A-Z])", number)
    if match and (not flat or flat == match.group(2) or not any(letter.isdigit() for letter in flat)):
        return match.group(2), match.group(1)
    return flat, number


def address_key(address: TidiedAddress) -> str | None:
    """A key that is equal for one dwelling however it was written: flat, number, street without its ending, postcode.

    Without a postcode the town stands in. None when there is not enough to tell one dwelling from another: no fixed
    abode, no number and no building, or neither postcode nor town.
    """
    if address.no_fixed_abode:
        return None
    where = address.postcode or (fold(address.town) if address.street else "")
    flat, number = flat_and_number(address)
    if not where or not (number or address.building):
        return None
    if number:
        street = street_key(address.street)
        if not street and not address.postcode:
            return None
        return f"{flat}|{number}|{street}|{where}"
    building = " ".join(re.sub(r"[^\w ]", "", fold(address.building)).split())
    return f"{flat}|{building}||{where}" if building else None


def is_communal(address: TidiedAddress) -> bool:
    """Whether the address names a place where many people live who are no household: a care home, a hostel."""
    return bool(_COMMUNAL.search(fold(f"{address.building} {address.text}")))


def dwelling_tokens(address: TidiedAddress) -> frozenset[str]:
    """All that tells one dwelling of a street from another: numbers, single letters and floors, as a set.

    Equal for ``39A``, ``39 A`` and ``Flat A, 39``, and for ``2/11`` and ``Flat 2, 11`` (linkage.md section 5: compare
    sets, not parsed fields). Letters of the street's own name and of the postcode do not count.
    """
    if address.no_fixed_abode:
        return frozenset()
    words = fold(f"{address.flat} {address.building} {address.number}")
    found = {token.lstrip("0") for token in _TOKEN.findall(words)}
    floor = _FLOOR_WORDS.get(fold(address.flat).split(" ")[0])
    return frozenset(found | {floor} if floor else found) - {""}
