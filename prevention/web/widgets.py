"""How fields are drawn: widgets of govuk-frontend-wtf, with parameters that follow from the field."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup
from wtforms import Field, SelectField

BIG = "app-big-choice"
"""The class that makes radios and checkboxes at least 56 px high, for gloves."""


class Widget:
    """Calls a widget of govuk-frontend-wtf with parameters fixed by us under those of the page."""

    def __init__(self, inner: Callable[..., Any], **params: Any) -> None:
        self.inner = inner
        self.params = params

    def __call__(self, field: Field, **kwargs: Any) -> Markup:
        """Draw ``field``; ``params`` given by the page win over ours, other keywords become attributes.

        ``size`` (``"s"``, ``"m"``, ``"l"``) is the size of the label or legend; ``"s"`` is bold text, the default.
        """
        heading = self.heading(field, str(kwargs.pop("size", "s")))
        params = {**heading, **self.params, **self.for_field(field), **kwargs.pop("params", {})}
        return Markup(self.inner(field, params=params, **kwargs))  # noqa: S704  # the macro has escaped it

    def heading(self, field: Field, size: str) -> dict[str, Any]:
        """Give the label its size; its words come from the package."""
        return {"label": {"classes": f"govuk-label--{size}"}}

    def for_field(self, field: Field) -> dict[str, Any]:
        """Give parameters that depend on the field."""
        return {}


class Choices(Widget):
    """Radios or checkboxes: the legend is the label, item hints come from the field, and no empty hint is drawn."""

    def heading(self, field: Field, size: str) -> dict[str, Any]:
        """Make the label a legend of that size."""
        return _legend(field, size)

    def for_field(self, field: Field) -> dict[str, Any]:
        """Give ids, the hint when there is one, big targets, hints per choice."""
        params: dict[str, Any] = {"idPrefix": field.id}
        if not field.description:
            params["hint"] = None
        if getattr(field, "big", False):
            params["classes"] = BIG
        hints: Mapping[str, str] = getattr(field, "hints", {})
        if hints and isinstance(field, SelectField):
            values = [str(choice[0]) for choice in field.iter_choices()]
            params["items"] = [{"hint": {"text": hints[value]}} if value in hints else {} for value in values]
        return params


class DateParts(Widget):
    """Day, month and year; the first box carries the field's id so that the error summary can put the cursor there."""

    def heading(self, field: Field, size: str) -> dict[str, Any]:
        """Make the label a legend of that size."""
        return _legend(field, size)

    def for_field(self, field: Field) -> dict[str, Any]:
        """Give the three boxes with what was typed, however wrong."""
        day, month, year = getattr(field, "parts", ("", "", ""))
        red = " govuk-input--error" if field.errors else ""
        return {
            "id": f"{field.id}-group",
            "items": [
                {"label": label, "id": box, "name": field.name, "value": typed, "classes": f"{width}{red}"}
                for label, box, typed, width in (
                    ("Day", field.id, day, "govuk-input--width-2"),
                    ("Month", f"{field.id}-month", month, "govuk-input--width-2"),
                    ("Year", f"{field.id}-year", year, "govuk-input--width-4"),
                )
            ],
        }


class Tick(Widget):
    """A single checkbox: no legend, and no empty hint is drawn."""

    def heading(self, field: Field, size: str) -> dict[str, Any]:
        """Give nothing: the label stands beside the box."""
        return {}

    def for_field(self, field: Field) -> dict[str, Any]:
        """Give the id and big targets; the description becomes the hint of the box."""
        params: dict[str, Any] = {"idPrefix": field.id, "hint": None}
        if field.description:
            params["items"] = [{"hint": {"text": field.description}}]
        if getattr(field, "big", False):
            params["classes"] = BIG
        return params


def _legend(field: Field, size: str) -> dict[str, Any]:
    return {"fieldset": {"legend": {"text": field.label.text, "classes": f"govuk-fieldset__legend--{size}"}}}
