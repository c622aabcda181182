"""Names as given, in parts, titles and placeholders apart."""

import re
import unicodedata
from dataclasses import dataclass

from prevention.domain.referral import GivenPerson
from prevention.matching.normalise.text import capital, clean, fold

_TITLES = {
    "MR": "Mr", "MRS": "Mrs", "MS": "Ms", "MISS": "Miss", "MX": "Mx", "DR": "Dr", "PROF": "Prof", "PROFESSOR": "Prof",
    "REV": "Rev", "REVD": "Rev", "SIR": "Sir", "DAME": "Dame", "MASTER": "Master", "MSTR": "Master",
}  # fmt: skip
_ONLY_TITLES = frozenset({"MR", "MRS", "MS", "MISS", "MX", "DR", "PROF", "PROFESSOR", "REVD", "MSTR"})
_PLACEHOLDER_NAMES = frozenset(
    {
        "UNKNOWN", "UNKNOW", "UNKOWN", "UNK", "UK", "NK", "N/K", "U/K", "N/A", "MALE", "FEMALE", "NOTKNOWN", "ANON",
        "ANONYMOUS", "OCCUPIER", "RESIDENT", "HOUSEHOLDER", "PATIENT", "NFN", "TBC", "TBA", "REFUSED", "XX", "XXX",
        "XXXX", "UNIDENTIFIED", "NOTGIVEN", "ZZZ",
    }
)  # fmt: skip
_PARTICLES = frozenset(
    {"VAN", "VON", "DER", "DEN", "DE", "DA", "DO", "DOS", "DAS", "DEL", "DI", "LA", "BIN", "BINT", "IBN", "TER", "TEN"}
)
_ARABIC_ARTICLES = frozenset({"AL", "EL", "UL"})


@dataclass(frozen=True, slots=True)
class TidiedName:
    """A name in parts, each as one would write it. Any part may be empty."""

    title: str = ""
    first: str = ""
    middle: str = ""
    surname: str = ""


def _name_tokens(text: str) -> list[str]:
    """The words of a name: letters of any script with ``'``, ``-``, and ``?`` where a lossy export put it."""
    line = re.sub(r"\([^)]*\)|\[[^]]*\]", " ", clean(text))
    line = re.sub(r"(?i)\bnot (?:known|given|provided|recorded)\b|\bno (?:name|forename|surname)\b", " ", line)
    tokens = []
    for word in line.split():
        if word.upper().strip(".,") in _PLACEHOLDER_NAMES:
            continue
        kept = "".join(letter if letter in "'-?" or unicodedata.category(letter)[0] in "LM" else " " for letter in word)
        for piece in kept.split():
            token = piece.strip("-'")
            if any(letter.isalpha() for letter in token) and fold(token) not in _PLACEHOLDER_NAMES:
                tokens.append(token)
    return tokens


def _cased(token: str, *, surname: bool) -> str:
    """A word of a name in the case one would write it: only words all in one case are changed."""
    for _ in range(4):
        written = _cased_once(token, surname=surname)
        if written == token:
            break
        token = written
    return unicodedata.normalize("NFKC", token)


def _cased_once(token: str, *, surname: bool) -> str:
    if not (token.isupper() or token.islower()):
        return token
    if surname and token.upper() in _PARTICLES:
        return token.lower()
    pieces = re.split(r"([-'])", token)
    if len(pieces) == 3 and pieces[1] == "-" and pieces[0].upper() in _ARABIC_ARTICLES:
        return f"{pieces[0].lower()}-{pieces[2].capitalize()}"
    return "".join(piece if piece in "-'" else capital(piece) for piece in pieces)


def tidy_name(given: GivenPerson) -> TidiedName:
    """A person's name in parts, titles apart, placeholders ("Unknown", "Male", "NK", a lone "Mr") gone.

    Separate columns win over ``full_name``. ``SURNAME, Forename Middle``, ``SURNAME Forename`` (only the surname in
    capitals) and ``Forename Middle Surname`` are read. Words all in one case are written in name case (``O'CONNOR`` →
    ``O'Connor``, ``MCDONALD`` → ``McDonald``, ``AL-HASSAN`` → ``al-Hassan``); mixed case is the writer's own and stays.
    A ``?`` inside a word is kept: it stands for a letter that the sender's export could not write.
    """
    firsts, middles, surnames = _given_name_parts(given)
    titles = _name_tokens(given.title)
    forenames = []
    for token in (*firsts, *middles):
        if fold(token) in _TITLES:
            titles.append(token)
        else:
            forenames.append(_cased(token, surname=False))
    while surnames and fold(surnames[0]) in _TITLES and (len(surnames) > 1 or fold(surnames[0]) in _ONLY_TITLES):
        titles.append(surnames.pop(0))
    title = next((_TITLES[fold(token)] for token in titles if fold(token) in _TITLES), "")
    return TidiedName(
        title=title,
        first=forenames[0] if forenames else "",
        middle=" ".join(forenames[1:]),
        surname=" ".join(_cased(token, surname=True) for token in surnames),
    )


def _given_name_parts(given: GivenPerson) -> tuple[list[str], list[str], list[str]]:
    firsts, surnames = _name_tokens(given.first_name), _name_tokens(given.surname)
    middles = _name_tokens(given.middle_name)
    if firsts or surnames or not given.full_name:
        return firsts, middles, surnames
    before, comma, after = clean(given.full_name).partition(",")
    if comma:
        return _name_tokens(after), middles, _name_tokens(before)
    tokens = _name_tokens(before)
    plain = [token for token in tokens if fold(token) not in _TITLES]
    lead = [token for token in tokens if fold(token) in _TITLES]
    if len(plain) == 1:
        return (lead, middles, plain) if lead else (plain, middles, [])
    capitals = [token for token in plain if token.isupper() and len(token) > 1]
    if capitals and len(capitals) < len(plain) and plain[0] in capitals:
        return lead + [t for t in plain if t not in capitals], middles, capitals
    at = len(plain) - 1
    while at > 1 and fold(plain[at - 1]) in _PARTICLES:
        at -= 1
    return lead + plain[:at], middles, plain[at:]
