"""The PostgreSQL and Redis of `make run`: they start, keep data, recover from a kill, and stop."""

import os
import signal
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, text

from prevention.demonstration.services import EmbeddedPostgres, EmbeddedRedis, ServiceProblem, process_of


def postgres_in(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder / "postgres", folder / "run" / "postgres", folder / "log" / "postgres.log")


def redis_in(folder: Path) -> EmbeddedRedis:
    return EmbeddedRedis(folder / "redis", folder / "log" / "redis.log")


def test_postgres_keeps_its_data_over_a_stop_and_a_kill(open_folder: Path) -> None:
    folder = open_folder / ("deep" * 20) / ("deeper" * 20)  # longer than a socket's path may be
    first, second, third = (postgres_in(folder) for _ in range(3))
    try:
        first.start()
        first.ensure_database("app")
        first.ensure_database("app")
        engine = create_engine(first.url("app"))
        with engine.begin() as connection:
            row = connection.execute(
                text("SELECT current_user, rolsuper, current_setting('TimeZone') FROM pg_roles WHERE rolname = user")
            ).one()
            assert tuple(row) == ("prevention", False, "UTC")
            connection.execute(text("CREATE TABLE kept AS SELECT 'Zoë' AS name"))
        engine.dispose()
        first.stop()
        assert not first.is_alive()

        second.start()
        server = process_of(folder / "postgres" / "postmaster.pid", "postgres")
        assert server is not None
        os.kill(server.pid, signal.SIGKILL)  # as if the machine lost power: the pid file stays
        third.start()  # and so do the dying server's children for a moment

        engine = create_engine(third.url("app"))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT name FROM kept")).scalar_one() == "Zoë"
        engine.dispose()
    finally:
        for server in (first, second, third):
            server.stop()
        third.sockets.rmdir()


def test_a_left_behind_postgres_is_replaced(open_folder: Path) -> None:
    left, new = postgres_in(open_folder), postgres_in(open_folder)
    try:
        left.start()
        new.start()
        assert new.is_alive()
        assert not left.is_alive()
    finally:
        new.stop()
        left.stop()


def test_an_interrupted_first_start_is_made_good(open_folder: Path) -> None:
    (open_folder / "postgres.unfinished").mkdir()
    (open_folder / "postgres.unfinished" / "half").touch()
    server = postgres_in(open_folder)
    try:
        server.start()
        assert server.is_alive()
    finally:
        server.stop()


def test_data_of_another_version_gets_a_sentence(open_folder: Path) -> None:
    (open_folder / "postgres").mkdir()
    (open_folder / "postgres" / "PG_VERSION").write_text("12\n", encoding="ascii")
    with pytest.raises(ServiceProblem, match=r"from PostgreSQL 12 .* `make reset` empties it"):
        postgres_in(open_folder).start()


def test_redis_asks_for_its_password_keeps_its_data_and_is_replaced(open_folder: Path) -> None:
    left, new = redis_in(open_folder), redis_in(open_folder)
    try:
        left.start()
        with left.client(3) as client:
            client.set("kept", "yes")
            port = client.connection_pool.connection_kwargs["port"]
        with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        new.start()
        assert not left.is_alive()
        with new.client(3) as client:
            assert client.get("kept") == b"yes"
    finally:
        new.stop()
        left.stop()
    assert not new.is_alive()
    assert "password" not in (open_folder / "log" / "redis.log").read_text(encoding="utf-8")


def test_a_test_has_a_migrated_database_and_a_broker_of_its_own(database_url: str, redis_client: redis.Redis) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    engine.dispose()
    assert redis_client.ping()
