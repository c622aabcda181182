"""Outreach that belongs to no referral: planning it, its list of doors, and what happened at each (domain.md 3.4)."""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy import func, select

from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import GivenAddress
from prevention.domain.visit import VisitOutcome
from prevention.domain.visit_rules import load_visit_rules
from prevention.errors import Conflict, Invalid, NotFound
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.identifiers import tidy_uprn
from prevention.matching.normalise.postcodes import tidy_postcode
from prevention.matching.normalise.text import clean
from prevention.models.agency import Team
from prevention.models.audit import AuditTag
from prevention.models.outreach import Outreach, OutreachDoor, OutreachKind, OutreachReferral
from prevention.policies.outreach import may_record_outreach, visible_outreach
from prevention.queries.gazetteer import LocalGazetteer
from prevention.services.premises import Whereabouts, place_all
from prevention.services.work import Work

#: A day's round for several crews; a longer list is a second campaign.
MOST_DOORS = 1000
MOST_ALARMS = 20
LONGEST_TEXT = 2000
KINDS_WITH_DOORS = frozenset({OutreachKind.HOT_STRIKE, OutreachKind.CAMPAIGN})

#: What stands above a column of a list.
_HEAD = re.compile(
    r"uprn|(full )?address( line)?( ?[0-9])?|post ?code|((house|flat|building|street) )?(number|name)"
    r"|flat|house|building|street|road|town|city|borough",
    re.IGNORECASE,
)
#: A UPRN as a spreadsheet writes it that takes it for a quantity: ``1.00023E+11``.
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)

#: What can happen at a door, in the order of the buttons, and the words that fit a door.
DOOR_OUTCOMES: dict[VisitOutcome, str] = {
    VisitOutcome.COMPLETED: "Spoke to someone",
    VisitOutcome.NO_ACCESS_NO_REPLY: "No reply",
    VisitOutcome.REFUSED_AT_DOOR: "Not interested",
    VisitOutcome.ALREADY_VISITED: "Visited lately",
    VisitOutcome.VACANT_OR_DEMOLISHED: "Nobody lives there",
    VisitOutcome.NO_ACCESS_UNSAFE: "Not safe",
}


