"""What one agency learns of what another said: never more than domain.md 4.4 allows, whatever is drawn."""

from enum import StrEnum
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import PUBLIC, SYSTEM, Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.referral import (
    CRIME_REASONS,
    HEALTH_REASONS,
    ContactConstraint,
    CurrentLocation,
    HouseholdFlag,
    ReferralReason,
)
from prevention.errors import NotAllowed, NotFound
from prevention.models.agency import Agency
from prevention.models.referral import Referral, ReferralAmendment
from prevention.policies.decision import ALLOW, HIDE, deny
from prevention.policies.referrals import may_view_referral, visible_referrals
from prevention.policies.sharing import (
    NOT_AT_HOME,
    ReferralView,
    crew_instructions,
    shared_household,
    shared_location,
    shared_reasons,
    view_of_referral,
)
from tests.conftest import actor_of
from tests.support.arranging import Arranger

AGENCIES = {
    UUID(int=number): kind for number, kind in enumerate([*AgencyKind, *AgencyKind], start=1)
}  # two of each kind
HEALTH_KINDS = {AgencyKind.FIRE, AgencyKind.AMBULANCE}
SECRET = "He owes the dealer in flat 9"

#: What else tells of health, or of a crime, beside the reasons (domain.md 4.4).
HEALTH_CODES = {
    HouseholdFlag.DISABLED,
    HouseholdFlag.CARER_PRESENT,
    CurrentLocation.HOSPITAL,
    CurrentLocation.RESPITE,
}
codes = st.frozensets(st.sampled_from(ReferralReason), min_size=1, max_size=6).map(sorted)
flags = st.frozensets(st.sampled_from(HouseholdFlag), max_size=3).map(sorted)


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    agency_id = draw(st.sampled_from(sorted(AGENCIES)))
    return Actor(UUID(int=99), agency_id, AGENCIES[agency_id], draw(st.sampled_from(Role)))


@st.composite
def referrals(draw: st.DrawFn) -> Referral:
    received = draw(contents())
    referral = Referral(
        agency_id=draw(st.sampled_from(sorted(AGENCIES))),
        reasons=received["reasons"],
        narrative=SECRET,
        source_grade=draw(st.sampled_from(["", "RED", "AMBER"])),
        suspect=received["suspect"],
        household_flags=received["household_flags"],
        current_location=received["current_location"],
        referred_by=None,
        content=received,
    )
    if draw(st.booleans()):
        referral.amendments.append(ReferralAmendment(content=draw(contents())))
    return referral


def contents() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "reasons": codes,
            "suspect": st.booleans(),
            "household_flags": flags,
            "current_location": st.sampled_from(CurrentLocation),
        }
    )


def said(referral: Referral) -> set[StrEnum]:
    """Everything the referral has ever named as a reason, or said of who lives there and where they are."""
    found: set[StrEnum] = set()
    for content in (referral.content, *(amendment.content for amendment in referral.amendments)):
        found |= {ReferralReason(code) for code in content["reasons"]}
        found |= {HouseholdFlag(code) for code in content["household_flags"]}
        found.add(content["current_location"])
    return found


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
        assert CurrentLocation.CUSTODY not in said(referral)
        assert actor.agency_kind in HEALTH_KINDS or not (HEALTH_REASONS | HEALTH_CODES) & said(referral)
    assert SECRET not in " ".join(view.withheld)
    assert ("What they wrote" in view.withheld) == (view.narrative is None)
    assert ("Some reasons" in view.withheld) == (len(view.reasons) < len(referral.current_content["reasons"]))
    assert ("Their own grade" in view.withheld) == bool(referral.source_grade)
    assert set(view.reasons) <= set(referral.current_content["reasons"])


@given(actors(), referrals())
def test_who_lives_there_and_where_they_are_tells_no_health_and_no_crime(actor: Actor, referral: Referral) -> None:
    now = referral.current_content
    household, where = shared_household(actor, referral), shared_location(actor, referral)
    withheld = view_of_referral(actor, referral).withheld
    if actor.agency_id == referral.agency_id:
        assert set(household) == set(now["household_flags"])
        assert where == ("" if now["current_location"] is CurrentLocation.UNKNOWN else now["current_location"].label)
        return
    kept_back = {code for code in [*now["household_flags"], now["current_location"]] if code in HEALTH_CODES}
    if actor.agency_kind in HEALTH_KINDS:
        kept_back = set()
    if actor.agency_kind is not AgencyKind.POLICE:
        kept_back |= {now["current_location"]} & {CurrentLocation.CUSTODY}
    assert set(household) == set(now["household_flags"]) - kept_back
    assert (where == NOT_AT_HOME) == (now["current_location"] in kept_back)
    assert ("Where they are" in withheld) == (where == NOT_AT_HOME)
    assert ("Some of who lives there" in withheld) == (len(household) < len(now["household_flags"]))


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
