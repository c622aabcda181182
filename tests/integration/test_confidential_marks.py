"""A confidential mark: reviewed by its day, taken off by two people, looked under at once and checked after."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.confidentiality import MarkChoice, load_confidentiality_rules
from prevention.domain.followup import FollowUpKind, FollowUpState
from prevention.domain.referral import GivenAddress
from prevention.errors import Conflict, NotAllowed
from prevention.models.account import User
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case, CaseInvolvement, MarkDecision
from prevention.models.followup import FollowUp
from prevention.models.notification import Message
from prevention.services.confidentiality import marking
from prevention.services.followups import completing, picking
from prevention.services.referrals.amending import amend, saying
from prevention.unit_of_work import GuardedSession, unit_of_work, utc_now
from tests.conftest import actor_of
from tests.support.arranging import Arranger
from tests.support.client import PageClient

HOME = GivenAddress(lines="9 Quillfeather Mews, London", postcode="NW1 9ZZ")
NEXT = utc_now().date() + timedelta(days=90)


@dataclass
class Hidden:
    """A confidential case of the fire service, sent by one of its own, and who may decide about it."""

    case: Case
    fire: Agency
    asker: User
    second: User
    officer: User


@pytest.fixture
def hidden(arrange: Arranger) -> Hidden:
    fire = arrange.agency()
    case = arrange.received(fire, address=HOME, confidential_address=True)
    assert case.owner_agency_id == fire.id
    asker, second = arrange.user(fire), arrange.user(fire, Role.SUPERVISOR)
    return Hidden(case, fire, asker, second, arrange.user(fire, Role.FIELD_OFFICER))


def by(session: GuardedSession, user: User) -> Any:
    return unit_of_work(session, actor_of(user))


def version_of(rows: Session, case: Case) -> int:
    return rows.get_one(Case, case.id, populate_existing=True).version_id


def followups(rows: Session, kind: FollowUpKind) -> list[FollowUp]:
    return list(rows.scalars(select(FollowUp).where(FollowUp.kind == kind).order_by(FollowUp.created_at, FollowUp.id)))


def ask(session: GuardedSession, rows: Session, hidden: Hidden, user: User | None = None) -> MarkDecision:
    with by(session, user or hidden.asker) as work:
        return marking.ask_to_take_off(
            work, hidden.case.id, version=version_of(rows, hidden.case), reason="He is in prison"
        )


def parts(day: date) -> list[str]:
    return [str(day.day), str(day.month), str(day.year)]


def words(page: BeautifulSoup) -> str:
    main = page.select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


def test_a_new_mark_says_since_when_and_when_it_is_looked_at_again(hidden: Hidden, rows: Session) -> None:
    premises = rows.get_one(Case, hidden.case.id).premises
    assert premises.confidential_set_at is not None
    expected = load_confidentiality_rules().proposed_review(premises.confidential_set_at)
    assert premises.confidential_review_on == expected


def test_every_mark_has_its_review_planned_once_for_its_owner(
    hidden: Hidden, session: GuardedSession, rows: Session, arrange: Arranger
) -> None:
    for expected in (1, 0):
        with unit_of_work(session, SYSTEM) as work:
            assert marking.plan_reviews(work) == expected
    (review,) = followups(rows, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS)
    day = rows.get_one(Case, hidden.case.id).premises.confidential_review_on
    assert day is not None
    assert review.due_at == load_confidentiality_rules().falls_due(day)
    other = arrange.agency(AgencyKind.POLICE)
    case = arrange.session.get_one(Case, hidden.case.id, populate_existing=True)
    case.owner_agency_id, case.owner_team_id = other.id, other.teams[0].id
    arrange.session.commit()
    with unit_of_work(session, SYSTEM) as work:
        assert marking.plan_reviews(work) == 1
    rows.expire_all()
    states = {one.agency_id: one.state for one in followups(rows, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS)}
    assert states == {hidden.fire.id: FollowUpState.DONE, other.id: FollowUpState.WAITING}


def test_a_review_that_falls_due_is_told_without_saying_what_about(
    hidden: Hidden, session: GuardedSession, rows: Session
) -> None:
    with unit_of_work(session, SYSTEM) as work:
        marking.plan_reviews(work)
    (review,) = followups(rows, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS)
    with unit_of_work(session, SYSTEM, now=review.due_at) as work:
        assert picking.fall_due(work, [review.id]) == 1
    (message,) = rows.scalars(select(Message).where(Message.template == "follow_up_due"))
    assert "confidential" not in f"{message.subject} {message.body}".lower()


def test_keeping_it_needs_a_reason_and_a_day_that_is_not_too_far(
    hidden: Hidden, client: PageClient, session: GuardedSession, rows: Session
) -> None:
    with unit_of_work(session, SYSTEM) as work:
        marking.plan_reviews(work)
    client.sign_in(hidden.asker)
    path = f"/cases/{hidden.case.id}/address/keep"
    form = {field["name"]: field.get("value", "") for field in client.page(path).select("form input[name]")}
    too_far = utc_now().date() + timedelta(days=500)
    for day, reason, wrong in ((parts(NEXT), "", "Say why"), (parts(too_far), "He is near", "Choose a day after today"),
                               (["", "", ""], "He is near", "Enter the day")):  # fmt: skip
        answer = client.post(path, data=form | {"review_on": day, "reason": reason})
        assert (answer.status_code, wrong in answer.get_data(as_text=True)) == (400, True), wrong
    answer = client.post(path, data=form | {"review_on": parts(NEXT), "reason": "He looks for her"})
    assert answer.status_code == 303
    assert rows.get_one(Case, hidden.case.id).premises.confidential_review_on == NEXT
    states = [one.state for one in followups(rows, FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS)]
    assert states == [FollowUpState.DONE, FollowUpState.WAITING]
    page = words(client.page(f"/cases/{hidden.case.id}"))
    assert "He looks for her" in page
    assert hidden.asker.name in page


def test_one_person_alone_never_takes_the_mark_off(hidden: Hidden, session: GuardedSession, rows: Session) -> None:
    ask(session, rows, hidden)
    with pytest.raises(Conflict, match="asked already"):
        ask(session, rows, hidden, hidden.second)
    for user, error in ((hidden.asker, NotAllowed), (hidden.officer, NotAllowed)):
        version = version_of(rows, hidden.case)
        with pytest.raises(error), by(session, user) as work:
            marking.answer_removal(work, hidden.case.id, version=version, agree=True, words="Yes")
    assert rows.get_one(Case, hidden.case.id, populate_existing=True).premises.confidential


def test_two_people_take_it_off_and_the_case_stands_at_its_home_like_any_other(
    hidden: Hidden, session: GuardedSession, rows: Session, arrange: Arranger, client: PageClient
) -> None:
    visit = arrange.visit(hidden.case)
    neighbour = arrange.received(hidden.fire, address=HOME)
    ask(session, rows, hidden)
    (question,) = followups(rows, FollowUpKind.ANSWER_MARK_REMOVAL)
    assert (question.agency_id, question.not_by) == (hidden.fire.id, hidden.asker.id)
    with by(session, hidden.second) as work:
        marking.answer_removal(
            work, hidden.case.id, version=version_of(rows, hidden.case), agree=True, words="The court said so"
        )
    rows.expire_all()
    case = rows.get_one(Case, hidden.case.id)
    assert not case.premises.confidential
    assert case.premises_id == rows.get_one(Case, neighbour.id).premises_id
    assert rows.get_one(type(visit), visit.id).premises_id == case.premises_id
    assert rows.get_one(FollowUp, question.id).state is FollowUpState.DONE
    client.sign_in(hidden.officer)
    client.query_budget = 40
    assert "9 Quillfeather Mews" in words(client.page(f"/cases/{case.id}"))
    client.get("/account")
    with client.session_transaction() as browser:
        browser.clear()
    client.sign_in(hidden.asker)
    found = client.post("/cases/search", data={"q": "nw19zz"}).get_data(as_text=True)
    assert case.reference in found


def test_an_amendment_does_not_put_the_mark_back_by_itself(
    hidden: Hidden, session: GuardedSession, rows: Session
) -> None:
    ask(session, rows, hidden)
    with by(session, hidden.second) as work:
        marking.answer_removal(work, hidden.case.id, version=version_of(rows, hidden.case), agree=True, words="Moved")
    with by(session, hidden.asker) as work:
        referral = work.session.get_one(Case, hidden.case.id, populate_existing=True).referral_links[0].referral
        said = dict(referral.current_content)
        amend(
            work, referral, saying(referral, said | {"person": said["person"] | {"phone": "020 7946 0018"}}),
            reason="New number",
        )  # fmt: skip
    assert not rows.get_one(Case, hidden.case.id, populate_existing=True).premises.confidential


def test_a_second_person_who_says_no_leaves_it_as_it_was(
    hidden: Hidden, session: GuardedSession, rows: Session, client: PageClient
) -> None:
    ask(session, rows, hidden)
    client.sign_in(hidden.second)
    path = f"/cases/{hidden.case.id}/address/answer"
    form = {field["name"]: field.get("value", "") for field in client.page(path).select("form input[type=hidden]")}
    answer = client.post(path, data=form | {"agree": "STAYS", "words": "She was seen followed"})
    assert answer.status_code == 303
    assert rows.get_one(Case, hidden.case.id).premises.confidential
    page = words(client.page(f"/cases/{hidden.case.id}"))
    assert "She was seen followed" in page
    assert "Quillfeather" not in page


def test_who_asked_may_only_withdraw(
    hidden: Hidden, session: GuardedSession, rows: Session, client: PageClient
) -> None:
    ask(session, rows, hidden)
    client.sign_in(hidden.asker)
    path = f"/cases/{hidden.case.id}/address/answer"
    page = client.page(path)
    assert not page.select("input[name=agree]")
    form = {field["name"]: field.get("value", "") for field in page.select("form input[type=hidden]")}
    client.post(path, data=form | {"agree": "COMES_OFF", "words": "I was wrong"})
    assert rows.get_one(Case, hidden.case.id).premises.confidential
    (decision,) = rows.scalars(select(MarkDecision))
    assert (decision.agreed, decision.choice) == (False, MarkChoice.TAKE_OFF)


def test_the_service_whose_referral_hides_her_answers(
    arrange: Arranger, session: GuardedSession, rows: Session, client: PageClient
) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    case = arrange.received(police, address=HOME, confidential_address=True)
    assert case.owner_agency_id == fire.id
    asker, colleague, sender = arrange.user(fire), arrange.user(fire), arrange.user(police)
    with by(session, asker) as work:
        marking.ask_to_take_off(work, case.id, version=version_of(rows, case), reason="It is over")
    with pytest.raises(NotAllowed), by(session, colleague) as work:
        marking.answer_removal(work, case.id, version=version_of(rows, case), agree=True, words="Yes")
    client.sign_in(sender)
    client.query_budget = 40
    page = words(client.page(f"/cases/{case.id}"))
    assert "It is over" in page
    assert asker.name not in page
    path = f"/cases/{case.id}/address/answer"
    form = {field["name"]: field.get("value", "") for field in client.page(path).select("form input[type=hidden]")}
    assert client.post(path, data=form | {"agree": "COMES_OFF", "words": "We agree"}).status_code == 303
    assert not rows.get_one(Case, case.id, populate_existing=True).premises.confidential


@pytest.mark.parametrize("address", ["keep", "show-again", "answer"])
def test_the_mark_is_nobody_else_s_to_decide(
    address: str, hidden: Hidden, arrange: Arranger, client: PageClient
) -> None:
    police = arrange.agency(AgencyKind.POLICE)
    stranger, involved = arrange.user(police), arrange.agency(AgencyKind.AMBULANCE)
    arrange.save(CaseInvolvement(case_id=hidden.case.id, agency_id=involved.id, since=hidden.case.opened_at))
    path = f"/cases/{hidden.case.id}/address/{address}"
    for user, status in ((stranger, 404), (arrange.user(involved), 403), (hidden.officer, 403)):
        client.sign_in(user)
        assert client.get(path).status_code == status
        with client.session_transaction() as browser:
            browser.clear()


def test_a_look_is_given_at_once_and_a_second_person_has_to_check_it(
    hidden: Hidden, client: PageClient, session: GuardedSession, rows: Session
) -> None:
    client.sign_in(hidden.asker)
    path = f"/cases/{hidden.case.id}/address"
    for _ in range(2):
        answer = client.post(path, data={"reason": "DANGER_NOW", "version": "0", "seen": ""})
        assert "9 Quillfeather Mews" in answer.get_data(as_text=True)
    looks = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.ADDRESS_REVEALED)).all()
    assert len(looks) == 2, "each look is kept"
    (check,) = followups(rows, FollowUpKind.ACKNOWLEDGE_REVEAL)
    assert check.not_by == hidden.asker.id
    for user in (hidden.asker, hidden.officer):
        with pytest.raises(NotAllowed), by(session, user) as work:
            completing.complete(work, check.id)
    with pytest.raises(NotAllowed), by(session, hidden.second) as work:
        completing.cancel(work, check.id, reason="No need")
    assert not client.page(f"/follow-ups/{check.id}").select(f'form[action="/follow-ups/{check.id}/complete"]')
    with by(session, hidden.second) as work:
        completing.complete(work, check.id, note="I spoke with her")
    rows.expire_all()
    assert rows.get_one(FollowUp, check.id).state is FollowUpState.DONE


def test_a_note_that_tells_an_address_is_warned_of_and_masked(
    hidden: Hidden, client: PageClient, rows: Session
) -> None:
    client.sign_in(hidden.asker)
    path = f"/cases/{hidden.case.id}/note"
    form = {field["name"]: field.get("value", "") for field in client.page(path).select("form input[type=hidden]")}
    typed = {"text": "Ring at 9 Quillfeather Mews, not at SE1 2AB", "shared": "y"}
    answer = client.post(path, data=form | typed)
    assert answer.status_code == 400
    page = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    assert "This looks like an address" in words(page)
    assert typed["text"] in words(page), "nothing typed is lost"
    told = page.select_one("input[name=told]")
    assert told is not None
    assert client.post(path, data=form | {"told": str(told["value"]), "text": "Now SE1 3AB"}).status_code == 400
    assert client.post(path, data=form | typed | {"told": str(told["value"])}).status_code == 303
    shown = words(client.page(f"/cases/{hidden.case.id}"))
    assert "Ring at [address withheld], not at [address withheld]" in shown
    other = {"text": "Ring twice, she is deaf"}
    form["version"] = str(version_of(rows, hidden.case))
    assert client.post(path, data=form | other).status_code == 303


def test_an_open_home_is_neither_warned_of_nor_masked(client: PageClient, arrange: Arranger, rows: Session) -> None:
    fire = arrange.agency()
    case = arrange.received(fire, address=HOME, narrative="Smoke at 9 Quillfeather Mews")
    client.sign_in(arrange.user(fire))
    path = f"/cases/{case.id}/note"
    form = {field["name"]: field.get("value", "") for field in client.page(path).select("form input[type=hidden]")}
    assert client.post(path, data=form | {"text": "Door of 12 Hill Lane"}).status_code == 303
    shown = words(client.page(f"/cases/{case.id}"))
    assert "Door of 12 Hill Lane" in shown
    assert "Smoke at 9 Quillfeather Mews" in shown
    assert not re.search("address withheld", shown)
