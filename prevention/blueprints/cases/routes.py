"""Every route of cases: importing the modules here puts their routes on the blueprint."""

from prevention.blueprints.cases import actions, assigning, exporting, pages, searching
from prevention.blueprints.cases.blueprint import bp

__all__ = ["actions", "assigning", "bp", "exporting", "pages", "searching"]
