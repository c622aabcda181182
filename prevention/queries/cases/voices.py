"""The referrals that feed a case, or did, as the reader may see them, and what they say together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    Channel,
    CurrentLocation,
    HouseholdFlag,
    ReferralReason,
    Told,
)
from prevention.models.case import ReferralLink
from prevention.models.referral import Referral
from prevention.policies.sharing import (
    NOT_AT_HOME,
    is_own,
    keeps_home_back,
    screened,
    shared_household,
    shared_location,
    shared_reasons,
    view_of_referral,
)
from prevention.queries.cases.amendments import AmendmentView, amendment_view
from prevention.queries.pages import MOST_LISTED


@dataclass(frozen=True, slots=True)
class ReferralEntry:
    """A referral that feeds the case, or did, as the reader may see it."""

    link_id: UUID
    receipt: str
    source_ref: str
    agency: str
    agency_short: str
    kind: AgencyKind
    own: bool
    channel: Channel
    received_at: datetime
    observed_at: datetime | None
    joined_at: datetime
    left_at: datetime | None
    automatic: bool
    why_joined: str
    probability: float | None
    reasons: tuple[ReferralReason, ...]
    added: tuple[ReferralReason, ...]
    narrative: str | None
    grade: str | None
    household: tuple[HouseholdFlag, ...]
    location: str
    told: Told
    agrees: Agrees
    capacity_concern: bool
    referrer: str
    team: str
    contact: str | None
    feedback_to: str | None
    withheld: tuple[str, ...]
    amendments: tuple[AmendmentView, ...]
    suspect: bool


def links_of(session: Session, case_id: UUID) -> list[ReferralLink]:
    """The case's links to referrals, open and closed, newest first, with all that an entry shows."""
    rows = session.scalars(
        select(ReferralLink)
        .where(ReferralLink.case_id == case_id)
        .options(
            joinedload(ReferralLink.referral).options(
                joinedload(Referral.agency),
                selectinload(Referral.person_records),
                selectinload(Referral.amendments),
            )
        )
        .order_by(ReferralLink.valid_from.desc(), ReferralLink.id.desc())
        .limit(MOST_LISTED)
    )
    return list(rows)


#: Where somebody is when they are not at home, in the words of ``shared_location``.
_AWAY = frozenset(
    {CurrentLocation.HOSPITAL.label, CurrentLocation.RESPITE.label, CurrentLocation.CUSTODY.label, NOT_AT_HOME}
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a referral says now, after its amendments."""

    reasons: tuple[str, ...]
    told: Told
    agrees: Agrees


def _said(referral: Referral) -> _Said:
    content = referral.current_content
    return _Said(
        reasons=tuple(content.get("reasons", referral.reasons)),
        told=Told(content.get("told", referral.told)),
        agrees=Agrees(content.get("agrees", referral.agrees)),
    )


def _visible_reasons(actor: Actor, referral: Referral) -> tuple[ReferralReason, ...]:
    author = actor.agency_kind if is_own(actor, referral) else None
    return shared_reasons(actor, _said(referral).reasons, author=author)


def cautions(actor: Actor, feeding: Iterable[Referral]) -> tuple[str, ...]:
    """What the four separate things of domain.md 1.9 mean for whoever rings or knocks, and whether anybody is in."""
    found: list[str] = []
    for referral in feeding:
        said = _said(referral)
        if said.told is Told.NO_UNSAFE:
            found.append("It is not safe to tell the resident about the referral")
        if said.agrees is Agrees.NO:
            found.append("The resident said no to being contacted")
        where = shared_location(actor, referral)
        if where in _AWAY:
            found.append(where if where == NOT_AT_HOME else f"{where}, not at home")
    return tuple(dict.fromkeys(found))


def reasons_given(actor: Actor, feeding: Iterable[Referral]) -> tuple[ReferralReason, ...]:
    """Every reason the reader may know, once, in the order of the code list."""
    seen = {reason for referral in feeding for reason in _visible_reasons(actor, referral)}
    return tuple(reason for reason in ReferralReason if reason in seen)


def entries_of(actor: Actor, links: Iterable[ReferralLink], *, hide_address: bool) -> tuple[ReferralEntry, ...]:
    """The referrals in the order of ``links``, newest first, each with what it added to those that come before it here.

    Measured against what the reader may see of those: against everything, what it did *not* add would tell which
    reasons another agency had given already (domain.md 4.4).
    """
    entries: list[ReferralEntry] = []
    told: list[tuple[ReferralLink, tuple[ReferralReason, ...]]] = []
    for link in sorted(links, key=lambda one: (one.valid_from, one.id)):
        seen = _visible_reasons(actor, link.referral)
        known = {
            reason
            for before, reasons in told
            if before.valid_to is None or before.valid_to > link.valid_from
            for reason in reasons
        }
        told.append((link, seen))
        added = tuple(reason for reason in seen if reason not in known)
        entries.append(_entry(actor, link, added, hide_address=hide_address or keeps_home_back(link.referral)))
    return tuple(reversed(entries))


def _entry(actor: Actor, link: ReferralLink, added: tuple[ReferralReason, ...], *, hide_address: bool) -> ReferralEntry:
    referral = link.referral
    view = view_of_referral(actor, referral, recipient_id=link.case.owner_agency_id)
    own = is_own(actor, referral)
    said = _said(referral)
    return ReferralEntry(
        link_id=link.id,
        receipt=referral.receipt,
        source_ref=screened(referral.sender_reference, link.case.premises) if own else "",
        agency=referral.agency.name,
        agency_short=referral.agency.short_name,
        kind=referral.agency.kind,
        own=own,
        channel=referral.channel,
        received_at=referral.received_at,
        observed_at=referral.concern_observed_at,
        joined_at=link.valid_from,
        left_at=link.valid_to,
        automatic=link.automatic,
        why_joined=link.reason,
        probability=link.probability,
        reasons=view.reasons,
        added=added,
        narrative=screened(view.narrative, link.case.premises) if view.narrative else view.narrative,
        grade=view.grade,
        household=shared_household(actor, referral),
        location=shared_location(actor, referral),
        told=said.told,
        agrees=said.agrees,
        capacity_concern=own and referral.capacity_concern is CapacityConcern.YES,
        referrer=referral.referrer_name if own else "",
        team=referral.referrer_team,
        contact=referral.referrer_contact if own else None,
        feedback_to=referral.feedback_to if own else None,
        withheld=view.withheld,
        amendments=tuple(
            amendment_view(
                actor,
                referral,
                amendment,
                home=link.case.premises,
                hide_address=hide_address,
                readable=view.narrative is not None,
            )
            for amendment in referral.amendments
        ),
        suspect=own and bool(referral.current_content.get("suspect", referral.suspect)),
    )
