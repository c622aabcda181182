"""Everything that can be done with a case: its effect, who may, hostile input, and two people at once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.domain.referral import GivenAddress, GivenPerson
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Assignment, Case, CaseInvolvement, CaseNote, ContactAttempt, RiskAssessment
from prevention.models.notification import Alert, Message
from prevention.models.referral import Referral
from tests.support.arranging import Arranger
from tests.support.client import PageClient, body_of

HOSTILE = "<script>alert(1)</script> '; DROP TABLE cases; -- \x00 =1+1 \u202e"
REVIEW_DAY = datetime.now(UTC) + timedelta(days=10)


def day(moment: datetime) -> list[str]:
    return [str(moment.day), str(moment.month), str(moment.year)]


@pytest.fixture
def desk(arrange: Arranger, client: PageClient) -> Any:
    """A fire coordinator at the desk, with a case that ambulance referred."""
    fire, ambulance = arrange.agency(), arrange.agency(AgencyKind.AMBULANCE)
    case = arrange.received(ambulance)
    assert case.owner_agency_id == fire.id
    client.sign_in(arrange.user(fire, name="Ana Cole"))
    return fire, ambulance, case


def do(client: PageClient, case: Case, what: str, status: int = 303, **data: Any) -> Any:
    """Send an action's form as the page makes it: with the version the page was made from."""
    form = client.page(f"/cases/{case.id}/{what}")
    fields = {name: form.find("input", attrs={"name": name})["value"] for name in ("version", "seen")}
    response = client.post(f"/cases/{case.id}/{what}", data=fields | data)
    assert response.status_code == status, response.get_data(as_text=True)[:3000]
    return response


def tags(rows: Session, case: Case) -> set[AuditTag]:
    return set(rows.scalars(select(AuditEvent.tag).where(AuditEvent.case_id == case.id)))


