"""The officer's day and the coordinator's booking, through the pages."""

import base64
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpKind
from prevention.domain.referral import CurrentLocation
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.models.account import User
from prevention.models.agency import Agency, Team
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Assignment, Case, RiskAssessment
from prevention.models.followup import FollowUp
from prevention.models.notification import Alert
from prevention.models.person import PersonRecord
from prevention.models.premises import Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.models.visit import AlarmRecord, EquipmentItem, OnwardReferral, Visit, VisitDraft
from prevention.services.cases.summarising import open_referrals, summarise
from prevention.services.work import Work
from tests.support.arranging import Arranger
from tests.support.client import PageClient, without_token

LONDON = ZoneInfo("Europe/London")
#: Statements that finishing a visit may send: its rows, risk, case, follow-ups and trail.
WHOLE_VISIT = 55


def soon(hours: float = 2) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)


CONTENT = {
    "reasons": ["NO_ALARM", "SMOKING_UNSAFE"],
    "household_flags": [],
    "immediate_danger": False,
    "staff_safety": ["TWO_PERSON"],
    "contact_constraints": [],
}


def amend(arrange: Arranger, referral: Referral, content: dict[str, object]) -> None:
    arrange.save(
        ReferralAmendment(
            referral_id=referral.id,
            made_at=soon(0),
            reason="They rang",
            changes={},
            original={},
            content=content,
            content_hash="",
        )
    )


class Day:
    """A fire agency with a station, its officer and coordinator, and one case with a referral."""

    def __init__(self, arrange: Arranger) -> None:
        self.arrange = arrange
        self.agency: Agency = arrange.agency(name="London Fire Service")
        self.station: Team = arrange.team(self.agency, name="Camden station")
        self.officer: User = arrange.user(self.agency, Role.FIELD_OFFICER, team=self.station, name="Ana Cole")
        self.coordinator: User = arrange.user(self.agency, Role.COORDINATOR, team=self.agency.teams[0], name="Bo Desk")
        self.premises = arrange.premises(latitude=51.53, longitude=-0.14)
        self.referral = arrange.referral(self.agency, premises=self.premises, content=CONTENT)
        arrange.save(
            PersonRecord(
                referral_id=self.referral.id,
                agency_id=self.agency.id,
                premises_id=self.premises.id,
                created_at=soon(),
                given={},
                first_name="Mary",
                surname="Hill",
                phone="+442079460018",
            )
        )
        self.case: Case = arrange.case(
            self.agency,
            referrals=(self.referral,),
            state=CaseState.ASSIGNED,
            risk_level=RiskLevel.HIGH,
            owner_team_id=self.station.id,
            staff_safety=["TWO_PERSON"],
            due_at=soon(96),
            act_by=soon(96),
            next_action_at=soon(24),
        )

    def visit(self, **values: object) -> Visit:
        self.case.state = CaseState.BOOKED
        self.arrange.save(self.case)
        usual = {"officer_id": self.officer.id, "team_id": self.station.id, "scheduled_at": soon()}
        return self.arrange.visit(self.case, **usual | values)


@pytest.fixture
def day(arrange: Arranger) -> Day:
    return Day(arrange)


def slot(day: Day, at: datetime | None = None, **values: str) -> dict[str, str | list[str]]:
    local = (at or soon(26)).astimezone(LONDON)
    return {
        "date": [str(local.day), str(local.month), str(local.year)],
        "time": f"{local:%H:%M}",
        "crew": f"team:{day.station.id}",
        "visit_type": "HFSV",
        "access_note": "Key safe 1234",
        **values,
    }


COMPLETED = {
    "outcome": "COMPLETED",
    "seen": "RESIDENT",
    "escape-discussed": "yes",
    "risk_after": "HIGH",
    "fitted": ["HALL:SMOKE_OPTICAL", "LANDING:SMOKE_OPTICAL"],
}


HOME = {
    "home-property_type": "FLAT_PURPOSE_BUILT",
    "home-tenure": "COUNCIL",
    "home-storey": "7",
    "home-lift": "yes",
    "home-telecare_provider": "Camden Careline",
}


