"""A safe address is planted in every way it can come in, and looked for wherever anybody can look (domain.md 4.5)."""

import io
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import product
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from prevention.domain.account import SYSTEM, Role, roles_for
from prevention.domain.agency import AgencyKind
from prevention.domain.case import ContactMethod, ContactResult
from prevention.domain.confidentiality import MarkChoice
from prevention.domain.followup import FollowUpState
from prevention.domain.intake.profile import profile_named
from prevention.domain.reference import ReferenceKind, new_reference
from prevention.domain.referral import GivenAddress, GivenPerson, ReferralReason
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.models.account import User
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import (
    Assignment,
    Case,
    CaseInvolvement,
    CaseNote,
    ContactAttempt,
    MarkDecision,
    RiskAssessment,
)
from prevention.models.imports import ImportRun
from prevention.models.notification import Message, OutboxMessage
from prevention.models.outreach import Outreach, OutreachDoor, OutreachKind
from prevention.models.referral import ProposedAmendment, Referral
from prevention.models.visit import Visit
from prevention.services.imports.previewing import preview
from prevention.services.imports.running import run_import
from prevention.services.imports.runs import create_run, start_run
from prevention.services.work import Work
from prevention.unit_of_work import GuardedSession, unit_of_work, utc_now
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.client import PASSWORD, PageClient
from tests.support.police_file import COLUMNS, file_of, line
from tests.support.receiving import command, gazetteer_address, hand_in

R = ReferralReason
HOME = GivenAddress(uprn="100020009977", lines="9 Quillfeather Mews, London", postcode="NW1 9ZZ")
JOAN = GivenPerson(first_name="Joan", surname="Whitfield", dob="27/03/1950", phone="020 7946 0018")
#: Any of these in what somebody is shown, and they know where she is. Lower case.
SECRETS = ("quillfeather", "nw1 9zz", "nw19zz", "nw1%209zz", "nw1+9zz", "100020009977", "51.987654", "0.187654")
#: What people write although they should not.
WRITTEN = "Smokes in bed at 9 Quillfeather Mews, nw1  9zz. The QUILLFEATHER desk buzzes you in"
SERVICES = (AgencyKind.FIRE, AgencyKind.AMBULANCE, AgencyKind.POLICE)

#: What a list can be narrowed to; the words in braces are ids.
NARROWED = {
    "cases.queue": ("risk=VERY_HIGH", "borough=E09000007", "due=today", "reason=NO_ALARM", "unassigned=y", "age=day"),
    "cases.shared": ("risk=VERY_HIGH", "borough=E09000007", "referrer=ambulance", "state=TRIAGE"),
    "matches.review_list": ("case={case_id}",),
    "followups.index": ("when=due", "when=coming", "when=ended", "whose=mine", "kind=CALL_BACK"),
    "referrals.mine": ("whose=agency",),
    "notifications.sent": ("state=WAITING",),
    "outreach.show": ("left=1",),
    "referrals.new": ("outreach={outreach_id}&door={door_id}",),
    "visits.record": ("section=outcome",),
}


#: Pages that the walk must have been let into, or it has proved nothing.
REACHED = {
    AgencyKind.FIRE: {"cases.show", "cases.sheet", "cases.assign", "visits.rebook", "matches.answer", "outreach.door"},
    AgencyKind.AMBULANCE: {"cases.show", "cases.reveal", "visits.record", "referrals.amend", "referrals.settle"},
    AgencyKind.POLICE: {"cases.show", "cases.search", "visits.print_summary", "imports.show", "notifications.sent"},
    AgencyKind.PARTNER: {"referrals.show", "referrals.mine", "referrals.sent"},
}


@dataclass
class Planted:
    """Who may look, and the ids of every row that knows where she is, by the name an address gives it."""

    people: dict[AgencyKind, list[User]]
    ids: dict[str, list[UUID]]
    references: list[str]
    visits: list[Visit]

    def crew_of(self, user: User) -> set[UUID]:
        """The visits still to be made that are given to this person, or to their team and nobody in particular."""
        held = user.memberships[0]
        return {
            visit.id
            for visit in self.visits
            if held.role is Role.FIELD_OFFICER
            and visit.state in {VisitState.BOOKED, VisitState.STARTED}
            and (visit.officer_id == user.id or (visit.officer_id is None and visit.team_id == held.team_id))
        }


