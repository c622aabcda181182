"""People are named to their own agency only: whether somebody is of it, and what stands for those who are not."""

from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import InstrumentedAttribute

from prevention.domain.account import Actor
from prevention.models.account import Membership

#: Stands for people of an agency that is not the reader's.
ANOTHER_AGENCY = "Another agency"


def works_with(actor: Actor, user_id: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether a user works in the actor's agency: people are named to their own agency only."""
    return exists().where(Membership.user_id == user_id, Membership.agency_id == actor.agency_id)
