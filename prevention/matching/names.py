"""What is known about names: which forenames are used for one another, which only look alike, and how a name sounds."""

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from nicknames import NickNamer

_HEARD = (
    ("SCH", "S"), ("SZ", "S"), ("CZ", "S"), ("SH", "S"), ("CH", "K"), ("PH", "F"), ("GH", "G"), ("CK", "K"),
    ("MAC", "MK"), ("MC", "MK"), ("QU", "K"), ("Q", "K"), ("CE", "SE"), ("CI", "SI"), ("CY", "SI"), ("C", "K"),
    ("Z", "S"), ("V", "F"), ("W", "F"), ("J", "Y"), ("X", "KS"), ("DG", "G"), ("KN", "N"), ("WR", "R"), ("TH", "T"),
)  # fmt: skip


@lru_cache(maxsize=1)
def _groups_by_name() -> dict[str, frozenset[int]]:
    """Folded forename → the groups it is in: ours for London, and a formal name with its nicknames for English."""
    groups = [set(group) for group in _written_down()["groups"]]
    groups += [
        {formal.upper(), *(each.upper() for each in short)}
        for formal, short in sorted(NickNamer().nickname_lookup.items())
    ]
    return _numbered(groups)


@lru_cache(maxsize=1)
def _apart_by_name() -> dict[str, frozenset[int]]:
    return _numbered([set(names) for names in _written_down()["apart"]])


def _written_down() -> dict[str, list[list[str]]]:
    content: dict[str, list[list[str]]] = json.loads(
        (resources.files("prevention.matching") / "nicknames.json").read_text(encoding="utf-8")
    )
    return content


def _numbered(groups: Iterable[set[str]]) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for at, group in enumerate(groups):
        for name in group:
            found.setdefault(name, set()).add(at)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def name_groups(name: str) -> frozenset[int]:
    """The numbers of the groups a folded forename is in; empty when it is in none."""
    return _groups_by_name().get(name, frozenset())


def same_name_group(one: str, other: str) -> bool:
    """Whether two folded forenames are used for one another: Bob and Robert, Mohammed and Muhammad."""
    return not name_groups(one).isdisjoint(name_groups(other))


def only_look_alike(one: str, other: str) -> bool:
    """Whether two folded forenames are known to be two names, a letter apart or not: Joan and John."""
    apart = _apart_by_name()
    return not apart.get(one, frozenset()).isdisjoint(apart.get(other, frozenset()))


@lru_cache(maxsize=65536)
def sound(name: str) -> str:
    """How a folded name sounds, roughly: for spellings by ear. Names in other scripts are their own sound."""
    if not name.isascii():
        return name
    word = name
    for written, heard in _HEARD:
        word = word.replace(written, heard)
    kept = word[:1] + "".join(letter for letter in word[1:] if letter not in "AEIOUYH")
    return "".join(letter for at, letter in enumerate(kept) if at == 0 or letter != kept[at - 1])
