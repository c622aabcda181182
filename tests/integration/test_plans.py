"""Lists stay quick as the data grows: each reads its index, never the whole table; pages neither overlap nor skip.

Plans are looked at, not clocks: 20,000 cases with all that hangs on them are made once for this module.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.orm import Session

from prevention.app import PLANNING
from prevention.domain.account import Actor
from prevention.domain.case import CaseState
from prevention.domain.concern import load_concern_rules
from prevention.domain.referral import GivenAddress
from prevention.domain.risk import RiskLevel
from prevention.models.account import User
from prevention.models.case import Case
from prevention.models.person import PersonLink
from prevention.queries.candidates import Place, Voice, voices_beside
from prevention.queries.cases.page import case_page
from prevention.queries.cases.queue import QueueFilter, QueueKey, Scope, queue
from prevention.queries.cases.search import search
from prevention.queries.cases.timeline import timeline
from prevention.queries.followups import FollowUpFilter, When, Whose, followups
from prevention.queries.gazetteer import LocalGazetteer
from prevention.queries.imports import import_runs
from prevention.queries.matches import review_page
from prevention.queries.notifications import newest_alerts, open_alerts, sent_messages
from prevention.queries.referrals import following
from prevention.queries.visits.cards import my_visits
from prevention.services.premises import _THERE
from prevention.unit_of_work import GuardedSession
from tests.bench.filling import fill
from tests.conftest import actor_of

pytestmark = pytest.mark.xdist_group("plans")

CASES = 20_000
#: As many as a batch of an import looks up.
WORDS = [f"1000{number}" for number in range(20)]
#: Tables too big to be read from end to end for one page of a list.
BIG = frozenset(
    {
        "cases",
        "referrals",
        "referral_links",
        "person_records",
        "premises",
        "gazetteer_addresses",
        "person_links",
        "case_involvements",
        "case_search",
        "audit_events",
        "visits",
        "follow_ups",
        "messages",
    }
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a list is looked at: the time, a place in the middle of the queue, a case many have spoken of."""

    now: datetime
    middle: QueueKey
    case_id: UUID


Read = Callable[[Session, Actor, Spot], object]


@pytest.fixture(scope="module")
def filled(make_database: Callable[[str], str]) -> Iterator[Engine]:
    url = make_database("plans").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, connect_args={"options": PLANNING})
    fill(engine, CASES)
    yield engine
    engine.dispose()


@pytest.fixture
def reading(filled: Engine) -> Iterator[GuardedSession]:
    with GuardedSession(filled) as session:
        yield session


def actor_named(session: Session, login: str) -> Actor:
    return actor_of(session.scalars(select(User).where(User.email == f"{login}@demo.example")).one())