def test_accept(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    do(client, case, "accept")
    assert rows.get_one(Case, case.id).state is CaseState.ACCEPTED
    assert AuditTag.CASE_ACCEPTED in tags(rows, case)
    assert "Case accepted" in client.page(f"/cases/{case.id}").get_text()


def test_reject_tells_the_referrer_why(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    do(client, case, "reject", reason="OUT_OF_AREA", note="rang them")
    now = rows.get_one(Case, case.id)
    assert (now.state, now.reject_reason, now.is_open) == (CaseState.REJECTED, "OUT_OF_AREA", False)
    assert rows.scalar(select(func.count()).where(Message.case_id == case.id, Message.template == "outcome")) == 1
    assert rows.scalar(select(CaseNote.shared).where(CaseNote.case_id == case.id)) is False


def test_reject_needs_a_coded_reason(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    for reason in ("", "NONSENSE", HOSTILE):
        page = do(client, case, "reject", 400, reason=reason, note="kept words").get_data(as_text=True)
        assert "There is a problem" in page
        assert "kept words" in page
    assert rows.get_one(Case, case.id).is_open


def test_redirect_moves_ownership_and_keeps_everybody_involved(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, ambulance, case = desk
    police = arrange.agency(AgencyKind.POLICE)
    do(client, case, "redirect", to=f"agency:{police.id}", why="BETTER_PLACED", reason="Fraud, not fire")
    now = rows.get_one(Case, case.id)
    assert (now.owner_agency_id, now.owner_team_id) == (police.id, police.teams[0].id)
    assert (now.state, now.is_open, now.closed_at) == (CaseState.TRIAGE, True, None)
    involved = set(rows.scalars(select(CaseInvolvement.agency_id).where(CaseInvolvement.case_id == case.id)))
    assert involved == {fire.id, ambulance.id, police.id}
    client.post("/sign-out")
    client.sign_in(arrange.user(police))
    assert "Fraud, not fire" in client.page(f"/cases/{case.id}").get_text()


def test_a_very_high_case_that_is_passed_on_rings_there_and_no_longer_here(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    _, _, case = desk
    police = arrange.agency(AgencyKind.POLICE)
    client.post(f"/cases/{case.id}/urgent")
    do(client, case, "redirect", to=f"agency:{police.id}", why="BETTER_PLACED", reason="Threat to life")
    alerts = rows.scalars(select(Alert).where(Alert.case_id == case.id).order_by(Alert.raised_at)).all()
    assert [(alert.agency_id == police.id, alert.acknowledged_at is None) for alert in alerts] == [
        (False, False),
        (True, True),
    ]


def test_redirect_outside_closes_and_to_a_team_assigns(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, ambulance, case = desk
    other = arrange.received(ambulance)
    do(client, case, "redirect", to="outside", why="BETTER_PLACED", reason="Lives in Kent")
    now = rows.get_one(Case, case.id)
    assert (now.state, now.outcome) == (CaseState.REDIRECTED, VisitOutcome.REDIRECTED_OUT_OF_AREA)
    station = arrange.team(fire)
    do(client, other, "redirect", to=f"team:{station.id}", why="BETTER_PLACED", reason="Theirs")
    assert rows.get_one(Case, other.id).owner_team_id == station.id


def test_hold_needs_a_date_ahead_and_leaves_the_deadline(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    for wrong in (datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=400)):
        page = do(client, case, "hold", 400, reason="RESIDENT_AWAY", review_on=day(wrong)).get_data(as_text=True)
        assert "review date must be" in page
    assert "no day 31" in do(client, case, "hold", 400, reason="RESIDENT_AWAY", review_on=["31", "2", "2027"]).text
    do(client, case, "hold", reason="IN_HOSPITAL", review_on=day(REVIEW_DAY))
    now = rows.get_one(Case, case.id)
    assert (now.state, now.hold_reason) == (CaseState.ON_HOLD, "IN_HOSPITAL")
    assert now.due_at == case.due_at
    assert now.held_until is not None
    do(client, case, "resume")
    rows.refresh(now)
    assert (now.state, now.hold_reason, now.held_until) == (CaseState.TRIAGE, None, None)


def test_assign_to_an_officer_shows_load_and_keeps_history(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, _, case = desk
    far, near = (
        arrange.team(fire, name="Aldgate"),
        arrange.team(fire, name="Zetland", areas=(case.borough_code or "E09000007",)),
    )
    officer = arrange.user(fire, Role.FIELD_OFFICER, team=near, name="Bo Lee")
    arrange.case(fire, owner_team_id=near.id, owner_user_id=officer.id)
    arrange.case(fire, owner_team_id=near.id)
    offered = [option.text for option in client.page(f"/cases/{case.id}/assign").select("option")]
    assert any(words.startswith("Zetland: 2 open") for words in offered), "a team has what its officers have"
    assert offered.index("Bo Lee (Zetland): 1 open") < offered.index("Aldgate: 0 open") or case.borough_code is None
    do(client, case, "assign", owner=f"team:{far.id}", note="first")
    do(client, case, "assign", owner=f"user:{officer.id}", note="second")
    now = rows.get_one(Case, case.id)
    assert (now.owner_team_id, now.owner_user_id, now.state) == (near.id, officer.id, CaseState.ASSIGNED)
    given = rows.scalars(select(Assignment).where(Assignment.case_id == case.id).order_by(Assignment.assigned_at)).all()
    assert [(one.note, one.ended_at is None) for one in given] == [("first", False), ("second", True)]


def test_nobody_assigns_to_another_agency(desk: Any, arrange: Arranger, client: PageClient) -> None:
    _, ambulance, case = desk
    stranger = arrange.user(ambulance, Role.FIELD_OFFICER)
    for owner in (f"user:{stranger.id}", f"team:{ambulance.teams[0].id}", f"team:{uuid4()}", "team:x", HOSTILE, ""):
        assert "There is a problem" in do(client, case, "assign", 400, owner=owner).text


def test_contact_attempts_move_the_case_on(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    do(client, case, "contact", method="PHONE", result="NO_REPLY", note="evening")
    now = rows.get_one(Case, case.id)
    assert now.state is CaseState.CONTACTING
    do(client, case, "contact", method="DOORSTEP", result="REFUSED")
    rows.refresh(now)
    assert now.state is CaseState.REFUSED
    assert rows.scalar(select(func.count()).where(ContactAttempt.case_id == case.id)) == 2
    words = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    assert "2 attempts in 2 ways" in words


def test_override_keeps_name_and_reason_and_alerts(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    do(client, case, "risk", level="VERY_HIGH", reason="Smelt gas on the phone")
    now = rows.get_one(Case, case.id)
    assert (now.risk_level, now.risk_rank) == (RiskLevel.VERY_HIGH, 0)
    assert now.due_at is not None
    assert now.due_at <= datetime.now(UTC) + timedelta(hours=4)
    assert rows.scalar(select(func.count()).where(Alert.case_id == case.id)) == 1
    words = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    assert "Set by hand by Ana Cole: Smelt gas on the phone" in words
    assert "already very high" in do(client, case, "risk", 400, level="VERY_HIGH", reason="again").text


def test_a_case_that_somebody_made_less_than_very_high_rings_no_more(
    desk: Any, client: PageClient, rows: Session
) -> None:
    _, _, case = desk
    do(client, case, "risk", level="VERY_HIGH", reason="Smelt gas on the phone")
    assert case.reference in client.page("/cases/").select_one(".app-alert").get_text()
    do(client, case, "risk", level="MEDIUM", reason="The gas is off, the engineer rang")
    assert client.page("/cases/").select_one(".app-alert") is None
    assert rows.scalars(select(Alert).where(Alert.case_id == case.id)).one().acknowledged_by is not None


def test_urgent_is_one_tap_by_anybody_involved(desk: Any, arrange: Arranger, client: PageClient, rows: Session) -> None:
    _, ambulance, case = desk
    client.post("/sign-out")
    client.sign_in(arrange.user(ambulance, Role.FIELD_OFFICER))
    assert client.post(f"/cases/{case.id}/urgent").status_code == 303
    now = rows.get_one(Case, case.id)
    assert (now.risk_level, now.urgent) == (RiskLevel.VERY_HIGH, True)
    assert rows.scalar(select(Alert.agency_id).where(Alert.case_id == case.id)) == case.owner_agency_id


def test_urgent_opens_a_closed_case_again(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    do(client, case, "close", outcome="MOVED_AWAY")
    client.post(f"/cases/{case.id}/urgent")
    now = rows.get_one(Case, case.id)
    assert (now.state, now.outcome, now.risk_level) == (CaseState.TRIAGE, None, RiskLevel.VERY_HIGH)


def test_close_tells_the_referrer_once_and_reopening_buys_no_time(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    due_at = case.due_at
    assert due_at is not None
    do(client, case, "close", outcome="CANCELLED_BY_RESIDENT")
    now = rows.get_one(Case, case.id)
    assert (now.state, now.outcome) == (CaseState.CLOSED, VisitOutcome.CANCELLED_BY_RESIDENT)
    assert rows.scalar(select(func.count()).where(Message.case_id == case.id, Message.template == "outcome")) == 1
    do(client, case, "reopen", 400, reason=" ")
    do(client, case, "reopen", reason="The daughter rang")
    rows.refresh(now)
    assert (now.state, now.outcome, now.closed_at) == (CaseState.TRIAGE, None, None)
    assert now.due_at == due_at


def test_a_deadline_that_has_passed_starts_anew_when_a_case_is_opened_again(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, _, _ = desk
    long_ago = datetime.now(UTC) - timedelta(days=60)
    case = arrange.case(fire, state=CaseState.CLOSED, outcome=VisitOutcome.MOVED_AWAY, due_at=long_ago)
    do(client, case, "reopen", reason="They are back")
    now = rows.get_one(Case, case.id)
    assert now.due_at is None or now.due_at > datetime.now(UTC)


def test_a_very_high_case_nobody_got_into_needs_a_managers_decision(
    desk: Any, client: PageClient, rows: Session
) -> None:
    _, _, case = desk
    client.post(f"/cases/{case.id}/urgent")
    assert "manager" in do(client, case, "close", 400, outcome="NOT_CONTACTABLE").text
    do(client, case, "close", outcome="NOT_CONTACTABLE", manager_decision="Panel on Friday takes it")
    assert not rows.get_one(Case, case.id).is_open
    assert rows.scalar(select(Alert.acknowledged_at).where(Alert.case_id == case.id)) is not None
    do(client, case, "reopen", reason="Another letter through the door")
    rows.expire_all()
    rung = rows.scalars(select(Alert.acknowledged_at).where(Alert.case_id == case.id)).all()
    assert sorted(at is None for at in rung) == [False, True], "opened again, it rings again"


def test_a_very_high_case_is_not_got_rid_of_without_a_word(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    client.post(f"/cases/{case.id}/urgent")
    assert "Manager’s decision" in client.page(f"/cases/{case.id}/reject").get_text()
    rejected = do(client, case, "reject", 400, reason="NOT_ELIGIBLE").text
    assert 'href="#note"' in rejected
    passed = do(client, case, "redirect", 400, to="outside", why="OUT_OF_AREA").text
    assert 'href="#reason"' in passed
    assert rows.scalar(select(Alert.acknowledged_at).where(Alert.case_id == case.id)) is None
    do(client, case, "redirect", to="outside", why="OUT_OF_AREA", reason="Kent rang back: their crew goes now")
    assert not rows.get_one(Case, case.id).is_open


def test_an_urgent_call_on_a_closed_case_starts_a_new_clock(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, _, _ = desk
    long_ago = datetime.now(UTC) - timedelta(days=60)
    case = arrange.case(fire, state=CaseState.CLOSED, outcome=VisitOutcome.MOVED_AWAY, due_at=long_ago)
    client.post(f"/cases/{case.id}/urgent")
    now = rows.get_one(Case, case.id)
    assert (now.state, now.risk_level) == (CaseState.TRIAGE, RiskLevel.VERY_HIGH)
    assert now.due_at is not None
    assert now.due_at > datetime.now(UTC) + timedelta(hours=3)


def test_why_the_level_was_set_by_hand_stays_readable_after_the_next_change(desk: Any, client: PageClient) -> None:
    _, _, case = desk
    do(client, case, "risk", level="VERY_HIGH", reason="Smelt gas on the phone")
    do(client, case, "risk", level="HIGH", reason="The gas is off")
    notes = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    assert "Risk level set to very high by hand: Smelt gas on the phone" in notes
    assert "Set by hand by Ana Cole: The gas is off" in notes


def test_the_managers_decision_is_asked_for_a_very_high_case_only(
    desk: Any, arrange: Arranger, client: PageClient
) -> None:
    fire, _, _ = desk
    for level in RiskLevel:
        page = client.page(f"/cases/{arrange.case(fire, risk_level=level).id}/close")
        assert bool(page.select("#manager_decision")) is (level is RiskLevel.VERY_HIGH), level


def test_closing_proposes_how_the_visit_ended_and_names_what_is_still_to_do(
    desk: Any, arrange: Arranger, client: PageClient
) -> None:
    fire, _, case = desk
    assert "Still to do" not in client.page(f"/cases/{case.id}/close").text
    visited = arrange.case(fire, state=CaseState.COMPLETED, outcome=VisitOutcome.COMPLETED)
    arrange.followup(visited, kind=FollowUpKind.FIT_EQUIPMENT, due_at=datetime(2030, 1, 9, 12, tzinfo=UTC))
    arrange.followup(visited, kind=FollowUpKind.SEND_LETTER, state=FollowUpState.DONE)
    page = client.page(f"/cases/{visited.id}/close")
    assert page.select_one("#outcome option[selected]")["value"] == "COMPLETED"
    assert "Still to do, and on Follow-ups after closing too: fit equipment by 9 Jan 2030." in page.text


def test_a_case_with_a_visit_to_come_is_not_closed(desk: Any, arrange: Arranger, client: PageClient) -> None:
    _, _, case = desk
    arrange.visit(case)
    assert "still booked" in do(client, case, "close", 409, outcome="MOVED_AWAY").text


def test_notes_keep_hostile_text_harmless(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    do(client, case, "note", text=HOSTILE, shared="y")
    page = client.page(f"/cases/{case.id}")
    assert page.find("script", string="alert(1)") is None
    assert "DROP TABLE cases" in page.get_text()
    assert "\x00" not in rows.scalars(select(CaseNote.text)).one()


@pytest.mark.parametrize(
    ("what", "field", "others"),
    [
        ("note", "text", {}),
        ("reject", "note", {"reason": "NOT_ELIGIBLE"}),
        ("redirect", "reason", {"to": "outside", "why": "OUT_OF_AREA"}),
        ("contact", "note", {"method": "PHONE", "result": "SPOKE"}),
        ("risk", "reason", {"level": "LOW"}),
        ("close", "manager_decision", {"outcome": "MOVED_AWAY", "risk_level": RiskLevel.VERY_HIGH}),
    ],
)
def test_ten_thousand_characters_are_an_error_beside_the_field_and_stay_typed(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session, what: str, field: str, others: dict[str, Any]
) -> None:
    fire, _, _ = desk
    case = arrange.case(fire, risk_level=others.pop("risk_level", RiskLevel.MEDIUM))
    page = do(client, case, what, 400, **{field: "x" * 10_000}, **others).text
    assert "characters or fewer" in page
    assert "x" * 10_000 in page
    assert f'href="#{field}"' in page
    assert rows.get_one(Case, case.id).version_id == case.version_id


ACTIONS = ["accept", "reject", "redirect", "hold", "resume", "assign", "risk", "close", "reopen", "advice"]


@pytest.mark.parametrize("what", ACTIONS)
def test_officers_and_other_agencies_are_refused(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session, what: str
) -> None:
    fire, ambulance, case = desk
    client.post("/sign-out")
    outsider = arrange.user(arrange.agency(AgencyKind.POLICE))
    for user, status in (
        (arrange.user(fire, Role.FIELD_OFFICER), 403),
        (arrange.user(ambulance), 403),
        (outsider, 404),
        (arrange.user(fire, Role.PARTNER_REFERRER), 403),
    ):
        client.sign_in(user)
        data = {"version": str(case.version_id), "reason": "x", "outcome": "MOVED_AWAY", "level": "LOW"}
        for response in (client.get(f"/cases/{case.id}/{what}"), client.post(f"/cases/{case.id}/{what}", data=data)):
            assert response.status_code == status
        client.post("/sign-out")
    client.sign_in(outsider)
    random = client.post(f"/cases/{uuid4()}/{what}", data={"version": "1"})
    assert body_of(random) == body_of(client.post(f"/cases/{case.id}/{what}", data={"version": "1"}))
    assert rows.get_one(Case, case.id).version_id == case.version_id


def test_the_second_of_two_sees_both_versions_and_can_apply_theirs(
    desk: Any, arrange: Arranger, client: PageClient, app: Any, rows: Session
) -> None:
    fire, _, case = desk
    station = arrange.team(fire, name="Soho")
    first = client.page(f"/cases/{case.id}/assign")
    with app.test_client() as colleague:
        colleague.sign_in(arrange.user(fire, name="Bo Lee"))
        do(colleague, case, "risk", level="HIGH", reason="Rang the resident")
    stale = {name: first.find("input", attrs={"name": name})["value"] for name in ("version", "seen")}
    typed = {"owner": f"team:{station.id}", "note": "Please go today"}
    response = client.post(f"/cases/{case.id}/assign", data=stale | typed)
    assert response.status_code == 409
    assert rows.get_one(Case, case.id).owner_team_id != station.id
    words = response.text
    for shown in (
        "Somebody else changed this case",
        "Soho: 0 open",
        "Please go today",
        "Bo Lee",
        "Risk level set by hand",
    ):
        assert shown in words, shown
    from_page = _fields(words)
    assert from_page["owner"] == typed["owner"]
    assert client.post(f"/cases/{case.id}/assign", data=from_page).status_code == 303
    rows.expire_all()
    now = rows.get_one(Case, case.id)
    assert (now.owner_team_id, now.risk_level) == (station.id, RiskLevel.HIGH)


def test_a_case_passed_on_meanwhile_shows_both_versions(
    desk: Any, arrange: Arranger, client: PageClient, app: Any, rows: Session
) -> None:
    fire, _, case = desk
    police = arrange.agency(AgencyKind.POLICE)
    first = client.page(f"/cases/{case.id}/contact")
    stale = {name: first.find("input", attrs={"name": name})["value"] for name in ("version", "seen")}
    with app.test_client() as colleague:
        colleague.sign_in(arrange.user(fire))
        do(colleague, case, "redirect", to=f"agency:{police.id}", why="BETTER_PLACED", reason="Fraud, not fire")
    typed = {"method": "PHONE", "result": "SPOKE", "note": "Her son opens\nafter <b>six</b>"}
    answer = client.post(f"/cases/{case.id}/contact", data=stale | typed)
    assert answer.status_code == 409
    page = BeautifulSoup(answer.text, "html.parser")
    mine, theirs = (card.get_text(" ", strip=True) for card in page.select(".app-two-versions .govuk-summary-card"))
    assert "Her son opens after <b>six</b>" in " ".join(mine.split())
    assert police.short_name in theirs
    assert "Case passed on" in page.main.get_text()
    assert "can no longer be done" in page.main.get_text()
    assert rows.scalar(select(func.count()).select_from(ContactAttempt)) == 0
    fresh = {"version": str(rows.get_one(Case, case.id).version_id)}
    refused = client.post(f"/cases/{case.id}/contact", data=fresh | typed)
    assert refused.status_code == 403
    written = BeautifulSoup(refused.text, "html.parser").select(".app-written")
    assert [text.get_text() for text in written] == ["Her son opens\nafter <b>six</b>"], "what was typed comes back"


def test_two_taps_on_accept_do_it_once_and_the_second_is_told(desk: Any, client: PageClient, rows: Session) -> None:
    _, _, case = desk
    data = {"version": str(case.version_id), "seen": datetime.now(UTC).isoformat()}
    assert client.post(f"/cases/{case.id}/accept", data=data).status_code == 303
    second = client.post(f"/cases/{case.id}/accept", data=data)
    assert second.status_code == 409
    assert "can no longer be done" in second.text
    accepted = select(func.count()).where(AuditEvent.case_id == case.id, AuditEvent.tag == AuditTag.CASE_ACCEPTED)
    assert rows.scalar(accepted) == 1


@pytest.mark.parametrize("version", ["", "x", "999999999999999999999", "-1", "\u0661"])
def test_a_rubbish_version_counts_as_stale(desk: Any, client: PageClient, version: str) -> None:
    _, _, case = desk
    response = client.post(f"/cases/{case.id}/accept", data={"version": version, "seen": "yesterday"})
    assert response.status_code == 409


def test_a_confidential_address_is_shown_once_for_a_reason_and_that_is_kept(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, ambulance, _ = desk
    home = arrange.premises(street="Refuge Road", confidential=True)
    case = arrange.case(fire, referrals=(arrange.referral(ambulance, premises=home),))
    for path in (f"/cases/{case.id}", f"/cases/{case.id}/print", f"/cases/{case.id}/assign", "/cases/"):
        assert "Refuge" not in client.page(path).get_text(), path
    assert client.post(f"/cases/{case.id}/address", data={}).status_code == 200
    assert rows.scalar(select(func.count()).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED)) == 0
    shown = client.post(f"/cases/{case.id}/address", data={"reason": "SENDING_CREW"})
    assert "Refuge Road" in shown.text
    assert "Refuge" not in client.page(f"/cases/{case.id}").get_text()
    rows.expire_all()
    kept = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED)).one()
    assert (kept.case_id, kept.detail) == (case.id, {"reason": "SENDING_CREW"})
    client.post("/sign-out")
    client.sign_in(arrange.user(ambulance))
    assert client.get(f"/cases/{case.id}/address").status_code == 403


def test_a_separated_referral_gets_a_case_of_its_own(
    desk: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    _, ambulance, case = desk
    person, address = _given(case, rows)
    again = arrange.received(ambulance, person=person, address=address)
    assert again.id == case.id
    page = client.page(f"/cases/{case.id}")
    link = next(one for one in page.select("main a") if "Separate from" in one.text)["href"]
    with client.budget(45):  # one case is assessed again and another is opened
        do(client, case, link.removeprefix(f"/cases/{case.id}/"), reason="Another Joan")
    assert rows.scalar(select(func.count()).select_from(Case)) == 2
    own = rows.scalars(select(Case).where(Case.id != case.id)).one()
    banner = client.page(f"/cases/{case.id}").select_one(".govuk-notification-banner--success a")
    assert (banner["href"], banner.text) == (f"/cases/{own.id}", own.reference)
    assert rows.scalar(select(func.count()).where(RiskAssessment.case_id != case.id)) == 1


def test_export_is_safe_to_open_and_kept(desk: Any, arrange: Arranger, client: PageClient, rows: Session) -> None:
    fire, ambulance, case = desk
    home = arrange.premises(street="Refuge Road", confidential=True)
    arrange.case(fire, referrals=(arrange.referral(ambulance, premises=home),))
    formula = arrange.premises(flat="=HYPERLINK(1)", number="", street="", town="", postcode=None)
    arrange.case(fire, referrals=(arrange.referral(ambulance, premises=formula),), risk_level=RiskLevel.LOW)
    response = client.post("/cases/export.csv", data={})
    assert response.mimetype == "text/csv"
    text = response.text
    assert case.reference in text
    assert "Refuge" not in text
    assert "Confidential address" in text
    assert "'=HYPERLINK" in text
    assert "Whitfield" not in text
    assert len(text.strip().splitlines()) == 4
    assert len(client.post("/cases/export.csv", data={"risk": "LOW"}).text.strip().splitlines()) >= 2
    exported = rows.scalars(select(AuditEvent.detail).where(AuditEvent.tag == AuditTag.CASE_EXPORTED)).all()
    assert {"filter": {"risk": ["LOW"]}} in exported


def _fields(page: str) -> dict[str, str]:
    form = BeautifulSoup(page, "html5lib").select("main form")[-1]
    found = {one["name"]: one.get("value", "") for one in form.select("input")}
    found |= {one["name"]: one.text.strip("\n") for one in form.select("textarea")}
    return found | {one["name"]: one.select_one("option[selected]")["value"] for one in form.select("select")}


def _given(case: Case, rows: Session) -> Any:
    content = rows.scalars(select(Referral.content).where(Referral.premises_id == case.premises_id)).first()
    assert content is not None
    return GivenPerson(**content["person"]), GivenAddress(**content["address"])
