"""Pages of a list by keyset: as quick on page 900 as on page 1, and nothing is shown twice when rows are added.

A page is asked for by the id of the row it starts after, or ends before. The sort key of that row is read from the
database, so an address holds an id and never a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

Row = TypeVar("Row")
Other = TypeVar("Other")

#: Most rows of a list that is part of a larger page and has no pages of its own.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list. ``before`` and ``after`` are the ids to ask the neighbouring pages by, None at an end."""

    rows: Sequence[Row]
    before: UUID | None = None
    after: UUID | None = None

    def of(self, rows: Sequence[Other]) -> "Page[Other]":
        """The same page with its rows put differently."""
        return Page(rows, before=self.before, after=self.after)


def page_of(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    *,
    order: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    row_id: InstrumentedAttribute[UUID],
    after: UUID | None = None,
    before: UUID | None = None,
    size: int = 50,
) -> Page[Any]:
    """The ``size`` rows that follow the row ``after``, or precede ``before``, or come first.

    ``order`` ends with ``row_id``, so that no two rows tie. A row that is gone, or that ``statement`` itself would not
    give the reader, gives the first page.
    """
    forward = before is None
    anchor = after if forward else before
    key = tuple_(*order)
    if anchor is not None:
        at = session.execute(statement.with_only_columns(*order).where(row_id == anchor)).one_or_none()
        if at is None:
            forward, anchor = True, None
        else:
            here = tuple_(*at)
            statement = statement.where(key > here if forward else key < here)
    sorts = order if forward else [part.desc() for part in order]
    found = list(session.execute(statement.add_columns(row_id).order_by(*sorts).limit(size + 1)))
    more, found = len(found) > size, found[:size]
    if not forward:
        found.reverse()
    if not found:
        return Page(())
    first, last = found[0][-1], found[-1][-1]
    rows: list[Any] = [row[0] if len(row) == 2 else tuple(row[:-1]) for row in found]
    has_before = anchor is not None if forward else more
    has_after = more if forward else True
    return Page(rows, before=first if has_before else None, after=last if has_after else None)
