"""The visit form: by room and topic, every answer optional until the visit is finished.

Names of fields are the paths in ``VisitRecord`` (``people-aged_65_or_over``, ``alarms-0-room``), so that what
``domain/visit_record.problems`` finds can be shown beside the field. Lists always offer a few empty rows: adding an
alarm needs neither script nor connection. A row without room and type counts as empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, FieldList, Form, FormField, HiddenField, SelectField
from wtforms.form import BaseForm
from wtforms.validators import Length, StopValidation

from prevention.blueprints.visits.forms import YES_NO, answer
from prevention.domain.behaviour import Behaviour, Topic, Wellbeing, behaviours_by_topic
from prevention.domain.referral import CapacityConcern
from prevention.domain.risk import RiskLevel
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
    VisitOutcome,
)
from prevention.domain.visit_record import (
    AlarmCondition,
    AlarmEntry,
    Alternative,
    ComponentCheck,
    EquipmentEntry,
    EscapePlan,
    NoAccess,
    OnwardEntry,
    People,
    Refusal,
    VisitRecord,
    WhoSeen,
    to_json,
)
from prevention.domain.visit_rules import load_visit_rules
from prevention.web.fields import (
    CheckboxesField,
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

Fields = dict[str, list[str]]

EMPTY_ROWS = {"alarms": 3, "equipment": 3, "onward": 2}
MOST_ROWS = 40
#: Fields that are one box, ticked or not; every other yes or no can also be left unanswered.
_TICKS = frozenset({"fitted_today", "no_alarms_found", "advice_given"})
_SHORT = Length(max=200, message="Use 200 characters or fewer")

#: What is fitted most, one tap each: room, type.
QUICK_FITS: tuple[tuple[Room, AlarmType], ...] = (
    (Room.HALL, AlarmType.SMOKE_OPTICAL),
    (Room.LANDING, AlarmType.SMOKE_OPTICAL),
    (Room.LIVING_ROOM, AlarmType.SMOKE_OPTICAL),
    (Room.BEDROOM_1, AlarmType.SMOKE_OPTICAL),
    (Room.KITCHEN, AlarmType.HEAT),
    (Room.KITCHEN, AlarmType.CO),
    (Room.LIVING_ROOM, AlarmType.CO),
)
_FIT_WORDS = {
    AlarmType.SMOKE_OPTICAL: "Smoke alarm",
    AlarmType.HEAT: "Heat alarm",
    AlarmType.CO: "Carbon monoxide alarm",
}

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

#: The outcomes offered at the end of the form, most usual first; the visit page offers the rest.
OUTCOMES = (
    VisitOutcome.COMPLETED,
    VisitOutcome.COMPLETED_PARTIAL,
    VisitOutcome.REFUSED_AT_DOOR,
    VisitOutcome.NO_ACCESS_NO_REPLY,
    VisitOutcome.NO_ACCESS_UNSAFE,
    VisitOutcome.HOSPITAL_OR_RESPITE,
    VisitOutcome.MOVED_AWAY,
    VisitOutcome.WRONG_ADDRESS,
    VisitOutcome.VACANT_OR_DEMOLISHED,
)


class Section:
    """A part of the form: its anchor, its heading, and the fields that belong to it (by the start of their names)."""

    def __init__(self, anchor: str, title: str, *starts: str) -> None:
        self.anchor = anchor
        self.title = title
        self.starts = starts

    def holds(self, name: str) -> bool:
        """Whether the field called ``name`` is in this part."""
        return any(name == start or name.startswith(f"{start}-") for start in self.starts)


SECTIONS = (
    Section("household", "Who was there", "seen", "people"),
    Section("alarms", "Alarms", "fitted", "alarms", "no_alarms_found"),
    Section("rooms", "Clutter, room by room", "clutter"),
    Section("safety", "Fire safety, topic by topic", "components"),
    Section("behaviours", "What you saw", *(f"behaviours-{topic.value}" for topic in Topic)),
    Section("escape", "Getting out", "escape"),
    Section("equipment", "Equipment", "equipment"),
    Section("wellbeing", "Wellbeing", "wellbeing"),
    Section("onward", "Passing concerns on", "onward"),
    Section("outcome", "How the visit ended", "outcome", "left_to_do", "refusal", "no_access", "risk_after", "notes"),
)


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


class AlarmForm(Form):
    """One alarm found or fitted."""

    room = EnumPickField(Room, "Room")
    type = EnumPickField(AlarmType, "Type")
    power = EnumPickField(AlarmPower, "Power", empty="Not known")
    working = _yes_no("Does it work?")
    fitted_today = TickField("Fitted today")
    expiry_year = WholeNumberField("Replace by (year)", highest=9999, width="4")
    interlinked = _yes_no("Linked to other alarms?")
    condition = EnumPickField(AlarmCondition, "What is wrong with it", empty="Nothing")

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said about an alarm in this row."""
        said = (self.room.data, self.type.data, self.power.data, self.working.data, self.fitted_today.data)
        return not any(said) and self.expiry_year.data is None and not self.condition.data and not self.interlinked.data

    def validate_room(self, field: Field) -> None:
        """Ask for the room of an alarm that was begun."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose the room the alarm is in")

    def validate_type(self, field: Field) -> None:
        """Ask for the type of an alarm that was begun."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose the type of alarm")


