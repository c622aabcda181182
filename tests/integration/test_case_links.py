"""Joining and separating: links only, so that nothing is lost and everything can be undone."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from prevention.domain.account import Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.followup import FollowUpState
from prevention.domain.imports import RowOutcome
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import Conflict
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Assignment, Case, CaseInvolvement, ReferralLink
from prevention.models.followup import FollowUp
from prevention.models.notification import Alert
from prevention.models.referral import Referral
from prevention.services.cases.assigning import assign
from prevention.services.cases.closing import reopen
from prevention.services.cases.escalating import escalate
from prevention.services.cases.joining import join, separate
from prevention.services.cases.moving import move
from prevention.services.matches.separating import separate_referral
from prevention.services.referrals.intake import Receipt
from prevention.services.work import Work
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient
from tests.support.receiving import BOB, command, hand_in

R = ReferralReason
HOUR = timedelta(hours=1)


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.fixture
def ambulance(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.AMBULANCE)


@pytest.fixture
def coordinator(arrange: Arranger, fire: Agency) -> Actor:
    return actor_of(arrange.user(fire, Role.COORDINATOR))


def open_link(work: Work, receipt: Receipt) -> ReferralLink:
    return work.session.scalars(
        select(ReferralLink).where(ReferralLink.referral_id == receipt.referral_id, ReferralLink.valid_to.is_(None))
    ).one()


def join_by_hand(session: GuardedSession, actor: Actor, receipt: Receipt, to: Receipt, hours: int = 1) -> None:
    with unit_of_work(session, actor, now=NOW + hours * HOUR) as work:
        join(
            work,
            work.session.get_one(Referral, receipt.referral_id),
            work.session.get_one(Case, to.case_id),
            decided_by=actor.user_id,
            reason="The same kitchen",
        )


def test_joined_by_hand_the_emptied_case_is_a_duplicate(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first = hand_in(session, command(fire, R.NO_ALARM))
    other = hand_in(session, command(ambulance, R.NO_ALARM, R.MOBILITY_ESCAPE, person=BOB))
    assert other.outcome is RowOutcome.REVIEW
    with unit_of_work(session, coordinator, now=NOW) as work:
        assign(work, other.case_id, version=1, team_id=fire.teams[0].id)
    join_by_hand(session, coordinator, other, first)
    case, emptied = rows.get_one(Case, first.case_id), rows.get_one(Case, other.case_id)
    assert (case.risk_level, case.referral_count) == (RiskLevel.VERY_HIGH, 2)
    assert case.due_at == NOW + 4 * HOUR  # the clock it had: moving a referral buys no time
    assert case.reasons == ["MOBILITY_ESCAPE", "NO_ALARM"]
    assert (emptied.state, emptied.outcome) == (CaseState.CLOSED, VisitOutcome.DUPLICATE)
    assert emptied.closed_at == NOW + HOUR
    assert emptied.next_action_at is None
    assert rows.scalars(select(Assignment)).one().ended_at == NOW + HOUR
    rung = {alert.case_id: alert.acknowledged_by for alert in rows.scalars(select(Alert))}
    assert rung == {other.case_id: coordinator.user_id, first.case_id: None}
    links = rows.scalars(select(ReferralLink).where(ReferralLink.referral_id == other.referral_id)).all()
    assert {(link.case_id, link.valid_to is None) for link in links} == {
        (first.case_id, True),
        (other.case_id, False),
    }
    new = next(link for link in links if link.valid_to is None)
    assert (new.decided_by, new.automatic, new.reason) == (coordinator.user_id, False, "The same kitchen")
    assert new.added == ["MOBILITY_ESCAPE"]
    closed = rows.scalars(
        select(AuditEvent).where(AuditEvent.tag == AuditTag.CASE_CLOSED, AuditEvent.case_id == other.case_id)
    ).one()
    assert closed.user_id == coordinator.user_id


def test_separating_restores_what_there_was(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first = hand_in(session, command(fire, R.NO_ALARM))
    other = hand_in(session, command(ambulance, R.SMOKING_IN_BED, person=BOB))
    join_by_hand(session, coordinator, other, first)
    with unit_of_work(session, coordinator, now=NOW + 2 * HOUR) as work:
        own = separate(work, open_link(work, other), reason="Next door")
        own_id = own.id
        assert own_id not in {first.case_id, other.case_id}
        assert (own.risk_level, own.reasons, own.referral_count) == (RiskLevel.HIGH, ["SMOKING_IN_BED"], 1)
        assert own.due_at == NOW + timedelta(days=7)
    case = rows.get_one(Case, first.case_id)
    assert (case.risk_level, case.reasons, case.referral_count) == (RiskLevel.MEDIUM, ["NO_ALARM"], 1)
    assert case.referrer_kinds == ["fire"]
    agencies = set(rows.scalars(select(CaseInvolvement.agency_id).where(CaseInvolvement.case_id == case.id)))
    assert ambulance.id in agencies  # what they could see they have seen
    tags = rows.scalars(select(AuditEvent.tag).where(AuditEvent.case_id == case.id)).all()
    assert AuditTag.REFERRAL_SEPARATED in tags


def test_separating_buys_no_time_and_leaves_no_alert(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first = hand_in(session, command(fire, R.SMOKING_IN_BED))
    other = hand_in(session, command(ambulance, R.ARSON_THREAT), now=NOW + 24 * HOUR)
    assert (other.case_id, other.risk_level) == (first.case_id, RiskLevel.VERY_HIGH)
    with unit_of_work(session, coordinator, now=NOW + 48 * HOUR) as work:
        own_id = separate(work, open_link(work, other), reason="Next door").id
    case, own = rows.get_one(Case, first.case_id), rows.get_one(Case, own_id)
    assert (case.risk_level, case.due_at) == (RiskLevel.HIGH, NOW + timedelta(days=7))
    assert (own.risk_level, own.due_at) == (RiskLevel.VERY_HIGH, NOW + 28 * HOUR)
    rings = {alert.case_id: alert.acknowledged_at for alert in rows.scalars(select(Alert))}
    assert rings == {case.id: NOW + 48 * HOUR, own.id: None}


def test_what_is_to_be_done_follows_the_referral(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first = hand_in(session, command(fire, R.NO_ALARM))
    other = hand_in(session, command(ambulance, R.ARSON_THREAT, person=BOB))
    letterbox = rows.scalars(select(FollowUp)).one()
    assert letterbox.case_id == other.case_id
    join_by_hand(session, coordinator, other, first)
    rows.refresh(letterbox)
    assert (letterbox.case_id, letterbox.state) == (first.case_id, FollowUpState.WAITING)
    with unit_of_work(session, coordinator, now=NOW + 2 * HOUR) as work:
        link = open_link(work, other)
        version = link.case.version_id
        own_id = separate_referral(work, first.case_id, link.id, version=version, reason="Next door").id
    again = rows.scalars(select(FollowUp).where(FollowUp.case_id == own_id)).one()
    assert (again.kind, again.due_at) == (letterbox.kind, letterbox.due_at)


def test_what_cannot_be_joined_or_separated(
    session: GuardedSession, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first = hand_in(session, command(fire))
    other = hand_in(session, command(ambulance, person=BOB))
    with pytest.raises(Conflict):
        join_by_hand(session, coordinator, first, first)
    with unit_of_work(session, coordinator, now=NOW) as work, pytest.raises(Conflict):
        separate(work, open_link(work, first), reason="Alone")
    join_by_hand(session, coordinator, other, first)
    with unit_of_work(session, coordinator, now=NOW) as work:
        link = open_link(work, other)
        separate(work, link, reason="Twice")
        with pytest.raises(Conflict):
            separate(work, link, reason="Twice")
    with unit_of_work(session, coordinator, now=NOW) as work:
        move(work, work.session.get_one(Case, first.case_id), CaseState.CLOSED)
    with pytest.raises(Conflict):
        join_by_hand(session, coordinator, other, first)


def test_a_case_others_still_feed_stays_open(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first = hand_in(session, command(fire, R.NO_ALARM))
    second = hand_in(session, command(ambulance, R.MOBILITY_ESCAPE))
    assert second.case_id == first.case_id
    other = hand_in(session, command(ambulance, R.NO_ALARM, person=BOB))
    join_by_hand(session, coordinator, second, other)
    left = rows.get_one(Case, first.case_id)
    assert (left.state, left.risk_level, left.referral_count) == (CaseState.TRIAGE, RiskLevel.MEDIUM, 1)
    assert rows.get_one(Case, other.case_id).risk_level is RiskLevel.VERY_HIGH


def test_a_case_separated_later_speaks_as_amended(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    given = command(ambulance, R.NO_ALARM)
    hand_in(session, command(fire, R.NO_ALARM))
    second = hand_in(session, given)
    changed = command(ambulance, R.COOKING, source_ref=given.source_ref)
    assert hand_in(session, changed).outcome is RowOutcome.AMENDED
    with unit_of_work(session, coordinator, now=NOW) as work:
        own_id = separate(work, open_link(work, second), reason="Another home").id
    assert rows.get_one(Case, own_id).reasons == ["COOKING"]
    links = rows.scalars(select(ReferralLink).where(ReferralLink.case_id == own_id)).all()
    assert [link.added for link in links] == [["COOKING"]]


def test_a_closed_case_is_not_joined_again(session: GuardedSession, fire: Agency, coordinator: Actor) -> None:
    first = hand_in(session, command(fire))
    with unit_of_work(session, coordinator, now=NOW) as work:
        move(work, work.session.get_one(Case, first.case_id), CaseState.CLOSED)
    again = hand_in(session, command(fire), now=NOW + HOUR)
    assert again.case_id != first.case_id


def joined(session: GuardedSession, fire: Agency, ambulance: Agency, coordinator: Actor) -> tuple[Receipt, Receipt]:
    """A case that goes on, and the duplicate that was joined to it."""
    first = hand_in(session, command(fire, R.NO_ALARM))
    other = hand_in(session, command(ambulance, R.SMOKING_IN_BED, person=BOB))
    join_by_hand(session, coordinator, other, first)
    return first, other


def test_a_duplicate_is_not_opened_again(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    _, other = joined(session, fire, ambulance, coordinator)
    version = rows.get_one(Case, other.case_id).version_id
    with pytest.raises(Conflict), unit_of_work(session, coordinator, now=NOW + 2 * HOUR) as work:
        reopen(work, other.case_id, version=version, reason="By mistake")


def test_an_urgent_call_on_a_duplicate_reaches_the_case_that_goes_on(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, coordinator: Actor
) -> None:
    first, other = joined(session, fire, ambulance, coordinator)
    with unit_of_work(session, coordinator, now=NOW + 2 * HOUR) as work:
        assert escalate(work, other.case_id).id == first.case_id
    case, duplicate = rows.get_one(Case, first.case_id), rows.get_one(Case, other.case_id)
    assert (case.risk_level, case.urgent) == (RiskLevel.VERY_HIGH, True)
    assert (duplicate.is_open, duplicate.urgent) == (False, False)
    assert rows.scalars(select(Alert.case_id).where(Alert.acknowledged_at.is_(None))).all() == [first.case_id]


def test_the_page_of_a_duplicate_leads_to_the_case_that_goes_on(
    session: GuardedSession, rows: Session, arrange: Arranger, client: PageClient, fire: Agency, ambulance: Agency
) -> None:
    user = arrange.user(fire, Role.COORDINATOR)
    first, other = joined(session, fire, ambulance, actor_of(user))
    client.sign_in(user)
    page = client.page(f"/cases/{other.case_id}")
    row = next(row for row in page.select(".govuk-summary-list__row") if row.dt.get_text(strip=True) == "Goes on as")
    assert row.a["href"] == f"/cases/{first.case_id}"
    assert not page.select(f'a[href="/cases/{other.case_id}/reopen"]')
    client.post(f"/cases/{other.case_id}/urgent")
    assert "The case that goes on for this one is very high" in client.page(f"/cases/{other.case_id}").get_text()


def test_a_duplicate_names_no_case_its_reader_may_not_know(
    session: GuardedSession, rows: Session, arrange: Arranger, client: PageClient, fire: Agency, ambulance: Agency
) -> None:
    reader = arrange.user(fire, Role.COORDINATOR)
    first, other = joined(session, fire, ambulance, actor_of(reader))
    police = arrange.agency(AgencyKind.POLICE)
    with unit_of_work(session, actor_of(reader), now=NOW + 2 * HOUR) as work:
        case = work.session.get_one(Case, first.case_id)
        case.owner_agency_id, case.owner_team_id = police.id, police.teams[0].id
        work.session.execute(delete(CaseInvolvement).where(CaseInvolvement.case_id == case.id))
    client.sign_in(reader)
    page = client.page(f"/cases/{other.case_id}").get_text()
    assert "Goes on as" not in page
    assert rows.get_one(Case, first.case_id).reference not in page
