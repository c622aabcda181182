"""Normalising at the door: named steps from what an agency wrote to what can be compared (domain.md section 5).

Every step is pure and idempotent, takes any text whatever its length or characters, never raises on text, and returns
None (or an empty part) where nothing can be read. Originals are the caller's to keep: no step changes its input.
Only the first few hundred characters of a field are looked at, so ten megabytes cost what one line costs.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from prevention.domain.referral import GivenAddress, GivenPerson, TidiedAddress, TidiedPerson
from prevention.domain.written_dates import written_date

#: Raised by one whenever a step's result may differ, so that stored results can be told apart.
NORM_VERSION = 1

_FIELD_LIMIT = 300
_ADDRESS_LIMIT = 600

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


class DateOrder(StrEnum):
    """How a source writes a date whose parts are all numbers."""

    DAY_FIRST = "DAY_FIRST"
    ISO = "ISO"


def clean(text: str, limit: int = _FIELD_LIMIT) -> str:
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


# --- postcode -------------------------------------------------------------------------------------------------------

_POSTCODE = re.compile(
    r"^(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY]))"
    r" [0-9][ABD-HJLNP-UW-Z]{2}$"
)
_OUTWARD = re.compile(
    r"^(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRVWXY]))$"
)
_EMBEDDED_POSTCODE = re.compile(
    r"(?<![A-Z0-9])([A-Z]{1,2}[0-9OIL][0-9A-Z]?)[ .,-]{0,3}([0-9OI][ABD-HJLNP-UW-Z]{2})(?![A-Z0-9])"
)
_AS_DIGIT = {"O": "0", "I": "1", "L": "1"}
_AS_LETTER = {"0": "O", "1": "I"}
_OUTWARD_SHAPES = ("A9", "A99", "A9A", "AA9", "AA99", "AA9A")
_NO_FIXED_ABODE = re.compile(
    r"\b(?:NO[ -]+FIXED[ -]+(?:ABODE|ADDRESS)|NFA|N\.F\.A|N/F/A|ZZ99 ?[0-9][A-Z]{2}|"
    r"(?:ROUGH SLEEP(?:ER|ING)|SLEEPING ROUGH|STREET HOMELESS|SOFA SURFING))\b|^ *HOMELESS *$"
)
_ADDRESS_NOT_KNOWN = re.compile(
    r"^(?:(?:ADDRESS )?(?:UNKNOWN|NOT KNOWN|NOT GIVEN|REFUSED|N/?K|U/?K|N/?A|NONE|TBC|TBA)|[-. ?*]+)$"
)


def is_no_fixed_abode(text: str) -> bool:
    """Whether the words say "no fixed abode", "NFA" and the like, or hold an NHS ZZ99 postcode (domain.md 5.2)."""
    upper = clean(text, _ADDRESS_LIMIT).upper()
    return bool(_NO_FIXED_ABODE.search(upper)) or re.sub(r"[^A-Z0-9]", "", upper).startswith("ZZ99")


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


# --- identifiers ----------------------------------------------------------------------------------------------------

_NHS_LENGTH = 10


def tidy_uprn(text: str) -> str | None:
    """A UPRN as text: up to 12 digits, no leading zeros, a spreadsheet's ``.0`` dropped (domain.md 5.1); else None."""
    digits = re.sub(r"[\s,]", "", clean(text, 40))
    match = re.fullmatch(r"0*([1-9][0-9]{0,11})(?:\.0+)?", digits, re.ASCII)
    return match.group(1) if match else None


def tidy_nhs_number(text: str) -> str | None:
    """Ten digits whose check digit is right (weights 10…2, modulus 11; domain.md 5.3), else None.

    Spaces, dots and dashes are forgiven, letters are not. Ten equal digits are a placeholder, so None.
    """
    digits = re.sub(r"[\s.\-]", "", clean(text, 40))
    if len(digits) != _NHS_LENGTH or not (digits.isascii() and digits.isdigit()) or len(set(digits)) == 1:
        return None
    remainder = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    check = (11 - remainder) % 11
    return digits if check == int(digits[9]) else None


_PLACEHOLDER_PHONES = frozenset({"+441234567890", "+441234567891", "+447123456789", "+447123456780", "+442012345678"})
_PHONE_REPAIRS = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "B": "8"})


