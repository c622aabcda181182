"""Every blueprint, in the order of the rows."""

from flask import Flask

from prevention.blueprints.accounts import routes as accounts
from prevention.blueprints.health import routes as health
from prevention.blueprints.home import routes as home
from prevention.blueprints.patterns import routes as patterns
from prevention.blueprints.statements import routes as statements
from prevention.settings import Mode, Settings

_BLUEPRINTS = (
    statements.bp,
    health.bp,
    home.bp,
    accounts.bp,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Register the blueprints; the pattern page exists outside production only."""
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.mode is not Mode.PRODUCTION:
        app.register_blueprint(patterns.bp)
