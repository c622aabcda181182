"""What a source's file looks like, as data: one JSON file per source, nothing in code.

A new source is a new file in ``profiles/`` (or any mapping given to :func:`read_profile`): its columns, which of them
feed which field by which named conversion, its words for reasons, and its handling flags.
"""

import codecs
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar

from prevention.domain.agency import AgencyKind
from prevention.domain.referral import (
    Agrees,
    ContactConstraint,
    CurrentLocation,
    HouseholdFlag,
    LawfulBasis,
    ReferralReason,
    StaffSafety,
    Told,
)
from prevention.errors import Invalid

#: Fields of the command that a profile may fill from columns, and the conversions each may use.
_TEXT_FIELDS = (
    "source_ref", "narrative", "referrer_name", "referrer_team", "referrer_contact", "feedback_to", "location_detail",
    "told_detail", "source_grade", "source_grade_scheme", "other_agencies_told",
    *(f"person.{part}" for part in (
        "full_name", "title", "first_name", "middle_name", "surname", "dob", "age", "sex", "nhs_number", "phone",
        "email", "language",
    )),
    "address.uprn", "address.lines", "address.postcode",
)  # fmt: skip


class Conversion(StrEnum):
    """How the text of one or more columns becomes a field. Named in the profile's ``convert``."""

    TEXT = "text"
    LINES = "lines"
    LOCAL_TIME = "local_time"
    REASONS = "reasons"
    TOLD = "told"
    AGREES = "agrees"


_CONVERSIONS: dict[str, frozenset[Conversion]] = {
    **dict.fromkeys(_TEXT_FIELDS, frozenset({Conversion.TEXT, Conversion.LINES})),
    "received_at": frozenset({Conversion.LOCAL_TIME}),
    "concern_observed_at": frozenset({Conversion.LOCAL_TIME}),
    "reasons": frozenset({Conversion.REASONS}),
    "told": frozenset({Conversion.TOLD}),
    "agrees": frozenset({Conversion.AGREES}),
}


@dataclass(frozen=True, slots=True)
class FieldSource:
    """The columns a field comes from and the conversion; ``separators`` part a list."""

    columns: tuple[str, ...]
    convert: Conversion
    separators: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows when a column says something: a reason, a flag, a handling instruction, where the person is.

    It applies when the column's text is one of ``values``, or holds ``term`` in a list, or (``any``) is anything
    except blank and ``exceptions``. Comparison ignores case and spacing.
    """

    column: str
    values: frozenset[str] = frozenset()
    term: str = ""
    any: bool = False
    exceptions: frozenset[str] = frozenset()
    reason: ReferralReason | None = None
    household_flag: HouseholdFlag | None = None
    contact_constraint: ContactConstraint | None = None
    staff_safety: StaffSafety | None = None
    current_location: CurrentLocation | None = None
    suspect: bool = False

    def applies(self, text: str) -> bool:
        """Whether the column's text triggers this effect."""
        said = fold_term(text)
        if not said:
            return False
        if self.any:
            return said not in self.exceptions
        if self.term:
            return self.term in {fold_term(part) for part in re.split(r"[;,|]", text)}
        return said in self.values


@dataclass(frozen=True, slots=True)
class Profile:
    """One source's file. The first of ``encodings`` is the usual one; the ``required`` columns must be there."""

    name: str
    title: str
    source_system: str
    agency_kind: AgencyKind
    version: int
    encodings: tuple[str, ...]
    delimiter: str
    columns: tuple[str, ...]
    required: tuple[str, ...]
    day_first: bool
    fields: Mapping[str, FieldSource]
    effects: tuple[Effect, ...]
    reasons: Mapping[str, ReferralReason]
    told: Mapping[str, Told]
    agrees: Mapping[str, Agrees]
    lawful_basis: LawfulBasis = LawfulBasis.PUBLIC_TASK
    constants: Mapping[str, str] = field(default_factory=dict)
    #: Other names of columns, folded, with the column each stands for.
    aliases: Mapping[str, str] = field(default_factory=dict)

    def columns_of(self, header: Sequence[str]) -> list[str | None]:
        """Which of the profile's columns each name in a file's header stands for; None for one it does not know.

        Another name of a column counts only where the column's own is not there.
        """
        own = {fold_column(column): column for column in self.columns}
        folded = [fold_column(name) for name in header]
        there = {own[name] for name in folded if name in own}
        others = {name: column for name, column in self.aliases.items() if column not in there and name not in own}
        return [own.get(name) or others.get(name) for name in folded]

    def missing(self, header: Sequence[str]) -> list[str]:
        """The columns without which no row can be taken and that are not in a file's header."""
        there = set(self.columns_of(header))
        return [column for column in self.required if column not in there]


