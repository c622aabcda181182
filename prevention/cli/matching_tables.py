"""``flask matching …`` for whole tables of records; wants the packages of requirements/batch.txt."""

import csv
from collections.abc import Callable
from pathlib import Path

import click

from prevention.adapters.whole_table import WholeTable
from prevention.cli.matching import TO_READ, TO_WRITE, read_records
from prevention.matching.model import default_model

#: Odds of 4 to 1: where groups of the labelled 100,000 records are best (docs/benchmarks.md).
_BITS = 2.0


def progress(doing: str) -> Callable[[float], None]:
    """Tells on the terminal how far something is, on a line of its own each time."""
    return lambda share: click.echo(f"{doing}: {share:.0%}", err=True)


@click.command("deduplicate")
@click.argument("records", type=TO_READ)
@click.option("--out", required=True, type=TO_WRITE, help="Where to write whose each record is.")
@click.option("--bits", default=_BITS, show_default=True, help="From how many bits on two records are one person.")
def deduplicate(records: Path, *, out: Path, bits: float) -> None:
    """Put RECORDS together by person, all of them beside one another whatever their order; nobody is asked."""
    held = list(read_records(records))
    table = WholeTable(held, default_model())
    alike = [(pair.left, pair.right) for pair in table.pairs(progress("Compared")) if pair.bits >= bits]
    with out.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("record_id", "person_id"))
        for record, first in zip(held, table.groups(alike), strict=True):
            lines.writerow((record.record_id, held[first].record_id))


COMMANDS = {command.name: command for command in (deduplicate,)}