@lru_cache(maxsize=8192)
def _read_phone(digits: str) -> tuple[str, bool] | None:
    """E.164 and whether the number is in a range that is in use; None when its length is not a phone number's."""
    try:
        number = phonenumbers.parse(digits, "GB")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = str(number.national_number)
    if number.country_code == 44:
        full_length = len(national) == 10 or (len(national) == 9 and national[0] in "18")
        if not full_length or national[0] in "046":
            return None
    if len(set(national[2:])) <= 1 or written in _PLACEHOLDER_PHONES:
        return None
    return written, phonenumbers.is_valid_number(number)


def tidy_phone(text: str) -> str | None:
    """A phone number in E.164, read as a British one unless it says otherwise; None when there is none.

    The first of several is taken. A number of the right length is accepted although its range may not be in use yet.
    A number with letters in it (``07i659419262``) is repaired, by leaving the letter out or by the digit it looks
    like, only when exactly one repair gives a number in use. 01234 567890 and the like are placeholders: None.
    """
    line = clean(text, 80)
    for part in re.split(r"[/;,|]|\bor\b|\band\b|\b(?:ext|extn|x)\b\.?", line, flags=re.IGNORECASE):
        found = _phone_in(part)
        if found is not None:
            return found
    return None


def _phone_in(part: str) -> str | None:
    upper = part.upper().replace("(0)", "")
    run = re.search(r"\+?[0-9A-Z(][0-9A-Z ().\-]{5,}", re.sub(r"\b[A-Z]{3,}\b|\b(?:TEL|MOB|NO)\b[.:]?", " ", upper))
    if run is None:
        return None
    written = re.sub(r"[ ().\-]", "", run.group())
    if not written.isascii():
        return None
    letters = sum(letter.isalpha() for letter in written)
    if letters == 0:
        read = _read_phone(written)
        return read[0] if read else None
    if letters > 2:
        return None
    tries = {re.sub(r"[A-Z]", "", written), written.translate(_PHONE_REPAIRS)}
    valid = {
        read[0] for attempt in tries if attempt.lstrip("+").isdigit() and (read := _read_phone(attempt)) and read[1]
    }
    return valid.pop() if len(valid) == 1 else None


def tidy_email(text: str) -> str | None:
    """An e-mail address in lower case when its form is right (``email-validator``, no look-up); else None."""
    line = clean(text, 320).strip("<>;, ").lower()
    if "@" not in line or len(line) > 254:
        return None
    try:
        return validate_email(line, check_deliverability=False).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        return None


# --- dates ----------------------------------------------------------------------------------------------------------

_OLDEST_YEARS = 120


def tidy_date(text: str, order: DateOrder, received: date) -> date | None:
    """A date in somebody's past, in any way that :func:`~prevention.domain.written_dates.written_date` reads.

    ``received`` is the day the text came in: two-digit years are the latest that is not after it, and a date after it
    or more than 120 years before it is None. So are impossible dates (31 February) and 1900-01-01, which forms write
    for "not known" (linkage.md section 5). ``order`` only matters for all-number dates without a four-digit first part.
    """
    written = _written_parts(text, order, received)
    if written is None:
        return None
    try:
        read = date(*written)
    except ValueError:
        return None
    too_old = read < received - timedelta(days=366 * _OLDEST_YEARS) if received.year > _OLDEST_YEARS + 2 else False
    if read > received or too_old or read == date(1900, 1, 1):
        return None
    return read


def _written_parts(text: str, order: DateOrder, received: date) -> tuple[int, int, int] | None:
    """Year, month and day as written, the year with its century; they may be no date (31 February)."""
    written = written_date(clean(text, 40).lower(), year_first=order is DateOrder.ISO)
    if written is None:
        return None
    year = written.year
    if written.short_year:
        year += received.year - received.year % 100
        if (year, written.month, written.day) > (received.year, received.month, received.day):
            year -= 100
    return year, written.month, written.day


def _age_by_impossible_date(text: str, order: DateOrder, received: date) -> int | None:
    """The age that a day which never was (31 February 1950) still tells; None for a real date and for no date."""
    written = _written_parts(text, order, received)
    if written is None:
        return None
    year, month, day = written
    if not (1 <= month <= 12 and 28 < day <= 31) or day <= monthrange(max(year, 1), month)[1]:
        return None
    age = received.year - year - ((received.month, received.day) < (month, day))
    return age if 0 <= age <= _OLDEST_YEARS else None