def fold_term(text: str) -> str:
    """A vocabulary term as it is compared: lower case, single spaces, no full stop at the end."""
    return " ".join(text.replace("\u2013", "-").replace("\u2014", "-").lower().split()).rstrip(". ")


@lru_cache(maxsize=4096)
def fold_column(name: str) -> str:
    """A column's name as it is compared: letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read_profile(content: Mapping[str, Any]) -> Profile:
    """Check a profile's content and make it a :class:`Profile`.

    Raises :class:`~prevention.errors.Invalid` with one sentence for every problem, so that all are seen at once.
    """
    problems: dict[str, str] = {}
    columns = tuple(str(column) for column in content.get("columns", ()))
    known = {fold_column(column) for column in columns}
    for name in ("name", "title", "source_system", "agency_kind"):
        if not content.get(name):
            problems[name] = "Every profile needs this."
    _check_dialect(content, problems)
    fields = _read_fields(content, known, problems)
    effects = _read_effects(content, known, problems)
    aliases: dict[str, str] = {}
    for column, others in content.get("aliases", {}).items():
        if column not in columns:
            problems["aliases"] = f"“{column}” is not one of the columns."
        aliases |= {fold_column(other): column for other in others}
    for column in content.get("required", ()):
        if column not in columns:
            problems["required"] = f"“{column}” is not one of the columns."
    vocabularies = content.get("vocabularies", {})
    reasons = _read_vocabulary("reasons", vocabularies, ReferralReason, problems)
    told = _read_vocabulary("told", vocabularies, Told, problems)
    agrees = _read_vocabulary("agrees", vocabularies, Agrees, problems)
    constants = dict(content.get("constants", {}))
    basis = constants.pop("lawful_basis", LawfulBasis.PUBLIC_TASK.value)
    if basis not in {each.value for each in LawfulBasis}:
        problems["constants"] = f"“{basis}” is not a lawful basis."
    for name in constants:
        if name not in _TEXT_FIELDS:
            problems["constants"] = f"“{name}” is not a field that can be set."
    kind = content.get("agency_kind")
    if kind not in {each.value for each in AgencyKind}:
        problems["agency_kind"] = f"“{kind}” is not a kind of agency."
    if problems:
        raise Invalid(problems)
    return Profile(
        name=str(content["name"]),
        title=str(content["title"]),
        source_system=str(content["source_system"]),
        agency_kind=AgencyKind(str(kind)),
        version=int(content.get("version", 1)),
        encodings=tuple(content.get("encodings", ("utf-8-sig", "cp1252"))),
        delimiter=str(content.get("delimiter", ",")),
        columns=columns,
        required=tuple(content.get("required", ())),
        day_first=content.get("date_order", "DAY_FIRST") == "DAY_FIRST",
        fields=fields,
        effects=effects,
        reasons=reasons,
        told=told,
        agrees=agrees,
        lawful_basis=LawfulBasis(basis),
        constants=constants,
        aliases=aliases,
    )


def _check_dialect(content: Mapping[str, Any], problems: dict[str, str]) -> None:
    for encoding in content.get("encodings", ()):
        try:
            codecs.lookup(encoding)
        except LookupError:
            problems["encodings"] = f"“{encoding}” is not an encoding."
    if len(content.get("delimiter", ",")) != 1:
        problems["delimiter"] = "The delimiter is one character."
    if content.get("date_order", "DAY_FIRST") not in {"DAY_FIRST", "ISO"}:
        problems["date_order"] = "The date order is DAY_FIRST or ISO."


def _read_fields(content: Mapping[str, Any], known: set[str], problems: dict[str, str]) -> dict[str, FieldSource]:
    fields: dict[str, FieldSource] = {}
    for name, source in content.get("fields", {}).items():
        allowed = _CONVERSIONS.get(name)
        convert = source.get("convert", "text")
        if allowed is None:
            problems[f"fields.{name}"] = "There is no such field."
        elif convert not in {each.value for each in allowed}:
            problems[f"fields.{name}"] = f"“{convert}” cannot make this field."
        elif unknown := [column for column in source["columns"] if fold_column(column) not in known]:
            problems[f"fields.{name}"] = f"Not among the columns: {', '.join(unknown)}."
        else:
            fields[name] = FieldSource(
                columns=tuple(source["columns"]),
                convert=Conversion(convert),
                separators=str(source.get("separators", "")),
            )
    return fields


def _read_effects(content: Mapping[str, Any], known: set[str], problems: dict[str, str]) -> tuple[Effect, ...]:
    kinds: dict[str, type[StrEnum]] = {
        "reason": ReferralReason,
        "household_flag": HouseholdFlag,
        "contact_constraint": ContactConstraint,
        "staff_safety": StaffSafety,
        "current_location": CurrentLocation,
    }
    effects = []
    for at, given in enumerate(content.get("effects", ())):
        where = f"effects[{at}]"
        if fold_column(given.get("column", "")) not in known:
            problems[where] = f"“{given.get('column', '')}” is not one of the columns."
            continue
        unknown = [given[name] for name, kind in kinds.items() if name in given and given[name] not in set(kind)]
        if unknown:
            problems[where] = f"Not known: {', '.join(map(str, unknown))}."
            continue
        effects.append(
            Effect(
                column=given["column"],
                values=frozenset(fold_term(value) for value in given.get("values", ())),
                term=fold_term(given.get("term", "")),
                any=bool(given.get("any", False)),
                exceptions=frozenset(fold_term(value) for value in given.get("except", ())),
                suspect=bool(given.get("suspect", False)),
                reason=ReferralReason(given["reason"]) if "reason" in given else None,
                household_flag=HouseholdFlag(given["household_flag"]) if "household_flag" in given else None,
                contact_constraint=(
                    ContactConstraint(given["contact_constraint"]) if "contact_constraint" in given else None
                ),
                staff_safety=StaffSafety(given["staff_safety"]) if "staff_safety" in given else None,
                current_location=CurrentLocation(given["current_location"]) if "current_location" in given else None,
            )
        )
    return tuple(effects)


_Word = TypeVar("_Word", bound=StrEnum)


def _read_vocabulary(
    name: str, vocabularies: Mapping[str, Mapping[str, str]], kind: type[_Word], problems: dict[str, str]
) -> dict[str, _Word]:
    words: dict[str, _Word] = {}
    for term, code in vocabularies.get(name, {}).items():
        if code not in {each.value for each in kind}:
            problems[f"vocabularies.{name}"] = f"“{code}” (for “{term}”) is not a code."
        else:
            words[fold_term(term)] = kind(code)
    return words


@lru_cache(maxsize=1)
def shipped_profiles() -> Mapping[str, Profile]:
    """The profiles that come with the product, by name, in alphabetical order."""
    folder = resources.files("prevention.domain.intake") / "profiles"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    profiles = [read_profile(json.loads(file.read_text(encoding="utf-8"))) for file in found]
    return {profile.name: profile for profile in profiles}


def profile_named(name: str) -> Profile:
    """The shipped profile of that name. Raises :class:`~prevention.errors.Invalid` that names those there are."""
    profiles = shipped_profiles()
    if name not in profiles:
        raise Invalid({"profile": f"There is no profile “{name}”. There are: {', '.join(profiles)}."})
    return profiles[name]


def suggest_profile(header: Iterable[str], profiles: Iterable[Profile] | None = None) -> Profile | None:
    """The profile a file's header fits: it has every required column, and most columns in all; None when none fits."""
    header = list(header)
    best: tuple[int, Profile] | None = None
    for profile in shipped_profiles().values() if profiles is None else profiles:
        if not profile.missing(header):
            shared = len(set(profile.columns_of(header)) - {None})
            if best is None or shared > best[0]:
                best = (shared, profile)
    return best[1] if best else None
