"""What referrers read: safe words for every case, and templates that always render."""

from datetime import UTC, datetime
from itertools import product

import pytest
from jinja2 import UndefinedError

from prevention.domain.case import CaseState, RejectReason
from prevention.domain.notification import (
    RETRY_AFTER,
    ReferrerStatus,
    closing_words,
    referrer_status,
    referrer_steps,
    status_words,
)
from prevention.domain.visit import VisitOutcome
from prevention.services.notifications.wording import MessageKind, render, spoken_time

#: Words that would tell a referrer about health, crime, or where somebody is.
TELLING = (
    "hospital",
    "respite",
    "died",
    "deceas",
    "death",
    "dementia",
    "police",
    "crime",
    "abuse",
    "drug",
    "unsafe",
    "refus",
)

WORDS = {
    MessageKind.ACKNOWLEDGEMENT: {"receipt": "R-4F7K-92QD", "owner": "Fire", "next_step": "somebody looks at it."},
    MessageKind.OUTCOME: {"receipt": "R-4F7K-92QD", "outcome": "No visit is needed."},
    MessageKind.VERY_HIGH_ALERT: {"reference": "C-4F7K-92QD", "agency": "Fire", "borough": "Camden", "due_at": None},
    MessageKind.FOLLOW_UP_DUE: {
        "owner": "Euston",
        "task": None,
        "reference": None,
        "due_at": "9:00am on 5 January 2026",
    },
    MessageKind.AMENDMENTS_PROPOSED: {"agency": "Ambulance"},
}


@pytest.mark.parametrize("state", CaseState)
def test_status_words_never_tell(state: CaseState) -> None:
    for outcome, reason in product([None, *VisitOutcome], [None, *RejectReason]):
        words = status_words(state, outcome, reason)
        assert words
        assert not [word for word in TELLING if word in words.lower()], words
        assert words.startswith("Closed: ") is not state.is_open


@pytest.mark.parametrize(
    ("state", "outcome", "status"),
    [
        (CaseState.TRIAGE, None, ReferrerStatus.RECEIVED),
        (CaseState.ACCEPTED, None, ReferrerStatus.BEING_LOOKED_AT),
        (CaseState.BOOKED, None, ReferrerStatus.VISIT_BOOKED),
        (CaseState.IN_PROGRESS, None, ReferrerStatus.VISIT_BOOKED),
        (CaseState.COMPLETED, VisitOutcome.COMPLETED, ReferrerStatus.VISITED),
        (CaseState.FOLLOW_UP, VisitOutcome.COMPLETED, ReferrerStatus.VISITED),
        (CaseState.FOLLOW_UP, VisitOutcome.REFUSED_AT_DOOR, ReferrerStatus.BEING_LOOKED_AT),
        (CaseState.NO_ACCESS, VisitOutcome.NO_ACCESS_NO_REPLY, ReferrerStatus.BEING_LOOKED_AT),
        (CaseState.ON_HOLD, VisitOutcome.HOSPITAL_OR_RESPITE, ReferrerStatus.BEING_LOOKED_AT),
        (CaseState.CLOSED, None, ReferrerStatus.CLOSED),
    ],
)
def test_status_follows_the_case(state: CaseState, outcome: VisitOutcome | None, status: ReferrerStatus) -> None:
    assert referrer_status(state, outcome) is status


@pytest.mark.parametrize("outcome", [None, *VisitOutcome])
def test_a_case_closed_without_a_visit_never_reads_visited(outcome: VisitOutcome | None) -> None:
    steps = referrer_steps(ReferrerStatus.CLOSED, outcome)
    visited = outcome in {VisitOutcome.COMPLETED, VisitOutcome.COMPLETED_PARTIAL}
    assert steps[0] is ReferrerStatus.RECEIVED
    assert steps[-1] is ReferrerStatus.CLOSED
    assert (ReferrerStatus.VISITED in steps) is (ReferrerStatus.VISIT_BOOKED in steps) is visited


def test_an_open_case_may_still_be_visited() -> None:
    assert referrer_steps(ReferrerStatus.BEING_LOOKED_AT, VisitOutcome.REFUSED_AT_DOOR) == tuple(ReferrerStatus)


def test_an_open_case_has_no_closing_words() -> None:
    with pytest.raises(ValueError, match="no outcome yet"):
        closing_words(CaseState.BOOKED, None, None)


@pytest.mark.parametrize("kind", MessageKind)
def test_every_message_renders_on_its_own(kind: MessageKind) -> None:
    subject, body = render(kind, **WORDS[kind])
    assert subject
    assert "\n" not in subject
    assert body == body.strip() + "\n"
    assert "\n\n\n" not in body
    assert "{{" not in body
    with pytest.raises(UndefinedError):
        render(kind)


def test_a_subject_stays_on_one_line() -> None:
    subject, _ = render(MessageKind.OUTCOME, receipt="R-1\r\nBcc: somebody@example.org", outcome="")
    assert subject.splitlines() == [subject]


def test_times_are_london_s_through_the_clock_change() -> None:
    assert spoken_time(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)) == "12:30am on 29 March 2026"
    assert spoken_time(datetime(2026, 10, 25, 0, 45, tzinfo=UTC)) == "1:45am BST on 25 October 2026"
    assert spoken_time(datetime(2026, 10, 25, 1, 45, tzinfo=UTC)) == "1:45am GMT on 25 October 2026"
    assert spoken_time(datetime(2026, 3, 29, 12, 5, tzinfo=UTC)) == "1:05pm on 29 March 2026"


def test_waits_only_grow() -> None:
    assert list(RETRY_AFTER) == sorted(set(RETRY_AFTER))