def tidy_age(text: str) -> int | None:
    """An age in whole years, 0 to 120: ``51``, ``51 yrs``, ``90+``; None for months, ranges and anything else."""
    match = re.fullmatch(
        r"(?:aged? )?([0-9]{1,3})(?: ?\+| ?(?:y|yr|yrs|years?|y/o|yo)(?: old)?)?", clean(text, 30).lower()
    )
    if match is None or not match.group(1).isascii() or int(match.group(1)) > _OLDEST_YEARS:
        return None
    return int(match.group(1))


_SEXES = {
    **dict.fromkeys(("m", "male", "man", "boy", "masc"), "M"),
    **dict.fromkeys(("f", "female", "woman", "girl", "fem"), "F"),
    **dict.fromkeys(("x", "other", "non-binary", "nonbinary", "intersex", "indeterminate"), "X"),
}


def tidy_sex(text: str) -> str:
    """``M``, ``F``, ``X`` (another answer was given) or nothing."""
    return _SEXES.get(clean(text, 30).lower(), "")


# --- names ----------------------------------------------------------------------------------------------------------

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
_INNER_CAPITAL = re.compile(r"^(?:Mc)(?=[^\W\d_]{2,})")


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
    return "".join(piece if piece in "-'" else _capital(piece) for piece in pieces)


def _capital(piece: str) -> str:
    written = piece.capitalize()
    if _INNER_CAPITAL.match(written):
        written = written[:2] + written[2:].capitalize()
    return written


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


def tidy_person(given: GivenPerson, received: date, order: DateOrder = DateOrder.DAY_FIRST) -> TidiedPerson:
    """Everything about a person that can be compared; what cannot be read is None or empty (domain.md sections 5, 8).

    ``received`` is the day the referral came in (Europe/London), which two-digit years and "future" depend on.
    A date of birth that never was (31 February) gives no birth, but the age, where none is given.
    """
    name = tidy_name(given)
    age = tidy_age(given.age)
    return TidiedPerson(
        first_name=name.first,
        middle_name=name.middle,
        surname=name.surname,
        title=name.title,
        dob=tidy_date(given.dob, order, received),
        age=age if age is not None else _age_by_impossible_date(given.dob, order, received),
        sex=tidy_sex(given.sex),
        nhs_number=tidy_nhs_number(given.nhs_number),
        phone=tidy_phone(given.phone),
        email=tidy_email(given.email),
    )


# --- addresses ------------------------------------------------------------------------------------------------------

#: Written short, meant long. Only from the second word of a street on, so that "St Johns Road" keeps its saint.
_ABBREVIATIONS = {
    "RD": "ROAD", "ST": "STREET", "STR": "STREET", "AVE": "AVENUE", "AV": "AVENUE", "AVN": "AVENUE", "CL": "CLOSE",
    "CLO": "CLOSE", "CLS": "CLOSE", "LN": "LANE", "LA": "LANE", "DR": "DRIVE", "DRV": "DRIVE", "CRES": "CRESCENT",
    "CR": "CRESCENT", "CRESC": "CRESCENT", "CT": "COURT", "CRT": "COURT", "PL": "PLACE", "PLC": "PLACE", "SQ": "SQUARE",
    "GDNS": "GARDENS", "GDN": "GARDENS", "GRDNS": "GARDENS", "GARDEN": "GARDENS", "GR": "GROVE", "GRV": "GROVE",
    "GRN": "GREEN", "TER": "TERRACE", "TERR": "TERRACE", "TCE": "TERRACE", "PK": "PARK", "HSE": "HOUSE", "HO": "HOUSE",
    "BLDG": "BUILDING", "BLDGS": "BUILDINGS", "MT": "MOUNT", "WY": "WAY", "PDE": "PARADE", "HTS": "HEIGHTS",
    "MANS": "MANSIONS", "EST": "ESTATE", "BWAY": "BROADWAY", "APTS": "APARTMENTS", "YD": "YARD", "WLK": "WALK",
}  # fmt: skip
_STRONG_SUFFIXES = frozenset(
    {
        "ROAD", "STREET", "AVENUE", "CLOSE", "LANE", "DRIVE", "CRESCENT", "TERRACE", "GARDENS", "SQUARE", "MEWS",
        "GROVE", "WAY",
    }
)  # fmt: skip
_WEAK_SUFFIXES = frozenset(
    {
        "PLACE", "PARADE", "BROADWAY", "RISE", "ROW", "VALE", "HILL", "WALK", "YARD", "PARK", "GREEN", "COURT", "MOUNT",
        "VIEW", "APPROACH", "WHARF", "QUAY", "CIRCUS", "GATE", "EMBANKMENT", "PASSAGE", "CRESENT", "BANK", "END",
        "VILLAS", "COTTAGES", "BUILDINGS", "ESTATE", "STATION",
    }
)  # fmt: skip
_BUILDINGS = frozenset(
    {"HOUSE", "COTTAGE", "COURT", "LODGE", "FARM", "HALL", "VILLA", "BUNGALOW", "MANSIONS", "TOWER", "APARTMENTS",
     "HOME", "BARN", "HEIGHTS", "HOSTEL", "HOTEL", "ALMSHOUSES", "VICARAGE", "RECTORY"}
)  # fmt: skip
_FLAT_WORDS = r"(?:FLAT|FLT|FL|APARTMENT|APPARTMENT|APT|APP|UNIT|STUDIO|MAISONETTE|MAIS|ROOM|RM|BEDSIT|SUITE)"
_FLAT_WORD_BEFORE = re.compile(rf"^{_FLAT_WORDS}[ .]+(?=[A-Z0-9]+$)")
_FLAT = re.compile(
    rf"(?<![A-Z0-9]){_FLAT_WORDS}(?:[.\s#]*(?=[0-9])|[.\s#]+)(?:(?:NO|NUMBER)[.\s]+)?#?"
    r"([0-9]{1,4}[A-Z]?|[A-Z][0-9]{0,3})(?![A-Z0-9'])"
)
_FLOOR = re.compile(
    r"(?<![A-Z0-9])(?:(LOWER GROUND|GROUND|GRD|FIRST|1ST|SECOND|2ND|THIRD|3RD|FOURTH|4TH|TOP|UPPER|LOWER|BASEMENT|"
    r"GARDEN|REAR|FRONT|ATTIC)(?: FLOOR| FLR)?(?: (?:FLAT|FLT|MAISONETTE))|(GFF|FFF|SFF|TFF|BASEMENT))(?![A-Z0-9])"
)
_FLOORS = {"GRD": "GROUND", "1ST": "FIRST", "2ND": "SECOND", "3RD": "THIRD", "4TH": "FOURTH", "GFF": "GROUND",
           "FFF": "FIRST", "SFF": "SECOND", "TFF": "TOP"}  # fmt: skip
