"""What one agency may know of what another said, field by field (domain.md 4.4).

An agency always sees what it said itself. Of another agency's referral on a shared case it sees the name,
address and contact details, the reasons its kind of service may know, and the instructions that keep its
crews safe; the narrative only as the recipient, and never crime detail or the sender's own grade.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.case import HoldReason
from prevention.domain.referral import (
    CRIME_REASONS,
    HEALTH_REASONS,
    ContactConstraint,
    CurrentLocation,
    HouseholdFlag,
    ReferralReason,
)
from prevention.domain.risk_rules import Circumstance
from prevention.domain.visit import VisitOutcome
from prevention.domain.withheld_words import mask_addresses
from prevention.models.premises import Premises
from prevention.models.referral import Referral, ReferralAmendment

_HEALTH_KINDS = frozenset({AgencyKind.FIRE, AgencyKind.AMBULANCE})
#: Codes that say something of a person's health or what they can do, besides the reasons: where they are, whom they
#: live with, why a visit waits or did not happen, what was found. That they could not get out alone is safety: shared.
_HEALTH: frozenset[StrEnum] = frozenset(
    {
        Circumstance.WALKING_AID,
        Circumstance.WALKING_AID_UNAWARE,
        Circumstance.NEEDS_HELP_TO_MOVE,
        Circumstance.BED_BOUND,
        Circumstance.NO_SUPPORT_CONCERNS,
        Circumstance.NO_SUPPORT_SIGNIFICANT,
        Circumstance.MEALS_BY_OTHERS,
        Circumstance.COOKS_HEALTH_AFFECTS,
        HouseholdFlag.DISABLED,
        HouseholdFlag.CARER_PRESENT,
        CurrentLocation.HOSPITAL,
        CurrentLocation.RESPITE,
        HoldReason.IN_HOSPITAL,
        VisitOutcome.HOSPITAL_OR_RESPITE,
        *HEALTH_REASONS,
    }
)
_CRIME: frozenset[StrEnum] = frozenset({CurrentLocation.CUSTODY, *CRIME_REASONS})
#: Said instead of where somebody is: nobody need know why a home is empty, but no crew should go there for nothing.
NOT_AT_HOME = "Not at home now"


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A referral as one actor may see it. ``withheld`` says in words what is held back, never what it was."""

    reasons: tuple[ReferralReason, ...]
    narrative: str | None
    grade: str | None
    nhs_number_visible: bool
    withheld: tuple[str, ...]


def is_own(actor: Actor, referral: Referral) -> bool:
    """Whether the actor's own agency made the referral."""
    return actor.is_system or actor.agency_id == referral.agency_id


def shared_reasons(actor: Actor, codes: Iterable[str], author: AgencyKind | None = None) -> tuple[ReferralReason, ...]:
    """Of ``codes``, those the actor's kind of agency may know, in the order of the code list.

    What the actor's own kind of agency said is always theirs to see (``author``).
    """
    given = {ReferralReason(code) for code in codes}
    own = author is not None and author is actor.agency_kind
    return tuple(reason for reason in ReferralReason if reason in given and may_know(actor, reason, own=own))


def may_know(actor: Actor, code: StrEnum, *, own: bool = False) -> bool:
    """Whether the actor's kind of agency may know what ``code`` tells of somebody's health, or of a crime.

    Health is fire's and ambulance's; crime is the police's. ``own``: the actor's own agency said it, so it knows.
    Arson is a fire risk as much as a crime, and is in neither list.
    """
    if own or actor.is_system:
        return True
    if code in _HEALTH:
        return actor.agency_kind in _HEALTH_KINDS
    return code not in _CRIME or actor.agency_kind is AgencyKind.POLICE


def shared_household(actor: Actor, referral: Referral) -> tuple[HouseholdFlag, ...]:
    """What ``referral`` says now of who lives in the home, as far as the actor may know it."""
    said = referral.current_content.get("household_flags", referral.household_flags)
    own = is_own(actor, referral)
    return tuple(flag for flag in HouseholdFlag if flag.value in said and may_know(actor, flag, own=own))


def shared_location(actor: Actor, referral: Referral) -> str:
    """Where ``referral`` says the person is, in words; empty when it does not. What is withheld is "not at home"."""
    where = CurrentLocation(referral.current_content.get("current_location", referral.current_location))
    if where is CurrentLocation.UNKNOWN:
        return ""
    return where.label if may_know(actor, where, own=is_own(actor, referral)) else NOT_AT_HOME


def view_of_referral(actor: Actor, referral: Referral, *, recipient_id: UUID | None = None) -> ReferralView:
    """What the actor may see of ``referral`` on a case they may see.

    ``recipient_id`` is the agency that owns the case: the referral was sent to it, so it reads what the sender wrote,
    unless that speaks of crime or of a suspect, or of health and goes to neither fire nor ambulance (domain.md 4.4).
    """
    said = referral.current_content.get("reasons", referral.reasons)
    if is_own(actor, referral):
        return ReferralView(
            reasons=shared_reasons(actor, said, actor.agency_kind),
            narrative=referral.narrative,
            grade=referral.source_grade or None,
            nhs_number_visible=True,
            withheld=(),
        )
    reasons = shared_reasons(actor, said)
    readable = actor.agency_id == recipient_id and actor.agency_id is not None and _may_read_narrative(actor, referral)
    withheld = [] if readable else ["What they wrote"]
    if len(reasons) < len(set(said)):
        withheld.append("Some reasons")
    lives_there = referral.current_content.get("household_flags", referral.household_flags)
    if len(shared_household(actor, referral)) < len(set(lives_there)):
        withheld.append("Some of who lives there")
    if shared_location(actor, referral) == NOT_AT_HOME:
        withheld.append("Where they are")
    if not may_know_person(actor, referral):
        withheld.append("Whom they name")
    if referral.source_grade:
        withheld.append("Their own grade")
    return ReferralView(
        reasons=reasons,
        narrative=referral.narrative if readable else None,
        grade=None,
        nhs_number_visible=actor.agency_kind is AgencyKind.AMBULANCE and may_know_person(actor, referral),
        withheld=tuple(withheld),
    )