@pytest.fixture
def planted(arrange: Arranger, session: GuardedSession) -> Planted:
    """Four cases at the address, one of each service's and one that was open at first, with all that follows them."""
    arrange.save(gazetteer_address(uprn=HOME.uprn, number="9", street="Quillfeather Mews", postcode="NW1 9ZZ",
                                   latitude=51.987654, longitude=-0.187654, address_key=None))  # fmt: skip
    agencies = {kind: arrange.agency(kind) for kind in AgencyKind}
    people = {
        kind: [arrange.user(agency, role, team=agency.teams[0]) for role in roles_for(kind)]
        for kind, agency in agencies.items()
    }
    cases = received(arrange, session, agencies, people)
    for case in cases:
        write_it_down(arrange, case, people[case.owner_agency.kind][1])
    ids: dict[str, list[UUID]] = {"case_id": [case.id for case in cases]}
    visits = [visit for case in cases for visit in visits_of(arrange, case, people)]
    ids["visit_id"] = [visit.id for visit in visits]
    ended = {"state": FollowUpState.DONE, "ended_at": utc_now(), "end_note": WRITTEN}
    ids["followup_id"] = [arrange.followup(case, **now).id for case in cases for now in ({}, ended)]
    referrals = [case.referral_links[0].referral for case in cases]
    ids["link_id"] = [case.referral_links[0].id for case in cases]
    ids["referral_id"] = [referral.id for referral in referrals]
    ids["candidate_id"] = [arrange.candidate(referrals[0], cases[3]).id]
    ids["proposal_id"] = list(arrange.session.scalars(select(ProposedAmendment.id)))
    ids["run_id"] = imported(arrange, session, agencies[AgencyKind.POLICE], people[AgencyKind.POLICE][1])
    ids["outreach_id"], ids["door_id"] = outreach(arrange, people[AgencyKind.FIRE][1], cases[3])
    ids["message_id"] = list(arrange.session.scalars(select(Message.id)))
    ids["alert_id"] = [arrange.alert(cases[1]).id]
    ids["agency_id"] = [agency.id for agency in agencies.values()]
    ids["team_id"] = [agency.teams[0].id for agency in agencies.values()]
    ids["membership_id"] = [user.memberships[0].id for user in people[AgencyKind.FIRE]]
    assert all(ids.values()), ids
    return Planted(people, ids, [case.reference for case in cases], visits)


def received(
    arrange: Arranger,
    session: GuardedSession,
    agencies: dict[AgencyKind, Agency],
    people: dict[AgencyKind, list[User]],
) -> list[Case]:
    """A case of each service's, from another agency; and one whose address turned out to be confidential later."""
    fire, ambulance, police, partner = (agencies[kind] for kind in AgencyKind)
    known = {"address": HOME, "person": JOAN, "confidential_address": True, "narrative": WRITTEN}
    from_crew = command(ambulance, R.NO_ALARM, **known, immediate_danger=True, source_ref="CAD-1")
    opened = command(
        fire, R.COOKING, address=HOME, narrative=WRITTEN, person=replace(JOAN, first_name="Ida", dob="02/05/1947")
    )
    handed_in = (
        (from_crew, people[AgencyKind.AMBULANCE][0]),
        (command(fire, R.FRAUD_VICTIM, **known), people[AgencyKind.FIRE][1]),
        (command(partner, R.FALLS, **known), people[AgencyKind.PARTNER][0]),
        (opened, people[AgencyKind.POLICE][1]),
    )
    receipts = [hand_in(session, given, actor=actor_of(by), now=utc_now()) for given, by in handed_in]
    cases = [arrange.session.get_one(Case, receipt.case_id) for receipt in receipts]
    owners = [arrange.session.get_one(Agency, case.owner_agency_id).kind for case in cases]
    assert owners == [AgencyKind.FIRE, AgencyKind.POLICE, AgencyKind.AMBULANCE, AgencyKind.FIRE]
    arrange.visit(cases[3], state=VisitState.FINISHED, outcome=VisitOutcome.COMPLETED, finished_at=utc_now())
    hand_in(session, replace(opened, confidential_address=True), now=utc_now())
    nearly = replace(HOME, lines="9a Quillfeather Mews, London", uprn="")
    hand_in(session, replace(from_crew, address=nearly, handed_in_by=fire.id), now=utc_now())
    for case in cases:
        arrange.session.refresh(case)
        for agency in (fire, ambulance, police):
            if arrange.session.get(CaseInvolvement, (case.id, agency.id)) is None:
                arrange.save(CaseInvolvement(case_id=case.id, agency_id=agency.id, since=case.opened_at))
    assert [case.premises.confidential for case in cases] == [True] * 4
    assert all(case.premises.uprn == HOME.uprn for case in cases)
    return cases