_SLASHED = re.compile(r"^([0-9]{1,4}[A-Z]?)\s*/\s*([0-9]{1,4}[A-Z]?)(?=[ ,]|$)")
_NUMBER = re.compile(
    r"(?:^|(?<=[ ,]))([0-9]{1,4})(?: ?([A-Z])(?=[ ,]|$))?(?:\s*-\s*([0-9]{1,4}[A-Z]?))?(?=[ ,]|$)(?!,? *$)"
)
_TOWNS = frozenset(
    {
        "LONDON", "CROYDON", "BROMLEY", "ENFIELD", "HARROW", "ILFORD", "ROMFORD", "WEMBLEY", "SUTTON",
        "KINGSTON UPON THAMES", "TWICKENHAM", "UXBRIDGE", "HOUNSLOW", "BECKENHAM", "ORPINGTON", "PINNER", "NORTHOLT",
        "SURBITON", "WALLINGTON", "RICHMOND", "BARNET", "SOUTHALL", "HAYES", "DAGENHAM", "BARKING", "BEXLEY", "SIDCUP",
        "ERITH", "MITCHAM", "MORDEN", "FELTHAM", "BRENTFORD", "ISLEWORTH", "STANMORE", "EDGWARE", "NORTHWOOD",
        "RUISLIP", "GREENFORD", "HORNCHURCH", "UPMINSTER", "RAINHAM", "WELLING", "BEXLEYHEATH", "CARSHALTON",
        "THORNTON HEATH", "NEW MALDEN", "WORCESTER PARK", "TEDDINGTON", "HAMPTON", "WOODFORD GREEN", "CHIGWELL",
        "LOUGHTON", "CHERTSEY", "EAST MOLESEY",
    }
)  # fmt: skip


