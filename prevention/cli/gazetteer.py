"""``flask gazetteer load FILE``: the addresses people pick from."""

from pathlib import Path

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.errors import Invalid
from prevention.services.gazetteer import load_addresses
from prevention.web.transactions import work_as

group = AppGroup("gazetteer", help="The local table of addresses.")


@group.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load(file: Path) -> None:
    """Load a CSV of addresses (UTF-8; columns as in docs/settings.md); known UPRNs are replaced."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines, work_as(SYSTEM) as work:
            loaded = load_addresses(work, lines)
    except (Invalid, UnicodeDecodeError) as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"{loaded.count} addresses are loaded.")
    for line, reason in loaded.refused:
        click.echo(f"Line {line}: {reason}.", err=True)
