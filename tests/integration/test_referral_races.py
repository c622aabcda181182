"""Many at once: real threads, sessions of their own, real commits, all let go at the same moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.imports import RowOutcome
from prevention.domain.referral import GivenAddress, GivenPerson, ReceiveReferral, ReferralReason
from prevention.models.agency import Agency
from prevention.models.case import Case, ReferralLink
from prevention.models.person import HouseholdLink, Person, PersonLink
from prevention.models.premises import Household, Premises
from prevention.models.referral import Referral
from prevention.services.cases.finding import lock_cases
from prevention.services.cases.moving import move
from prevention.services.referrals.intake import Receipt, receive
from prevention.settings import Settings
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import ANN, HOME, command, hand_in

MANY = 50
#: A third of what the tests' server has: those of the test before may still be closing. More threads queue for them.
CONNECTIONS = 20

pytestmark = pytest.mark.xdist_group("races")


@pytest.fixture
def own_connections(settings: Settings, clean_database: None) -> Iterator[Engine]:
    """An engine that gives each thread a connection of its own, up to ``CONNECTIONS``."""
    engine = create_engine(settings.database_url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=60)
    yield engine
    engine.dispose()


def at_once(engine: Engine, given: list[ReceiveReferral]) -> list[Receipt]:
    """Receive each in a thread of its own, none before all are ready."""
    ready = Barrier(len(given), timeout=20)

    def send(one: ReceiveReferral) -> Receipt:
        with GuardedSession(engine) as session:
            if len(given) <= CONNECTIONS:
                session.scalar(select(1))  # connected before the start
            ready.wait()
            with unit_of_work(session, SYSTEM, now=NOW) as work:
                return receive(work, one)

    with ThreadPoolExecutor(len(given)) as threads:
        sent = [threads.submit(send, one) for one in given]
    for problem in (future.exception() for future in sent):
        if problem is not None and not isinstance(problem, BrokenBarrierError):
            raise problem  # what broke the start, rather than that it broke
    return [future.result() for future in sent]


def number_of(rows: Session, model: type) -> int:
    return rows.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("voices", [2, MANY])
def test_first_referrals_of_one_person_at_once_make_one_person_and_one_case(
    own_connections: Engine, arrange: Arranger, rows: Session, voices: int
) -> None:
    agencies = [arrange.agency(AgencyKind.FIRE), arrange.agency(AgencyKind.AMBULANCE)]
    receipts = at_once(own_connections, [command(agencies[number % 2]) for number in range(voices)])
    outcomes = sorted(receipt.outcome for receipt in receipts)
    assert outcomes == sorted([RowOutcome.NEW] + [RowOutcome.JOINED] * (voices - 1))
    assert len({receipt.case_id for receipt in receipts}) == 1
    for model in (Case, Person, Premises, Household):
        assert number_of(rows, model) == 1, model
    for model in (Referral, PersonLink, HouseholdLink, ReferralLink):
        assert number_of(rows, model) == voices, model
    assert rows.scalars(select(Case)).one().referral_count == voices


def test_the_same_person_given_in_different_words_at_once(
    own_connections: Engine, arrange: Arranger, rows: Session
) -> None:
    fire, ambulance = arrange.agency(AgencyKind.FIRE), arrange.agency(AgencyKind.AMBULANCE)
    crew = GivenPerson(full_name="EXAMPLE, Ann", dob="3 Feb 1941", nhs_number="999 012 3470")
    shouted = GivenAddress(lines="12 EXAMPLE ST LONDON NW10AA")
    for _ in range(5):
        at_once(own_connections, [command(fire), command(ambulance, person=crew, address=shouted)])
    assert number_of(rows, Person) == 1
    assert number_of(rows, Case) == 1


def test_one_reference_sent_many_times_at_once_is_one_referral(
    own_connections: Engine, arrange: Arranger, rows: Session
) -> None:
    given = command(arrange.agency(AgencyKind.FIRE), source_ref="HFSV/1")
    receipts = at_once(own_connections, [given] * 10)
    outcomes = sorted(receipt.outcome for receipt in receipts)
    assert outcomes == sorted([RowOutcome.NEW] + [RowOutcome.UNCHANGED] * 9)
    assert len({receipt.receipt for receipt in receipts}) == 1
    assert number_of(rows, Referral) == 1


def test_one_reference_amended_twice_at_once_keeps_both_histories(
    own_connections: Engine, arrange: Arranger, rows: Session
) -> None:
    fire = arrange.agency(AgencyKind.FIRE)
    given = command(fire, source_ref="HFSV/1")
    with GuardedSession(own_connections) as session:
        hand_in(session, given)
    changes = [replace(given, narrative=f"Version {number}") for number in range(6)]
    receipts = at_once(own_connections, changes)
    assert {receipt.outcome for receipt in receipts} == {RowOutcome.AMENDED}
    assert len(rows.scalars(select(Referral)).one().amendments) == 6


def test_strangers_at_once_do_not_wait_for_each_other_for_ever(
    own_connections: Engine, arrange: Arranger, rows: Session
) -> None:
    fire = arrange.agency(AgencyKind.FIRE)
    given = [
        command(fire, person=replace(ANN, surname=name, dob=dob), address=replace(HOME, lines=f"{number} {street}"))
        for number in (1, 2, 3)
        for street in ("Example Street", "Other Road")
        for name, dob in (("Example", "03/02/1941"), ("Sample", "11/09/1968"), ("Muster", "03/02/1941"))
    ]
    receipts = at_once(own_connections, [*given, *reversed(given[:6])])
    assert len(receipts) == 24
    assert number_of(rows, Premises) == 6


def test_a_case_that_closes_while_a_referral_would_join_it(
    own_connections: Engine, arrange: Arranger, rows: Session
) -> None:
    fire = arrange.agency(AgencyKind.FIRE)
    with GuardedSession(own_connections) as session:
        first = hand_in(session, command(fire))
    receipt = _while_locked(own_connections, first, lambda work, case: move(work, case, CaseState.CLOSED), fire)
    assert receipt.case_id != first.case_id
    assert receipt.outcome is RowOutcome.NEW


def test_a_case_that_is_edited_while_a_referral_joins_it(
    own_connections: Engine, arrange: Arranger, rows: Session
) -> None:
    fire = arrange.agency(AgencyKind.FIRE)
    with GuardedSession(own_connections) as session:
        first = hand_in(session, command(fire))
    receipt = _while_locked(own_connections, first, lambda work, case: move(work, case, CaseState.ACCEPTED), fire)
    assert receipt.case_id == first.case_id
    case = rows.get_one(Case, first.case_id)
    assert (case.state, case.referral_count) == (CaseState.ACCEPTED, 2)


def _while_locked(engine: Engine, first: Receipt, change: Callable[..., None], agency: Agency) -> Receipt:
    """Change a case while another voice for it is on its way in, and commit the change first."""
    given = command(agency, ReferralReason.COOKING)
    with GuardedSession(engine) as session, ThreadPoolExecutor(1) as threads:
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            case = lock_cases(work, [first.case_id])[first.case_id]
            change(work, case)
            work.session.flush()

            def send() -> Receipt:
                with GuardedSession(engine) as other:
                    return hand_in(other, given)

            coming = threads.submit(send)
            _until_somebody_waits(engine)
        return coming.result(timeout=30)


def _until_somebody_waits(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(200):
            waiting = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
            ).scalar_one()
            connection.rollback()
            if waiting:
                return
            connection.exec_driver_sql("SELECT pg_sleep(0.02)")
        raise AssertionError("nobody waited for the case")
