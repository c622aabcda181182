"""What one agency learns of what another said: never more than domain.md 4.4 allows, whatever is drawn."""

from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import PUBLIC, SYSTEM, Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import CRIME_REASONS, HEALTH_REASONS, ContactConstraint, ReferralReason
from prevention.errors import NotAllowed, NotFound
from prevention.models.agency import Agency
from prevention.models.referral import Referral, ReferralAmendment
from prevention.policies.decision import ALLOW, HIDE, deny
from prevention.policies.referrals import may_view_referral, visible_referrals
from prevention.policies.sharing import ReferralView, crew_instructions, shared_reasons, view_of_referral
from tests.conftest import actor_of
from tests.support.arranging import Arranger

AGENCIES = {
    UUID(int=number): kind for number, kind in enumerate([*AgencyKind, *AgencyKind], start=1)
}  # two of each kind
HEALTH_KINDS = {AgencyKind.FIRE, AgencyKind.AMBULANCE}
SECRET = "He owes the dealer in flat 9"

codes = st.frozensets(st.sampled_from(ReferralReason), min_size=1, max_size=6).map(sorted)


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    agency_id = draw(st.sampled_from(sorted(AGENCIES)))
    return Actor(UUID(int=99), agency_id, AGENCIES[agency_id], draw(st.sampled_from(Role)))


@st.composite
def referrals(draw: st.DrawFn) -> Referral:
    reasons = draw(codes)
    suspect = draw(st.booleans())
    referral = Referral(
        agency_id=draw(st.sampled_from(sorted(AGENCIES))),
        reasons=reasons,
        narrative=SECRET,
        source_grade=draw(st.sampled_from(["", "RED", "AMBER"])),
        suspect=suspect,
        referred_by=None,
        content={"reasons": reasons, "suspect": suspect},
    )
    if draw(st.booleans()):
        amended = {"reasons": draw(codes), "suspect": draw(st.booleans())}
        referral.amendments.append(ReferralAmendment(content=amended))
    return referral


def said(referral: Referral) -> set[ReferralReason]:
    """Everything the referral has ever named as a reason."""
    contents = [referral.content, *(amendment.content for amendment in referral.amendments)]
    return {ReferralReason(code) for content in contents for code in content["reasons"]}


@given(actors(), referrals(), st.sampled_from([None, *sorted(AGENCIES)]))
def test_nothing_withheld_is_ever_in_the_view(actor: Actor, referral: Referral, recipient: UUID | None) -> None:
    view = view_of_referral(actor, referral, recipient_id=recipient)
    own = actor.agency_id == referral.agency_id
    if own:
        assert view == ReferralView(
            reasons=tuple(reason for reason in ReferralReason if reason in referral.current_content["reasons"]),
            narrative=SECRET,
            grade=referral.source_grade or None,
            nhs_number_visible=True,
            withheld=(),
        )
        return
    assert view.grade is None
    if actor.agency_kind is not AgencyKind.POLICE:
        assert not CRIME_REASONS & set(view.reasons)
    if actor.agency_kind not in HEALTH_KINDS:
        assert not HEALTH_REASONS & set(view.reasons)
        assert not view.nhs_number_visible
    suspect = any(content["suspect"] for content in (referral.content, referral.current_content))
    if view.narrative is not None:
        assert actor.agency_id == recipient
        assert not CRIME_REASONS & said(referral)
        assert not suspect
        assert actor.agency_kind in HEALTH_KINDS or not HEALTH_REASONS & said(referral)
    assert SECRET not in " ".join(view.withheld)
    assert ("What they wrote" in view.withheld) == (view.narrative is None)
    assert ("Some reasons" in view.withheld) == (len(view.reasons) < len(referral.current_content["reasons"]))
    assert ("Their own grade" in view.withheld) == bool(referral.source_grade)
    assert set(view.reasons) <= set(referral.current_content["reasons"])


@given(actors(), codes)
def test_fire_hazards_are_everybodys(actor: Actor, given_codes: list[ReferralReason]) -> None:
    seen = set(shared_reasons(actor, given_codes))
    assert set(given_codes) - HEALTH_REASONS - CRIME_REASONS <= seen
    assert seen <= set(given_codes)
    assert set(shared_reasons(SYSTEM, given_codes)) == set(given_codes)
    nobody = set(shared_reasons(PUBLIC, given_codes))
    assert not nobody & (HEALTH_REASONS | CRIME_REASONS)


def test_arson_is_for_fire_and_police_alike() -> None:
    for kind in AgencyKind:
        actor = Actor(UUID(int=99), UUID(int=98), kind, Role.COORDINATOR)
        assert shared_reasons(actor, ["ARSON_THREAT"]) == (ReferralReason.ARSON_THREAT,)


@given(st.lists(st.sampled_from([*ContactConstraint, "SOMETHING_ELSE"])))
def test_instructions_reach_every_crew(given_codes: list[str]) -> None:
    assert set(crew_instructions(given_codes)) == set(given_codes) - {"SOMETHING_ELSE"}


@pytest.fixture
def everybody(arrange: Arranger) -> list[Actor]:
    agencies: list[Agency] = [
        arrange.agency(kind) for kind in (AgencyKind.FIRE, AgencyKind.FIRE, AgencyKind.POLICE, AgencyKind.PARTNER)
    ]
    people = [arrange.user(agency, role) for agency, role in product(agencies, Role)]
    for agency in agencies:
        arrange.referral(agency)
    for user in people:
        arrange.referral(user.memberships[0].agency, referred_by=user.id)
    stranger = people[0]
    arrange.referral(agencies[2], referred_by=stranger.id)  # made while at another agency
    return [actor_of(user) for user in people] + [PUBLIC, SYSTEM]


def test_one_by_one_and_by_sql_are_the_same_referrals(everybody: list[Actor], rows: Session) -> None:
    every = rows.scalars(select(Referral)).all()
    for actor in everybody:
        one_by_one = {referral.id for referral in every if may_view_referral(actor, referral).allowed}
        assert one_by_one == set(rows.scalars(select(Referral.id).where(visible_referrals(actor)))), actor
        if actor.role is Role.PARTNER_REFERRER:
            assert len(one_by_one) == 1
        if actor.role is Role.ADMINISTRATOR or actor is PUBLIC:
            assert not one_by_one
        if actor.is_system:
            assert len(one_by_one) == len(every)


def test_a_decision_is_a_404_a_403_or_nothing() -> None:
    ALLOW.require()
    with pytest.raises(NotFound):
        HIDE.require()
    with pytest.raises(NotAllowed, match="Not your case"):
        deny("Not your case").require()