def plans_of(session: Session, read: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """Every SELECT that ``read`` sends, and its plan."""
    sent: list[tuple[str, Any]] = []
    connection = session.connection()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(connection.engine, "before_cursor_execute", note)
    return [
        (
            statement,
            connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()[0]["Plan"],
        )
        for statement, parameters in sent
        if statement.startswith(("SELECT", "WITH"))
    ]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def read_whole(plan: dict[str, Any]) -> set[str]:
    """Big tables the plan reads from end to end."""
    return {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"} & BIG


def indexes(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


LISTS: dict[str, tuple[str, Read, str]] = {
    "queue": ("fire.coordinator", lambda s, a, at: queue(s, a, QueueFilter(), at.now), "ix_cases_queue"),
    "queue, deep": (
        "fire.coordinator",
        lambda s, a, at: queue(s, a, QueueFilter(), at.now, after=at.middle),
        "ix_cases_queue",
    ),
    "queue, backwards": (
        "fire.coordinator",
        lambda s, a, at: queue(s, a, QueueFilter(), at.now, before=at.middle),
        "ix_cases_queue",
    ),
    "queue, high risk": (
        "fire.coordinator",
        lambda s, a, at: queue(s, a, QueueFilter(levels=frozenset({RiskLevel.HIGH})), at.now),
        "ix_cases_queue",
    ),
    "queue, triage": (
        "fire.coordinator",
        lambda s, a, at: queue(s, a, QueueFilter(states=frozenset({CaseState.TRIAGE})), at.now),
        "ix_cases_queue",
    ),
    "shared with us": (
        "ambulance.coordinator",
        lambda s, a, at: queue(s, a, QueueFilter(scope=Scope.SHARED), at.now),
        "ix_cases_all",
    ),
    "search": ("fire.coordinator", lambda s, a, _: search(s, a, "NW1 1AA"), "ix_case_search_document"),
    "review list": ("fire.coordinator", lambda s, a, _: review_page(s, a), "ix_match_candidates_open"),
    "follow-ups due": (
        "fire.coordinator",
        lambda s, a, at: followups(s, a, FollowUpFilter(), at.now),
        "ix_follow_ups_open",
    ),
    "follow-ups coming": (
        "fire.coordinator",
        lambda s, a, at: followups(s, a, FollowUpFilter(when=When.COMING), at.now),
        "ix_follow_ups_open",
    ),
    "follow-ups of mine": (
        "fire.officer",
        lambda s, a, at: followups(s, a, FollowUpFilter(whose=Whose.MINE), at.now),
        "ix_follow_ups_open",
    ),
    "follow-ups ended": (
        "fire.coordinator",
        lambda s, a, at: followups(s, a, FollowUpFilter(when=When.ENDED), at.now),
        "ix_follow_ups_ended",
    ),
    "my visits": ("fire.officer", lambda s, a, at: my_visits(s, a, at.now), "ix_visits_officer"),
    "my referrals": (
        "paramedic",
        lambda s, a, _: following.followed_referrals(s, a),
        "ix_referrals_referred_by_received_at_id",
    ),
    "my agency's referrals": (
        "ambulance.coordinator",
        lambda s, a, _: following.followed_referrals(s, a, following.Scope.AGENCY),
        "ix_referrals_agency_id_received_at_id",
    ),
    "imports": ("fire.coordinator", lambda s, a, _: import_runs(s, a), "ix_import_runs_created_at_id"),
    "sent messages": ("fire.coordinator", lambda s, a, _: sent_messages(s, a), "ix_messages_agency_id_created_at_id"),
    "newest alerts": ("fire.coordinator", lambda s, a, _: newest_alerts(s, a, limit=3), "ix_alerts_open"),
    "open alerts": ("fire.coordinator", lambda s, a, _: open_alerts(s, a), "ix_alerts_open"),
    "timeline": (
        "fire.coordinator",
        lambda s, a, at: timeline(s, a, at.case_id),
        "ix_audit_events_case_id_at_id",
    ),
    "cases beside a new referral": (
        "fire.coordinator",
        lambda s, _, at: _voices(s, at),
        "ix_cases_premises_id_opened_at",
    ),
    "homes by UPRN": (
        "fire.coordinator",
        lambda s, *_: s.execute(_THERE, {"uprns": WORDS, "keys": WORDS}).all(),
        "uq_premises_uprn",
    ),
    "homes by key": (
        "fire.coordinator",
        lambda s, *_: s.execute(_THERE, {"uprns": WORDS, "keys": WORDS}).all(),
        "ix_premises_address_key",
    ),
    "the gazetteer by UPRN": (
        "fire.coordinator",
        lambda s, *_: LocalGazetteer(s).look_up([GivenAddress(uprn=word) for word in WORDS]),
        "pk_gazetteer_addresses",
    ),
    "the gazetteer by postcode": (
        "fire.coordinator",
        lambda s, *_: LocalGazetteer(s).look_up(
            [GivenAddress(lines=f"{n} High Street", postcode=f"N{n} 1AA") for n in range(1, 20)]
        ),
        "ix_gazetteer_addresses_postcode",
    ),
    "the gazetteer by street": (
        "fire.coordinator",
        lambda s, *_: LocalGazetteer(s).look_up([GivenAddress(lines=f"{n} High Street") for n in range(1, 20)]),
        "ix_gazetteer_addresses_plain_street",
    ),
    "case page": ("fire.coordinator", lambda s, a, at: case_page(s, a, at.case_id), "pk_cases"),
}


def _voices(session: Session, at: Spot) -> list[list[Voice]]:
    case = session.get_one(Case, at.case_id)
    people = session.scalars(select(PersonLink.person_id).order_by(PersonLink.id).limit(3)).all()
    elsewhere = select(Case.premises_id).where(Case.id != case.id).order_by(Case.id).limit(19)
    places = [Place(home, people) for home in (case.premises_id, *session.scalars(elsewhere))]
    return voices_beside(session, places, since=at.now - load_concern_rules().looked_back)


def _middle(session: Session, actor: Actor) -> QueueKey:
    found = session.execute(
        select(Case.risk_rank, Case.act_by, Case.id)
        .where(Case.is_open, Case.owner_agency_id == actor.agency_id)
        .order_by(Case.risk_rank, Case.act_by, Case.id)
        .offset(100)
        .limit(1)
    ).one()
    return QueueKey(*found)


def _some_case(session: Session, actor: Actor) -> UUID:
    return session.scalars(
        select(Case.id).where(Case.owner_agency_id == actor.agency_id, Case.referral_count > 3).limit(1)
    ).one()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_its_index_and_never_a_whole_table(reading: GuardedSession, name: str) -> None:
    login, read, index = LISTS[name]
    actor = actor_named(reading, login)
    spot = Spot(datetime.now(UTC), _middle(reading, actor), _some_case(reading, actor))
    plans = plans_of(reading, lambda: read(reading, actor, spot))
    whole = {table: statement for statement, plan in plans for table in read_whole(plan)}
    assert not whole, whole
    assert index in {used for _, plan in plans for used in indexes(plan)}


def walk(pages: Callable[[Any], tuple[list[Any], Any]], most: int = 6) -> list[Any]:
    """The sort keys of the rows of some pages, one after another."""
    keys: list[Any] = []
    after: Any = None
    for _ in range(most):
        found, after = pages(after)
        keys += found
        if after is None:
            break
    return keys


def _queue_pages(session: Session, actor: Actor, now: datetime) -> Callable[[Any], tuple[list[Any], Any]]:
    def read(after: Any) -> tuple[list[Any], Any]:
        page = queue(session, actor, QueueFilter(), now, after=after, size=40)
        return [(row.risk_rank, row.act_by, row.id) for row in page.rows], page.following

    return read


def _followup_pages(session: Session, actor: Actor, now: datetime) -> Callable[[Any], tuple[list[Any], Any]]:
    def read(after: Any) -> tuple[list[Any], Any]:
        page = followups(session, actor, FollowUpFilter(), now + timedelta(days=9), after=after)
        return [(row.followup.due_at, row.followup.id) for row in page.rows], page.next_key

    return read


def _review_pages(session: Session, actor: Actor, _now: datetime) -> Callable[[Any], tuple[list[Any], Any]]:
    def read(after: Any) -> tuple[list[Any], Any]:
        page = review_page(session, actor, after=after)
        return [(one.key.risk_rank, one.key.found_at, one.id) for one in page.pairs], page.following

    return read


@pytest.mark.parametrize("pages", [_queue_pages, _followup_pages, _review_pages])
def test_pages_follow_one_another_without_a_gap_or_a_row_shown_twice(
    reading: GuardedSession, pages: Callable[[Session, Actor, datetime], Callable[[Any], tuple[list[Any], Any]]]
) -> None:
    keys = walk(pages(reading, actor_named(reading, "fire.coordinator"), datetime.now(UTC)))
    assert len(keys) > 30
    assert all(one < other for one, other in pairwise(keys))


def test_the_queue_read_page_by_page_is_the_queue_read_at_once(reading: GuardedSession) -> None:
    actor, now = actor_named(reading, "fire.coordinator"), datetime.now(UTC)
    paged = walk(_queue_pages(reading, actor, now), most=10_000)
    at_once = reading.execute(
        text("SELECT risk_rank, act_by, id FROM cases WHERE is_open AND owner_agency_id = :agency ORDER BY 1, 2, 3"),
        {"agency": actor.agency_id},
    ).all()
    assert paged == [tuple(row) for row in at_once]
    backwards = queue(reading, actor, QueueFilter(), now, before=QueueKey(*paged[200]), size=40)
    assert [(row.risk_rank, row.act_by, row.id) for row in backwards.rows] == paged[160:200]
