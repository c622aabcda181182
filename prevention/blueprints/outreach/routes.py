"""Outreach: the list, new pieces, doors, and what happened at each."""

from datetime import date
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.outreach.forms import DetailsForm, DoorForm, ListDoorsForm, PostcodeDoorsForm
from prevention.blueprints.outreach.versions import Versions, details_versions, door_versions
from prevention.domain.account import Permission
from prevention.domain.local_time import LONDON
from prevention.domain.visit import VisitOutcome
from prevention.errors import Conflict, Invalid, NotFound
from prevention.extensions import current_session
from prevention.models.outreach import OutreachDoor, OutreachKind
from prevention.queries import outreach as queries
from prevention.services import outreach as services
from prevention.services.outreach import DOOR_OUTCOMES, KINDS_WITH_DOORS, Added
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.filters import plural
from prevention.web.form_handling import show_problems, typed_version
from prevention.web.guards import guarded
from prevention.web.pagination import read_cursor, write_cursor
from prevention.web.transactions import work_as

bp = Blueprint("outreach", __name__, url_prefix="/outreach")

#: Largest list a page takes, in bytes.
_LARGEST_LIST = 1024 * 1024


@bp.get("/")
@guarded(Permission.OUTREACH_RECORD)
def index() -> ResponseReturnValue:
    """The agency's outreach, latest first."""
    rows = queries.list_outreach(current_session(), current_actor(), _cursor())
    more = rows[queries.PAGE :]
    rows = rows[: queries.PAGE]
    last = rows[-1][0] if more else None
    cursor = write_cursor("outreach", [last.held_on.isoformat(), last.id]) if last else None
    return render_template(
        "outreach/index.html",
        rows=rows,
        kinds=list(OutreachKind),
        next_url=url_for("outreach.index", after=cursor) if cursor else None,
        first_url=url_for("outreach.index") if request.args.get("after") else None,
    )


@bp.route("/new/<kind>", methods=["GET", "POST"])
@guarded(Permission.OUTREACH_RECORD)
def new(kind: str) -> ResponseReturnValue:
    """A new piece of outreach of one kind."""
    known = next((one for one in OutreachKind if one.value == kind), None)
    if known is None:
        raise NotFound
    actor = current_actor()
    team = next(iter(actor.team_ids), None)
    form = DetailsForm(held_on=utc_now().astimezone(LONDON).date(), team_id=str(team) if team else "")
    form.suit(known)
    _offer_teams(form)
    if form.validate_on_submit():
        try:
            with work_as(actor) as work:
                outreach_id = services.create(work, form.to_details(known)).id
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            if known in KINDS_WITH_DOORS:
                flash("Saved. Now add the doors.", "success")
                return redirect(url_for("outreach.add_doors", outreach_id=outreach_id))
            flash("Saved. Refer anybody you met there who needs a visit from this page.", "success")
            return redirect(url_for("outreach.show", outreach_id=outreach_id))
    return render_template("outreach/details.html", form=form, kind=known, outreach=None)


@bp.route("/<uuid:outreach_id>/edit", methods=["GET", "POST"])
@guarded(Permission.OUTREACH_RECORD)
def edit(outreach_id: UUID) -> ResponseReturnValue:
    """Change what is said about a piece of outreach. A stale save shows both versions."""
    outreach, _ = queries.one_outreach(current_session(), current_actor(), outreach_id)
    form = DetailsForm(obj=outreach, version=str(outreach.version_id))
    form.version.data = request.form.get("version", str(outreach.version_id))
    form.suit(outreach.kind)
    _offer_teams(form)
    if request.method == "GET":
        form.team_id.data = str(outreach.team_id) if outreach.team_id else ""
    versions: Versions = []
    if form.validate_on_submit():
        try:
            with work_as(current_actor()) as work:
                version = typed_version(form.version.data)
                services.edit(work, outreach_id, form.to_details(outreach.kind), version=version)
        except Invalid as invalid:
            show_problems(form, invalid)
        except Conflict:
            outreach, _ = queries.one_outreach(current_session(), current_actor(), outreach_id)
            versions = details_versions(form, form.to_details(outreach.kind), outreach)
        else:
            flash("Saved.", "success")
            return redirect(url_for("outreach.show", outreach_id=outreach_id))
        outreach, _ = queries.one_outreach(current_session(), current_actor(), outreach_id)
    page = render_template("outreach/details.html", form=form, kind=outreach.kind, outreach=outreach, versions=versions)
    return page, 409 if versions else 200


@bp.get("/<uuid:outreach_id>")
@guarded(Permission.OUTREACH_RECORD)
def show(outreach_id: UUID) -> ResponseReturnValue:
    """One piece of outreach: progress and doors."""
    session, actor = current_session(), current_actor()
    outreach, progress = queries.one_outreach(session, actor, outreach_id)
    after = request.args.get("after", default=0, type=int)
    only_left = request.args.get("left") == "1"
    doors = queries.doors_of(session, outreach, max(0, min(after, 10**6)), only_left=only_left)
    more = len(doors) > queries.DOORS_A_PAGE
    doors = doors[: queries.DOORS_A_PAGE]
    left = "1" if only_left else None
    return render_template(
        "outreach/show.html",
        outreach=outreach,
        progress=progress,
        doors=doors,
        hints=queries.hints(session, actor, doors, utc_now()),
        words=DOOR_OUTCOMES,
        has_doors=outreach.kind in KINDS_WITH_DOORS,
        only_left=only_left,
        next_door=queries.next_door(session, outreach, 0),
        next_url=url_for("outreach.show", outreach_id=outreach_id, after=doors[-1].position, left=left)
        if more
        else None,
        first_url=url_for("outreach.show", outreach_id=outreach_id, left=left) if after else None,
    )


