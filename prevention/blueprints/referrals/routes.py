"""Every route of the referrals row."""

from prevention.blueprints.referrals import amending, following, phone, proposing, staff
from prevention.blueprints.referrals.blueprint import bp

__all__ = ["amending", "bp", "following", "phone", "proposing", "staff"]
