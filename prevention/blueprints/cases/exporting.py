"""The filtered queue as CSV for one's own agency: no names of residents, no confidential home, no formulas."""

import csv
import io
from collections.abc import Iterator

from flask import Response, request, stream_with_context

from prevention.blueprints.cases.blueprint import bp
from prevention.blueprints.cases.filtering import filter_args, read_filter
from prevention.domain.account import Permission
from prevention.domain.local_time import LONDON
from prevention.domain.spreadsheet import safe_cell
from prevention.extensions import current_session
from prevention.queries.cases.queue import QueueFilter, QueueRow, Scope, every_row
from prevention.services.cases.viewing import note_exported
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

COLUMNS = (
    "Reference",
    "Risk",
    "Due (London)",
    "State",
    "Borough",
    "Address",
    "Referred by",
    "Referrals",
    "Warnings",
    "Owner",
    "Next action",
    "Next action by (London)",
    "Opened (London)",
)


@bp.post("/export.csv")
@guarded(Permission.CASE_QUEUE)
def export() -> Response:
    """Send the filtered queue row by row. That it was exported, with which filter, is kept before anything is sent."""
    actor = current_actor()
    wanted = read_filter(request.form, actor, Scope.OWN)
    with work_as(actor) as work:
        note_exported(work, filter_args(wanted))
    return Response(
        stream_with_context(_lines(wanted)),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=cases-{utc_now().astimezone(LONDON):%Y-%m-%d}.csv"},
    )


def _lines(wanted: QueueFilter) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    for row in every_row(current_session(), current_actor(), wanted, utc_now()):
        yield _line(_cells(row))


def _cells(row: QueueRow) -> tuple[str, ...]:
    return (
        row.reference,
        row.risk_level.label,
        f"{row.due_at.astimezone(LONDON):%Y-%m-%d %H:%M}" if row.due_at else "",
        row.state.label,
        "" if row.confidential else row.borough,
        row.title,
        ", ".join(kind.label for kind in row.referrers),
        str(row.voices),
        ", ".join(row.flags),
        row.owner,
        row.next_action,
        f"{row.next_action_at.astimezone(LONDON):%Y-%m-%d %H:%M}" if row.next_action_at else "",
        f"{row.opened_at.astimezone(LONDON):%Y-%m-%d %H:%M}",
    )


def _line(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([safe_cell(cell) for cell in cells])
    return text.getvalue()
