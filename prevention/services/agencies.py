"""Agencies and their teams, as administrators change them. Exactly one team of an agency takes in new cases."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from prevention.domain.agency import AgencyKind, TeamKind
from prevention.domain.risk_rules import DEFAULT_PACK, available_packs
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.agency import Agency, Area, Team
from prevention.models.audit import AuditTag
from prevention.policies.agencies import may_add_partner, may_administer_agency, may_administer_team, may_stop_agency
from prevention.queries.agencies import open_work_of_agency, open_work_of_team
from prevention.services.work import Work

_TAKEN = {
    "uq_agencies_name": ("name", "An agency already has this name"),
    "uq_agencies_code": ("code", "An agency already has this code"),
    "uq_teams_agency_id_name": ("name", "A team of this agency already has this name"),
}


@dataclass(frozen=True, slots=True)
class AgencyDetails:
    """An agency as an administrator types it. ``rule_pack`` is a code of ``risk_rules.available_packs``."""

    name: str
    short_name: str
    mailbox: str
    rule_pack: str = DEFAULT_PACK


@dataclass(frozen=True, slots=True)
class TeamDetails:
    """A team as an administrator types it. ``area_codes`` are ONS codes of boroughs and wards."""

    name: str
    kind: TeamKind
    mailbox: str
    area_codes: tuple[str, ...] = ()
    is_intake_desk: bool = False


def create_agency(work: Work, *, code: str, kind: AgencyKind, details: AgencyDetails, desk_name: str) -> Agency:
    """Make an agency of any kind with its intake desk, for an operator at the command line.

    Raises:
        NotAllowed: the actor is not an operator, and the agency not a partner a service may add.
        Invalid: the code or name is taken, or the code has other letters than a to z, 0 to 9 and ``-``.
    """
    may_add_partner(work.actor).require()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", code):
        raise Invalid({"code": "Use up to 40 small letters, numbers and hyphens, starting with a letter or number"})
    _check_pack(details.rule_pack)
    agency = Agency(
        code=code,
        name=details.name,
        short_name=details.short_name,
        kind=kind,
        mailbox=details.mailbox,
        rule_pack=details.rule_pack,
    )
    agency.teams.append(Team(name=desk_name, kind=TeamKind.DESK, mailbox=details.mailbox, is_intake_desk=True))
    work.session.add(agency)
    _flush(work)
    work.record(AuditTag.AGENCY_SAVED, agency, change="added")
    work.record(AuditTag.TEAM_SAVED, agency.teams[0], change="added")
    return agency


def add_partner(work: Work, details: AgencyDetails) -> Agency:
    """Add a partner organisation with a desk of its own; its code is made from its name.

    Raises:
        NotAllowed: the actor is not an administrator of one of the three services.
        Invalid: the name is taken.
    """
    may_add_partner(work.actor).require()
    stem = re.sub(r"[^a-z0-9]+", "-", details.name.lower()).strip("-")[:32] or "partner"
    taken = set(work.session.scalars(select(Agency.code).where(Agency.code.startswith(stem))))
    code = next(c for c in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if c not in taken)
    return create_agency(work, code=code, kind=AgencyKind.PARTNER, details=details, desk_name="Desk")


def save_agency(work: Work, agency_id: UUID, details: AgencyDetails, *, version: int) -> Agency:
    """Change an agency. A new rule pack counts from the next assessment; what was assessed stays as it is.

    Raises:
        NotFound: there is no such agency the actor may administer.
        Conflict: it was changed since ``version``.
        Invalid: the name is taken, or there is no such rule pack.
    """
    agency = _locked_agency(work, agency_id)
    if agency.version_id != version:
        raise Conflict("Somebody else changed this agency while you were working on it.")
    _check_pack(details.rule_pack)
    agency.name, agency.short_name = details.name, details.short_name
    agency.mailbox, agency.rule_pack = details.mailbox, details.rule_pack
    _flush(work)
    work.record(AuditTag.AGENCY_SAVED, agency, change="saved", rule_pack=agency.rule_pack)
    return agency


def stop_agency(work: Work, agency_id: UUID) -> Agency:
    """Stop working with a partner: nobody of it can sign in any more. Stopped already: nothing changes.

    Raises:
        NotFound: there is no such agency the actor may administer.
        NotAllowed: it is one of the three services.
        Conflict: it still owns open work.
    """
    agency = _locked_agency(work, agency_id)
    may_stop_agency(work.actor, agency).require()
    if agency.active:
        left = open_work_of_agency(work.session, agency.id)
        if left.total:
            raise Conflict(f"{agency.name} still has {left.words}. Give them to another agency first.")
        agency.active = False
        work.record(AuditTag.AGENCY_SAVED, agency, change="stopped")
    return agency


def resume_agency(work: Work, agency_id: UUID) -> Agency:
    """Work with a partner again: its active users can sign in. Not stopped: nothing changes.

    Raises:
        NotFound: there is no such agency the actor may administer.
        NotAllowed: it is one of the three services.
    """
    agency = _locked_agency(work, agency_id)
    may_stop_agency(work.actor, agency).require()
    if not agency.active:
        agency.active = True
        work.record(AuditTag.AGENCY_SAVED, agency, change="resumed")
    return agency


def add_team(work: Work, agency_id: UUID, details: TeamDetails) -> Team:
    """Add a team to an agency. As intake desk it takes over from the present one.

    Raises:
        NotFound: there is no such agency the actor may administer.
        Invalid: a team of the agency has that name, or an area is not known.
    """
    agency = _locked_agency(work, agency_id)
    if details.is_intake_desk:
        _clear_intake_desk(work, agency_id)
    team = Team(
        agency=agency,
        name=details.name,
        kind=details.kind,
        mailbox=details.mailbox,
        is_intake_desk=details.is_intake_desk,
        areas=_areas(work, details.area_codes),
    )
    work.session.add(team)
    _flush(work)
    work.record(AuditTag.TEAM_SAVED, team, change="added")
    return team


def save_team(work: Work, team_id: UUID, details: TeamDetails, *, version: int) -> Team:
    """Change a team. As intake desk it takes over from the present one.

    Raises:
        NotFound: there is no such team the actor may administer.
        Conflict: it was changed since ``version``.
        Invalid: a team of the agency has that name, an area is not known, or the agency would have no intake desk.
    """
    team = _locked_team(work, team_id)
    if team.version_id != version:
        raise Conflict("Somebody else changed this team while you were working on it.")
    if team.is_intake_desk and not details.is_intake_desk:
        raise Invalid({"is_intake_desk": "The agency needs an intake desk. Make another team the desk instead"})
    if details.is_intake_desk and not team.active:
        raise Invalid({"is_intake_desk": "This team is not active. Bring it back first"})
    if details.is_intake_desk and not team.is_intake_desk:
        _clear_intake_desk(work, team.agency_id)
    team.name, team.kind, team.mailbox = details.name, details.kind, details.mailbox
    team.is_intake_desk = details.is_intake_desk
    team.areas = _areas(work, details.area_codes)
    flag_modified(team, "name")  # a change of areas alone makes other copies of the form stale too
    _flush(work)
    work.record(AuditTag.TEAM_SAVED, team, change="saved")
    return team


def deactivate_team(work: Work, team_id: UUID) -> Team:
    """Give a team no new work and no new members. Inactive already: nothing changes.

    Raises:
        NotFound: there is no such team the actor may administer.
        Conflict: it takes in the new cases, somebody works in it, or open work is its.
    """
    team = _locked_team(work, team_id)
    if not team.active:
        return team
    if team.is_intake_desk:
        raise Conflict(f"{team.name} takes in new cases. Make another team the intake desk first.")
    left = open_work_of_team(work.session, team.id)
    if left.total:
        raise Conflict(f"{team.name} still has {left.words}. Give them to another team first.")
    team.active = False
    work.record(AuditTag.TEAM_SAVED, team, change="deactivated")
    return team


def reactivate_team(work: Work, team_id: UUID) -> Team:
    """Bring a team back. Active already: nothing changes.

    Raises:
        NotFound: there is no such team the actor may administer.
    """
    team = _locked_team(work, team_id)
    if not team.active:
        team.active = True
        work.record(AuditTag.TEAM_SAVED, team, change="reactivated")
    return team


def _locked_agency(work: Work, agency_id: UUID) -> Agency:
    agency = work.session.get(Agency, agency_id, with_for_update=True)
    if agency is None:
        raise NotFound
    may_administer_agency(work.actor, agency).require()
    return agency


def _locked_team(work: Work, team_id: UUID) -> Team:
    """The team, its agency's row locked first: changes of one agency's desk wait for each other."""
    team = work.session.get(Team, team_id)
    if team is None:
        raise NotFound
    may_administer_team(work.actor, team).require()
    work.session.get(Agency, team.agency_id, with_for_update=True)
    return work.session.scalars(
        select(Team)
        .where(Team.id == team_id)
        .options(selectinload(Team.areas))
        .with_for_update(of=Team)
        .execution_options(populate_existing=True)
    ).one()


def _clear_intake_desk(work: Work, agency_id: UUID) -> None:
    for desk in work.session.scalars(select(Team).where(Team.agency_id == agency_id, Team.is_intake_desk)):
        desk.is_intake_desk = False
        work.record(AuditTag.TEAM_SAVED, desk, change="desk_moved")
    work.session.flush()  # the database allows one desk, so the old one gives way first


def _areas(work: Work, codes: tuple[str, ...]) -> list[Area]:
    """The areas of these codes, which nobody removes before this work has ended."""
    wanted = select(Area).where(Area.code.in_(codes)).order_by(Area.name, Area.code)
    found = list(work.session.scalars(wanted.with_for_update(read=True, key_share=True)))
    if len(found) != len(set(codes)):
        raise Invalid({"areas": "The list has changed meanwhile. Choose from it again"})
    return found


def _check_pack(code: str) -> None:
    if code not in available_packs():
        raise Invalid({"rule_pack": "Choose one of the rule packs"})


def _flush(work: Work) -> None:
    """Write now, so that a taken name is told beside its field."""
    try:
        work.session.flush()
    except IntegrityError as broken:
        for constraint, (field, words) in _TAKEN.items():
            if constraint in str(broken.orig):
                raise Invalid({field: words}) from broken
        raise
