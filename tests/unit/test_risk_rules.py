"""Rule packs: the examples of domain.md 1.1 and 1.2, and who said what."""

from uuid import UUID

import pytest

from prevention.domain.agency import AgencyKind
from prevention.domain.behaviour import Behaviour
from prevention.domain.referral import Channel, HouseholdFlag, ReferralReason
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import (
    Circumstance,
    Factor,
    FactorReason,
    assess,
    available_packs,
    factor_reason,
    factor_source,
    load_pack,
    read_pack,
)
from prevention.domain.rule_files import read_rule_file

R = ReferralReason
C = Circumstance
LONDON = load_pack("london_four_level")
CHARLIE = load_pack("charlie_p")


def seen(*reasons: FactorReason, clutter: int | None = None) -> list[Factor]:
    factors = [Factor(reason, FactorSource.CREW_OBSERVED) for reason in reasons]
    if clutter is not None:
        factors.append(Factor(C.CLUTTER_RATED, FactorSource.VISIT_OBSERVED, clutter=clutter))
    return factors


def test_the_packs_that_ship() -> None:
    assert available_packs() == ("charlie_p", "london_four_level")
    for code in available_packs():
        pack = load_pack(code)
        assert pack.code == code
        assert pack.version
        assert pack.note.startswith("Illustrative, to be replaced by the service's own policy")


@pytest.mark.parametrize("code", ["", "nope", "../settings", "calendar"])
def test_an_unknown_pack_is_refused(code: str) -> None:
    with pytest.raises(LookupError):
        load_pack(code)


@pytest.mark.parametrize(
    "reasons",
    [
        (C.IMMEDIATE_DANGER,),
        (C.URGENT_ESCALATION,),
        (R.ARSON_THREAT,),
        (R.SMOKING_UNSAFE, C.BED_BOUND),
        (R.SMOKING_IN_BED, R.MOBILITY_ESCAPE),
        (R.SMOKING_UNSAFE, R.HOME_OXYGEN),
        (R.SMOKING_UNSAFE, R.EMOLLIENT, R.MOBILITY_ESCAPE),
        (R.SMOKING_IN_BED, R.AIRFLOW_MATTRESS, R.MOBILITY_ESCAPE),
        (R.NO_ALARM, R.MOBILITY_ESCAPE),
    ],
)
def test_london_very_high(reasons: tuple[FactorReason, ...]) -> None:
    assert assess(seen(*reasons), LONDON).level is RiskLevel.VERY_HIGH


@pytest.mark.parametrize(
    ("reasons", "level"),
    [
        ((R.SMOKING_IN_BED,), RiskLevel.HIGH),
        ((R.SMOKING_UNSAFE, R.EMOLLIENT), RiskLevel.HIGH),
        ((R.NO_ALARM, R.ISOLATION, HouseholdFlag.AGED_65_OR_OVER), RiskLevel.HIGH),
        ((R.DEMENTIA_MEMORY, R.COOKING), RiskLevel.HIGH),
        ((R.DOMESTIC_ABUSE,), RiskLevel.HIGH),
        ((R.NO_ALARM,), RiskLevel.MEDIUM),
        ((R.HOARDING,), RiskLevel.MEDIUM),
        ((R.EBIKE_BATTERY, R.ELECTRICAL), RiskLevel.MEDIUM),
        ((R.OTHER,), RiskLevel.MEDIUM),
        ((R.EBIKE_BATTERY,), RiskLevel.LOW),
        ((R.FALLS, R.FRAILTY), RiskLevel.LOW),
        ((R.FRAUD_VICTIM,), RiskLevel.LOW),
        ((), RiskLevel.LOW),
    ],
)
def test_london_other_levels(reasons: tuple[FactorReason, ...], level: RiskLevel) -> None:
    assert assess(seen(*reasons), LONDON).level is level


@pytest.mark.parametrize(
    ("clutter", "level"),
    [(1, "LOW"), (4, "LOW"), (5, "MEDIUM"), (6, "MEDIUM"), (7, "HIGH"), (9, "HIGH")],
)
def test_london_clutter(clutter: int, level: str) -> None:
    assert assess(seen(clutter=clutter), LONDON).level is RiskLevel(level)


def test_why_and_who() -> None:
    police = Factor(
        R.NO_ALARM,
        FactorSource.POLICE_RECORD,
        AgencyKind.POLICE,
        "Metropolitan Police",
        UUID(int=1),
        detail="hall",
    )
    crew = Factor(
        R.MOBILITY_ESCAPE,
        FactorSource.CREW_OBSERVED,
        AgencyKind.AMBULANCE,
        "London Ambulance",
        UUID(int=2),
    )
    fraud = Factor(
        R.FRAUD_VICTIM,
        FactorSource.POLICE_RECORD,
        AgencyKind.POLICE,
        "Metropolitan Police",
        UUID(int=1),
    )
    result = assess([police, crew, fraud], LONDON)
    assert (result.level, result.score) == (RiskLevel.VERY_HIGH, None)
    assert (result.pack_code, result.pack_version) == (
        "london_four_level",
        LONDON.version,
    )
    (trigger,) = result.triggers
    assert trigger.label == "No working smoke alarm and could not get out alone"
    assert set(trigger.factors) == {police, crew}
    assert result.not_considered == (fraud,)
    data = trigger.as_data()
    assert data["rule"] == "no-alarm-cannot-escape"
    assert data["factors"][0]["referral_id"] == str(UUID(int=2))


