"""Importing: hand in a file, look at what would happen, start it, watch it, read what came of it."""

from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from prevention.adapters.files import FileStore
from prevention.blueprints.imports.forms import ProfileForm, UploadForm
from prevention.blueprints.imports.reading import check_size, choose_profile
from prevention.blueprints.imports.wording import (
    by_sentence,
    encoding_words,
    field_words,
    outcome_words,
    progress_words,
    tried_words,
)
from prevention.domain.account import Permission
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState
from prevention.domain.intake.profile import Profile, shipped_profiles
from prevention.domain.intake.report import refused_report
from prevention.domain.intake.rows import is_beyond_header
from prevention.errors import Conflict, Invalid, NotFound
from prevention.extensions import current_session
from prevention.models.agency import Agency
from prevention.models.imports import ImportRun
from prevention.queries.imports import (
    RunKey,
    RunView,
    another_import_runs,
    every_refused_row,
    import_run,
    import_runs,
    refused_rows,
    senders_of_kind,
)
from prevention.queries.referrals.proposals import waiting_count
from prevention.services.imports.runs import cancel_run, create_run, note_reported, start_run
from prevention.web.auth import current_actor
from prevention.web.form_handling import show_problems
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor
from prevention.web.transactions import work_as

bp = Blueprint("imports", __name__, url_prefix="/imports")

_CURSOR = "import-runs"
_SHOWN_ON_PAGE = 50
#: What ends the waiting, for the bar.
_ENDED = {ImportState.FAILED: "failed", ImportState.CANCELLED: "cancelled"}


@bp.get("/")
@guarded(Permission.REFERRAL_IMPORT)
def index() -> ResponseReturnValue:
    """Every import, newest first."""
    page = import_runs(current_session(), current_actor(), after=_key(request.args.get("after")))
    following = page.following
    next_url = None
    if following is not None:
        next_url = url_for("imports.index", after=write_cursor(_CURSOR, [following.created_at, following.run_id]))
    first_url = url_for("imports.index") if request.args.get("after") else None
    return render_template(
        "imports/index.html",
        page=page,
        next_url=next_url,
        first_url=first_url,
        profiles=shipped_profiles(),
        outcome_words=outcome_words,
        to_confirm=waiting_count(current_session(), current_actor()),
    )


@bp.route("/new", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_IMPORT)
def upload() -> ResponseReturnValue:
    """Hand in a file. It is looked at at once; the preview is made by a worker."""
    form = UploadForm()
    form.offer([(str(agency.id), agency.name) for kind in AgencyKind for agency in _senders(kind)])
    if form.validate_on_submit():
        try:
            run_id = _take_in(form)
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            return redirect(url_for("imports.show", run_id=run_id))
    return render_template("imports/upload.html", form=form)


@bp.get("/<uuid:run_id>")
@guarded(Permission.REFERRAL_IMPORT)
def show(run_id: UUID) -> ResponseReturnValue:
    """One import: being read, its preview, its progress or its report, by how far it is."""
    found = import_run(current_session(), current_actor(), run_id)
    return _page(found, ProfileForm())


@bp.get("/<uuid:run_id>/progress")
@guarded(Permission.REFERRAL_IMPORT)
def progress(run_id: UUID) -> ResponseReturnValue:
    """How far the import is, for the bar."""
    found = import_run(current_session(), current_actor(), run_id)
    run = found.run
    state = run.state.value.lower() if run.state.is_moving else _ENDED.get(run.state, "done")
    return jsonify(done=run.done, total=run.total, state=state, words=_words(found))


@bp.post("/<uuid:run_id>/start")
@guarded(Permission.REFERRAL_IMPORT)
def start(run_id: UUID) -> ResponseReturnValue:
    """Start a previewed import."""
    return _moved(run_id, "start")


@bp.post("/<uuid:run_id>/cancel")
@guarded(Permission.REFERRAL_IMPORT)
def cancel(run_id: UUID) -> ResponseReturnValue:
    """Cancel an import; referrals already received stay."""
    return _moved(run_id, "cancel")


@bp.post("/<uuid:run_id>/profile")
@guarded(Permission.REFERRAL_IMPORT)
def change_profile(run_id: UUID) -> ResponseReturnValue:
    """Read the same file as another kind: a new import, and this one is cancelled."""
    found = import_run(current_session(), current_actor(), run_id)
    form = ProfileForm()
    form.offer(found.run.profile)
    if not form.validate_on_submit():
        return _page(found, form)
    try:
        with _files().open(found.run.stored_as) as stream:
            profile = choose_profile(stream, form.profile.data)
        agency = _sender(profile, "")
    except Invalid as invalid:
        form.profile.errors = [*form.profile.errors, *list(invalid.problems.values())[:1]]
        return _page(found, form)
    except NotFound:
        flash("The file is no longer kept. Hand it in again.", "info")
        return redirect(url_for("imports.upload"))
    with work_as(current_actor()) as work:
        cancelled = cancel_run(work, run_id)
        run = create_run(
            work,
            agency_id=agency.id,
            profile=profile.name,
            file_name=cancelled.file_name,
            stored_as=_files().copy(cancelled.stored_as),
        )
        new_id = run.id
    return redirect(url_for("imports.show", run_id=new_id))


