"""The three agencies' files, column for column, and how each one's desk writes a referral into a row.

* ``fire.csv``: UTF-8 with a byte order mark, UK dates, the address in three lines, UPRN mostly known.
* ``ambulance.csv``: Windows-1252 (letters it does not have become ``?``), "SURNAME, Forename", mixed date styles,
  one-line address in capitals, NHS number on six in ten.
* ``police.csv``: UTF-8, ISO dates, BRAG grade, factors between bars, handling flags.
"""

from datetime import date
from random import Random
from typing import NamedTuple

from prevention.demonstration.generator import errors, schedule, wards
from prevention.demonstration.generator.errors import GivenDate, GivenName
from prevention.demonstration.generator.households import Household, Shape
from prevention.demonstration.generator.people import Person
from prevention.demonstration.generator.places import Address
from prevention.demonstration.generator.reasons import is_very_high, label, narrative
from prevention.domain.referral import ReferralReason

COLUMNS: dict[str, tuple[str, ...]] = {
    "fire": ("Request Ref", "Received", "Channel", "Forename", "Surname", "DOB", "Sex", "Telephone", "Email", "UPRN",
             "Address 1", "Address 2", "Address 3", "Postcode", "Lives Alone", "Smoke Alarm Working", "Reasons",
             "Resident Told", "Agrees To Visit", "Notes"),
    "ambulance": ("CAD", "Incident Date", "Time", "Patient Name", "DoB", "Age", "Gender", "NHS No", "Location",
                  "Post Code", "Contact No", "Conveyed To", "Concerns", "Crew Notes", "Pt Aware", "Call Sign"),
    "police": ("merlin_ref", "created_at", "grade", "role", "first_name", "middle_names", "last_name", "date_of_birth",
               "gender", "address", "postcode", "uprn", "phone", "email", "factors", "circumstances",
               "subject_informed", "do_not_mention_police"),
    "gazetteer": ("uprn", "flat", "building", "number", "street", "locality", "town", "postcode", "borough_code",
                  "latitude", "longitude", "ward_code"),
    "wards": wards.COLUMNS,
    "truth": ("source", "source_ref", "person", "household", "concern"),
}  # fmt: skip
ENCODINGS = {"fire": "utf-8-sig", "ambulance": "cp1252", "police": "utf-8", "gazetteer": "utf-8", "truth": "utf-8",
             "wards": "utf-8-sig"}  # fmt: skip

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CHANNELS = (("Web", "Partner e-mail", "Station", "Online checker", "Phone"), (34, 18, 17, 16, 15))
_HOSPITALS = ("Queen's Romford", "Lewisham", "Hillingdon", "Barnet", "Northwick Park", "Croydon University",
              "King's College", "Royal London", "Whipps Cross", "St Thomas", "North Middlesex", "Kingston",
              "St George's", "Homerton")  # fmt: skip
_GRADES = (("GREEN", "AMBER", "BLUE", "RED"), (48, 30, 14, 8))
_ROLES = (("SUBJECT", "VICTIM", "RESIDENT"), (51, 35, 14))
_NOBODY_ALONE = frozenset(set(Shape) - {Shape.ALONE, Shape.OLD_ALONE})
_FLAT_WORDS = ("FLAT", "FLAT", "FLT", "FLT", "APT")


class Saying(NamedTuple):
    """What one agency has to say: about whom, where and why. ``exact`` is the name of a desk that makes no mistakes.

    ``at`` counts minutes on London's clocks (see ``schedule``); ``address`` is None for somebody of no fixed abode.
    """

    at: int
    person: Person
    household: Household
    address: Address | None
    codes: tuple[ReferralReason, ...]
    exact: GivenName | None = None


def row(rng: Random, agency: str, saying: Saying) -> tuple[str, ...]:
    """The row this agency writes, without its reference (the first column)."""
    match agency:
        case "fire":
            return _fire(rng, saying)
        case "ambulance":
            return _ambulance(rng, saying)
    return _police(rng, saying)


def reference(agency: str, serial: int, at: int, birth: int) -> str:
    """The agency's own reference: serial number, date and, at the police, whether the person is a child (PAC)."""
    day = schedule.moment(at)[0]
    match agency:
        case "fire":
            return f"HFSV/{day.year % 100:02d}/{serial:06d}"
        case "ambulance":
            return f"CAD{serial:05d}-{day.day:02d}{_MONTHS[day.month - 1].upper()}{day.year % 100:02d}"
    kind = "PAC" if _age(birth, at) < 18 else "ACN"
    return f"{day.year % 100:02d}{kind}{serial:06d}"


def _age(birth: int, at: int) -> int:
    born, day = date.fromordinal(birth), schedule.moment(at)[0]
    return max(0, day.year - born.year - ((day.month, day.day) < (born.month, born.day)))


