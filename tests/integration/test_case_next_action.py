"""No open case without somebody to act and a time to act by; what was agreed is kept."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState, HoldReason
from prevention.domain.referral import ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.errors import Conflict, Invalid
from prevention.models.agency import Agency
from prevention.models.case import Case
from prevention.services.cases.moving import move
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import command, hand_in

R = ReferralReason
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.mark.parametrize(
    "change",
    ["owner_team_id = NULL, owner_user_id = NULL", "next_action_at = NULL", "state = 'TRIAGE', next_action_at = NULL"],
)
def test_the_database_refuses_an_open_case_without_owner_or_time(arrange: Arranger, fire: Agency, change: str) -> None:
    arrange.case(fire)
    with pytest.raises(IntegrityError, match="open_has_owner_and_next_action"):
        arrange.session.execute(text(f"UPDATE cases SET {change}"))
    arrange.session.rollback()
    arrange.session.execute(text(f"UPDATE cases SET {change}, state = 'CLOSED'".replace("state = 'TRIAGE', ", "")))
    arrange.session.rollback()


def test_moving_keeps_the_next_action_true(session: GuardedSession, rows: Session, fire: Agency) -> None:
    receipt = hand_in(session, command(fire, R.SMOKING_IN_BED))
    slot = NOW + 3 * DAY
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        case = work.session.get_one(Case, receipt.case_id)
        move(work, case, CaseState.BOOKED, next_action="Visit booked", next_action_at=slot)
        assert (case.next_action, case.next_action_at, case.act_by) == ("Visit booked", slot, NOW + 7 * DAY)
        move(work, case, CaseState.COMPLETED)
        assert case.act_by == case.next_action_at
        assert case.next_action == "Check that everything is in hand, then close"
        move(work, case, CaseState.CLOSED)
        assert (case.closed_at, case.next_action, case.next_action_at) == (NOW, "", None)
        with pytest.raises(Conflict):
            move(work, case, CaseState.BOOKED)
        move(work, case, CaseState.TRIAGE)
        assert case.closed_at is None
        case.owner_team_id = None
        with pytest.raises(Invalid) as nobody:
            move(work, case, CaseState.ACCEPTED)
        assert set(nobody.value.problems) == {"owner"}
        work.session.expire(case)


@pytest.mark.parametrize(("state", "agreed"), [(CaseState.ON_HOLD, NOW + 20 * DAY), (CaseState.BOOKED, NOW + 12 * DAY)])
def test_what_was_agreed_stands_when_a_referral_joins(
    session: GuardedSession, rows: Session, arrange: Arranger, fire: Agency, state: CaseState, agreed: object
) -> None:
    ambulance = arrange.agency(AgencyKind.AMBULANCE)
    receipt = hand_in(session, command(fire, R.NO_ALARM))
    with unit_of_work(session, SYSTEM, now=NOW + DAY) as work:
        case = work.session.get_one(Case, receipt.case_id)
        move(work, case, state, next_action="As agreed", next_action_at=agreed)  # type: ignore[arg-type]
        if state is CaseState.ON_HOLD:
            case.hold_reason, case.held_until = HoldReason.RESIDENT_AWAY, case.next_action_at
    hand_in(session, command(ambulance, R.NO_ALARM), now=NOW + 2 * DAY)
    case = rows.scalars(select(Case)).one()
    assert (case.state, case.next_action, case.next_action_at) == (state, "As agreed", agreed)
    worse = hand_in(session, command(ambulance, R.MOBILITY_ESCAPE), now=NOW + 3 * DAY)
    assert worse.risk_level is RiskLevel.VERY_HIGH
    rows.rollback()
    case = rows.scalars(select(Case)).one()
    assert case.next_action_at is not None
    assert case.next_action_at <= NOW + 3 * DAY + 4 * HOUR  # nobody waits for a slot in twelve days now
    assert case.act_by == NOW + 3 * DAY + 4 * HOUR


def test_looking_again_does_not_put_off_what_is_overdue(
    session: GuardedSession, rows: Session, arrange: Arranger, fire: Agency
) -> None:
    ambulance = arrange.agency(AgencyKind.AMBULANCE)
    hand_in(session, command(fire, R.NO_ALARM))
    first = rows.scalars(select(Case.next_action_at)).one()
    assert first is not None
    hand_in(session, command(ambulance, R.NO_ALARM), now=first + DAY)
    hand_in(session, command(ambulance, R.MOBILITY_ESCAPE), now=first + 2 * DAY)
    rows.rollback()
    assert rows.scalars(select(Case.next_action_at)).one() == first
