"""The page of one case: who sees what, what is withheld, what it costs, and that looking is kept."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState, ContactMethod, ContactResult
from prevention.domain.referral import (
    ContactConstraint,
    GivenAddress,
    GivenPerson,
    ReferralReason,
    StaffSafety,
    Told,
)
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Assignment, Case, CaseInvolvement, CaseNote, ContactAttempt
from tests.support.arranging import Arranger
from tests.support.client import PageClient, body_of

HOME = GivenAddress(lines="14 Harrow Street, London", postcode="NW1 0AA")
JOAN = GivenPerson(
    first_name="Joan", surname="Whitfield", dob="27/03/1950", phone="020 7946 0018", nhs_number="943 476 5919"
)


def offers(page: BeautifulSoup) -> set[str]:
    """The words of every button and link in the page's main part."""
    return {" ".join(found.get_text(" ").split()) for found in page.select("main a, main button")}


def three_voices(arrange: Arranger) -> tuple[Case, Agency, Agency, Agency]:
    """A home that fire owns and ambulance and police spoke of."""
    fire, ambulance, police = (
        arrange.agency(),
        arrange.agency(AgencyKind.AMBULANCE),
        arrange.agency(AgencyKind.POLICE),
    )
    given = {"address": HOME, "person": JOAN}
    case = arrange.received(
        ambulance,
        **given,
        reasons=frozenset({ReferralReason.SMOKING_UNSAFE, ReferralReason.FALLS, ReferralReason.HOME_OXYGEN}),
        narrative="Ambulance words about health",
        staff_safety=frozenset({StaffSafety.TWO_PERSON}),
    )
    joined = arrange.received(
        police,
        **given,
        reasons=frozenset({ReferralReason.DOMESTIC_ABUSE, ReferralReason.NO_ALARM}),
        narrative="Police words about crime",
        contact_constraints=frozenset({ContactConstraint.DO_NOT_LEAVE_CARD}),
        told=Told.NO_UNSAFE,
        source_grade="AMBER",
        source_grade_scheme="POLICE_BRAG",
    )
    assert joined.id == case.id, "the two referrals are about one home and one person"
    return joined, fire, ambulance, police


def test_each_agency_sees_its_own_words_and_what_may_be_shared(arrange: Arranger, client: PageClient) -> None:
    case, fire, ambulance, police = three_voices(arrange)
    shown = {}
    for agency in (fire, ambulance, police):
        client.sign_in(arrange.user(agency))
        with client.budget(30):
            shown[agency.kind] = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
        client.post("/sign-out")
    owner = shown[AgencyKind.FIRE]
    assert "Joan Whitfield" in owner
    assert "14 Harrow Street" in owner
    assert "Home oxygen" in owner
    assert "2 referrals" in owner
    assert f"Withheld by {police.short_name}" in owner
    assert "Ambulance words about health" in owner, "the owner reads what was written to it"
    for secret in ("Police words", "Domestic abuse", "AMBER", "943 476 5919"):
        assert secret not in owner, secret
    for everybody in shown.values():
        assert "Visit in pairs" in everybody
        assert "Do not leave a card" in everybody
        assert "not safe to tell the resident" in everybody
    assert "Ambulance words about health" in shown[AgencyKind.AMBULANCE]
    assert "943 476 5919" in shown[AgencyKind.AMBULANCE]
    assert "Domestic abuse" not in shown[AgencyKind.AMBULANCE]
    police_page = shown[AgencyKind.POLICE]
    assert "Police words about crime" in police_page
    assert "Domestic abuse" in police_page
    for secret in ("Ambulance words", "Falls", "Home oxygen", "home oxygen"):
        assert secret not in police_page, secret


def test_warnings_come_before_everything_else_of_the_case(arrange: Arranger, client: PageClient) -> None:
    case, fire, _, _ = three_voices(arrange)
    client.sign_in(arrange.user(fire))
    titles = [title.get_text() for title in client.page(f"/cases/{case.id}").select(".govuk-summary-card__title")]
    assert titles[0] == "Before you call or knock"


