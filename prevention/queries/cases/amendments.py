"""A referral's amendments as the reader may see them: each field with what it was and is, or that it is withheld."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prevention.domain.account import Actor
from prevention.models.premises import Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.policies.sharing import is_own, may_know_person, screened, shared_reasons


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field an amendment changed; both values are None when they are withheld."""

    field: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class AmendmentView:
    """An amendment as the reader may see it."""

    made_at: datetime
    by: str
    reason: str
    changes: tuple[ChangeLine, ...]
    withheld: bool


#: Fields of another agency's amendment that a shared case may show (domain.md 4.4: name, address, contact, language,
#: and what keeps a crew safe). Where somebody is, and who lives there, is shown as it is now, not as it was.
_SHARED_GROUPS = ("person.", "address.")
_SHARED_FIELDS = frozenset({"staff_safety", "contact_constraints", "told", "agrees"})
_NEVER_SHARED = frozenset({"person.nhs_number"})


def amendment_view(
    actor: Actor,
    referral: Referral,
    amendment: ReferralAmendment,
    *,
    home: Premises,
    hide_address: bool,
    readable: bool,
) -> AmendmentView:
    """The amendment narrowed to what the reader may know.

    ``home``: the case's, masked in what was written where it is confidential. ``hide_address``: what the amendment
    changed of the address is withheld. ``readable``: the reader may read the referral's narrative.
    """
    own = is_own(actor, referral)
    lines: list[ChangeLine] = []
    withheld = False
    for field, change in amendment.changes.items():
        shared = field in _SHARED_FIELDS or (field.startswith(_SHARED_GROUPS) and field not in _NEVER_SHARED)
        shown = own or shared or (readable and field == "narrative")
        if hide_address and field.startswith("address."):
            shown = False
        if field.startswith("person.") and not may_know_person(actor, referral):
            shown = False
        if field == "reasons":
            lines.append(_reason_change(actor, change, own=own))
        elif shown:
            was, now = (screened(_as_words(change.get(key)), home) for key in ("from", "to"))
            lines.append(ChangeLine(_field_words(field), was, now))
        else:
            withheld = True
    return AmendmentView(
        made_at=amendment.made_at,
        by=referral.agency.short_name,
        reason=screened(amendment.reason, home) if own else "",
        changes=tuple(lines),
        withheld=withheld,
    )


def _reason_change(actor: Actor, change: dict[str, Any], *, own: bool) -> ChangeLine:
    author = actor.agency_kind if own else None

    def words(codes: Any) -> str:
        reasons = shared_reasons(actor, codes or [], author=author)
        return ", ".join(reason.label for reason in reasons)

    return ChangeLine("Reasons", words(change.get("from")), words(change.get("to")))


def _field_words(field: str) -> str:
    return field.removeprefix("person.").removeprefix("address.").replace("_", " ").replace(".", " ").capitalize()


def _as_words(value: Any) -> str:
    if value is None or value in ("", []):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(_as_words(item) for item in value)
    text = str(value)
    return text.replace("_", " ").capitalize() if text.isupper() and "_" in text else text
