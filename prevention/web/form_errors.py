"""A form's errors: the list for the error summary, and the fields they stand beside, sub-forms and lists included."""

from collections.abc import Sequence

from wtforms import Field, FieldList, FormField
from wtforms.form import BaseForm


def error_list(form: BaseForm) -> list[dict[str, str]]:
    """List a form's errors for the error summary, in the order of the fields: ``text`` and ``href`` of the field.

    Goes into sub-forms and lists of fields. Errors of the whole form have no ``href``. Replaces the package's
    ``wtforms_errors``, which loses lists whose first entry is right.
    """
    found: list[dict[str, str]] = [{"text": str(error)} for error in getattr(form, "form_errors", [])]
    for field in form:
        found.extend(_field_errors(field))
    return found


def _field_errors(field: Field) -> list[dict[str, str]]:
    inner = getattr(field, "form", None)
    if isinstance(inner, BaseForm):
        return error_list(inner)
    entries = getattr(field, "entries", None)
    if isinstance(entries, list):
        nested = [error for entry in entries for error in _field_errors(entry)]
        if nested:
            return nested
    errors: Sequence[object] = field.errors
    words = [error for error in errors if not isinstance(error, list | tuple | dict)]
    return [{"text": str(words[0]), "href": f"#{field.id}"}] if words else []


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


def names_with_errors(form: BaseForm) -> list[str]:
    """The full names of the fields that hold an error, in the form or a part of it."""
    found: list[str] = []
    for field in form:
        if isinstance(field, FormField):
            found += names_with_errors(field.form)
        elif isinstance(field, FieldList):
            for entry in field.entries:
                found += names_with_errors(entry.form)
        elif field.errors:
            found.append(field.name)
    return found
