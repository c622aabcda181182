"""One person as one agency gave them, in the form the engine compares: folded text, dates, keys. No originals."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from anyascii import anyascii

from prevention.domain.referral import TidiedAddress, TidiedPerson
from prevention.matching.normalise.dwellings import (
    address_key,
    dwelling_tokens,
    flat_and_number,
    is_communal,
    street_key,
)
from prevention.matching.normalise.text import fold

#: The form of stored records. Raised whenever folding or parsing changes what a record holds: a record stored in
#: another form is read from what the door normalised, until its form and keys are made anew.
FORM = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What is compared of one referral. Text is folded (upper case, no accents); empty or None means not given.

    Names are in Latin letters whatever their script, so that "Мария" and "Maria" can be compared.

    ``forenames`` are the first name and the middle names in order; ``surnames`` the parts of the surname, so that
    "Garcia-Lopez" has two. ``flat`` and ``number`` are those of
    :func:`~prevention.matching.normalise.dwellings.flat_and_number`; ``tokens`` are all that tells one dwelling of a
    street from another, however it was written. ``communal``: many people who are no household live there.
    ``generation``: "senior" or "junior" where the name says so, which is no part of the surname then.
    ``received`` is the day the referral came in, which an age counts from.
    """

    record_id: str
    source: str = ""
    received: date | None = None
    forenames: tuple[str, ...] = ()
    surnames: tuple[str, ...] = ()
    generation: str = ""
    dob: date | None = None
    age: int | None = None
    sex: str = ""
    nhs_number: str | None = None
    phone: str | None = None
    email: str | None = None
    uprn: str | None = None
    postcode: str | None = None
    flat: str = ""
    number: str = ""
    street: str = ""
    building: str = ""
    town: str = ""
    tokens: frozenset[str] = frozenset()
    address_key: str | None = None
    no_fixed_abode: bool = False
    communal: bool = False

    def stored(self) -> dict[str, Any]:
        """The record as JSON-ready data, for :meth:`from_stored`; what is not given is left out.

        Its identifier is left out, and its home's UPRN, which a home may learn when the record has long been kept.
        Keeping it beside the person record spares folding and parsing it anew whenever it is a candidate.
        """
        form: dict[str, Any] = {"form": FORM}
        for name, empty in _EMPTY.items():
            value = getattr(self, name)
            if value != empty:
                form[name] = value.isoformat() if isinstance(value, date) else _listed(value)
        return form

    @classmethod
    def from_stored(cls, record_id: str, stored: Mapping[str, Any] | None, uprn: str | None) -> "Record | None":
        """The record that :meth:`stored` told of, at a home with ``uprn``; None where it is kept in another form."""
        if stored is None or stored.get("form") != FORM:
            return None
        given = dict(stored)
        del given["form"]
        for name, read in _READERS.items():
            if name in given:
                given[name] = read(given[name])
        return cls(record_id, uprn=uprn, **given)

    @property
    def surname(self) -> str:
        """The surname's parts in one word."""
        return "".join(self.surnames)

    @classmethod
    def from_tidied(
        cls,
        record_id: str,
        person: TidiedPerson,
        address: TidiedAddress,
        *,
        source: str = "",
        received: date | None = None,
    ) -> "Record":
        """Make a record from what the door normalised. Pure: the same input gives an equal record.

        A sex that was not given is taken from the title, and a first name from the e-mail address that holds it.
        """
        flat, number = flat_and_number(address)
        forenames = folded_forenames(f"{person.first_name} {person.middle_name}")
        surnames = folded_surnames(person.surname)
        if not person.first_name:
            forenames = _forename_in_email(person.email, surnames)
        return cls(
            record_id=record_id,
            source=source,
            received=received,
            forenames=forenames,
            surnames=surnames,
            generation=_generation(person.surname),
            dob=person.dob,
            age=person.age,
            sex=person.sex or _SEX_OF_TITLE.get(person.title, ""),
            nhs_number=person.nhs_number,
            phone=person.phone,
            email=person.email,
            uprn=address.uprn,
            postcode=address.postcode,
            flat=flat,
            number=number,
            street=street_key(address.street),
            building=" ".join(re.findall(r"[^\W_]+", fold(address.building))),
            town=fold(address.town),
            tokens=dwelling_tokens(address),
            address_key=address_key(address),
            no_fixed_abode=address.no_fixed_abode,
            communal=is_communal(address),
        )


_EMPTY = {field.name: field.default for field in fields(Record) if field.name not in {"record_id", "uprn"}}
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "received": date.fromisoformat,
    "dob": date.fromisoformat,
    "forenames": tuple,
    "surnames": tuple,
    "tokens": frozenset,
}


def _listed(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


_SEX_OF_TITLE = {"Mr": "M", "Master": "M", "Sir": "M", "Mrs": "F", "Ms": "F", "Miss": "F", "Dame": "F"}


def is_initial(name: str) -> bool:
    """Whether a folded name is one letter of an alphabet with capitals; one Chinese or Arabic letter is a name."""
    return len(name) == 1 and unicodedata.category(name) != "Lo"


#: What is compared of a name, however much is written: every word is held against every other's.
_MOST_LETTERS = 600
_MOST_WORDS = 24
#: What is written for a first name until a newborn has one; what follows ("Baby of Mary", "Twin Girl") is none either.
_UNNAMED = frozenset({"BABY", "INFANT", "NEWBORN", "TWIN", "TRIPLET"})
_GENERATIONS = {
    **dict.fromkeys(("SR", "SNR", "SENIOR"), "senior"),
    **dict.fromkeys(("JR", "JNR", "JUNIOR"), "junior"),
}


def folded_forenames(name: str) -> tuple[str, ...]:
    """The words of one or more forenames as they are compared; a hyphen inside one is left out. A newborn has none."""
    words = _words(_in_latin(name).replace("-", ""))
    return () if words and words[0] in _UNNAMED else words


def folded_surnames(name: str) -> tuple[str, ...]:
    """The words of a surname as they are compared; a hyphen parts two, and "Junior" behind one is left out."""
    words = _surname_words(name)
    return words[:-1] if len(words) > 1 and words[-1] in _GENERATIONS else words


def _surname_words(name: str) -> tuple[str, ...]:
    return _words(_in_latin(name).replace("-", " "))


def _in_latin(name: str) -> str:
    """A name folded, and spelt in Latin letters whatever its script, as a desk without that script would spell it."""
    folded = fold(name)
    spelt = folded if folded.isascii() else anyascii(folded).upper()
    return spelt[:_MOST_LETTERS].replace("'", "")


def _generation(surname: str) -> str:
    words = _surname_words(surname)
    return _GENERATIONS.get(words[-1], "") if len(words) > 1 else ""


def _words(folded: str) -> tuple[str, ...]:
    return tuple(word for word in folded.split() if any(letter.isalpha() for letter in word))[:_MOST_WORDS]


def _forename_in_email(email: str | None, surnames: tuple[str, ...]) -> tuple[str, ...]:
    """The first name in an address that is nothing but the two names: ``georgia.hooper79@…`` of a Hooper."""
    surname = "".join(surnames)
    if not email or len(surname) < 3:
        return ()
    local = re.sub(r"[^A-Z]", "", email.split("@")[0].upper())
    rest = local.removesuffix(surname) if local.endswith(surname) else local.removeprefix(surname)
    return (rest,) if rest != local and len(rest) > 2 else ()
