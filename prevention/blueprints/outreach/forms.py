"""Forms for outreach: its details, its list of doors, and one door."""

from collections.abc import Mapping
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import DataRequired

from prevention.domain.visit import VisitOutcome
from prevention.errors import Invalid
from prevention.models.outreach import OutreachKind
from prevention.services.outreach import KINDS_WITH_DOORS, LONGEST_TEXT, MOST_ALARMS, Knock, OutreachDetails
from prevention.web.fields import (
    AtMost,
    DateField,
    LongTextField,
    PickField,
    PostcodeField,
    TextField,
    TickField,
    UploadField,
    WholeNumberField,
)

_SHORT = AtMost(200)
_EXAMPLES = {
    OutreachKind.HOT_STRIKE: "Fire in Mercer Road",
    OutreachKind.CAMPAIGN: "Heater checks on the Mercer estate",
    OutreachKind.COMMUNITY_EVENT: "Open day at the station",
    OutreachKind.TALK: "Talk to the carers of Mercer House",
}


class DetailsForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no types
    """What, where, when; for events also how many."""

    title = TextField("Name", [DataRequired("Give it a name"), _SHORT])
    place = TextField("Where", [DataRequired("Say where it is"), _SHORT], description="Street, estate, hall or school")
    held_on = DateField("Date", [DataRequired("Enter the date")])
    team_id = PickField("Team", choices=())
    incident_ref = TextField("Incident number", [_SHORT], width="20")
    audience = TextField("Who it is for", [_SHORT], description="For example: carers, year 6, residents of a block")
    head_count = WholeNumberField("How many people came", highest=100_000, width="5")
    leaflets = WholeNumberField("Leaflets given out", highest=100_000, width="5")
    note = LongTextField("Note", limit=LONGEST_TEXT, rows=3, description="No names or health details.")
    version = HiddenField()

    def suit(self, kind: OutreachKind) -> None:
        """Give an example of what such outreach may be called."""
        self.title.description = f"For example: {_EXAMPLES[kind]}"

    def offer_teams(self, names: Mapping[str, str]) -> None:
        """Fill the list of teams: names by id."""
        self.team_names = {"": "No team in particular", **names}
        self.team_id.choices = self.team_names

    def to_details(self, kind: OutreachKind) -> OutreachDetails:
        """The details; what does not belong to the kind is left out."""
        doors = kind in KINDS_WITH_DOORS
        if self.held_on.data is None:
            raise ValueError("the form was not validated")
        return OutreachDetails(
            kind=kind,
            title=self.title.data or "",
            place=self.place.data or "",
            held_on=self.held_on.data,
            team_id=UUID(self.team_id.data) if self.team_id.data else None,
            incident_ref=(self.incident_ref.data or "") if kind is OutreachKind.HOT_STRIKE else "",
            audience="" if doors else self.audience.data or "",
            head_count=None if doors else self.head_count.data,
            leaflets=None if doors else self.leaflets.data,
            note=self.note.data or "",
        )


class PostcodeDoorsForm(FlaskForm):  # type: ignore[misc]
    """Every home of a postcode."""

    postcode = PostcodeField("Postcode", [DataRequired("Enter a postcode")])


class ListDoorsForm(FlaskForm):  # type: ignore[misc]
    """A pasted or uploaded list."""

    lines = LongTextField(
        "UPRNs or addresses", limit=200_000, rows=8, description="One a line. An address needs its postcode."
    )
    file = UploadField("Or a CSV file", description="A column called UPRN is used where there is one.")


class DoorForm(FlaskForm):  # type: ignore[misc]
    """What was given and said at a door; the buttons say how it went."""

    alarms_fitted = WholeNumberField("Alarms fitted", highest=MOST_ALARMS, width="2")
    leaflet_left = TickField("Leaflet left", big=True)
    note = LongTextField("Note", limit=LONGEST_TEXT, rows=2, description="No names or health details.")
    version = HiddenField()

    def to_knock(self, outcome: str) -> Knock:
        """What happened.

        Raises:
            Invalid: ``outcome`` does not exist.
        """
        if outcome not in list(VisitOutcome):
            raise Invalid({"outcome": "Choose what happened at the door"})
        return Knock(
            VisitOutcome(outcome), self.alarms_fitted.data or 0, bool(self.leaflet_left.data), self.note.data or ""
        )
