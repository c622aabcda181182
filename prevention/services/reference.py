"""Reference data: carried as CSV, loaded again without harm."""

import csv
from importlib import resources

from sqlalchemy.dialects.postgresql import insert

from prevention.models.agency import Area
from prevention.services.work import Work


def load_areas(work: Work) -> int:
    """Load London's 33 local authorities (domain.md 5.5); names are refreshed. Returns how many there are."""
    source = resources.files("prevention.models").joinpath("reference", "boroughs.csv")
    with source.open(encoding="utf-8") as lines:
        rows = [
            {"code": row["code"], "name": row["name"], "kind": "borough", "borough_code": row["code"]}
            for row in csv.DictReader(lines)
        ]
    statement = insert(Area).values(rows)
    work.session.execute(
        statement.on_conflict_do_update(index_elements=[Area.code], set_={"name": statement.excluded.name})
    )
    return len(rows)