def _name(rng: Random, saying: Saying, agency: str) -> GivenName:
    return saying.exact or errors.written_name(rng, saying.person, agency)


def _birth(rng: Random, saying: Saying, agency: str) -> GivenDate | None:
    if saying.exact is None:
        return errors.written_birth(rng, saying.person.birth, agency)
    born = date.fromordinal(saying.person.birth)
    return GivenDate(born.year, born.month, born.day)


def _phone(rng: Random, saying: Saying, missing: float) -> str:
    return errors.written_phone(rng, saying.person.phone, missing)


class _Where(NamedTuple):
    """An address as one desk understood it, in parts."""

    flat: str
    building: str
    number: str
    street: str
    locality: str
    town: str
    postcode: str
    uprn: str


_NOWHERE = _Where("", "", "", "", "", "", "", "")


def _where(rng: Random, saying: Saying, knows_uprn: float, no_postcode: float) -> _Where:
    """The parts of the address with this desk's slips: flat left out, street misheard, postcode run together."""
    home = saying.address
    if home is None:
        return _NOWHERE
    if saying.exact is not None:
        return _Where(*home[1:8], home.uprn if rng.random() < knows_uprn else "")
    no_flat = bool(home.flat) and rng.random() < 0.05
    number = errors.written_number(rng, home.number)
    certain = not no_flat and number == home.number
    return _Where(
        "" if no_flat else home.flat,
        "" if home.building and home.number and rng.random() < 0.08 else home.building,
        number,
        errors.written_street(rng, home.street),
        home.locality if rng.random() < 0.8 else "",
        home.town if rng.random() < 0.88 else "",
        errors.written_postcode(rng, home.postcode, no_postcode),
        home.uprn if certain and rng.random() < knows_uprn else "",
    )


def _fire(rng: Random, saying: Saying) -> tuple[str, ...]:
    day, hour, minute = schedule.moment(saying.at)
    name, birth = _name(rng, saying, "fire"), _birth(rng, saying, "fire")
    where = _where(rng, saying, 0.82, 0.02)
    lines = _three_lines(where) if saying.address else ("No fixed abode", "", "")
    forename, surname = f"{name.forename} {name.middle}".strip() if rng.random() < 0.1 else name.forename, name.surname
    if rng.random() < 0.03:
        forename, surname = forename.lower(), surname.lower()
    no_alarm = ReferralReason.NO_ALARM in saying.codes
    return (
        f"{day.day:02d}/{day.month:02d}/{day.year} {hour:02d}:{minute:02d}",
        rng.choices(*_CHANNELS)[0],
        forename,
        surname,
        f"{birth.day:02d}/{birth.month:02d}/{birth.year}" if birth else "",
        saying.person.sex if rng.random() < 0.85 else "",
        _phone(rng, saying, 0.16),
        _email(rng, saying, 0.7),
        where.uprn,
        *lines,
        where.postcode,
        _alone(rng, saying),
        "No" if no_alarm else rng.choice(("Yes", "Not known")),
        "; ".join(label(code, "fire") for code in saying.codes),
        rng.choices(("Yes", "No", ""), (69, 22, 9))[0],
        rng.choices(("Yes", "No", "Not asked"), (56, 14, 30))[0],
        narrative(rng, saying.codes, "fire", always=saying.exact is not None),
    )


def _three_lines(where: _Where) -> tuple[str, str, str]:
    """Address 1, 2 and 3: what comes first moves up when a part is missing."""
    house = f"{where.number} {where.street}".strip()
    town = ", ".join(part for part in (where.locality, where.town) if part)
    parts = [part for part in (where.flat, where.building, house) if part]
    match parts:
        case [one]:
            return one, where.locality or where.town, where.town if where.locality else ""
        case [one, two]:
            return one, two, town
    return parts[0], parts[1], ", ".join(part for part in (house, town) if part)


def _alone(rng: Random, saying: Saying) -> str:
    if rng.random() < 0.33:
        return "Not known"
    return "No" if saying.household.shape in _NOBODY_ALONE else "Yes"


def _email(rng: Random, saying: Saying, known: float) -> str:
    address = saying.person.email
    if not address or rng.random() > known:
        return ""
    luck = rng.random()
    if luck < 0.90:
        return address
    return address.title() if luck < 0.95 else address.upper()


