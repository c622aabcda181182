"""``flask accounts create-administrator``: the first person who can sign in; everybody else is added in pages."""

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.errors import Invalid, NotFound
from prevention.services.accounts import administering
from prevention.web.transactions import work_as

group = AppGroup("accounts", help="People who sign in.")


@group.command("create-administrator")
@click.option("--agency", "agency_code", required=True, help="The agency's code.")
@click.option("--name", required=True)
@click.option("--email", required=True, help="What they sign in with.")
def create_administrator(agency_code: str, name: str, email: str) -> None:
    """Make an administrator of an agency. The password is asked for: a command line would leave it in the history."""
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with work_as(SYSTEM) as work:
            administering.create_administrator(work, agency_code=agency_code, name=name, email=email, password=password)
    except NotFound as missing:
        raise click.ClickException(f"No agency has the code {agency_code}.") from missing
    except Invalid as invalid:
        raise click.ClickException(". ".join(invalid.problems.values()) + ".") from invalid
    click.echo(f"{name} can sign in as {email.strip().lower()} and administer the agency.")