def write_it_down(arrange: Arranger, case: Case, by: User) -> None:
    """The address in everything a person can write on a case."""
    held = by.memberships[0]
    wrote: dict[str, object] = {"case_id": case.id, "shared": True, "text": WRITTEN, "written_at": NOW}
    arrange.save(CaseNote(agency_id=held.agency_id, author_id=by.id, **wrote))
    tried = {"method": ContactMethod.PHONE, "result": ContactResult.NO_REPLY, "note": WRITTEN}
    arrange.save(ContactAttempt(case_id=case.id, made_at=NOW, made_by=by.id, **tried))
    arrange.save(Assignment(case_id=case.id, user_id=by.id, assigned_at=NOW, assigned_by=by.id, note=WRITTEN))
    level = {"level": case.risk_level, "rule_pack": "london_four_level", "rule_pack_version": "1"}
    arrange.save(
        RiskAssessment(
            case_id=case.id, assessed_at=utc_now(), assessed_by=by.id, overridden=True, reason=WRITTEN, **level
        )
    )
    said = {"agency_id": held.agency_id, "made_by": by.id, "made_at": NOW, "reason": WRITTEN}
    arrange.save(
        MarkDecision(case_id=case.id, premises_id=case.premises_id, choice=MarkChoice.TAKE_OFF,
                     answering_agency_id=held.agency_id, answer="", **said)
    )  # fmt: skip


def visits_of(arrange: Arranger, case: Case, people: dict[AgencyKind, list[User]]) -> Iterator[Visit]:
    """Visits of the case in every state: given to an officer, to the team, and made before."""
    officer = people[case.owner_agency.kind][0]
    yield arrange.visit(case, officer_id=officer.id, scheduled_at=utc_now(), access_note="Behind Quillfeather Mews")
    yield arrange.visit(case, state=VisitState.STARTED, started_at=utc_now())
    ended = {"officer_id": officer.id, "outcome": VisitOutcome.COMPLETED}
    record = {"notes": WRITTEN, "left_to_do": WRITTEN}
    yield arrange.visit(case, **ended, state=VisitState.FINISHED, finished_at=utc_now(), record=record)
    yield arrange.visit(case, officer_id=officer.id, state=VisitState.CANCELLED)
    yield from arrange.session.scalars(
        select(Visit).where(Visit.case_id == case.id, Visit.premises_id != case.premises_id)
    )


def imported(arrange: Arranger, session: GuardedSession, agency: Agency, by: User) -> list[UUID]:
    """A file that names the address: previewed only, and taken in with its rows refused."""
    hides = {"address": HOME.lines, "postcode": HOME.postcode, "uprn": HOME.uprn, "circumstances": "In a refuge there."}
    broken = [*line(3, **hides), "one cell too many"]
    refused = line(2, **hides, first_name="x" * 10_000)
    content = file_of(line(1, **hides), refused, broken, line(4), columns=COLUMNS)

    def open_work() -> AbstractContextManager[Work]:
        return unit_of_work(session, SYSTEM)

    found = []
    for is_started in (False, True):
        with unit_of_work(session, actor_of(by)) as work:
            run_id = create_run(work, agency_id=agency.id, profile="police", file_name="acn.csv", stored_as="f" * 32).id
        preview(open_work, run_id, lambda _: io.BytesIO(content))
        if is_started:
            with unit_of_work(session, actor_of(by)) as work:
                start_run(work, run_id)
            run_import(open_work, run_id, lambda _: io.BytesIO(content))
            assert arrange.session.get_one(ImportRun, run_id, populate_existing=True).refused == 2
        found.append(run_id)
    assert set(profile_named("police").columns) == set(COLUMNS)
    return found


