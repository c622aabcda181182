"""The review list: what is compared, what is withheld, and the five answers as links."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.match import ReviewAnswer
from prevention.domain.referral import GivenAddress, GivenPerson, ReferralReason
from prevention.domain.visit import VisitOutcome
from prevention.models.case import Case, CaseInvolvement, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import HouseholdLink, PersonLink, PersonRecord
from prevention.models.referral import Referral
from prevention.services.cases.joining import join, separate
from prevention.services.work import Work
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient, body_of


@pytest.fixture
def likeness(arrange: Arranger, client: PageClient) -> Any:
    """A fire coordinator; an ambulance case, and a police referral with a case of its own that looks like it."""
    fire, ambulance, police = arrange.agency(), arrange.agency(AgencyKind.AMBULANCE), arrange.agency(AgencyKind.POLICE)
    case = arrange.received(
        ambulance,
        person=GivenPerson(first_name="Joan", surname="Whitfield", nhs_number="943 476 5919"),
        narrative="Ambulance words",
    )
    own = arrange.received(
        police,
        person=GivenPerson(first_name="Jean", surname="Whitfeld", phone="07700 900 982"),
        address=GivenAddress(lines="99 Other Road, London", postcode="E8 1AA"),
        narrative="Police words",
        reasons=frozenset({ReferralReason.SMOKING_IN_BED, ReferralReason.MOBILITY_ESCAPE, ReferralReason.ASB}),
    )
    assert own.owner_agency_id == case.owner_agency_id == fire.id
    arrange.session.query(MatchCandidate).delete()
    arrange.session.commit()
    referral = arrange.session.query(Referral).filter_by(agency_id=police.id).one()
    candidate = arrange.candidate(referral, case)
    client.sign_in(arrange.user(fire))
    return fire, candidate, case, own, referral


def test_the_list_leads_to_both_sides_with_agreement_and_withheld_words(likeness: Any, client: PageClient) -> None:
    _, candidate, case, own, _ = likeness
    with client.budget(16):
        page = client.page("/review")
    assert case.reference in page.get_text()
    assert own.reference in page.get_text()
    assert "82% likely the same person" in page.get_text()
    words = client.page(f"/review/{candidate.id}").get_text(" ", strip=True)
    for shown in (
        "Joan Whitfield",
        "Jean Whitfeld",
        "Different",
        "Missing",
        "The surnames are the same",
        "Smoking in bed",
    ):
        assert shown in words, shown
    assert "Ambulance words" in words, "the owner reads what was written to it"
    for secret in ("Police words", "Anti-social", "943 476 5919"):
        assert secret not in words, secret
    assert "Withheld by" in words


def test_same_concern_joins_by_links_and_closes_the_emptied_case(
    likeness: Any, client: PageClient, rows: Session
) -> None:
    _, candidate, case, own, referral = likeness
    with client.budget(65):  # joins, assesses again, alerts, writes to the desk
        response = client.post(f"/review/{candidate.id}", data={"answer": "same_concern"})
    assert response.status_code == 303
    assert response.headers["Location"].endswith(str(case.id))
    links = rows.scalars(
        select(ReferralLink).where(ReferralLink.referral_id == referral.id).order_by(ReferralLink.valid_from)
    ).all()
    assert [(link.case_id, link.valid_to is None) for link in links] == [(own.id, False), (case.id, True)]
    emptied, target = rows.get_one(Case, own.id), rows.get_one(Case, case.id)
    assert (emptied.state, emptied.outcome) == (CaseState.CLOSED, VisitOutcome.DUPLICATE)
    assert target.referral_count == 2
    assert target.risk_rank <= case.risk_rank
    assert rows.scalar(select(func.count()).select_from(Referral)) == 2
    assert (links[1].probability, links[1].decided_by is None) == (candidate.p_same_person, False)
    assert _people(rows) == 1
    assert rows.get_one(MatchCandidate, candidate.id).answer is ReviewAnswer.SAME_CONCERN
    assert not client.page("/review").select(".app-row")


def test_other_people_of_the_home_join_as_one_more_voice_and_stay_other_people(
    likeness: Any, client: PageClient, rows: Session, session: GuardedSession
) -> None:
    _, candidate, case, own, referral = likeness
    page = client.page(f"/review/{candidate.id}")
    words = page.get_text(" ", strip=True)
    assert "Same home, same concern, other people: join them" in words
    assert f"{case.reference} goes on with the referrals of both and {own.reference} is closed as a duplicate" in words
    with client.budget(65):
        response = client.post(f"/review/{candidate.id}", data={"answer": "same_home_same_concern", "reason": "Spouse"})
    assert response.headers["Location"].endswith(str(case.id))
    assert rows.get_one(Case, case.id).referral_count == 2
    assert (rows.get_one(Case, own.id).is_open, rows.get_one(Case, own.id).outcome) == (False, VisitOutcome.DUPLICATE)
    assert _people(rows) == 2
    assert rows.scalar(select(func.count()).where(PersonLink.valid_to.is_not(None))) == 0
    assert _households(rows) == 1
    link = rows.scalars(
        select(ReferralLink).where(ReferralLink.referral_id == referral.id, ReferralLink.valid_to.is_(None))
    ).one()
    assert (link.case_id, link.automatic, link.probability) == (case.id, False, None)
    shown = client.page(f"/cases/{case.id}").get_text(" ", strip=True)
    assert "Same home, same concern, other people: join them." in shown, "the timeline says what was answered"
    assert f"{own.reference} is closed as a duplicate" in shown
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        again = separate(work, work.session.get_one(ReferralLink, link.id), reason="Next door after all")
        assert again.id not in {case.id, own.id}
    rows.rollback()
    assert rows.get_one(Case, case.id).referral_count == 1


def test_every_voice_of_the_case_joins(likeness: Any, arrange: Arranger, client: PageClient, rows: Session) -> None:
    fire, candidate, case, own, referral = likeness
    second = arrange.received(
        fire,
        person=GivenPerson(first_name="Jean", surname="Whitfeld", phone="07700 900 982"),
        address=GivenAddress(lines="99 Other Road, London", postcode="E8 1AA"),
        now=referral.received_at,
    )
    assert second.id == own.id
    with client.budget(95):  # each voice is joined, and the case assessed, as if it came alone
        client.post(f"/review/{candidate.id}", data={"answer": "same_concern"})
    assert rows.get_one(Case, case.id).referral_count == 3
    assert not rows.get_one(Case, own.id).is_open
    assert _people(rows) == 1, "all records of the two people are one person's"


def test_what_is_asked_about_the_closed_case_is_asked_about_the_one_that_goes_on(
    likeness: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, candidate, case, own, _ = likeness
    third, fourth = (
        arrange.case(fire, referrals=(arrange.referral(fire),)).referral_links[0].referral for _ in range(2)
    )
    moves = arrange.candidate(third, own)
    asked, twice = arrange.candidate(fourth, case), arrange.candidate(fourth, own)
    with client.budget(65):
        client.post(f"/review/{candidate.id}", data={"answer": "same_home_same_concern"})
    assert rows.get_one(MatchCandidate, moves.id).case_id == case.id
    listed = {link["href"].rsplit("/", 1)[-1] for link in client.page("/review").select(".app-row__link")}
    assert listed == {str(moves.id), str(asked.id)}
    assert client.get(f"/review/{twice.id}").status_code == 404


def test_a_case_with_a_visit_to_come_is_not_closed_behind_the_crews_back(
    likeness: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    _, candidate, _, own, _ = likeness
    visit = arrange.visit(own)
    for answer in ("same_concern", "same_home_same_concern"):
        page = client.post(f"/review/{candidate.id}", data={"answer": answer, "reason": "Same voice"})
        assert page.status_code == 400
        assert f"Visit {visit.reference} is still booked for {own.reference}" in page.text
        assert "Same voice" in page.text
    assert rows.get_one(MatchCandidate, candidate.id).answer is None
    assert _people(rows) == 2
    assert rows.get_one(Case, own.id).is_open
    assert client.post(f"/review/{candidate.id}", data={"answer": "same_household"}).status_code == 303


def test_the_person_who_agrees_most_is_shown_and_linked(
    likeness: Any, arrange: Arranger, client: PageClient, rows: Session
) -> None:
    fire, _, _, _, _ = likeness
    home = GivenAddress(lines="5 Common Road, London", postcode="N1 8LY")
    john = arrange.received(fire, person=GivenPerson(first_name="John", surname="Whitfeld"), address=home)
    mary = arrange.received(fire, person=GivenPerson(first_name="Mary", surname="Whitfeld"), address=home)
    mary_referral = mary.referral_links[0].referral
    work = Work(session=arrange.session, actor=SYSTEM, now=NOW)
    join(work, mary_referral, john, decided_by=None, reason="Same home")
    arrange.session.commit()
    like = arrange.received(fire, person=GivenPerson(first_name="John", surname="Whitfeld", dob="01/02/1950"))
    asked = select(MatchCandidate).where(MatchCandidate.case_id == john.id, MatchCandidate.answer.is_(None))
    about = arrange.session.scalars(asked.where(MatchCandidate.referral_id == like.referral_links[0].referral_id)).one()
    shown = client.page(f"/review/{about.id}").get_text(" ", strip=True)
    assert "John Whitfeld" in shown
    assert "Mary" not in shown
    client.post(f"/review/{about.id}", data={"answer": "same_person_new_concern"})
    found = select(PersonRecord.first_name, PersonLink.person_id).join(PersonLink).where(PersonLink.valid_to.is_(None))
    johns = {person for name, person in rows.execute(found) if name == "John"}
    assert len(johns) == 1
    assert johns.isdisjoint({person for name, person in rows.execute(found) if name == "Mary"})


def test_same_person_links_people_and_keeps_both_cases(likeness: Any, client: PageClient, rows: Session) -> None:
    _, candidate, case, own, _ = likeness
    client.post(f"/review/{candidate.id}", data={"answer": "same_person_new_concern", "reason": "Same voice"})
    assert _people(rows) == 1
    assert rows.get_one(Case, own.id).is_open
    assert rows.get_one(Case, case.id).is_open
    assert rows.scalar(select(func.count()).where(PersonLink.valid_to.is_not(None))) == 1


def test_same_household_links_homes_only(likeness: Any, client: PageClient, rows: Session) -> None:
    _, candidate, _, _, _ = likeness
    client.post(f"/review/{candidate.id}", data={"answer": "same_household"})
    assert _people(rows) == 2
    assert _households(rows) == 1


def test_not_related_is_remembered(likeness: Any, client: PageClient, rows: Session) -> None:
    _, candidate, _, _, _ = likeness
    client.post(f"/review/{candidate.id}", data={"answer": "not_related", "reason": "Two sisters"})
    kept = rows.get_one(MatchCandidate, candidate.id)
    assert (kept.answer, kept.answer_reason) == (ReviewAnswer.NOT_RELATED, "Two sisters")
    assert kept.answered_by is not None
    assert _people(rows) == 2
    late = client.get(f"/review/{candidate.id}")
    assert late.headers["Location"].endswith("/review")
    assert ReviewAnswer.NOT_RELATED.label in client.page("/review").get_text(), "who comes late is told the answer"


def test_the_second_of_two_who_answer_is_told_what_the_first_said(
    likeness: Any, client: PageClient, rows: Session
) -> None:
    _, candidate, *_ = likeness
    client.post(f"/review/{candidate.id}", data={"answer": "not_related"})
    second = client.post(f"/review/{candidate.id}", data={"answer": "same_household", "reason": "They are siblings"})
    assert second.status_code == 409
    assert ReviewAnswer.NOT_RELATED.label in second.text
    assert "They are siblings" in second.text, "what was typed comes back"
    assert rows.get_one(MatchCandidate, candidate.id).answer is ReviewAnswer.NOT_RELATED


def test_an_answer_is_needed_and_stays_within_the_five(likeness: Any, client: PageClient, rows: Session) -> None:
    _, candidate, _, _, _ = likeness
    for data in ({}, {"answer": "merge"}, {"answer": "not_related", "reason": "z" * 10_000}):
        page = client.post(f"/review/{candidate.id}", data=data)
        assert page.status_code == 400
        assert "There is a problem" in page.text
    assert rows.get_one(MatchCandidate, candidate.id).answer is None


def test_a_closed_case_cannot_be_joined(likeness: Any, arrange: Arranger, client: PageClient, rows: Session) -> None:
    _, candidate, case, _, _ = likeness
    case.state, case.next_action_at = CaseState.CLOSED, None
    arrange.session.commit()
    page = client.page(f"/review/{candidate.id}")
    assert f"{case.reference} was closed, so nothing can join it" in page.get_text()
    for answer in ("same_concern", "same_home_same_concern"):
        assert page.find("input", value=answer) is None
        assert client.post(f"/review/{candidate.id}", data={"answer": answer}).status_code == 400
    assert rows.get_one(MatchCandidate, candidate.id).answer is None


@pytest.mark.parametrize(
    ("person", "household", "words"),
    [
        (0.999999, 0.000001, "99% likely the same person"),
        (0.994, 0.0, "99% likely the same person"),
        (0.66, 0.3, "66% likely the same person"),
        (0.000001, 0.999, "99% likely other people of one household"),
        (0.0, 0.0, "1% likely the same person"),
    ],
)
def test_nothing_is_certain(
    likeness: Any, arrange: Arranger, client: PageClient, person: float, household: float, words: str
) -> None:
    _, candidate, _, _, _ = likeness
    candidate.p_same_person, candidate.p_same_household = person, household
    arrange.session.commit()
    for path in ("/review", f"/review/{candidate.id}"):
        shown = client.page(path).get_text()
        assert words in shown
        assert "100%" not in shown


def test_likenesses_with_cases_one_may_not_see_are_only_counted(
    likeness: Any, arrange: Arranger, client: PageClient
) -> None:
    _, _, case, _, _ = likeness
    police = arrange.agency(AgencyKind.POLICE)
    hidden = arrange.case(police, referrals=(arrange.referral(police),))
    unseen = arrange.candidate(hidden.referral_links[0].referral, case)
    page = client.page("/review")
    assert str(unseen.id) not in str(page)
    assert hidden.reference not in page.get_text()
    assert "1 possible match is with a case of another agency" in page.get_text()
    theirs = client.get(f"/review/{unseen.id}")
    assert theirs.status_code == 404
    assert body_of(theirs) == body_of(client.get(f"/review/{uuid4()}"))
    assert client.post(f"/review/{unseen.id}", data={"answer": "not_related"}).status_code == 404


def test_a_confidential_case_of_another_agency_is_not_even_counted(arrange: Arranger, client: PageClient) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    hidden = arrange.premises(confidential=True)
    theirs = arrange.case(police, referrals=(arrange.referral(police, premises=hidden),))
    referral = arrange.referral(fire)
    arrange.case(fire, referrals=(referral,))
    arrange.candidate(referral, theirs)
    client.sign_in(arrange.user(fire))
    assert "possible match" not in client.page("/review").get_text()


def test_officers_and_agencies_that_own_neither_may_not_answer(
    likeness: Any, arrange: Arranger, client: PageClient
) -> None:
    fire, candidate, case, own, _ = likeness
    client.post("/sign-out")
    client.sign_in(arrange.user(fire, Role.FIELD_OFFICER))
    assert client.get("/review").status_code == 403
    client.post("/sign-out")
    other = arrange.agency(AgencyKind.POLICE)
    for one in (case, own):
        arrange.save(CaseInvolvement(case_id=one.id, agency_id=other.id, since=NOW))
    client.sign_in(arrange.user(other))
    assert client.get(f"/review/{candidate.id}").status_code == 404


def test_pages_of_the_list_are_stable_with_ties(likeness: Any, arrange: Arranger, client: PageClient) -> None:
    fire, _, case, _, _ = likeness
    made = set()
    for _ in range(23):
        own = arrange.case(fire, referrals=(arrange.referral(fire),))
        made.add(str(arrange.candidate(own.referral_links[0].referral, case).id))
    seen: list[str] = []
    address = "/review"
    while address:
        page = client.page(address)
        seen += [link["href"].rsplit("/", 1)[-1] for link in page.select(".app-row__link")]
        forward = page.select_one(".govuk-pagination__next a")
        address = forward["href"] if forward else ""
    assert len(seen) == 24
    assert made < set(seen)


def _households(rows: Session) -> int:
    counted = select(func.count(HouseholdLink.household_id.distinct())).where(HouseholdLink.valid_to.is_(None))
    return rows.scalar(counted) or 0


def _people(rows: Session) -> int:
    counted = select(func.count(PersonLink.person_id.distinct())).where(
        PersonLink.valid_to.is_(None), PersonLink.record_id.in_(select(PersonRecord.id))
    )
    return rows.scalar(counted) or 0
