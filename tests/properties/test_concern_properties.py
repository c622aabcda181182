"""A machine never joins across homes, closed cases or a long silence, and more likeness never means less care."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from prevention.domain.concern import load_concern_rules, same_concern
from prevention.domain.match import MatchDecision

CARE = {MatchDecision.NEW: 0, MatchDecision.REVIEW: 1, MatchDecision.JOINED: 2}
RULES = load_concern_rules()
silences = st.timedeltas(timedelta(0), timedelta(days=800))


@settings(deadline=None)
@given(st.sampled_from(MatchDecision), st.booleans(), st.booleans(), silences, st.booleans())
def test_a_machine_joins_only_what_is_sure(
    person: MatchDecision, home: bool, is_open: bool, silence: timedelta, dated: bool
) -> None:
    def ask(
        person: MatchDecision = person,
        *,
        home: bool = home,
        is_open: bool = is_open,
        silence: timedelta = silence,
        dated: bool = dated,
    ) -> int:
        decision = same_concern(
            person, same_premises=home, case_is_open=is_open, silence=silence, dated=dated, rules=RULES
        )
        return CARE[decision]

    found = ask()
    if found == CARE[MatchDecision.JOINED]:
        assert person is MatchDecision.JOINED
        assert home
        assert is_open
        assert dated
        assert silence <= RULES.same_concern_within
    assert ask(home=True) >= found
    assert ask(is_open=True) >= found
    assert ask(dated=True) >= found
    assert ask(silence=silence / 2) >= found
    assert ask(MatchDecision.JOINED) >= ask(MatchDecision.REVIEW) >= ask(MatchDecision.NEW, home=False)
