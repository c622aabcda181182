"""Server time of the pages people look at all day, with many cases: the real app, one worker, one request at a time."""

import gc
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from statistics import quantiles
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event, text

from prevention.app import create_app
from prevention.demonstration.people import PASSWORD
from prevention.extensions import db
from tests.bench.environment import FOLDER, fresh_database, has_database, machine, postgres, settings_for
from tests.bench.filling import fill

DATABASE = "bench_cases"
CASES = 100_000
REQUESTS = 300
_WARM_UP = 20
#: Milliseconds, as docs/benchmarks.md promises: the 95th percentile of a page, and any one statement.
_TARGETS = {"queue": 150.0, "case": 100.0}
SLOWEST_STATEMENT = 50.0

HEAD = """\
| page | requests | p50 | p95 | max | Python's processor time p50 | statements | slowest statement p95 | target p95 |
|---|--:|--:|--:|--:|--:|--:|--:|--:|"""


@dataclass(slots=True)
class Statements:
    """What one request sent: (milliseconds, statement, parameters) each."""

    sent: list[tuple[float, str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Measured:
    """One kind of page: milliseconds of every request, and what was sent."""

    name: str
    target: float | None
    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    statements: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    worst: tuple[float, str, Any] = (0.0, "", None)

    def add(self, wall: float, processor: float, statements: Statements) -> None:
        """Take in one request."""
        self.wall.append(wall)
        self.processor.append(processor)
        self.counts.append(len(statements.sent))
        for took, statement, parameters in statements.sent:
            self.statements[statement].append(took)
            if took > self.worst[0]:
                self.worst = (took, statement, parameters)

    @property
    def slowest(self) -> tuple[float, str]:
        """The statement whose 95th percentile is the highest, and that percentile."""
        return max(((_p95(took), statement) for statement, took in self.statements.items()), default=(0.0, ""))

    @property
    def line(self) -> str:
        """A row of the table."""
        target = f"{self.target:.0f} ms" if self.target else ""
        return (
            f"| {self.name} | {len(self.wall)} | {_p50(self.wall):.0f} ms | {_p95(self.wall):.0f} ms "
            f"| {max(self.wall):.0f} ms | {_p50(self.processor):.0f} ms | {_p50(self.counts):.0f} "
            f"| {self.slowest[0]:.1f} ms | {target} |"
        )


def run(*, cases: int = CASES, requests: int = REQUESTS, keep: bool = False) -> str:
    """Fill a database (or take the kept one) and measure; the figures as Markdown."""
    with postgres() as server:
        words = machine(server)
        filled = keep and has_database(server, DATABASE)
        url = server.url(DATABASE) if filled else fresh_database(server, DATABASE)
        if not filled:
            engine = create_engine(url)
            started = time.perf_counter()
            fill(engine, cases)
            print(f"{cases:,} cases were made in {time.perf_counter() - started:.0f} s", flush=True)
            engine.dispose()
        app = create_app(settings_for(url))
        gc.collect()
        gc.freeze()  # as wsgi.py does
        with app.app_context():
            engine = db.engine
        found = list(_measure(app, engine, requests))
        _explain(engine, found)
        total = _counts(engine)
        engine.dispose()
        if not keep:
            server.drop_database(DATABASE)
    return "\n".join([f"Machine: {words}.", "", total, "", HEAD, *(each.line for each in found)])


def _measure(app: Flask, engine: Engine, requests: int) -> Iterator[Measured]:
    sample = _sample(engine, requests)
    coordinator = _signed_in(app, "fire.coordinator@demo.example")
    officer = _signed_in(app, "fire.officer@demo.example")
    queue, case = _TARGETS["queue"], _TARGETS["case"]
    walk = _Walk(coordinator)
    token = _token(coordinator)

    def search(column: str) -> Callable[[int], object]:
        return lambda number: coordinator.post("/cases/search", data={"q": sample[column][number], "csrf_token": token})

    pages: list[tuple[str, float | None, Callable[[int], Any]]] = [
        ("Queue, first page", queue, lambda _: coordinator.get("/cases/")),
        (
            "Queue, borough and risk",
            queue,
            lambda n: coordinator.get(f"/cases/?borough={sample['borough'][n]}&risk=HIGH"),
        ),
        ("Queue, state", queue, lambda n: coordinator.get(f"/cases/?state={sample['state'][n]}")),
        ("Queue, team", queue, lambda n: coordinator.get(f"/cases/?team={sample['team'][n]}")),
        ("Queue, reason and age", queue, lambda _: coordinator.get("/cases/?reason=HOARDING&age=week")),
        ("Queue, page after page", queue, lambda _: walk.on()),
        ("Shared with us", queue, lambda _: coordinator.get("/cases/shared")),
        ("Search by name", queue, search("name")),
        ("Search by surname", queue, search("surname")),
        ("Search by postcode", queue, search("postcode")),
        ("Search by reference", queue, search("reference")),
        ("Case page, any case", case, lambda n: coordinator.get(f"/cases/{sample['case'][n]}")),
        ("Case page, open case", case, lambda n: coordinator.get(f"/cases/{sample['open_case'][n]}")),
        ("Case page, 30 referrals", case, lambda n: coordinator.get(f"/cases/{sample['voices'][n]}")),
        ("For review", queue, lambda _: coordinator.get("/review")),
        ("Follow-ups", queue, lambda _: coordinator.get("/follow-ups")),
        ("My visits", queue, lambda _: officer.get("/visits/")),
        ("My referrals", queue, lambda _: officer.get("/referrals/mine")),
        ("Sent messages", queue, lambda _: coordinator.get("/messages")),
        ("Imports", queue, lambda _: coordinator.get("/imports/")),
    ]
    for name, target, ask in pages:
        measured = Measured(name, target)
        for number in range(min(_WARM_UP, requests)):
            _sound(name, ask(number))
        gc.collect()
        for number in range(requests):
            with _listening(engine) as statements:
                started, processor = time.perf_counter(), time.process_time()
                response = ask(number)
                wall, processor = time.perf_counter() - started, time.process_time() - processor
            _sound(name, response)
            measured.add(1000 * wall, 1000 * processor, statements)
        print(measured.line, flush=True)
        yield measured


class _Walk:
    """Goes through the queue page after page by its own links, and begins again at the end."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        self._next = "/cases/"

    def on(self) -> object:
        """The next page."""
        response = self._client.get(self._next)
        link = re.search(r'href="(/cases/\?[^"]*after=[^"]*)"', response.get_data(as_text=True))
        self._next = link[1].replace("&amp;", "&") if link else "/cases/"
        return response


def _sample(engine: Engine, size: int) -> dict[str, list[str]]:
    """What is asked for, drawn once: as many of each as there are requests."""
    queries = {
        "borough": "SELECT code FROM areas WHERE kind = 'borough' ORDER BY code",
        "state": "SELECT DISTINCT state FROM cases WHERE is_open ORDER BY state",
        "team": "SELECT id::text FROM teams WHERE agency_id = (SELECT id FROM agencies WHERE code = 'lfb') ORDER BY id",
        "name": "SELECT first_name || ' ' || surname FROM person_records ORDER BY hashtext(id::text) LIMIT 300",
        "surname": "SELECT surname FROM person_records ORDER BY hashtext(id::text) LIMIT 300",
        "postcode": "SELECT postcode FROM premises WHERE postcode IS NOT NULL ORDER BY hashtext(id::text) LIMIT 300",
        "reference": "SELECT reference FROM cases ORDER BY hashtext(id::text) LIMIT 300",
        "case": _SEEN.format("true"),
        "open_case": _SEEN.format("is_open"),
        "voices": _SEEN.format("referral_count > 20"),
    }
    found = {}
    with engine.connect() as connection:
        for name, query in queries.items():
            rows = [str(row[0]) for row in connection.execute(text(query))]
            Random(name).shuffle(rows)  # noqa: S311 - a sample, not a secret
            found[name] = [rows[number % len(rows)] for number in range(size)]
    return found


_SEEN = """
SELECT id::text FROM cases WHERE {} AND owner_agency_id = (SELECT id FROM agencies WHERE code = 'lfb')
ORDER BY hashtext(id::text) LIMIT 300
"""


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    response = client.post("/sign-in", data={"email": email, "password": PASSWORD, "csrf_token": _csrf(page)})
    if response.status_code != 302:
        raise RuntimeError(f"{email} could not sign in ({response.status_code})")
    return client


def _token(client: FlaskClient) -> str:
    return _csrf(client.get("/cases/search").get_data(as_text=True))


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise RuntimeError("the page has no token")
    return found[1]


def _sound(name: str, response: Any) -> None:
    if response.status_code not in {200, 303}:
        raise RuntimeError(f"{name}: {response.request.path} answered {response.status_code}")


@contextmanager
def _listening(engine: Engine) -> Iterator[Statements]:
    found = Statements()
    started = 0.0

    def before(*_: Any) -> None:
        nonlocal started
        started = time.perf_counter()

    def after(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        found.sent.append((1000 * (time.perf_counter() - started), statement, parameters))

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def _explain(engine: Engine, found: list[Measured]) -> None:
    """Keep the plan of each page's slowest statement beside the database, for whoever asks why."""
    folder = FOLDER / "plans"
    folder.mkdir(exist_ok=True)
    for measured in found:
        took, statement, parameters = measured.worst
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            with engine.connect() as connection:
                plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
                lines = [f"{measured.name}: {took:.1f} ms", "", statement, "", *(row[0] for row in plan)]
            name = re.sub(r"\W+", "-", measured.name.lower())
            (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _counts(engine: Engine) -> str:
    tables = ("cases", "referrals", "person_records", "audit_events", "visits", "follow_ups", "match_candidates")
    with engine.connect() as connection:
        counts = [
            f"{connection.scalar(text(f'SELECT count(*) FROM {name}')):,} {name.replace('_', ' ')}" for name in tables
        ]
        size = connection.scalar(text("SELECT pg_size_pretty(pg_database_size(current_database()))"))
    return f"Data: {', '.join(counts)}; {size}."


def _p50(values: list[float] | list[int]) -> float:
    return quantiles(values, n=20)[9] if len(values) > 1 else float(values[0])


def _p95(values: list[float] | list[int]) -> float:
    return quantiles(values, n=20)[18] if len(values) > 1 else float(values[0])
