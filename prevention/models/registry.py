"""Imports every model, so that the metadata is whole wherever it is needed."""

from prevention.models import (
    account,
    agency,
    audit,
    case,
    followup,
    imports,
    match,
    notification,
    outreach,
    person,
    premises,
    referral,
    visit,
)
from prevention.models.base import Base

__all__ = [
    "Base",
    "account",
    "agency",
    "audit",
    "case",
    "followup",
    "imports",
    "match",
    "notification",
    "outreach",
    "person",
    "premises",
    "referral",
    "visit",
]
