"""The parts of the visit form: who lives there, an alarm, a piece of equipment, a concern passed on, and the rest.

Names of fields are those of ``domain/visit_record.py``. A row into which nothing was typed counts as empty.
"""

from typing import Any

from wtforms import Field, Form, FormField
from wtforms.validators import StopValidation

from prevention.blueprints.visits.forms import YES_NO
from prevention.domain.behaviour import Behaviour, behaviours_by_topic
from prevention.domain.home import HIGHEST_STOREY, LOWEST_STOREY, PropertyType, Tenure
from prevention.domain.referral import CapacityConcern
from prevention.domain.visit import (
    AlarmPower,
    AlarmType,
    Component,
    Equipment,
    EquipmentAction,
    ObservedRisk,
    OnwardDestination,
    OnwardKind,
    Room,
)
from prevention.domain.visit_record import AlarmCondition, Alternative, NoticeGiven, WhoSeen
from prevention.web.fields import (
    AtMost,
    EnumCheckboxesField,
    EnumPickField,
    EnumRadiosField,
    LongTextField,
    PickField,
    RadiosField,
    TextField,
    TickField,
    WholeNumberField,
)

_SHORT = AtMost(200)
CLUTTER_HELP = (
    (1, "1: clear and tidy"),
    (2, "2: a few things about"),
    (3, "3: untidy, floor clear"),
    (4, "4: piles, all of the room can be used"),
    (5, "5: piles on floor and furniture, paths narrow"),
    (6, "6: part of the room cannot be used"),
    (7, "7: most of the floor covered, furniture hidden"),
    (8, "8: waist high, hard to cross"),
    (9, "9: near the ceiling, cannot be entered"),
)


class _Row(Form):
    """One entry of a list that always ends in empty ones."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into this row, right or wrong."""
        return not any(str(value).strip() for field in self for value in field.raw_data or ())


def _yes_no(label: str, **kwargs: Any) -> RadiosField:
    return RadiosField(label, choices=YES_NO, inline=True, **kwargs)


class PeopleForm(Form):
    """Who lives here."""

    aged_65_or_over = WholeNumberField("People aged 65 or over", highest=50, width="2")
    disabled = WholeNumberField("People with a disability", highest=50, width="2")
    under_5 = WholeNumberField("Children under 5", highest=50, width="2")
    lives_alone = _yes_no("Does the resident live alone?")
    has_carer = _yes_no("Does somebody come to care for them?")
    care_agency = TextField("Carer or care agency", [_SHORT])
    care_visits_per_day = WholeNumberField("Care visits a day", highest=50, width="2")


class NoticeForm(Form):
    """Whether the resident was told what is kept about them."""

    given = EnumRadiosField(NoticeGiven, "Did you give the privacy notice?", inline=True)
    version = TextField("Version of the notice", [_SHORT], description="As printed on it, such as March 2026.")
    why_not = TextField("Why was the notice not given?", [_SHORT])


class HomeForm(Form):
    """The home itself."""

    property_type = EnumPickField(PropertyType, "Type of home", empty="Not asked")
    tenure = EnumPickField(Tenure, "Owned or rented", empty="Not asked")
    storey = WholeNumberField(
        "Floor of the front door",
        lowest=LOWEST_STOREY,
        highest=HIGHEST_STOREY,
        width="3",
        description="0 is the ground floor, -1 the basement.",
    )
    lift = _yes_no("Is there a lift?")
    telecare_provider = TextField(
        "Telecare provider", [_SHORT], description="Who answers the alarm button or pull cord."
    )


class AlarmForm(_Row):
    """One alarm found or fitted."""

    room = EnumPickField(Room, "Room")
    type = EnumPickField(AlarmType, "Type")
    power = EnumPickField(AlarmPower, "Power", empty="Not known")
    working = _yes_no("Does it work?")
    fitted_today = TickField("Fitted today")
    expiry_year = WholeNumberField("Replace by (year)", highest=9999, width="4")
    interlinked = _yes_no("Linked to other alarms?")
    condition = EnumPickField(AlarmCondition, "What is wrong with it", empty="Nothing")

    def validate_room(self, field: Field) -> None:
        """Ask for the room of an alarm that was begun."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose the room the alarm is in")

    def validate_type(self, field: Field) -> None:
        """Ask for the type of an alarm that was begun."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose the type of alarm")


class EquipmentForm(_Row):
    """One piece of equipment."""

    item = EnumPickField(Equipment, "Item")
    action = EnumPickField(EquipmentAction, "What happened")
    quantity = WholeNumberField("How many", highest=50, width="2")
    location = TextField("Where", [_SHORT])

    def validate_item(self, field: Field) -> None:
        """Ask for the item of a row that was begun."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose the item")

    def validate_action(self, field: Field) -> None:
        """Ask what happened with an item that was chosen."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Say whether it was fitted, left, ordered or declined")


class OnwardForm(_Row):
    """One concern passed on."""

    destination = EnumPickField(OnwardDestination, "To whom")
    kind = EnumPickField(OnwardKind, "How")
    agreed = _yes_no("Does the resident agree?")
    reason = LongTextField("Why, in a few words", limit=1000, rows=2)

    def validate_destination(self, field: Field) -> None:
        """Ask for whom."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose who you pass it on to")

    def validate_kind(self, field: Field) -> None:
        """Ask how."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Say whether you signpost, refer or raise a concern")


class ComponentForm(Form):
    """One person-centred component."""

    risk_observed = EnumRadiosField(ObservedRisk, "Risk seen", inline=True)
    advice_given = TickField("Advice given")
    action_taken = TextField("What you did", [_SHORT])
    resident_commitment = TextField("What the resident will do", [_SHORT])
    note = TextField("Note", [_SHORT])


class EscapeForm(Form):
    """Getting out."""

    discussed = _yes_no("Did you talk about how to get out?")
    night_plan = _yes_no("Is there a plan for the night?")
    can_leave_alone = _yes_no("Can the resident get out alone?")
    doors_closed_at_night = _yes_no("Are doors closed at night?")
    understands_advice = _yes_no("Can they understand and keep advice in mind?")
    note = LongTextField("Note", limit=1000, rows=2)


class RefusalForm(Form):
    """Only when the visit was refused."""

    who = EnumRadiosField(WhoSeen, "Who refused?", inline=True)
    capacity_concern = EnumRadiosField(
        CapacityConcern, "Is there a concern that they do not understand the decision?", inline=True
    )
    risk_explained = _yes_no("Did you explain the risk?")
    advice_left = _yes_no("Did you leave advice or a leaflet?")
    alternative = EnumPickField(Alternative, "What else did you offer?")


class NoAccessForm(Form):
    """Only when nobody opened."""

    card_left = _yes_no("Did you leave a card?")
    note = TextField("Note about the door", [_SHORT])


def clutter_form() -> type[Form]:
    """A rating for each room."""
    choices = [("", "Not rated"), *((str(rating), words) for rating, words in CLUTTER_HELP)]
    return type("ClutterForm", (Form,), {room.value: PickField(room.label, choices=choices) for room in Room})


def components_form() -> type[Form]:
    """The person-centred components, one part each."""
    return type("ComponentsForm", (Form,), {item.value: FormField(ComponentForm, item.label) for item in Component})


def behaviours_form() -> type[Form]:
    """What was seen, a field a topic."""
    fields = {
        topic.value: EnumCheckboxesField(Behaviour, topic.label, members=items)
        for topic, items in behaviours_by_topic().items()
    }
    return type("BehavioursForm", (Form,), fields)
