"""A small app of the front end alone: templates, fields and static files, with no database behind them."""

from flask import Flask
from flask_wtf import CSRFProtect

from prevention.blueprints.patterns.routes import bp as patterns
from prevention.blueprints.statements.routes import bp as statements
from prevention.web import templating


def create_frontend() -> Flask:
    """Make an app with the pattern page and the statements; CSRF is on, as in production."""
    app = Flask("prevention", template_folder=None, static_folder=str(templating.STATIC), static_url_path="/static")
    app.config.update(SECRET_KEY="for the tests of pages only", TESTING=True)
    CSRFProtect(app)
    templating.init_app(app)
    app.register_blueprint(patterns)
    app.register_blueprint(statements)

    @app.context_processor
    def _context() -> dict[str, object]:
        return {
            "demonstration": True,
            "navigation": [("Queue", "/patterns", True, 12), ("My visits", "#main-content", False, None)],
        }

    return app
