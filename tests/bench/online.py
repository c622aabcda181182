"""How long one new record takes against a million stored: looked up, compared and decided; and the whole intake.

The stored records are generated extracts, read and tidied as an import does, linked by the generator's truth. The new
ones are the last of the same world, which were not stored.
"""

import csv
import hashlib
import multiprocessing
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, create_engine, select, text

from prevention.demonstration.accounts import load_accounts
from prevention.demonstration.generator.world import Extracts, generate
from prevention.domain.account import SYSTEM
from prevention.domain.intake.conversion import Refused, to_command
from prevention.domain.intake.profile import profile_named
from prevention.domain.intake.rows import read_rows
from prevention.domain.local_time import LONDON
from prevention.domain.referral import ReceiveReferral, TidiedAddress, TidiedPerson
from prevention.matching.blocking import keys
from prevention.matching.decide import Outcome, choose
from prevention.matching.model import default_model
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dwellings import address_key
from prevention.matching.normalise.people import tidy_person
from prevention.matching.record import Record
from prevention.models.agency import Agency
from prevention.models.base import new_id
from prevention.queries.candidates import name_rarities, people_beside
from prevention.services.matches.counting import count_names
from prevention.services.referrals.intake import receive
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.bench.environment import fresh_database, has_database, machine, postgres

STORED = 1_000_000
NEW = 1_000
SEED = 77
TODAY = date(2026, 11, 22)
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_DATABASE = "bench_online"
_SOURCES = ("fire", "ambulance", "police")
_WRITTEN_AT_ONCE = 10_000
_WARMING_UP = 200
_COLUMNS = {
    "bench_premises": """id, status, uprn, flat, building, number, street, locality, town, postcode, address_text,
        address_key, confidential, confidential_reason, created_at""",
    "referrals": """id, receipt, agency_id, source_system, source_ref, channel, received_at, recorded_at, referrer_name,
        referrer_team, referrer_contact, feedback_to, premises_id, reasons, immediate_danger, narrative,
        household_flags, current_location, location_detail, told, told_detail, agrees, capacity_concern, lawful_basis,
        sharing_preference, staff_safety, contact_constraints, source_grade, source_grade_scheme, other_agencies_told,
        suspect, original, content, content_hash""",
    "person_records": """id, referral_id, agency_id, premises_id, created_at, given, title, first_name, middle_name,
        surname, dob, age, sex, nhs_number, phone, email, language, interpreter""",
    "person_links": "id, record_id, person_id, valid_from, automatic, reason, model_version",
    "blocking_keys": "key, record_id",
    "compared_records": "record_id, form",
}
_BEFORE_FILLING = (
    "CREATE UNLOGGED TABLE bench_premises (LIKE premises)",
    "ALTER TABLE blocking_keys DROP CONSTRAINT pk_blocking_keys",
    "DROP INDEX ix_blocking_keys_record_id",
)
_AFTER_FILLING = (
    "INSERT INTO premises SELECT DISTINCT ON (id) * FROM bench_premises",
    "DROP TABLE bench_premises",
    "INSERT INTO people (id, created_at) SELECT DISTINCT person_id, timestamptz '2026-01-01' FROM person_links",
    "ALTER TABLE blocking_keys ADD CONSTRAINT pk_blocking_keys PRIMARY KEY (key, record_id)",
    "CREATE INDEX ix_blocking_keys_record_id ON blocking_keys (record_id)",
)
HEAD = """\
| what | records stored | new | p50 | p95 | p99 | most |
|---|--:|--:|--:|--:|--:|--:|"""


@dataclass(slots=True)
class Timed:
    """How long something took each time, in seconds."""

    name: str
    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def once(self) -> Iterator[None]:
        """Remember how long the block takes."""
        started = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - started)

    def line(self, stored: int) -> str:
        """A row of the table."""
        cuts = statistics.quantiles(self.seconds, n=100)
        times = " | ".join(f"{1000 * each:.1f} ms" for each in (cuts[49], cuts[94], cuts[98], max(self.seconds)))
        return f"| {self.name} | {stored:,} | {len(self.seconds):,} | {times} |"


def run(*, stored: int = STORED, keep: bool = False) -> str:
    """Fill a database of its own and take new records in; the figures as Markdown."""
    with postgres() as server, TemporaryDirectory() as folder:
        head = f"Machine: {machine(server)}.\n\n{HEAD}"
        kept = keep and has_database(server, _DATABASE)
        url = server.url(_DATABASE) if kept else fresh_database(server, _DATABASE)
        extracts = generate(SEED, stored + NEW, TODAY).write_extracts(Path(folder))
        engine = create_engine(url)
        if not kept:
            _fill(engine, extracts)
        lines = _measure(engine, extracts, stored)
        engine.dispose()
        if not keep:
            server.drop_database(_DATABASE)
    return "\n".join([head, *lines])


def _fill(engine: Engine, extracts: Extracts) -> None:
    with GuardedSession(engine) as session, unit_of_work(session, SYSTEM) as work:
        load_accounts(work)
    agencies = _agencies(engine)
    _carry_out(engine, _BEFORE_FILLING)
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        done = [
            pool.apply_async(_store, (url, source, getattr(extracts, source), extracts, agencies[source]))
            for source in _SOURCES
        ]
        for each in done:
            each.get()
    _carry_out(engine, _AFTER_FILLING)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")
    with GuardedSession(engine) as session, unit_of_work(session, SYSTEM) as work:
        count_names(work)


def _agencies(engine: Engine) -> dict[str, UUID]:
    with engine.connect() as connection:
        rows = connection.execute(select(Agency.kind, Agency.id).order_by(Agency.code.desc()))
        return {kind.value: agency_id for kind, agency_id in rows}


