"""Cases: one concern at one home. States and the moves between them (domain.md section 8)."""

from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands. Every open state has an owner and a next-action time."""

    TRIAGE = "TRIAGE"
    ACCEPTED = "ACCEPTED"
    ASSIGNED = "ASSIGNED"
    CONTACTING = "CONTACTING"
    BOOKED = "BOOKED"
    IN_PROGRESS = "IN_PROGRESS"
    PARTIAL = "PARTIAL"
    NO_ACCESS = "NO_ACCESS"
    REFUSED = "REFUSED"
    UNABLE = "UNABLE"
    COMPLETED = "COMPLETED"
    FOLLOW_UP = "FOLLOW_UP"
    ON_HOLD = "ON_HOLD"
    SIGNPOSTED_LOW = "SIGNPOSTED_LOW"
    REJECTED = "REJECTED"
    REDIRECTED = "REDIRECTED"
    CLOSED = "CLOSED"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self not in FINAL_STATES

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {"SIGNPOSTED_LOW": "Advice only", "FOLLOW_UP": "Follow-up"}.get(
            self.value, self.value.replace("_", " ").capitalize()
        )


#: States in which a visit has met the deadline: it can no longer be breached, and only the next action counts.
DEADLINE_MET = (CaseState.COMPLETED, CaseState.FOLLOW_UP, CaseState.REFUSED)

FINAL_STATES = frozenset(
    {
        CaseState.SIGNPOSTED_LOW,
        CaseState.REJECTED,
        CaseState.REDIRECTED,
        CaseState.CLOSED,
    }
)

_VISITABLE = frozenset({CaseState.BOOKED, CaseState.IN_PROGRESS})
_AFTER_VISIT = frozenset(
    {CaseState.COMPLETED, CaseState.PARTIAL, CaseState.NO_ACCESS, CaseState.REFUSED, CaseState.UNABLE}
)
_WORKING = frozenset({CaseState.ACCEPTED, CaseState.ASSIGNED, CaseState.CONTACTING})
#: Where any open case may go: put off, closed with an outcome, or handed to another service.
_ALWAYS = frozenset({CaseState.CLOSED, CaseState.ON_HOLD, CaseState.REDIRECTED})
_NOT_TAKEN_ON = frozenset({CaseState.REJECTED, CaseState.SIGNPOSTED_LOW})
_NOT_REACHED = frozenset({CaseState.NO_ACCESS, CaseState.REFUSED, CaseState.UNABLE})

_MOVES: dict[CaseState, frozenset[CaseState]] = {
    CaseState.TRIAGE: frozenset({CaseState.ACCEPTED, CaseState.ASSIGNED, CaseState.CONTACTING, CaseState.BOOKED})
    | _NOT_TAKEN_ON,
    CaseState.ACCEPTED: _WORKING | _VISITABLE | _NOT_TAKEN_ON | _NOT_REACHED,
    CaseState.ASSIGNED: _WORKING | _VISITABLE | _NOT_TAKEN_ON | _NOT_REACHED,
    CaseState.CONTACTING: _WORKING | _VISITABLE | _NOT_TAKEN_ON | _NOT_REACHED,
    CaseState.BOOKED: _WORKING | _VISITABLE | _AFTER_VISIT | {CaseState.SIGNPOSTED_LOW},
    CaseState.IN_PROGRESS: _WORKING | _VISITABLE | _AFTER_VISIT | {CaseState.SIGNPOSTED_LOW},
    CaseState.COMPLETED: _WORKING | _VISITABLE | {CaseState.FOLLOW_UP},
    **{
        state: _WORKING | _VISITABLE | _NOT_REACHED | {CaseState.FOLLOW_UP, CaseState.SIGNPOSTED_LOW}
        for state in (CaseState.PARTIAL, CaseState.NO_ACCESS, CaseState.REFUSED, CaseState.UNABLE)
    },
    CaseState.FOLLOW_UP: _WORKING | _VISITABLE | _NOT_REACHED,
    CaseState.ON_HOLD: _WORKING
    | _NOT_TAKEN_ON
    | _NOT_REACHED
    | {CaseState.TRIAGE, CaseState.BOOKED, CaseState.PARTIAL, CaseState.FOLLOW_UP},
}

#: From each state, the states a case may move to. An open case may move to its own state: a new owner, a new
#: next action or a later review date. REOPENED is TRIAGE reached from a final state, and the only way out of one.
TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    **{state: targets | _ALWAYS | {state} for state, targets in _MOVES.items()},
    **{state: frozenset({CaseState.TRIAGE}) for state in FINAL_STATES},
}


class RejectReason(StrEnum):
    """Why a case is not taken on; each has words that are safe for the referrer."""

    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    OUT_OF_AREA = "OUT_OF_AREA"
    NOT_ENOUGH_INFORMATION = "NOT_ENOUGH_INFORMATION"
    ALREADY_VISITED = "ALREADY_VISITED"
    LANDLORD_RESPONSIBLE = "LANDLORD_RESPONSIBLE"
    DECEASED = "DECEASED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.replace("_", " ").capitalize()

    @property
    def safe_words(self) -> str:
        """What the referrer is told."""
        return {
            "NOT_ELIGIBLE": "This home does not meet the rules for a visit. Advice is available online.",
            "OUT_OF_AREA": "The address is outside the area this service covers.",
            "NOT_ENOUGH_INFORMATION": "There was not enough information to find the home. Please refer again.",
            "ALREADY_VISITED": "This home was visited recently and nothing new was needed.",
            "LANDLORD_RESPONSIBLE": "The landlord is responsible and has been told.",
            "DECEASED": "No visit is needed.",
        }[self.value]


class RedirectReason(StrEnum):
    """Why a case is passed on."""

    OUT_OF_AREA = "OUT_OF_AREA"
    CRIME_NOT_FIRE = "CRIME_NOT_FIRE"
    HEALTH_OR_CARE = "HEALTH_OR_CARE"
    FIRE_RISK = "FIRE_RISK"
    LANDLORD_OR_COUNCIL = "LANDLORD_OR_COUNCIL"
    BETTER_PLACED = "BETTER_PLACED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "OUT_OF_AREA": "The home is outside our area",
            "CRIME_NOT_FIRE": "It is about crime or safety from others",
            "HEALTH_OR_CARE": "It is about health or care",
            "FIRE_RISK": "There is a fire risk",
            "LANDLORD_OR_COUNCIL": "It is for the landlord or the council",
            "BETTER_PLACED": "They know the home or are better placed",
        }[self.value]


class HoldReason(StrEnum):
    """Why a case waits. A hold never stops the clock by itself (domain.md section 2)."""

    IN_HOSPITAL = "IN_HOSPITAL"
    AWAITING_INFORMATION = "AWAITING_INFORMATION"
    RESIDENT_AWAY = "RESIDENT_AWAY"
    AWAITING_PARTNER = "AWAITING_PARTNER"
    UNSAFE_TO_VISIT = "UNSAFE_TO_VISIT"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.replace("_", " ").capitalize()


class ContactMethod(StrEnum):
    """How somebody tried to reach the home."""

    PHONE = "PHONE"
    TEXT = "TEXT"
    EMAIL = "EMAIL"
    LETTER = "LETTER"
    DOORSTEP = "DOORSTEP"
    REFERRER = "REFERRER"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "PHONE": "Phone call",
            "TEXT": "Text message",
            "EMAIL": "E-mail",
            "LETTER": "Letter",
            "DOORSTEP": "At the door",
            "REFERRER": "Through the referrer",
        }[self.value]


class ContactResult(StrEnum):
    """What came of the attempt."""

    SPOKE = "SPOKE"
    NO_REPLY = "NO_REPLY"
    LEFT_MESSAGE = "LEFT_MESSAGE"
    WRONG_NUMBER = "WRONG_NUMBER"
    REFUSED = "REFUSED"
    CALL_BACK = "CALL_BACK"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "SPOKE": "Spoke to the resident",
            "NO_REPLY": "No reply",
            "LEFT_MESSAGE": "Left a message",
            "WRONG_NUMBER": "Wrong number",
            "REFUSED": "They refused",
            "CALL_BACK": "Asked to call back",
        }[self.value]
