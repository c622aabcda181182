"""What every page with a form does with what comes back: the sentence beside its field, the version, the page's id."""

from collections.abc import Mapping
from uuid import UUID

from flask import request
from flask_wtf import FlaskForm
from wtforms import HiddenField

from prevention.errors import Invalid


def show_problems(form: FlaskForm, invalid: Invalid, names: Mapping[str, str] | None = None) -> None:
    """Put each problem beside its field; one without a field that is seen belongs to the whole form.

    ``names`` gives the form's name of a field that the service calls another.
    """
    for given, problem in invalid.problems.items():
        name = (names or {}).get(given, given)
        if name in form and not isinstance(form[name], HiddenField):
            form[name].errors = [*form[name].errors, problem]
        else:
            form.form_errors.append(problem)


def typed_number(text: str | None) -> int | None:
    """The whole number somebody sent, below a thousand million; None when it is missing or none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def typed_version(text: str | None) -> int:
    """The version a form was made from; -1, which is never stored, when it is missing or not a number."""
    number = typed_number(text)
    return -1 if number is None else number


def row_asked_for(name: str) -> UUID | None:
    """The id in the address under ``name``, such as ``after``; None when there is none or it is not an id."""
    return request.args.get(name, type=UUID)
