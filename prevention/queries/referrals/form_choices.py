"""What referral forms offer: addresses of a postcode, the sender's own details, agencies to speak for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from prevention.domain.account import Actor
from prevention.domain.agency import AgencyKind
from prevention.domain.gazetteer import Gazetteer
from prevention.matching.normalise.postcodes import tidy_postcode
from prevention.models.account import Membership
from prevention.models.agency import Agency
from prevention.models.outreach import Outreach, OutreachDoor
from prevention.models.premises import GazetteerAddress, Premises
from prevention.queries.coverage import agency_covers
from prevention.queries.gazetteer import LocalGazetteer


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends from a form: what is filled in for them."""

    agency_id: UUID
    agency_code: str
    agency_kind: AgencyKind
    agency_name: str
    team: str
    mailbox: str
    phone: str


def addresses_at(session: Session, postcode: str, gazetteer: Gazetteer | None = None) -> list[tuple[str, str]]:
    """(UPRN, address on one line) of every home of a postcode, in reading order; empty for what is no postcode."""
    tidied = tidy_postcode(postcode)
    if tidied is None:
        return []
    return [(known.uprn, known.line) for known in (gazetteer or LocalGazetteer(session)).by_postcode(tidied)]


def sender(session: Session, actor: Actor) -> Sender:
    """The signed-in sender's agency, team and team mailbox (the agency's where the team has none)."""
    held = session.scalars(
        select(Membership)
        .where(Membership.user_id == actor.user_id, Membership.agency_id == actor.agency_id)
        .options(joinedload(Membership.agency), joinedload(Membership.team), joinedload(Membership.user))
    ).one()
    return Sender(
        agency_id=held.agency_id,
        agency_code=held.agency.code,
        agency_kind=held.agency.kind,
        agency_name=held.agency.name,
        team=held.team.name if held.team else "",
        mailbox=(held.team.mailbox if held.team else "") or held.agency.mailbox,
        phone=held.user.phone,
    )


def active_agencies(session: Session) -> Sequence[Agency]:
    """Every active agency by name: who a coordinator may write a referral down for."""
    return session.scalars(select(Agency).where(Agency.active).order_by(Agency.name)).all()


def fire_agency_for(session: Session, uprn: str) -> Agency | None:
    """The active fire agency that covers the borough of ``uprn``, else the first by name; None: there is none.

    The borough is the gazetteer's, never guessed from a postcode (domain.md 5.2).
    """
    fire = select(Agency).where(Agency.active, Agency.kind == AgencyKind.FIRE)
    borough = select(GazetteerAddress.borough_code).where(GazetteerAddress.uprn == uprn).scalar_subquery()
    return session.scalar(fire.order_by(agency_covers(Agency.id, borough).desc(), Agency.name).limit(1))


def premises_at_door(session: Session, actor: Actor, outreach_id: UUID, door_id: UUID) -> Premises | None:
    """The home behind a door of the actor's own agency's outreach; None for any other door."""
    return session.scalar(
        select(Premises)
        .join(OutreachDoor, OutreachDoor.premises_id == Premises.id)
        .join(Outreach, Outreach.id == OutreachDoor.outreach_id)
        .where(OutreachDoor.id == door_id, Outreach.id == outreach_id, Outreach.agency_id == actor.agency_id)
    )
