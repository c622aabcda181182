"""A machine never joins across homes, closed cases or a long silence, and more likeness never means less care."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.concern import load_concern_rules, same_concern
from prevention.domain.match import MatchDecision

CARE = {MatchDecision.NEW: 0, MatchDecision.REVIEW: 1, MatchDecision.JOINED: 2}
RULES = load_concern_rules()
moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(st.sampled_from(MatchDecision), st.booleans(), st.booleans(), moments, moments)
def test_a_machine_joins_only_what_is_sure(
    person: MatchDecision, home: bool, is_open: bool, one: datetime, other: datetime
) -> None:
    def ask(person: MatchDecision, *, home: bool, is_open: bool, one: datetime, other: datetime) -> MatchDecision:
        return same_concern(
            person, same_premises=home, case_is_open=is_open, received_at=one, last_referral_at=other, rules=RULES
        )

    found = ask(person, home=home, is_open=is_open, one=one, other=other)
    assert found is ask(person, home=home, is_open=is_open, one=other, other=one)
    if found is MatchDecision.JOINED:
        assert person is MatchDecision.JOINED
        assert home
        assert is_open
        assert abs(one - other) <= RULES.same_concern_within
    same_home = ask(person, home=True, is_open=is_open, one=one, other=other)
    assert CARE[same_home] >= CARE[found]
    if is_open:
        surely = ask(MatchDecision.JOINED, home=home, is_open=True, one=one, other=other)
        assert CARE[surely] >= CARE[found]
    soon = ask(person, home=home, is_open=is_open, one=one, other=one + timedelta(hours=1))
    assert CARE[soon] >= CARE[found]
