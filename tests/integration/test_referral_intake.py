"""The one door: what a referral becomes, once, and how it is amended without losing what was received."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.imports import RowOutcome
from prevention.domain.reference import read_reference
from prevention.domain.referral import Channel, GivenAddress, GivenPerson, HouseholdFlag, ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.errors import Invalid
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.case import Case, CaseInvolvement, CaseSearch, ReferralLink, RiskAssessment
from prevention.models.match import MatchCandidate
from prevention.models.notification import Alert, Message, OutboxMessage
from prevention.models.person import BlockingKey, HouseholdLink, Person, PersonLink, PersonRecord
from prevention.models.premises import Premises
from prevention.models.referral import Referral, ReferralAmendment
from prevention.services.referrals.amending import amend
from prevention.services.referrals.intake import receive, receive_all
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import ANN, BOB, ELSEWHERE, HOME, command, hand_in

R = ReferralReason


def count(rows: Session, model: type) -> int:
    return len(rows.scalars(select(model)).all())


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.fixture
def ambulance(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.AMBULANCE)


def test_a_first_referral_opens_a_case(session: GuardedSession, rows: Session, fire: Agency) -> None:
    receipt = hand_in(session, command(fire, R.NO_ALARM, R.DEMENTIA_MEMORY, narrative="Forgets the pan."))
    assert receipt.outcome is RowOutcome.NEW
    assert read_reference(receipt.receipt.lower().replace("-", " ")) == receipt.receipt
    assert receipt.risk_level is RiskLevel.HIGH
    case = rows.scalars(select(Case)).one()
    assert (case.reference, case.id) == (receipt.case_reference, receipt.case_id)
    assert case.state is CaseState.TRIAGE
    assert case.owner_team_id is not None
    assert case.next_action_at is not None
    assert case.act_by == case.due_at == NOW + timedelta(days=7)
    assert case.reasons == ["DEMENTIA_MEMORY", "NO_ALARM"]
    assert (case.referral_count, case.last_referral_at, case.referrer_kinds) == (1, NOW, ["fire"])
    link = rows.scalars(select(ReferralLink)).one()
    assert (link.referral_id, link.automatic, link.valid_to) == (receipt.referral_id, True, None)
    assert sorted(link.added) == ["DEMENTIA_MEMORY", "NO_ALARM"]
    assert count(rows, PersonRecord) == count(rows, Person) == count(rows, PersonLink) == 1
    assert count(rows, Premises) == count(rows, HouseholdLink) == 1
    assert rows.scalars(select(BlockingKey.key)).all()
    tags = set(rows.scalars(select(AuditEvent.tag)))
    assert {AuditTag.REFERRAL_RECEIVED, AuditTag.CASE_OPENED} <= tags


def test_the_referrer_is_thanked_at_the_mailbox_they_gave(session: GuardedSession, rows: Session, fire: Agency) -> None:
    hand_in(session, command(fire, feedback_to=" crew@example.org "))
    message = rows.scalars(select(Message)).one()
    assert message.recipient == "crew@example.org"
    assert "Ann" not in message.subject + message.body
    assert rows.scalars(select(OutboxMessage.topic)).all() == ["message.waiting"]


def test_a_second_voice_joins_and_a_worse_factor_triages_again(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency
) -> None:
    first = hand_in(session, command(fire, R.NO_ALARM))
    later = NOW + timedelta(days=2)
    second = hand_in(session, command(ambulance, R.NO_ALARM, R.MOBILITY_ESCAPE), now=later)
    assert (first.outcome, second.outcome) == (RowOutcome.NEW, RowOutcome.JOINED)
    assert second.case_id == first.case_id
    assert (first.risk_level, second.risk_level) == (RiskLevel.MEDIUM, RiskLevel.VERY_HIGH)
    case = rows.scalars(select(Case)).one()
    assert case.due_at == later + timedelta(hours=4)
    assert (case.referral_count, case.referrer_kinds) == (2, ["ambulance", "fire"])
    added = {link.referral_id: link.added for link in rows.scalars(select(ReferralLink))}
    assert added[second.referral_id] == ["MOBILITY_ESCAPE"]
    assert count(rows, Person) == 1
    assert count(rows, PersonRecord) == 2
    assert count(rows, RiskAssessment) == 2
    assert set(rows.scalars(select(CaseInvolvement.agency_id))) == {fire.id, ambulance.id}
    assert count(rows, Alert) == 1


def test_another_person_at_the_same_home_is_for_review(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency
) -> None:
    first = hand_in(session, command(fire))
    second = hand_in(session, command(ambulance, person=BOB))
    assert second.outcome is RowOutcome.REVIEW
    assert second.case_id != first.case_id
    candidate = rows.scalars(select(MatchCandidate)).one()
    assert (candidate.referral_id, candidate.case_id) == (second.referral_id, first.case_id)
    assert candidate.answer is None
    assert count(rows, Person) == 2


def test_somebody_else_somewhere_else_is_new(session: GuardedSession, rows: Session, fire: Agency) -> None:
    hand_in(session, command(fire))
    assert hand_in(session, command(fire, person=BOB, address=ELSEWHERE)).outcome is RowOutcome.NEW
    assert count(rows, MatchCandidate) == 0


def test_the_same_person_after_the_silence_the_rules_allow_is_for_review(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    hand_in(session, command(fire))
    late = NOW + timedelta(days=61)
    assert hand_in(session, command(fire), now=late).outcome is RowOutcome.REVIEW
    assert count(rows, Person) == 1


def test_the_same_reference_again_changes_nothing(session: GuardedSession, rows: Session, fire: Agency) -> None:
    given = command(fire, R.NO_ALARM, original={"Ref": "x", "Notes": "as sent"}, feedback_to="crew@example.org")
    first = hand_in(session, given)
    before = {model: count(rows, model) for model in (Referral, Case, PersonRecord, AuditEvent, Message)}
    again = hand_in(session, given, now=NOW + timedelta(days=1))
    assert again == replace(first, outcome=RowOutcome.UNCHANGED)
    rows.rollback()
    assert {model: count(rows, model) for model in before} == before


def test_a_reference_is_the_source_systems_own(session: GuardedSession, fire: Agency) -> None:
    first = hand_in(session, command(fire, source_system="one", source_ref="7"))
    second = hand_in(session, command(fire, source_system="two", source_ref="7"))
    assert second.outcome is RowOutcome.JOINED
    assert first.referral_id != second.referral_id


def test_a_channel_without_references_is_known_by_its_receipt(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    for _ in range(2):
        hand_in(session, command(fire, source_ref=" "))
    assert all(row.source_ref == row.receipt for row in rows.scalars(select(Referral)))
    assert count(rows, Referral) == 2


def test_what_was_received_stays_word_for_word(session: GuardedSession, rows: Session, fire: Agency) -> None:
    person = GivenPerson(full_name="  EXAMPLE,ann ", dob="31/02/1941", nhs_number="999 000 0000", phone="ext 12")
    address = GivenAddress(lines="flt 2 / 12 exampel ST", postcode="nw10aa")
    original = {"Näme": "  EXAMPLE,ann ", "DoB": "31/02/1941"}
    narrative = " Line one\r\n\tline two ☂ <b>bold</b>'; DROP TABLE referrals;-- "
    receipt = hand_in(
        session,
        command(
            fire,
            person=person,
            address=address,
            original=original,
            narrative=narrative,
            household_flags=frozenset({HouseholdFlag.LIVES_ALONE}),
        ),
    )
    referral = rows.get_one(Referral, receipt.referral_id)
    assert referral.narrative == narrative
    assert referral.original == original
    assert referral.content["person"] == asdict(person)
    assert referral.content["address"] == asdict(address)
    record = rows.scalars(select(PersonRecord)).one()
    assert record.given == asdict(person)
    assert (record.surname, record.dob, record.phone) == ("Example", None, None)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("reasons", {"reasons": frozenset()}),
        ("address", {"address": GivenAddress(lines="  "), "person": GivenPerson(dob="01/01/1950")}),
        ("narrative", {"narrative": "x" * 20_001}),
        ("feedback_to", {"feedback_to": "not a mailbox"}),
        ("surname", {"person": GivenPerson(surname="x" * 10_000)}),
        ("address", {"address": GivenAddress(lines="x" * 10_000)}),
        ("source_ref", {"source_ref": "x" * 501}),
    ],
)
def test_what_cannot_be_acted_on_is_refused_in_words(
    session: GuardedSession, rows: Session, fire: Agency, field: str, values: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refused:
        hand_in(session, replace(command(fire), **values))  # type: ignore[arg-type]
    assert field in refused.value.problems
    for model in (Referral, Case, Premises, PersonRecord, AuditEvent, OutboxMessage):
        assert count(rows, model) == 0


def test_a_changed_row_becomes_an_amendment_with_its_history(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    given = command(fire, R.NO_ALARM, original={"Notes": "one"})
    first = hand_in(session, given)
    changed = replace(
        given, reasons=frozenset({R.NO_ALARM, R.MOBILITY_ESCAPE}), original={"Notes": "two"}, narrative="Now in bed."
    )
    later = NOW + timedelta(hours=1)
    second = hand_in(session, changed, now=later)
    assert (second.outcome, second.receipt, second.case_id) == (RowOutcome.AMENDED, first.receipt, first.case_id)
    assert second.risk_level is RiskLevel.VERY_HIGH
    referral = rows.scalars(select(Referral)).one()
    assert (referral.reasons, referral.narrative, referral.original) == (["NO_ALARM"], "", {"Notes": "one"})
    amendment = rows.scalars(select(ReferralAmendment)).one()
    assert amendment.changes == {
        "narrative": {"from": "", "to": "Now in bed."},
        "reasons": {"from": ["NO_ALARM"], "to": ["MOBILITY_ESCAPE", "NO_ALARM"]},
    }
    assert (amendment.made_at, amendment.original) == (later, {"Notes": "two"})
    assert referral.current_content["narrative"] == "Now in bed."
    case = rows.scalars(select(Case)).one()
    assert case.reasons == ["MOBILITY_ESCAPE", "NO_ALARM"]
    assert count(rows, PersonRecord) == 1
    third = hand_in(session, changed, now=later + timedelta(hours=1))
    assert third.outcome is RowOutcome.UNCHANGED
    back = hand_in(session, given, now=later + timedelta(hours=2))
    assert back.outcome is RowOutcome.AMENDED
    rows.rollback()
    assert rows.scalars(select(Case)).one().reasons == ["NO_ALARM"]
    assert len(rows.scalars(select(Referral)).one().amendments) == 2


def test_a_changed_person_is_a_new_record_of_the_same_person(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    given = command(fire)
    hand_in(session, given)
    hand_in(session, replace(given, person=replace(ANN, surname="Exampel-Jones", email="ann@example.org")))
    records = rows.scalars(select(PersonRecord).order_by(PersonRecord.created_at, PersonRecord.id)).all()
    assert [record.surname for record in records] == ["Example", "Exampel-Jones"]
    links = rows.scalars(select(PersonLink)).all()
    assert len(links) == 2
    assert len({link.person_id for link in links}) == 1
    assert all(link.valid_to is None for link in links)
    keyed = set(rows.scalars(select(BlockingKey.record_id)))
    assert keyed == {record.id for record in records}
    document = rows.scalars(select(CaseSearch.document)).one()
    assert "exampel" in document


def test_a_corrected_address_takes_the_case_to_the_right_door(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    given = command(fire)
    receipt = hand_in(session, given)
    hand_in(session, replace(given, address=ELSEWHERE))
    first, second = rows.scalars(select(PersonRecord).order_by(PersonRecord.created_at, PersonRecord.id))
    assert first.premises_id != second.premises_id
    case = rows.get_one(Case, receipt.case_id)
    assert case.premises_id == second.premises_id
    document = rows.scalars(select(CaseSearch.document)).one()
    assert "se10aa" in document
    assert rows.get_one(Referral, receipt.referral_id).premises_id == first.premises_id


def test_a_corrected_address_does_not_move_a_case_others_feed(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency
) -> None:
    given = command(fire)
    receipt = hand_in(session, given)
    assert hand_in(session, command(ambulance)).outcome is RowOutcome.JOINED
    before = rows.get_one(Case, receipt.case_id).premises_id
    rows.rollback()
    hand_in(session, replace(given, address=ELSEWHERE))
    assert rows.get_one(Case, receipt.case_id).premises_id == before


def test_an_amendment_can_make_an_address_confidential(session: GuardedSession, rows: Session, fire: Agency) -> None:
    given = command(fire)
    receipt = hand_in(session, given)
    hand_in(session, replace(given, confidential_address=True))
    case = rows.get_one(Case, receipt.case_id)
    assert case.premises.confidential
    assert "nw10aa" not in rows.scalars(select(CaseSearch.document)).one()


def test_an_amended_referral_keeps_one_case_when_it_is_amended_in_a_page(
    session: GuardedSession, rows: Session, arrange: Arranger, fire: Agency
) -> None:
    given = command(fire)
    receipt = hand_in(session, given)
    coordinator = actor_of(arrange.user(fire, Role.COORDINATOR))
    with unit_of_work(session, coordinator, now=NOW) as work:
        referral = work.session.get_one(Referral, receipt.referral_id)
        with pytest.raises(Invalid):
            amend(work, referral, given, reason=" ")
        assert amend(work, referral, replace(given, original={}), reason="Nothing new") is RowOutcome.UNCHANGED
        changed = replace(given, narrative="Corrected")
        assert amend(work, referral, changed, reason="A slip of the pen") is RowOutcome.AMENDED
    amendment = rows.scalars(select(ReferralAmendment)).one()
    assert (amendment.made_by, amendment.reason) == (coordinator.user_id, "A slip of the pen")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE referrals SET narrative = 'changed'",
        "DELETE FROM referrals",
        "UPDATE referral_amendments SET reason = 'changed'",
        "DELETE FROM referral_amendments",
        "UPDATE person_records SET surname = 'changed'",
        "UPDATE risk_assessments SET level = 'LOW'",
        "DELETE FROM audit_events",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_received(
    session: GuardedSession, arrange: Arranger, fire: Agency, statement: str
) -> None:
    given = command(fire)
    hand_in(session, given)
    hand_in(session, replace(given, narrative="Amended"))
    with pytest.raises(DBAPIError, match="kept as written"):
        arrange.session.execute(text(statement))
    arrange.session.rollback()


def test_immediate_danger_goes_the_very_high_way_and_rings_once(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    receipt = hand_in(session, command(fire, R.OTHER, immediate_danger=True))
    assert receipt.risk_level is RiskLevel.VERY_HIGH
    hand_in(session, command(fire, R.OTHER, immediate_danger=True))
    assert count(rows, Alert) == 1
    assert rows.scalars(select(OutboxMessage.topic)).all().count("alert.raised") == 1


def test_a_case_is_found_by_name_address_phone_and_reference_words(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    receipt = hand_in(session, command(fire, source_ref="HFSV/26/1"))
    document = rows.scalars(select(CaseSearch.document)).one()
    case_word = receipt.case_reference.replace("-", "").lower()
    for word in ("ann", "example", "street", "nw10aa", "07700900123", "447700900123", "hfsv261", case_word):
        assert f"'{word}'" in document


def test_a_confidential_address_is_not_a_word_to_search_by(
    session: GuardedSession, rows: Session, fire: Agency
) -> None:
    hand_in(session, command(fire, confidential_address=True))
    document = rows.scalars(select(CaseSearch.document)).one()
    assert "'ann'" in document
    for word in ("street", "nw10aa", "12"):
        assert f"'{word}'" not in document


def test_names_as_long_and_strange_as_allowed_come_in(session: GuardedSession, fire: Agency) -> None:
    letters = "".join(chr(0xAC00 + number * 7919 % 11_172) for number in range(500))
    person = GivenPerson(first_name=letters, surname=letters[::-1], dob="01/01/1950")
    address = GivenAddress(lines=f"12 {letters[:490]}", postcode="NW1 0AA")
    receipt = hand_in(session, command(fire, person=person, address=address, source_ref=letters))
    assert receipt.outcome is RowOutcome.NEW
    again = hand_in(session, command(fire, person=person, address=address))
    assert again.outcome in {RowOutcome.JOINED, RowOutcome.REVIEW}


def test_a_home_known_to_one_agency_is_one_household(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency
) -> None:
    hand_in(session, command(fire))
    hand_in(session, command(ambulance, person=BOB, address=HOME))
    hand_in(session, command(ambulance, address=ELSEWHERE))
    households = [link.household_id for link in rows.scalars(select(HouseholdLink).order_by(HouseholdLink.id))]
    assert len(set(households)) == 2
    assert households[0] == households[1]


@pytest.mark.parametrize("said", [None, NOW - timedelta(days=1)])
def test_a_file_that_does_not_say_when_joins_nothing_by_itself(
    session: GuardedSession, fire: Agency, said: datetime | None
) -> None:
    first = hand_in(session, command(fire))
    second = hand_in(session, command(fire, channel=Channel.CSV, received_at=said))
    assert (second.case_id == first.case_id) == (said is not None)
    assert second.outcome is (RowOutcome.REVIEW if said is None else RowOutcome.JOINED)


@pytest.mark.parametrize("at_once", [False, True])
def test_what_one_referral_adds_to_a_known_person_counts_for_the_next(
    session: GuardedSession, rows: Session, fire: Agency, *, at_once: bool
) -> None:
    """The second agrees with the first alone in the middle name."""
    known = replace(ANN, nhs_number="999 012 3470")
    hand_in(session, command(fire, person=known), now=NOW - timedelta(days=200))
    first = command(fire, person=replace(known, middle_name="Louise", dob="", phone=""))
    second = command(fire, person=replace(ANN, middle_name="Louise", surname="Sample"), address=ELSEWHERE)
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        receipts = receive_all(work, [first, second]) if at_once else [receive(work, one) for one in (first, second)]
    assert [receipt.outcome for receipt in receipts] == [RowOutcome.NEW, RowOutcome.REVIEW]
    linked = rows.scalars(select(PersonLink.person_id).order_by(PersonLink.id)).all()
    assert linked[0] == linked[1]
    asked = rows.scalars(select(MatchCandidate).where(MatchCandidate.referral_id == receipts[1].referral_id)).all()
    assert asked
    for candidate in asked:
        assert "same middle name" in {line["words"] for line in candidate.contributions}