def _may_read_narrative(actor: Actor, referral: Referral) -> bool:
    """Whether the recipient may read the sender's own words. Codes stand for what free text may hold.

    What the referral ever said counts: an amendment that names a crime makes the words before it no safer.
    """
    said = _ever_said(referral)
    if names_a_suspect(referral) or said & _CRIME:
        return False
    return actor.agency_kind in _HEALTH_KINDS or not said & _HEALTH


def _ever_said(referral: Referral) -> set[StrEnum]:
    """Every code of a reason, of who lives there and of where they are that the referral holds, or held."""
    codes: set[StrEnum] = {ReferralReason(code) for code in referral.reasons}
    for content in (referral.content, *(amendment.content for amendment in referral.amendments)):
        codes |= {ReferralReason(code) for code in content.get("reasons", ())}
        codes |= {HouseholdFlag(code) for code in content.get("household_flags", ())}
        codes.add(CurrentLocation(content.get("current_location", CurrentLocation.UNKNOWN)))
    return codes


def may_know_person(actor: Actor, referral: Referral) -> bool:
    """Whether the actor may know whom ``referral`` names. Another agency's suspect is not even named (domain.md 4.4).

    What the referral ever said counts, as for its narrative.
    """
    return is_own(actor, referral) or not names_a_suspect(referral)


def names_a_suspect(referral: Referral) -> bool:
    """Whether the referral says, or ever said, that the person it names is a suspect."""
    contents = (referral.content, *(amendment.content for amendment in referral.amendments))
    return referral.suspect or any(content.get("suspect") for content in contents)


def no_suspect_named() -> ColumnElement[bool]:
    """The opposite of ``names_a_suspect``, as a condition on ``Referral``."""
    amended_to_suspect = (
        exists()
        .where(ReferralAmendment.referral_id == Referral.id, ReferralAmendment.content["suspect"].as_boolean())
        .correlate(Referral)
    )
    return and_(Referral.suspect.is_(False), ~amended_to_suspect)


def keeps_home_back(referral: Referral) -> bool:
    """Whether the referral says, or ever said, that its address is confidential: saying so is never taken back."""
    contents = (referral.content, *(amendment.content for amendment in referral.amendments))
    return any(content.get("confidential_address") for content in contents)


def crew_instructions(codes: Iterable[str]) -> tuple[ContactConstraint, ...]:
    """Instructions such as "do not leave a card": everyone who may visit needs them, whoever gave them."""
    given = set(codes)
    return tuple(constraint for constraint in ContactConstraint if constraint.value in given)


def screened(text: str, *homes: Premises, hidden: bool = False) -> str:
    """What somebody wrote, with every address masked where one of the homes it is about is confidential, or ``hidden``.

    For everybody: whoever may reveal the address reads it where that is recorded, not in what was written.
    """
    if not text or not (hidden or any(home.confidential for home in homes)):
        return text
    return mask_addresses(text, _words_of(homes))


#: Fields of a referral's content that hold a writer's own words.
_WRITTEN = frozenset({"narrative", "location_detail", "told_detail", "other_agencies_told"})


def screened_content(content: Mapping[str, Any], home: Premises, *, hidden: bool) -> dict[str, Any]:
    """A referral's content with what was written in it ``screened``. Names stay: one of them may be "Lane"."""
    return {field: _screened_field(field, value, home, hidden=hidden) for field, value in content.items()}


def screened_changes(
    changes: Mapping[str, Mapping[str, Any]], home: Premises, *, hidden: bool
) -> dict[str, dict[str, Any]]:
    """What an amendment changes, from what to what, with what was written ``screened``."""
    return {
        field: {side: _screened_field(field, value, home, hidden=hidden) for side, value in change.items()}
        for field, change in changes.items()
    }


def screened_record(record: Any, *homes: Premises) -> Any:
    """A visit's record, as it is stored, with every text in it ``screened``; codes are no addresses and stay."""
    if isinstance(record, str):
        return screened(record, *homes)
    if isinstance(record, Mapping):
        return {key: screened_record(value, *homes) for key, value in record.items()}
    return [screened_record(each, *homes) for each in record] if isinstance(record, list) else record


def _screened_field(field: str, value: Any, home: Premises, *, hidden: bool) -> Any:
    return screened(value, home, hidden=hidden) if field in _WRITTEN and isinstance(value, str) else value


def _words_of(homes: Iterable[Premises]) -> set[str]:
    """The words that tell where the homes are; a bare number tells nothing, and a locality or town too little."""
    words: set[str] = set()
    for home in homes:
        words |= {home.street, home.building, home.postcode or "", home.uprn or ""}
        if not home.street:
            words |= {part for part in home.address_text.split(",") if any(letter.isalpha() for letter in part)}
    return words
