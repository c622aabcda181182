"""Keys under which a record is found again: two records the engine would join share at least one.

Stored beside each person record and indexed; a new record's keys fetch its candidates in one round trip. Keys are
``kind:value``. A value that more records share than :func:`cap` allows tells nobody apart (a care home, a hospital's
phone, John Smith) and is passed over.
"""

from prevention.matching.names import name_groups, sound
from prevention.matching.record import Record, is_initial

#: Kinds whose values are shared by everybody of a home, or by namesakes: more of them are worth going through.
_WIDE_KINDS = frozenset({"home", "uprn", "both"})
_CAP = 40
#: Parts of a surname, and groups of a forename, that make keys: each key is locked and stored, whatever is written.
_MOST_PARTS = 4
_MOST_GROUPS = 6
LARGEST_CAP = 60


def cap(key: str) -> int:
    """How many records may share a key before it is passed over."""
    return LARGEST_CAP if key.split(":", 1)[0] in _WIDE_KINDS else _CAP


def is_dwelling(key: str) -> bool:
    """Whether a key names one dwelling: its property number, or its postcode with all that tells it from others."""
    return key.startswith(("uprn:", "home:"))


def keys(record: Record) -> tuple[str, ...]:
    """Every key of a record, sorted and without repeats. Pure; a record with nothing to go by has none.

    All are locked while a record is taken in, so that two first referrals of one person make one person.
    """
    found: set[str] = set()
    _add_identifiers(record, found)
    _add_premises(record, found)
    _add_births(record, found)
    _add_names(record, found)
    return tuple(sorted(found))


def _add_identifiers(record: Record, found: set[str]) -> None:
    for kind, value in (
        ("nhs", record.nhs_number), ("phone", record.phone), ("email", record.email), ("uprn", record.uprn)
    ):  # fmt: skip
        if value:
            found.add(f"{kind}:{value}")


def _add_premises(record: Record, found: set[str]) -> None:
    tokens = ".".join(sorted(record.tokens))
    if record.postcode and tokens:
        found.add(f"home:{record.postcode}|{tokens}")
    if record.postcode and record.number:
        found.add(f"house:{record.postcode}|{record.number}")
    if record.postcode and record.building:
        found.add(f"building:{record.postcode}|{record.building.split()[0]}")
    if tokens and record.street:
        found.add(f"door:{tokens}|{record.street}")
        if record.postcode:
            found.add(f"area:{record.postcode[:-2]}|{tokens}|{record.street[:4]}")


def _add_births(record: Record, found: set[str]) -> None:
    if not record.dob:
        return
    first, surnames = _heard(record)
    day, month = sorted((record.dob.day, record.dob.month))
    # The first name too, as one desk's forename is another's surname.
    for heard in surnames | {sound(first)} if first else surnames:
        found.add(f"born:{record.dob.isoformat()}|{heard}")
        found.add(f"near:{record.dob.year}|{day}|{month}|{heard}")
    for heard in surnames:
        if first:
            found.add(f"year:{record.dob.year}|{heard}|{first[0]}")
            found.add(f"birthday:{record.dob.day}.{record.dob.month}|{heard}|{first[0]}")
    if record.forenames:  # surnames change, and are typed past all hearing
        found.add(f"initial:{record.dob.isoformat()}|{record.forenames[0][0]}")
    if record.postcode:
        found.add(f"postcode:{record.postcode}|{record.dob.isoformat()}")


def _add_names(record: Record, found: set[str]) -> None:
    first, surnames = _heard(record)
    if record.postcode:
        for heard in surnames | {sound(first)} if first else surnames:
            found.add(f"name:{record.postcode}|{heard}")
    if first and record.surnames:
        found.add(f"both:{'|'.join(sorted((first, record.surname)))}")
        groups = sorted(name_groups(first))[:_MOST_GROUPS]
        found |= {f"group:{group}|{sound(record.surname)}" for group in groups}


def _heard(record: Record) -> tuple[str, set[str]]:
    """The first name (empty for an initial), and how the surname and each of its first parts sound."""
    surnames = {sound(part) for part in record.surnames[:_MOST_PARTS] if not is_initial(part)}
    if len(record.surnames) > 1:
        surnames.add(sound(record.surname))
    first = record.forenames[0] if record.forenames else ""
    return ("" if first and is_initial(first) else first), surnames
