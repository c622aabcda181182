"""What holds of any set of factors in any pack that ships."""

import json
import random
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.agency import AgencyKind
from prevention.domain.referral import HouseholdFlag, ReferralReason
from prevention.domain.risk import FactorSource
from prevention.domain.risk_rules import (
    Circumstance,
    Factor,
    RulePack,
    assess,
    available_packs,
    load_pack,
)

SOURCES = st.sampled_from(FactorSource)
PLAIN = st.builds(
    Factor,
    st.sampled_from(
        [
            *ReferralReason,
            *HouseholdFlag,
            *(c for c in Circumstance if c is not c.CLUTTER_RATED),
        ]
    ),
    SOURCES,
)
RATED = st.builds(Factor, st.just(Circumstance.CLUTTER_RATED), SOURCES, clutter=st.integers(1, 9))
FACTORS = PLAIN | RATED
PACKS = st.sampled_from([load_pack(code) for code in available_packs()])


@given(st.lists(FACTORS, max_size=8), FACTORS, PACKS)
def test_a_further_factor_never_lowers_the_level(factors: list[Factor], further: Factor, pack: RulePack) -> None:
    before, after = assess(factors, pack), assess([*factors, further], pack)
    assert after.level.rank <= before.level.rank
    assert (after.score or 0) >= (before.score or 0)


@given(st.lists(FACTORS, max_size=8), PACKS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(factors: list[Factor], pack: RulePack, shuffler: random.Random) -> None:
    shuffled = [*factors, *factors]
    shuffler.shuffle(shuffled)
    assert assess(shuffled, pack) == assess(factors, pack)


@given(st.lists(FACTORS, max_size=8), PACKS)
def test_a_level_always_has_a_reason_made_of_what_was_given(factors: list[Factor], pack: RulePack) -> None:
    result = assess(factors, pack)
    assert result.triggers
    assert all(trigger.label for trigger in result.triggers)
    assert {factor for trigger in result.triggers for factor in trigger.factors} <= set(factors)
    assert set(result.not_considered) <= set(factors)
    assert set(result.factors) == set(factors)


@given(FACTORS, st.none() | st.uuids(), st.none() | st.sampled_from(AgencyKind))
def test_a_factor_goes_to_data_and_back(factor: Factor, referral_id: UUID | None, kind: AgencyKind | None) -> None:
    factor = replace(factor, referral_id=referral_id, agency_kind=kind, agency_name="London Ambulance", detail="hall")
    assert Factor.from_data(json.loads(json.dumps(factor.as_data()))) == factor


@given(st.lists(FACTORS, max_size=8), PACKS, SOURCES)
def test_who_says_so_does_not_change_the_level(factors: list[Factor], pack: RulePack, source: FactorSource) -> None:
    said = [Factor(factor.reason, source, clutter=factor.clutter) for factor in factors]
    assert assess(said, pack).level is assess(factors, pack).level
