"""``flask agencies create``: an agency, for setting a new installation up."""

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.risk_rules import DEFAULT_PACK, available_packs
from prevention.errors import Invalid
from prevention.services import agencies
from prevention.services.agencies import AgencyDetails
from prevention.web.transactions import work_as

group = AppGroup("agencies", help="The agencies that refer and visit.")


@group.command("create")
@click.option("--code", required=True, help="Small letters, numbers and hyphens; imports name the agency by it.")
@click.option("--name", required=True)
@click.option("--short-name", required=True, help="Shown where space is short, such as LFB.")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in AgencyKind]))
@click.option("--mailbox", required=True, help="A shared e-mail address.")
@click.option("--desk", default="Prevention desk", show_default=True, help="The team that takes in new cases.")
@click.option("--rule-pack", default=DEFAULT_PACK, show_default=True, type=click.Choice(available_packs()))
def create(code: str, name: str, short_name: str, kind: str, mailbox: str, desk: str, rule_pack: str) -> None:
    """Make an agency with its intake desk. Its first administrator: flask accounts create-administrator."""
    details = AgencyDetails(name=name, short_name=short_name, mailbox=mailbox, rule_pack=rule_pack)
    try:
        with work_as(SYSTEM) as work:
            agencies.create_agency(work, code=code, kind=AgencyKind(kind), details=details, desk_name=desk)
    except Invalid as invalid:
        raise click.ClickException(". ".join(invalid.problems.values()) + ".") from invalid
    click.echo(f"{name} is made, with “{desk}” to take in new cases.")
