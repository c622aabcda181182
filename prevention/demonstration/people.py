"""The demonstration's agencies, stations and people: invented names, published passwords, loopback only.

Plain tables: the supervisor prints them without loading the product.
"""

from dataclasses import dataclass

from prevention.domain.account import DEMONSTRATION_DOMAIN, Role
from prevention.domain.agency import AgencyKind, TeamKind

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


def accounts() -> str:
    """What to print once the demonstration runs: accounts, the password, what to try."""
    width = max(len(user.email) for user in USERS)
    lines = [f"Sign in with the password “{PASSWORD}” as:"]
    lines += [
        f"  {user.email:<{width}}  {user.role.label}, {_agency_name(user.agency)}"
        + (f": {user.try_this}" if user.try_this else "")
        for user in USERS
    ]
    return "\n".join(lines)


def _agency_name(code: str) -> str:
    return next(agency.name for agency in AGENCIES if agency.code == code)
