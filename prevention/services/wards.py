"""Loading the list of wards of the boroughs the product knows."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from prevention.domain.ward_list import ListedWard, read_wards
from prevention.models.agency import Area, TeamArea
from prevention.models.premises import GazetteerAddress, Premises
from prevention.services.work import Work

_WARD = "ward"
#: What may refer to a ward; the database itself refuses to lose one that is referred to.
_REFERRING = (TeamArea.area_code, GazetteerAddress.ward_code, Premises.ward_code)


@dataclass(frozen=True, slots=True)
class LoadedWards:
    """What became of a list: wards loaded, rows of places the product does not know, rows refused (line, sentence).

    Of an earlier list: the wards ``removed``, and those that ``stay`` because something still refers to them.
    """

    count: int
    elsewhere: int
    refused: tuple[tuple[int, str], ...]
    removed: int = 0
    stay: int = 0


def load_wards(work: Work, lines: Iterable[str]) -> LoadedWards:
    """Load a list as ``read_wards`` reads it; names are refreshed, and what it leaves out is of an earlier list.

    A borough the list has no ward of keeps its wards. A list with no ward to load changes nothing.

    Raises:
        Invalid: the file lacks columns, or is no CSV.
    """
    boroughs = set(work.session.scalars(select(Area.code).where(Area.kind != _WARD)))
    known = dict(work.session.execute(select(Area.code, Area.borough_code).where(Area.kind == _WARD)).all())
    wards: dict[str, ListedWard] = {}
    refused: list[ListedWard] = []
    reasons: list[tuple[int, str]] = []
    elsewhere = 0
    for row in read_wards(lines):
        if not row.problem and row.borough_code not in boroughs:
            elsewhere += 1
        elif problem := row.problem or _conflict(row, boroughs, known, wards):
            refused.append(row)
            reasons.append((row.line, problem))
        else:
            wards[row.code] = row
    if not wards:
        return LoadedWards(0, elsewhere, tuple(reasons))
    _store(work, wards.values())
    removed, stay = _supersede(
        work, {ward.borough_code for ward in wards.values()}, {*wards, *(row.code for row in refused)}
    )
    return LoadedWards(len(wards), elsewhere, tuple(reasons), removed, stay)


def _conflict(row: ListedWard, boroughs: set[str], known: dict[str, str], wards: dict[str, ListedWard]) -> str:
    if row.code in boroughs:
        return "The ward code is that of a borough"
    if known.get(row.code, row.borough_code) != row.borough_code:
        return "The ward is known in another borough"
    twin = wards.get(row.code)
    if twin and (twin.name, twin.borough_code) != (row.name, row.borough_code):
        return f"The ward is on line {twin.line} already, with another name or borough"
    return ""


def _store(work: Work, wards: Iterable[ListedWard]) -> None:
    statement = insert(Area).values(
        [
            {
                "code": ward.code,
                "name": ward.name,
                "kind": _WARD,
                "borough_code": ward.borough_code,
                "superseded": False,
            }
            for ward in wards
        ]
    )
    refreshed = {"name": statement.excluded.name, "superseded": False}
    work.session.execute(statement.on_conflict_do_update(index_elements=[Area.code], set_=refreshed))


def _supersede(work: Work, boroughs: set[str], listed: set[str]) -> tuple[int, int]:
    """Remove the wards of ``boroughs`` that are not ``listed`` and not referred to; mark the rest. How many of each."""
    earlier = work.session.scalars(
        select(Area.code)
        .where(Area.kind == _WARD, Area.borough_code.in_(boroughs), Area.code.not_in(listed))
        .order_by(Area.code)
        .with_for_update()  # whoever is giving one of them to a team or a home is waited for, then seen
    ).all()
    unused = [~select(column).where(column == Area.code).exists() for column in _REFERRING]
    removed = work.session.scalars(delete(Area).where(Area.code.in_(earlier), *unused).returning(Area.code)).all()
    stay = set(earlier) - set(removed)
    work.session.execute(update(Area).where(Area.code.in_(stay)).values(superseded=True))
    return len(removed), len(stay)
