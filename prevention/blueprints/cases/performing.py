"""How every action on a case runs: the form, the rights, the service, and what is shown when it cannot be done.

When somebody else changed the case meanwhile, the page shows both versions: what was about to be saved, and the case
as it is now with who changed it. What was typed is kept, and one button applies it to the new version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field, SelectFieldBase

from prevention.blueprints.cases.forms import ActionForm
from prevention.domain.account import Permission
from prevention.errors import Conflict, Invalid, NotAllowed
from prevention.extensions import current_session
from prevention.queries.cases.header import CaseHeader, Rights, case_header, workable_case
from prevention.queries.cases.timeline import timeline
from prevention.services.cases.finding import StaleCase
from prevention.services.work import Work
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.filters import local_date, local_datetime
from prevention.web.form_handling import typed_version
from prevention.web.transactions import work_as

T = TypeVar("T")

_UNSEEN = frozenset({"version", "seen", "told", "csrf_token"})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done with a case, in the words of its page and button.

    ``for_involved``: every agency involved may do it, not only the owner's staff.
    """

    title: str
    button: str
    permission: Permission
    still_possible: Callable[[Rights], bool]
    intro: str = ""
    kind: str = ""
    for_involved: bool = False


def header_for(case_id: UUID, action: Action) -> CaseHeader:
    """The case's header, when the actor may do this to it, or might have when they opened the form they now send.

    Raises:
        NotFound, NotAllowed: by the policy.
    """
    session, actor = current_session(), current_actor()
    try:
        return workable_case(session, actor, case_id, action.permission, for_involved=action.for_involved)
    except NotAllowed:
        header = case_header(session, actor, case_id)
        if typed_version(request.form.get("version")) in {-1, header.case.version_id}:
            raise
        return header  # it was passed on meanwhile: `perform` shows both versions


def perform(
    header: CaseHeader,
    action: Action,
    form: ActionForm,
    apply: Callable[[Work], T],
    done: str | Callable[[T], str],
    names: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """Show the form, or do it and go back to the case.

    ``done`` are the words of the banner, or makes them of what ``apply`` gave. ``names`` maps a service's field names
    to the form's.
    """
    case_id = header.case.id
    if not form.is_submitted():
        form.version.data, form.seen.data = str(header.case.version_id), utc_now().isoformat()
        return _page(header, action, form)
    if not form.validate() or (header.case.premises.confidential and form.warn_of_addresses()):
        return _page(header, action, form), 400
    try:
        with work_as(current_actor()) as work:
            result = apply(work)
            words = done if isinstance(done, str) else done(result)
    except (StaleCase, NotAllowed) as refused:
        if isinstance(refused, NotAllowed) and form.seen_version == header.case.version_id:
            raise
        return _both_versions(case_id, action, form), 409
    except Invalid as invalid:
        _place(form, invalid, names or {})
        return _page(header_for(case_id, action), action, form), 400
    except Conflict as conflict:
        form.form_errors.append(str(conflict))
        return _page(header_for(case_id, action), action, form), 409
    flash(words, "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _page(header: CaseHeader, action: Action, form: ActionForm) -> str:
    return render_template("cases/action.html", header=header, case=header.case, action=action, form=form)


def _place(form: ActionForm, invalid: Invalid, names: dict[str, str]) -> None:
    for name, problem in invalid.problems.items():
        target = form._fields.get(names.get(name, name))
        if target is None:
            form.form_errors.append(problem)
        else:
            target.errors = [*target.errors, problem]


def _both_versions(case_id: UUID, action: Action, form: ActionForm) -> str:
    """The page with both versions. The form now carries the new version, so that its button applies to that."""
    session, actor = current_session(), current_actor()
    header = case_header(session, actor, case_id)
    since = _moment(form.seen.data)
    changes = (
        timeline(session, actor, case_id, since=since, size=10) if since else timeline(session, actor, case_id, size=1)
    )
    form.version.data, form.seen.data = str(header.case.version_id), utc_now().isoformat()
    return render_template(
        "cases/both_versions.html",
        header=header,
        case=header.case,
        action=action,
        form=form,
        yours=[("Action", action.title), *_typed(form)],
        theirs=_as_it_is(header),
        changes=changes.entries,
        possible=action.still_possible(header.rights),
    )


def _typed(form: ActionForm) -> list[tuple[str, str]]:
    return [
        (one.label.text, words) for one in form if one.name not in _UNSEEN and (words := _words(one)) not in {"", "No"}
    ]


def _words(one: Field) -> str:
    value: Any = one.data
    if isinstance(one, SelectFieldBase):
        chosen = {str(choice[0]): str(choice[1]) for choice in one.iter_choices()}
        return chosen.get(str(getattr(value, "value", value)), "") if value else ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date):
        return local_date(value)
    return str(value or "")


def _as_it_is(header: CaseHeader) -> list[tuple[str, str]]:
    case = header.case
    rows = [
        ("State", case.state.label),
        ("Risk", case.risk_level.label),
        ("Deadline", local_datetime(case.due_at) or "No deadline"),
        ("Owner", f"{header.owner} ({case.owner_agency.short_name})"),
    ]
    if header.hold_reason is not None:
        rows.append(("On hold", f"{header.hold_reason.label}, until {local_date(case.held_until)}"))
    if header.outcome is not None:
        rows.append(("Outcome", header.outcome.label))
    if case.reject_reason is not None:
        rows.append(("Rejected", case.reject_reason.label))
    if header.next_action:
        rows.append(("Next", f"{header.next_action} (by {local_datetime(case.next_action_at)})"))
    return rows


def _moment(typed: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(typed or "")[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
