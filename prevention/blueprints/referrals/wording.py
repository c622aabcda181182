"""A referral's content in words: for reading it, and for showing what an amendment changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    ContactConstraint,
    CurrentLocation,
    HouseholdFlag,
    LawfulBasis,
    ReferralReason,
    SharingPreference,
    StaffSafety,
    Told,
)
from prevention.domain.referral_content import Content
from prevention.web.filters import local_datetime, phone

#: Every field of a referral's content in reading order: its label and, for codes, what they are codes of.
_FIELDS: Mapping[str, tuple[str, type[StrEnum] | None]] = {
    "immediate_danger": ("Danger right now", None),
    "address.lines": ("Address", None),
    "address.postcode": ("Postcode", None),
    "address.uprn": ("UPRN", None),
    "address.no_fixed_abode": ("No fixed abode", None),
    "reasons": ("Reasons", ReferralReason),
    "narrative": ("What was seen", None),
    "concern_observed_at": ("Seen", None),
    "person.full_name": ("Name", None),
    "person.title": ("Title", None),
    "person.first_name": ("First name", None),
    "person.middle_name": ("Middle name", None),
    "person.surname": ("Surname", None),
    "person.dob": ("Date of birth", None),
    "person.age": ("Age", None),
    "person.sex": ("Sex", None),
    "person.nhs_number": ("NHS number", None),
    "person.phone": ("Phone", None),
    "person.email": ("E-mail", None),
    "person.language": ("Language", None),
    "person.interpreter": ("Interpreter needed", None),
    "household_flags": ("Who lives there", HouseholdFlag),
    "current_location": ("Where the person is", CurrentLocation),
    "location_detail": ("Place", None),
    "told": ("Told about the referral", Told),
    "told_detail": ("Why not told", None),
    "agrees": ("Agrees to be contacted", Agrees),
    "capacity_concern": ("Concern about capacity", CapacityConcern),
    "sharing_preference": ("Said about sharing", SharingPreference),
    "lawful_basis": ("Lawful basis", LawfulBasis),
    "staff_safety": ("Warnings for the crew", StaffSafety),
    "contact_constraints": ("When contacting", ContactConstraint),
    "confidential_address": ("Confidential address", None),
    "other_agencies_told": ("Also told", None),
    "source_grade": ("Grade", None),
    "source_grade_scheme": ("Grading scheme", None),
    "suspect": ("Suspect", None),
    "referrer_name": ("Referred by", None),
    "referrer_team": ("Team", None),
    "referrer_contact": ("Contact", None),
    "feedback_to": ("Outcome goes to", None),
}


def content_rows(content: Content, *, confidential: bool) -> list[tuple[str, str]]:
    """What a referral says as (label, words), without what was left empty; the address only when not confidential."""
    return [
        (label, words)
        for field, (label, _) in _FIELDS.items()
        if not (confidential and field.startswith("address."))
        and (words := words_for(field, _value(content, field)))
        and words != "No"
    ]


def change_rows(changes: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Changes as (label, before, after), in reading order; fields nobody has named yet come last under their code."""
    known = [field for field in _FIELDS if field in changes]
    unknown = sorted(field for field in changes if field not in _FIELDS)
    return [
        (
            label_of(field),
            words_for(field, changes[field]["from"]) or "–",
            words_for(field, changes[field]["to"]) or "–",
        )
        for field in [*known, *unknown]
    ]


def label_of(field: str) -> str:
    """The words for a field of the content."""
    return _FIELDS[field][0] if field in _FIELDS else field


def words_for(field: str, value: Any) -> str:
    """A value of the content in words; empty for nothing."""
    codes = _FIELDS[field][1] if field in _FIELDS else None
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if value in (None, "", []):
        return ""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(_label(codes, each) for each in value)
    if field == "concern_observed_at":
        return local_datetime(datetime.fromisoformat(str(value)))
    if field == "person.phone" and str(value).startswith("+"):  # as its field tidied it, not as a sender wrote it
        return phone(str(value))
    return _label(codes, value)


def _label(codes: type[StrEnum] | None, value: Any) -> str:
    if codes is None:
        return str(value)
    known = {code.value: str(getattr(code, "label", code.value)) for code in codes}
    return known.get(str(value), str(value))


def _value(content: Content, field: str) -> Any:
    group, _, part = field.partition(".")
    value = content.get(group)
    return value.get(part) if part and isinstance(value, Mapping) else value
