"""The declarative base: names, ids, types and mixins every table shares."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import Boolean, DateTime, Enum, Float, ForeignKey, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, registry

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_CODED = Enum(
    enum.Enum,
    native_enum=False,
    create_constraint=False,
    length=40,
    values_callable=lambda codes: [code.value for code in codes],
)


def new_id() -> UUID:
    """Make a UUIDv7: unguessable enough for a URL, and rising with time so that indexes stay compact."""
    return uuid_utils.compat.uuid7()


class Base(DeclarativeBase):
    """Base of every model. Datetimes are aware UTC; enums are stored as their text value."""

    registry = registry(
        metadata=MetaData(naming_convention=_NAMES),
        type_annotation_map={
            datetime: DateTime(timezone=True),
            UUID: Uuid(as_uuid=True),
            str: Text(),
            dict[str, Any]: JSONB(),
            list[str]: ARRAY(Text()),
            list[dict[str, Any]]: JSONB(),
            enum.Enum: _CODED,
        },
    )


class Identified:
    """A UUIDv7 primary key, there from the moment the object is made."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)

    def __init__(self, **values: Any) -> None:
        values.setdefault("id", new_id())
        super().__init__(**values)


class Edited:
    """A row that people edit: a stale save is refused (architecture.md, "One place commits")."""

    version_id: Mapped[int]

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy calls it on the class
        """Make ``version_id`` the optimistic lock: a flush of a stale row raises ``StaleDataError``."""
        return {"version_id_col": cls.version_id}


class Linked:
    """What every link says of itself: since when, until when, who or which model decided, and why.

    An open link has ``valid_to`` None. Undoing closes the link; rows never move (architecture.md).
    """

    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    automatic: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str]
    model_version: Mapped[str] = mapped_column(default="")
    probability: Mapped[float | None] = mapped_column(Float)
