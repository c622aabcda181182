"""Addresses of pages of other rows: a row that is not installed gets no link instead of an error."""

from flask import current_app, url_for


def link_to(endpoint: str, **values: object) -> str | None:
    """The address of ``endpoint``, or None when the product has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]
