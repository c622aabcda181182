"""What desks and crews do to names, dates and addresses: the errors that make the same person look like two.

Every function takes the random source first, and changes only the copy an agency wrote down.
"""

from datetime import date
from random import Random
from typing import NamedTuple

from prevention.demonstration.generator.people import PLAIN_LETTERS, Person

_NICKNAMES = {
    "Abdul": "Abdi", "Abigail": "Abi", "Albert": "Bert", "Alexander": "Alex", "Alfred": "Alf", "Amanda": "Mandy",
    "Andrew": "Andy", "Anthony": "Tony", "Barbara": "Babs", "Benjamin": "Ben", "Bernadette": "Bernie",
    "Catherine": "Cathy", "Charles": "Charlie", "Christine": "Chris", "Christopher": "Chris", "Daniel": "Dan",
    "David": "Dave", "Deborah": "Debbie", "Derek": "Del", "Dorothy": "Dot", "Edward": "Ted", "Eileen": "Ei",
    "Elizabeth": "Liz", "Ernest": "Ernie", "Florence": "Flo", "Francis": "Frank", "Frederick": "Fred",
    "Geoffrey": "Geoff", "Gillian": "Gill", "Gurpreet": "Gary", "Harold": "Harry", "Jacqueline": "Jackie",
    "James": "Jim", "Jennifer": "Jenny", "Jessica": "Jess", "John": "Jack", "Jonathan": "Jon", "Joseph": "Joe",
    "Joshua": "Josh", "Katarzyna": "Kasia", "Katherine": "Kate", "Kathleen": "Kath", "Kenneth": "Ken",
    "Krzysztof": "Chris", "Leonard": "Len", "Lilian": "Lil", "Małgorzata": "Gosia", "Margaret": "Peggy",
    "Matthew": "Matt", "Michael": "Mick", "Mohammed": "Mo", "Nicholas": "Nick", "Nicola": "Nicky", "Oliver": "Ollie",
    "Pamela": "Pam", "Patricia": "Pat", "Patrick": "Paddy", "Peter": "Pete", "Philip": "Phil", "Rajesh": "Raj",
    "Raymond": "Ray", "Rebecca": "Becky", "Reginald": "Reg", "Richard": "Dick", "Robert": "Bob", "Ronald": "Ron",
    "Samantha": "Sam", "Samuel": "Sam", "Sidney": "Sid", "Stanley": "Stan", "Stephanie": "Steph", "Stephen": "Steve",
    "Steven": "Steve", "Susan": "Sue", "Terence": "Terry", "Theresa": "Terri", "Thomas": "Tom", "Timothy": "Tim",
    "Victoria": "Vicky", "Walter": "Wally", "William": "Bill", "Winifred": "Win", "Wojciech": "Wojtek",
    "Zbigniew": "Zbyszek",
}  # fmt: skip

#: Spellings by ear, as typed by somebody who heard the name over the phone; lower case, first match wins.
_BY_EAR = (
    ("ph", "f"), ("ck", "k"), ("mac", "mc"), ("mc", "mac"), ("sean", "shaun"), ("seá", "shau"), ("ieu", "ew"),
    ("ough", "off"), ("aye", "ai"), ("ai", "ay"), ("ea", "ee"), ("ee", "ea"), ("ie", "ei"), ("oo", "ou"), ("ou", "oo"),
    ("kh", "k"), ("th", "t"), ("wr", "r"), ("gh", "g"), ("sz", "sh"), ("cz", "ch"), ("ll", "l"), ("tt", "t"),
    ("nn", "n"), ("ss", "s"), ("rr", "r"), ("c", "k"), ("k", "c"), ("y", "i"), ("i", "y"), ("z", "s"), ("e", "a"),
    ("o", "u"), ("u", "oo"), ("a", "e"),
)  # fmt: skip

_UNKNOWN_NAMES = {"fire": ("U/K", "NK", "."), "ambulance": ("UNKNOWN", "U/K"), "police": ("", "MALE", "FEMALE")}
_SHORT_KINDS = {
    "Road": ("Rd", "Rd", "Rd."), "Street": ("St", "St", "Str"), "Avenue": ("Ave", "Av"), "Lane": ("La", "Ln"),
    "Close": ("Cl",), "Gardens": ("Gdns",), "Crescent": ("Cres",), "Drive": ("Dr",), "Grove": ("Gr",),
    "Terrace": ("Terr",), "Hill": ("Hl",), "Park": ("Pk",),
}  # fmt: skip


class GivenName(NamedTuple):
    """A name as an agency wrote it down."""

    forename: str
    middle: str
    surname: str


def written_name(rng: Random, person: Person, agency: str) -> GivenName:
    """The person's name as this agency's desk wrote it; right about six times in ten."""
    forename, surname = person.forename, person.surname
    middle = person.middle if rng.random() < 0.5 else ""
    if rng.random() < 0.6:
        forename, surname = forename.translate(PLAIN_LETTERS), surname.translate(PLAIN_LETTERS)
    luck = rng.random()
    if luck < 0.62:
        return GivenName(forename, middle, surname)
    if luck < 0.72:
        return GivenName(_NICKNAMES.get(person.forename, forename), middle, surname)
    if luck < 0.80:
        return GivenName(misspelt(rng, forename), middle, surname)
    if luck < 0.88:
        return GivenName(forename, middle, misspelt(rng, surname))
    return _rarer_name(rng, GivenName(forename, middle, surname), person, agency)


