"""Makes the demonstration's agencies, stations and people in the database."""

import csv
from io import StringIO

from sqlalchemy import select

from prevention.demonstration.generator import wards
from prevention.demonstration.people import (
    AGENCIES,
    CREWS,
    PASSWORD,
    USERS,
    DemonstrationAgency,
    DemonstrationTeam,
    DemonstrationUser,
)
from prevention.domain.account import Role
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team
from prevention.services.accounts.passwords import hash_password, temporary_password
from prevention.services.wards import load_wards
from prevention.services.work import Work


def load_accounts(work: Work) -> None:
    """Make the wards, agencies, teams and users that are not there yet; what is there stays as it is."""
    if work.session.scalar(select(Area.code).where(Area.kind == "ward").limit(1)) is None:
        load_wards(work, _ward_list())
    areas = list(work.session.scalars(select(Area).order_by(Area.code)))
    for wanted in AGENCIES:
        if work.session.scalar(select(Agency).where(Agency.code == wanted.code)) is None:
            work.session.add(_agency(wanted, areas))
    work.session.flush()  # users name teams by row
    password_hash = hash_password(PASSWORD)
    for user in USERS:
        if work.session.scalar(select(User).where(User.email == user.email)) is None:
            work.session.add(_user(work, user, password_hash))
    for team, name in CREWS:
        crew = DemonstrationUser(f"crew.{team.lower()}", name, "lfb", Role.FIELD_OFFICER, team)
        if work.session.scalar(select(User).where(User.email == crew.email)) is None:
            work.session.add(_user(work, crew, hash_password(temporary_password())))


def _ward_list() -> StringIO:
    """The invented list, as a file."""
    lines = StringIO(newline="")
    csv.writer(lines).writerows([wards.COLUMNS, *wards.wards()])
    lines.seek(0)
    return lines


def _covered(team: DemonstrationTeam, areas: list[Area]) -> list[Area]:
    return [
        area for area in areas if area.code in team.wards or (area.kind == "borough" and area.name in team.boroughs)
    ]


def _agency(wanted: DemonstrationAgency, areas: list[Area]) -> Agency:
    agency = Agency(
        code=wanted.code,
        name=wanted.name,
        short_name=wanted.short_name,
        kind=wanted.kind,
        mailbox=f"prevention@{wanted.code}.example",
    )
    for position, team in enumerate(wanted.teams):
        agency.teams.append(
            Team(
                name=team.name,
                kind=team.kind,
                is_intake_desk=position == 0,
                mailbox=f"{team.name.lower().replace(' ', '-')}@{wanted.code}.example",
                areas=_covered(team, areas),
            )
        )
    return agency


def _user(work: Work, wanted: DemonstrationUser, password_hash: str) -> User:
    agency = work.session.scalars(select(Agency).where(Agency.code == wanted.agency)).one()
    team = next((team for team in agency.teams if team.name == wanted.team), None)
    user = User(email=wanted.email, name=wanted.name, password_hash=password_hash)
    user.memberships.append(Membership(agency=agency, team=team, role=wanted.role))
    return user
