"""Assigning several cases of the queue at once: tick them, choose who gets them, read what will happen, say yes.

Every step carries what was ticked with the versions the queue showed, so that a case somebody changed meanwhile is left
out and named, at whichever step that shows.
"""

from collections import Counter

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from prevention.blueprints.cases.blueprint import bp
from prevention.blueprints.cases.filtering import filter_args, read_filter
from prevention.blueprints.cases.forms import AssignSeveralForm
from prevention.blueprints.cases.pages import queue_page
from prevention.domain.account import Permission
from prevention.domain.case_selection import LeftOut, SelectedCase, read_selection
from prevention.errors import Invalid
from prevention.extensions import current_session
from prevention.queries.cases.counts import Owner, owners
from prevention.queries.cases.queue import Scope
from prevention.queries.cases.selection import Selection, selection
from prevention.services.cases import assigning
from prevention.web.auth import current_actor
from prevention.web.filters import plural
from prevention.web.form_handling import show_problems
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

Selected = tuple[SelectedCase, ...]

_CURSORS = ("after", "before")
_LEFT = Markup("{} left as before. {}: {}.")
_LINK = Markup('<a class="govuk-notification-banner__link" href="{}">{}</a>')


@bp.route("/assign", methods=["GET", "POST"])
@guarded(Permission.CASE_ASSIGN)
def assign_several() -> ResponseReturnValue:
    """Ask who gets the ticked cases, say what will happen, or do it: by the button that was pressed."""
    if request.method == "GET":  # after signing in again: what was ticked is in no address
        return redirect(url_for("cases.queue"), 303)
    selected = read_selection(_ticked(request.form))
    if not selected:
        return queue_page(Scope.OWN, request.form, problem="Tick the cases you want to assign"), 400
    form, found = AssignSeveralForm(), selection(current_session(), current_actor(), selected)
    choices = _choices(found)
    form.owner.choices = {"": "Choose one", **{owner.value: _words(owner, found) for owner in choices}}
    step = request.form.get("step")
    if step not in {"check", "assign"} or not found.going:
        return _page("assign_several", form, selected, found), 200 if found.going else 409
    if not form.validate():
        return _page("assign_several", form, selected, found), 400
    to = next(owner for owner in choices if owner.value == form.owner.data)
    if step == "check":
        found = selection(current_session(), current_actor(), selected, form.holder)
        losing = Counter(row.owner for row in found.going).most_common()
        return _page("assign_several_check", form, selected, found, to=to, losing=losing)
    return _assign(form, selected, found, to)


def _assign(form: AssignSeveralForm, selected: Selected, found: Selection, to: Owner) -> ResponseReturnValue:
    try:
        with work_as(current_actor()) as work:
            done = assigning.assign_several(
                work, selected, team_id=form.holder.team_id, user_id=form.holder.user_id, note=form.note.data or ""
            )
    except Invalid as invalid:
        show_problems(form, invalid)
        return _page("assign_several", form, selected, found), 400
    if done.given:
        flash(f"{plural(done.given, 'case')} assigned to {to.name}, who can see this from now on.", "success")
    for reason in LeftOut:
        links = [_link(which) for which in done.left_out if which.reason is reason]
        if links:
            flash(_LEFT.format(plural(len(links), "case"), reason.label, Markup(", ").join(links)), "notice")
    return redirect(_back(), 303)


def _page(name: str, form: AssignSeveralForm, selected: Selected, found: Selection, **more: object) -> str:
    """A step's page. It keeps what the next one needs: the cases as ticked, and where in the queue that was."""
    place = [(name, value) for name, values in _filter().items() for value in values]
    kept = [("case", each.value) for each in selected] + place + list(_cursors().items())
    return render_template(f"cases/{name}.html", form=form, found=found, kept=kept, back_url=_back(), **more)


def _ticked(sent: MultiDict[str, str]) -> list[str]:
    """What was ticked; with "all on this page", whatever that page had."""
    page = sent.get("page", "").split() if sent.get("all") else []
    return [*page, *sent.getlist("case")]


def _choices(found: Selection) -> tuple[Owner, ...]:
    agency_id = current_actor().agency_id
    return owners(current_session(), agency_id, found.homes) if agency_id else ()


def _words(owner: Owner, found: Selection) -> str:
    """A choice: who, how many they have, and of a team how many of the ticked cases lie where it works."""
    name = f"{owner.name} ({owner.team_name})" if owner.user_id and owner.team_name else owner.name
    covers = f", covers {owner.covers} of these {len(found.going)}" if owner.covers and owner.user_id is None else ""
    return f"{name}: {owner.open_cases} open{covers}"


def _link(which: assigning.Stays) -> Markup:
    return _LINK.format(url_for("cases.show", case_id=which.case_id), which.reference)


def _back() -> str:
    """The queue as the coordinator left it."""
    return url_for("cases.queue", **_filter(), **_cursors())  # type: ignore[arg-type]


def _filter() -> dict[str, list[str]]:
    return filter_args(read_filter(request.form, current_actor(), Scope.OWN))


def _cursors() -> dict[str, str]:
    return {name: request.form[name] for name in _CURSORS if request.form.get(name)}
