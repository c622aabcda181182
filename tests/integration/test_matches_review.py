"""The review list: what is compared, what is withheld, and the four answers as links."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.match import ReviewAnswer
from prevention.domain.referral import GivenAddress, GivenPerson, ReferralReason
from prevention.domain.visit import VisitOutcome
from prevention.models.case import Case, CaseInvolvement, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.models.person import HouseholdLink, PersonLink, PersonRecord
from prevention.models.referral import Referral
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
    assert _people(rows) == 1
    assert rows.get_one(MatchCandidate, candidate.id).answer is ReviewAnswer.SAME_CONCERN
    assert not client.page("/review").select(".app-row")


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
    open_links = select(func.count(HouseholdLink.household_id.distinct())).where(HouseholdLink.valid_to.is_(None))
    assert rows.scalar(open_links) == 1


def test_not_related_is_remembered(likeness: Any, client: PageClient, rows: Session) -> None:
    _, candidate, _, _, _ = likeness
    client.post(f"/review/{candidate.id}", data={"answer": "not_related", "reason": "Two sisters"})
    kept = rows.get_one(MatchCandidate, candidate.id)
    assert (kept.answer, kept.answer_reason) == (ReviewAnswer.NOT_RELATED, "Two sisters")
    assert kept.answered_by is not None
    assert _people(rows) == 2
    assert client.get(f"/review/{candidate.id}").status_code == 404


def test_an_answer_is_needed_and_stays_within_the_four(likeness: Any, client: PageClient, rows: Session) -> None:
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
    assert client.page(f"/review/{candidate.id}").find("input", value="same_concern") is None
    assert client.post(f"/review/{candidate.id}", data={"answer": "same_concern"}).status_code == 400
    assert rows.get_one(MatchCandidate, candidate.id).answer is None


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


def _people(rows: Session) -> int:
    counted = select(func.count(PersonLink.person_id.distinct())).where(
        PersonLink.valid_to.is_(None), PersonLink.record_id.in_(select(PersonRecord.id))
    )
    return rows.scalar(counted) or 0