def outreach(arrange: Arranger, by: User, case: Case) -> tuple[list[UUID], list[UUID]]:
    """A round nearby. A street's own list may hold the address: there it is a door like any other."""
    piece = arrange.save(
        Outreach(
            reference=new_reference(ReferenceKind.OUTREACH),
            agency_id=by.memberships[0].agency_id,
            created_by=by.id,
            created_at=NOW,
            kind=OutreachKind.CAMPAIGN,
            title="Round",
            place="Nearby",
            held_on=NOW.date(),
            incident_ref="",
            audience="",
            note="",
        )
    )
    door = OutreachDoor(outreach_id=piece.id, position=1, premises_id=arrange.premises().id)
    return [piece.id], [arrange.save(door).id]


def everywhere(app: Flask, planted: Planted) -> Iterator[tuple[Rule, dict[str, object], str]]:
    """Every address that answers to GET, for every planted row, plain and narrowed."""
    others: dict[str, list[object]] = {"outcome": ["NO_ACCESS_NO_REPLY"], "kind": ["HOT_STRIKE"]}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        names = sorted(rule.arguments)
        for values in product(*(planted.ids.get(name) or others[name] for name in names)):
            given = dict(zip(names, values, strict=True))
            with app.test_request_context():
                built = rule.build(given, append_unknown=False)
            assert built is not None
            yield rule, given, built[1]
            for narrowed in NARROWED.get(rule.endpoint, ()):
                first = {name: str(found[0]) for name, found in planted.ids.items()}
                yield rule, given, f"{built[1]}?{narrowed.format(**first)}"


def visitor(app: Flask, user: User | None) -> FlaskClient:
    """Somebody's browser, signed in. Pages are checked as pages elsewhere; here they are read in hundreds."""
    client = FlaskClient(app, app.response_class, use_cookies=True)
    if user is not None:
        answer = client.post("/sign-in", data={"email": user.email, "password": PASSWORD})
        assert answer.status_code == 302
    return client


def told_by(answer: TestResponse) -> list[str]:
    """The secrets in an answer: in what is shown, its title, and where it leads."""
    text = f"{answer.headers}\n{answer.get_data(as_text=True)}".lower()
    return [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("kind", [*AgencyKind, None])
def test_nobody_is_shown_the_address_but_the_crew_and_that_is_kept(
    kind: AgencyKind | None, app: Flask, planted: Planted, rows: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong: list[str] = []
    opened: set[tuple[UUID | None, UUID]] = set()
    reached: set[str] = set()
    for user in planted.people[kind] if kind else [None]:
        client, crew_of = visitor(app, user), planted.crew_of(user) if user else set()
        for rule, given, path in everywhere(app, planted):
            answer = client.get(path)
            assert answer.status_code < 500, (path, answer.status_code)
            if answer.status_code == 200:
                reached.add(rule.endpoint)
            found = told_by(answer)
            if rule.endpoint == "visits.show" and given["visit_id"] in crew_of:
                assert "quillfeather" in found, "the crew has to find the door"
                assert user is not None
                opened.add((user.id, UUID(str(given["visit_id"]))))
            elif found:
                wrong.append(f"{user.memberships[0].role if user else 'the public'} at {path}: {found}")
        wrong += posted(client, planted) if user else []
    assert not wrong, "\n".join(wrong)
    traces = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED)).all()
    assert {(trace.user_id, trace.subject_id) for trace in traces} == opened
    assert len(traces) == len(opened), "once a person and visit"
    assert (len(opened) > 0) == (kind in SERVICES)
    assert not [record.getMessage() for record in caplog.records if "prevention" in record.name and told_in(record)]
    assert REACHED.get(kind, set()) <= reached


def told_in(record: logging.LogRecord) -> bool:
    """Whether a line of the log tells where she is."""
    return any(secret in record.getMessage().lower() for secret in SECRETS)