def test_a_next_step_that_is_late_says_so(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    client.sign_in(arrange.user(fire))
    for late in (True, False):
        at = datetime.now(UTC) + (timedelta(hours=-1) if late else timedelta(hours=1))
        case = arrange.case(fire, next_action_at=at, act_by=at)
        beside = client.page(f"/cases/{case.id}").select_one(".app-case__beside").get_text()
        assert ("Overdue" in beside) is late


def test_what_two_referrals_of_an_agency_keep_back_is_said_once(arrange: Arranger, client: PageClient) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    for _ in range(2):
        case = arrange.received(police, address=HOME, person=JOAN, reasons=frozenset({ReferralReason.DOMESTIC_ABUSE}))
    client.sign_in(arrange.user(fire))
    page = client.page(f"/cases/{case.id}")
    assert len(page.select("#referrals ~ .govuk-summary-card")) >= 2
    why = next(card for card in page.select(".govuk-summary-card") if "Why this risk" in card.get_text())
    assert why.get_text().count(f"Withheld by {police.short_name}") == 1


def test_why_this_risk_names_the_source_of_each_factor(arrange: Arranger, client: PageClient) -> None:
    case, fire, ambulance, _ = three_voices(arrange)
    client.sign_in(arrange.user(fire))
    page = client.page(f"/cases/{case.id}")
    box = next(card for card in page.select(".govuk-summary-card") if "Why this risk" in card.get_text())
    words = box.get_text(" ", strip=True)
    assert "Very high" in words
    assert "crew observed" in words
    assert ambulance.short_name in words
    assert "version" in words


@pytest.mark.parametrize(("pack", "name"), [("london_four_level", "London four-level"), ("charlie_p", "CHARLIE-P")])
def test_the_rules_that_gave_the_level_go_by_their_name(
    arrange: Arranger, client: PageClient, pack: str, name: str
) -> None:
    fire = arrange.agency(rule_pack=pack)
    case = arrange.received(fire, address=HOME, person=JOAN, reasons=frozenset({ReferralReason.HOARDING}))
    client.sign_in(arrange.user(fire))
    assert f"Rules: {name}, version " in client.page(f"/cases/{case.id}").text


def test_a_score_says_how_it_comes_about(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency(rule_pack="charlie_p")
    case = arrange.received(fire, address=HOME, person=JOAN, reasons=frozenset({ReferralReason.COOKING}))
    client.sign_in(arrange.user(fire))
    words = " ".join(client.page(f"/cases/{case.id}").get_text(" ").split())
    assert "Score 16" in words
    assert "Concerns about cooking (score 8)" in words
    assert "And 1 for each of the 8 other topics." in words
    assert "Medium from 15, high from 24, very high from 40." in words


def test_an_unshared_case_and_a_random_id_answer_alike(arrange: Arranger, client: PageClient) -> None:
    case = arrange.case(arrange.agency())
    client.sign_in(arrange.user(arrange.agency(AgencyKind.POLICE)))
    for path in ("", "/print", "/assign", "/close", "/note", "/address"):
        theirs = client.get(f"/cases/{case.id}{path}")
        nobodys = client.get(f"/cases/{uuid4()}{path}")
        assert theirs.status_code == nobodys.status_code == 404, path
        assert body_of(theirs) == body_of(nobodys), path
    assert body_of(client.post(f"/cases/{case.id}/urgent")) == body_of(client.post(f"/cases/{uuid4()}/urgent"))


def test_roles_without_case_view_are_refused(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    case = arrange.case(fire)
    for role in (Role.PARTNER_REFERRER, Role.ADMINISTRATOR):
        client.sign_in(arrange.user(fire, role))
        assert client.get(f"/cases/{case.id}").status_code == 403
        client.post("/sign-out")


def test_looking_is_kept_once_an_hour(arrange: Arranger, client: PageClient, rows: Session) -> None:
    fire = arrange.agency()
    case, user = arrange.case(fire), arrange.user(fire)
    client.sign_in(user)
    for _ in range(3):
        client.page(f"/cases/{case.id}")
    events = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.CASE_VIEWED)).all()
    assert [(event.user_id, event.case_id) for event in events] == [(user.id, case.id)]
    assert "Case viewed" not in client.page(f"/cases/{case.id}").get_text()


def test_a_full_case_stays_within_its_statements(arrange: Arranger, client: PageClient) -> None:
    case, fire, _, _ = three_voices(arrange)
    user = arrange.user(fire)
    now = datetime.now(UTC)
    for number in range(12):
        arrange.followup(case)
        arrange.visit(case, state="FINISHED", finished_at=now, officer_id=user.id, outcome="NO_ACCESS_NO_REPLY")
        arrange.save(
            ContactAttempt(
                case_id=case.id,
                made_at=now,
                made_by=user.id,
                method=ContactMethod.PHONE,
                result=ContactResult.NO_REPLY,
                note=f"try {number}",
            )
        )
        arrange.save(
            CaseNote(case_id=case.id, agency_id=fire.id, author_id=user.id, written_at=now, text=f"note {number}")
        )
        arrange.save(Assignment(case_id=case.id, team_id=case.owner_team_id, assigned_at=now, assigned_by=user.id))
        arrange.save(
            AuditEvent(
                at=now,
                tag=AuditTag.CASE_NOTED,
                user_id=user.id,
                agency_id=fire.id,
                subject_type="",
                case_id=case.id,
                detail={},
            )
        )
    arrange.case(fire, premises_id=case.premises_id)
    client.sign_in(user)
    with client.budget(30):
        page = client.page(f"/cases/{case.id}")
    assert "note 11" in page.get_text()
    assert "Other cases at this home" in page.get_text()


def test_notes_of_another_agency_are_seen_only_when_shared(arrange: Arranger, client: PageClient) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    case = arrange.case(fire, referrals=(arrange.referral(police),))
    author = arrange.user(fire, name="Ana Cole")
    now = datetime.now(UTC)
    for text, shared in (("for us alone", False), ("for all of us", True)):
        arrange.save(
            CaseNote(case_id=case.id, agency_id=fire.id, author_id=author.id, written_at=now, text=text, shared=shared)
        )
    client.sign_in(arrange.user(police))
    words = client.page(f"/cases/{case.id}").get_text()
    assert "for all of us" in words
    assert "for us alone" not in words
    assert "Ana Cole" not in words


def test_the_timeline_pages_back_to_the_beginning(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    case, user = arrange.case(fire), arrange.user(fire)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(120):
        arrange.session.add(
            AuditEvent(
                at=start + timedelta(minutes=number // 3),
                tag=AuditTag.CASE_CONTACTED,
                user_id=user.id,
                agency_id=fire.id,
                subject_type="Case",
                case_id=case.id,
                detail={"method": "PHONE", "result": "NO_REPLY"},
            )
        )
    arrange.session.commit()
    client.sign_in(user)
    address, counts = f"/cases/{case.id}", []
    while address:
        page = client.page(address)
        counts.append(len(page.select(".moj-timeline__item")))
        older = page.find("a", string="Show what happened before")
        address = older["href"].partition("#")[0] if older else ""
    assert counts == [50, 50, 20]


@pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.COORDINATOR])
def test_only_what_the_reader_may_do_is_offered(arrange: Arranger, client: PageClient, role: Role) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    case = arrange.case(fire, referrals=(arrange.referral(police),), state=CaseState.TRIAGE)
    client.sign_in(arrange.user(fire, role))
    offered = offers(client.page(f"/cases/{case.id}"))
    coordinator = role is Role.COORDINATOR
    for words in ("Accept", "Assign", "Put on hold", "Reject", "Pass it on"):
        assert (words in offered) is coordinator, words
    assert "Log a contact" in offered
    assert "Urgent fire risk" in offered
    client.post("/sign-out")
    client.sign_in(arrange.user(police, role))
    offered = offers(client.page(f"/cases/{case.id}"))
    assert "Urgent fire risk" in offered
    assert "Write a note" in offered
    for words in ("Accept", "Assign", "Log a contact", "Put on hold", "Reject", "Close"):
        assert words not in offered, words


def test_the_sheet_for_paper(arrange: Arranger, client: PageClient) -> None:
    case, fire, _, _ = three_voices(arrange)
    user = arrange.user(fire, name="Ana Cole")
    arrange.followup(case, why="Bedding ordered, still to fit")
    client.sign_in(user)
    client.post(f"/cases/{case.id}/note", data={"text": "Her sister has a key", "version": case.version_id})
    words = client.page(f"/cases/{case.id}/print").get_text(" ", strip=True)
    assert "Bedding ordered, still to fit" in words
    assert "Her sister has a key" in words
    assert case.reference in words
    assert "by Ana Cole" in words
    assert re.search(r"Next Set the risk level and decide who visits, by \d+ \w+ \d{4}", words)
    assert "Police words" not in words


def test_amendments_show_from_and_to_and_withhold_what_is_not_shared(arrange: Arranger, client: PageClient) -> None:
    ambulance, fire = arrange.agency(AgencyKind.AMBULANCE), arrange.agency()
    given = {"source_ref": "A-77", "address": HOME, "person": JOAN}
    case = arrange.received(ambulance, **given, narrative="First words")
    arrange.received(
        ambulance,
        **given | {"person": GivenPerson(first_name="Joan", surname="Whitfield", phone="07700 900 982")},
        narrative="Second words",
    )
    client.sign_in(arrange.user(ambulance))
    own = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    assert "First words → Second words" in own
    client.post("/sign-out")
    client.sign_in(arrange.user(fire))
    assert "First words → Second words" in client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    client.post("/sign-out")
    police = arrange.agency(AgencyKind.POLICE)
    arrange.save(CaseInvolvement(case_id=case.id, agency_id=police.id, since=case.opened_at))
    client.sign_in(arrange.user(police))
    theirs = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    assert "07700 900 982" in theirs
    assert "Second words" not in theirs
    assert f"Withheld by {ambulance.short_name}" in theirs
