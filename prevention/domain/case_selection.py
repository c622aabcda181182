"""Several cases of the queue at once: which were ticked, as they were then, and why one is left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from prevention.domain.case import CaseState

#: States in which a case waits to be given to somebody, whoever holds it meanwhile.
_NOT_GIVEN_YET = frozenset({CaseState.TRIAGE, CaseState.ACCEPTED})

#: Most cases one answer changes: what a person can still read through before saying yes.
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class SelectedCase:
    """A case as somebody ticked it: its id, and the version their list showed."""

    case_id: UUID
    version: int

    @property
    def value(self) -> str:
        """What a form sends: ``<id>:<version>``."""
        return f"{self.case_id}:{self.version}"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a case: a team, or an officer (and with them their team)."""

    team_id: UUID | None
    user_id: UUID | None

    def is_same(self, other: "Holder") -> bool:
        """Whether both are the same officer, or the same team without an officer."""
        if self.user_id is not None or other.user_id is not None:
            return self.user_id == other.user_id
        return self.team_id == other.team_id


class LeftOut(StrEnum):
    """Why a ticked case stays as it is."""

    PASSED_ON = "PASSED_ON"
    CLOSED = "CLOSED"
    THEIRS_ALREADY = "THEIRS_ALREADY"
    CHANGED = "CHANGED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "PASSED_ON": "Another agency owns it now",
            "CLOSED": "It is closed now",
            "THEIRS_ALREADY": "They have it already",
            "CHANGED": "Somebody changed it after you opened the list",
        }[self.value]


def left_out(
    *, is_own: bool, state: CaseState, holder: Holder, version: int, selected_version: int, to: Holder | None
) -> LeftOut | None:
    """Why a case as it is now is not given to ``to`` together with others; None when it is.

    ``to`` is None while nobody is chosen yet. Who has a case already needs no second look, whatever changed on it.
    """
    if not is_own:
        return LeftOut.PASSED_ON
    if not state.is_open:
        return LeftOut.CLOSED
    if to is not None and holder.is_same(to) and state not in _NOT_GIVEN_YET:
        return LeftOut.THEIRS_ALREADY
    return None if version == selected_version else LeftOut.CHANGED


def read_selection(values: Iterable[str]) -> tuple[SelectedCase, ...]:
    """What forms sent, each case once and in order; what is no case and version is left out, and so is a surplus."""
    found: dict[UUID, SelectedCase] = {}
    for value in values:
        if len(found) == MOST_AT_ONCE:
            break
        selected = _selected(value)
        if selected is not None:
            found.setdefault(selected.case_id, selected)
    return tuple(found.values())


def _selected(value: str) -> SelectedCase | None:
    name, _, version = value.partition(":")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        return None
    try:
        return SelectedCase(UUID(name), int(version))
    except ValueError:
        return None
