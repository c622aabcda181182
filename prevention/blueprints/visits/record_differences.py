"""Where two versions of the visit form differ, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wtforms import FieldList, FormField, SelectField
from wtforms.form import BaseForm

from prevention.blueprints.visits.record_fields import answered, form_from
from prevention.domain.visit import Component
from prevention.web.fields import TickField

#: Parts whose name is needed to understand a question taken out of its place.
_NAMED_PARTS = frozenset(component.value for component in Component)


@dataclass(frozen=True, slots=True)
class Difference:
    """One question that two versions of the form answer differently, in words."""

    question: str
    mine: str
    other: str


def differences(mine: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> list[Difference]:
    """Where two versions differ, in the order of the form; what no field holds comes last under its own name."""
    names = [name for name in dict.fromkeys([*mine, *other]) if answered(mine, name) != answered(other, name)]
    forms = form_from(mine), form_from(other)
    order = {name: place for place, name in enumerate([*_questions(forms[0], ""), *_questions(forms[1], "")])}
    asked = _questions(forms[1], "") | _questions(forms[0], "")
    names.sort(key=lambda name: order.get(name, len(order)))
    return [
        Difference(
            asked[name][1] if name in asked else name,
            _words(asked.get(name), answered(mine, name)),
            _words(asked.get(name), answered(other, name)),
        )
        for name in names
    ]


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