@bp.post("/<uuid:run_id>/report.csv")
@guarded(Permission.REFERRAL_IMPORT)
def report(run_id: UUID) -> ResponseReturnValue:
    """The refused rows with the reason and the sender's own columns. That they were taken is kept first."""
    with work_as(current_actor()) as work:
        name = f"refused-{note_reported(work, run_id)}.csv"
    refused = ((row.number, row.reason, row.original) for row in every_refused_row(current_session(), run_id))
    return Response(
        stream_with_context(refused_report(refused)),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )


def _words(found: RunView) -> str:
    run = found.run
    waits = run.state is ImportState.QUEUED and another_import_runs(current_session(), run.id)
    return progress_words(run, tells_outcomes=found.tells_outcomes, another_runs=waits)


def _take_in(form: UploadForm) -> UUID:
    given = form.file.data
    if not isinstance(given, FileStorage) or not given.filename:
        raise Invalid({"file": "Choose a file"})
    stream: BinaryIO = given.stream  # type: ignore[assignment]  # werkzeug says IO[bytes]
    check_size(stream)
    profile = choose_profile(stream, form.profile.data)
    agency_id = _sender(profile, str(form.agency.data or "")).id
    stored_as = _files().save(stream)
    try:
        with work_as(current_actor()) as work:
            name = _plain_name(given.filename)
            run = create_run(work, agency_id=agency_id, profile=profile.name, file_name=name, stored_as=stored_as)
            return run.id
    except BaseException:
        _files().delete(stored_as)
        raise


def _sender(profile: Profile, chosen: str) -> Agency:
    """The agency a file is from: the one chosen, else the only one of the profile's kind, one's own before others.

    Raises:
        Invalid: field ``agency``, when it cannot be told or was wrongly chosen.
    """
    senders = _senders(profile.agency_kind)
    kind = profile.agency_kind.label.lower()
    if chosen:
        for agency in senders:
            if str(agency.id) == chosen:
                return agency
        raise Invalid({"agency": f"Choose a service of the kind this file comes from: {kind}"})
    if not senders:
        raise Invalid({"agency": f"There is no {kind} service here to import for"})
    if len(senders) > 1 and senders[0].id != current_actor().agency_id:
        raise Invalid({"agency": f"Choose which {kind} service sent this file"})
    return senders[0]


def _senders(kind: AgencyKind) -> list[Agency]:
    return senders_of_kind(current_session(), current_actor(), kind)


def _plain_name(name: str) -> str:
    """The last part of a file's name without what cannot be shown: only ever words on a page, never a path."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200] or "file.csv"


def _files() -> FileStore:
    return FileStore(current_app.extensions["settings"].upload_folder)


def _moved(run_id: UUID, how: str) -> ResponseReturnValue:
    done_with = ""
    try:
        with work_as(current_actor()) as work:
            run = start_run(work, run_id) if how == "start" else cancel_run(work, run_id)
            done_with = run.stored_as if run.state is ImportState.CANCELLED else ""
    except Conflict as conflict:
        flash(str(conflict), "info")
    if done_with:
        _files().delete(done_with)
    return redirect(url_for("imports.show", run_id=run_id))


def _page(found: RunView, form: ProfileForm) -> ResponseReturnValue:
    run = found.run
    form.offer(run.profile)
    refused = refused_rows(current_session(), run.id, _SHOWN_ON_PAGE) if run.refused else []
    first_row: dict[str, str] = next(iter(run.preview.get("first_rows", ())), {})
    return render_template(
        "imports/show.html",
        found=found,
        run=run,
        form=form,
        profile=shipped_profiles().get(run.profile),
        moving=run.state.is_moving,
        words=_words(found),
        columns=[name for name in first_row if not is_beyond_header(name)],
        refused=[row[:2] for row in by_sentence((row.number, row.reason, "") for row in refused)],
        shown=_SHOWN_ON_PAGE,
        preview_days=current_app.extensions["settings"].preview_days,
        field_words=field_words,
        encoding_words=encoding_words,
        tried_words=tried_words,
        remarks=_found_in_preview(run, "remarks", "sentence"),
        unusable=_found_in_preview(run, "refused_examples", "reason"),
    )


def _found_in_preview(run: ImportRun, what: str, sentence: str) -> list[list[str]]:
    found = run.preview.get(what, ())
    return by_sentence((int(one["line"]), str(one[sentence]), str(one["column"])) for one in found)


def _key(sealed: str | None) -> RunKey | None:
    match read_cursor(_CURSOR, sealed):
        case [str(created_at), str(run_id)]:
            return RunKey(datetime.fromisoformat(created_at), UUID(run_id))
    return None
