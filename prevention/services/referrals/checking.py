"""What every referral must hold before it is received, whatever the channel (domain.md section 8)."""

from dataclasses import asdict

from email_validator import EmailNotValidError, validate_email

from prevention.domain.referral import GivenAddress, GivenPerson, ReceiveReferral
from prevention.errors import Invalid

#: Longest texts, in characters. A narrative is a sentence or a few, but no row of a file is lost because a whole case
#: history was pasted into it.
LONGEST_NARRATIVE = 20_000
LONGEST_FIELD = 500

#: What a text is called, where that is not its name with spaces.
_CALLED = {
    "dob": "Date of birth",
    "nhs_number": "NHS number",
    "phone": "Phone number",
    "email": "E-mail address",
    "address.uprn": "UPRN",
    "address.lines": "Address",
    "address.postcode": "Postcode",
    "referrer_name": "Referrer's name",
    "referrer_team": "Referrer's team",
    "referrer_contact": "How to reach the referrer",
    "feedback_to": "Where to send the outcome",
    "location_detail": "Where the person is now",
    "told_detail": "What the person was told",
    "other_agencies_told": "Who else was told",
    "source_ref": "Reference",
}


def check(command: ReceiveReferral) -> None:
    """Refuse what cannot be acted on or kept.

    Raises:
        Invalid: field → sentence, for every problem at once. Fields are named as in ``ReceiveReferral``.
    """
    problems: dict[str, str] = {}
    if not (_says_where(command.address) or _says_who(command.person)):
        problems["address"] = "Enter an address, a postcode, or choose no fixed abode"
    if not command.reasons:
        problems["reasons"] = "Choose at least one reason"
    if len(command.narrative) > LONGEST_NARRATIVE:
        problems["narrative"] = f"What you saw must be {LONGEST_NARRATIVE:,} characters or fewer"
    if command.feedback_to.strip() and not _is_mailbox(command.feedback_to):
        problems["feedback_to"] = "Enter an e-mail address in the right form, like team@example.org"
    problems |= _too_long(command)
    if problems:
        raise Invalid(problems)


def _says_where(address: GivenAddress) -> bool:
    return address.no_fixed_abode or any(part.strip() for part in (address.uprn, address.lines, address.postcode))


def _says_who(person: GivenPerson) -> bool:
    """Somebody can be found without an address, by name, NHS number or phone; nobody can be without any of them."""
    names = (person.full_name, person.first_name, person.surname)
    return any(part.strip() for part in (*names, person.nhs_number, person.phone))


def _too_long(command: ReceiveReferral) -> dict[str, str]:
    parts = {
        **asdict(command.person),
        **{f"address.{part}": text for part, text in asdict(command.address).items()},
        "referrer_name": command.referrer_name,
        "referrer_team": command.referrer_team,
        "referrer_contact": command.referrer_contact,
        "feedback_to": command.feedback_to,
        "location_detail": command.location_detail,
        "told_detail": command.told_detail,
        "other_agencies_told": command.other_agencies_told,
        "source_ref": command.source_ref,
    }
    return {
        field.split(".")[0]: f"{_called(field)} must be {LONGEST_FIELD} characters or fewer"
        for field, text in parts.items()
        if isinstance(text, str) and len(text) > LONGEST_FIELD
    }


def _called(field: str) -> str:
    return _CALLED.get(field, field.replace("_", " ").capitalize())


def _is_mailbox(text: str) -> bool:
    try:
        validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        return False
    return True
