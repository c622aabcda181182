"""How alike two records are, field by field, as ordered and labelled levels.

A comparison is symmetric: ``compare(a, b) == compare(b, a)``. The levels are the model's vocabulary; their words are
what a person reads.
"""

from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from prevention.matching.names import only_look_alike, same_name_group, sound
from prevention.matching.record import Record, is_initial

#: Every field with its levels, the strongest agreement first, and the words for each.
LEVELS: dict[str, dict[str, str]] = {
    "forename": {
        "exact": "same first name",
        "variant": "first name is a short form or another spelling of the same name",
        "close": "first name one slip apart",
        "sounds": "first name sounds alike",
        "initial": "only an initial, and it agrees",
        "other_forename": "first name is the other's middle name",
        "missing": "no first name to compare",
        "similar": "first name alike but not the same",
        "different": "different first name",
    },
    "surname": {
        "exact": "same surname",
        "part": "one part of the surname is the same",
        "close": "surname one slip apart",
        "sounds": "surname sounds alike",
        "missing": "no surname to compare",
        "similar": "surname alike but not the same",
        "different": "different surname",
    },
    "middle": {
        "same": "same middle name",
        "missing": "no middle names to compare",
        "initial": "middle initial agrees",
        "different": "middle names differ",
    },
    "order": {
        "straight": "names in the same order",
        "swapped": "first name and surname swapped",
    },
    "dob": {
        "exact": "same date of birth",
        "new_year": "same date of birth, but 1 January",
        "swapped": "day and month of birth swapped",
        "one_digit": "date of birth one digit apart",
        "near": "date of birth two slips apart",
        "age_agrees": "age or year of birth agrees",
        "missing": "no date of birth to compare",
        "two_parts": "two of day, month and year of birth are the same",
        "age_differs": "age does not fit",
        "different": "different date of birth",
    },
    "sex": {"same": "same sex", "missing": "sex not given", "different": "different sex"},
    "nhs_number": {
        "same": "same NHS number",
        "one_digit": "NHS number one slip apart",
        "missing": "no NHS number to compare",
        "different": "different NHS number",
    },
    "phone": {
        "same": "same phone number",
        "one_digit": "phone number one slip apart",
        "missing": "no phone number to compare",
        "different": "phone differs",
    },
    "email": {"same": "same e-mail address", "missing": "no e-mail to compare", "different": "e-mail differs"},
    "premises": {
        "same_uprn": "same property (UPRN)",
        "same_address": "same address",
        "same_communal": "same care home, hostel or the like",
        "likely_address": "same number and street, postcode missing on one side",
        "flat_missing": "same building, flat missing on one side",
        "near_address": "almost the same address",
        "likely_home": "same number and street, postcode differs",
        "other_flat": "another flat in the same building",
        "postcode_only": "same postcode, no house number on one side",
        "same_postcode": "same postcode",
        "no_fixed_abode": "both of no fixed abode",
        "one_without_abode": "one of them of no fixed abode",
        "nearby": "another street of the same small area",
        "missing": "no address to compare",
        "different": "different address",
    },
}

