"""Every route of visits: importing the modules here puts their routes on the blueprint."""

from prevention.blueprints.visits import at_the_door, booking, drafts, pages, recording
from prevention.blueprints.visits.blueprint import bp

__all__ = ["at_the_door", "booking", "bp", "drafts", "pages", "recording"]
