"""The blueprint that the routes of this row hang on."""

from flask import Blueprint

bp = Blueprint("referrals", __name__, url_prefix="/referrals")
