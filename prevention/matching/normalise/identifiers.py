"""What identifies by itself: UPRN, NHS number, phone number, e-mail address (domain.md 5.1, 5.3)."""

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from prevention.matching.normalise.text import clean

_NHS_LENGTH = 10


def tidy_uprn(text: str) -> str | None:
    """A UPRN as text: up to 12 digits, no leading zeros, a spreadsheet's ``.0`` dropped (domain.md 5.1); else None."""
    digits = re.sub(r"[\s,]", "", clean(text, 40))
    match = re.fullmatch(r"0*([1-9][0-9]{0,11})(?:\.0+)?", digits, re.ASCII)
    return match.group(1) if match else None


def tidy_nhs_number(text: str) -> str | None:
    """Ten digits whose check digit is right (weights 10…2, modulus 11; domain.md 5.3), else None.

    Spaces, dots and dashes are forgiven, letters are not. Ten equal digits are a placeholder, so None.
    """
    digits = re.sub(r"[\s.\-]", "", clean(text, 40))
    if len(digits) != _NHS_LENGTH or not (digits.isascii() and digits.isdigit()) or len(set(digits)) == 1:
        return None
    remainder = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    check = (11 - remainder) % 11
    return digits if check == int(digits[9]) else None


_PLACEHOLDER_PHONES = frozenset({"+441234567890", "+441234567891", "+447123456789", "+447123456780", "+442012345678"})
_PHONE_REPAIRS = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "B": "8"})


@lru_cache(maxsize=8192)
def _read_phone(digits: str) -> tuple[str, bool] | None:
    """E.164 and whether the number is in a range that is in use; None when its length is not a phone number's."""
    try:
        number = phonenumbers.parse(digits, "GB")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = str(number.national_number)
    if number.country_code == 44:
        full_length = len(national) == 10 or (len(national) == 9 and national[0] in "18")
        if not full_length or national[0] in "046":
            return None
    if len(set(national[2:])) <= 1 or written in _PLACEHOLDER_PHONES:
        return None
    return written, phonenumbers.is_valid_number(number)


def tidy_phone(text: str) -> str | None:
    """A phone number in E.164, read as a British one unless it says otherwise; None when there is none.

    The first of several is taken. A number of the right length is accepted although its range may not be in use yet.
    A number with letters in it (``07i659419262``) is repaired, by leaving the letter out or by the digit it looks
    like, only when exactly one repair gives a number in use. 01234 567890 and the like are placeholders: None.
    """
    line = clean(text, 80)
    for part in re.split(r"[/;,|]|\bor\b|\band\b|\b(?:ext|extn|x)\b\.?", line, flags=re.IGNORECASE):
        found = _phone_in(part)
        if found is not None:
            return found
    return None


def _phone_in(part: str) -> str | None:
    upper = part.upper().replace("(0)", "")
    run = re.search(r"\+?[0-9A-Z(][0-9A-Z ().\-]{5,}", re.sub(r"\b[A-Z]{3,}\b|\b(?:TEL|MOB|NO)\b[.:]?", " ", upper))
    if run is None:
        return None
    written = re.sub(r"[ ().\-]", "", run.group())
    if not written.isascii():
        return None
    letters = sum(letter.isalpha() for letter in written)
    if letters == 0:
        read = _read_phone(written)
        return read[0] if read else None
    if letters > 2:
        return None
    tries = {re.sub(r"[A-Z]", "", written), written.translate(_PHONE_REPAIRS)}
    valid = {
        read[0] for attempt in tries if attempt.lstrip("+").isdigit() and (read := _read_phone(attempt)) and read[1]
    }
    return valid.pop() if len(valid) == 1 else None


def tidy_email(text: str) -> str | None:
    """An e-mail address in lower case when its form is right (``email-validator``, no look-up); else None."""
    line = clean(text, 320).strip("<>;, ").lower()
    if "@" not in line or len(line) > 254:
        return None
    try:
        return validate_email(line, check_deliverability=False).normalized.lower()
    except (EmailNotValidError, UnicodeError):
        return None
