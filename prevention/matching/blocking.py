"""Keys under which a record is found again: two records the engine would join share at least one.

Stored beside each person record and indexed; a new record's keys fetch its candidates in one round trip. Keys are
``kind:value``; kinds say what over-common values may be capped.
"""

from prevention.matching.compare import name_groups, sound
from prevention.matching.record import Record, is_initial


def keys(record: Record) -> tuple[str, ...]:
    """Every key of a record, sorted and without repeats. Pure; a record with nothing to go by has none."""
    found: set[str] = set()
    _add_identifiers(record, found)
    _add_premises(record, found)
    _add_names(record, found)
    return tuple(sorted(found))


def strongest_keys(record: Record) -> tuple[str, ...]:
    """The few keys to lock, in this order, so that two first referrals of one person make one person.

    NHS number, phone, e-mail, home (written in any of the ways that count as the same), and date of birth: any two
    records that the engine joins by itself share at least one of them. They are for locks; :func:`keys` finds
    candidates.
    """
    found: set[str] = set()
    _add_identifiers(record, found)
    _add_premises(record, found)
    if record.dob:
        found.add(f"birth:{record.dob.isoformat()}")
    return tuple(sorted(found))


def _add_identifiers(record: Record, found: set[str]) -> None:
    if record.nhs_number:
        found.add(f"nhs:{record.nhs_number}")
    if record.phone:
        found.add(f"phone:{record.phone}")
    if record.email:
        found.add(f"email:{record.email}")


def _add_premises(record: Record, found: set[str]) -> None:
    if record.uprn:
        found.add(f"uprn:{record.uprn}")
    if record.address_key:
        found.add(f"address:{record.address_key}")
    if record.postcode and record.number:
        found.add(f"home:{record.postcode}|{record.number}")
    if record.number and record.street:
        found.add(f"door:{record.number}|{record.street}")
    if record.postcode and record.building:
        found.add(f"building:{record.postcode}|{record.building.split()[0]}")


def _add_names(record: Record, found: set[str]) -> None:
    sounds = {sound(part) for part in record.surnames if not is_initial(part)}
    if len(record.surnames) > 1:
        sounds.add(sound(record.surname))
    first = record.forenames[0] if record.forenames else ""
    # The first name too, as one desk's forename is another's surname.
    crossed = sounds | {sound(first)} if first and not is_initial(first) else sounds
    if record.dob:
        day, month = sorted((record.dob.day, record.dob.month))
        for heard in crossed:
            found.add(f"born:{record.dob.isoformat()}|{heard}")
            found.add(f"near:{record.dob.year}|{day}|{month}|{heard}")
        for group in name_groups(first):
            found.add(f"group:{record.dob.isoformat()}|{group}")
    if record.postcode:
        for heard in crossed:
            found.add(f"name:{record.postcode}|{heard}")
        if record.dob:
            found.add(f"postcode:{record.postcode}|{record.dob.isoformat()}")
    if first and not is_initial(first) and record.surnames:
        found.add(f"both:{'|'.join(sorted((first, record.surname)))}")