def _carry_out(engine: Engine, statements: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '1GB'")
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)


def _truth(extracts: Extracts, source: str) -> dict[str, str]:
    with extracts.truth.open(encoding="utf-8", newline="") as lines:
        return {row["source_ref"]: row["person"] for row in csv.DictReader(lines) if row["source"] == source}


def _commands(path: Path, source: str, agency_id: UUID) -> Iterator[ReceiveReferral]:
    profile = profile_named(source)
    with path.open("rb") as stream:
        for row in read_rows(stream, profile):
            command = to_command(row, profile, agency_id, now=_NOW)
            if not isinstance(command, Refused):
                yield command


def _store(url: str, source: str, path: Path, extracts: Extracts, agency_id: UUID) -> None:
    """Store all but the last rows of one file; in a process of its own."""
    truth = _truth(extracts, source)
    stored = islice(_commands(path, source, agency_id), extracts.rows[source] - NEW // len(_SOURCES))
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        while some := list(islice(stored, _WRITTEN_AT_ONCE)):
            rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
            for command in some:
                _add_rows(rows, command, truth[command.source_ref])
            for table, lines in rows.items():
                with connection.cursor().copy(f"COPY {table} ({_COLUMNS[table]}) FROM STDIN".encode()) as copy:
                    for line in lines:
                        copy.write_row(line)
            connection.commit()


def _add_rows(rows: dict[str, list[tuple[Any, ...]]], command: ReceiveReferral, person: str) -> None:
    received = command.received_at or _NOW
    home = tidy_address(command.address)
    key = address_key(home)
    referral_id, record_id = new_id(), new_id()
    home_id = _id_of(home.uprn or key or str(referral_id))
    status = "no_fixed_abode" if home.no_fixed_abode else "unmatched"
    rows["bench_premises"].append(
        (home_id, status, home.uprn, home.flat, home.building, home.number, home.street, home.locality, home.town,
         home.postcode, home.text, key, False, "", received)
    )  # fmt: skip
    rows["referrals"].append(
        (referral_id, command.source_ref, command.agency_id, command.source_system, command.source_ref,
         command.channel.value, received, received, "", "", "", "", home_id, [], False, "", [],
         command.current_location.value, "", command.told.value, "", command.agrees.value,
         command.capacity_concern.value, command.lawful_basis.value, command.sharing_preference.value, [], [], "", "",
         "", False, Jsonb({}), Jsonb({}), "")
    )  # fmt: skip
    who = tidy_person(command.person, _day_of(command))
    engine = _engine_record(command, who, home)
    rows["person_records"].append(
        (record_id, referral_id, command.agency_id, home_id, received, Jsonb({}), who.title, who.first_name,
         who.middle_name, who.surname, who.dob, who.age, who.sex, who.nhs_number, who.phone, who.email, "", False)
    )  # fmt: skip
    rows["person_links"].append((new_id(), record_id, _id_of(person), received, True, "", ""))
    rows["blocking_keys"] += [(key, record_id) for key in keys(engine)]
    rows["compared_records"].append((record_id, Jsonb(engine.stored())))


def _record(command: ReceiveReferral) -> Record:
    who = tidy_person(command.person, _day_of(command))
    return _engine_record(command, who, tidy_address(command.address))


def _engine_record(command: ReceiveReferral, who: TidiedPerson, home: TidiedAddress) -> Record:
    return Record.from_tidied(command.source_ref, who, home, source=command.source_system, received=_day_of(command))


def _day_of(command: ReceiveReferral) -> date:
    return (command.received_at or _NOW).astimezone(LONDON).date()


def _id_of(words: str) -> UUID:
    return UUID(bytes=hashlib.blake2b(words.encode(), digest_size=16).digest())


def _measure(engine: Engine, extracts: Extracts, stored: int) -> list[str]:
    agencies = _agencies(engine)
    truth: dict[str, str] = {}
    new: list[ReceiveReferral] = []
    for source in _SOURCES:
        some = NEW // len(_SOURCES)
        all_rows = _commands(getattr(extracts, source), source, agencies[source])
        new += list(islice(all_rows, extracts.rows[source] - some, None))
        truth |= _truth(extracts, source)
    looked_up, taken_in = Timed("looked up, compared, decided"), Timed("the whole intake, kept on disk")
    found = Counter[str]()
    with GuardedSession(engine) as session:
        known = {person for (person,) in session.execute(text("SELECT id FROM people"))}
        for command in new[:_WARMING_UP]:
            _look_up(session, command)
        for command in new:
            with looked_up.once():
                people = _look_up(session, command)
            session.rollback()
            person = _id_of(truth[command.source_ref])
            found["candidates"] += len(people)
            if person in known:
                found["known"] += 1
                found["among candidates"] += str(person) in {each.profile_id for each in people}
                found["likeliest"] += bool(people) and people[0].profile_id == str(person)
    for command in new:
        with taken_in.once(), GuardedSession(engine) as session, unit_of_work(session, SYSTEM, now=_NOW) as work:
            receive(work, command)
    candidates = (
        f"Candidates: {found['candidates'] / len(new):.1f} people on average; of {found['known']:,} new records whose "
        f"person was known {found['among candidates'] / found['known']:.1%} had them among the candidates and "
        f"{found['likeliest'] / found['known']:.1%} as the likeliest."
    )
    return [looked_up.line(stored), taken_in.line(stored), "", candidates]


def _look_up(session: GuardedSession, command: ReceiveReferral) -> list[Outcome]:
    record = _record(command)
    rarity = name_rarities(session, [record], default_model())[0]
    return choose(record, people_beside(session, [record])[0], rarity=rarity)
