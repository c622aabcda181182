"""Every address that takes an id: another agency's row answers exactly as a row that is not there."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import ImportState
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.models.agency import Agency
from prevention.models.imports import ImportRun
from prevention.models.outreach import Outreach, OutreachDoor, OutreachKind
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient, without_token


def rows_of(arrange: Arranger, agency: Agency) -> dict[str, UUID]:
    """One row of every kind an address can name, all the agency's own."""
    officer = arrange.user(agency, Role.FIELD_OFFICER, team=agency.teams[0])
    coordinator = arrange.user(agency, Role.COORDINATOR, team=agency.teams[0])
    case = arrange.received(agency)
    other = arrange.received(agency)
    referral = case.referral_links[0].referral
    outreach = Outreach(
        reference=new_reference(ReferenceKind.OUTREACH),
        agency_id=agency.id,
        created_by=coordinator.id,
        created_at=NOW,
        kind=OutreachKind.CAMPAIGN,
        title="Round",
        place="Street",
        held_on=NOW.date(),
        incident_ref="",
        audience="",
        note="",
    )
    arrange.save(outreach)
    door = arrange.save(OutreachDoor(outreach_id=outreach.id, position=1, premises_id=case.premises_id))
    run = arrange.save(
        ImportRun(
            reference=new_reference(ReferenceKind.IMPORT),
            agency_id=agency.id,
            created_by=coordinator.id,
            created_at=NOW,
            profile="fire",
            file_name="a.csv",
            stored_as="0" * 32,
            state=ImportState.PREVIEWED,
            preview={},
        )
    )
    return {
        "case_id": case.id,
        "link_id": case.referral_links[0].id,
        "referral_id": referral.id,
        "visit_id": arrange.visit(case).id,
        "followup_id": arrange.followup(case).id,
        "alert_id": arrange.alert(other).id,
        "message_id": arrange.message(agency).id,
        "candidate_id": arrange.candidate(referral, other).id,
        "run_id": run.id,
        "outreach_id": outreach.id,
        "door_id": door.id,
        "membership_id": officer.memberships[0].id,
        "team_id": agency.teams[0].id,
        "agency_id": agency.id,
    }


def rules(app: Flask) -> Iterator[Rule]:
    """The addresses that take an id."""
    for rule in app.url_map.iter_rules():
        if any("uuid" in str(part).lower() or name.endswith("_id") for name, part in rule._converters.items()):
            yield rule


def address(app: Flask, rule: Rule, ids: dict[str, UUID]) -> str:
    values: dict[str, object] = {}
    for name in rule.arguments:
        values[name] = ids.get(name, {"outcome": "NO_ACCESS_NO_REPLY", "place": 0}.get(name, "x"))
    with app.test_request_context():
        built = rule.build(values, append_unknown=False)
    assert built is not None
    return built[1]


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (AgencyKind.FIRE, Role.COORDINATOR),
        (AgencyKind.AMBULANCE, Role.FIELD_OFFICER),
        (AgencyKind.PARTNER, Role.PARTNER_REFERRER),
        (AgencyKind.POLICE, Role.ADMINISTRATOR),
    ],
)
def test_another_agencys_row_answers_as_a_row_that_is_not_there(
    kind: AgencyKind, role: Role, app: Flask, arrange: Arranger, client: PageClient
) -> None:
    owner = arrange.agency(AgencyKind.FIRE)
    stranger = arrange.user(arrange.agency(kind), role)
    ids = rows_of(arrange, owner)
    client.sign_in(stranger)
    client.query_budget = 200
    wrong = []
    for rule in rules(app):
        nobody = {name: uuid4() for name in ids}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            send = {"json": {"revision": 0, "fields": {}}} if rule.endpoint == "visits.autosave" else {}
            theirs = client.open(address(app, rule, ids), method=method, **send)
            nothing = client.open(address(app, rule, nobody), method=method, **send)
            bodies = [without_token(one.get_data(as_text=True)) for one in (theirs, nothing)]
            if (theirs.status_code, bodies[0]) != (nothing.status_code, bodies[1]):
                wrong.append(f"{method} {rule.rule}: {theirs.status_code} against {nothing.status_code}")
            elif theirs.status_code not in {403, 404}:
                wrong.append(f"{method} {rule.rule}: {theirs.status_code}")
    assert not wrong, "\n".join(wrong)
