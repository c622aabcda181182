"""What the demonstration does with the database it finds: begins on an empty one, and touches nobody else's."""

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.demonstration import loading
from prevention.domain.account import SYSTEM
from prevention.domain.agency import TeamKind
from prevention.errors import Conflict
from prevention.extensions import current_session
from prevention.models.account import User
from prevention.models.agency import Area, Team
from prevention.models.audit import AuditTag
from prevention.services.wards import load_wards
from prevention.unit_of_work import unit_of_work
from tests.support.arranging import Arranger


def test_a_load_begins_once_and_is_done_once(app: Flask, clean_database: None) -> None:
    with app.app_context():
        assert loading.begin()
        with pytest.raises(loading.CutOff):
            loading.begin()
        with unit_of_work(current_session(), SYSTEM) as work:
            work.record(AuditTag.DEMONSTRATION_LOADED)
        assert not loading.begin()


def test_the_ward_team_covers_wards_of_a_list_loaded_once(app: Flask, clean_database: None, rows: Session) -> None:
    with app.app_context():
        loading.begin()
        with unit_of_work(current_session(), SYSTEM) as work:
            load_wards(work, ["WD24CD,WD24NM,LAD24CD", "E05998001,Somebody’s own,E09000001"])
            work.record(AuditTag.DEMONSTRATION_LOADED)
        loading.begin()
    team = rows.scalars(select(Team).where(Team.kind == TeamKind.WARD_TEAM)).one()
    assert {area.kind for area in team.areas} == {"ward"}
    assert {area.borough_code for area in team.areas} == {"E09000022", "E09000028"}
    city = select(Area.name).where(Area.kind == "ward", Area.borough_code == "E09000001")
    assert rows.scalars(city).all() == ["Somebody’s own"]


def test_a_database_of_others_stays_as_it_is(app: Flask, arrange: Arranger, rows: Session) -> None:
    arrange.referral(arrange.agency())
    with app.app_context(), pytest.raises(Conflict, match="not the demonstration's"):
        loading.begin()
    assert rows.scalar(select(func.count()).select_from(User)) == 0
