"""The model that decides now, and those that did before."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.matching.model import Model, default_model, read_model
from prevention.models.match import AdoptedModel

_NEWEST_FIRST = AdoptedModel.adopted_at.desc(), AdoptedModel.id.desc()
_NEWEST = select(AdoptedModel.id).order_by(*_NEWEST_FIRST).limit(1)
#: The last model that was read, by its row: rows never change, and a process meets a new one only when one is adopted.
_READ: dict[UUID, Model] = {}


def current_model(session: Session) -> Model:
    """The model adopted last, or the one that comes with the product.

    Asked anew each time, so that every process goes by it from the next referral on.
    """
    row_id = session.scalar(_NEWEST)
    if row_id is None:
        return default_model()
    model = _READ.get(row_id)
    if model is None:
        model = read_model(session.scalars(select(AdoptedModel.content).where(AdoptedModel.id == row_id)).one())
        _READ.clear()
        _READ[row_id] = model
    return model


def adopted_model(session: Session, version: str) -> Model | None:
    """The model of this version that was adopted once, or that comes with the product; None for one not known."""
    if version == default_model().version:
        return default_model()
    content = session.scalar(
        select(AdoptedModel.content).where(AdoptedModel.version == version).order_by(*_NEWEST_FIRST).limit(1)
    )
    return read_model(content) if content is not None else None
