"""What the service says about itself at the foot of every page: accessibility, privacy, contact."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from prevention.web.guards import public

bp = Blueprint("statements", __name__)


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    return render_template("statements/accessibility.html")


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    return render_template("statements/privacy.html")


@bp.get("/contact")
@public
def contact() -> ResponseReturnValue:
    return render_template("statements/contact.html")