#: Levels of ``premises`` where one side says less of the home than the other, and nothing else.
VAGUER_PREMISES = frozenset({"flat_missing", "postcode_only"})
#: Levels of ``premises`` that fit one home without showing it: enough only where the person is certain.
FITTING_PREMISES = VAGUER_PREMISES | {"near_address"}
#: Levels of ``premises`` that mean one home.
SAME_PREMISES = frozenset({"same_uprn", "same_address", "same_communal", "likely_address"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """The level reached in every field of :data:`LEVELS`."""

    forename: str
    surname: str
    middle: str
    order: str
    dob: str
    sex: str
    nhs_number: str
    phone: str
    email: str
    premises: str

    def levels(self) -> dict[str, str]:
        """Field → level, in the order of :data:`LEVELS`."""
        return {field: getattr(self, field) for field in LEVELS}


def compare(one: Record, other: Record) -> Comparison:
    """Compare two records in every field. Pure, symmetric, never raises; some 20 µs."""
    forename, surname, order = compare_names(one, other)
    return Comparison(
        forename=forename,
        surname=surname,
        middle=_compare_middles(one.forenames[1:], other.forenames[1:]),
        order=order,
        dob=compare_births(one, other),
        sex=_equal_or_not(one.sex, other.sex),
        nhs_number=_compare_digits(one.nhs_number, other.nhs_number),
        phone=_compare_digits(one.phone, other.phone),
        email=_equal_or_not(one.email, other.email),
        premises=compare_premises(one, other),
    )


# --- names ----------------------------------------------------------------------------------------------------------


def _fits_gaps(one: str, other: str) -> bool:
    """Equal but for letters that an export wrote as ``?``."""
    return (
        ("?" in one or "?" in other)
        and len(one) == len(other)
        and sum(a == "?" or b == "?" for a, b in zip(one, other, strict=True)) <= len(one) // 2
        and all(a == b or "?" in {a, b} for a, b in zip(one, other, strict=True))
    )


def _one_slip(one: str, other: str) -> bool:
    """One letter wrong, missing, added, or two neighbours swapped, in a word long enough for that to say something."""
    shorter = min(len(one), len(other))
    if shorter < 3 or abs(len(one) - len(other)) > 1:
        return False
    if DamerauLevenshtein.distance(one, other, score_cutoff=1) > 1:
        return False
    return shorter >= 4 or sorted(one) == sorted(other)


def _misspelt(one: str, other: str) -> bool:
    return _one_slip(one, other) and not only_look_alike(one, other)


def _forename_level(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if not one or not other:
        return "missing"
    first, second = one[0], other[0]
    if first == second:
        return "initial" if is_initial(first) else "exact"
    level = "different"
    if _fits_gaps(first, second):
        level = "exact"
    elif same_name_group(first, second) or first == "".join(other[:2]) or second == "".join(one[:2]):
        level = "variant"  # "Jean Paul" and "Jeanpaul" too
    elif is_initial(first) or is_initial(second):
        level = "initial" if first[0] == second[0] else "different"
    elif _one_slip(first, second):
        level = "similar" if only_look_alike(first, second) else "close"
    elif _is_later(first, other) or _is_later(second, one):
        level = "other_forename"
    elif len(sound(first)) > 2 and sound(first) == sound(second):
        level = "sounds"
    elif JaroWinkler.similarity(first, second) >= 0.88:
        level = "similar"
    return level


def _is_later(name: str, names: tuple[str, ...]) -> bool:
    """Whether a first name is among the other's middle names, written in any of its ways."""
    return len(name) > 2 and any(
        name == later or same_name_group(name, later) or _misspelt(name, later) for later in names[1:]
    )


def _surname_level(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if not one or not other:
        return "missing"
    whole, second = "".join(one), "".join(other)
    if is_initial(whole) or is_initial(second):
        return "missing" if whole[0] == second[0] else "different"
    if whole == second or _fits_gaps(whole, second):
        return "exact"
    least = 2 if len(one) != len(other) else 3
    level = "different"
    if max(len(one), len(other)) > 1 and any(len(part) > least and part in other for part in one):
        level = "part"
    elif _one_slip(whole, second) or (
        min(len(whole), len(second)) >= 6 and JaroWinkler.similarity(whole, second) >= 0.94
    ):
        level = "close"
    elif len(sound(whole)) > 1 and sound(whole) == sound(second):
        level = "sounds"
    elif JaroWinkler.similarity(whole, second) >= 0.88:
        level = "similar"
    return level


def _compare_middles(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if not one or not other:
        return "missing"
    if any(name in other and not is_initial(name) for name in one):
        return "same"
    if any(_misspelt(first, second) or same_name_group(first, second) for first in one for second in other):
        return "same"
    short = any(is_initial(name) for name in one + other)
    return "initial" if short and one[0][0] == other[0][0] else "different"


_NAME_RANK = {
    "exact": 0, "variant": 1, "part": 1, "close": 1, "sounds": 2, "initial": 3, "other_forename": 2, "missing": 4,
    "similar": 5, "different": 6,
}  # fmt: skip


def compare_names(one: Record, other: Record) -> tuple[str, str, str]:
    """The levels of forename, surname and order: swapped when the names only agree crosswise."""
    straight = _forename_level(one.forenames, other.forenames), _surname_level(one.surnames, other.surnames)
    if straight[1] == "exact" or not (one.forenames and one.surnames and other.forenames and other.surnames):
        return (*straight, "straight")
    crossed = min(
        (
            (_forename_level(one.surnames, other.forenames), _surname_level(one.forenames, other.surnames)),
            (_forename_level(one.forenames, other.surnames), _surname_level(one.surnames, other.forenames)),
        ),
        # Of two that are as good the weaker, and the same whoever comes first.
        key=lambda levels: (_rank(levels), "missing" not in levels, levels),
    )
    if _rank(crossed) + 2 < _rank(straight) and "different" not in crossed and "missing" not in crossed:
        return (*crossed, "swapped")
    return (*straight, "straight")


def _rank(levels: tuple[str, str]) -> int:
    return _NAME_RANK[levels[0]] + _NAME_RANK[levels[1]]


# --- births, numbers ------------------------------------------------------------------------------------------------


def compare_births(one: Record, other: Record) -> str:
    """The level of date of birth, or of age where one side has no date."""
    if one.dob is not None and other.dob is not None:
        return _compare_dates(one.dob, other.dob)
    ages = _age_at(one, other), _age_at(other, one)
    if ages[0] is None or ages[1] is None:
        return "missing"
    return "age_agrees" if abs(ages[0] - ages[1]) <= 1 else "age_differs"


def _compare_dates(one: date, other: date) -> str:
    if one == other:
        return "new_year" if (one.day, one.month) == (1, 1) else "exact"
    if (one.year, one.day, one.month) == (other.year, other.month, other.day):
        return "swapped"
    if _one_digit(_digits(one.year, one.month, one.day), _digits(other.year, other.month, other.day)):
        return "one_digit"
    if one.year == other.year and (1, 1) in {(one.month, one.day), (other.month, other.day)}:
        return "age_agrees"  # 1 January is how desks write a year
    if _near(one, other):
        return "near"
    parts = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    return "two_parts" if parts == 2 else "different"


def _near(one: date, other: date) -> bool:
    """Two digits differ, or day and month are swapped and one digit of the year or neighbour differs as well."""
    first, second = _digits(one.year, one.month, one.day), _digits(other.year, other.month, other.day)
    swapped = _digits(other.year, other.day, other.month)
    if sum(a != b for a, b in zip(first, second, strict=True)) <= 2 or _one_digit(first, swapped):
        return True
    return abs(one.year - other.year) == 1 and (one.day, one.month) == (other.day, other.month)


def _digits(year: int, first: int, second: int) -> str:
    return f"{year:04}{first:02}{second:02}"  # %Y writes a year before 1000 with fewer digits


def _one_digit(one: str, other: str) -> bool:
    """One digit differs, or two neighbouring digits are swapped."""
    return len(one) == len(other) and DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1


def _age_at(record: Record, other: Record) -> int | None:
    """The age in whole years, on the day the other record came in where that is known."""
    day = other.received or record.received
    if record.dob is not None:
        if day is None:
            return None
        return day.year - record.dob.year - ((day.month, day.day) < (record.dob.month, record.dob.day))
    if record.age is None:
        return None
    if record.received is None or other.received is None:
        return record.age
    return record.age + round((other.received - record.received).days / 365.25)


def _equal_or_not(one: str | None, other: str | None) -> str:
    if not one or not other:
        return "missing"
    return "same" if one == other else "different"


def _compare_digits(one: str | None, other: str | None) -> str:
    if not one or not other:
        return "missing"
    if one == other:
        return "same"
    return "one_digit" if _one_digit(one, other) else "different"


# --- premises -------------------------------------------------------------------------------------------------------


def compare_premises(one: Record, other: Record) -> str:
    """The level of the address: UPRN first, then what tells a dwelling; inequality of UPRNs is weak (domain.md 5.1)."""
    if one.no_fixed_abode or other.no_fixed_abode:
        return "no_fixed_abode" if one.no_fixed_abode and other.no_fixed_abode else "one_without_abode"
    same_uprn = bool(one.uprn) and one.uprn == other.uprn
    if same_uprn or (one.address_key is not None and one.address_key == other.address_key):
        return "same_communal" if one.communal or other.communal else "same_uprn" if same_uprn else "same_address"
    if not _placed(one) or not _placed(other):
        return "missing"
    if one.postcode is not None and one.postcode == other.postcode:
        return _in_one_postcode(one, other)
    return _in_two_postcodes(one, other)


def _placed(record: Record) -> bool:
    return bool(record.postcode or record.number or record.building)


def _in_one_postcode(one: Record, other: Record) -> str:
    alike_street = _alike(one.street, other.street) or not (one.street and other.street)
    same_building = bool(one.building) and _alike(one.building, other.building)
    if not (one.tokens or one.building) or not (other.tokens or other.building):
        return "postcode_only" if alike_street else "same_postcode"
    if one.tokens and one.tokens == other.tokens:
        level = "same_address" if alike_street else "near_address"
    elif not one.tokens or not other.tokens:
        level = "flat_missing" if same_building else "same_postcode"
    elif one.tokens < other.tokens or other.tokens < one.tokens:
        level = "flat_missing" if alike_street or same_building else "same_postcode"
    elif one.tokens & other.tokens:
        level = "other_flat" if alike_street or same_building else "same_postcode"
    elif alike_street and one.flat == other.flat and _near_number(one.number, other.number):
        level = "near_address"
    else:
        level = "same_postcode"
    return "same_communal" if level == "same_address" and (one.communal or other.communal) else level


def _in_two_postcodes(one: Record, other: Record) -> str:
    """Without a postcode in common: the same number and street may be one home whose postcode was mistyped."""
    both = one.postcode is not None and other.postcode is not None
    same_street = bool(one.street) and one.street == other.street
    if one.tokens and one.tokens == other.tokens and same_street:
        if not both or _one_slip(str(one.postcode).replace(" ", ""), str(other.postcode).replace(" ", "")):
            return "likely_address"
        return "likely_home" if str(one.postcode)[0] == str(other.postcode)[0] else "different"
    if not both:
        return "missing"
    return "nearby" if str(one.postcode)[:-2] == str(other.postcode)[:-2] else "different"


def _alike(one: str, other: str) -> bool:
    return bool(one and other) and (one == other or JaroWinkler.similarity(one, other) >= 0.86)


def _near_number(one: str, other: str) -> bool:
    """Two digits swapped (47, 74), or a digit left out."""
    return (
        bool(one and other)
        and one != other
        and (sorted(one) == sorted(other) or (len(one) != len(other) and (one in other or other in one)))
    )