def tidy_address(given: GivenAddress) -> TidiedAddress:
    """Read an address into BS 7666 parts (domain.md 5.1): flat, building, number, street, locality, town, postcode.

    Reads one line in capitals, three lines, flats in front or behind (``FLT 8``, ``OAK COURT FLT 3A``, ``2/11``), short
    forms (``RD``, ``CL``, ``AVE``), a postcode inside the text (the postcode field wins), and "no fixed abode" (which
    wins over everything; also the ZZ99 postcodes). ``text`` is the address on one line, and reads back to the same
    parts. What could not be read stays in ``text``.
    """
    uprn = tidy_uprn(given.uprn)
    lines = clean(re.sub(r"[\r\n|]+", ", ", given.lines[: _ADDRESS_LIMIT * 2]), _ADDRESS_LIMIT)
    if given.no_fixed_abode or is_no_fixed_abode(lines) or is_no_fixed_abode(given.postcode):
        return TidiedAddress(no_fixed_abode=True, text="No fixed abode")
    if _ADDRESS_NOT_KNOWN.match(lines.upper()):
        lines = ""
    address = _parse(lines, given.postcode, uprn)
    for _ in range(3):
        again = _parse(address.text, address.postcode or given.postcode, uprn)
        if again == address:
            return address
        address = again
    return _unread(address.text, address.postcode or given.postcode, uprn)


def _unread(text: str, postcode_text: str, uprn: str | None) -> TidiedAddress:
    """The last resort for text that is no address: kept whole, with nothing read from it but the postcode."""
    return TidiedAddress(uprn=uprn, postcode=tidy_postcode(postcode_text), text=text)


def _split_postcode(line: str, postcode_text: str) -> tuple[str, str | None]:
    """The line without its postcode, and the postcode: the one of the field, else the last in the line."""
    given = tidy_postcode(postcode_text)
    upper = line.upper()
    if len(upper) != len(line):
        return line, given
    found = None
    for match in reversed(list(_EMBEDDED_POSTCODE.finditer(upper))):
        read = tidy_postcode(match.group())
        if read is None:
            continue
        if given is None or read == given or match.end() == len(upper):
            found = found or read
            line = (line[: match.start()] + " " + line[match.end() :]).strip()
            upper = line.upper()
    postcode = given or found
    outward = postcode.split(" ")[0] if postcode else tidy_outward(postcode_text)
    if outward is not None:
        line = re.sub(rf"[ ,]+{outward}[ ,]*$", "", line, flags=re.IGNORECASE)
    return re.sub(r"\s*,[\s,]*", ", ", line).strip(" ,"), postcode


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[ ,]+", text) if word]


def _expand(words: list[str]) -> list[str]:
    """Short forms written out, but never the first word ("St Johns Road") nor a saint ("Old St Pancras Road")."""
    expanded = []
    for at, word in enumerate(words):
        bare = word.strip(".").upper()
        long = _ABBREVIATIONS.get(bare)
        saint = (
            bare == "ST"
            and at + 1 < len(words)
            and any(
                _ABBREVIATIONS.get(later.strip(".").upper(), later.upper()) in _STRONG_SUFFIXES
                for later in words[at + 1 :]
            )
        )
        if long and at > 0 and not saint:
            expanded.append(long if word.isupper() else long.capitalize())
        else:
            expanded.append(word.strip(".") or word)
    return expanded


def _street_end(words: list[str]) -> int | None:
    """How many words are the street when locality and town follow without a comma; None without a known ending."""
    for suffixes in (_STRONG_SUFFIXES, _WEAK_SUFFIXES):
        for at, word in enumerate(words):
            if at == 0 or word.upper() not in suffixes:
                continue
            if suffixes is _STRONG_SUFFIXES:
                weak = next((i for i in range(1, at - 1) if words[i].upper() in _WEAK_SUFFIXES), None)
                if weak is not None and weak + 2 < at + 1:
                    return weak + 1
            end = at + 1
            while end < len(words) and words[end].upper() in _STRONG_SUFFIXES:
                end += 1
            if end < len(words) and words[end].upper() in {"NORTH", "SOUTH", "EAST", "WEST"}:
                end += 1
            return end
    return None


def _titled(words: Iterable[str]) -> str:
    written = []
    for at, word in enumerate(words):
        if word.upper() in {"AND", "UPON", "OF", "ON", "THE", "IN", "UNDER", "LE"} and at > 0:
            written.append(word.lower())
        elif re.fullmatch(r"[0-9]+[A-Za-z]?", word):
            written.append(word.upper())
        elif word.isupper() or word.islower():
            written.append("-".join(_capital(piece) for piece in word.split("-")))
        else:
            written.append(re.sub(r"'S$", "'s", word))
    return " ".join(written)


def _take_flat(line: str) -> tuple[str, str]:
    """The flat's identifier, and the line without it."""
    upper = line.upper()
    if len(upper) != len(line):
        return "", line
    if match := _SLASHED.match(upper):
        return match.group(1), line[match.end(1) :].lstrip(" /")
    if match := _FLOOR.search(upper):
        floor = match.group(1) or match.group(2)
        rest = line[: match.start()] + ", " + line[match.end() :]
        return _FLOORS.get(floor, floor).title(), rest.strip(" ,")
    if match := _FLAT.search(upper):
        rest = line[: match.start()] + ", " + line[match.end() :]
        return match.group(1), re.sub(r"\s*,[\s,]*", ", ", rest).strip(" ,")
    return "", line


