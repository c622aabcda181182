"""The visit form's sections, and its problems: which field a sentence belongs to, and which sections to show open."""

from collections.abc import Mapping

from prevention.blueprints.visits.record_fields import answered
from prevention.blueprints.visits.record_form import RecordForm
from prevention.domain.behaviour import Topic
from prevention.web.form_errors import field_named, names_with_errors


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
    Section("household", "Who was there", "seen", "people", "notice"),
    Section("home", "The home", "home"),
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


def show_problems(form: RecordForm, problems: Mapping[str, str]) -> None:
    """Put each sentence beside its field; what has no field of its own goes to the top of the form."""
    stand_ins = {"alarms": "fitted"}
    for name, words in problems.items():
        field = field_named(form, stand_ins.get(name, name))
        if field is None:
            form.form_errors.append(words)
        else:
            field.errors = [*field.errors, words]


def sections_with_errors(form: RecordForm) -> set[str]:
    """The anchors of the parts that hold an error, to be shown open."""
    wrong = names_with_errors(form)
    return {section.anchor for section in SECTIONS if any(section.holds(name) for name in wrong)}


def answers_in(section: Section, fields: Mapping[str, list[str]]) -> int:
    """How many questions of a part are answered."""
    return sum(1 for name in fields if section.holds(name) and answered(fields, name))
