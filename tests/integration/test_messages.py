"""Messages and alerts: written once, in safe words, to mailboxes only."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState, RejectReason
from prevention.domain.referral import Channel
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.errors import NotFound
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case
from prevention.models.notification import Alert, Message, MessageState, OutboxMessage
from prevention.models.referral import Referral, ReferralAmendment
from prevention.services.notifications.alerts import acknowledge_alert, raise_alert
from prevention.services.notifications.messages import acknowledge_referral, tell_outcome
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger

SECRETS = ("Example Street", "NW1 0AA", "smok", "oxygen", "dementia", "abuse")


def _count(rows: Session, model: type) -> int:
    return rows.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def case(arrange: Arranger) -> Case:
    fire = arrange.agency()
    ambulance = arrange.agency(AgencyKind.AMBULANCE)
    referral = arrange.referral(ambulance, reasons=["HOME_OXYGEN", "DEMENTIA_MEMORY"])
    return arrange.case(fire, referrals=(referral,), risk_level=RiskLevel.HIGH, due_at=NOW + timedelta(days=7))


def _referral(session: Session, case: Case) -> Referral:
    return session.get_one(Case, case.id).referral_links[0].referral


def test_a_referral_is_acknowledged_once_in_safe_words(session: GuardedSession, case: Case, rows: Session) -> None:
    for _ in range(2):
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            acknowledge_referral(work, _referral(session, case), session.get_one(Case, case.id))
    message = rows.scalars(select(Message)).one()
    referral = rows.get_one(Case, case.id).referral_links[0].referral
    assert message.recipient == referral.feedback_to
    assert message.agency_id == case.owner_agency_id
    assert referral.receipt in message.subject
    assert referral.receipt in message.body
    assert "Fire Service 1 owns it now." in message.body
    assert "aims to visit by 9:00am on 12 January 2026" in message.body
    assert not [word for word in SECRETS if word.lower() in (message.subject + message.body).lower()]
    assert [row.topic for row in rows.scalars(select(OutboxMessage))] == ["message.waiting"]


@pytest.mark.parametrize(
    ("channel", "signs_in"),
    [(Channel.WEB_FORM, True), (Channel.CSV, True), (Channel.ONLINE_CHECKER, False), (Channel.PHONE, False)],
)
def test_only_who_can_sign_in_is_sent_to_my_referrals(
    session: GuardedSession, arrange: Arranger, rows: Session, channel: Channel, signs_in: bool
) -> None:
    fire = arrange.agency()
    case = arrange.case(fire, referrals=(arrange.referral(fire, channel=channel),))
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        acknowledge_referral(work, _referral(session, case), session.get_one(Case, case.id))
    body = rows.scalars(select(Message)).one().body
    assert ("My referrals" in body, "refer again" in body) == (signs_in, signs_in)
    assert "when the case is closed" in body


def test_no_mailbox_no_message(session: GuardedSession, arrange: Arranger, rows: Session) -> None:
    fire = arrange.agency()
    referral = arrange.referral(fire, feedback_to="  ")
    case = arrange.case(fire, referrals=(referral,))
    with unit_of_work(session, SYSTEM) as work:
        assert not acknowledge_referral(work, _referral(session, case), session.get_one(Case, case.id))
    assert _count(rows, Message) == 0


@pytest.mark.parametrize(
    "given", ["0207 946 0018", "Bob <bob@example.org>", "a@b", "x@example.org\nBcc: y@example.org"]
)
def test_what_is_no_mailbox_is_kept_for_a_person_to_see(
    session: GuardedSession, arrange: Arranger, rows: Session, given: str
) -> None:
    fire = arrange.agency()
    case = arrange.case(fire, referrals=(arrange.referral(fire, feedback_to=given),))
    with unit_of_work(session, SYSTEM) as work:
        acknowledge_referral(work, _referral(session, case), session.get_one(Case, case.id))
    message = rows.scalars(select(Message)).one()
    assert (message.state, message.recipient) == (MessageState.FAILED, "")
    assert _count(rows, OutboxMessage) == 0


def test_an_overdue_case_is_not_promised_a_past_time(session: GuardedSession, case: Case, rows: Session) -> None:
    with unit_of_work(session, SYSTEM, now=NOW + timedelta(days=30)) as work:
        acknowledge_referral(work, _referral(session, case), session.get_one(Case, case.id))
    assert "What happens next: the team is working on it now." in rows.scalars(select(Message)).one().body


@pytest.mark.parametrize(
    ("state", "outcome", "reject_reason", "words"),
    [
        (CaseState.CLOSED, VisitOutcome.COMPLETED, None, "The home was visited and safety advice was given."),
        (CaseState.CLOSED, VisitOutcome.DECEASED, None, "No visit is needed."),
        (CaseState.CLOSED, VisitOutcome.HOSPITAL_OR_RESPITE, None, "We could not complete a visit"),
        (CaseState.REJECTED, None, RejectReason.OUT_OF_AREA, "outside the area"),
        (CaseState.SIGNPOSTED_LOW, None, None, "Advice was given."),
        (CaseState.REDIRECTED, None, None, "Another service is better placed"),
    ],
)
def test_each_referrer_hears_the_outcome_once(
    session: GuardedSession,
    arrange: Arranger,
    rows: Session,
    state: CaseState,
    outcome: VisitOutcome | None,
    reject_reason: RejectReason | None,
    words: str,
) -> None:
    fire = arrange.agency()
    referrals = tuple(
        arrange.referral(arrange.agency(kind), feedback_to=mailbox)
        for kind, mailbox in (
            (AgencyKind.POLICE, "a@example.org"),
            (AgencyKind.AMBULANCE, "b@example.org"),
            (AgencyKind.FIRE, ""),
        )
    )
    case = arrange.case(
        fire,
        referrals=referrals,
        state=state,
        outcome=outcome,
        reject_reason=reject_reason,
        closed_at=NOW,
        next_action_at=None,
    )
    for _ in range(2):
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            tell_outcome(work, session.get_one(Case, case.id))
    messages = list(rows.scalars(select(Message).order_by(Message.recipient)))
    assert [message.recipient for message in messages] == ["a@example.org", "b@example.org"]
    for message, referral in zip(messages, referrals, strict=False):
        assert words in message.body
        assert referral.receipt in message.body
        assert not [word for word in (*SECRETS, "hospital", "deceased", "died") if word.lower() in message.body.lower()]
    told = rows.scalars(select(AuditEvent).where(AuditEvent.tag == AuditTag.REFERRER_TOLD)).one()
    assert told.case_id == case.id


def test_the_outcome_goes_to_the_amended_mailbox(session: GuardedSession, arrange: Arranger, rows: Session) -> None:
    fire = arrange.agency()
    referral = arrange.referral(fire, feedback_to="old@example.org")
    arrange.save(
        ReferralAmendment(
            referral_id=referral.id,
            made_at=NOW,
            reason="",
            changes={},
            original={},
            content={"feedback_to": "new@example.org"},
            content_hash="",
        )
    )
    case = arrange.case(
        fire, referrals=(referral,), state=CaseState.CLOSED, outcome=VisitOutcome.COMPLETED, closed_at=NOW
    )
    with unit_of_work(session, SYSTEM) as work:
        tell_outcome(work, session.get_one(Case, case.id))
    assert rows.scalars(select(Message.recipient)).all() == ["new@example.org"]


def test_an_open_case_has_no_outcome_to_tell(session: GuardedSession, case: Case) -> None:
    with pytest.raises(ValueError, match="has no outcome yet"), unit_of_work(session, SYSTEM) as work:
        tell_outcome(work, session.get_one(Case, case.id))


def test_an_alert_reaches_the_desk_once_and_names_nothing(session: GuardedSession, case: Case, rows: Session) -> None:
    for _ in range(2):
        with unit_of_work(session, SYSTEM, now=NOW) as work:
            raise_alert(work, session.get_one(Case, case.id), "Smoking and home oxygen")
    alert = rows.scalars(select(Alert)).one()
    assert (alert.case_id, alert.agency_id, alert.acknowledged_at) == (case.id, case.owner_agency_id, None)
    message = rows.scalars(select(Message)).one()
    assert message.recipient == "team-1@example.org"
    assert case.reference in message.subject
    assert "Camden" in message.body
    assert "9:00am on 12 January 2026" in message.body
    assert not [word for word in SECRETS if word.lower() in (message.subject + message.body).lower()]
    topics = [row.topic for row in rows.scalars(select(OutboxMessage).order_by(OutboxMessage.id))]
    assert topics.count("alert.raised") == 1
    assert rows.scalars(select(AuditEvent.tag)).all() == [AuditTag.ALERT_RAISED]


@pytest.mark.parametrize(
    ("of_desk", "of_agency", "told"),
    [
        ("team@example.org", "agency@example.org", ["team@example.org"]),
        (" ", "agency@example.org", ["agency@example.org"]),
        ("", "", []),
    ],
)
def test_an_alert_is_one_message_to_the_desk_else_to_the_agency(
    session: GuardedSession, arrange: Arranger, rows: Session, of_desk: str, of_agency: str, told: list[str]
) -> None:
    agency = arrange.agency(AgencyKind.FIRE)
    agency.mailbox, agency.teams[0].mailbox = of_agency, of_desk
    arrange.save(agency)
    case = arrange.case(agency)
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        raise_alert(work, session.get_one(Case, case.id), "Smoking and home oxygen")
    assert rows.scalars(select(Message.recipient)).all() == told
    assert rows.scalars(select(Alert)).one().acknowledged_at is None


def test_the_first_name_on_an_alert_stays(
    session: GuardedSession, arrange: Arranger, case: Case, rows: Session
) -> None:
    fire = case.owner_agency
    first, second = (arrange.user(fire, Role.COORDINATOR) for _ in range(2))
    alert = arrange.alert(case)
    for user in (first, second):
        with unit_of_work(session, actor_of(user)) as work:
            acknowledge_alert(work, alert.id)
    assert rows.get_one(Alert, alert.id).acknowledged_by == first.id
    assert rows.scalars(select(AuditEvent.user_id).where(AuditEvent.tag == AuditTag.ALERT_ACKNOWLEDGED)).all() == [
        first.id
    ]


def test_nobody_else_acknowledges_an_alert(session: GuardedSession, arrange: Arranger, case: Case) -> None:
    alert = arrange.alert(case)
    outsiders = [
        arrange.user(arrange.agency(AgencyKind.POLICE), Role.SUPERVISOR),
        arrange.user(case.owner_agency, Role.FIELD_OFFICER),
        arrange.user(case.owner_agency, Role.PARTNER_REFERRER),
    ]
    for user in outsiders:
        with pytest.raises(NotFound), unit_of_work(session, actor_of(user)) as work:
            acknowledge_alert(work, alert.id)


def test_a_new_alert_may_follow_an_acknowledged_one(session: GuardedSession, arrange: Arranger, case: Case) -> None:
    arrange.alert(case, acknowledged_at=NOW)
    with unit_of_work(session, SYSTEM) as work:
        assert raise_alert(work, session.get_one(Case, case.id), "Worse") is not None
