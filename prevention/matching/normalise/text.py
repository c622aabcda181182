"""Text made safe to compare, whatever was typed."""

import re
import unicodedata

#: So many characters of a field are looked at.
FIELD_LIMIT = 300
ADDRESS_LIMIT = 600

_INNER_CAPITAL = re.compile(r"^(?:Mc)(?=[^\W\d_]{2,})")

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9\u0060\u00b4\uff07", "'"))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-"))
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: Letters that do not decompose into a base letter and a mark, as they are written without the stroke or dot.
_PLAIN_LETTERS = str.maketrans(
    {
        "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H", "ı": "i",
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "TH", "ə": "e", "Ə": "E",
    }
)  # fmt: skip


def clean(text: str, limit: int = FIELD_LIMIT) -> str:
    """Make text safe to compare: one kind of apostrophe, dash and space, no control, NUL or direction marks.

    At most ``limit`` characters (of the input and of the result); compatibility forms (full-width, ligatures) are
    composed (NFKC). Idempotent; never raises.
    """
    head = text[: limit * 2]
    if head.isascii() and head.isprintable() and "`" not in head:
        return " ".join(head.split())[:limit].strip()
    for _ in range(3):
        tidied = _clean_once(head, limit)
        if tidied == head:
            break
        head = tidied
    return head


def _clean_once(text: str, limit: int) -> str:
    visible = "".join(
        " " if letter in "\t\n\r\x0b\x0c\x85\u2028\u2029" else letter
        for letter in text.translate(_APOSTROPHES).translate(_DASHES)
        if letter in "\t\n\r\x0b\x0c\x85\u2028\u2029" or unicodedata.category(letter) not in _INVISIBLE
    )
    return " ".join(unicodedata.normalize("NFKC", visible).split())[:limit].strip()


def fold(text: str) -> str:
    """Upper case without accents, for comparing: ``Dąbrowski`` → ``DABROWSKI``. Other scripts stay in their script."""
    if text.isascii():
        return text.upper()
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN_LETTERS))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_PLAIN_LETTERS)
    return unicodedata.normalize("NFC", bare).upper()


def capital(piece: str) -> str:
    """A word of a name with its capitals: ``mcdonald`` → ``McDonald``."""
    written = piece.capitalize()
    if _INNER_CAPITAL.match(written):
        written = written[:2] + written[2:].capitalize()
    return written
