"""Cursors for keyset pages: signed, so that what a page trusts is what a page sent; rubbish means the first page."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

Part = str | int | bool | datetime | UUID | None


def write_cursor(purpose: str, parts: Sequence[Part]) -> str:
    """Seal the sort key of a row into a cursor for URLs and forms. ``purpose`` keeps lists from sharing cursors."""
    plain = [part.isoformat() if isinstance(part, datetime) else _plain(part) for part in parts]
    return str(_serializer(purpose).dumps(plain))


def read_cursor(purpose: str, sealed: str | None) -> list[str | int | bool | None] | None:
    """The parts of a cursor as JSON gives them back; None for no cursor, a forged one, or rubbish."""
    if not sealed:
        return None
    try:
        parts = _serializer(purpose).loads(sealed)
    except BadData:
        return None
    return parts if isinstance(parts, list) else None


def _plain(part: Part) -> str | int | bool | None:
    return str(part) if isinstance(part, UUID | datetime) else part


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"cursor:{purpose}")
