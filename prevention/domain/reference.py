"""References people read out over the phone: Crockford base 32, grouped, no look-alike letters."""

import re
import secrets
from enum import StrEnum

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SHAPE = re.compile(rf"^([RCVIE])([{_ALPHABET}]{{8}})$")


class ReferenceKind(StrEnum):
    """The letter a reference starts with."""

    RECEIPT = "R"
    CASE = "C"
    VISIT = "V"
    IMPORT = "I"
    OUTREACH = "E"


def new_reference(kind: ReferenceKind) -> str:
    """Make an unguessable reference such as ``C-4F7K-92QD`` (40 random bits)."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{kind.value}-{letters[:4]}-{letters[4:]}"


def read_reference(typed: str) -> str | None:
    """Read a typed reference whatever its case, spacing and look-alike letters; None when it is not one."""
    letters = re.sub(r"[^A-Z0-9]", "", typed.upper())
    if not letters:
        return None
    match = _SHAPE.match(letters[0] + letters[1:].translate(_LOOKALIKES))
    if match is None:
        return None
    kind, body = match.groups()
    return f"{kind}-{body[:4]}-{body[4:]}"