def _parse(lines: str, postcode_text: str, uprn: str | None) -> TidiedAddress:
    line, postcode = _split_postcode(lines, postcode_text)
    flat, rest = _take_flat(line)
    number = building = ""
    after = rest
    upper = rest.upper()
    found = _NUMBER.search(upper) if len(upper) == len(rest) else None
    if found is not None:
        digits, letter, to = found.groups()
        number = digits.lstrip("0") + (letter or "") + (f"-{to}" if to else "")
        building = rest[: found.start()].strip(" ,")
        after = rest[found.end() :].strip(" ,")
    named, street_words, tail = _street_and_tail(after, numbered=found is not None)
    street = _titled(street_words)
    building = _titled(_expand(_words(building or named)))
    if not number and not building and street and _street_end(street_words) is None:
        building, street = street, ""
    town, locality = (tail[-1] if tail else ""), ", ".join(tail[:-1])
    parts = (_flat_words(flat), building, f"{number} {street}".strip(), locality, town, postcode or "")
    text = ", ".join(part for part in parts if part)
    return TidiedAddress(
        uprn=uprn,
        flat=flat,
        building=building,
        number=number,
        street=street,
        locality=locality,
        town=town,
        postcode=postcode,
        text=text or (uprn or ""),
    )


def _flat_words(flat: str) -> str:
    if not flat:
        return ""
    is_identifier = flat[0].isdigit() or len(flat) == 1 or flat[1:].isdigit()
    return f"Flat {flat}" if is_identifier else f"{flat} Floor Flat"


def _street_and_tail(after: str, *, numbered: bool) -> tuple[str, list[str], list[str]]:
    """What stands after the number: a building's name (only without one), the street's words, locality and town."""
    segments = [segment.strip() for segment in after.split(",") if segment.strip(" .")]
    if not segments:
        return "", [], []
    building = ""
    words = _expand(_words(segments[0]))
    end = _street_end(words)
    if not numbered and len(segments) > 1 and end is None:
        building, words, segments = " ".join(words), _expand(_words(segments[1])), segments[1:]
        end = _street_end(words)
    named = _building_words(words) if not numbered and not building else 0
    if named:
        building, words = " ".join(words[:named]), words[named:]
        end = _street_end(words)
    if end is None:
        end = len(words) - _town_words(words)
    over = [" ".join(words[end:])] if words[end:] else []
    tail: list[str] = []
    for part in (_titled(_words(part)) for part in over + segments[1:]):
        if part and part.upper() not in {known.upper() for known in tail}:
            tail.append(part)
    if len(tail) == 1:
        last = tail[0].split()
        cut = _town_words(last)
        if cut:
            tail = [" ".join(last[:-cut]), " ".join(last[-cut:])]
    return building, words[:end], tail


def _building_words(words: list[str]) -> int:
    """How many of the first words name a building on a street ("Homer House Monson Street"); 0 when none do."""
    at = next((at for at, word in enumerate(words[:5], start=1) if word.upper() in _BUILDINGS), 0)
    street_follows = any(word.upper() in _STRONG_SUFFIXES for word in words[at + 1 :])
    return at if at > 1 and street_follows else 0


def _town_words(words: list[str]) -> int:
    """How many of the last words are a post town that is known here, leaving at least one word before it."""
    return next((n for n in (3, 2, 1) if len(words) > n and " ".join(words[-n:]).upper() in _TOWNS), 0)


_LEADING = frozenset(
    {"THE", "UPPER", "LOWER", "OLD", "NEW", "GREAT", "LITTLE", "NORTH", "SOUTH", "EAST", "WEST", "ST", "SAINT", "HIGH",
     "TOP", "LONG", "GREEN", "CHURCH", "PARK", "STATION"}
)  # fmt: skip


def street_key(street: str) -> str:
    """What tells a street from its neighbours however its end is written: ``ST. JOHN'S VALE`` → ``ST JOHNS``."""
    words = [re.sub(r"[^\w]", "", word) for word in _words(fold(street).replace("-", " "))]
    words = ["ST" if word == "SAINT" else _ABBREVIATIONS.get(word, word) if at else word
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