@dataclass(frozen=True, slots=True)
class OutreachDetails:
    """What is said about a piece of outreach. Counts are None until they are known."""

    kind: OutreachKind
    title: str
    place: str
    held_on: date
    team_id: UUID | None = None
    incident_ref: str = ""
    audience: str = ""
    head_count: int | None = None
    leaflets: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of an address list that became no door: its number from 1, its words, and why."""

    number: int
    words: str
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a list: doors added, addresses that were on the list before, lines refused."""

    added: int
    already: int
    refused: tuple[RefusedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Knock:
    """What happened at a door."""

    outcome: VisitOutcome
    alarms_fitted: int = 0
    leaflet_left: bool = False
    note: str = ""


def create(work: Work, details: OutreachDetails) -> Outreach:
    """Write down a piece of outreach of the actor's agency.

    Raises:
        Invalid: by field of ``OutreachDetails``.
    """
    if work.actor.agency_id is None or work.actor.user_id is None:
        raise NotFound
    _check(work, details)
    outreach = Outreach(
        reference=new_reference(ReferenceKind.OUTREACH),
        agency_id=work.actor.agency_id,
        created_by=work.actor.user_id,
        created_at=work.now,
    )
    _apply(outreach, details)
    work.session.add(outreach)
    work.session.flush()  # the trail names it
    work.record(AuditTag.OUTREACH_SAVED, outreach, kind=details.kind.value)
    return outreach


def edit(work: Work, outreach_id: UUID, details: OutreachDetails, *, version: int | None = None) -> Outreach:
    """Change what is said about a piece of outreach; its kind stays what it was.

    Raises:
        NotFound: the actor may not know of it.
        Conflict: somebody changed it since the page was made.
        Invalid: by field of ``OutreachDetails``.
    """
    outreach = load_outreach(work, outreach_id)
    if version is not None and version != outreach.version_id:
        raise Conflict("Somebody changed this while you were working on it. Reload the page to see it as it is.")
    _check(work, details)
    kind = outreach.kind
    _apply(outreach, details)
    outreach.kind = kind
    work.record(AuditTag.OUTREACH_SAVED, outreach, kind=kind.value, edited=True)
    return outreach


def add_postcode(work: Work, outreach_id: UUID, postcode: str) -> Added:
    """Put every address of a postcode on the list of doors, in walking order.

    Raises:
        NotFound: the actor may not know of it.
        Invalid: ``postcode`` is none, or the gazetteer holds no address there; ``lines`` when the list is full.
    """
    outreach = _with_doors(work, outreach_id)
    tidied = tidy_postcode(postcode)
    if tidied is None:
        raise Invalid({"postcode": "Enter a full UK postcode, for example SE1 7PB"})
    known = LocalGazetteer(work.session).by_postcode(tidied)
    if not known:
        raise Invalid({"postcode": "The address list holds no home with this postcode. Paste the addresses instead"})
    return _add(work, outreach, [GivenAddress(uprn=address.uprn) for address in known], ())


def add_lines(work: Work, outreach_id: UUID, lines: Sequence[str]) -> Added:
    """Put a pasted or uploaded list on the list of doors: one UPRN or full address a line. Bad lines come back.

    Raises:
        NotFound: the actor may not know of it.
        Invalid: ``lines`` is empty or longer than a list may be.
    """
    outreach = _with_doors(work, outreach_id)
    said = [(number, clean(line)) for number, line in enumerate(lines, start=1) if clean(line)]
    if not said:
        raise Invalid({"lines": "Paste at least one UPRN or address, one a line"})
    if len(said) > MOST_DOORS:
        raise Invalid({"lines": f"A list holds up to {MOST_DOORS:,} addresses. You have {len(said):,}"})
    known = _known_uprns(work, [line for _, line in said])
    homes: list[GivenAddress] = []
    refused: list[RefusedLine] = []
    for number, line in said:
        reason = _wrong_with(line, known)
        if reason:
            refused.append(RefusedLine(number, line, reason))
        else:
            homes.append(GivenAddress(uprn=tidy_uprn(line) or "") if _is_number(line) else GivenAddress(lines=line))
    return _add(work, outreach, homes, refused)


def lines_of_file(content: bytes) -> list[str]:
    """The addresses of a CSV or text file, one a line, at the number they have there; the heads become an empty line.

    A column called UPRN wins; else the columns are joined. Commas, semicolons or tabs stand between them.

    Raises:
        Invalid: ``file`` is empty, holds no address or is no text.
    """
    text = _text_of(content)
    first, _, _ = text.lstrip().partition("\n")
    try:
        read = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
        rows = [[cell.strip() for cell in row] for row in read]
    except csv.Error:
        raise Invalid({"file": "The file could not be read as CSV"}) from None
    head = next((number for number, row in enumerate(rows) if any(row)), 0)
    if not any(_HEAD.fullmatch(cell) for cell in rows[head]):
        return [", ".join(filter(None, row)) for row in rows]
    names = [cell.casefold() for cell in rows[head]]
    uprn = names.index("uprn") if "uprn" in names else None
    below = [_uprn_or_address(row, uprn) for row in rows[head + 1 :]]
    if not any(below):
        raise Invalid({"file": "The file holds no address below its heads"})
    return [""] * (head + 1) + below


def _text_of(content: bytes) -> str:
    """The text of a file in UTF-8, in Excel's Unicode text, or else in Windows letters."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\x00" in text:
        raise Invalid({"file": "This is not a text file. Save the list as CSV and try again"})
    if not text.strip(" \t\r\n,;"):
        raise Invalid({"file": "The file is empty"})
    return text


def knock(work: Work, outreach_id: UUID, door_id: UUID, said: Knock, *, version: int | None = None) -> OutreachDoor:
    """Record what happened at a door; recording the same again changes nothing.

    Raises:
        NotFound: the actor may not know of it, or the door is not on this list.
        Conflict: somebody recorded something else at this door meanwhile.
        Invalid: ``outcome``, ``alarms_fitted`` or ``note``.
    """
    outreach = load_outreach(work, outreach_id)
    door = work.session.scalar(
        select(OutreachDoor)
        .where(OutreachDoor.id == door_id, OutreachDoor.outreach_id == outreach.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if door is None:
        raise NotFound
    before = Knock(door.outcome, door.alarms_fitted, door.leaflet_left, door.note) if door.outcome else None
    if before == said:
        return door
    if version is not None and version != door.version_id:
        raise Conflict("Somebody recorded this door meanwhile. Reload the page to see what they wrote.")
    problems = {}
    if said.outcome not in DOOR_OUTCOMES:
        problems["outcome"] = "Choose what happened at the door"
    if not 0 <= said.alarms_fitted <= MOST_ALARMS:
        problems["alarms_fitted"] = f"Enter a number from 0 to {MOST_ALARMS}"
    if len(said.note) > LONGEST_TEXT:
        problems["note"] = f"Use {LONGEST_TEXT:,} characters or fewer"
    if problems:
        raise Invalid(problems)
    door.outcome = said.outcome
    door.alarms_fitted = said.alarms_fitted
    door.leaflet_left = said.leaflet_left
    door.note = said.note
    door.knocked_at = work.now
    door.knocked_by = work.actor.user_id
    work.record(AuditTag.OUTREACH_SAVED, door, outcome=said.outcome.value, alarms=said.alarms_fitted)
    return door


def referral_made(work: Work, outreach_id: UUID, door_id: UUID | None, referral_id: UUID) -> None:
    """Note that a referral was taken there and then: on its door, or without one on the event or talk itself.

    A door's first referral stays, and doing it twice is once. What the actor may not know of is passed over.
    """
    if door_id is None:
        _referral_made_there(work, outreach_id, referral_id)
        return
    door = work.session.scalar(
        select(OutreachDoor)
        .join(Outreach, Outreach.id == OutreachDoor.outreach_id)
        .where(OutreachDoor.id == door_id, Outreach.id == outreach_id, visible_outreach(work.actor))
        .with_for_update(of=OutreachDoor)
    )
    if door is not None and door.referral_id is None:
        door.referral_id = referral_id
        work.record(AuditTag.OUTREACH_SAVED, door, referral=str(referral_id))


def _referral_made_there(work: Work, outreach_id: UUID, referral_id: UUID) -> None:
    outreach = work.session.scalar(
        select(Outreach).where(Outreach.id == outreach_id, visible_outreach(work.actor)).with_for_update()
    )
    if outreach is not None and work.session.get(OutreachReferral, referral_id) is None:
        work.session.add(OutreachReferral(referral_id=referral_id, outreach_id=outreach.id))
        work.record(AuditTag.OUTREACH_SAVED, outreach, referral=str(referral_id))


def load_outreach(work: Work, outreach_id: UUID) -> Outreach:
    """The piece of outreach, its row locked, when the actor may work on it.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    outreach = work.session.scalar(
        select(Outreach).where(Outreach.id == outreach_id).with_for_update().execution_options(populate_existing=True)
    )
    if outreach is None:
        raise NotFound
    may_record_outreach(work.actor, outreach).require()
    return outreach


def _with_doors(work: Work, outreach_id: UUID) -> Outreach:
    outreach = load_outreach(work, outreach_id)
    if outreach.kind not in KINDS_WITH_DOORS:
        raise Conflict("Events and talks have no list of doors.")
    return outreach


def _add(work: Work, outreach: Outreach, given: Sequence[GivenAddress], refused: Sequence[RefusedLine]) -> Added:
    homes = list(place_all(work, [Whereabouts(address) for address in given]))
    work.session.flush()  # new premises get their ids
    listed = set(work.session.scalars(select(OutreachDoor.premises_id).where(OutreachDoor.outreach_id == outreach.id)))
    last = work.session.scalar(select(func.max(OutreachDoor.position)).where(OutreachDoor.outreach_id == outreach.id))
    new = [home for home in dict.fromkeys(homes) if home.id not in listed]
    if len(listed) + len(new) > MOST_DOORS:
        raise Invalid({"lines": f"A list holds up to {MOST_DOORS:,} doors. Start another one for the rest"})
    work.session.add_all(
        OutreachDoor(outreach_id=outreach.id, position=position, premises_id=home.id)
        for position, home in enumerate(new, start=(last or 0) + 1)
    )
    work.record(AuditTag.OUTREACH_SAVED, outreach, doors=len(new))
    return Added(len(new), len(homes) - len(new), tuple(refused))


def _known_uprns(work: Work, lines: Sequence[str]) -> frozenset[str]:
    """Those UPRNs among the lines that the address list holds."""
    wanted = [GivenAddress(uprn=line) for line in lines if _is_number(line)]
    return frozenset(found.uprn for found in LocalGazetteer(work.session).look_up(wanted) if found)


def _wrong_with(line: str, known_uprns: frozenset[str]) -> str:
    """Why a line is no door; empty when it is one."""
    if _ROUNDED.fullmatch(line):
        return "A spreadsheet has rounded this UPRN. Make its column text and save the list again"
    return _wrong_with_uprn(line, known_uprns) if _is_number(line) else _wrong_with_address(line)


def _wrong_with_uprn(line: str, known_uprns: frozenset[str]) -> str:
    uprn = tidy_uprn(line)
    if uprn is None:
        return "A UPRN has up to 12 digits"
    return "" if uprn in known_uprns else "The address list does not hold this UPRN"


def _wrong_with_address(line: str) -> str:
    tidied = tidy_address(GivenAddress(lines=line))
    if tidied.no_fixed_abode:
        return "This is not an address with a door"
    if tidied.postcode is None:
        return "The address has no full postcode"
    if not (tidied.number or tidied.building or tidied.flat):
        return "The address has no number or name of the home"
    return ""


def _is_number(line: str) -> bool:
    return re.fullmatch(r"[0-9 ]+(\.0+)?", line) is not None


def _uprn_or_address(row: Sequence[str], uprn: int | None) -> str:
    if uprn is not None and uprn < len(row) and row[uprn]:
        return row[uprn]
    return ", ".join(cell for place, cell in enumerate(row) if cell and place != uprn)


def _check(work: Work, details: OutreachDetails) -> None:
    problems = {}
    for name, words in (("title", "Give it a name"), ("place", "Say where it is")):
        text = getattr(details, name)
        if not text.strip():
            problems[name] = words
        elif len(text) > 200:
            problems[name] = "Use 200 characters or fewer"
    for name in ("incident_ref", "audience"):
        if len(getattr(details, name)) > 200:
            problems[name] = "Use 200 characters or fewer"
    if len(details.note) > LONGEST_TEXT:
        problems["note"] = f"Use {LONGEST_TEXT:,} characters or fewer"
    rules = load_visit_rules()
    if rules.is_too_far(rules.calendar.at_local(details.held_on, time()), work.now):
        problems["held_on"] = f"The date must be within {rules.ahead_by.words}"
    team = work.session.get(Team, details.team_id) if details.team_id else None
    if details.team_id is not None and (team is None or team.agency_id != work.actor.agency_id):
        problems["team_id"] = "Choose a team of your own agency"
    if problems:
        raise Invalid(problems)


def _apply(outreach: Outreach, details: OutreachDetails) -> None:
    outreach.kind = details.kind
    outreach.title = details.title.strip()
    outreach.place = details.place.strip()
    outreach.held_on = details.held_on
    outreach.team_id = details.team_id
    outreach.incident_ref = details.incident_ref.strip()
    outreach.audience = details.audience.strip()
    outreach.head_count = details.head_count
    outreach.leaflets = details.leaflets
    outreach.note = details.note.strip()
