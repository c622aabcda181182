"""Frozen dataclasses to JSON-ready data and back, for content that outlives releases (drafts, visit records).

Writing is stable: the same value gives the same data, with sets and mappings in the order of their codes.
Reading is tolerant: a key nobody knows, a code that no longer exists or a value of the wrong type is left out, and the
field keeps its default. An entry of a list that lacks what it cannot do without is dropped.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


class Unreadable(ValueError):
    """The data do not hold a value of the type asked for."""


def to_data(value: Any) -> Any:
    """``value`` (a dataclass, enum, tuple, set, mapping or plain value) as JSON-ready data."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: to_data(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(to_data(item) for item in value)
    if isinstance(value, tuple):
        return [to_data(item) for item in value]
    if isinstance(value, Mapping):
        return dict(sorted((to_data(key), to_data(item)) for key, item in value.items()))
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def from_data(kind: Any, data: Any) -> Any:
    """Read a value of type ``kind``. Raises ``Unreadable`` only when nothing of it can be kept."""
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        (inner,) = [option for option in get_args(kind) if option is not NoneType]
        return None if data is None else from_data(inner, data)
    if origin in {tuple, frozenset}:
        return origin(_readable(get_args(kind)[0], data))
    if origin is not None:
        return _mapping(kind, data)
    return _record(kind, data) if is_dataclass(kind) else _plain(kind, data)


def _readable(kind: Any, data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise Unreadable
    found = []
    for item in data:
        try:
            found.append(from_data(kind, item))
        except Unreadable:
            continue
    return found


def _mapping(kind: Any, data: Any) -> dict[Any, Any]:
    if not isinstance(data, Mapping):
        raise Unreadable
    key_kind, item_kind = get_args(kind)
    found = {}
    for key, item in data.items():
        try:
            found[from_data(key_kind, key)] = from_data(item_kind, item)
        except Unreadable:
            continue
    return found


def _record(kind: Any, data: Any) -> Any:
    if not isinstance(data, Mapping):
        raise Unreadable
    given = {}
    for item in fields(kind):
        try:
            if item.name in data:
                given[item.name] = from_data(_hints(kind)[item.name], data[item.name])
        except Unreadable:
            pass
        if item.name not in given and item.default is MISSING and item.default_factory is MISSING:
            raise Unreadable
    return kind(**given)


def _plain(kind: Any, data: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            raise Unreadable from None
    if kind is Any:
        return data
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        raise Unreadable
    return data
