"""The follow-ups list and page: who sees what, one click, twice is once, wrong input answered in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.followup import FollowUp
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.fixture
def case(arrange: Arranger, fire: Agency) -> Case:
    return arrange.case(fire, state=CaseState.FOLLOW_UP)


def _words(page: BeautifulSoup) -> str:
    main = page.find("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def test_a_coordinator_sees_everybody_s_and_an_officer_their_own(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    station = arrange.team(fire)
    arrange.followup(case, kind=FollowUpKind.CALL_BACK)
    arrange.followup(case, kind=FollowUpKind.FIT_EQUIPMENT, owner_team_id=station.id)
    client.sign_in(arrange.user(fire))
    everybody = _words(client.page("/follow-ups"))
    assert "Call back" in everybody
    assert "Fit equipment" in everybody
    assert case.reference in everybody
    with client.session_transaction() as session:
        session.clear()
    client.sign_in(arrange.user(fire, Role.FIELD_OFFICER, team=station))
    mine = client.page("/follow-ups")
    assert [link.get_text().split(",")[0] for link in mine.select(".app-row__link")] == ["Fit equipment"]
    assert len(client.page("/follow-ups?whose=agency").select(".app-row")) == 2


def test_lists_are_narrowed_and_empty_ones_help(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    client.sign_in(arrange.user(fire))
    assert "Nothing is due" in _words(client.page("/follow-ups"))
    assert "Nothing is coming up" in _words(client.page("/follow-ups?when=coming"))
    assert "Nothing has ended yet" in _words(client.page("/follow-ups?when=ended"))
    arrange.followup(case)
    assert "No such follow-ups" in _words(client.page("/follow-ups?kind=REVISIT"))
    assert client.page("/follow-ups?kind=CALL_BACK").select(".app-row")
    assert client.page("/follow-ups?kind=%00&when=x&whose=y&after=rubbish").select(".app-row")


def test_a_refusal_to_look_at_again_in_three_months_is_coming_up_from_the_first_day(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    now = datetime.now(UTC)
    arrange.followup(case, kind=FollowUpKind.REVIEW_REFUSAL, due_at=now + timedelta(days=92))
    arrange.followup(case, kind=FollowUpKind.ALARM_EXPIRY, due_at=now + timedelta(days=365))
    client.sign_in(arrange.user(fire))
    shown = client.page("/follow-ups?when=coming").select(".app-row__link")
    assert [link.get_text().split(",")[0] for link in shown] == ["Review refusal"]


def test_pages_follow_each_other_without_losing_any(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    for number in range(60):
        arrange.followup(case, why=f"Number {number}.", due_at=NOW + timedelta(minutes=number // 3))
    client.sign_in(arrange.user(fire))
    url, seen = "/follow-ups", []
    while url:
        page = client.page(url)
        seen += [row.get_text() for row in page.select(".app-row__meta span:first-child") if "Number" in row.get_text()]
        following = page.select_one(".govuk-pagination__next a")
        url = str(following["href"]) if following else ""
    assert sorted(seen) == sorted(f"Number {number}." for number in range(60))


def test_a_confidential_address_is_not_on_the_list(client: PageClient, arrange: Arranger, fire: Agency) -> None:
    home = arrange.premises(confidential=True, street="Hidden Street")
    case = arrange.case(fire, premises_id=home.id)
    followup = arrange.followup(case)
    client.sign_in(arrange.user(fire))
    for path in ("/follow-ups", f"/follow-ups/{followup.id}"):
        page = client.page(path)
        assert "Confidential address" in _words(page)
        assert "Hidden Street" not in str(page)


def test_one_click_is_done_and_a_second_changes_nothing(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case, rows: Session
) -> None:
    followup = arrange.followup(case, state=FollowUpState.DUE)
    client.sign_in(arrange.user(fire))
    for _ in range(2):
        response = client.post(f"/follow-ups/{followup.id}/complete")
        assert response.headers["Location"].startswith("/follow-ups")
    assert f"case {case.reference} can be closed" in _words(client.page("/follow-ups"))
    tags = list(rows.scalars(select(AuditEvent.tag).where(AuditEvent.subject_id == followup.id)))
    assert tags == [AuditTag.FOLLOWUP_DONE]
    ended = client.page("/follow-ups?when=ended")
    assert "Done" in _words(ended)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("complete", {"note": "Fitted on Monday"}), ("complete", {"note": "Nobody in"})),
        (("complete", {"note": "Fitted on Monday"}), ("cancel", {"reason": "Nobody in"})),
        (("cancel", {"reason": "Moved away"}), ("complete", {"note": "Nobody in"})),
        (("cancel", {"reason": "Moved away"}), ("cancel", {"reason": "Nobody in"})),
    ],
)
def test_the_second_of_two_who_end_it_sees_both_versions(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case, first: Any, second: Any
) -> None:
    client.sign_in(arrange.user(fire))
    path = f"/follow-ups/{arrange.followup(case).id}"
    assert client.post(f"{path}/{first[0]}", data=first[1]).status_code == 302
    again = client.post(f"{path}/{second[0]}", data=second[1])
    assert again.status_code == 409
    for words in (*first[1].values(), *second[1].values(), "Nothing of yours is saved"):
        assert words in again.text, words
    twice = client.post(f"{path}/{first[0]}", data=first[1])
    assert twice.status_code == 302, "the same once more is no conflict"


def test_from_the_case_page_back_to_the_case_page(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    followup = arrange.followup(case)
    client.sign_in(arrange.user(fire))
    response = client.post(f"/follow-ups/{followup.id}/complete", data={"back": "case"})
    assert str(case.id) in response.headers["Location"]


def test_the_page_says_why_and_offers_what_the_reader_may_do(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    followup = arrange.followup(case, kind=FollowUpKind.CHASE_ONWARD_REFERRAL, why="Telecare: ask what came of it")
    client.sign_in(arrange.user(fire, Role.FIELD_OFFICER))
    page = _words(client.page(f"/follow-ups/{followup.id}"))
    assert "Telecare: ask what came of it" in page
    assert "What they answered (optional)" in page
    assert "It is not needed" not in page
    assert "Give it to somebody else" not in page


def test_cancelling_without_a_reason_is_answered_in_words(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case, rows: Session
) -> None:
    followup = arrange.followup(case)
    client.sign_in(arrange.user(fire))
    response = client.post(f"/follow-ups/{followup.id}/cancel", data={"reason": "  "})
    assert response.status_code == 200
    assert "Say why this follow-up is not needed" in response.text
    long = client.post(f"/follow-ups/{followup.id}/cancel", data={"reason": "x" * 10_000})
    assert "You have 9,000 too many" in long.text
    nasty = "<script>alert(1)</script>'; DROP TABLE follow_ups; --"
    assert client.post(f"/follow-ups/{followup.id}/cancel", data={"reason": nasty}).status_code == 302
    assert rows.get_one(FollowUp, followup.id).end_note == nasty
    assert "<script>alert" not in client.get(f"/follow-ups/{followup.id}").text


def test_giving_it_to_somebody_else(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case, rows: Session
) -> None:
    followup = arrange.followup(case)
    station = arrange.team(fire, name="Euston")
    officer = arrange.user(fire, Role.FIELD_OFFICER, team=station, name="Ben Okafor")
    client.sign_in(arrange.user(fire))
    path = f"/follow-ups/{followup.id}/reassign"
    assert client.post(path, data={"owner": f"user:{officer.id}"}).status_code == 302
    assert "Ben Okafor has it now" in _words(client.page(f"/follow-ups/{followup.id}"))
    assert client.post(path, data={"owner": f"team:{station.id}"}).status_code == 302
    assert rows.get_one(FollowUp, followup.id).owner_user_id is None
    for wrong in ("", "team:rubbish", f"team:{arrange.agency().teams[0].id}"):
        assert "There is a problem" in client.post(path, data={"owner": wrong}).text


def test_another_agency_and_partners_find_nothing(
    client: PageClient, arrange: Arranger, fire: Agency, case: Case
) -> None:
    followup = arrange.followup(case)
    client.sign_in(arrange.user(arrange.agency(AgencyKind.POLICE), Role.SUPERVISOR))
    assert not client.page("/follow-ups").select(".app-row")
    client.page(f"/follow-ups/{followup.id}", status=404)
    assert client.post(f"/follow-ups/{followup.id}/complete").status_code == 404
    with client.session_transaction() as session:
        session.clear()
    client.sign_in(arrange.user(fire, Role.PARTNER_REFERRER))
    client.page("/follow-ups", status=403)


def test_the_list_is_read_with_few_statements(client: PageClient, arrange: Arranger, fire: Agency, case: Case) -> None:
    for _ in range(25):
        arrange.followup(arrange.case(fire))
    client.sign_in(arrange.user(fire))
    with client.budget(8):
        client.page("/follow-ups")
