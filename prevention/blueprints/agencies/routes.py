"""Agencies and their teams, for administrators."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.agencies.forms import AgencyForm, PartnerForm, TeamForm
from prevention.blueprints.agencies.wording import coverage_words, wards_with_boroughs
from prevention.domain.account import Permission
from prevention.domain.risk_rules import load_pack
from prevention.errors import Conflict, Invalid
from prevention.extensions import current_session
from prevention.models.agency import Agency, Team
from prevention.policies.agencies import may_add_partner, may_stop_agency
from prevention.queries import agencies as queries
from prevention.services import agencies
from prevention.web.auth import current_actor
from prevention.web.form_handling import row_asked_for, show_problems, typed_version
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

bp = Blueprint("agencies", __name__, url_prefix="/agencies")


@bp.get("")
@guarded(Permission.AGENCY_ADMINISTER)
def index() -> ResponseReturnValue:
    """The agencies the administrator looks after."""
    actor = current_actor()
    page = queries.agencies(current_session(), actor, after=row_asked_for("after"), before=row_asked_for("before"))
    return render_template("agencies/index.html", page=page, may_add=may_add_partner(actor).allowed)


@bp.route("/new", methods=["GET", "POST"])
@guarded(Permission.AGENCY_ADMINISTER)
def new_partner() -> ResponseReturnValue:
    """Add a partner organisation."""
    may_add_partner(current_actor()).require()
    form = PartnerForm()
    if form.validate_on_submit():
        try:
            with work_as(current_actor()) as work:
                agency = agencies.add_partner(work, form.to_command())
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            flash(f"{agency.name} is added, with a desk. Now add the people who will sign in.", "success")
            return redirect(url_for("agencies.show", agency_id=agency.id))
    return render_template("agencies/new_partner.html", form=form)


@bp.get("/<uuid:agency_id>")
@guarded(Permission.AGENCY_ADMINISTER)
def show(agency_id: UUID) -> ResponseReturnValue:
    """One agency with its teams."""
    session, actor = current_session(), current_actor()
    agency = queries.agency(session, actor, agency_id)
    may_stop = may_stop_agency(actor, agency).allowed
    page = queries.teams_of(session, actor, agency_id, after=row_asked_for("after"), before=row_asked_for("before"))
    boroughs = {borough.code: borough.name for borough in queries.boroughs(session)}
    return render_template(
        "agencies/show.html",
        agency=agency,
        pack=load_pack(agency.rule_pack),
        page=page.of([(team, members, coverage_words(team.areas, boroughs)) for team, members in page.rows]),
        uncovered=queries.boroughs_without_a_team(session, agency_id),
        may_stop=may_stop,
        left=queries.open_work_of_agency(session, agency_id) if may_stop and agency.active else None,
    )


@bp.route("/<uuid:agency_id>/edit", methods=["GET", "POST"])
@guarded(Permission.AGENCY_ADMINISTER)
def edit(agency_id: UUID) -> ResponseReturnValue:
    """Change an agency. A stale save shows both versions."""
    agency = queries.agency(current_session(), current_actor(), agency_id)
    form = AgencyForm()
    form.offer_packs()
    versions: list[tuple[str, object, object]] = []
    if not form.is_submitted():
        form.fill(agency)
    elif form.validate():
        try:
            with work_as(current_actor()) as work:
                agencies.save_agency(
                    work, agency_id, form.to_command(form.rule_pack.data), version=typed_version(form.version.data)
                )
        except Invalid as invalid:
            show_problems(form, invalid)
        except Conflict:
            versions = _agency_versions(form, queries.agency(current_session(), current_actor(), agency_id))
        else:
            flash("The agency is saved. Cases assessed from now on use what you chose.", "success")
            return redirect(url_for("agencies.show", agency_id=agency_id))
    page = render_template("agencies/edit.html", form=form, agency=agency, versions=versions)
    return page, 409 if versions else 200


def _agency_versions(form: AgencyForm, stored: Agency) -> list[tuple[str, object, object]]:
    form.version.data = str(stored.version_id)
    return [
        ("Name", form.name.data, stored.name),
        ("Short name", form.short_name.data, stored.short_name),
        ("Mailbox", form.mailbox.data, stored.mailbox),
        ("How risk is decided", load_pack(form.rule_pack.data or "").name, load_pack(stored.rule_pack).name),
    ]


@bp.post("/<uuid:agency_id>/stop")
@guarded(Permission.AGENCY_ADMINISTER)
def stop(agency_id: UUID) -> ResponseReturnValue:
    """Stop working with a partner."""
    try:
        with work_as(current_actor()) as work:
            agency = agencies.stop_agency(work, agency_id)
    except Conflict as conflict:
        flash(str(conflict), "notice")
    else:
        flash(f"{agency.name} is stopped. Nobody of it can sign in until you bring it back.", "success")
    return redirect(url_for("agencies.show", agency_id=agency_id))


@bp.post("/<uuid:agency_id>/resume")
@guarded(Permission.AGENCY_ADMINISTER)
def resume(agency_id: UUID) -> ResponseReturnValue:
    """Work with a partner again."""
    with work_as(current_actor()) as work:
        agency = agencies.resume_agency(work, agency_id)
    flash(f"{agency.name} is active. Its users can sign in again.", "success")
    return redirect(url_for("agencies.show", agency_id=agency_id))


@bp.route("/<uuid:agency_id>/teams/new", methods=["GET", "POST"])
@guarded(Permission.AGENCY_ADMINISTER)
def new_team(agency_id: UUID) -> ResponseReturnValue:
    """Add a team."""
    agency = queries.agency(current_session(), current_actor(), agency_id)
    form = TeamForm()
    form.offer_areas(queries.boroughs(current_session()), queries.wards(current_session()))
    if form.validate_on_submit():
        try:
            with work_as(current_actor()) as work:
                team = agencies.add_team(work, agency_id, form.to_command())
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            flash(f"{team.name} is added. Now put people in it, from Users.", "success")
            return redirect(url_for("agencies.show", agency_id=agency_id))
    return render_template("agencies/new_team.html", form=form, agency=agency)


@bp.route("/teams/<uuid:team_id>", methods=["GET", "POST"])
@guarded(Permission.AGENCY_ADMINISTER)
def edit_team(team_id: UUID) -> ResponseReturnValue:
    """Change a team. A stale save shows both versions."""
    session, actor = current_session(), current_actor()
    team = queries.team(session, actor, team_id)
    agency_id = team.agency_id
    form = TeamForm()
    form.offer_areas(queries.boroughs(session), queries.wards(session, team_id))
    versions: list[tuple[str, object, object]] = []
    if not form.is_submitted():
        form.fill(team)
    elif form.validate():
        try:
            with work_as(actor) as work:
                agencies.save_team(work, team_id, form.to_command(), version=typed_version(form.version.data))
        except Invalid as invalid:
            show_problems(form, invalid)
        except Conflict:
            versions = _team_versions(form, queries.team(session, actor, team_id))
        else:
            flash("The team is saved.", "success")
            return redirect(url_for("agencies.show", agency_id=agency_id))
    page = render_template(
        "agencies/edit_team.html",
        form=form,
        team=team,
        versions=versions,
        left=queries.open_work_of_team(session, team_id),
        who_reassigns=queries.who_reassigns(session, agency_id),
    )
    return page, 409 if versions else 200


def _team_versions(form: TeamForm, stored: Team) -> list[tuple[str, object, object]]:
    form.version.data = str(stored.version_id)
    typed, names = form.to_command(), form.borough_names
    stored_wards = [area for area in stored.areas if area.code not in names]
    return [
        ("Name", typed.name, stored.name),
        ("What sort of team", typed.kind.label, stored.kind.label),
        ("Mailbox", typed.mailbox, stored.mailbox),
        (
            "Boroughs it covers",
            ", ".join(names[code] for code in typed.area_codes if code in names),
            ", ".join(area.name for area in stored.areas if area.code in names),
        ),
        (
            "Wards it covers",
            wards_with_boroughs(form.chosen_wards, names),
            wards_with_boroughs(stored_wards, names),
        ),
        (
            "New cases come to it first",
            "Yes" if typed.is_intake_desk else "No",
            "Yes" if stored.is_intake_desk else "No",
        ),
    ]


@bp.post("/teams/<uuid:team_id>/deactivate")
@guarded(Permission.AGENCY_ADMINISTER)
def deactivate_team(team_id: UUID) -> ResponseReturnValue:
    """Give a team no new work."""
    try:
        with work_as(current_actor()) as work:
            team = agencies.deactivate_team(work, team_id)
    except Conflict as conflict:
        flash(str(conflict), "notice")
        return redirect(url_for("agencies.edit_team", team_id=team_id))
    flash(f"{team.name} is deactivated. It gets no new work and no new members.", "success")
    return redirect(url_for("agencies.show", agency_id=team.agency_id))


@bp.post("/teams/<uuid:team_id>/reactivate")
@guarded(Permission.AGENCY_ADMINISTER)
def reactivate_team(team_id: UUID) -> ResponseReturnValue:
    """Bring a team back."""
    with work_as(current_actor()) as work:
        team = agencies.reactivate_team(work, team_id)
    flash(f"{team.name} is active. It can be given work and members again.", "success")
    return redirect(url_for("agencies.edit_team", team_id=team_id))