def test_a_level_always_says_why() -> None:
    (trigger,) = assess([], LONDON).triggers
    assert trigger.rule == "default"
    assert trigger.label


@pytest.mark.parametrize(
    ("clutter", "score"),
    [(1, 1), (2, 1), (3, 2), (4, 4), (5, 4), (6, 8), (7, 8), (8, 10), (9, 10)],
)
def test_charlie_p_hoarding_cells(clutter: int, score: int) -> None:
    assert assess(seen(clutter=clutter), CHARLIE).score == 8 + score


@pytest.mark.parametrize(
    ("reason", "score"),
    [
        (HouseholdFlag.CARER_PRESENT, 2),
        (R.CARER_CONCERN, 4),
        (C.NO_SUPPORT_CONCERNS, 8),
        (C.NO_SUPPORT_SIGNIFICANT, 10),
        (C.MEALS_BY_OTHERS, 2),
        (C.COOKS_HEALTH_AFFECTS, 4),
        (R.COOKING, 8),
        (C.FIRE_IN_LAST_YEAR, 10),
        (C.WALKING_AID, 2),
        (C.WALKING_AID_UNAWARE, 4),
        (C.NEEDS_HELP_TO_MOVE, 8),
        (C.BED_BOUND, 10),
    ],
)
def test_charlie_p_confirmed_cells(reason: FactorReason, score: int) -> None:
    result = assess(seen(reason), CHARLIE)
    assert result.score == 8 + score
    assert [trigger.score for trigger in result.triggers] == [score]


@pytest.mark.parametrize("code", available_packs())
def test_every_factor_a_pack_asks_for_can_be_reported(code: str) -> None:
    """A cell that nobody can fill scores as if all were well."""
    referred = {*ReferralReason, *HouseholdFlag, C.IMMEDIATE_DANGER, C.URGENT_ESCALATION}
    ticked = {reason for behaviour in Behaviour for reason in behaviour.factors}
    assert load_pack(code).reasons - referred - ticked <= {C.CLUTTER_RATED}


def test_charlie_p_bands_and_urgent_rules() -> None:
    assert assess([], CHARLIE).score == 9
    assert assess([], CHARLIE).level is RiskLevel.LOW
    many = seen(R.COOKING, R.ALCOHOL_DRUGS, R.ISOLATION, R.SMOKING_IN_BED, R.MOBILITY_ESCAPE)
    assert assess(many, CHARLIE).level is RiskLevel.VERY_HIGH
    assert assess(seen(R.ARSON_THREAT), CHARLIE).level is RiskLevel.VERY_HIGH


def test_only_known_scores_are_accepted() -> None:
    data = dict(read_rule_file("charlie_p")) | {"scores": {"1": "Rare"}}
    with pytest.raises(ValueError, match="not one of the pack's scores"):
        read_pack(data)


def test_a_rule_without_a_condition_or_with_an_unknown_code_is_refused() -> None:
    data = dict(read_rule_file("london_four_level"))
    with pytest.raises(ValueError, match="without a condition"):
        read_pack(data | {"rules": [{"id": "x", "level": "LOW", "label": "x"}]})
    with pytest.raises(LookupError, match="RED"):
        read_pack(data | {"rules": [{"id": "x", "level": "LOW", "label": "x", "all": [["RED"]]}]})
    with pytest.raises(ValueError, match="same id"):
        read_pack(data | {"rules": [*data["rules"], data["rules"][0]]})


@pytest.mark.parametrize("grade", ["RED", "AMBER", "GREEN", "BLUE"])
def test_a_police_grade_is_never_a_factor(grade: str) -> None:
    with pytest.raises(LookupError):
        factor_reason(grade)


def test_every_referral_reason_is_weighed_or_said_not_to_be() -> None:
    left_out = set(ReferralReason) - LONDON.reasons
    assert left_out == {R.FRAUD_VICTIM, R.BURGLARY_REPEAT, R.ASB}


@pytest.mark.parametrize(
    ("reason", "clutter"),
    [(C.CLUTTER_RATED, None), (C.CLUTTER_RATED, 10), (R.HOARDING, 5)],
)
def test_wrong_clutter_ratings_are_refused(reason: FactorReason, clutter: int | None) -> None:
    with pytest.raises(ValueError, match="clutter"):
        Factor(reason, FactorSource.CREW_OBSERVED, clutter=clutter)


@pytest.mark.parametrize(
    ("kind", "channel", "source"),
    [
        (AgencyKind.AMBULANCE, Channel.CSV, FactorSource.CREW_OBSERVED),
        (AgencyKind.POLICE, Channel.CSV, FactorSource.POLICE_RECORD),
        (AgencyKind.POLICE, Channel.ONLINE_CHECKER, FactorSource.SELF_REPORTED),
        (AgencyKind.FIRE, Channel.WEB_FORM, FactorSource.CREW_OBSERVED),
        (AgencyKind.FIRE, Channel.PHONE, FactorSource.SELF_REPORTED),
        (AgencyKind.FIRE, Channel.EMAIL_TRANSCRIBED, FactorSource.THIRD_PARTY),
        (AgencyKind.PARTNER, Channel.WEB_FORM, FactorSource.THIRD_PARTY),
        (None, Channel.ONLINE_CHECKER, FactorSource.SELF_REPORTED),
    ],
)
def test_factor_source(kind: AgencyKind | None, channel: Channel, source: FactorSource) -> None:
    assert factor_source(kind, channel) is source
