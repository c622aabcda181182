"""The blueprint of cases; ``routes.py`` gathers the modules that put routes on it."""

from flask import Blueprint

bp = Blueprint("cases", __name__, url_prefix="/cases")
