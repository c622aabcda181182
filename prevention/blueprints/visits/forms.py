"""Forms for booking visits, for ending one at the door, and for cancelling. The visit form itself is record_form.py."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.fields.core import Field
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, Length, StopValidation

from prevention.domain.local_time import LONDON
from prevention.domain.referral import CapacityConcern
from prevention.domain.visit import VisitOutcome, VisitType
from prevention.domain.visit_record import Alternative, NoAccess, Refusal, VisitRecord, WhoSeen
from prevention.services.visits.booking import CANCELLED, LONGEST_NOTE
from prevention.web.fields import (
    DateField,
    EnumPickField,
    EnumRadiosField,
    LongTextField,
    RadiosField,
    TextField,
)

YES_NO = (("yes", "Yes"), ("no", "No"))

#: How a visit may end at the door, in the order of the page; the rest of the outcomes are a coordinator's business.
AT_THE_DOOR = (
    VisitOutcome.NO_ACCESS_NO_REPLY,
    VisitOutcome.REFUSED_AT_DOOR,
    VisitOutcome.REFUSED_BY_PHONE,
    VisitOutcome.NO_ACCESS_UNSAFE,
    VisitOutcome.HOSPITAL_OR_RESPITE,
    VisitOutcome.MOVED_AWAY,
    VisitOutcome.DECEASED,
    VisitOutcome.WRONG_ADDRESS,
    VisitOutcome.VACANT_OR_DEMOLISHED,
    VisitOutcome.NOT_CONTACTABLE,
    VisitOutcome.ALREADY_VISITED,
    VisitOutcome.LANDLORD_RESPONSIBLE,
)


def answer(value: str | None) -> bool | None:
    """A yes-or-no answer as typed: None when it was not given."""
    return {"yes": True, "no": False}.get(value or "")


class TimeField(TextField):
    """A time of day; ``data`` stays text, ``at`` is the time. Takes ``14:30``, ``2.30pm``, ``1430`` and ``9am``."""

    at: time | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is not a time of day."""
        if not self.data:
            return
        self.at = _read_time(self.data)
        if self.at is None:
            raise StopValidation("Enter a time, like 9:30am or 14:30")


def _read_time(typed: str) -> time | None:
    for shape in ("%H:%M", "%H.%M", "%H%M", "%I:%M%p", "%I.%M%p", "%I%p", "%I %p", "%I:%M %p", "%I.%M %p"):
        try:
            # Only the time of day is read; its zone comes with the date.
            return datetime.strptime(typed.strip().upper(), shape).time()  # noqa: DTZ007
        except ValueError:
            continue
    return None


class SlotForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no types
    """When and who; ``crew`` is filled by the view. ``accepted`` holds the warnings that were shown."""

    date = DateField("Date", [DataRequired("Enter the date of the visit")])
    time = TimeField(
        "Time",
        [DataRequired("Enter the time of the visit"), Length(max=20, message="Enter a time, like 9:30am or 14:30")],
        width="5",
        description="For example 9:30am or 14:30",
    )
    crew = RadiosField("Who goes", [DataRequired("Choose who goes")], choices=())
    visit_type = EnumPickField(VisitType, "Type of visit", [DataRequired("Choose the type of visit")], empty=None)
    access_note = LongTextField(
        "How to get in",
        limit=LONGEST_NOTE,
        rows=3,
        description="Entry code, key safe, who opens. Shown to the crew only.",
    )
    accepted = HiddenField()
    version = HiddenField()

    @property
    def scheduled_at(self) -> datetime:
        """The slot as an aware moment; of an hour that comes twice when clocks go back, the first."""
        if self.date.data is None:
            raise ValueError("the form was not validated")
        return datetime.combine(self.date.data, self.time.at or time(), tzinfo=LONDON)

    def validate_date(self, field: Field) -> None:
        """Refuse an hour that does not exist because clocks go forward."""
        if field.data is None or self.time.data is None or _read_time(self.time.data) is None:
            return
        moment = datetime.combine(field.data, _read_time(self.time.data) or time(), tzinfo=LONDON)
        if moment.astimezone(ZoneInfo("UTC")).astimezone(LONDON).time() != moment.time():
            raise StopValidation("The clocks go forward then: there is no such time on that day")


class RebookForm(SlotForm):
    """A new slot, and why."""

    def keep_note(self) -> None:
        """Say that there is a note which is not shown here, and stays when nothing is written over it."""
        self.access_note.description = "There is a note that only the crew sees. Leave this empty to keep it."

    reason = TextField(
        "Why is it moved?",
        [DataRequired("Say why the visit is moved"), Length(max=500, message="Use 500 characters or fewer")],
    )


class CancelForm(FlaskForm):  # type: ignore[misc]
    """Who cancels, and why."""

    outcome = EnumRadiosField(
        VisitOutcome, "Who cancels?", [DataRequired("Say who cancels")], members=CANCELLED, big=True
    )
    note = LongTextField("Why?", limit=LONGEST_NOTE, rows=3, description="In a few words. No health details.")
    version = HiddenField()


class DoorForm(FlaskForm):  # type: ignore[misc]
    """How a visit ended at the door. Which fields are drawn, and needed, depends on the outcome."""

    card_left = RadiosField("Did you leave a card?", choices=YES_NO, big=True)
    who = EnumRadiosField(WhoSeen, "Who refused?", big=True)
    capacity_concern = EnumRadiosField(
        CapacityConcern, "Is there a concern that they do not understand the decision?", big=True
    )
    risk_explained = RadiosField("Did you explain the risk?", choices=YES_NO, big=True)
    advice_left = RadiosField("Did you leave advice or a leaflet?", choices=YES_NO, big=True)
    alternative = EnumRadiosField(Alternative, "What else did you offer?", big=True)
    notes = LongTextField("What happened?", limit=4000, rows=3)

    def to_record(self, outcome: VisitOutcome) -> VisitRecord:
        """The few answers as a record."""
        refused = outcome in {VisitOutcome.REFUSED_AT_DOOR, VisitOutcome.REFUSED_BY_PHONE}
        return VisitRecord(
            outcome=outcome,
            seen=self.who.data if refused else None,
            refusal=Refusal(
                who=self.who.data,
                capacity_concern=self.capacity_concern.data,
                risk_explained=answer(self.risk_explained.data),
                advice_left=answer(self.advice_left.data),
                alternative=self.alternative.data,
            )
            if refused
            else Refusal(),
            no_access=NoAccess(card_left=answer(self.card_left.data)),
            notes=self.notes.data or "",
        )


#: From the record's field names (``domain/visit_record.problems``) to the fields of ``DoorForm``.
DOOR_FIELDS = {
    "refusal-who": "who",
    "refusal-capacity_concern": "capacity_concern",
    "refusal-risk_explained": "risk_explained",
    "refusal-alternative": "alternative",
    "no_access-card_left": "card_left",
    "notes": "notes",
}
