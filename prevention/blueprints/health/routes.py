"""Health: alive (the process answers) and ready (its database and broker answer, migrations are in)."""

import redis
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from prevention.extensions import current_session, limiter
from prevention.web.guards import public
from prevention.web.templating import MIGRATIONS

bp = Blueprint("health", __name__, url_prefix="/health")


@bp.get("/live")
@limiter.exempt
@public
def live() -> ResponseReturnValue:
    """200 whenever the process answers."""
    return jsonify(status="alive")


@bp.get("/ready")
@limiter.exempt
@public
def ready() -> ResponseReturnValue:
    """200 when the database, at the newest migration, and the broker answer; else 503 naming what does not."""
    waiting = [name for name, check in (("database", _database), ("broker", _broker)) if not check()]
    return jsonify(status="waiting" if waiting else "ready", waiting_for=waiting), 503 if waiting else 200


def _database() -> bool:
    try:
        session = current_session()
        session.execute(text("SELECT 1"))
        applied = MigrationContext.configure(session.connection()).get_current_revision()
    except SQLAlchemyError:
        return False
    return applied == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _broker() -> bool:
    url = current_app.extensions["settings"].broker_url
    if not url.startswith(("redis", "unix")):
        return True
    try:
        with redis.Redis.from_url(url.replace("redis+socket://", "unix://")) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
