"""The demonstration's agencies, stations and people: invented names, published passwords, loopback only."""

import csv
from dataclasses import dataclass
from io import StringIO

from sqlalchemy import select

from prevention.demonstration.generator import wards
from prevention.domain.account import DEMONSTRATION_DOMAIN, Role
from prevention.domain.agency import AgencyKind, TeamKind
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Area, Team
from prevention.services.accounts.passwords import hash_password, temporary_password
from prevention.services.wards import load_wards
from prevention.services.work import Work

PASSWORD = "visit the home"  # noqa: S105 - published on purpose; demonstration mode listens on loopback only


@dataclass(frozen=True, slots=True)
class DemonstrationTeam:
    """A team and what it covers: boroughs by name, invented wards by code."""

    name: str
    kind: TeamKind
    boroughs: tuple[str, ...] = ()
    wards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemonstrationAgency:
    """An agency, its teams (the first is the intake desk) and the domain of its mailboxes."""

    code: str
    name: str
    short_name: str
    kind: AgencyKind
    teams: tuple[DemonstrationTeam, ...]


@dataclass(frozen=True, slots=True)
class DemonstrationUser:
    """Somebody to sign in as."""

    login: str
    name: str
    agency: str
    role: Role
    team: str = ""
    try_this: str = ""

    @property
    def email(self) -> str:
        """The address to sign in with."""
        return f"{self.login}@{DEMONSTRATION_DOMAIN}"


AGENCIES = (
    DemonstrationAgency(
        "lfb",
        "London Fire Brigade",
        "LFB",
        AgencyKind.FIRE,
        (
            DemonstrationTeam("Prevention desk", TeamKind.DESK),
            DemonstrationTeam("Fire safety advisors", TeamKind.SPECIALIST),
            DemonstrationTeam("Brixton", TeamKind.STATION, ("Lambeth",)),
            DemonstrationTeam("Croydon", TeamKind.STATION, ("Croydon", "Sutton")),
            DemonstrationTeam("Poplar", TeamKind.STATION, ("Tower Hamlets", "City of London")),
            DemonstrationTeam("Stratford", TeamKind.STATION, ("Newham", "Waltham Forest")),
            DemonstrationTeam("Tottenham", TeamKind.STATION, ("Haringey", "Enfield")),
            DemonstrationTeam("Holloway", TeamKind.STATION, ("Islington", "Camden")),
            DemonstrationTeam("Wembley", TeamKind.STATION, ("Brent", "Harrow")),
            DemonstrationTeam("Hayes", TeamKind.STATION, ("Hillingdon", "Hounslow", "Ealing")),
            DemonstrationTeam("Lewisham", TeamKind.STATION, ("Lewisham", "Greenwich", "Southwark")),
            DemonstrationTeam("Bromley", TeamKind.STATION, ("Bromley", "Bexley")),
            DemonstrationTeam("Romford", TeamKind.STATION, ("Havering", "Barking and Dagenham", "Redbridge")),
            DemonstrationTeam("Hackney", TeamKind.STATION, ("Hackney",)),
            DemonstrationTeam("Finchley", TeamKind.STATION, ("Barnet",)),
            DemonstrationTeam(
                "Wimbledon", TeamKind.STATION, ("Merton", "Wandsworth", "Kingston upon Thames", "Richmond upon Thames")
            ),
            DemonstrationTeam(
                "Paddington", TeamKind.STATION, ("Westminster", "Kensington and Chelsea", "Hammersmith and Fulham")
            ),
        ),
    ),
    DemonstrationAgency(
        "las",
        "London Ambulance Service",
        "LAS",
        AgencyKind.AMBULANCE,
        (
            DemonstrationTeam("Safeguarding desk", TeamKind.DESK),
            DemonstrationTeam("Oval ambulance station", TeamKind.STATION, ("Lambeth", "Southwark")),
        ),
    ),
    DemonstrationAgency(
        "mps",
        "Metropolitan Police Service",
        "MPS",
        AgencyKind.POLICE,
        (
            DemonstrationTeam("Public protection desk", TeamKind.DESK),
            DemonstrationTeam(
                "Central South neighbourhood team",
                TeamKind.WARD_TEAM,
                wards=("E05999221", "E05999222", "E05999223", "E05999224", "E05999281", "E05999282", "E05999283"),
            ),
        ),
    ),
    DemonstrationAgency(
        "housing",
        "Riverside Homes",
        "Riverside",
        AgencyKind.PARTNER,
        (DemonstrationTeam("Tenancy support", TeamKind.DESK),),
    ),
)

USERS = (
    DemonstrationUser(
        "fire.coordinator",
        "Ana Whitlock",
        "lfb",
        Role.COORDINATOR,
        "Prevention desk",
        "triage the queue, assign, settle likely duplicates",
    ),
    DemonstrationUser(
        "fire.officer",
        "Sam Okafor",
        "lfb",
        Role.FIELD_OFFICER,
        "Brixton",
        "record a visit on a phone-sized screen",
    ),
    DemonstrationUser("fire.supervisor", "Grace Lindqvist", "lfb", Role.SUPERVISOR, "Prevention desk"),
    DemonstrationUser("fire.admin", "Tom Achterberg", "lfb", Role.ADMINISTRATOR, "", "manage teams and users"),
    DemonstrationUser(
        "paramedic",
        "Priya Nair",
        "las",
        Role.FIELD_OFFICER,
        "Oval ambulance station",
        "refer a home in 90 seconds, then see what came of it",
    ),
    DemonstrationUser("ambulance.coordinator", "Joe Farrell", "las", Role.COORDINATOR, "Safeguarding desk"),
    DemonstrationUser("police.officer", "Dev Marlowe", "mps", Role.FIELD_OFFICER, "Central South neighbourhood team"),
    DemonstrationUser("police.coordinator", "Ruth Adeyemi", "mps", Role.COORDINATOR, "Public protection desk"),
    DemonstrationUser("partner", "Lena Novak", "housing", Role.PARTNER_REFERRER, "Tenancy support"),
)

#: One crew commander per fire station, so that visits have somebody to record them. They never sign in.
CREWS = (
    ("Croydon", "Iris Bello"),
    ("Poplar", "Karim Aziz"),
    ("Stratford", "Moira Flynn"),
    ("Tottenham", "Owen Pryce"),
    ("Holloway", "Leila Haddad"),
    ("Wembley", "Raj Mistry"),
    ("Hayes", "Nadia Kowal"),
    ("Lewisham", "Femi Adu"),
    ("Bromley", "Clare Whitby"),
    ("Romford", "Pete Sandell"),
    ("Hackney", "Zoe Castellan"),
    ("Finchley", "Hugo Brandt"),
    ("Wimbledon", "Anita Rowe"),
    ("Paddington", "Colm Deasy"),
)


def announcement() -> str:
    """What to print once the demonstration runs: accounts, the password, what to try."""
    width = max(len(user.email) for user in USERS)
    lines = [f"Sign in with the password “{PASSWORD}” as:"]
    lines += [
        f"  {user.email:<{width}}  {user.role.label}, {_agency_name(user.agency)}"
        + (f": {user.try_this}" if user.try_this else "")
        for user in USERS
    ]
    return "\n".join(lines)


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


def _agency_name(code: str) -> str:
    return next(agency.name for agency in AGENCIES if agency.code == code)
