"""``flask referrals import``: a file of referrals from the command line, through the same door as the pages."""

import csv
from collections import Counter
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup
from sqlalchemy import select

from prevention.domain.account import SYSTEM
from prevention.domain.intake.profile import Profile, profile_named
from prevention.domain.intake.rows import Row, read_rows
from prevention.domain.spreadsheet import safe_cell
from prevention.errors import Invalid
from prevention.extensions import current_session
from prevention.models.agency import Agency
from prevention.models.referral import RowOutcome
from prevention.services.referrals.importing import DryRunEnds, receive_row, try_row
from prevention.web.transactions import work_as

group = AppGroup("referrals", help="Referrals.")

Refusal = tuple[Row, str]


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", "profile_name", required=True, help="The column-mapping profile, such as ambulance.")
@click.option("--agency", "agency_code", help="The sending agency's code, where the profile fits several.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; keep nothing.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write refused rows, with reasons, here."
)
def import_file(file: Path, *, profile_name: str, agency_code: str | None, dry_run: bool, report: Path | None) -> None:
    """Import FILE. The same file again changes nothing; a changed row becomes an amendment."""
    try:
        profile = profile_named(profile_name)
        agency_id = _agency_id(profile, agency_code)
        counts, refused = _dry_run(file, profile, agency_id) if dry_run else _run(file, profile, agency_id)
    except Invalid as invalid:
        raise click.ClickException(" ".join(invalid.problems.values())) from invalid
    if not counts:
        raise click.ClickException("The file has no rows: there is a first line with columns, but nothing below it.")
    if report is not None:
        _write_report(report, refused)
    _tell(counts, dry_run=dry_run)


def _run(file: Path, profile: Profile, agency_id: UUID) -> tuple[Counter[RowOutcome], list[Refusal]]:
    counts: Counter[RowOutcome] = Counter()
    refused: list[Refusal] = []
    with file.open("rb") as stream:
        for row in read_rows(stream, profile):
            with work_as(SYSTEM) as work:
                outcome, _, reason = receive_row(work, row, profile, agency_id)
            _count(row, outcome, reason, counts, refused)
    return counts, refused


def _dry_run(file: Path, profile: Profile, agency_id: UUID) -> tuple[Counter[RowOutcome], list[Refusal]]:
    counts: Counter[RowOutcome] = Counter()
    refused: list[Refusal] = []
    try:
        with file.open("rb") as stream, work_as(SYSTEM) as work:
            for row in read_rows(stream, profile):
                outcome, reason = try_row(work, row, profile, agency_id)
                _count(row, outcome, reason, counts, refused)
            DryRunEnds.now()
    except DryRunEnds:
        return counts, refused


def _count(row: Row, outcome: RowOutcome, reason: str, counts: Counter[RowOutcome], refused: list[Refusal]) -> None:
    counts[outcome] += 1
    if outcome is RowOutcome.REFUSED:
        refused.append((row, reason))


def _agency_id(profile: Profile, code: str | None) -> UUID:
    wanted = select(Agency).where(Agency.kind == profile.agency_kind, Agency.active).order_by(Agency.code)
    if code is not None:
        wanted = wanted.where(Agency.code == code)
    found = current_session().scalars(wanted).all()
    if not found:
        raise click.ClickException(f"There is no active {profile.agency_kind.label.lower()} agency to import for.")
    if len(found) > 1:
        codes = ", ".join(agency.code for agency in found)
        raise click.ClickException(f"Several agencies could have sent this: say --agency with one of {codes}.")
    return found[0].id


def _write_report(report: Path, refused: list[Refusal]) -> None:
    columns = list(refused[0][0].cells) if refused else []
    with report.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["reason", "line", *map(safe_cell, columns)])
        for row, reason in refused:
            cells = [safe_cell(row.cells.get(column, "")) for column in columns]
            writer.writerow([safe_cell(reason), row.line, *cells])


def _tell(counts: Counter[RowOutcome], *, dry_run: bool) -> None:
    received = sum(counts.values()) - counts[RowOutcome.REFUSED]
    click.echo(f"{'Would be received' if dry_run else 'Received'}: {received}")
    for outcome in RowOutcome:
        click.echo(f"  {outcome.label}: {counts[outcome]}")
