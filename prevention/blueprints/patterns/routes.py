"""Every component on one page: what page authors copy from, and what the accessibility test reads first."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from prevention.web.guards import public

bp = Blueprint("patterns", __name__)


@bp.get("/patterns")
@public
def index() -> ResponseReturnValue:
    """The page of patterns."""
    return render_template("patterns.html")
