"""The visit form: by room and topic, every answer optional until the visit is finished.

Names of fields are the paths in ``VisitRecord`` (``people-aged_65_or_over``, ``alarms-0-room``), so that what
``domain/visit_record.problems`` finds can be shown beside the field. Lists always offer a few empty rows: adding an
alarm needs neither script nor connection.
"""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList, FormField, HiddenField

from prevention.blueprints.visits.forms import answer
from prevention.blueprints.visits.record_parts import (
    AlarmForm,
    EquipmentForm,
    EscapeForm,
    HomeForm,
    NoAccessForm,
    NoticeForm,
    OnwardForm,
    PeopleForm,
    RefusalForm,
    behaviours_form,
    clutter_form,
    components_form,
)
from prevention.domain.behaviour import Topic, Wellbeing
from prevention.domain.home import Home
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import AlarmPower, AlarmType, Component, Room, VisitOutcome
from prevention.domain.visit_record import (
    AlarmEntry,
    ComponentCheck,
    EquipmentEntry,
    EscapePlan,
    NoAccess,
    OnwardEntry,
    People,
    PrivacyNotice,
    Refusal,
    VisitRecord,
    WhoSeen,
)
from prevention.domain.visit_rules import load_visit_rules
from prevention.web.fields import CheckboxesField, EnumCheckboxesField, EnumRadiosField, LongTextField, TickField
from prevention.web.form_errors import names_with_errors

EMPTY_ROWS = {"alarms": 3, "equipment": 3, "onward": 2}
MOST_ROWS = 40
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


def quick_fit(room: Room, kind: AlarmType) -> str:
    """The value of the one-tap choice that fits this alarm."""
    return f"{room.value}:{kind.value}"


class RecordForm(FlaskForm):  # type: ignore[misc] # Flask-WTF has no types
    """The whole visit form."""

    revision = HiddenField()
    page_copy = HiddenField(name="copy")
    seen = EnumRadiosField(WhoSeen, "Who did you see?", big=True)
    people = FormField(PeopleForm)
    notice = FormField(NoticeForm)
    home = FormField(HomeForm)
    fitted = CheckboxesField(
        "Fitted today: ten-year alarms",
        choices=[(quick_fit(room, kind), f"{_FIT_WORDS[kind]}, {room.label.lower()}") for room, kind in QUICK_FITS],
        big=True,
    )
    no_alarms_found = TickField("There were no alarms at all", big=True)
    alarms = FieldList(FormField(AlarmForm), "Alarm", max_entries=MOST_ROWS)
    clutter = FormField(clutter_form())
    components = FormField(components_form())
    behaviours = FormField(behaviours_form())
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
        "Why is the risk different?", limit=1000, rows=2, description="Needed when the rules say otherwise."
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
            notice=self._notice(),
            home=self._home(),
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

    def _notice(self) -> PrivacyNotice:
        form = self.notice.form
        return PrivacyNotice(form.given.data, form.version.data or "", form.why_not.data or "")

    def _home(self) -> Home:
        form = self.home.form
        return Home(
            property_type=form.property_type.data,
            tenure=form.tenure.data,
            storey=form.storey.data,
            lift=answer(form.lift.data),
            telecare_provider=form.telecare_provider.data or "",
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


def _has_errors(entry: Any) -> bool:
    return bool(names_with_errors(entry.form))
