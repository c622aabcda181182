"""``flask demonstration prepare|load|accounts``: invented people and referrals, in demonstration mode only."""

import os

import click
from flask import current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from prevention.adapters.files import FileStore
from prevention.demonstration import loading, people
from prevention.domain.account import SYSTEM
from prevention.errors import Conflict
from prevention.services.reference import load_areas
from prevention.settings import Settings
from prevention.web.transactions import work_as

group = AppGroup("demonstration", help="Invented data to try the product with.")


@group.command("prepare")
@click.pass_context
def prepare(context: click.Context) -> None:
    """Migrate, load the boroughs and, the first time, the demonstration: what `make run` needs, in one process."""
    _settings()
    upgrade()
    with work_as(SYSTEM) as work:
        load_areas(work)
    context.invoke(load, referrals=loading.REFERRALS)


@group.command("load")
@click.option("--referrals", default=loading.REFERRALS, show_default=True, help="How many referrals to invent.")
def load(referrals: int) -> None:
    """Load agencies, accounts and referrals with their history; once loaded, it does nothing.

    Exits with 75 ("try again") when an earlier load was cut off: empty the database first, as `make run` does.
    """
    settings = _settings()
    try:
        if not loading.begin():
            click.echo("The demonstration data is there already.")
            return
    except loading.CutOff:
        click.get_current_context().exit(os.EX_TEMPFAIL)
    except Conflict as others:
        raise click.ClickException(str(others)) from others
    with click.progressbar(length=referrals, label="Loading the demonstration data", show_eta=False) as bar:

        def progress(done: int, everything: int) -> None:
            bar.length = everything
            bar.update(done - bar.pos)

        loading.load(FileStore(settings.upload_folder), progress, referrals=referrals)


@group.command("accounts")
def accounts() -> None:
    """Print the demonstration accounts and what to try."""
    _settings()
    click.echo(people.accounts())


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    if not settings.is_demonstration:
        raise click.ClickException("Demonstration data exists in demonstration mode only (PREVENTION_MODE).")
    return settings
