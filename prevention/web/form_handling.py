"""What every page with a form does with what comes back: the sentence beside its field, the version, the page's id."""

from uuid import UUID

from flask import request
from flask_wtf import FlaskForm

from prevention.errors import Invalid


def show_problems(form: FlaskForm, invalid: Invalid) -> None:
    """Put each problem beside its field; one without a field of that name belongs to the whole form."""
    for name, problem in invalid.problems.items():
        if name in form:
            form[name].errors = [*form[name].errors, problem]
        else:
            form.form_errors.append(problem)


def typed_version(text: str | None) -> int:
    """The version a form was made from; -1, which is never stored, when it is missing or not a number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


def row_asked_for(name: str) -> UUID | None:
    """The id in the address under ``name``, such as ``after``; None when there is none or it is not an id."""
    return request.args.get(name, type=UUID)
