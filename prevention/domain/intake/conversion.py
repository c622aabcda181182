"""From a row to the one command by which a referral comes in. Text stays as typed: normalising is the door's business.

Nothing is refused that somebody could act on: an unreadable date of birth, an unknown word for a
reason or a missing grade come in as they are, with a remark for the preview and the report.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from prevention.domain import suggestions
from prevention.domain.address_reveal import MASKED
from prevention.domain.intake.profile import Conversion, Effect, FieldSource, Profile, fold_column, fold_term
from prevention.domain.intake.rows import Row
from prevention.domain.referral import (
    Agrees,
    Channel,
    ContactConstraint,
    CurrentLocation,
    GivenAddress,
    GivenPerson,
    HouseholdFlag,
    NotSaid,
    ReceiveReferral,
    ReferralReason,
    StaffSafety,
    Told,
)
from prevention.domain.written_dates import written_time

_NOT_SAID = frozenset({"", "none", "n/a", "na", "nk", "n/k", "-", ".", "unknown", "not known", "null"})


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row cannot be taken, in a sentence for the sender, and the column it is about (may be empty)."""

    reason: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth knowing about a row that was taken: a sentence and the column it is about."""

    sentence: str
    column: str = ""


@dataclass(slots=True)
class _Draft:
    """What a row says so far."""

    values: dict[str, str] = field(default_factory=dict)
    times: dict[str, datetime | None] = field(default_factory=dict)
    reasons: set[ReferralReason] = field(default_factory=set)
    unknown_reasons: list[str] = field(default_factory=list)
    told: Told = Told.NOT_RECORDED
    told_detail: str = ""
    agrees: Agrees = Agrees.NOT_ASKED
    flags: set[HouseholdFlag] = field(default_factory=set)
    safety: set[StaffSafety] = field(default_factory=set)
    constraints: set[ContactConstraint] = field(default_factory=set)
    location: CurrentLocation = CurrentLocation.UNKNOWN
    suspect: bool = False
    remarks: list[Remark] = field(default_factory=list)


def to_command(
    row: Row, profile: Profile, agency_id: UUID, *, now: datetime | None = None
) -> ReceiveReferral | Refused:
    """The command a row stands for, or why it cannot be taken.

    Refused are only rows that are themselves broken, and rows that say neither where nor who nor "no fixed abode".
    Local times (Europe/London) become aware UTC; one that cannot be read is None, which means "now"; so is a time of
    receipt after ``now``. Words for reasons that the profile does not know give ``OTHER`` and stay readable in the
    narrative. A row without a reference gets one made from its content, so that the same file twice still changes
    nothing. ``original`` is the row word for word.
    """
    if row.problem:
        return Refused(row.problem, row.column)
    if column := _left_out(row, profile):
        return Refused("The report left this out because the address is confidential. Take it from your file.", column)
    draft = _draft(row, profile)
    if _is_ahead(draft, now):
        draft.times["received_at"] = None
    person, address = _person(draft), _address(draft)
    if not _says_who(person) and not _says_where(address):
        return Refused("The row says neither who nor where: there is no name, phone number or address to go by.")
    narrative = draft.values.get("narrative", "")
    if draft.unknown_reasons:
        narrative = "\n".join(
            part for part in (narrative, f"Reason given: {'; '.join(draft.unknown_reasons)}.") if part
        )
    instructions = suggestions.handling(narrative)
    return ReceiveReferral(
        agency_id=agency_id,
        source_system=profile.source_system,
        channel=Channel.CSV,
        address=address,
        reasons=frozenset(draft.reasons or {ReferralReason.OTHER}),
        narrative=narrative,
        source_ref=row_reference(row, profile) or _made_reference(row),
        person=person,
        received_at=draft.times.get("received_at"),
        concern_observed_at=draft.times.get("concern_observed_at"),
        referrer_name=draft.values.get("referrer_name", ""),
        referrer_team=draft.values.get("referrer_team", ""),
        referrer_contact=draft.values.get("referrer_contact", ""),
        feedback_to=draft.values.get("feedback_to", ""),
        household_flags=frozenset(draft.flags),
        current_location=draft.location,
        location_detail=draft.values.get("location_detail", ""),
        told=draft.told,
        told_detail=draft.values.get("told_detail", "") or draft.told_detail,
        agrees=draft.agrees,
        lawful_basis=profile.lawful_basis,
        staff_safety=frozenset(draft.safety),
        contact_constraints=frozenset(draft.constraints | instructions.constraints),
        confidential_address=instructions.confidential_address,
        source_grade=draft.values.get("source_grade", ""),
        source_grade_scheme=draft.values.get("source_grade_scheme", "") if draft.values.get("source_grade") else "",
        other_agencies_told=draft.values.get("other_agencies_told", ""),
        suspect=draft.suspect,
        original=dict(row.cells),
        not_said=_not_said(row, profile),
    )


#: Fields that say where a home is, or speak of it in words.
_TELLS_WHERE = ("address.uprn", "address.lines", "address.postcode", "narrative", "location_detail")


def cells_to_show(row: Row, profile: Profile) -> dict[str, str]:
    """The row's cells for a preview or a report, with ``MASKED`` for what would tell a confidential address.

    A row asks for that in its own words, such as "refuge" (domain.md 4.5). What stands in columns nobody knows is not
    shown then. Of a row whose columns cannot be told apart nothing is, because the address may stand in any of them. A
    row that is handed in again with ``MASKED`` for its address is refused: the address is in the sender's own file.
    """
    if not any(suggestions.handling(text).confidential_address for text in row.cells.values()):
        return row.cells
    if row.problem:
        return dict.fromkeys(row.cells, MASKED)
    hidden = _may_tell_where(row, profile)
    return {name: MASKED if text and name in hidden else text for name, text in row.cells.items()}


def _may_tell_where(row: Row, profile: Profile) -> frozenset[str]:
    """The row's columns that say where a home is, or speak of it in words, or that the profile does not know."""
    sources = (source for name, source in profile.fields.items() if name in _TELLS_WHERE)
    telling = {fold_column(column) for source in sources for column in source.columns}
    others = {name for column, names in row.names.items() if column not in telling for name in names}
    return frozenset(row.cells) - others


