"""What agencies involved in one case read of each other: the table of domain.md 4.4, field by field, on the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup, Tag

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState, HoldReason
from prevention.domain.followup import FollowUpKind
from prevention.domain.referral import (
    CurrentLocation,
    GivenAddress,
    GivenPerson,
    HouseholdFlag,
    ReferralReason,
    Told,
)
from prevention.domain.visit import VisitOutcome
from prevention.models.account import User
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Assignment, Case, CaseInvolvement, ContactAttempt
from tests.support.arranging import Arranger
from tests.support.client import PageClient

R = ReferralReason
HOME = GivenAddress(lines="14 Harrow Street, London", postcode="NW1 0AA")
JOAN = GivenPerson(first_name="Joan", surname="Whitfield", dob="27/03/1950", phone="020 7946 0018")
SERVICES = (AgencyKind.FIRE, AgencyKind.AMBULANCE, AgencyKind.POLICE)


@pytest.fixture
def agencies(arrange: Arranger) -> dict[AgencyKind, Agency]:
    """One service of each kind; cases go to fire's desk."""
    return {kind: arrange.agency(kind) for kind in SERVICES}


def involve(arrange: Arranger, case: Case, *agencies: Agency) -> Case:
    """Let the agencies see the case too."""
    for agency in agencies:
        if arrange.session.get(CaseInvolvement, (case.id, agency.id)) is None:
            arrange.save(CaseInvolvement(case_id=case.id, agency_id=agency.id, since=case.opened_at))
    return case


def read_as(client: PageClient, user: User, *paths: str) -> str:
    """The words of pages as ``user`` reads them."""
    client.query_budget = 60
    client.sign_in(user)
    words = " ".join(client.page(path).get_text(" ", strip=True) for path in paths)
    client.post("/sign-out")
    return words


def event(arrange: Arranger, case: Case, tag: AuditTag, by: User | None = None, **values: object) -> None:
    """An event of the case's trail, done by a user or by the product itself."""
    arrange.save(
        AuditEvent(
            at=datetime.now(UTC) + timedelta(seconds=1),
            tag=tag,
            user_id=by.id if by else None,
            agency_id=by.memberships[0].agency_id if by else None,
            case_id=case.id,
            **{"subject_type": "", "detail": {}} | values,
        )
    )


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize(
    ("said", "words", "knows"),
    [
        ({"current_location": CurrentLocation.HOSPITAL}, "In hospital", {AgencyKind.FIRE, AgencyKind.AMBULANCE}),
        ({"current_location": CurrentLocation.RESPITE}, "In respite", {AgencyKind.FIRE, AgencyKind.AMBULANCE}),
        ({"current_location": CurrentLocation.CUSTODY}, "In custody", {AgencyKind.AMBULANCE, AgencyKind.POLICE}),
        (
            {"household_flags": frozenset({HouseholdFlag.DISABLED})},
            "Someone disabled",
            {AgencyKind.FIRE, AgencyKind.AMBULANCE},
        ),
        (
            {"household_flags": frozenset({HouseholdFlag.CARER_PRESENT})},
            "Has a carer",
            {AgencyKind.FIRE, AgencyKind.AMBULANCE},
        ),
        ({"household_flags": frozenset({HouseholdFlag.CHILD_UNDER_5})}, "A child under 5", set(SERVICES)),
    ],
)
def test_health_and_crime_in_what_the_ambulance_said_stay_with_who_may_know(
    said: dict[str, object],
    words: str,
    knows: set[AgencyKind],
    kind: AgencyKind,
    agencies: dict[AgencyKind, Agency],
    arrange: Arranger,
    client: PageClient,
) -> None:
    case = arrange.received(agencies[AgencyKind.AMBULANCE], address=HOME, person=JOAN, **said)
    involve(arrange, case, *agencies.values())
    seen = read_as(
        client, arrange.user(agencies[kind]), f"/cases/{case.id}", f"/cases/{case.id}/print", "/cases/", "/cases/shared"
    )
    assert (words in seen) == (kind in knows)
    away = "current_location" in said
    assert ("Not at home now" in seen) == (away and kind not in knows), "the instruction stays when the reason goes"


