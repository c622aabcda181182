"""Users, for administrators. ``routes.py`` gives these views their addresses."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.accounts.forms import FindUserForm, UserForm
from prevention.domain.account import Permission, Role, roles_for
from prevention.errors import Conflict, Invalid, NotAllowed, NotFound
from prevention.extensions import current_session
from prevention.models.account import Membership
from prevention.models.agency import Agency, Team
from prevention.policies.accounts import may_change_user, may_shut_out
from prevention.queries import accounts as queries
from prevention.queries.agencies import agency_choices, open_work_of_user, team_choices, who_reassigns
from prevention.queries.agencies import team as team_of
from prevention.services.accounts import administering
from prevention.settings import Settings
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor, session_limits
from prevention.web.form_handling import row_asked_for, show_problems, typed_version
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

_STATES = {"active": "Can sign in", "inactive": "Deactivated", "locked": "Locked out"}


@guarded(Permission.AGENCY_ADMINISTER)
def index() -> ResponseReturnValue:
    """The users of the agencies the administrator looks after, filtered and paged."""
    role = request.args.get("role", "")
    state = request.args.get("state", "")
    wanted = queries.UserFilter(
        agency_id=row_asked_for("agency"),
        role=Role(role) if role in set(Role) else None,
        team_id=row_asked_for("team"),
        state=state if state in _STATES else None,
    )
    return _list(wanted, FindUserForm(formdata=None))


@guarded(Permission.AGENCY_ADMINISTER)
def search() -> ResponseReturnValue:
    """Find users by name or e-mail address; posted, so that neither ends up in an address or a log."""
    form = FindUserForm()
    form.validate()
    return _list(queries.UserFilter(words=form.words.data or ""), form)


def _list(wanted: queries.UserFilter, form: FindUserForm) -> ResponseReturnValue:
    session, actor, now = current_session(), current_actor(), utc_now()
    page = queries.members(
        session, actor, wanted, now=now, after=row_asked_for("after"), before=row_asked_for("before")
    )
    agencies = agency_choices(session, actor)
    team = team_of(session, actor, wanted.team_id) if wanted.team_id else None
    return render_template(
        "accounts/index.html",
        page=page,
        find=form,
        now=now,
        is_locked=queries.is_locked,
        wanted=wanted,
        agencies=agencies,
        roles=[role for role in Role if any(role in roles_for(agency.kind) for agency in agencies)],
        states=_STATES,
        selected=_selected(wanted, agencies, team),
        kept=_kept(wanted),
    )


def _kept(wanted: queries.UserFilter) -> dict[str, Any]:
    """The filter as the address holds it: ids and codes."""
    chosen = {"agency": wanted.agency_id, "role": wanted.role, "team": wanted.team_id, "state": wanted.state}
    return {name: value for name, value in chosen.items() if value is not None}


def _selected(
    wanted: queries.UserFilter, agencies: list[Agency], team: Team | None
) -> list[tuple[str, list[tuple[str, str]]]]:
    kept = _kept(wanted)
    words = {
        "agency": ("Agency", next((agency.name for agency in agencies if agency.id == wanted.agency_id), "")),
        "role": ("Role", wanted.role.label if wanted.role else ""),
        "team": ("Team", team.name if team else ""),
        "state": ("Sign-in", _STATES.get(wanted.state or "", "")),
    }
    return [
        (heading, [(label, url_for("accounts.index", **{key: kept[key] for key in kept if key != name}))])
        for name, (heading, label) in words.items()
        if label
    ]


@guarded(Permission.AGENCY_ADMINISTER)
def new_user() -> ResponseReturnValue:
    """Add a user to one's own agency, or to the one in the address; the next page shows their temporary password once.

    Raises:
        NotFound: there is no such agency the administrator looks after.
    """
    session, actor = current_session(), current_actor()
    agencies = agency_choices(session, actor)
    asked_for = request.args.get("agency") or None
    agency = next((one for one in agencies if asked_for in {None, str(one.id)}), None)
    if agency is None:
        raise NotFound
    agency_id = agency.id
    form = UserForm()
    form.offer(agency, team_choices(session, actor, agency_id))
    if form.validate_on_submit():
        try:
            with work_as(actor) as work:
                membership, password = administering.add_user(
                    work, agency_id, form.to_command(), valid_for=_temporary()
                )
        except Invalid as invalid:
            show_problems(form, invalid)
        else:
            return _password_page(membership.id, password, is_new=True)
    others = [one for one in agencies if one.id != agency_id]
    return render_template("accounts/new_user.html", form=form, agency=agency, others=others)


@guarded(Permission.AGENCY_ADMINISTER)
def show_user(membership_id: UUID) -> ResponseReturnValue:
    """One user in one agency, with what an administrator can do."""
    session, actor, now = current_session(), current_actor(), utc_now()
    member = queries.member(session, actor, membership_id)
    return render_template(
        "accounts/user.html",
        member=member,
        user=member.user,
        now=now,
        locked=queries.is_locked(member.user, now),
        devices=queries.sessions_of(session, member.user_id, now=now, limits=session_limits()),
        may_change=may_change_user(actor, member.user),
        may_shut_out=may_shut_out(actor, member.user),
        left=open_work_of_user(session, member.user_id),
        who_reassigns=who_reassigns(session, member.agency_id),
    )


@guarded(Permission.AGENCY_ADMINISTER)
def edit_user(membership_id: UUID) -> ResponseReturnValue:
    """Change a user. A stale save shows both versions."""
    session, actor = current_session(), current_actor()
    member = queries.member(session, actor, membership_id)
    form = UserForm()
    form.offer(member.agency, team_choices(session, actor, member.agency_id), keep=member.team)
    if not may_change_user(actor, member.user).allowed:
        form.keep_person(member.user)
    versions: list[tuple[str, object, object]] = []
    if not form.is_submitted():
        form.fill(member)
    elif form.validate():
        try:
            with work_as(actor) as work:
                administering.save_user(
                    work, membership_id, form.to_command(), version=typed_version(form.version.data)
                )
        except Invalid as invalid:
            show_problems(form, invalid)
        except Conflict:
            versions = _versions(form, queries.member(session, actor, membership_id))
        else:
            flash("The user is saved. It counts from their next click.", "success")
            return redirect(url_for("accounts.show_user", membership_id=membership_id))
    page = render_template("accounts/edit_user.html", form=form, member=member, versions=versions)
    return page, 409 if versions else 200


def _versions(form: UserForm, stored: Membership) -> list[tuple[str, object, object]]:
    form.version.data = str(stored.user.version_id)
    typed = form.to_command()
    return [
        ("Name", typed.name, stored.user.name),
        ("E-mail address", typed.email, stored.user.email),
        ("Phone number", typed.phone, stored.user.phone),
        ("Role", typed.role.label, stored.role.label),
        ("Team", form.team_names.get(form.team.data or ""), stored.team.name if stored.team else "No team"),
    ]


@guarded(Permission.AGENCY_ADMINISTER)
def reset_password(membership_id: UUID) -> ResponseReturnValue:
    """Give a user a temporary password; the page that follows shows it once."""
    with work_as(current_actor()) as work:
        password = administering.reset_password(work, membership_id, valid_for=_temporary())
    return _password_page(membership_id, password, is_new=False)


def _temporary() -> timedelta:
    settings: Settings = current_app.extensions["settings"]
    return timedelta(days=settings.temporary_password_days)


def _password_page(membership_id: UUID, password: str, *, is_new: bool) -> ResponseReturnValue:
    # Drawn at once, not after a redirect: nothing keeps the password between the two.
    member = queries.member(current_session(), current_actor(), membership_id)
    return render_template("accounts/temporary_password.html", member=member, password=password, is_new=is_new)


@guarded(Permission.AGENCY_ADMINISTER)
def sign_out_user(membership_id: UUID) -> ResponseReturnValue:
    """Sign a user out everywhere; they may sign in again."""
    with work_as(current_actor()) as work:
        user = administering.sign_out_user(work, membership_id)
    flash(f"{user.name} is signed out everywhere. Reset the password if somebody else may know it.", "success")
    return redirect(url_for("accounts.show_user", membership_id=membership_id))


@guarded(Permission.AGENCY_ADMINISTER)
def deactivate_user(membership_id: UUID) -> ResponseReturnValue:
    """Let a user sign in no more."""
    try:
        with work_as(current_actor()) as work:
            user = administering.deactivate_user(work, membership_id)
    except (Conflict, NotAllowed) as refused:
        flash(str(refused), "notice")
    else:
        flash(f"{user.name} is deactivated and signed out everywhere.", "success")
    return redirect(url_for("accounts.show_user", membership_id=membership_id))


@guarded(Permission.AGENCY_ADMINISTER)
def reactivate_user(membership_id: UUID) -> ResponseReturnValue:
    """Let a user sign in again."""
    with work_as(current_actor()) as work:
        user = administering.reactivate_user(work, membership_id)
    flash(f"{user.name} can sign in again. Reset the password if they have forgotten it.", "success")
    return redirect(url_for("accounts.show_user", membership_id=membership_id))


@guarded(Permission.AGENCY_ADMINISTER)
def unlock_user(membership_id: UUID) -> ResponseReturnValue:
    """Lift a lock-out before its time."""
    with work_as(current_actor()) as work:
        user = administering.unlock_user(work, membership_id)
    flash(f"{user.name} is unlocked and can sign in now.", "success")
    return redirect(url_for("accounts.show_user", membership_id=membership_id))
