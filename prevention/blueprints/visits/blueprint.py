"""The blueprint of visits; ``routes.py`` gathers the modules that put routes on it."""

from flask import Blueprint

bp = Blueprint("visits", __name__)
