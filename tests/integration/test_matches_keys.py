"""What the engine keeps beside person records: another form than today's is no hindrance, and is made anew."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.matching.record import FORM
from prevention.models.agency import Agency
from prevention.models.case import Case
from prevention.models.person import BlockingKey, ComparedRecord, Person, PersonRecord
from prevention.queries.candidates import records_of
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import Arranger
from tests.support.receiving import ANN, BOB, ELSEWHERE, HOME, command, hand_in


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


def kept(rows: Session) -> dict[str, object]:
    """What is kept of every record: its form and its keys, by name."""
    rows.rollback()
    told = {}
    for record, form in rows.execute(
        select(PersonRecord, ComparedRecord.form).join(ComparedRecord, ComparedRecord.record_id == PersonRecord.id)
    ):
        keys = rows.scalars(select(BlockingKey.key).where(BlockingKey.record_id == record.id)).all()
        told[record.display_name] = (form, sorted(keys))
    return told


@pytest.mark.parametrize("form", [None, {"form": FORM - 1, "forenames": ["NOBODY"]}], ids=["none", "an earlier one"])
def test_a_record_kept_in_another_form_is_found_and_compared_all_the_same(
    session: GuardedSession, rows: Session, fire: Agency, form: dict[str, object] | None
) -> None:
    hand_in(session, command(fire, person=ANN, address=HOME))
    with unit_of_work(session, SYSTEM) as work:
        work.session.execute(update(ComparedRecord).values(form=form) if form is not None else delete(ComparedRecord))
    hand_in(session, command(fire, person=ANN, address=HOME))
    rows.rollback()
    assert len(rows.scalars(select(Person)).all()) == len(rows.scalars(select(Case)).all()) == 1


def test_forms_and_keys_are_made_anew(app: Flask, session: GuardedSession, rows: Session, fire: Agency) -> None:
    hand_in(session, command(fire, person=ANN, address=HOME))
    hand_in(session, command(fire, person=BOB, address=ELSEWHERE))
    as_taken_in = kept(rows)
    assert len(as_taken_in) == 2
    with unit_of_work(session, SYSTEM) as work:
        work.session.execute(delete(ComparedRecord))
        work.session.execute(delete(BlockingKey))
    for _ in range(2):
        told = app.test_cli_runner().invoke(args=["matching", "renew"])
        assert "2 records have the keys and the form of this release." in told.output
        assert kept(rows) == as_taken_in


def test_a_record_is_compared_with_the_uprn_its_home_learned_later(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    hand_in(session, command(fire, person=ANN, address=HOME))
    hand_in(session, command(fire, person=BOB, address=replace(HOME, uprn="100023336956")))
    people = rows.scalars(select(Person.id)).all()
    records = [record for held in records_of(rows, people).values() for record in held]
    assert [record.uprn for record in records] == ["100023336956"] * 2
