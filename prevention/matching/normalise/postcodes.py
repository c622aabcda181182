"""UK postcodes: read, repaired, found inside a line (domain.md 5.2)."""

import re
from functools import lru_cache

from prevention.matching.normalise.text import clean

_POSTCODE = re.compile(
    r"^(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY]))"
    r" [0-9][ABD-HJLNP-UW-Z]{2}$"
)
_OUTWARD = re.compile(
    r"^(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY]))$"
)
EMBEDDED_POSTCODE = re.compile(
    r"(?<![A-Z0-9])([A-Z]{1,2}[0-9OIL][0-9A-Z]?)[ .,-]{0,3}([0-9OI][ABD-HJLNP-UW-Z]{2})(?![A-Z0-9])"
)
_AS_DIGIT = {"O": "0", "I": "1", "L": "1"}
_AS_LETTER = {"0": "O", "1": "I"}
_OUTWARD_SHAPES = ("A9", "A99", "A9A", "AA9", "AA99", "AA9A")


def _shaped(text: str, shape: str) -> tuple[str, int] | None:
    """The text forced into a shape of letters (A) and digits (9), and how many characters that changed."""
    result, changed = [], 0
    for letter, kind in zip(text, shape, strict=True):
        if kind == "9" and not letter.isdigit():
            repaired = _AS_DIGIT.get(letter)
        elif kind == "A" and not letter.isalpha():
            repaired = _AS_LETTER.get(letter)
        else:
            repaired = letter
        if repaired is None:
            return None
        changed += repaired != letter
        result.append(repaired)
    return "".join(result), changed


@lru_cache(maxsize=8192)
def _read_postcode(letters: str) -> str | None:
    outward, inward = letters[:-3], letters[-3:]
    plain = f"{outward} {inward}"
    if _POSTCODE.match(plain):
        return plain
    digits_last = _shaped(inward, "9AA")
    if digits_last is None:
        return None
    found: dict[str, int] = {}
    for shape in _OUTWARD_SHAPES:
        if len(shape) != len(outward):
            continue
        first = _shaped(outward, shape)
        if first is not None and _POSTCODE.match(repaired := f"{first[0]} {digits_last[0]}"):
            found[repaired] = min(found.get(repaired, 9), first[1] + digits_last[1])
    least = min(found.values(), default=9)
    best = [postcode for postcode, changed in found.items() if changed == least]
    return best[0] if len(best) == 1 and least <= 2 else None


def tidy_postcode(text: str) -> str | None:
    """Read a full postcode as ``SW1A 0AA`` whatever its case, spacing and O/0, I/1 slips (domain.md 5.2).

    None when it is none, when two repairs are equally likely, and for the NHS's ZZ99 pseudo-postcodes: ask
    :func:`is_no_fixed_abode` about those. The form is checked, not whether the postcode exists.
    """
    letters = re.sub(r"[^A-Z0-9]", "", clean(text, 40).upper())
    if not 5 <= len(letters) <= 7 or letters.startswith("ZZ99") or not letters.isascii():
        return None
    return _read_postcode(letters)


def tidy_outward(text: str) -> str | None:
    """The outward part (``SW1A``) of a full postcode, or of one given in part; None when it is neither."""
    full = tidy_postcode(text)
    if full is not None:
        return full.split(" ")[0]
    letters = re.sub(r"[^A-Z0-9]", "", clean(text, 40).upper())
    return letters if _OUTWARD.match(letters) else None
