"""``flask notifications retry``: after the mail server is back."""

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.services.notifications import sending
from prevention.web.transactions import work_as

group = AppGroup("notifications", help="Messages to mailboxes.")


@group.command("retry")
def retry() -> None:
    """Send every failed message again. Running it twice sends nothing twice."""
    with work_as(SYSTEM) as work:
        count = sending.retry_all_failed(work)
    click.echo(f"{count} failed messages wait to be sent again.")
