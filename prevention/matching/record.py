"""One person as one agency gave them, in the form the engine compares: folded text, dates, keys. No originals."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from prevention.domain.referral import TidiedAddress, TidiedPerson
from prevention.matching import normalise


@dataclass(frozen=True, slots=True)
class Record:
    """What is compared of one referral. Text is folded (upper case, no accents); empty or None means not given.

    ``forenames`` are the first name and the middle names in order; ``surnames`` the parts of the surname, so that
    "Garcia-Lopez" has two. ``flat`` and ``number`` are :func:`~prevention.matching.normalise.flat_and_number`'s.
    ``received`` is the day the referral came in, which an age counts from.
    """

    record_id: str
    source: str = ""
    received: date | None = None
    forenames: tuple[str, ...] = ()
    surnames: tuple[str, ...] = ()
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
    address_key: str | None = None
    no_fixed_abode: bool = False

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
        """Make a record from what the door normalised. Pure: the same input gives an equal record."""
        flat, number = normalise.flat_and_number(address)
        return cls(
            record_id=record_id,
            source=source,
            received=received,
            forenames=_parts(f"{person.first_name} {person.middle_name}", joined=False),
            surnames=_parts(person.surname, joined=True),
            dob=person.dob,
            age=person.age,
            sex=person.sex,
            nhs_number=person.nhs_number,
            phone=person.phone,
            email=person.email,
            uprn=address.uprn,
            postcode=address.postcode,
            flat=flat,
            number=number,
            street=normalise.street_key(address.street),
            building=" ".join(re.findall(r"[^\W_]+", normalise.fold(address.building))),
            town=normalise.fold(address.town),
            address_key=normalise.address_key(address),
            no_fixed_abode=address.no_fixed_abode,
        )


def is_initial(name: str) -> bool:
    """Whether a folded name is one letter of an alphabet with capitals; one Chinese or Arabic letter is a name."""
    return len(name) == 1 and unicodedata.category(name) != "Lo"


def _parts(name: str, *, joined: bool) -> tuple[str, ...]:
    """The words of a name without apostrophes. A hyphen parts a surname; in a forename it is left out."""
    folded = normalise.fold(name).replace("'", "").replace("-", " " if joined else "")
    return tuple(word for word in folded.split() if any(letter.isalpha() for letter in word))
