"""Drafts of visit forms: what is typed is kept at once, and never lost to a second tab or phone.

A draft holds the form's fields word for word (name to list of values), right or wrong, so that a field nobody knows
yet survives too. Each open page has a *copy* id. A save from the page that saved last always goes through; a save
made from an older revision by another page is refused, but kept beside the draft, so that both versions can be
shown until somebody chooses. The one not chosen stays beside it as well.

The shape is made for the offline visit: a save is one self-contained message (revision, copy, fields), and sending
the same one twice changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from prevention.domain.followup import FollowUpKind
from prevention.domain.visit import VisitState
from prevention.errors import Invalid, NotFound
from prevention.models.visit import Visit, VisitDraft
from prevention.policies.visits import may_keep_typed, may_record_visit
from prevention.services.followups.planning import desk_of, plan
from prevention.services.visits.finding import load_visit
from prevention.services.work import Work

Fields = dict[str, list[str]]

#: Largest draft: the form filled to its limits is a quarter of this.
LARGEST_DRAFT_BYTES = 256 * 1024
TOO_LARGE = "This form holds more than can be kept. Make the notes shorter."
#: Why something typed is kept beside a visit and not used.
_TOO_LATE = {
    VisitState.FINISHED: "This visit was finished. What you typed since is kept with it.",
    VisitState.CANCELLED: "This visit was cancelled. What you typed is kept with it. Tell your coordinator.",
}
_GIVEN_AWAY = "This visit is now given to somebody else. What you typed is kept beside its form for your coordinator."
MOST_FIELDS = 3000
MOST_VALUES = 200
#: Versions kept beside a draft, newest first.
MOST_OTHERS = 5


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a form's fields, when it came, from whom, and the page it came from."""

    fields: Fields
    saved_at: datetime
    saved_by: UUID | None
    copy: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save. When not ``accepted``, ``current`` is the version to show beside the one just sent.

    ``not_used``: why it is only kept beside the visit, in words for whoever typed it; empty when it is in play.
    """

    accepted: bool
    revision: int
    current: Version
    not_used: str = ""


def clean_fields(given: object) -> Fields:
    """Read fields as a page sends them, without characters the database cannot hold.

    Raises:
        Invalid: they are not fields (``fields``), or more than a draft may hold (``size``).
    """
    if not isinstance(given, Mapping):
        raise Invalid({"fields": "The form could not be read"})
    if len(given) > MOST_FIELDS:
        raise Invalid({"size": "This form has more fields than can be kept"})
    fields: Fields = {}
    for name, values in given.items():
        if not isinstance(name, str) or not isinstance(values, Sequence) or isinstance(values, str):
            raise Invalid({"fields": "The form could not be read"})
        if len(values) > MOST_VALUES or not all(isinstance(value, str) for value in values):
            raise Invalid({"fields": "The form could not be read"})
        fields[_clean(name)] = [_clean(value) for value in values]
    if len(json.dumps(fields).encode()) > LARGEST_DRAFT_BYTES:
        raise Invalid({"size": TOO_LARGE})
    return fields


def read_draft(draft: VisitDraft) -> Version:
    """The version in force."""
    return Version(draft.content.get("fields", {}), draft.saved_at, draft.saved_by, str(draft.content.get("copy", "")))


def read_others(draft: VisitDraft | None) -> list[Version]:
    """Versions kept beside the draft: typed in another tab or on another phone, newest first."""
    if draft is None:
        return []
    return [
        Version(
            other["fields"],
            datetime.fromisoformat(other["at"]),
            UUID(other["by"]) if other["by"] else None,
            other["copy"],
        )
        for other in draft.content.get("others", [])
    ]


def save(work: Work, visit_id: UUID, fields: Fields, *, revision: int, copy: str = "") -> Saved:
    """Keep what is typed. ``revision`` is the one the page was made from; ``copy`` the page's own id, or empty.

    What comes too late is kept as well, beside the visit: it was finished, cancelled, or given to somebody else while
    this was typed, perhaps on a phone without signal. In the last case the coordinators are asked to look at it.

    Raises:
        NotFound, NotAllowed: as ``may_keep_typed`` decides.
    """
    visit = load_visit(work, visit_id, may_keep_typed)
    mine = Version(fields, work.now, work.actor.user_id, _clean(copy[:100]))
    draft = work.session.scalar(
        select(VisitDraft)
        .where(VisitDraft.visit_id == visit.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if visit.state in _TOO_LATE:
        return _keep_late(work, visit, draft, mine, _TOO_LATE[visit.state])
    if not may_record_visit(work.actor, visit).allowed:
        _ask_coordinators(work, visit, mine)
        return _keep_late(work, visit, draft, mine, _GIVEN_AWAY)
    if draft is None:
        draft = VisitDraft(visit_id=visit.id, revision=0, content={"fields": {}, "copy": "", "others": []})
        _put(draft, mine, [])
        work.session.add(draft)
        return Saved(accepted=True, revision=draft.revision, current=mine)
    current = read_draft(draft)
    if _said(current.fields) == _said(mine.fields):
        return Saved(accepted=True, revision=draft.revision, current=current)
    same_page = mine.copy != "" and current.copy == mine.copy
    if not same_page and revision != draft.revision:
        _keep_beside(draft, mine)
        return Saved(accepted=False, revision=draft.revision, current=current)
    others = read_others(draft)
    if any(_same_origin(other, mine) for other in others):
        # This page was refused before and its user chose to go on: what they set aside is kept instead.
        others = [current, *(other for other in others if not _same_origin(other, mine))]
    _put(draft, mine, others)
    return Saved(accepted=True, revision=draft.revision, current=mine)


def bring_back(work: Work, visit_id: UUID, place: int) -> Saved:
    """Make the version at ``place`` beside the draft the one in force; the one in force goes beside it.

    Raises:
        NotFound: there is no such version.
    """
    visit = load_visit(work, visit_id, may_record_visit)
    draft = work.session.get(VisitDraft, visit.id, with_for_update=True, populate_existing=True)
    others = read_others(draft)
    if draft is None or not 0 <= place < len(others):
        raise NotFound
    chosen = others[place]
    current = read_draft(draft)
    _put(draft, chosen, [current, *(other for other in others if other is not chosen)])
    return Saved(accepted=True, revision=draft.revision, current=chosen)


def drop_draft(work: Work, visit_id: UUID) -> None:
    """Drop the draft of a finished visit, unless versions beside it were never used."""
    draft = work.session.get(VisitDraft, visit_id, with_for_update=True, populate_existing=True)
    if draft is not None and not draft.content.get("others"):
        work.session.delete(draft)


def _ask_coordinators(work: Work, visit: Visit, mine: Version) -> None:
    """Once an open page: a follow-up of the desk that books visits, due now."""
    plan(
        work,
        case=visit.case,
        visit=visit,
        kind=FollowUpKind.CALL_BACK,
        due_at=work.now,
        why="Somebody who no longer has this visit sent what they had typed: compare it with the visit's form",
        rule="given-away",
        effect_key=f"visit:{visit.id}:given-away:{mine.copy or mine.saved_by}",
        owner_team_id=desk_of(work, visit.agency_id),
    )


def _keep_late(work: Work, visit: Visit, draft: VisitDraft | None, mine: Version, why: str) -> Saved:
    if draft is None:
        draft = VisitDraft(visit_id=visit.id, revision=0, content={"fields": {}, "copy": "", "others": []})
        _put(draft, Version({}, work.now, work.actor.user_id, ""), [])
        work.session.add(draft)
    if _said(mine.fields) != _said(read_draft(draft).fields):
        _keep_beside(draft, mine)
    return Saved(accepted=False, revision=draft.revision, current=read_draft(draft), not_used=why)


def _keep_beside(draft: VisitDraft, mine: Version) -> None:
    others = read_others(draft)
    if any(_said(other.fields) == _said(mine.fields) for other in others):
        return
    kept = [mine, *(other for other in others if not _same_origin(other, mine))]
    draft.content = draft.content | {"others": [_data(other) for other in kept[:MOST_OTHERS]]}


def _same_origin(one: Version, other: Version) -> bool:
    """Whether two versions come from the same page; a page without script is known by who used it."""
    if one.copy or other.copy:
        return one.copy == other.copy
    return one.saved_by == other.saved_by


def _put(draft: VisitDraft, version: Version, others: Sequence[Version]) -> None:
    draft.revision += 1
    draft.saved_at = version.saved_at
    draft.saved_by = version.saved_by  # type: ignore[assignment] # only a signed-in person types
    draft.content = {
        "fields": version.fields,
        "copy": version.copy,
        "others": [_data(other) for other in others[:MOST_OTHERS]],
    }


def _data(version: Version) -> dict[str, Any]:
    return {
        "fields": version.fields,
        "at": version.saved_at.isoformat(),
        "by": str(version.saved_by) if version.saved_by else "",
        "copy": version.copy,
    }


def _said(fields: Fields) -> Fields:
    """The answers given: a box left empty says nothing, whether the page sent it or not."""
    return {name: said for name, values in fields.items() if (said := [value for value in values if value != ""])}


def _clean(text: str) -> str:
    """Without NUL and half characters, which no text column holds."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")