def _left_out(row: Row, profile: Profile) -> str:
    """The first column whose words a report left out; empty when the row is whole."""
    if MASKED not in row.cells.values():
        return ""
    hidden = _may_tell_where(row, profile)
    return next((name for name, text in row.cells.items() if text == MASKED and name in hidden), "")


def columns_not_in(row: Row, profile: Profile) -> list[str]:
    """The columns the profile knows and the row's file does not have, in the profile's order."""
    return [column for column in profile.columns if not row.has(column)]


def mapping_of(row: Row, profile: Profile) -> list[tuple[str, list[str]]]:
    """Each field and the columns of the row's file that feed it, as the file calls them, in the profile's order."""
    return [
        (name, [called for column in source.columns for called in row.names.get(fold_column(column), ())])
        for name, source in profile.fields.items()
    ]


def about_missing_columns(row: Row, profile: Profile) -> list[Remark]:
    """One remark for the whole file, by its first row: the columns it could have and does not."""
    missing = columns_not_in(row, profile)
    if not missing:
        return []
    named = f"{', '.join(missing[:-1])} and {missing[-1]} are" if len(missing) > 1 else f"{missing[0]} is"
    return [Remark(f"{named} not in this file. What came in before about that stays as it is.")]


def _not_said(row: Row, profile: Profile) -> NotSaid:
    missing = {fold_column(column) for column in columns_not_in(row, profile)}
    if not missing:
        return NotSaid()
    parts, partly = set(), set()
    for name, source in profile.fields.items():
        gone = [fold_column(column) in missing for column in source.columns]
        if all(gone):
            parts.add(name)
        elif any(gone):
            partly.add(name)
    if "told" in parts and "told_detail" not in profile.fields:
        parts.add("told_detail")
    if "source_grade" in parts:
        parts.add("source_grade_scheme")
    said = [effect for effect in profile.effects if fold_column(effect.column) not in missing]
    unsaid = [effect for effect in profile.effects if fold_column(effect.column) in missing]
    for name in ("current_location", "suspect"):
        if any(getattr(effect, name) for effect in unsaid) and not any(getattr(effect, name) for effect in said):
            parts.add(name)
    values = {
        (name, str(value)) for effect in unsaid for name, value in _listed_by(effect).items() if value is not None
    }
    if "narrative" in parts | partly:  # handling instructions are read from it
        parts.add("confidential_address")
        others = {effect.contact_constraint for effect in said}
        values |= {("contact_constraints", one.value) for one in ContactConstraint if one not in others}
    return NotSaid(frozenset(parts), frozenset(partly), frozenset(values))


