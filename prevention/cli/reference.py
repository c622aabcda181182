"""``flask reference load|wards``: boroughs, which come with the product, and their wards from a file."""

from pathlib import Path

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.errors import Invalid
from prevention.services import reference
from prevention.services.wards import load_wards
from prevention.web.transactions import work_as

group = AppGroup("reference", help="Reference data: boroughs and their wards.")


@group.command("load")
def load() -> None:
    """Load or refresh London's boroughs. Running it again changes nothing."""
    with work_as(SYSTEM) as work:
        count = reference.load_areas(work)
    click.echo(f"{count} boroughs are loaded.")


@group.command("wards")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def wards(file: Path) -> None:
    """Load the wards of the boroughs from an ONS look-up (CSV, UTF-8; columns such as WD24CD, WD24NM, LAD24CD).

    Loading again refreshes names. A borough's wards that the file leaves out are removed, apart from those still used.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines, work_as(SYSTEM) as work:
            loaded = load_wards(work, lines)
    except UnicodeDecodeError as problem:
        raise click.ClickException("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from problem
    except Invalid as problem:
        raise click.ClickException(f"{problem}.") from problem
    for line, reason in loaded.refused:
        click.echo(f"Line {line}: {reason}.", err=True)
    if not loaded.count:
        raise click.ClickException("The file has no ward of a borough that is loaded. Nothing is changed.")
    click.echo(f"{loaded.count:,} wards are loaded; {loaded.elsewhere:,} rows are of other places.")
    if loaded.refused:
        click.echo(f"{len(loaded.refused):,} rows are refused.")
    if loaded.removed:
        click.echo(f"{loaded.removed:,} wards of an earlier list are removed.")
    if loaded.stay:
        click.echo(f"{loaded.stay:,} wards of an earlier list stay: teams, homes or addresses still refer to them.")
