"""The people a case's referrals name, as the reader may know them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from prevention.domain.account import Actor
from prevention.models.person import PersonRecord
from prevention.models.referral import Referral
from prevention.policies.sharing import may_know_person, view_of_referral


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person the referrals name; the same name and birth date is one entry, whoever gave it."""

    name: str
    dob: date | None
    age: int | None
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    language: str
    interpreter: bool
    nhs_number: str | None
    nhs_withheld_by: str
    given_by: tuple[str, ...]


def people_named(actor: Actor, feeding: Iterable[Referral]) -> tuple[PersonView, ...]:
    """Each person once, with what every referral that names them gave; who is not to be known is left out."""
    grouped: dict[tuple[str, date | None], list[tuple[Referral, PersonRecord]]] = {}
    for referral in feeding:
        if not may_know_person(actor, referral):
            continue
        for record in referral.person_records[-1:]:  # the last is how the person is known since the last amendment
            grouped.setdefault((record.display_name.casefold(), record.dob), []).append((referral, record))
    return tuple(_person(actor, given) for given in grouped.values())


def _person(actor: Actor, given: list[tuple[Referral, PersonRecord]]) -> PersonView:
    records = [record for _, record in given]
    numbered = [(referral, record) for referral, record in given if record.nhs_number]
    seen = [record for referral, record in numbered if view_of_referral(actor, referral).nhs_number_visible]
    return PersonView(
        name=records[0].display_name,
        dob=records[0].dob,
        age=next((record.age for record in records if record.age is not None), None),
        phones=tuple(dict.fromkeys(record.phone for record in records if record.phone)),
        emails=tuple(dict.fromkeys(record.email for record in records if record.email)),
        language=next((record.language for record in records if record.language), ""),
        interpreter=any(record.interpreter for record in records),
        nhs_number=seen[0].nhs_number if seen else None,
        nhs_withheld_by=numbered[0][0].agency.short_name if numbered and not seen else "",
        given_by=tuple(dict.fromkeys(referral.agency.short_name for referral, _ in given)),
    )
