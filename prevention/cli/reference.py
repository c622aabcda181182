"""``flask reference load``: the tables that come with the product."""

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.services import reference
from prevention.web.transactions import work_as

group = AppGroup("reference", help="Reference data that comes with the product.")


@group.command("load")
def load() -> None:
    """Load or refresh London's boroughs. Running it again changes nothing."""
    with work_as(SYSTEM) as work:
        count = reference.load_areas(work)
    click.echo(f"{count} boroughs are loaded.")
