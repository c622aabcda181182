"""Every blueprint, in the order of the rows."""

from flask import Flask

from prevention.blueprints.accounts import routes as accounts
from prevention.blueprints.agencies import routes as agencies
from prevention.blueprints.cases import routes as cases
from prevention.blueprints.followups import routes as followups
from prevention.blueprints.health import routes as health
from prevention.blueprints.home import routes as home
from prevention.blueprints.imports import routes as imports
from prevention.blueprints.matches import routes as matches
from prevention.blueprints.notifications import routes as notifications
from prevention.blueprints.outreach import routes as outreach
from prevention.blueprints.patterns import routes as patterns
from prevention.blueprints.referrals import routes as referrals
from prevention.blueprints.self_referrals import routes as self_referrals
from prevention.blueprints.statements import routes as statements
from prevention.blueprints.visits import routes as visits
from prevention.settings import Mode, Settings

_BLUEPRINTS = (
    statements.bp,
    health.bp,
    home.bp,
    accounts.bp,
    agencies.bp,
    referrals.bp,
    imports.bp,
    self_referrals.bp,
    notifications.bp,
    cases.bp,
    matches.bp,
    followups.bp,
    visits.bp,
    outreach.bp,
)


def init_app(app: Flask, settings: Settings) -> None:
    """Register the blueprints; the pattern page exists outside production only."""
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.mode is not Mode.PRODUCTION:
        app.register_blueprint(patterns.bp)
