"""Puts the product together: a list of init calls."""

from flask import Flask

from prevention.blueprints import registry
from prevention.cli import registry as commands
from prevention.extensions import csrf, db, limiter, migrate
from prevention.settings import Settings
from prevention.tasks.celery_app import create_celery
from prevention.web import auth, context, errors, logs, security, templating

#: Largest request body: a 100,000-row extract with room to spare.
LARGEST_UPLOAD_BYTES = 64 * 1024 * 1024

#: How PostgreSQL plans for us: a page reads a few rows by index, from memory or an SSD, and waits for no helpers.
PLANNING = "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0 -c jit=off"

#: A database that does not answer is told to people, and left by workers, in seconds and not when TCP gives up.
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 30_000}


def create_app(settings: Settings) -> Flask:
    """Make the Flask app for ``settings``; its Celery app is ``app.extensions["celery"]``."""
    app = Flask("prevention", template_folder=None, static_folder=str(templating.STATIC), static_url_path="/static")
    app.url_map.strict_slashes = False  # a slash typed or left out at the end of an address leads to the same page
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": True,
            "pool_size": 5,
            "max_overflow": 15,
            "connect_args": {"options": PLANNING, **PATIENCE},
            # So that an error of the database quotes nobody's data in a worker's log.
            "hide_parameters": True,
        },
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD_BYTES,
        MAX_FORM_PARTS=5000,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        RATELIMIT_STORAGE_URI=settings.broker_url,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_TIME_LIMIT=None,
    )
    logs.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(templating.MIGRATIONS))
    csrf.init_app(app)
    limiter.init_app(app)
    auth.init_app(app, settings)
    security.init_app(app, settings)
    templating.init_app(app)
    context.init_app(app, settings)
    errors.init_app(app)
    create_celery(app, settings)
    registry.init_app(app, settings)
    commands.init_app(app)
    return app
