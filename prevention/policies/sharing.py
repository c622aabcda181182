"""What one agency may know of what another said, field by field (domain.md 4.4).

An agency always sees what it said itself. Of another agency's referral on a shared case it sees the name,
address and contact details, the reasons its kind of service may know, and the instructions that keep its
crews safe; the narrative only as the recipient, and never crime detail or the sender's own grade.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import CRIME_REASONS, HEALTH_REASONS, ContactConstraint, ReferralReason
from prevention.models.referral import Referral, ReferralAmendment

_HEALTH_KINDS = frozenset({AgencyKind.FIRE, AgencyKind.AMBULANCE})
#: Threats of arson are a fire risk as much as a crime: fire and police both need them.
_ARSON = frozenset({ReferralReason.ARSON_THREAT, ReferralReason.FIRESETTING})


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

    Health reasons go between fire and ambulance only. Crime reasons stay with the police. What the actor's
    own kind of agency said is always theirs to see (``author``).
    """
    given = {ReferralReason(code) for code in codes}
    kind = actor.agency_kind
    if actor.is_system or (author is not None and author is kind):
        hidden: frozenset[ReferralReason] = frozenset()
    else:
        hidden = frozenset()
        if kind not in _HEALTH_KINDS:
            hidden |= HEALTH_REASONS
        if kind is not AgencyKind.POLICE:
            hidden |= CRIME_REASONS
        hidden -= _ARSON
    return tuple(reason for reason in ReferralReason if reason in given and reason not in hidden)


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
    contents = [referral.content, *(amendment.content for amendment in referral.amendments)]
    said = {ReferralReason(code) for content in contents for code in content.get("reasons", ())}
    said |= {ReferralReason(code) for code in referral.reasons}
    if names_a_suspect(referral) or said & CRIME_REASONS:
        return False
    return actor.agency_kind in _HEALTH_KINDS or not (said & HEALTH_REASONS)


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


def crew_instructions(codes: Iterable[str]) -> tuple[ContactConstraint, ...]:
    """Instructions such as "do not leave a card": everyone who may visit needs them, whoever gave them."""
    given = set(codes)
    return tuple(constraint for constraint in ContactConstraint if constraint.value in given)