def posted(client: FlaskClient, planted: Planted) -> list[str]:
    """What searches, files and the scripts of forms answer that they should not."""
    wrong = []
    for typed in ("Joan Whitfield", "020 7946 0018", "Whitf", *planted.references):
        answer = client.post("/cases/search", data={"q": typed}, follow_redirects=True)
        if found := told_by(answer):
            wrong.append(f"search for {typed}: {found}")
    for typed in ("Quillfeather", "9 Quillfeather Mews", "NW1 9ZZ", HOME.uprn):
        page = BeautifulSoup(client.post("/cases/search", data={"q": typed}).get_data(as_text=True), "html.parser")
        if page.main is None or any(reference in page.main.get_text() for reference in planted.references):
            wrong.append(f"search for {typed}: finds her case")
    files = ("/cases/export.csv", *(f"/imports/{run_id}/report.csv" for run_id in planted.ids["run_id"]))
    return wrong + [f"{path}: {found}" for path in files if (found := told_by(client.post(path)))]


def test_no_message_and_no_trace_holds_it(planted: Planted, rows: Session) -> None:
    assert rows.scalars(select(Message)).all(), "the very-high alert wrote one"
    kept = [
        *(f"{message.subject} {message.body}" for message in rows.scalars(select(Message))),
        *(str(event.detail) for event in rows.scalars(select(AuditEvent))),
        *(str(message.payload) for message in rows.scalars(select(OutboxMessage))),
    ]
    assert not [text for text in kept if any(secret in text.lower() for secret in SECRETS)]
    alerts = [message.body for message in rows.scalars(select(Message)) if message.template == "very_high_alert"]
    assert alerts
    assert "Camden" not in "".join(alerts), "not even the borough"


@pytest.mark.parametrize("kind", SERVICES)
def test_the_borough_is_for_the_agency_that_sends_a_crew(
    kind: AgencyKind, planted: Planted, client: PageClient, arrange: Arranger
) -> None:
    user = next(user for user in planted.people[kind] if user.memberships[0].role is Role.COORDINATOR)
    client.query_budget = 60
    client.sign_in(user)
    own = {
        case.id
        for case in arrange.session.scalars(select(Case).where(Case.id.in_(planted.ids["case_id"])))
        if case.owner_agency_id == user.memberships[0].agency_id
    }
    for case_id in planted.ids["case_id"]:
        main = client.page(f"/cases/{case_id}").select_one("main")
        assert main is not None
        assert ("Camden" in main.get_text()) == (case_id in own)
    rows = client.page("/cases/shared?borough=E09000007").select(".app-row")
    assert rows == [], "nor is it found out by a filter"
    assert client.page("/cases/?borough=E09000007").select(".app-row")
    assert "Camden" not in client.page("/alerts/open").get_text()
    assert "Camden" not in client.post("/cases/export.csv").get_data(as_text=True)


def test_a_postcode_gives_its_homes_alike_whether_somebody_hides_there_or_not(
    planted: Planted, client: PageClient, arrange: Arranger
) -> None:
    arrange.save(gazetteer_address(uprn="100020009978", number="10", street="Quillfeather Mews", postcode="NW1 9ZZ"))
    client.sign_in(planted.people[AgencyKind.PARTNER][0])
    found = client.post("/referrals/addresses", data={"postcode": "NW1 9ZZ"}).get_json()
    assert [one["value"] for one in found["addresses"]] == [HOME.uprn, "100020009978"]


def test_an_amended_address_of_a_hidden_home_stays_hidden(
    arrange: Arranger, session: GuardedSession, rows: Session
) -> None:
    fire = arrange.agency()
    given = command(fire, R.NO_ALARM, address=HOME, person=JOAN, confidential_address=True)
    receipt = hand_in(session, given)
    corrected = replace(HOME, lines="9b Quillfeather Mews, London", uprn="")
    hand_in(session, replace(given, address=corrected, confidential_address=False))
    case = rows.get_one(Case, receipt.case_id)
    assert case.premises.confidential, "a corrected house number takes no protection away"
    assert "9" in case.premises.number
    assert rows.scalars(select(Referral)).one().amendments