def _listed_by(effect: Effect) -> dict[str, ReferralReason | HouseholdFlag | ContactConstraint | StaffSafety | None]:
    return {
        "reasons": effect.reason,
        "household_flags": effect.household_flag,
        "contact_constraints": effect.contact_constraint,
        "staff_safety": effect.staff_safety,
    }


def remarks(row: Row, profile: Profile, *, now: datetime | None = None) -> list[Remark]:
    """What the preview says about a row that is taken: dates and words that could not be read, the encoding."""
    if row.problem:
        return []
    draft = _draft(row, profile)
    found = list(draft.remarks)
    if _is_ahead(draft, now):
        columns = profile.fields["received_at"].columns
        said = " ".join(text for column in columns if (text := row.text(column)))
        found.append(Remark(f"“{said}” is still to come; the time of import is taken.", columns[0]))
    expected = {"ascii", "utf-8"} if profile.encodings[0].startswith("utf") else {"ascii", profile.encodings[0]}
    if row.encoding not in expected:
        found.append(Remark(f"Read as {row.encoding}, although {profile.encodings[0]} was expected."))
    if "\ufffd" in "".join(row.cells.values()):
        found.append(Remark("Some letters could not be read."))
    return found


def _is_ahead(draft: _Draft, now: datetime | None) -> bool:
    """Whether the row says it was received after ``now``; without a ``now`` nothing is."""
    received_at = draft.times.get("received_at")
    return now is not None and received_at is not None and received_at > now


def _draft(row: Row, profile: Profile) -> _Draft:
    draft = _Draft(values=dict(profile.constants))
    for name, source in profile.fields.items():
        _fill(draft, name, source, row, profile)
    for effect in profile.effects:
        if effect.applies(row.text(effect.column)):
            _apply(draft, effect)
    return draft


def _fill(draft: _Draft, name: str, source: FieldSource, row: Row, profile: Profile) -> None:
    parts = [text for column in source.columns if (text := row.text(column))]
    if source.convert is Conversion.LINES:
        draft.values[name] = "\n".join(parts)
    elif source.convert is Conversion.TEXT:
        if parts or name not in profile.constants:
            draft.values[name] = " ".join(parts)
    elif source.convert is Conversion.LOCAL_TIME:
        _read_time(draft, name, source, " ".join(parts), profile)
    elif source.convert is Conversion.REASONS:
        _read_reasons(draft, parts, source, profile)
    elif source.convert is Conversion.TOLD:
        said = " ".join(parts)
        draft.told = profile.told.get(fold_term(said), Told.NOT_RECORDED)
        if said and fold_term(said) not in profile.told:
            draft.told_detail = said
            draft.remarks.append(Remark(f"“{said}” is not an answer that is known.", source.columns[0]))
    else:
        said = " ".join(parts)
        draft.agrees = profile.agrees.get(fold_term(said), Agrees.NOT_ASKED)
        if said and fold_term(said) not in profile.agrees:
            draft.remarks.append(Remark(f"“{said}” is not an answer that is known.", source.columns[0]))