class EquipmentForm(Form):
    """One piece of equipment."""

    item = EnumPickField(Equipment, "Item")
    action = EnumPickField(EquipmentAction, "What happened")
    quantity = WholeNumberField("How many", highest=50, width="2")
    location = TextField("Where", [_SHORT])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said in this row."""
        return not (self.item.data or self.action.data or self.location.data)

    def validate_item(self, field: Field) -> None:
        """Ask for the item of a row that was begun."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Choose the item")

    def validate_action(self, field: Field) -> None:
        """Ask what happened with an item that was chosen."""
        if not self.is_empty and field.data is None:
            raise StopValidation("Say whether it was fitted, left, ordered or declined")


class OnwardForm(Form):
    """One concern passed on."""

    destination = EnumPickField(OnwardDestination, "To whom")
    kind = EnumPickField(OnwardKind, "How")
    agreed = _yes_no("Does the resident agree?")
    reason = LongTextField("Why, in a few words", limit=1000, rows=2)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said in this row."""
        return not (self.destination.data or self.kind.data or self.reason.data or self.agreed.data)

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


def _clutter_form() -> type[Form]:
    choices = [("", "Not rated"), *((str(rating), words) for rating, words in CLUTTER_HELP)]
    return type("ClutterForm", (Form,), {room.value: PickField(room.label, choices=choices) for room in Room})


def _components_form() -> type[Form]:
    return type("ComponentsForm", (Form,), {item.value: FormField(ComponentForm, item.label) for item in Component})


def _behaviours_form() -> type[Form]:
    fields = {
        topic.value: EnumCheckboxesField(Behaviour, topic.label, members=items)
        for topic, items in behaviours_by_topic().items()
    }
    return type("BehavioursForm", (Form,), fields)


def quick_fit(room: Room, kind: AlarmType) -> str:
    """The value of the one-tap choice that fits this alarm."""
    return f"{room.value}:{kind.value}"


class RecordForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no types
    """The whole visit form."""

    revision = HiddenField()
    page_copy = HiddenField(name="copy")
    seen = EnumRadiosField(WhoSeen, "Who did you see?", big=True)
    people = FormField(PeopleForm)
    fitted = CheckboxesField(
        "Fitted today: ten-year alarms",
        choices=[(quick_fit(room, kind), f"{_FIT_WORDS[kind]}, {room.label.lower()}") for room, kind in QUICK_FITS],
        big=True,
    )
    no_alarms_found = TickField("There were no alarms at all", big=True)
    alarms = FieldList(FormField(AlarmForm), "Alarm", max_entries=MOST_ROWS)
    clutter = FormField(_clutter_form())
    components = FormField(_components_form())
    behaviours = FormField(_behaviours_form())
    escape = FormField(EscapeForm)
    equipment = FieldList(FormField(EquipmentForm), "Item", max_entries=MOST_ROWS)
    wellbeing = EnumCheckboxesField(Wellbeing, "What did you talk about?", big=True)
    onward = FieldList(FormField(OnwardForm), "Concern", max_entries=MOST_ROWS)
    outcome = EnumRadiosField(VisitOutcome, "How did the visit end?", members=OUTCOMES, big=True)
    left_to_do = LongTextField("What is left to do?", limit=1000, rows=2)
    refusal = FormField(RefusalForm)
    no_access = FormField(NoAccessForm)
    risk_after = EnumRadiosField(RiskLevel, "Risk after the visit", big=True)
    risk_after_reason = LongTextField(
        "Why is the risk different?", limit=1000, rows=2, description="Needed when it is lower than before."
    )
    notes = LongTextField("Notes", limit=4000, rows=4, description="What the next visitor must know. No diagnoses.")

    def add_empty_rows(self) -> None:
        """Offer empty rows under each list, so that one can be filled without a round trip."""
        for name, count in EMPTY_ROWS.items():
            rows = self[name]
            while rows.entries and rows.entries[-1].form.is_empty and not _has_errors(rows.entries[-1]):
                rows.pop_entry()
            for _ in range(min(count, MOST_ROWS - len(rows.entries))):
                rows.append_entry()

    def to_record(self, this_year: int) -> VisitRecord:
        """What the form says, as a record; ``this_year`` dates the alarms fitted with one tap."""
        people = self.people.form
        return VisitRecord(
            outcome=self.outcome.data,
            seen=self.seen.data,
            people=People(
                aged_65_or_over=people.aged_65_or_over.data,
                disabled=people.disabled.data,
                under_5=people.under_5.data,
                lives_alone=answer(people.lives_alone.data),
                has_carer=answer(people.has_carer.data),
                care_agency=people.care_agency.data or "",
                care_visits_per_day=people.care_visits_per_day.data,
            ),
            components=self._components(),
            alarms=(*self._alarms(), *self._fitted(this_year)),
            no_alarms_found=bool(self.no_alarms_found.data),
            equipment=tuple(
                EquipmentEntry(
                    row.form.item.data,
                    row.form.action.data,
                    1 if row.form.quantity.data is None else row.form.quantity.data,
                    row.form.location.data or "",
                )
                for row in self.equipment.entries
                if row.form.item.data and row.form.action.data
            ),
            clutter={
                room: int(rating) for room in Room if (rating := self.clutter.form[room.value].data or "").isdigit()
            },
            behaviours=frozenset(
                item for topic in Topic for item in self.behaviours.form[topic.value].data or () if item is not None
            ),
            escape=self._escape(),
            wellbeing=frozenset(item for item in self.wellbeing.data or () if item is not None),
            refusal=self._refusal(),
            no_access=NoAccess(answer(self.no_access.form.card_left.data), self.no_access.form.note.data or ""),
            onward=tuple(
                OnwardEntry(
                    row.form.destination.data,
                    row.form.kind.data,
                    answer(row.form.agreed.data),
                    row.form.reason.data or "",
                )
                for row in self.onward.entries
                if row.form.destination.data and row.form.kind.data
            ),
            left_to_do=self.left_to_do.data or "",
            risk_after=self.risk_after.data,
            risk_after_reason=self.risk_after_reason.data or "",
            notes=self.notes.data or "",
        )

    def _alarms(self) -> list[AlarmEntry]:
        return [
            AlarmEntry(
                room=row.form.room.data,
                type=row.form.type.data,
                power=row.form.power.data,
                interlinked=answer(row.form.interlinked.data),
                working=answer(row.form.working.data),
                fitted_today=bool(row.form.fitted_today.data),
                expiry_year=row.form.expiry_year.data,
                condition=row.form.condition.data,
            )
            for row in self.alarms.entries
            if row.form.room.data and row.form.type.data
        ]

    def _fitted(self, this_year: int) -> list[AlarmEntry]:
        ticked = set(self.fitted.data or ())
        return [fitted_alarm(room, kind, this_year) for room, kind in QUICK_FITS if quick_fit(room, kind) in ticked]

    def _components(self) -> dict[Component, ComponentCheck]:
        found = {}
        for component in Component:
            form: Any = self.components.form[component.value].form  # type: ignore[attr-defined] # a FormField
            check = ComponentCheck(
                risk_observed=form.risk_observed.data,
                advice_given=bool(form.advice_given.data),
                action_taken=form.action_taken.data or "",
                resident_commitment=form.resident_commitment.data or "",
                note=form.note.data or "",
            )
            if check != ComponentCheck():
                found[component] = check
        return found

    def _escape(self) -> EscapePlan:
        form = self.escape.form
        return EscapePlan(
            discussed=answer(form.discussed.data),
            night_plan=answer(form.night_plan.data),
            can_leave_alone=answer(form.can_leave_alone.data),
            doors_closed_at_night=answer(form.doors_closed_at_night.data),
            understands_advice=answer(form.understands_advice.data),
            note=form.note.data or "",
        )

    def _refusal(self) -> Refusal:
        form = self.refusal.form
        return Refusal(
            who=form.who.data,
            capacity_concern=form.capacity_concern.data,
            risk_explained=answer(form.risk_explained.data),
            advice_left=answer(form.advice_left.data),
            alternative=form.alternative.data,
        )


def fitted_alarm(room: Room, kind: AlarmType, this_year: int) -> AlarmEntry:
    """A new ten-year alarm, tested when fitted."""
    return AlarmEntry(
        room=room,
        type=kind,
        power=AlarmPower.SEALED_10YR,
        working=True,
        fitted_today=True,
        expiry_year=this_year + load_visit_rules().life_of_an_alarm_years,
    )


def form_from(fields: Mapping[str, list[str]]) -> RecordForm:
    """The form filled with what was typed, right or wrong, with empty rows to go on."""
    form = RecordForm(formdata=MultiDict(fields) if fields else None)
    form.add_empty_rows()
    return form


def fields_of_form(posted: "MultiDict[str, str]") -> Fields:
    """What a page posted, as a draft keeps it: without its token, its buttons and its revision."""
    skipped = {"csrf_token", "revision", "copy", "save", "finish"}
    return {name: posted.getlist(name) for name in posted if name not in skipped}


def fields_of(record: VisitRecord) -> Fields:
    """A record as the form's fields: ``form_from(fields_of(record)).to_record(…)`` gives the record again."""
    data = to_json(record)
    behaviours = data.pop("behaviours")
    for topic, items in behaviours_by_topic().items():
        data[f"behaviours-{topic.value}"] = [item.value for item in items if item.value in behaviours]
    for name in record.unknown:
        data.pop(name, None)
    return dict(_flat("", data))