def _rarer_name(rng: Random, name: GivenName, person: Person, agency: str) -> GivenName:
    match rng.randrange(8):
        case 0 | 1:
            return name._replace(forename=name.forename[:1], middle="")
        case 2:
            return GivenName(name.surname, "", name.forename)
        case 3 | 4 if person.birth_surname != person.surname:
            both = f"{person.birth_surname}-{person.surname}"
            return name._replace(surname=rng.choice((person.birth_surname, person.birth_surname, both)))
        case 5:
            return name._replace(forename=f"{'Mr' if person.sex == 'M' else 'Mrs'} {name.forename}")
        case 6 if rng.random() < 0.4:
            return name._replace(forename=rng.choice(_UNKNOWN_NAMES[agency]), middle="")
    return name._replace(forename=f"{name.forename} {name.middle}".strip(), middle="")


def misspelt(rng: Random, name: str) -> str:
    """The name with one mistake: written by ear, or two letters swapped, one lost or one doubled."""
    if len(name) < 3:
        return name
    if rng.random() < 0.55:
        return _by_ear(rng, name)
    place = rng.randrange(1, len(name) - 1)
    match rng.randrange(3):
        case 0:
            return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
        case 1:
            return name[:place] + name[place + 1 :]
    return name[:place] + name[place] + name[place:]


def _by_ear(rng: Random, name: str) -> str:
    lower = name.lower()
    found = [(sound, heard) for sound, heard in _BY_EAR if sound in lower]
    if not found:
        return name
    sound, heard = rng.choice(found[:4])
    start = lower.index(sound)
    heard = heard.capitalize() if name[start].isupper() else heard
    return name[:start] + heard + name[start + len(sound) :]


class GivenDate(NamedTuple):
    """Year, month and day as written down: may be a date that cannot be, such as 31 February."""

    year: int
    month: int
    day: int


#: How often each agency leaves the date of birth out.
_NO_DATE = {"fire": 0.36, "ambulance": 0.05, "police": 0.14}


def written_birth(rng: Random, birth: int, agency: str) -> GivenDate | None:
    """The date of birth (given as an ordinal day) as this agency wrote it; None when left out."""
    if rng.random() < _NO_DATE[agency]:
        return None
    born = date.fromordinal(birth)
    luck = rng.random()
    if luck < 0.90:
        return GivenDate(born.year, born.month, born.day)
    if luck < 0.93:
        return GivenDate(born.year, 1, 1)
    if luck < 0.988:
        return _slipped_date(rng, born)
    return _impossible_date(rng, born)


def _slipped_date(rng: Random, born: date) -> GivenDate:
    """Day and month swapped, or the year or the day off."""
    slip = rng.randrange(3)
    if slip == 0 and born.day <= 12:
        return GivenDate(born.year, born.day, born.month)
    if slip == 1:
        return GivenDate(born.year + rng.choice((-10, -1, 1, -1)), born.month, min(born.day, 28))
    return GivenDate(born.year, born.month, max(1, min(28, born.day + rng.choice((-10, -1, 1, 2)))))


def _impossible_date(rng: Random, born: date) -> GivenDate:
    """A date that cannot be, or the first day of 1900 that a form fills in by itself."""
    year, month, day = rng.choice(((1900, 1, 1), (born.year, 2, 31), (born.year, rng.choice((4, 6, 9, 11)), 31)))
    return GivenDate(year, month, day)


def written_postcode(rng: Random, postcode: str, missing: float) -> str:
    """The postcode as typed: run together, lower case, half of it, or left out as often as ``missing``."""
    luck = rng.random()
    if luck < missing:
        return ""
    luck = rng.random()
    if luck < 0.70:
        return postcode
    if luck < 0.88:
        return postcode.replace(" ", "")
    if luck < 0.965:
        return postcode.lower()
    if luck < 0.98:
        return postcode.replace(" ", "").lower()
    return postcode.partition(" ")[0] if luck < 0.992 else postcode.replace("0", "O").replace("1", "I")


def written_street(rng: Random, street: str) -> str:
    """The street's name as typed: often shortened, now and then misspelt."""
    luck = rng.random()
    if luck < 0.03:
        words = street.split(" ")
        words[0] = misspelt(rng, words[0])
        return " ".join(words)
    if luck < 0.45:
        name, _, kind = street.rpartition(" ")
        if name and kind in _SHORT_KINDS:
            return f"{name} {rng.choice(_SHORT_KINDS[kind])}"
    return street


def written_number(rng: Random, number: str) -> str:
    """The house number as typed: two digits change places once in a hundred."""
    if len(number) == 2 and number.isdigit() and number[1] != "0" and rng.random() < 0.01:
        return number[::-1]
    return number


#: As typed, in two groups, in three, +44, 0044, a digit lost, a letter slipped in: cumulative, of 200.
_PHONE_WAYS = (68, 124, 152, 184, 196, 198, 200)
_PHONE_SLIPS = ("N/A", "none", "NK")


def written_phone(rng: Random, number: str, missing: float) -> str:
    """A telephone number (digits only) in one of the ways people write it, or left out as often as ``missing``."""
    if not number or rng.random() < missing:
        return rng.choice(_PHONE_SLIPS) if rng.random() < 0.01 else ""
    place = rng.randrange(7, 10)
    ways = (
        number,
        f"{number[:5]} {number[5:]}",
        f"{number[:5]} {number[5:8]} {number[8:]}",
        f"+44{number[1:]}",
        f"0044 {number[1:5]} {number[5:]}",
        number[:place] + number[place + 1 :],
        number[:place] + "i" + number[place:],
    )
    return rng.choices(ways, cum_weights=_PHONE_WAYS)[0]
