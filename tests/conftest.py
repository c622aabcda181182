"""Fixtures every test may use. Data is arranged through a session of its own, never through the app's."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from prevention.app import create_app
from prevention.domain.account import Actor
from prevention.extensions import disconnect, limiter
from prevention.models.account import User
from prevention.models.registry import Base
from prevention.services.accounts import passwords
from prevention.settings import Mode, Settings
from prevention.unit_of_work import GuardedSession
from tests.support.arranging import CHEAP, Arranger
from tests.support.client import PageClient

# No test fails on a clock: a machine with other work on it is no bug.
hypothesis_settings.register_profile("clockless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("clockless")

pytest_plugins = ["tests.support.services", "tests.support.browser"]

#: Reference data: loaded once per database, left alone between tests.
_KEPT = frozenset({"areas"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that the workers end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def settings(database_url: str, broker_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the app under test."""
    return Settings(
        mode=Mode.TEST,
        database_url=database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        broker_url=broker_url,
        secret_key="tests-only",
        upload_folder=Path(tmp_path_factory.mktemp("uploads")),
        https_only=False,
    )


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Tests sign in thousands of times, and every sign-in would make a weak hash as strong as the product asks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", CHEAP)
        yield


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The app on a real database and broker. CSRF is off here; ``test_csrf`` turns it on."""
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    limiter.enabled = False  # tests sign in often; ``test_sign_in`` turns it on
    app.test_client_class = PageClient
    runner = app.test_cli_runner()
    result = runner.invoke(args=["reference", "load"])
    assert result.exit_code == 0, result.output
    yield app
    disconnect(app)


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Makes further apps, whose connections close with the test."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        return made[-1]

    yield make
    for each in made:
        disconnect(each)


@pytest.fixture(autouse=True)
def own_celery(request: pytest.FixtureRequest) -> None:
    """Tasks run in the app under test, whatever other app an earlier test made: Celery remembers the last one."""
    if "app" in request.fixturenames:
        celery = request.getfixturevalue("app").extensions["celery"]
        celery.set_current()
        celery.set_default()


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine of the tests' own on the same database."""
    engine = create_engine(settings.database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def clean_database(engine: Engine) -> Iterator[None]:
    """Empty every table after the test."""
    yield
    empty(engine)


def empty(engine: Engine) -> None:
    """Empty every table but reference data, whatever guards its rows. Wards are not reference data every test has."""
    names = [table.name for table in Base.metadata.sorted_tables if table.name not in _KEPT]
    script = "SET LOCAL session_replication_role = replica; " + "; ".join(f"DELETE FROM {name}" for name in names)
    script += "; DELETE FROM areas WHERE kind = 'ward'"
    with engine.begin() as connection:
        connection.exec_driver_sql(script)


@pytest.fixture
def arrange(engine: Engine, clean_database: None) -> Iterator[Arranger]:
    """Makes rows and commits them at once, on a connection the app never sees."""
    with Session(engine, expire_on_commit=False) as session:
        yield Arranger(session)


@pytest.fixture
def session(engine: Engine, clean_database: None) -> Iterator[GuardedSession]:
    """A guarded session for calling services and queries without Flask."""
    with GuardedSession(engine) as session:
        yield session


@pytest.fixture
def client(app: Flask, clean_database: None) -> PageClient:
    """A browser-like client that fails on a broken page or too many queries.

    Entered by nobody: ``with client`` would keep the last request's context, and other clients would share it.
    """
    client = app.test_client()
    assert isinstance(client, PageClient)
    return client


@pytest.fixture
def rows(engine: Engine, clean_database: None) -> Iterator[Session]:
    """A fresh look at the database after the fact."""
    with Session(engine) as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        yield session


def actor_of(user: User) -> Actor:
    """The actor a user is under their first role."""
    held = user.memberships[0]
    return Actor(
        user_id=user.id,
        agency_id=held.agency_id,
        agency_kind=held.agency.kind,
        role=held.role,
        team_ids=frozenset({held.team_id} if held.team_id else ()),
        name=user.name,
    )