def _read_time(draft: _Draft, name: str, source: FieldSource, said: str, profile: Profile) -> None:
    found = written_time(said, year_first=not profile.day_first)
    draft.times[name] = found.at if found else None
    if found is None:
        what = f"“{said}” is not a date and time that can be read" if said else "No date is given"
        draft.remarks.append(Remark(f"{what}; the time of import is taken.", source.columns[0]))
    elif found.time_unread:
        sentence = f"“{said}” has no time that can be read; the start of that day is taken."
        draft.remarks.append(Remark(sentence, source.columns[-1]))


def _read_reasons(draft: _Draft, parts: list[str], source: FieldSource, profile: Profile) -> None:
    for part in parts:
        whole = profile.reasons.get(fold_term(part))
        terms = (
            [part] if whole else re.split(f"[{re.escape(source.separators)}]", part) if source.separators else [part]
        )
        for term in terms:
            folded = fold_term(term)
            if folded in _NOT_SAID:
                continue
            reason = profile.reasons.get(folded)
            if reason is None:
                draft.reasons.add(ReferralReason.OTHER)
                draft.unknown_reasons.append(term.strip())
                draft.remarks.append(Remark(f"“{term.strip()}” is not a reason that is known.", source.columns[0]))
            else:
                draft.reasons.add(reason)


def _apply(draft: _Draft, effect: Effect) -> None:
    if effect.reason:
        draft.reasons.add(effect.reason)
    if effect.household_flag:
        draft.flags.add(effect.household_flag)
    if effect.contact_constraint:
        draft.constraints.add(effect.contact_constraint)
    if effect.staff_safety:
        draft.safety.add(effect.staff_safety)
    if effect.current_location:
        draft.location = effect.current_location
    draft.suspect = draft.suspect or effect.suspect


def _person(draft: _Draft) -> GivenPerson:
    said = draft.values.get
    return GivenPerson(
        full_name=said("person.full_name", ""),
        title=said("person.title", ""),
        first_name=said("person.first_name", ""),
        middle_name=said("person.middle_name", ""),
        surname=said("person.surname", ""),
        dob=said("person.dob", ""),
        age=said("person.age", ""),
        sex=said("person.sex", ""),
        nhs_number=said("person.nhs_number", ""),
        phone=said("person.phone", ""),
        email=said("person.email", ""),
        language=said("person.language", ""),
    )


def _address(draft: _Draft) -> GivenAddress:
    lines, postcode = draft.values.get("address.lines", ""), draft.values.get("address.postcode", "")
    return GivenAddress(
        uprn=draft.values.get("address.uprn", ""),
        lines=lines,
        postcode=postcode,
        no_fixed_abode=says_no_fixed_abode(lines) or says_no_fixed_abode(postcode),
    )


def says_no_fixed_abode(text: str) -> bool:
    """Whether the words are "no fixed abode", "NFA" or the NHS's pseudo-postcode ZZ99 (domain.md 5.2)."""
    return bool(re.search(r"(?i)\bno[ -]+fixed[ -]+(?:abode|address)\b|\bnfa\b|^\s*zz99", text[:600]))


def _says_who(person: GivenPerson) -> bool:
    named = (person.full_name, person.first_name, person.surname, person.nhs_number, person.phone, person.email)
    return any(fold_term(text) not in _NOT_SAID and any(letter.isalnum() for letter in text) for text in named)


def _says_where(address: GivenAddress) -> bool:
    given = (address.uprn, address.lines, address.postcode)
    return address.no_fixed_abode or any(
        fold_term(text) not in _NOT_SAID and any(letter.isalnum() for letter in text) for text in given
    )


def row_reference(row: Row, profile: Profile) -> str:
    """The sender's own reference of a row; empty where it gives none, or "N/A" for one."""
    source = profile.fields.get("source_ref")
    said = " ".join(text for column in source.columns if (text := row.text(column))) if source else ""
    return said if fold_term(said) not in _NOT_SAID and any(letter.isalnum() for letter in said) else ""


def _made_reference(row: Row) -> str:
    """A reference from the row's own words: the same row always gets the same one."""
    content = "\x1f".join(f"{name}\x1e{text}" for name, text in sorted(row.cells.items()))
    return f"row-{hashlib.sha256(content.encode()).hexdigest()[:20]}"
