"""What a stale save shows of outreach: what was typed beside what is stored now (see components/versions.html)."""

from uuid import UUID

from prevention.blueprints.outreach.forms import DetailsForm, DoorForm
from prevention.domain.visit import VisitOutcome
from prevention.models.outreach import Outreach, OutreachDoor
from prevention.services.outreach import DOOR_OUTCOMES, Knock, OutreachDetails
from prevention.web.filters import local_date

#: (label, typed, stored) of each field.
Versions = list[tuple[str, object, object]]
_YES_OR_NO = {True: "Yes", False: "No"}


def details_versions(form: DetailsForm, typed: OutreachDetails, stored: Outreach) -> Versions:
    """Both versions of the details; ``form`` goes on from what is stored."""
    form.version.data = str(stored.version_id)
    return [
        (form.title.label.text, typed.title, stored.title),
        (form.place.label.text, typed.place, stored.place),
        (form.held_on.label.text, local_date(typed.held_on), local_date(stored.held_on)),
        (form.team_id.label.text, _team_name(form, typed.team_id), _team_name(form, stored.team_id)),
        (form.incident_ref.label.text, typed.incident_ref, stored.incident_ref),
        (form.audience.label.text, typed.audience, stored.audience),
        (form.head_count.label.text, _number(typed.head_count), _number(stored.head_count)),
        (form.leaflets.label.text, _number(typed.leaflets), _number(stored.leaflets)),
        (form.note.label.text, typed.note, stored.note),
    ]


def door_versions(form: DoorForm, typed: Knock, stored: OutreachDoor) -> Versions:
    """Both versions of a door; ``form`` goes on from what is stored."""
    form.version.data = str(stored.version_id)
    return [
        ("What happened", _outcome_words(typed.outcome), _outcome_words(stored.outcome)),
        (form.alarms_fitted.label.text, str(typed.alarms_fitted), str(stored.alarms_fitted)),
        (form.leaflet_left.label.text, _YES_OR_NO[typed.leaflet_left], _YES_OR_NO[stored.leaflet_left]),
        (form.note.label.text, typed.note, stored.note),
    ]


def _outcome_words(outcome: VisitOutcome | None) -> str:
    return DOOR_OUTCOMES.get(outcome, outcome.label) if outcome is not None else ""


def _team_name(form: DetailsForm, team_id: UUID | None) -> str:
    return form.team_names.get(str(team_id or ""), "Another team")


def _number(count: int | None) -> str:
    return "" if count is None else str(count)
