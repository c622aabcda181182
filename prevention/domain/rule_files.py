"""Reading the rules that are data: every threshold, deadline and owner table lives in ``rule_packs/*.json``.

The files ship with the package, so they are read through ``importlib.resources`` and once per process.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_FOLDER = files("prevention.domain").joinpath("rule_packs")


@cache
def read_rule_file(name: str) -> Mapping[str, Any]:
    """Read ``rule_packs/<name>.json``. Raises ``LookupError`` when there is no such file.

    The result is shared by every caller and is never to be changed.
    """
    if not name.isidentifier():
        raise LookupError(f"there is no rule file called {name!r}")
    path = _FOLDER.joinpath(f"{name}.json")
    if not path.is_file():
        raise LookupError(f"there is no rule file called {name!r}")
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not isinstance(data.get("version"), str):
        raise ValueError(f"rule file {name!r} must be an object with a version")
    return data


def rule_file_names() -> Iterator[str]:
    """Every rule file's name without its ending, in alphabetical order."""
    for name in sorted(entry.name for entry in _FOLDER.iterdir()):
        if name.endswith(".json"):
            yield name.removesuffix(".json")
