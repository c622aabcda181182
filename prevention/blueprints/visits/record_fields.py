"""The visit form as plain fields, names to values: as a page posts it, a draft keeps it, a record fills it."""

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from prevention.blueprints.visits.record_form import RecordForm
from prevention.domain.behaviour import behaviours_by_topic
from prevention.domain.visit_record import VisitRecord, to_json

Fields = dict[str, list[str]]
#: Fields that are one box, ticked or not; every other yes or no can also be left unanswered.
_TICKS = frozenset({"fitted_today", "no_alarms_found", "advice_given"})


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


def answered(fields: Mapping[str, list[str]], name: str) -> list[str]:
    """The values of one field that say something."""
    return [value for value in fields.get(name, []) if value != ""]