def _flat(name: str, value: Any) -> Iterator[tuple[str, list[str]]]:
    """The fields under ``name``: codes in a list are one field, entries are numbered, what was not said is left out."""
    inner = f"{name}-" if name else ""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _flat(f"{inner}{key}", part)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for place, part in enumerate(value):
            yield from _flat(f"{inner}{place}", part)
    elif isinstance(value, list):
        if value:
            yield name, [str(part) for part in value]
    elif isinstance(value, bool):
        if name.rsplit("-", 1)[-1] not in _TICKS:
            yield name, ["yes" if value else "no"]
        elif value:
            yield name, ["y"]
    elif value not in (None, ""):
        yield name, [str(value)]


def show_problems(form: RecordForm, problems: Mapping[str, str]) -> None:
    """Put each sentence beside its field; what has no field of its own goes to the top of the form."""
    stand_ins = {"alarms": "fitted"}
    for name, words in problems.items():
        field = field_named(form, stand_ins.get(name, name))
        if field is None:
            form.form_errors.append(words)
        else:
            field.errors = [*field.errors, words]


def field_named(form: BaseForm, name: str) -> Field | None:
    """The field with this full name, in the form or a part of it."""
    for field in form:
        if isinstance(field, FormField):
            found = field_named(field.form, name)
            if found is not None:
                return found
        elif isinstance(field, FieldList):
            for entry in field.entries:
                found = field_named(entry.form, name)
                if found is not None:
                    return found
        elif field.name == name:
            return field
    return None


