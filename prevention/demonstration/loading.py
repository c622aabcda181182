"""Fills the demonstration: invented extracts come in through the same import as anyone's file, and people work on them.

The world ends now. Its history is told in order: each slice of time hands in the extracts of its days, then crews and
coordinators do most of what was due, through the product's own services, so that the queue is alive and not a wreck.
"""

import csv
import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select

from prevention.adapters.files import FileStore
from prevention.demonstration.accounts import load_accounts
from prevention.demonstration.generator.extracts import COLUMNS as EXTRACT_COLUMNS
from prevention.demonstration.generator.world import Extracts, generate
from prevention.demonstration.working import work_through
from prevention.domain.account import SYSTEM
from prevention.domain.imports import ImportState
from prevention.domain.intake.conversion import Refused, to_command
from prevention.domain.intake.profile import Profile, profile_named
from prevention.domain.intake.rows import Row, read_rows
from prevention.domain.local_time import LONDON
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.errors import Conflict
from prevention.extensions import current_session
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.imports import ImportRun
from prevention.models.referral import Referral
from prevention.services.gazetteer import load_addresses
from prevention.services.imports.running import run_import
from prevention.services.work import Work
from prevention.unit_of_work import unit_of_work, utc_now

SEED = 20261122
REFERRALS = 1800
#: Days before now that are handed in one by one; older ones come a week at a time.
DAYS_ONE_BY_ONE = 8
#: Nothing older is handed in: what the generator tells of earlier months was settled long ago.
LONGEST_AGO = timedelta(weeks=8)
SOURCES = (("fire", "lfb"), ("ambulance", "las"), ("police", "mps"))

#: What the load leaves in the trail, with its first row and with its last.
_MARKS = (AuditTag.DEMONSTRATION_BEGUN, AuditTag.DEMONSTRATION_LOADED)


#: Tells how far the loading is: (done, all) rows.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Handover:
    """One file as an agency hands it in: its rows, and when."""

    profile: Profile
    agency_code: str
    at: datetime
    rows: tuple[Row, ...]


class CutOff(Exception):
    """An earlier load did not come to its end. It cannot be gone on with: its world ended at another moment."""


def begin() -> bool:
    """Make the agencies and people that are not there yet, and mark that a load has begun; False when one was finished.

    Raises:
        CutOff: a load was begun before and not finished; all that the database holds came of it.
        Conflict: there are referrals that no load brought.
    """
    loaded = _is_loaded()
    with unit_of_work(current_session(), SYSTEM) as work:
        load_accounts(work)
        if not loaded:
            work.record(AuditTag.DEMONSTRATION_BEGUN)
    return not loaded


def _is_loaded() -> bool:
    tags = {*current_session().scalars(select(AuditEvent.tag).where(AuditEvent.tag.in_(_MARKS)).distinct())}
    if AuditTag.DEMONSTRATION_LOADED in tags:
        return True
    if AuditTag.DEMONSTRATION_BEGUN in tags:
        raise CutOff("Loading the demonstration data was cut off before.")
    if current_session().scalar(select(Referral.id).limit(1)):
        raise Conflict("This database holds referrals that are not the demonstration's, so that is not loaded.")
    return False


def load(files: FileStore, progress: Progress, *, referrals: int = REFERRALS) -> None:
    """Load the gazetteer and ``referrals`` referrals with their history, after ``begin`` said that it is due."""
    now = utc_now()
    with TemporaryDirectory() as folder:
        local = now.astimezone(LONDON)
        world = generate(SEED, referrals, local.date(), clock=local.time().replace(tzinfo=None))
        extracts = world.write_extracts(Path(folder))
        with extracts.gazetteer.open(encoding="utf-8", newline="") as lines, _at(now) as work:
            load_addresses(work, lines)
        handovers = _handovers(extracts, now)
    done, everything = 0, sum(len(handover.rows) for handover in handovers)
    random = Random(SEED)  # noqa: S311 - a story, not a secret
    for at, together in itertools.groupby(handovers, key=lambda handover: handover.at):
        for handover in together:
            _hand_in(files, handover)
            done += len(handover.rows)
            progress(done, everything)
        work_through(at, now, random)
    with unit_of_work(current_session(), SYSTEM) as work:
        work.record(AuditTag.DEMONSTRATION_LOADED, referrals=done)


def _handovers(extracts: Extracts, now: datetime) -> list[Handover]:
    """The extracts cut into the files the agencies would have sent, in the order of time."""
    found = []
    for name, agency_code in SOURCES:
        profile = profile_named(name)
        with getattr(extracts, name).open("rb") as stream:
            rows = list(read_rows(stream, profile))
        slices: dict[datetime, list[Row]] = {}
        for row in rows:
            at = _handed_in_at(row, profile, now)
            if at >= now - LONGEST_AGO:
                slices.setdefault(at, []).append(row)
        found += [Handover(profile, agency_code, at, tuple(slices[at])) for at in slices]
    return sorted(found, key=lambda handover: (handover.at, handover.profile.name))


def _handed_in_at(row: Row, profile: Profile, now: datetime) -> datetime:
    """The end of the slice of time the row was received in: a day lately, a week before that."""
    command = to_command(row, profile, UUID(int=0))
    if isinstance(command, Refused) or command.received_at is None:
        return now
    age = (now - command.received_at).days
    whole = age if age < DAYS_ONE_BY_ONE else age - age % 7
    return min(now, now - timedelta(days=whole))


def _hand_in(files: FileStore, handover: Handover) -> None:
    with _at(handover.at) as work:
        agency = work.session.scalars(select(Agency).where(Agency.code == handover.agency_code)).one()
        run = ImportRun(
            reference=new_reference(ReferenceKind.IMPORT),
            agency_id=agency.id,
            created_at=handover.at,
            profile=handover.profile.name,
            file_name=f"{handover.profile.name}-{handover.at.astimezone(LONDON):%Y-%m-%d}.csv",
            stored_as=files.save(_as_file(handover)),
            state=ImportState.QUEUED,
            total=len(handover.rows),
        )
        work.session.add(run)
        run_id = run.id
    run_import(lambda: _at(handover.at), run_id, files.open)


def _as_file(handover: Handover) -> BytesIO:
    kept = BytesIO()
    with TextIOWrapper(kept, handover.profile.encodings[0], errors="replace", newline="", write_through=True) as text:
        writer = csv.DictWriter(text, EXTRACT_COLUMNS[handover.profile.name])
        writer.writeheader()
        writer.writerows(row.cells for row in handover.rows)
        content = kept.getvalue()
    return BytesIO(content)


def _at(moment: datetime) -> AbstractContextManager[Work]:
    return unit_of_work(current_session(), SYSTEM, now=moment)
