"""The case's state machine, walked at random: never open without an owner and a next action, and always closable."""

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from prevention.domain.case import TRANSITIONS, CaseState
from prevention.domain.case_moves import load_next_actions, move, next_action_for, state_after_outcome
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import Conflict, Invalid

RULES = load_next_actions()
START = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)


class CaseMachine(RuleBasedStateMachine):
    """A case as a service keeps it: it takes over a new state only when ``move`` gives it back."""

    @initialize(level=st.sampled_from(RiskLevel))
    def arrives(self, level: RiskLevel) -> None:
        self.level = level
        self.now = START
        self.due_at: datetime | None = START + timedelta(hours=4)
        self.state = CaseState.TRIAGE
        self.has_owner = True
        self.next_action_at: datetime | None = next_action_for(self.state, level, START, self.due_at, RULES).at

    @rule(to=st.sampled_from(CaseState), has_owner=st.booleans(), has_time=st.booleans(), hours=st.integers(0, 200))
    def tries(self, to: CaseState, has_owner: bool, has_time: bool, hours: int) -> None:
        self.now += timedelta(hours=hours)
        planned = next_action_for(to, self.level, self.now, self.due_at, RULES).at if to.is_open and has_time else None
        try:
            reached = move(self.state, to, has_owner=has_owner, next_action_at=planned)
        except Conflict:
            assert to not in TRANSITIONS[self.state]
        except Invalid:
            assert to.is_open
            assert not (has_owner and has_time)
        else:
            self.state, self.has_owner, self.next_action_at = reached, has_owner, planned

    @rule(outcome=st.sampled_from(VisitOutcome))
    def visited(self, outcome: VisitOutcome) -> None:
        if self.state in {CaseState.BOOKED, CaseState.IN_PROGRESS}:
            to = state_after_outcome(outcome)
            self.due_at = None
            planned = next_action_for(to, self.level, self.now, None, RULES).at if to.is_open else None
            self.state = move(self.state, to, has_owner=self.has_owner, next_action_at=planned)
            self.next_action_at = planned

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        if self.state.is_open:
            assert self.has_owner
            assert self.next_action_at is not None
            if self.due_at is not None:
                assert self.next_action_at <= self.due_at

    @invariant()
    def it_can_close(self) -> None:
        if self.state.is_open:
            assert move(self.state, CaseState.CLOSED, has_owner=False, next_action_at=None) is CaseState.CLOSED


CaseMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestCaseMachine = CaseMachine.TestCase


def test_every_state_can_be_reached_and_left() -> None:
    reached = {CaseState.TRIAGE}
    while (more := reached.union(*(TRANSITIONS[state] for state in reached))) != reached:
        reached = more
    assert reached == set(CaseState)
    assert all(TRANSITIONS[state] - {state} for state in CaseState)
