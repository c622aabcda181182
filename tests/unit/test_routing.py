"""Who owns a case, and by when somebody decides."""

import pytest

from prevention.domain.agency import AgencyKind
from prevention.domain.referral import ReferralReason
from prevention.domain.routing import load_routing, owner_kind

R = ReferralReason
RULES = load_routing()


@pytest.mark.parametrize(
    ("reasons", "kind"),
    [
        ({R.FRAUD_VICTIM}, AgencyKind.POLICE),
        ({R.BURGLARY_REPEAT, R.HATE_CRIME, R.ASB}, AgencyKind.POLICE),
        ({R.FALLS, R.FRAILTY}, AgencyKind.AMBULANCE),
        ({R.HIGH_INTENSITY_USER}, AgencyKind.AMBULANCE),
        ({R.FALLS, R.FRAUD_VICTIM}, AgencyKind.FIRE),
        ({R.FALLS, R.NO_ALARM}, AgencyKind.FIRE),
        ({R.DOMESTIC_ABUSE}, AgencyKind.FIRE),
        ({R.ARSON_THREAT, R.HATE_CRIME}, AgencyKind.FIRE),
        ({R.OTHER}, AgencyKind.FIRE),
        (set(), AgencyKind.FIRE),
    ],
)
def test_owner(reasons: set[ReferralReason], kind: AgencyKind) -> None:
    assert owner_kind(reasons, RULES) is kind
    assert owner_kind(reasons, RULES, immediate_danger=True) is AgencyKind.FIRE


@pytest.mark.parametrize("reason", ReferralReason)
def test_every_reason_has_an_owner(reason: ReferralReason) -> None:
    assert owner_kind([reason], RULES) in {AgencyKind.FIRE, AgencyKind.POLICE, AgencyKind.AMBULANCE}
