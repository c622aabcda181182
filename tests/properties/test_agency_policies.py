"""Both faces of the administrators' policies say the same about every agency, team, member and user."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from prevention.domain.account import PUBLIC, SYSTEM, Actor, Role, roles_for
from prevention.domain.agency import AgencyKind
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Team
from prevention.models.base import new_id
from prevention.policies.accounts import (
    administered_members,
    changeable_users,
    may_administer_member,
    may_change_user,
    may_shut_out,
)
from prevention.policies.agencies import (
    administered_agencies,
    administered_teams,
    may_add_partner,
    may_administer_agency,
    may_administer_team,
    may_stop_agency,
)
from tests.support.arranging import Arranger

KINDS = (
    AgencyKind.FIRE,
    AgencyKind.FIRE,
    AgencyKind.AMBULANCE,
    AgencyKind.POLICE,
    AgencyKind.PARTNER,
    AgencyKind.PARTNER,
)


@pytest.fixture
def world(arrange: Arranger, engine: Engine) -> Iterator[Session]:
    """Six agencies, each with people of every role, and people who work for two agencies."""
    agencies = [arrange.agency(kind) for kind in KINDS]
    for agency in agencies:
        for role in roles_for(agency.kind):
            arrange.user(agency, role)
    for one, other in ((0, 4), (4, 5), (2, 3), (1, 2)):
        user = arrange.user(agencies[one], roles_for(KINDS[one])[0])
        arrange.save(Membership(user=user, agency=agencies[other], role=roles_for(KINDS[other])[0]))
    with Session(engine) as session:
        yield session


def actors(session: Session) -> list[Actor]:
    held = session.scalars(select(Membership)).all()
    known = [
        Actor(user_id=one.user_id, agency_id=one.agency_id, agency_kind=one.agency.kind, role=one.role) for one in held
    ]
    stranger = Actor(user_id=uuid4(), agency_id=uuid4(), agency_kind=AgencyKind.FIRE, role=Role.ADMINISTRATOR)
    return [*known, stranger, SYSTEM, PUBLIC]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_decision_and_scope_agree(world: Session, data: st.DataObject) -> None:
    actor = data.draw(st.sampled_from(actors(world)))
    agencies = set(world.scalars(select(Agency.id).where(administered_agencies(actor))))
    for agency in world.scalars(select(Agency)):
        assert may_administer_agency(actor, agency).allowed == (agency.id in agencies), (actor, agency.kind)
    teams = set(world.scalars(select(Team.id).where(administered_teams(actor))))
    for team in world.scalars(select(Team)):
        assert may_administer_team(actor, team).allowed == (team.id in teams)
    members = set(world.scalars(select(Membership.id).where(administered_members(actor))))
    for member in world.scalars(select(Membership)):
        assert may_administer_member(actor, member).allowed == (member.id in members)
    users = set(world.scalars(select(User.id).where(changeable_users(actor))))
    for user in world.scalars(select(User)):
        assert may_change_user(actor, user).allowed == (user.id in users)
        if may_shut_out(actor, user).allowed:
            assert user.id in users
            assert user.id != actor.user_id


def test_only_administrators_administer(world: Session) -> None:
    for actor in actors(world):
        if actor.role is not Role.ADMINISTRATOR and not actor.is_system:
            assert not may_add_partner(actor).allowed
            assert not world.scalars(select(Agency.id).where(administered_agencies(actor))).all()


def test_a_service_never_administers_another_service(world: Session) -> None:
    for actor in actors(world):
        if actor.is_system or actor.agency_id is None:
            continue
        for agency in world.scalars(select(Agency)):
            decision = may_administer_agency(actor, agency)
            if agency.id != actor.agency_id and agency.kind is not AgencyKind.PARTNER:
                assert decision.hidden


def test_a_partner_adds_and_stops_nothing() -> None:
    partner = Agency(id=new_id(), kind=AgencyKind.PARTNER)
    actor = Actor(user_id=uuid4(), agency_id=partner.id, agency_kind=AgencyKind.PARTNER, role=Role.ADMINISTRATOR)
    assert may_administer_agency(actor, partner).allowed
    assert not may_stop_agency(actor, partner).allowed
    assert not may_stop_agency(actor, partner).hidden
    assert not may_add_partner(actor).allowed
