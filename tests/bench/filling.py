"""Fills a migrated database with cases and all that hangs on them, in SQL: a hundred thousand in a few minutes."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import cast
from uuid import UUID

from psycopg import Connection
from sqlalchemy import Engine

from prevention.demonstration.accounts import load_accounts
from prevention.demonstration.generator import people
from prevention.demonstration.generator.boroughs import boroughs, post_town
from prevention.domain.account import SYSTEM
from prevention.domain.referral import Channel, GivenAddress, GivenPerson, ReceiveReferral, ReferralReason
from prevention.domain.referral_content import content_of
from prevention.unit_of_work import GuardedSession, unit_of_work

_SCRIPT = Path(__file__).with_name("filling.sql")
_FORENAMES, _SURNAMES = 900, 1500


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """A foreign key that points nowhere, and in how many rows."""

    constraint: str
    rows: int


def fill(engine: Engine, cases: int) -> None:
    """Make ``cases`` cases (and 1 to 4 referrals, about 10 events and so on for each) in an empty, migrated database.

    The role must own the tables and may set ``session_replication_role``: foreign keys are checked once, at the end.

    Raises:
        RuntimeError: a foreign key points nowhere.
    """
    with GuardedSession(engine) as session, unit_of_work(session, SYSTEM) as work:
        load_accounts(work)
    with engine.connect() as connection:
        raw = cast("Connection[tuple[object, ...]]", connection.connection.driver_connection)
        raw.execute("SET session_replication_role = replica; SET jit = off; SET work_mem = '256MB'")
        _words(raw)
        raw.execute("SELECT set_config('bench.cases', %s, false)", [str(cases)])
        raw.execute("SELECT set_config('bench.content', %s, false)", [json.dumps(_content())])
        raw.execute(_SCRIPT.read_bytes())
        broken = _broken_links(raw)
        if broken:
            raise RuntimeError(f"the filling is not consistent: {broken}")
        raw.execute("DROP SCHEMA bench CASCADE")
        raw.execute("RESET session_replication_role; RESET jit; RESET work_mem")
        raw.commit()
        raw.autocommit = True
        raw.execute("VACUUM (ANALYZE)")
        raw.autocommit = False


def _words(raw: "Connection[tuple[object, ...]]") -> None:
    rng = Random(1)  # noqa: S311 - invented names, not secrets
    drawn = [people.community(rng) for _ in range(_SURNAMES)]
    raw.execute("CREATE SCHEMA bench")
    tables = {
        "forename": {people.forename(rng, names, rng.choice("MF"), 20_000) for names in drawn[:_FORENAMES]},
        "surname": {people.family_name(rng, names) for names in drawn},
        "code": {reason.value for reason in ReferralReason},
    }
    for name, words in tables.items():
        raw.execute(f"CREATE TABLE bench.{name} (n bigint PRIMARY KEY, word text)".encode())
        with raw.cursor().copy(f"COPY bench.{name} FROM STDIN".encode()) as copy:
            for number, word in enumerate(sorted(words), start=1):
                copy.write_row((number, word))
    raw.execute(
        "CREATE TABLE bench.street (n bigint PRIMARY KEY, borough_code text, name text, outward text, town text)"
    )
    streets = [(borough.code, street) for borough in boroughs() for street in borough.streets]
    with raw.cursor().copy("COPY bench.street FROM STDIN") as copy:
        for number, (code, street) in enumerate(streets, start=1):
            copy.write_row((number, code, street.name, street.outward, post_town(street.outward)))


def _content() -> dict[str, object]:
    """What a referral said, for every row alike but its reasons."""
    command = ReceiveReferral(
        agency_id=UUID(int=0),
        source_system="bench",
        channel=Channel.CSV,
        address=GivenAddress(lines="12 Example Street\nLondon", postcode="NW1 0AA"),
        reasons=frozenset(),
        narrative="Seen at the home on the day; smoke alarm not heard, much paper in the hall.",
        person=GivenPerson(full_name="Example Person"),
    )
    return content_of(command)


def _broken_links(raw: "Connection[tuple[object, ...]]") -> list[BrokenLink]:
    keys = raw.execute(
        """
        SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text, a.attname, b.attname
        FROM pg_constraint AS c
        JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        JOIN pg_attribute AS b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
        """
    ).fetchall()
    found = []
    for name, child, parent, column, target in keys:
        count = raw.execute(
            f"SELECT count(*) FROM {child} AS child WHERE {column} IS NOT NULL "
            f"AND NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.{target} = child.{column})".encode()
        ).fetchone()
        if count and count[0]:
            found.append(BrokenLink(str(name), int(str(count[0]))))
    return found
