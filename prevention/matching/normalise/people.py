"""Everything about a person that can be compared."""

from datetime import date

from prevention.domain.referral import GivenPerson, TidiedPerson
from prevention.matching.normalise.dates import DateOrder, age_by_impossible_date, tidy_age, tidy_date
from prevention.matching.normalise.identifiers import tidy_email, tidy_nhs_number, tidy_phone
from prevention.matching.normalise.names import tidy_name
from prevention.matching.normalise.text import clean

_SEXES = {
    **dict.fromkeys(("m", "male", "man", "boy", "masc"), "M"),
    **dict.fromkeys(("f", "female", "woman", "girl", "fem"), "F"),
    **dict.fromkeys(("x", "other", "non-binary", "nonbinary", "intersex", "indeterminate"), "X"),
}


def tidy_sex(text: str) -> str:
    """``M``, ``F``, ``X`` (another answer was given) or nothing."""
    return _SEXES.get(clean(text, 30).lower(), "")


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
        age=age if age is not None else age_by_impossible_date(given.dob, order, received),
        sex=tidy_sex(given.sex),
        nhs_number=tidy_nhs_number(given.nhs_number),
        phone=tidy_phone(given.phone),
        email=tidy_email(given.email),
    )
