"""``flask matching …``: the engine on files, without a database: link, score pairs, explain, evaluate; renew."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click
from flask.cli import with_appcontext

from prevention.domain.account import SYSTEM
from prevention.domain.local_time import LONDON
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.matching.decide import decide
from prevention.matching.evaluation import Truth, evaluate
from prevention.matching.explain import explain
from prevention.matching.frequencies import Frequencies
from prevention.matching.linking import link, score_pairs
from prevention.matching.model import default_model
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dates import DateOrder
from prevention.matching.normalise.people import tidy_person
from prevention.matching.profile import Profile
from prevention.matching.record import Record
from prevention.services.matches.keys import records_after, renew
from prevention.unit_of_work import utc_now
from prevention.web.transactions import work_as


class _Commands(click.Group):
    """Commands that compare whole tables are imported when they are asked for: what they need takes a second to load,
    and is not installed where only pages are served.
    """

    whole_tables = ("adopt", "batch", "deduplicate", "train")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.whole_tables})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.whole_tables:
            return super().get_command(ctx, cmd_name)
        try:
            commands: Mapping[str, click.Command] = import_module("prevention.cli.matching_tables").COMMANDS
        except ModuleNotFoundError as absent:
            return _Absent(cmd_name, str(absent.name))
        return commands[cmd_name]


class _Absent(click.Command):
    """Stands where a command would be whose packages are not installed."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(name, help=f"Not here: {package} is not installed (requirements/batch.txt).")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise click.ClickException(f"{self.name} wants the packages of requirements/batch.txt: they are not installed.")


@click.group("matching", cls=_Commands)
def group() -> None:
    """The matching engine on files, which needs no database; and its keys, made anew."""


COLUMNS = (
    "record_id", "source", "first_name", "middle_name", "surname", "dob", "sex", "nhs_number", "address", "postcode",
    "uprn", "phone", "email",
)  # fmt: skip
TO_READ = click.Path(exists=True, dir_okay=False, path_type=Path)
TO_WRITE = click.Path(dir_okay=False, path_type=Path)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a CSV file (UTF-8, plain or gzip) with the columns :data:`COLUMNS`, in the engine's form.

    Dates are ISO; nobody is born after today (Europe/London).

    Raises:
        click.ClickException: when a column is missing, or the file is no text in UTF-8.
    """
    today = utc_now().astimezone(LONDON).date()
    try:
        with _opened(path) as stream:
            rows = csv.DictReader(stream)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise click.ClickException(f"{path.name} has no column {', '.join(missing)}.")
            for row in rows:
                yield _record({column: row[column] or "" for column in COLUMNS}, today)
    except (UnicodeDecodeError, gzip.BadGzipFile, csv.Error) as problem:
        raise click.ClickException(f"{path.name} cannot be read as CSV in UTF-8: {problem}.") from problem


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _record(row: Mapping[str, str], today: date) -> Record:
    person = GivenPerson(
        first_name=row["first_name"],
        middle_name=row["middle_name"],
        surname=row["surname"],
        dob=row["dob"],
        sex=row["sex"],
        nhs_number=row["nhs_number"],
        phone=row["phone"],
        email=row["email"],
    )
    address = GivenAddress(uprn=row["uprn"], lines=row["address"], postcode=row["postcode"])
    return Record.from_tidied(
        row["record_id"],
        tidy_person(person, today, DateOrder.ISO),
        tidy_address(address),
        source=row["source"],
    )


@group.command("link")
@click.argument("records", type=TO_READ)
@click.option("--out", required=True, type=TO_WRITE, help="Where to write who is whom.")
def link_records(records: Path, *, out: Path) -> None:
    """Take RECORDS in, in their order, and say whose each is and of which household; one for review stays apart."""
    with out.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("record_id", "person_id", "household_id", "decision", "probability"))
        for linked in link(list(read_records(records))):
            lines.writerow(
                (linked.record_id, linked.person_id, linked.household_id, linked.decision, f"{linked.probability:.6f}")
            )


@group.command("score-pairs")
@click.argument("records", type=TO_READ)
@click.option("--out", required=True, type=TO_WRITE, help="Where to write the pairs.")
def score_record_pairs(records: Path, *, out: Path) -> None:
    """Write every two of RECORDS that may be one person or of one home, above 1 %."""
    with out.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("left_id", "right_id", "p_same_person", "p_same_household", "decision"))
        for left, right, outcome in score_pairs(list(read_records(records))):
            likely = f"{outcome.p_same_person:.6f}", f"{outcome.p_same_household:.6f}"
            lines.writerow((left.record_id, right.record_id, *likely, outcome.decision))


@group.command("explain")
@click.argument("left_id")
@click.argument("right_id")
@click.option("--records", required=True, type=TO_READ, help="The file that has both.")
def explain_pair(left_id: str, right_id: str, *, records: Path) -> None:
    """Say why the records LEFT_ID and RIGHT_ID are taken for one person or not, field by field."""
    held = {record.record_id: record for record in read_records(records)}
    absent = [record_id for record_id in (left_id, right_id) if record_id not in held]
    if absent:
        raise click.ClickException(f"{records.name} has no record {' and no record '.join(absent)}.")
    rarity = Frequencies.of(held.values()).rarity(held[left_id], default_model())
    outcome = decide(held[left_id], Profile.of(right_id, [held[right_id]]), rarity=rarity)
    told = explain(outcome)
    click.echo(f"{outcome.decision.value}: {told.sentence}.")
    click.echo(f"Same person {outcome.p_same_person:.1%}, same household {outcome.p_same_household:.1%}.")
    for line in told.lines:
        click.echo(f"  {line.bits:+8.2f}  {line.field}{f': {line.words}' if line.words else ''}")
    click.echo(f"  {outcome.bits:+8.2f}  bits for one person (model {outcome.model_version})")


@group.command("evaluate")
@click.argument("records", type=TO_READ)
@click.option("--truth", "truth_path", required=True, type=TO_READ, help="CSV: record_id, person, household.")
def evaluate_records(records: Path, *, truth_path: Path) -> None:
    """Hold the engine's answers on RECORDS against the truth: pairs, records taken in one by one, calibration."""
    with _opened(truth_path) as stream:
        truth = {row["record_id"]: Truth(row["person"], row.get("household") or "") for row in csv.DictReader(stream)}
    held = list(read_records(records))
    unknown = sum(record.record_id not in truth for record in held)
    if unknown:
        raise click.ClickException(f"{truth_path.name} says nothing of {unknown} of the {len(held)} records.")
    for line in evaluate(held, truth).lines():
        click.echo(line)


_RENEWED_AT_ONCE = 1000


@group.command("renew")
@with_appcontext
def renew_records() -> None:
    """Make the keys and the engine's form of every stored record anew, after a release that reads names otherwise.

    Needs the database; may be broken off and begun again, beside people who work.
    """
    last: UUID | None = None
    done = 0
    while True:
        with work_as(SYSTEM) as work:
            ids = records_after(work, last, _RENEWED_AT_ONCE)
            renew(work, ids)
        if not ids:
            break
        last, done = ids[-1], done + len(ids)
        click.echo(f"{done:,} records", err=True)
    click.echo(f"{done:,} records have the keys and the form of this release.")
