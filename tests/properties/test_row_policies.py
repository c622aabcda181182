"""The two faces of each policy agree: what may be seen one by one is what SQL selects."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import PUBLIC, SYSTEM, Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.models.agency import Agency
from prevention.models.followup import FollowUp
from prevention.models.notification import Alert, Message
from prevention.policies.followups import (
    may_cancel_followup,
    may_complete_followup,
    may_reassign_followup,
    may_view_followup,
    visible_followups,
)
from prevention.policies.notifications import (
    may_acknowledge_alert,
    may_retry_message,
    may_view_alert,
    may_view_message,
    visible_alerts,
    visible_messages,
)
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger


@pytest.fixture
def actors(arrange: Arranger) -> list[Actor]:
    """Everybody there can be: each role in two agencies, in a team or not, the public and the product."""
    agencies: list[Agency] = [arrange.agency(AgencyKind.FIRE), arrange.agency(AgencyKind.POLICE)]
    for agency in agencies:
        desk = agency.teams[0]
        station = arrange.team(agency)
        officer = arrange.user(agency, Role.FIELD_OFFICER, team=station)
        for number, (team, user) in enumerate([(desk.id, None), (station.id, None), (station.id, officer.id)]):
            case = arrange.case(agency)
            arrange.followup(case, owner_team_id=team, owner_user_id=user, due_at=NOW + timedelta(days=number))
            arrange.alert(case)
            arrange.message(agency)
    people = [
        arrange.user(agency, role, team=team)
        for agency, role in product(agencies, Role)
        for team in (None, agency.teams[0])
    ]
    return [actor_of(user) for user in people] + [PUBLIC, SYSTEM]


@pytest.mark.parametrize(
    ("model", "may", "visible"),
    [
        (FollowUp, may_view_followup, visible_followups),
        (Alert, may_view_alert, visible_alerts),
        (Message, may_view_message, visible_messages),
    ],
)
def test_both_faces_agree(actors: list[Actor], rows: Session, model: type, may: object, visible: object) -> None:
    everything = rows.scalars(select(model)).all()
    assert everything
    seen_by_somebody = False
    for actor in actors:
        one_by_one = {row.id for row in everything if may(actor, row).allowed}  # type: ignore[operator]
        selected = set(rows.scalars(select(model.id).where(visible(actor))))  # type: ignore[attr-defined,operator]
        assert one_by_one == selected, actor
        seen_by_somebody |= bool(selected) and not actor.is_system
    assert seen_by_somebody


def test_nobody_does_what_they_cannot_see(actors: list[Actor], rows: Session) -> None:
    for actor, followup in product(actors, rows.scalars(select(FollowUp)).all()):
        for may in (may_complete_followup, may_cancel_followup, may_reassign_followup):
            if may(actor, followup).allowed:
                assert may_view_followup(actor, followup).allowed
        if may_cancel_followup(actor, followup).allowed:
            assert may_complete_followup(actor, followup).allowed
    for actor, alert in product(actors, rows.scalars(select(Alert)).all()):
        if may_acknowledge_alert(actor, alert).allowed:
            assert actor.user_id is not None
            assert may_view_alert(actor, alert).allowed
    for actor, message in product(actors, rows.scalars(select(Message)).all()):
        if may_retry_message(actor, message).allowed:
            assert may_view_message(actor, message).allowed