def sections_with_errors(form: RecordForm) -> set[str]:
    """The anchors of the parts that hold an error, to be shown open."""
    wrong = _names_with_errors(form)
    return {section.anchor for section in SECTIONS if any(section.holds(name) for name in wrong)}


def _names_with_errors(form: BaseForm) -> list[str]:
    found: list[str] = []
    for field in form:
        if isinstance(field, FormField):
            found += _names_with_errors(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                found += _names_with_errors(entry.form)
        elif field.errors:
            found.append(field.name)
    return found


def _has_errors(entry: Any) -> bool:
    return bool(_names_with_errors(entry.form))


@dataclass(frozen=True, slots=True)
class Difference:
    """One question that two versions of the form answer differently, in words."""

    question: str
    mine: str
    other: str


def differences(mine: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> list[Difference]:
    """Where two versions differ, in the order of the form; what no field holds comes last under its own name."""
    names = [name for name in dict.fromkeys([*mine, *other]) if _said(mine, name) != _said(other, name)]
    forms = form_from(mine), form_from(other)
    order = {name: place for place, name in enumerate([*_questions(forms[0], ""), *_questions(forms[1], "")])}
    asked = _questions(forms[1], "") | _questions(forms[0], "")
    names.sort(key=lambda name: order.get(name, len(order)))
    return [
        Difference(
            asked[name][1] if name in asked else name,
            _words(asked.get(name), _said(mine, name)),
            _words(asked.get(name), _said(other, name)),
        )
        for name in names
    ]


def answers_in(section: Section, fields: Mapping[str, list[str]]) -> int:
    """How many questions of a part are answered."""
    return sum(1 for name in fields if section.holds(name) and _said(fields, name))


def _said(fields: Mapping[str, list[str]], name: str) -> list[str]:
    return [value for value in fields.get(name, []) if value != ""]


def _words(asked: tuple[Any, str] | None, values: list[str]) -> str:
    if asked is not None and isinstance(asked[0], TickField):
        return "Yes" if values else "No"
    choices: dict[str, str] = {}
    if asked is not None and isinstance(asked[0], SelectField):
        choices = {str(choice[0]): str(choice[1]) for choice in asked[0].iter_choices()}
    return ", ".join(choices.get(value, value) for value in values) or "–"


def _questions(part: BaseForm, before: str) -> dict[str, tuple[Any, str]]:
    """Every field by its full name, with the words that ask for it."""
    found: dict[str, tuple[Any, str]] = {}
    for field in part:
        if isinstance(field, FormField):
            words = f"{before}{field.label.text}: " if field.short_name in _NAMED_PARTS else before
            found |= _questions(field.form, words)
        elif isinstance(field, FieldList):
            for place, entry in enumerate(field.entries):
                found |= _questions(entry.form, f"{field.label.text} {place + 1}: ")
        else:
            found[field.name] = (field, f"{before}{field.label.text}")
    return found


#: Parts whose name is needed to understand a question taken out of its place.
_NAMED_PARTS = frozenset(component.value for component in Component)