def test_police_read_no_health_in_why_a_case_waits_or_how_it_ended(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    case = arrange.case(
        fire,
        referrals=(arrange.referral(police),),
        state=CaseState.ON_HOLD,
        hold_reason=HoldReason.IN_HOSPITAL,
        held_until=datetime.now(UTC) + timedelta(days=3),
        outcome=VisitOutcome.HOSPITAL_OR_RESPITE,
        next_action="Ask the ward when they come home",
    )
    involve(arrange, case, agencies[AgencyKind.AMBULANCE])
    by = arrange.user(fire)
    event(arrange, case, AuditTag.CASE_HELD, by, detail={"reason": "IN_HOSPITAL"})
    event(arrange, case, AuditTag.CASE_CLOSED, by, detail={"outcome": "HOSPITAL_OR_RESPITE"})
    paths = (f"/cases/{case.id}", f"/cases/{case.id}/print")
    own = read_as(client, by, *paths, "/cases/")
    assert "In hospital" in own
    assert "Ask the ward" in own
    seen = {kind: read_as(client, arrange.user(agencies[kind]), *paths, "/cases/shared") for kind in SERVICES[1:]}
    assert "n hospital" in seen[AgencyKind.AMBULANCE]
    assert "ospital" not in seen[AgencyKind.POLICE]
    assert "Not at home now" in seen[AgencyKind.POLICE]
    for words in seen.values():
        assert "the ward" not in words
        assert "Put on hold" in words, "how far it has come is everybody's"


def test_people_are_named_to_their_own_agency_and_to_others_by_agency_and_role(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    team = arrange.team(fire, name="Camden station")
    officer = arrange.user(fire, Role.FIELD_OFFICER, team=team, name="Ana Fireofficer")
    coordinator = arrange.user(fire, Role.COORDINATOR, name="Bo Firedesk")
    case = arrange.case(
        fire, referrals=(arrange.referral(police),), owner_team_id=team.id, owner_user_id=officer.id, urgent=True
    )
    given = {"user": str(officer.id), "team": str(team.id)}
    event(arrange, case, AuditTag.CASE_ASSIGNED, coordinator, detail=given)
    event(arrange, case, AuditTag.CASE_CONTACTED, officer, detail={"method": "PHONE", "result": "NO_REPLY"})
    paths = (f"/cases/{case.id}", f"/cases/{case.id}/print")
    own = read_as(client, coordinator, *paths, "/cases/")
    assert "To Ana Fireofficer." in own
    constable = arrange.user(police, name="Cy Policedesk")
    theirs = read_as(client, constable, *paths, "/cases/shared", f"/cases/{case.id}/note")
    for name in ("Ana Fireofficer", "Bo Firedesk"):
        assert name in own
        assert name not in theirs
    assert f"To a field officer of {fire.short_name}." in theirs
    assert f"{fire.short_name}, coordinator" in theirs
    assert f"{fire.short_name}, field officer" in theirs
    assert "Camden station" in theirs
    client.sign_in(constable)
    found = client.post("/cases/search", data={"q": case.reference[:-1]}).get_data(as_text=True)
    assert "Ana Fireofficer" not in found
    client.post("/sign-out")
    event(arrange, case, AuditTag.CASE_ESCALATED, constable)
    assert "Cy Policedesk" not in read_as(client, coordinator, *paths)


def test_who_had_a_case_before_is_not_named_to_the_agency_it_was_passed_to(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    constable = arrange.user(police, name="Cy Policedesk")
    case = involve(arrange, arrange.case(fire), police)
    now = datetime.now(UTC)
    given = {"case_id": case.id, "assigned_at": now, "assigned_by": constable.id, "ended_at": now}
    arrange.save(Assignment(**given, user_id=constable.id, note="he sells from flat 9"))
    tried = {"case_id": case.id, "made_at": now, "method": "PHONE", "result": "NO_REPLY"}
    arrange.save(ContactAttempt(**tried, made_by=constable.id, note="his brother answered"))
    ours = arrange.user(fire, name="Bo Firedesk")
    arrange.save(ContactAttempt(**tried, made_by=ours.id, note="ring after five"))
    seen = read_as(client, ours, f"/cases/{case.id}")
    for words in ("Cy Policedesk", "his brother", "flat 9"):
        assert words not in seen
    for words in ("Bo Firedesk", "ring after five", "Who had it", "Another agency"):
        assert words in seen


@pytest.mark.parametrize("kind", [FollowUpKind.RAISE_SAFEGUARDING, FollowUpKind.MARAC_ACTION])
def test_what_an_agency_has_still_to_do_is_not_named_to_others(
    kind: FollowUpKind, agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    case = involve(arrange, arrange.case(fire), police)
    followup = arrange.followup(case, kind=kind)
    by = arrange.user(fire)
    for tag in (AuditTag.FOLLOWUP_PLANNED, AuditTag.FOLLOWUP_DONE):
        event(arrange, case, tag, by, subject_id=followup.id, detail={"kind": kind.value})
    event(arrange, case, AuditTag.FOLLOWUP_FELL_DUE, subject_id=followup.id, detail={"kind": kind.value})
    assert read_as(client, by, f"/cases/{case.id}").count(f"{kind.label}.") == 3
    theirs = read_as(client, arrange.user(police), f"/cases/{case.id}")
    assert kind.label not in theirs
    assert "Follow-up planned" in theirs


def test_an_amendment_shares_no_words_on_why_somebody_was_not_told(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    given = {"source_ref": "P-1", "address": HOME, "person": JOAN, "reasons": frozenset({R.NO_ALARM})}
    case = arrange.received(police, **given, told=Told.YES)
    arrange.received(
        police,
        **given,
        told=Told.NO_UNSAFE,
        told_detail="her husband beats her",
        current_location=CurrentLocation.CUSTODY,
        household_flags=frozenset({HouseholdFlag.DISABLED}),
    )
    assert case.owner_agency_id == fire.id
    theirs = read_as(client, arrange.user(fire), f"/cases/{case.id}")
    assert "No unsafe" in theirs, "that it is not safe is an instruction"
    for words in ("her husband", "ustody"):
        assert words not in theirs
    assert "her husband beats her" in read_as(client, arrange.user(police), f"/cases/{case.id}")


def added(page: BeautifulSoup, agency: Agency) -> set[str]:
    """What the card of an agency's referral says it added."""
    [card] = [
        card
        for card in page.select(".govuk-summary-card")
        if isinstance(card.h3, Tag) and agency.name in card.h3.get_text()
    ]
    for row in card.select(".govuk-summary-list__row"):
        if "What it added" in row.get_text():
            return {tag.get_text(strip=True) for tag in row.select(".govuk-tag, .moj-badge, li")}
    raise AssertionError("no such row")


def test_what_a_referral_added_says_nothing_of_reasons_the_reader_may_not_see(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, ambulance, police = (agencies[kind] for kind in SERVICES)
    shared = {"address": HOME, "person": JOAN}
    case = arrange.received(ambulance, **shared, reasons=frozenset({R.NO_ALARM, R.DEMENTIA_MEMORY}))
    joined = arrange.received(police, **shared, reasons=frozenset({R.NO_ALARM, R.DEMENTIA_MEMORY, R.COOKING}))
    assert joined.id == case.id
    client.query_budget = 60
    client.sign_in(arrange.user(police))
    page = client.page(f"/cases/{case.id}")
    # Were dementia missing here, the police would know that the ambulance service had said so before.
    assert added(page, police) == {R.DEMENTIA_MEMORY.label, R.COOKING.label}
    assert added(page, ambulance) == {R.NO_ALARM.label}
    assert "Added:" not in page.get_text()
    client.post("/sign-out")
    client.sign_in(arrange.user(fire))
    page = client.page(f"/cases/{case.id}")
    assert added(page, police) == {R.COOKING.label}
    assert added(page, ambulance) == {R.NO_ALARM.label, R.DEMENTIA_MEMORY.label}


def test_nobody_finds_or_counts_people_of_cases_they_may_not_see(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, ambulance = agencies[AgencyKind.FIRE], agencies[AgencyKind.AMBULANCE]
    person = GivenPerson(
        first_name="Perpetua", surname="Quillfeather", dob="27/03/1950", phone="07700 900982", nhs_number="943 476 5919"
    )
    case = arrange.received(fire, address=HOME, person=person, source_ref="HFSV-77123")
    receipt = case.referral_links[0].referral.receipt
    police = arrange.user(agencies[AgencyKind.POLICE])
    client.sign_in(police)
    nothing = found_by(client, "Nobodyatall")
    typed = ("Quillfeather", "Perpetua Q", "07700 900982", "+44 7700 900982", "943 476 5919", "9434765919", "NW1 0AA")
    for words in (*typed, "14 Harrow Street", case.reference, receipt, "HFSV-77123", "hfsv77123"):
        assert found_by(client, words) == nothing, words
    lists = ("/cases/", "/cases/shared", "/review", "/follow-ups")
    before = [client.page(path).get_text() for path in lists]
    for _ in range(2):
        arrange.received(fire, person=person, address=GivenAddress(lines="3 Other Road, London", postcode="SE1 0AA"))
    assert [client.page(path).get_text() for path in lists] == before
    client.post("/sign-out")
    client.sign_in(arrange.user(fire))
    assert case.reference in found_by(client, "Quillfeather")
    assert case.reference not in found_by(client, "9434765919"), "an NHS number is for nobody to search by"
    client.post("/sign-out")
    client.sign_in(arrange.user(ambulance, Role.FIELD_OFFICER))
    assert found_by(client, "Quillfeather") == found_by(client, "Nobodyatall")


def found_by(client: PageClient, typed: str) -> str:
    """What the search answers, without the words that were typed."""
    answer = client.post("/cases/search", data={"q": typed})
    assert answer.status_code == 200, "an exact reference would lead to its case"
    main = BeautifulSoup(answer.get_data(as_text=True), "html5lib").select_one("main")
    assert main is not None
    for token in main.select("input"):
        token.decompose()
    return main.get_text(" ", strip=True)