def _ambulance(rng: Random, saying: Saying) -> tuple[str, ...]:
    day, hour, minute = schedule.moment(saying.at)
    name, birth = _name(rng, saying, "ambulance"), _birth(rng, saying, "ambulance")
    where = _where(rng, saying, 0.0, 0.04)
    forename = name.forename.upper() if rng.random() < 0.4 else name.forename
    given = f"{forename} {name.middle}" if name.middle and rng.random() < 0.3 else forename
    return (
        f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year % 100:02d}",
        f"{hour:02d}{minute:02d}",
        f"{name.surname.upper()}, {given}",
        _crew_date(rng, birth),
        _crew_age(rng, saying, known=birth is not None),
        ("Male" if saying.person.sex == "M" else "Female") if rng.random() < 0.98 else "",
        saying.person.nhs_number if saying.exact or rng.random() < 0.68 else "",
        _one_line(rng, where) if saying.address else "NO FIXED ABODE",
        where.postcode,
        _phone(rng, saying, 0.36),
        "" if saying.exact or rng.random() < 0.74 else rng.choice(_HOSPITALS),
        ", ".join(label(code, "ambulance") for code in saying.codes),
        narrative(rng, saying.codes, "ambulance", always=saying.exact is not None),
        rng.choices(("Y", "N", ""), (69, 20, 11))[0],
        f"{rng.choice('ABCDEFGHJK')}{rng.randint(100, 399)}",
    )


def _crew_date(rng: Random, birth: GivenDate | None) -> str:
    """A date of birth in one of the crews' three styles: 17 May 1935, 17/05/35 or 17/05/1935."""
    if birth is None:
        return ""
    match rng.randrange(3):
        case 0:
            return f"{birth.day:02d} {_MONTHS[birth.month - 1]} {birth.year}"
        case 1:
            return f"{birth.day:02d}/{birth.month:02d}/{birth.year % 100:02d}"
    return f"{birth.day:02d}/{birth.month:02d}/{birth.year}"


def _crew_age(rng: Random, saying: Saying, *, known: bool) -> str:
    age = _age(saying.person.birth, saying.at)
    if known:
        return str(age)
    return str(max(0, age + rng.randint(-3, 3))) if rng.random() < 0.5 else ""


def _one_line(rng: Random, where: _Where) -> str:
    """The whole address in capitals on one line, commas as the crew felt like."""
    door = where.flat.removeprefix("Flat ")
    house = f"{where.number} {where.street}".strip()
    word = rng.choice(_FLAT_WORDS)
    parts = [where.building, house]
    if door and where.number and not where.building and rng.random() < 0.2:
        parts = [f"{door}/{house}"]
    elif door and rng.random() < 0.15:
        parts = [where.building, house, f"{word} {door}"]
    elif door:
        parts = [f"{word} {door}{rng.choice((',', ''))}", where.building, house]
    parts += [where.locality, where.town]
    if rng.random() < 0.4:
        parts.append(where.postcode)
    return " ".join(part for part in parts if part).upper()


def _police(rng: Random, saying: Saying) -> tuple[str, ...]:
    day, hour, minute = schedule.moment(saying.at)
    name, birth = _name(rng, saying, "police"), _birth(rng, saying, "police")
    where = _where(rng, saying, 0.12, 0.10)
    shout = rng.random() < 0.55
    abused = ReferralReason.DOMESTIC_ABUSE in saying.codes
    return (
        f"{day.isoformat()}T{hour:02d}:{minute:02d}:00",
        "RED" if is_very_high(saying.codes) else rng.choices(*_GRADES)[0],
        "VICTIM" if abused else rng.choices(*_ROLES)[0],
        name.forename.upper() if shout else name.forename,
        name.middle,
        name.surname.upper() if shout else name.surname,
        f"{birth.year:04d}-{birth.month:02d}-{birth.day:02d}" if birth else "",
        saying.person.sex if rng.random() < 0.93 else "",
        _with_commas(rng, where) if saying.address else "No fixed abode",
        where.postcode,
        where.uprn,
        _phone(rng, saying, 0.3),
        _email(rng, saying, 0.4),
        "|".join(label(code, "police") for code in saying.codes),
        narrative(rng, saying.codes, "police", always=saying.exact is not None),
        rng.choices(("Y", "N", "U"), (40, 50, 10) if abused else (72, 18, 10))[0],
        "Y" if rng.random() < (0.65 if abused else 0.15) else "N",
    )


def _with_commas(rng: Random, where: _Where) -> str:
    """One line in the officers' manner: 20, Amhurst Park, London."""
    house = f"{where.number}{rng.choice((', ', ' '))}{where.street}" if where.number else where.street
    flat = where.flat.replace("Flat", rng.choice(("Flat", "Flat", "Apt", "Apartment"))) if where.flat else ""
    if flat and where.building and rng.random() < 0.2:
        flat = where.flat.removeprefix("Flat ")
    front = rng.choice((", ", ", ", " ")).join(part for part in (flat, where.building, house) if part)
    tail = [part for part in (where.locality, where.town) if part]
    if rng.random() < 0.15:
        tail.append(where.postcode)
    return ", ".join(part for part in (front, *tail) if part)
