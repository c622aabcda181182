"""Runs migrations with short lock and statement timeouts, so that a migration never blocks the live product."""

from alembic import context
from flask import current_app
from sqlalchemy import Engine, text

from prevention.models.registry import Base


def _engine() -> Engine:
    engine: Engine = current_app.extensions["migrate"].db.engine
    return engine


def run() -> None:
    """Apply migrations in one transaction each."""
    with _engine().connect() as connection:
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