class TestBooking:
    def test_nobody_is_chosen_while_the_case_is_with_the_desk_and_the_nearest_come_first(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        near = arrange.team(day.agency, name="Zetland", areas=("E09000007",))
        client.sign_in(day.coordinator)
        crews = client.page(f"/cases/{day.case.id}/visits/book").select("input[name=crew]")
        assert crews[0]["value"] == f"team:{near.id}"
        assert [crew["value"] for crew in crews if crew.has_attr("checked")] == [f"team:{day.station.id}"]
        day.case.owner_team_id = day.agency.teams[0].id
        arrange.save(day.case)
        address = f"/cases/{day.case.id}/visits/book"
        page = client.page(address)
        assert not page.select("input[name=crew][checked]")
        answer = client.post(address, data=slot(day, crew=""))
        assert "Choose who goes" in answer.get_data(as_text=True)
        assert rows.scalars(select(Visit)).all() == []

    def test_books_moves_the_case_and_gives_it_to_the_officer(
        self, client: PageClient, day: Day, rows: Session
    ) -> None:
        client.sign_in(day.coordinator)
        page = client.page(f"/cases/{day.case.id}/visits/book")
        assert "Ana Cole" in page.text
        assert "Nothing booked that day" in page.text
        crew = f"user:{day.officer.id}"
        first = client.post(f"/cases/{day.case.id}/visits/book", data=slot(day, crew=crew))
        assert "needs two people" in first.text
        assert "Book anyway" in first.text
        answer = client.post(f"/cases/{day.case.id}/visits/book", data=slot(day, crew=crew, accepted="TWO_PERSON"))
        assert answer.status_code == 302, answer.text
        visit = rows.scalars(select(Visit)).one()
        assert (visit.officer_id, visit.team_id, visit.state) == (day.officer.id, day.station.id, VisitState.BOOKED)
        assert visit.access_note == "Key safe 1234"
        case = rows.get_one(Case, day.case.id)
        assert (case.state, case.owner_user_id) == (CaseState.BOOKED, day.officer.id)
        assert rows.scalars(select(Assignment)).one().user_id == day.officer.id
        assert rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.VISIT_BOOKED)).one().case_id == case.id
        assert "Ana Cole will see it" in client.page(answer.location).text

    def test_the_same_booking_twice_is_one_visit(self, client: PageClient, day: Day, rows: Session) -> None:
        client.sign_in(day.coordinator)
        data = slot(day)
        assert client.post(f"/cases/{day.case.id}/visits/book", data=data).status_code == 302
        assert client.post(f"/cases/{day.case.id}/visits/book", data=data).status_code == 302
        assert len(rows.scalars(select(Visit)).all()) == 1

    def test_warns_of_another_agencys_visit_without_saying_whose(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        police = arrange.agency(AgencyKind.POLICE, name="Secret Police")
        other = arrange.case(police, premises_id=day.premises.id)
        arrange.visit(other, scheduled_at=soon(30))
        client.sign_in(day.coordinator)
        answer = client.post(f"/cases/{day.case.id}/visits/book", data=slot(day))
        assert "Another service has a visit booked at this home" in answer.text
        assert police.short_name not in answer.text
        assert "Book anyway" in answer.text

    def test_warns_when_the_slot_is_too_late(self, client: PageClient, day: Day) -> None:
        client.sign_in(day.coordinator)
        answer = client.post(f"/cases/{day.case.id}/visits/book", data=slot(day, soon(120)))
        assert "after the time by which the home must be visited" in answer.text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"time": "25:99"}, "Enter a time"),
            ({"time": ""}, "Enter the time"),
            ({"date": ["31", "2", "2027"]}, "There is no day 31"),
            ({"date": ["1", "1", "2020"]}, "still to come"),
            ({"crew": "team:nonsense"}, "Choose one of the answers"),
            ({"visit_type": "<script>"}, "Choose the type of visit"),
            ({"access_note": "x" * 10_000}, "Use 1,000 characters or fewer"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, client: PageClient, day: Day, changes: dict[str, str], words: str
    ) -> None:
        client.sign_in(day.coordinator)
        answer = client.post(f"/cases/{day.case.id}/visits/book", data=slot(day) | changes)
        assert answer.status_code == 200
        assert words in answer.text

    def test_an_officer_of_another_agency_cannot_be_chosen(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        elsewhere = arrange.agency()
        stranger = arrange.user(elsewhere, Role.FIELD_OFFICER, team=elsewhere.teams[0])
        client.sign_in(day.coordinator)
        answer = client.post(f"/cases/{day.case.id}/visits/book", data=slot(day, crew=f"user:{stranger.id}"))
        assert answer.status_code == 200
        assert rows.scalars(select(Visit)).first() is None

    def test_move_and_cancel(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.coordinator)
        assert client.page(f"/visits/{visit.id}/move")
        no_reason = client.post(f"/visits/{visit.id}/move", data=slot(day))
        assert "Say why the visit is moved" in no_reason.text
        moved = client.post(f"/visits/{visit.id}/move", data=slot(day, reason="Crew at a fire"))
        assert moved.status_code == 302
        assert rows.get_one(Visit, visit.id).officer_id is None
        rows.rollback()
        typed = {"outcome": "CANCELLED_BY_SERVICE", "note": "The crew is ill", "version": "1"}
        stale = client.post(f"/visits/{visit.id}/cancel", data=typed)
        assert stale.status_code == 409
        assert "Somebody else changed this visit meanwhile" in stale.text
        assert "The crew is ill" in stale.text, "what was typed is kept"
        done = client.post(f"/visits/{visit.id}/cancel", data={"outcome": "CANCELLED_BY_RESIDENT"})
        assert done.status_code == 302
        assert rows.get_one(Visit, visit.id).state is VisitState.CANCELLED
        case = rows.get_one(Case, day.case.id)
        assert (case.state, case.next_action) == (
            CaseState.CONTACTING,
            "Try again to reach the resident, at another time of day",
        )
        assert client.page(done.location)

    def test_two_people_booking_one_case(self, client: PageClient, day: Day, rows: Session) -> None:
        path = f"/cases/{day.case.id}/visits/book"
        client.sign_in(day.coordinator)
        assert client.post(path, data=slot(day)).status_code == 302
        answer = client.post(path, data=slot(day, soon(40), crew=f"user:{day.officer.id}", access_note="Ring twice"))
        assert answer.status_code == 409
        page = BeautifulSoup(answer.text, "html.parser")
        rows_shown = [cell.get_text(strip=True) for cell in page.select(".app-versions tbody th")]
        assert rows_shown == ["When", "Who goes", "How to get in"]
        assert "Ring twice" in page.select_one(".app-versions").get_text(), "what was typed is kept"
        booked = rows.scalars(select(Visit)).one()
        assert page.select_one(f"main a[href='/visits/{booked.id}']"), "the way to the visit that is booked"

    def test_booking_a_case_that_somebody_changed_shows_it_as_it_is_now(self, client: PageClient, day: Day) -> None:
        path = f"/cases/{day.case.id}/visits/book"
        client.sign_in(day.coordinator)
        page = client.page(path)
        stale = str(page.select_one("[name=version]")["value"])
        raised = {"version": stale, "level": "VERY_HIGH", "reason": "Oxygen and smoking"}
        assert client.post(f"/cases/{day.case.id}/risk", data=raised).status_code == 303
        typed = slot(day, version=stale, access_note="Ring twice", accepted="TWO_PERSON")
        answer = client.post(path, data=typed)
        assert answer.status_code == 409
        page = BeautifulSoup(answer.text, "html.parser")
        assert "Very high" in page.select_one(".govuk-summary-card").get_text()
        assert "Risk level set by hand" in page.select_one(".moj-timeline").get_text(), "who changed what"
        assert page.select_one("textarea").get_text(strip=True) == "Ring twice"
        again = client.post(path, data=typed | {"version": page.select_one("[name=version]")["value"]})
        assert again.status_code == 200, "the new deadline is earlier than the slot, which is said once"
        assert "Book anyway" in again.text

    @pytest.mark.parametrize("confidential", [False, True])
    def test_how_to_get_in_is_not_dropped_when_somebody_booked_the_same_slot(
        self, client: PageClient, day: Day, arrange: Arranger, confidential: bool
    ) -> None:
        arrange.session.get_one(Premises, day.premises.id).confidential = confidential
        arrange.session.commit()
        path = f"/cases/{day.case.id}/visits/book"
        client.sign_in(day.coordinator)
        assert client.post(path, data=slot(day)).status_code == 302
        answer = client.post(path, data=slot(day, access_note="Ring twice"))
        assert answer.status_code == 409
        shown = BeautifulSoup(answer.text, "html.parser").select_one(".app-versions").get_text()
        assert "Ring twice" in shown
        assert ("Key safe 1234" in shown) is not confidential

    def test_two_people_moving_one_visit(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.coordinator)
        stale = str(client.page(f"/visits/{visit.id}/move").select_one("[name=version]")["value"])
        first = slot(day, soon(40), version=stale, reason="Crew at a fire", accepted="TWO_PERSON")
        assert client.post(f"/visits/{visit.id}/move", data=first).status_code == 302
        second = slot(day, soon(50), version=stale, reason="They rang", accepted="TWO_PERSON")
        answer = client.post(f"/visits/{visit.id}/move", data=second)
        assert answer.status_code == 409
        page = BeautifulSoup(answer.text, "html.parser")
        assert [cell.get_text(strip=True) for cell in page.select(".app-versions tbody th")] == ["When"]
        assert page.select_one("[name=reason]")["value"] == "They rang", "what was typed is kept"
        again = second | {"version": page.select_one("[name=version]")["value"]}
        assert client.post(f"/visits/{visit.id}/move", data=again).status_code == 302
        assert rows.get_one(Visit, visit.id).scheduled_at - soon(50) < timedelta(minutes=2)

    def test_a_visit_cut_short_goes_to_another_crew_with_what_was_typed(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=arrange.team(day.agency), name="Cal Mate")
        visit = day.visit()
        client.sign_in(day.officer)
        client.post(f"/visits/{visit.id}/start")
        client.put(f"/visits/{visit.id}/draft", json={"revision": 0, "fields": {"notes": ["Half done"]}})
        client.post("/sign-out")
        client.sign_in(day.coordinator)
        assert client.post(f"/visits/{visit.id}/move", data=slot(day, reason="Shift ends")).status_code == 409
        client.post(f"/visits/{visit.id}/interrupt")
        data = slot(day, reason="Shift ends", crew=f"user:{mate.id}", accepted="TWO_PERSON")
        assert client.post(f"/visits/{visit.id}/move", data=data).status_code == 302
        moved = rows.get_one(Visit, visit.id)
        assert (moved.state, moved.officer_id, moved.interrupted_at) == (VisitState.BOOKED, mate.id, None)
        assert rows.get_one(Case, day.case.id).state is CaseState.BOOKED
        client.post("/sign-out")
        client.sign_in(mate)
        assert "Half done" in client.page(f"/visits/{visit.id}/record").text


class TestMyVisits:
    def test_a_number_that_several_referrals_gave_is_one_call_button(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        arrange.save(
            PersonRecord(
                referral_id=day.referral.id, agency_id=day.agency.id, premises_id=day.premises.id, created_at=soon(),
                given={}, first_name="Mary Ann", surname="Hill", phone="+442079460018",
            )
        )  # fmt: skip
        visit = day.visit()
        client.sign_in(day.officer)
        page = client.page(f"/visits/{visit.id}")
        assert "Mary Ann Hill" in page.text
        assert len(page.select('a[href="tel:+442079460018"]')) == 1

    def test_shows_the_day_within_the_budget(self, client: PageClient, day: Day, arrange: Arranger) -> None:
        day.visit(scheduled_at=soon(-30))
        for number in range(4):
            case = arrange.case(day.agency, owner_team_id=day.station.id, contact_constraints=["DO_NOT_LEAVE_CARD"])
            arrange.visit(case, officer_id=None, team_id=day.station.id, scheduled_at=soon(24 * number + 49))
        client.sign_in(day.officer)
        with client.budget(12):
            page = client.page("/visits/")
        assert "Overdue (1)" in page.text
        assert "Visit in pairs" in page.text
        assert "Do not leave a card" in page.text
        assert page.select_one('a[href="tel:+442079460018"]')
        assert page.select_one('a[href^="geo:51.53"]')
        assert len(page.select(".app-visit")) == 5
        assert "Take it" in page.text

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"current_location": "HOSPITAL"}, "In hospital, not at home"),
            ({"told": "NO_UNSAFE"}, "It is not safe to tell the resident about the referral"),
            ({"agrees": "NO"}, "The resident said no to being contacted"),
        ],
    )
    def test_it_and_the_visit_say_what_the_referral_warns_whoever_knocks_of(
        self, client: PageClient, day: Day, arrange: Arranger, said: dict[str, str], words: str
    ) -> None:
        visit = day.visit(scheduled_at=soon(2))
        client.sign_in(day.officer)
        assert words not in client.page("/visits/").text
        amend(arrange, day.referral, CONTENT | said)
        assert words in client.page("/visits/").select_one(".app-visit").text
        assert words in client.page(f"/visits/{visit.id}").select_one("main").text

    def test_a_crew_that_may_not_know_of_a_hospital_learns_that_nobody_is_in(
        self, client: PageClient, arrange: Arranger
    ) -> None:
        ambulance, police = arrange.agency(AgencyKind.AMBULANCE), arrange.agency(AgencyKind.POLICE)
        station = arrange.team(police, name="Safer neighbourhoods")
        referral = arrange.referral(ambulance, current_location=CurrentLocation.HOSPITAL)
        case = arrange.case(police, referrals=(referral,), owner_team_id=station.id, state=CaseState.ASSIGNED)
        officer = arrange.user(police, Role.FIELD_OFFICER, team=station)
        arrange.visit(case, officer_id=officer.id, team_id=station.id, scheduled_at=soon(2))
        client.sign_in(officer)
        card = client.page("/visits/").select_one(".app-visit").text
        assert "Not at home now" in card
        assert "hospital" not in card.lower()

    def test_a_visit_whose_time_has_passed_says_so_the_same_day(self, client: PageClient, day: Day) -> None:
        visit = day.visit(scheduled_at=soon(-0.5))
        client.sign_in(day.officer)
        assert "minutes overdue" in client.page("/visits/").select_one(".app-visit").text
        client.post(f"/visits/{visit.id}/start")
        assert "overdue" not in client.page("/visits/").select_one(".app-visit").text

    def test_others_visits_are_not_on_it(self, client: PageClient, day: Day, arrange: Arranger) -> None:
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=day.station)
        day.visit(officer_id=mate.id)
        client.sign_in(day.officer)
        assert "No visits waiting" in client.page("/visits/").text

    def test_a_confidential_address_is_for_its_crew_and_opening_it_is_kept_once(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        day.premises.confidential = True
        arrange.save(day.premises)
        visit = day.visit(access_note="Ring bell 3")
        secrets = (day.premises.street, "Ring bell 3", "Mary Hill", "7946", "geo:")
        client.sign_in(day.officer)
        listed = client.page("/visits/")
        assert "Opening it is recorded" in listed.text
        assert not [secret for secret in secrets if secret in str(listed)]
        for _ in range(3):
            page = client.page(f"/visits/{visit.id}")
            assert day.premises.street in page.text
            assert "That you opened this visit is recorded" in page.text
            assert day.premises.street not in str(page.title), "a title stays in the browser's history"
            assert "geo:" not in str(page)
        assert day.premises.street not in str(client.page("/visits/"))
        [kept] = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED))
        assert (kept.user_id, kept.subject_id, kept.case_id) == (day.officer.id, visit.id, day.case.id)
        assert kept.detail == {"reason": "VISITING"}

    def test_the_visits_of_others_and_those_that_are_over_open_no_address(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        day.premises.confidential = True
        arrange.save(day.premises)
        visit = day.visit()
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=day.station)
        client.sign_in(mate)
        assert day.premises.street not in str(client.page(f"/visits/{visit.id}"))
        client.post("/sign-out")
        client.sign_in(day.officer)
        assert day.premises.street in str(client.page(f"/visits/{visit.id}"))
        visit.state, visit.outcome, visit.finished_at = VisitState.FINISHED, VisitOutcome.COMPLETED, soon()
        arrange.save(visit)
        for path in ("", "/print"):
            assert day.premises.street not in str(client.page(f"/visits/{visit.id}{path}"))
        events = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED)).all()
        assert [event.user_id for event in events] == [day.officer.id]

    def test_booking_for_oneself_is_no_way_round_the_reason(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        day.premises.confidential = True
        arrange.save(day.premises)
        alone = arrange.user(day.agency, Role.COORDINATOR, team=day.station)
        client.sign_in(alone)
        for crew in (f"team:{day.station.id}", f"user:{alone.id}"):
            booked = client.post(
                f"/cases/{day.case.id}/visits/book",
                data=slot(day, crew=crew, accepted="TWO_PERSON"),
            )
            assert booked.status_code == 302, booked.get_data(as_text=True)
            page = client.page(booked.location)
            assert day.premises.street not in str(page)
            assert "Key safe" not in str(page)
            assert page.select_one(f'a[href="/cases/{day.case.id}/address"]') is not None, "there a reason is given"
            for path in ("/record", "/move", "/cancel", "/door/NO_ACCESS_NO_REPLY"):
                assert day.premises.street not in str(client.page(f"{booked.location}{path}"))
            assert day.premises.street not in str(client.page("/visits/"))
            client.post(f"{booked.location}/cancel", data={"outcome": "CANCELLED_BY_RESIDENT", "note": "x"})
        assert not rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED)).all()

    def test_moving_a_visit_keeps_the_note_that_is_not_shown(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        day.premises.confidential = True
        arrange.save(day.premises)
        visit = day.visit(access_note="Ring bell 3")
        client.sign_in(day.coordinator)
        page = client.page(f"/visits/{visit.id}/move")
        assert "Ring bell 3" not in str(page)
        assert "Leave this empty to keep it" in page.text
        moved = slot(day, soon(50), access_note="", reason="They asked", crew=f"user:{day.officer.id}")
        assert client.post(f"/visits/{visit.id}/move", data=moved | {"accepted": "TWO_PERSON"}).status_code == 302
        assert rows.get_one(Visit, visit.id).access_note == "Ring bell 3"
        client.post(f"/visits/{visit.id}/move", data=moved | {"accepted": "TWO_PERSON", "access_note": "Side door"})
        assert rows.get_one(Visit, visit.id, populate_existing=True).access_note == "Side door"

    def test_a_home_found_confidential_later_is_kept_back_on_the_visits_before(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        visit = day.visit(state=VisitState.FINISHED, outcome=VisitOutcome.COMPLETED, finished_at=soon())
        hidden = arrange.premises(street=day.premises.street, confidential=True)
        day.case.premises_id = hidden.id
        arrange.save(day.case)
        client.sign_in(day.officer)
        for path in ("", "/print"):
            assert day.premises.street not in str(client.page(f"/visits/{visit.id}{path}"))

    def test_another_agencys_suspect_is_nobody_to_ask_for(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        police = arrange.agency(AgencyKind.POLICE)
        said = arrange.referral(police, premises=day.premises, suspect=True)
        arrange.save(
            PersonRecord(
                referral_id=said.id,
                agency_id=police.id,
                premises_id=day.premises.id,
                created_at=soon(),
                given={},
                surname="Suspectson",
            )
        )
        case = arrange.case(day.agency, referrals=(said,), owner_team_id=day.station.id)
        visit = arrange.visit(case, officer_id=day.officer.id, team_id=day.station.id)
        client.sign_in(day.officer)
        assert "Suspectson" not in client.page(f"/visits/{visit.id}").text

    def test_take_it(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit(officer_id=None)
        client.sign_in(day.officer)
        assert client.post(f"/visits/{visit.id}/take").status_code == 302
        assert rows.get_one(Visit, visit.id).officer_id == day.officer.id
        assert rows.get_one(Case, day.case.id).owner_user_id == day.officer.id


class TestRights:
    PATHS = ("", "/record", "/print", "/draft", "/move", "/cancel", "/door/NO_ACCESS_NO_REPLY")

    def test_other_agencies_and_unknown_visits_look_the_same(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        visit = day.visit()
        stranger = arrange.user(arrange.agency(AgencyKind.POLICE), Role.SUPERVISOR)
        client.sign_in(stranger)
        for path in self.PATHS:
            hidden = client.get(f"/visits/{visit.id}{path}")
            unknown = client.get(f"/visits/{uuid4()}{path}")
            assert hidden.status_code == unknown.status_code == 404, path
            assert without_token(hidden.text) == without_token(unknown.text)
        for path in ("take", "start", "not-started", "interrupt", "draft/versions/0"):
            assert client.post(f"/visits/{visit.id}/{path}").status_code == 404

    def test_a_mate_of_another_station_sees_but_does_not_record(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        visit = day.visit()
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=arrange.team(day.agency))
        client.sign_in(mate)
        assert client.page(f"/visits/{visit.id}")
        assert client.get(f"/visits/{visit.id}/record").status_code == 403
        for path in ("take", "start", "not-started", "interrupt"):
            assert client.post(f"/visits/{visit.id}/{path}").status_code == 403

    @pytest.mark.parametrize("role", [Role.PARTNER_REFERRER, Role.ADMINISTRATOR])
    def test_roles_without_visits(self, client: PageClient, day: Day, arrange: Arranger, role: Role) -> None:
        visit = day.visit()
        client.sign_in(arrange.user(day.agency, role))
        for path in (
            "/visits/",
            f"/visits/{visit.id}",
            f"/visits/{visit.id}/record",
            f"/cases/{day.case.id}/visits/book",
        ):
            assert client.get(path).status_code == 403

    def test_officers_do_not_book(self, client: PageClient, day: Day) -> None:
        client.sign_in(day.officer)
        assert client.get(f"/cases/{day.case.id}/visits/book").status_code == 403


class TestVisitForm:
    def test_start_interrupt_resume_finish(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        assert client.post(f"/visits/{visit.id}/start").location.endswith(f"/visits/{visit.id}/record")
        assert rows.get_one(Case, day.case.id).state is CaseState.IN_PROGRESS
        rows.rollback()
        assert client.post(f"/visits/{visit.id}/interrupt").status_code == 302
        assert "Resume" in client.page("/visits/").text
        assert rows.get_one(Case, day.case.id).next_action == "Go back to the interrupted visit"
        rows.rollback()
        client.post(f"/visits/{visit.id}/start")
        client.query_budget = WHOLE_VISIT
        answer = client.post(
            f"/visits/{visit.id}/record",
            data=COMPLETED
            | {
                "finish": "1",
                "people-aged_65_or_over": "1",
                "people-lives_alone": "yes",
                "clutter-LIVING_ROOM": "6",
                "behaviours-SMOKING": ["SMOKING_IN_BED"],
                "components-SMOKING-risk_observed": "high",
                "components-SMOKING-advice_given": "y",
                "equipment-0-item": "FIRE_RETARDANT_BEDDING",
                "equipment-0-action": "ORDERED",
                "onward-0-destination": "STOP_SMOKING",
                "onward-0-kind": "REFERRAL",
                "onward-0-agreed": "yes",
            },
        )
        assert answer.status_code == 302, answer.text
        page = client.page(answer.location)
        assert "What happens next" in page.text
        assert "Fire retardant bedding" in page.text
        assert "Living room: 6 of 9" in page.text
        done = rows.get_one(Visit, visit.id)
        assert (done.state, done.outcome) == (VisitState.FINISHED, VisitOutcome.COMPLETED)
        assert done.finished_at is not None
        case = rows.get_one(Case, day.case.id)
        to_wait_for = select(FollowUp.due_at).where(FollowUp.kind != FollowUpKind.ALARM_EXPIRY)
        assert (case.state, case.next_action_at) == (CaseState.FOLLOW_UP, min(rows.scalars(to_wait_for)))
        assert {alarm.expiry_year for alarm in rows.scalars(select(AlarmRecord))} == {datetime.now(LONDON).year + 10}
        assert rows.scalars(select(EquipmentItem)).one().quantity == 1
        assert rows.scalars(select(OnwardReferral)).one().case_id == day.case.id
        assert rows.scalars(select(RiskAssessment).where(RiskAssessment.visit_id == visit.id)).first() is not None
        assert rows.scalars(select(FollowUp).where(FollowUp.visit_id == visit.id)).first() is not None
        assert rows.get(VisitDraft, visit.id) is None
        assert client.page(f"/visits/{visit.id}/print")

    def test_a_start_by_mistake_is_taken_back(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.post(f"/visits/{visit.id}/start")
        client.put(f"/visits/{visit.id}/draft", json={"revision": 0, "fields": {"notes": ["Wrong home?"]}})
        button = client.page(f"/visits/{visit.id}").find("button", string=lambda words: "by mistake" in (words or ""))
        assert client.post(button.find_parent("form")["action"]).status_code == 302
        after = rows.get_one(Visit, visit.id)
        assert (after.state, after.started_at) == (VisitState.BOOKED, None)
        case = rows.get_one(Case, day.case.id)
        assert (case.state, case.next_action, case.next_action_at) == (
            CaseState.BOOKED,
            "Visit booked",
            visit.scheduled_at,
        )
        assert "Wrong home?" in client.page(f"/visits/{visit.id}/record").text
        client.post(f"/visits/{visit.id}/start")
        client.post(f"/visits/{visit.id}/interrupt")
        assert client.post(f"/visits/{visit.id}/not-started").status_code == 409

    def test_an_emergency_call_and_a_danger_lose_nothing_that_was_typed(
        self, client: PageClient, day: Day, rows: Session
    ) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.post(f"/visits/{visit.id}/start")
        form = f"/visits/{visit.id}/record"
        assert client.post(form, data={"notes": "Gas smell", "urgent": "1"}).location.endswith(form)
        assert "The coordinators are alerted now" in client.page(form).text
        assert rows.get_one(Case, day.case.id).risk_level is RiskLevel.VERY_HIGH
        rows.rollback()
        stale = {"revision": "0", "notes": "Typed on another phone", "interrupt": "1"}
        assert client.post(form, data=stale).location.endswith("/visits/")
        assert rows.get_one(Visit, visit.id).state is VisitState.INTERRUPTED
        page = client.page(form).text
        assert "Gas smell" in page
        assert "Typed on another phone" in page

    def test_what_a_visit_put_right_lowers_the_risk_at_once(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        case = day.case
        case.risk_level, case.urgent, case.due_at = RiskLevel.VERY_HIGH, True, soon(2)
        alert = arrange.alert(case)
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        answers = COMPLETED | {"risk_after": "MEDIUM", "risk_after_reason": "Alarms fitted", "finish": "1"}
        assert client.post(f"/visits/{visit.id}/record", data=answers).status_code == 302
        after = rows.get_one(Case, case.id)
        assert (after.risk_level, after.urgent) == (RiskLevel.MEDIUM, False)
        found = rows.scalars(select(RiskAssessment).where(RiskAssessment.case_id == case.id)).one()
        assert {factor["reason"] for factor in found.factors} == {"SMOKING_UNSAFE"}
        assert (found.level, found.overridden, found.visit_id) == (RiskLevel.MEDIUM, False, visit.id)
        assert after.due_at is not None
        assert after.due_at > soon(24 * 27)  # a calendar month from now, not the four hours of before
        assert rows.get_one(Alert, alert.id).acknowledged_by == day.officer.id

    def test_an_officer_who_raises_to_very_high_is_told_that_the_coordinators_know(
        self, client: PageClient, day: Day, rows: Session
    ) -> None:
        day.case.risk_level = RiskLevel.HIGH
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        found = COMPLETED | {"risk_after": "VERY_HIGH", "risk_after_reason": "Oxygen and smoking", "finish": "1"}
        assert client.post(f"/visits/{visit.id}/record", data=found).status_code == 302
        words = client.page(f"/visits/{visit.id}").main.get_text(" ", strip=True)
        assert "now at very high risk: the coordinators are alerted" in words
        assert len(rows.scalars(select(Alert)).all()) == 1

    def test_what_came_after_a_visit_is_not_said_of_it(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        assert client.post(f"/visits/{visit.id}/record", data=COMPLETED | {"finish": "1"}).status_code == 302
        assert client.post(f"/cases/{day.case.id}/urgent").status_code == 303
        words = client.page(f"/visits/{visit.id}").main.get_text(" ", strip=True)
        assert "very high risk" not in words

    def test_an_officer_who_keeps_the_level_buys_no_time_and_rings_nobody(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        case, due = day.case, soon(3)
        case.risk_level, case.due_at = RiskLevel.VERY_HIGH, due
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        answers = COMPLETED | {"risk_after": "VERY_HIGH", "finish": "1"}
        assert client.post(f"/visits/{visit.id}/record", data=answers).status_code == 302
        after = rows.get_one(Case, case.id)
        assert (after.risk_level, after.due_at) == (RiskLevel.VERY_HIGH, due)
        found = rows.scalars(select(RiskAssessment).where(RiskAssessment.case_id == case.id)).one()
        assert (found.overridden, found.assessed_by) == (True, day.officer.id)
        assert rows.scalars(select(Alert)).all() == []

    def test_a_second_finish_changes_nothing(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        client.post(f"/visits/{visit.id}/record", data=COMPLETED | {"finish": "1"})
        before = len(rows.scalars(select(AuditEvent)).all()), len(rows.scalars(select(FollowUp)).all())
        rows.rollback()
        again = client.post(f"/visits/{visit.id}/record", data=COMPLETED | {"finish": "1"})
        door = client.post(f"/visits/{visit.id}/door/NO_ACCESS_NO_REPLY", data={})
        assert again.status_code == door.status_code == 302
        assert "Visit saved: visit completed" in client.page(door.location).text
        assert (len(rows.scalars(select(AuditEvent)).all()), len(rows.scalars(select(FollowUp)).all())) == before
        assert len(rows.scalars(select(AlarmRecord)).all()) == 2

    def test_only_what_the_outcome_needs(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        nothing = client.post(f"/visits/{visit.id}/record", data={"finish": "1"})
        assert "Say how the visit ended" in nothing.text
        little = client.post(
            f"/visits/{visit.id}/record", data={"finish": "1", "revision": "1", "outcome": "COMPLETED", "notes": "Kept"}
        )
        for words in ("Say who you saw", "Record the alarms", "Choose the risk level", "Kept"):
            assert words in little.text
        assert rows.get_one(Visit, visit.id).state is VisitState.BOOKED
        draft = rows.get_one(VisitDraft, visit.id)
        assert draft.content["fields"]["notes"] == ["Kept"]

    def test_the_home_is_shown_after_the_visit_and_filled_in_for_the_next(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        notice = {"notice-given": "LEAFLET", "notice-version": "March 2026"}
        assert client.post(f"/visits/{visit.id}/record", data=COMPLETED | HOME | notice | {"finish": "1"}).location
        for path in ("", "/print"):
            text = client.page(f"/visits/{visit.id}{path}").text
            for words in ("Flat, purpose-built", "Rented from the council", "Floor 7", "Lift", "Camden Careline"):
                assert words in text, (path, words)
            assert "Yes, a leaflet" in text
            assert "March 2026" in text
        page = client.page(f"/visits/{day.visit().id}/record")
        chosen = {
            name: page.select_one(f'[name="{name}"] [selected]') for name in ("home-property_type", "home-tenure")
        }
        assert {name: option["value"] for name, option in chosen.items()}.items() <= HOME.items()
        assert page.select_one('[name="home-storey"]')["value"] == "7"
        assert page.select_one('[name="home-lift"][checked]')["value"] == "yes"
        assert page.select_one('[name="home-telecare_provider"]')["value"] == "Camden Careline"
        assert not page.select('[name="notice-given"][checked]')
        assert page.select_one('[name="notice-version"]').get("value", "") == ""

    @pytest.mark.parametrize(
        ("wrong", "beside", "words"),
        [
            ({"home-storey": "ground"}, "home-storey", "between -5 and 99"),
            ({"home-storey": "100"}, "home-storey", "between -5 and 99"),
            ({"home-property_type": "CASTLE"}, "home-property_type", "Choose one from the list"),
            ({"home-tenure": "SQUAT"}, "home-tenure", "Choose one from the list"),
            ({"home-telecare_provider": "x" * 201}, "home-telecare_provider", "200 characters or fewer"),
            ({"notice-given": "SHOUTED"}, "notice-given", "Choose one of the answers"),
            ({"notice-given": "NOT_GIVEN"}, "notice-why_not", "Say why the privacy notice was not given"),
        ],
    )
    def test_what_is_wrong_with_the_home_or_the_notice_stands_beside_it(
        self, client: PageClient, day: Day, rows: Session, wrong: dict[str, str], beside: str, words: str
    ) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        answer = client.post(
            f"/visits/{visit.id}/record", data=COMPLETED | HOME | {"notes": "Kind"} | wrong | {"finish": "1"}
        )
        assert answer.status_code == 200
        page = BeautifulSoup(answer.text, "html5lib")
        field = page.select_one(f'form#visit [name="{beside}"]')
        assert words in field.find_parent(class_="govuk-form-group").select_one(".govuk-error-message").text
        assert field.find_parent("details").has_attr("open")
        assert page.select_one("textarea[name=notes]").text.strip() == "Kind"
        assert rows.get_one(Visit, visit.id).state is not VisitState.FINISHED

    def test_errors_stand_beside_rows_of_lists(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        data = COMPLETED | {
            "finish": "1",
            "alarms-0-type": "HEAT",
            "alarms-1-room": "HALL",
            "alarms-1-type": "HEAT",
            "alarms-1-expiry_year": "1812",
            "onward-0-destination": "TELECARE",
            "onward-0-kind": "REFERRAL",
            "onward-0-agreed": "no",
        }
        first = client.post(f"/visits/{visit.id}/record", data=data)
        assert "Choose the room the alarm is in" in first.text
        second = client.post(f"/visits/{visit.id}/record", data=data | {"revision": "1", "alarms-0-room": "KITCHEN"})
        assert "Enter the year on the alarm" in second.text
        assert "say why you refer anyway" in second.text

    def test_a_row_with_only_a_wrong_answer_is_not_passed_over(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        data = COMPLETED | {"finish": "1", "alarms-0-expiry_year": "-5", "equipment-0-quantity": "2"}
        page = client.post(f"/visits/{visit.id}/record", data=data)
        assert "Choose the room the alarm is in" in page.text
        assert "Choose the item" in page.text
        assert 'value="-5"' in page.text

    def test_a_level_the_rules_do_not_find_needs_a_reason(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        blocked = COMPLETED | {"finish": "1", "clutter-HALL": "8", "escape-can_leave_alone": "no", "revision": "1"}
        asked = client.post(f"/visits/{visit.id}/record", data=blocked)
        assert "By the rules the risk is very high: Ways out are blocked by clutter" in asked.text
        assert rows.get_one(Visit, visit.id).state is VisitState.BOOKED
        assert rows.scalars(select(RiskAssessment)).all() == []
        rows.rollback()
        why = {"risk_after_reason": "The daughter moves in today and stays"}
        assert client.post(f"/visits/{visit.id}/record", data=blocked | why).status_code == 302
        row = rows.scalars(select(RiskAssessment)).one()
        assert (row.level, row.overridden, row.assessed_by) == (RiskLevel.HIGH, True, day.officer.id)
        assert row.reason == "The daughter moves in today and stays"
        assert rows.scalars(select(Alert)).all() == []

    def test_what_one_crew_saw_warns_the_next(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        seen = {"behaviours-ENVIRONMENT": ["DOG", "THREATS_TO_STAFF"]}
        client.post(f"/visits/{visit.id}/record", data=COMPLETED | seen | {"finish": "1"})
        case = rows.get_one(Case, day.case.id)
        assert case.staff_safety == ["AGGRESSION", "DOG", "TWO_PERSON"]
        work = Work(session=arrange.session, actor=SYSTEM, now=soon(0))
        again = arrange.session.get_one(Case, case.id, populate_existing=True)
        summarise(work, again, open_referrals(work, again))  # as when another referral joins
        assert again.staff_safety == ["AGGRESSION", "DOG", "TWO_PERSON"]
        arrange.session.commit()
        later = arrange.case(day.agency, premises_id=day.premises.id, owner_team_id=day.station.id)
        arrange.visit(later, officer_id=day.officer.id, scheduled_at=soon(3))
        long_after = arrange.visit(later, officer_id=day.officer.id, scheduled_at=soon(24 * 400))
        listed = client.page("/visits/").text
        assert "Dog at the address" in listed
        assert "Aggression to staff reported" in listed
        assert "Dog at the address" not in client.page(f"/visits/{long_after.id}").text

    def test_somebody_named_with_and_without_a_number_is_one_to_ask_for(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        arrange.save(
            PersonRecord(
                referral_id=day.referral.id,
                agency_id=day.agency.id,
                premises_id=day.premises.id,
                created_at=soon(),
                given={},
                first_name="MARY",
                surname="Hill",
            )
        )
        visit = day.visit()
        client.sign_in(day.officer)
        assert client.page(f"/visits/{visit.id}").text.casefold().count("mary hill") == 1

    def test_no_reply_is_two_taps(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        page = client.page(f"/visits/{visit.id}")
        link = next(a for a in page.find_all("a") if a.text.strip() == "No reply")
        confirm = client.page(link["href"])
        assert "Did you leave a card?" in confirm.text
        answer = client.post(link["href"], data={"card_left": "yes"})
        assert answer.status_code == 302
        assert "tries again" in client.page(answer.location).text
        assert rows.get_one(Visit, visit.id).outcome is VisitOutcome.NO_ACCESS_NO_REPLY
        assert rows.get_one(Case, day.case.id).state is CaseState.NO_ACCESS
        assert rows.scalars(select(FollowUp)).first() is not None

    def test_no_card_where_none_may_be_left(self, client: PageClient, day: Day, arrange: Arranger) -> None:
        day.case.contact_constraints = ["DO_NOT_LEAVE_CARD"]
        arrange.save(day.case)
        visit = day.visit()
        client.sign_in(day.officer)
        page = client.page(f"/visits/{visit.id}/door/NO_ACCESS_NO_REPLY")
        assert "Did you leave a card?" not in page.text
        assert "Do not leave a card" in page.text
        refused = client.post(f"/visits/{visit.id}/door/NO_ACCESS_NO_REPLY", data={"card_left": "yes"})
        assert refused.status_code == 200
        assert "must not be left a card" in refused.text

    def test_a_refusal_asks_what_it_needs(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        url = f"/visits/{visit.id}/door/REFUSED_AT_DOOR"
        assert "Say who refused" in client.post(url, data={}).text
        data = {"who": "RESIDENT", "capacity_concern": "NO", "risk_explained": "yes", "alternative": "LEAFLET"}
        assert client.post(url, data=data).status_code == 302
        assert rows.get_one(Case, day.case.id).state is CaseState.REFUSED

    def test_a_death_closes_the_case(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        assert client.post(f"/visits/{visit.id}/door/DECEASED", data={}).status_code == 302
        case = rows.get_one(Case, day.case.id)
        assert (case.state, case.outcome, case.closed_at is not None) == (CaseState.CLOSED, VisitOutcome.DECEASED, True)

    def test_what_ends_a_case_at_the_door_answers_its_alert(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        day.case.risk_level = RiskLevel.VERY_HIGH
        alert = arrange.alert(day.case)
        visit = day.visit()
        client.sign_in(day.officer)
        assert client.post(f"/visits/{visit.id}/door/VACANT_OR_DEMOLISHED", data={}).status_code == 302
        assert rows.get_one(Case, day.case.id).state is CaseState.CLOSED
        assert rows.get_one(Alert, alert.id).acknowledged_by == day.officer.id

    def test_a_case_that_was_closed_meanwhile_does_not_refuse_the_visit(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        visit = day.visit()
        day.case.state = CaseState.CLOSED
        arrange.save(day.case)
        client.sign_in(day.officer)
        assert client.post(f"/visits/{visit.id}/record", data=COMPLETED | {"finish": "1"}).status_code == 302
        assert rows.get_one(Visit, visit.id).state is VisitState.FINISHED
        assert rows.get_one(Case, day.case.id).state is CaseState.CLOSED

    def test_prefilled_from_the_last_visit(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        client.post(
            f"/visits/{visit.id}/record", data=COMPLETED | {"finish": "1", "people-care_agency": "Kind Care Ltd"}
        )
        next_visit = day.visit()
        page = client.page(f"/visits/{next_visit.id}/record")
        assert "From the last visit on" in page.text
        assert page.select_one('input[name="people-care_agency"]')["value"] == "Kind Care Ltd"
        assert page.select_one('select[name="alarms-0-room"] option[selected]')["value"] == "HALL"
        assert not page.select('input[name="outcome"][checked]')

    def test_what_a_visit_found_is_there_again_after_one_that_nobody_answered(
        self, client: PageClient, day: Day
    ) -> None:
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        partly = COMPLETED | {
            "finish": "1",
            "outcome": "COMPLETED_PARTIAL",
            "left_to_do": "Fit the heat alarm",
            "notes": "Key with Ann next door",
            "people-care_agency": "Kind Care Ltd",
        }
        client.post(f"/visits/{day.visit().id}/record", data=partly)
        again = day.visit()
        client.post(f"/visits/{again.id}/door/NO_ACCESS_NO_REPLY", data={"no_access-note": "Try after 6"})
        third = day.visit()
        card = client.page(f"/visits/{third.id}").text
        assert all(words in card for words in ("Fit the heat alarm", "Key with Ann next door", "No reply"))
        form = client.page(f"/visits/{third.id}/record")
        assert form.select_one('input[name="people-care_agency"]')["value"] == "Kind Care Ltd"
        assert "Fit the heat alarm" in form.text

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "'; DROP TABLE visits; --",
            "x" * 10_000,
            "a\x00b",
            "\U0001f525 £ ’",
            "{{ 7*7 }}",
        ],
        ids=["html", "sql", "long", "nul", "unicode", "template"],
    )
    def test_hostile_words_in_every_field(self, client: PageClient, day: Day, text: str) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        page = client.page(f"/visits/{visit.id}/record")
        names = {field["name"] for field in page.select("form#visit [name]")} - {"csrf_token", "save", "finish"}
        short = text if len(text) < 100 else text[:2000]
        data = {name: short if name not in {"notes", "revision", "copy"} else text for name in names}
        with client.budget(60):
            saved = client.post(f"/visits/{visit.id}/record", data=data | {"finish": "1"})
        assert saved.status_code in {200, 409, 413}
        assert "<script>alert(1)" not in saved.text
        assert client.get(f"/visits/{visit.id}/record").status_code == 200
        door = client.post(f"/visits/{visit.id}/door/NO_ACCESS_UNSAFE", data={"notes": text})
        assert door.status_code in {200, 302}
        assert client.get(f"/visits/{visit.id}").status_code == 200


class TestDrafts:
    def put(self, client: PageClient, visit: Visit, revision: int, copy: str, **fields: list[str]) -> object:
        return client.put(
            f"/visits/{visit.id}/draft",
            json={"revision": revision, "copy": copy, "fields": fields},
            headers={"Accept": "application/json"},
        )

    def test_keeps_what_is_typed_through_signing_out(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        assert self.put(client, visit, 0, "tab-1", notes=["Half a sent"], **{"from the future": ["x"]}).json == {
            "revision": 1
        }
        assert self.put(client, visit, 1, "tab-1", notes=["Half a sentence"]).json == {"revision": 2}
        client.post("/sign-out")
        assert client.get(f"/visits/{visit.id}/draft").status_code == 302
        client.sign_in(day.officer)
        assert "Half a sentence" in client.page(f"/visits/{visit.id}/record").text
        kept = client.get(f"/visits/{visit.id}/draft").json
        assert kept["revision"] == 2
        assert kept["csrf_token"]

    def test_a_page_learns_whose_session_it_is_and_the_key_only_from_its_own_pages(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        visit = day.visit(officer_id=None)
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=day.station)
        keys = []
        for user in (day.officer, mate, day.officer):
            client.sign_in(user)
            meta = client.page(f"/visits/{visit.id}/record").select_one('meta[name="device-key"]')
            answer = client.get(f"/visits/{visit.id}/draft")
            owner, secret = str(meta["content"]).split(".")
            assert answer.json["owner"] == owner
            assert secret not in answer.text
            assert len(base64.b64decode(secret)) == 32
            assert str(user.id) not in owner + secret
            client.post("/sign-out")
            keys.append((owner, secret))
        assert keys[0] == keys[2]
        assert keys[0][0] != keys[1][0]
        assert keys[0][1] != keys[1][1]
        assert client.page("/sign-in").select_one('meta[name="device-key"]') is None

    def test_a_message_of_unknown_length_is_read_no_further_than_a_draft_may_be(
        self, client: PageClient, day: Day
    ) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        body = io.BytesIO(b'{"revision": 0, "fields": {"a": ["' + b"x" * 5_000_000 + b'"]}}')
        answer = client.put(
            f"/visits/{visit.id}/draft",
            input_stream=body,
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert answer.status_code == 413
        assert "Make the notes shorter" in answer.json["detail"]
        assert body.tell() < 1_000_000

    def test_the_same_message_twice_changes_nothing(self, client: PageClient, day: Day) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        for _ in range(2):
            assert self.put(client, visit, 0, "tab-1", notes=["One"]).json == {"revision": 1}

    def test_two_tabs_lose_nothing(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        self.put(client, visit, 0, "tab-1", notes=["From tab one"])
        refused = self.put(client, visit, 0, "tab-2", notes=["From tab two"], seen=["CARER"])
        assert refused.status_code == 409
        assert refused.json["fields"] == {"notes": ["From tab one"], "seen": []}
        assert refused.json["revision"] == 1
        assert "Ana Cole" in refused.json["words"]
        page = client.page(f"/visits/{visit.id}/record")
        assert "Another version is kept" in page.text
        assert "From tab two" in page.text
        assert "From tab one" in page.text
        chosen = self.put(client, visit, 1, "tab-2", notes=["From tab two"], seen=["CARER"])
        assert chosen.json == {"revision": 2}
        content = rows.get_one(VisitDraft, visit.id).content
        assert content["fields"]["notes"] == ["From tab two"]
        assert content["others"][0]["fields"]["notes"] == ["From tab one"]
        assert client.post(f"/visits/{visit.id}/draft/versions/0").status_code == 302
        assert "From tab one" in client.page(f"/visits/{visit.id}/record").select_one('textarea[name="notes"]').text
        assert client.post(f"/visits/{visit.id}/draft/versions/7").status_code == 404

    def test_two_people_see_both_versions_without_script(self, client: PageClient, day: Day, arrange: Arranger) -> None:
        visit = day.visit()
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=day.station, name="Cal Mate")
        client.sign_in(day.officer)
        client.post(f"/visits/{visit.id}/record", data={"save": "alarms", "revision": "0", "notes": "Ana was here"})
        client.post("/sign-out")
        client.sign_in(mate)
        both = client.post(f"/visits/{visit.id}/record", data={"save": "alarms", "revision": "0", "notes": "Cal too"})
        assert both.status_code == 409
        for words in ("Ana was here", "Cal too", "Ana Cole"):
            assert words in both.text
        again = client.post(f"/visits/{visit.id}/record", data={"save": "alarms", "revision": "1", "notes": "Cal too"})
        assert again.status_code == 302
        page = client.page(f"/visits/{visit.id}/record")
        assert page.select_one('textarea[name="notes"]').text.strip() == "Cal too"
        assert "Ana was here" in page.text

    def test_typing_after_the_end_is_kept_beside(self, client: PageClient, day: Day, rows: Session) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        client.query_budget = WHOLE_VISIT
        client.post(f"/visits/{visit.id}/record", data=COMPLETED | {"finish": "1"})
        late = self.put(client, visit, 3, "tab-9", notes=["Forgot this"])
        assert late.status_code == 410
        assert rows.get_one(VisitDraft, visit.id).content["others"][0]["fields"]["notes"] == ["Forgot this"]
        assert "It is kept with the visit" in client.page(f"/visits/{visit.id}").text

    def test_what_is_typed_for_a_visit_given_away_reaches_the_coordinators(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session
    ) -> None:
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=arrange.team(day.agency), name="Cal Mate")
        visit = day.visit(officer_id=mate.id, team_id=None)
        client.sign_in(day.officer)
        for _ in range(2):
            answer = self.put(client, visit, 0, "phone-1", notes=["Oxygen upstairs"])
            assert answer.status_code == 410
            assert "given to somebody else" in answer.json["words"]
        without_script = client.post(f"/visits/{visit.id}/record", data={"finish": "1", "notes": "Typed by hand"})
        assert without_script.status_code == 302
        assert "given to somebody else" in client.page(without_script.location).text
        kept = rows.get_one(VisitDraft, visit.id).content["others"]
        assert [version["fields"]["notes"] for version in kept] == [["Typed by hand"], ["Oxygen upstairs"]]
        asked = rows.scalars(select(FollowUp).where(FollowUp.rule == "given-away")).all()
        assert [followup.owner_team_id for followup in asked] == [day.agency.teams[0].id] * 2
        assert client.get(f"/visits/{visit.id}/draft").status_code == 403
        client.post("/sign-out")
        client.sign_in(mate)
        page = client.page(f"/visits/{visit.id}/record").text
        assert "Another version is kept" in page
        assert "Oxygen upstairs" in page
        assert rows.get_one(Visit, visit.id).state is VisitState.BOOKED

    def test_what_is_left_with_it_hides_nothing_of_the_last_visit(
        self, client: PageClient, day: Day, arrange: Arranger
    ) -> None:
        arrange.visit(
            day.case,
            state=VisitState.FINISHED,
            outcome=VisitOutcome.COMPLETED,
            finished_at=soon(-48),
            record={"people": {"care_agency": "Kind Care"}},
        )
        mate = arrange.user(day.agency, Role.FIELD_OFFICER, team=arrange.team(day.agency))
        visit = day.visit(officer_id=mate.id, team_id=None)
        client.sign_in(day.officer)
        self.put(client, visit, 0, "phone-1", notes=["Oxygen upstairs"])
        client.post("/sign-out")
        client.sign_in(mate)
        assert client.page(f"/visits/{visit.id}/record").select_one('[value="Kind Care"]') is not None

    def test_what_is_typed_for_a_cancelled_visit_is_shown_with_it(self, client: PageClient, day: Day) -> None:
        visit = day.visit(state=VisitState.CANCELLED, finished_at=soon(-1))
        client.sign_in(day.officer)
        answer = self.put(client, visit, 0, "phone-1", notes=["Oxygen upstairs"])
        assert (answer.status_code, "was cancelled" in answer.json["words"]) == (410, True)
        assert "Oxygen upstairs" in client.page(f"/visits/{visit.id}").text

    @pytest.mark.parametrize("role", [Role.FIELD_OFFICER, Role.COORDINATOR])
    def test_nobody_leaves_anything_with_another_agencys_visit(
        self, client: PageClient, day: Day, arrange: Arranger, rows: Session, role: Role
    ) -> None:
        visit = day.visit()
        client.sign_in(arrange.user(arrange.agency(AgencyKind.POLICE), role))
        answer = self.put(client, visit, 0, "phone-1", notes=["Nosy"])
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
        assert client.post(f"/visits/{visit.id}/record", data={"notes": "Nosy"}).status_code == 404
        assert rows.get(VisitDraft, visit.id) is None

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"", 400),
            (b"[]", 400),
            (b'{"revision": "1", "fields": {}}', 400),
            (b'{"revision": 1, "fields": []}', 400),
            (b'{"revision": 1, "fields": {"a": "text"}}', 400),
            (b'{"revision": 1, "fields": {"a": [1]}}', 400),
            (b'{"revision": 1, "fields": {"a": ["' + b"x" * 300_000 + b'"]}}', 413),
            (b'{"revision": 1, "fields": {"a": ["' + b"x" * 900_000 + b'"]}}', 413),
            (b"[" * 100_000, 400),
            (b'{"revision": 1, "fields": ' + b'{"a":' * 60_000 + b"1" + b"}" * 60_001, 400),
            (b'{"revision": 1, "fields": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}", 400),
            (b'{"revision": 1, "fields": {}, "copy": ' + b"[" * 500 + b"]" * 500 + b"}", 200),
            (b'{"revision": 1e999, "fields": {}}', 400),
            (b'{"revision": ' + b"9" * 5000 + b', "fields": {}}', 400),
            (b'{"revision": 1, "fields": {"a": ["\\u0000 \\ud800"]}}', 200),
            (b'{"revision": 1, "fields": {"__proto__": ["x"], "": ["y"]}, "more": 1}', 200),
        ],
    )
    def test_strange_messages(self, client: PageClient, day: Day, body: bytes, status: int) -> None:
        visit = day.visit()
        client.sign_in(day.officer)
        answer = client.put(f"/visits/{visit.id}/draft", data=body, content_type="application/json")
        assert answer.status_code == status, answer.text
        if status >= 400:
            assert answer.mimetype == "application/problem+json"
        assert client.get(f"/visits/{visit.id}/record").status_code == 200
