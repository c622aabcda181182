"""``flask referrals import``: a file of referrals from the command line, through the same door as the pages."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import UUID

import click
from flask.cli import AppGroup

from prevention.domain.account import SYSTEM
from prevention.domain.imports import ImportState, RowOutcome
from prevention.domain.intake.conversion import cells_to_show
from prevention.domain.intake.profile import Profile, profile_named
from prevention.domain.intake.report import refused_report
from prevention.domain.intake.rows import read_rows
from prevention.errors import Invalid
from prevention.extensions import current_session
from prevention.queries.imports import every_refused_row, import_run, senders_of_kind
from prevention.services.imports.previewing import DryRunEnds, try_rows
from prevention.services.imports.running import run_import
from prevention.services.imports.runs import give_up, queue_run
from prevention.services.imports.source import Source
from prevention.web.transactions import work_as

group = AppGroup("referrals", help="Referrals.")

#: Line, reason and original columns.
Refusal = tuple[int, str, Mapping[str, str]]


def _in_a_folder(_context: click.Context, _option: click.Parameter, report: Path | None) -> Path | None:
    """Refuse a report that cannot be written before the import, not after it."""
    if report is not None and not os.access(report.parent, os.W_OK):
        raise click.BadParameter(f"The folder {report.parent} does not exist or cannot be written to.")
    return report


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", "profile_name", required=True, help="The column-mapping profile, such as ambulance.")
@click.option("--agency", "agency_code", help="The sending agency's code, where the profile fits several.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; keep nothing.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=_in_a_folder,
    help="Write refused rows, with reasons, here.",
)
def import_file(file: Path, *, profile_name: str, agency_code: str | None, dry_run: bool, report: Path | None) -> None:
    """Import FILE. The same file again changes nothing; a changed row becomes an amendment."""
    try:
        profile = profile_named(profile_name)
        agency_id = _agency_id(profile, agency_code)
        _check_there_are_rows(file, profile)
        if dry_run:
            (counts, refused), problem = _dry_run(file, Source(profile, agency_id)), ""
        else:
            counts, refused, problem = _run(file, profile, agency_id)
    except Invalid as invalid:
        raise click.ClickException(" ".join(invalid.problems.values())) from invalid
    if report is not None:
        with report.open("w", encoding="utf-8", newline="") as lines:
            lines.writelines(refused_report(refused))
    _tell(counts, dry_run=dry_run)
    if problem:
        raise click.ClickException(f"{problem} The import ended there; what is counted above stays.")


def _check_there_are_rows(file: Path, profile: Profile) -> None:
    with file.open("rb") as stream:
        if next(read_rows(stream, profile), None) is None:
            raise Invalid({"file": "The file has no rows: there is a first line with columns, but nothing below it."})


def _run(file: Path, profile: Profile, agency_id: UUID) -> tuple[Counter[RowOutcome], Iterable[Refusal], str]:
    """Import as a run that the agency's coordinators find under *Imports*: counts, refused rows, why it ended early."""
    with work_as(SYSTEM) as work:
        run_id = queue_run(work, agency_id=agency_id, profile=profile.name, file_name=file.name).id
    try:
        run_import(lambda: work_as(SYSTEM), run_id, lambda _: file.open("rb"))
    except BaseException:
        give_up(lambda: work_as(SYSTEM), run_id)
        raise
    run = import_run(current_session(), SYSTEM, run_id).run
    counts = Counter({outcome: getattr(run, outcome.value.lower()) for outcome in RowOutcome})
    refused = ((row.number, row.reason, row.original) for row in every_refused_row(current_session(), run_id))
    return counts, refused, run.problem if run.state is ImportState.FAILED else ""


def _dry_run(file: Path, source: Source) -> tuple[Counter[RowOutcome], Iterable[Refusal]]:
    counts: Counter[RowOutcome] = Counter()
    refused: list[Refusal] = []
    try:
        with file.open("rb") as stream:
            source = source.read_through(stream)
        with file.open("rb") as stream, work_as(SYSTEM) as work:
            for row, outcome, reason in try_rows(work, read_rows(stream, source.profile), source):
                counts[outcome] += 1
                if outcome is RowOutcome.REFUSED:
                    refused.append((row.line, reason, cells_to_show(row, source.profile)))
            DryRunEnds.now()
    except DryRunEnds:
        return counts, refused


def _agency_id(profile: Profile, code: str | None) -> UUID:
    senders = senders_of_kind(current_session(), SYSTEM, profile.agency_kind)
    found = [agency for agency in senders if code in {None, agency.code}]
    if not found:
        raise click.ClickException(f"There is no active {profile.agency_kind.label.lower()} agency to import for.")
    if len(found) > 1:
        codes = ", ".join(sorted(agency.code for agency in found))
        raise click.ClickException(f"Several agencies could have sent this: say --agency with one of {codes}.")
    return found[0].id


def _tell(counts: Counter[RowOutcome], *, dry_run: bool) -> None:
    received = sum(counts[outcome] for outcome in (RowOutcome.NEW, RowOutcome.JOINED, RowOutcome.REVIEW))
    click.echo(f"{'Would be received' if dry_run else 'Received'}: {received}")
    for outcome in RowOutcome:
        click.echo(f"  {outcome.label}: {counts[outcome]}")