@bp.route("/<uuid:outreach_id>/doors/add", methods=["GET", "POST"])
@guarded(Permission.OUTREACH_RECORD)
def add_doors(outreach_id: UUID) -> ResponseReturnValue:
    """Add doors: every home of a postcode, or a list."""
    outreach, progress = queries.one_outreach(current_session(), current_actor(), outreach_id)
    by_postcode = request.form.get("how") == "postcode"
    postcode_form = PostcodeDoorsForm(formdata=request.form if by_postcode else None)
    list_form = ListDoorsForm() if not by_postcode else ListDoorsForm(formdata=None)
    form = postcode_form if by_postcode else list_form
    added: Added | None = None
    if request.method == "POST" and form.validate():
        try:
            if by_postcode:
                with work_as(current_actor()) as work:
                    added = services.add_postcode(work, outreach_id, postcode_form.postcode.data or "")
            else:
                lines = _lines(list_form)
                with work_as(current_actor()) as work:
                    added = services.add_lines(work, outreach_id, lines)
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            if not added.refused:
                flash(_added_words(added), "success")
                return redirect(url_for("outreach.show", outreach_id=outreach_id))
            list_form.lines.data = "\n".join(line.words for line in added.refused)
        outreach, progress = queries.one_outreach(current_session(), current_actor(), outreach_id)
    return render_template(
        "outreach/add_doors.html",
        outreach=outreach,
        progress=progress,
        form=form,
        postcode_form=postcode_form,
        list_form=list_form,
        added=added,
        added_words=_added_words(added) if added else "",
    )


@bp.route("/<uuid:outreach_id>/doors/<uuid:door_id>", methods=["GET", "POST"])
@guarded(Permission.OUTREACH_RECORD)
def door(outreach_id: UUID, door_id: UUID) -> ResponseReturnValue:
    """One door: one tap says how it went and goes on to the next, or to a referral of this home.

    A stale save shows both versions.
    """
    session, actor = current_session(), current_actor()
    outreach, progress = queries.one_outreach(session, actor, outreach_id)
    found = queries.one_door(session, outreach, door_id)
    position, outcome = found.position, _outcome_said(found)
    form = DoorForm(
        alarms_fitted=found.alarms_fitted or None,
        leaflet_left=found.leaflet_left,
        note=found.note,
        version=str(found.version_id),
    )
    versions: Versions = []
    if form.validate_on_submit():
        try:
            with work_as(actor) as work:
                version = typed_version(form.version.data)
                services.knock(work, outreach_id, door_id, form.to_knock(outcome), version=version)
        except Invalid as invalid:
            show_problems(form, invalid)
        except Conflict:
            outreach, _ = queries.one_outreach(current_session(), actor, outreach_id)
            stored = queries.one_door(current_session(), outreach, door_id)
            versions = door_versions(form, form.to_knock(outcome), stored)
        else:
            if "refer" in request.form:
                return redirect(url_for("referrals.new", outreach=outreach_id, door=door_id))
            return _go_on(outreach_id, position)
        outreach, progress = queries.one_outreach(current_session(), actor, outreach_id)
        found = queries.one_door(current_session(), outreach, door_id)
    page = render_template(
        "outreach/door.html",
        outreach=outreach,
        progress=progress,
        door=found,
        form=form,
        words=DOOR_OUTCOMES,
        next_door=queries.next_door(current_session(), outreach, found.position),
        hint=queries.hints(current_session(), actor, [found], utc_now())[found.id],
        versions=versions,
    )
    return page, 409 if versions else 200


def _outcome_said(door: OutreachDoor) -> str:
    """The outcome whose button was pressed. Who refers a home keeps the one recorded, or has spoken to someone."""
    if "refer" in request.form:
        return (door.outcome or VisitOutcome.COMPLETED).value
    return request.form.get("outcome", "")


def _go_on(outreach_id: UUID, position: int) -> ResponseReturnValue:
    outreach, _ = queries.one_outreach(current_session(), current_actor(), outreach_id)
    following = queries.next_door(current_session(), outreach, position)
    if following is None:
        flash("Saved. That was the last door.", "success")
        return redirect(url_for("outreach.show", outreach_id=outreach_id))
    return redirect(url_for("outreach.door", outreach_id=outreach_id, door_id=following.id))


def _lines(form: ListDoorsForm) -> list[str]:
    typed = (form.lines.data or "").splitlines()
    upload = form.file.data
    if not upload or not getattr(upload, "filename", ""):
        return typed
    content = upload.read(_LARGEST_LIST + 1)
    if len(content) > _LARGEST_LIST:
        raise Invalid({"file": "The file is larger than 1 MB: split it into smaller lists"})
    return typed + services.lines_of_file(content)


def _added_words(added: Added) -> str:
    words = f"{plural(added.added, 'door')} added."
    if added.already:
        words += f" {plural(added.already, 'address was', 'addresses were')} on the list before."
    return words


def _offer_teams(form: DetailsForm) -> None:
    teams = queries.own_teams(current_session(), current_actor())
    form.offer_teams({str(team.id): team.name for team in teams})


def _cursor() -> tuple[date, UUID] | None:
    parts = read_cursor("outreach", request.args.get("after"))
    if not parts or len(parts) != 2:
        return None
    return date.fromisoformat(str(parts[0])), UUID(str(parts[1]))
