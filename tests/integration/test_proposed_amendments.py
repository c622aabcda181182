"""What a file would change and only a person of the referral's own agency may: asked once, accepted or declined."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import PUBLIC, SYSTEM, Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.imports import RowOutcome
from prevention.domain.referral import Channel, NotSaid, ReceiveReferral, ReferralReason
from prevention.domain.referral_content import with_fields
from prevention.errors import Conflict, Invalid, NotFound
from prevention.models.account import User
from prevention.models.agency import Agency
from prevention.models.audit import AuditEvent, AuditTag
from prevention.models.notification import Message
from prevention.models.referral import ProposalState, ProposedAmendment, Referral
from prevention.policies.referrals import may_settle_proposal, visible_proposals
from prevention.services.imports.runs import queue_run
from prevention.services.referrals.amending import amend, saying
from prevention.services.referrals.proposing import accept, decline
from prevention.tasks.referrals import settle_answered
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.conftest import actor_of
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient
from tests.support.receiving import ANN, BOB, ELSEWHERE, command, hand_in

BORN = "04/02/1942"


@pytest.fixture
def fire(arrange: Arranger) -> Agency:
    return arrange.agency(AgencyKind.FIRE)


@pytest.fixture
def ambulance(arrange: Arranger, fire: Agency) -> Agency:
    return arrange.agency(AgencyKind.AMBULANCE)


@pytest.fixture
def coordinator(arrange: Arranger, ambulance: Agency) -> User:
    return arrange.user(ambulance, Role.COORDINATOR)


@pytest.fixture
def row(ambulance: Agency, session: GuardedSession) -> ReceiveReferral:
    """A row of the ambulance service's file that has been received."""
    first = command(ambulance, ReferralReason.FALLS, channel=Channel.CSV, source_ref="CAD1", original={"CAD": "CAD1"})
    hand_in(session, first)
    return first


def again(row: ReceiveReferral, *, handed_in_by: Agency | None = None, **values: Any) -> ReceiveReferral:
    """The same row in a later file; ``dob`` and ``phone`` change the person."""
    columns = row.original | {name: str(value) for name, value in values.items()}
    person = {name: values.pop(name) for name in ("dob", "phone") if name in values}
    changed = replace(row, original=columns, handed_in_by=handed_in_by.id if handed_in_by else None, **values)
    return replace(changed, person=replace(changed.person, **person))


def correct(session: GuardedSession, user: User, **fields: str) -> None:
    """What a person does on the page: ``person__dob`` is the date of birth."""
    with unit_of_work(session, actor_of(user), now=NOW) as work:
        referral = work.session.scalars(select(Referral)).one()
        content = with_fields(
            referral.current_content, {name.replace("__", "."): text for name, text in fields.items()}
        )
        assert amend(work, referral, saying(referral, content), reason="They rang back") is RowOutcome.AMENDED


def said(rows: Session) -> Any:
    """What the one referral says now."""
    rows.rollback()
    return rows.scalars(select(Referral)).one().current_content


def proposals(rows: Session) -> list[ProposedAmendment]:
    rows.rollback()
    return list(rows.scalars(select(ProposedAmendment).order_by(ProposedAmendment.id)))


# --- an agency's own file and what its people have corrected ---------------------------------------------------------


def test_the_same_file_again_leaves_a_correction_alone(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(session, coordinator, person__dob=BORN, narrative="She said so herself.")
    assert hand_in(session, row).outcome is RowOutcome.UNCHANGED
    assert (said(rows)["person"]["dob"], said(rows)["narrative"]) == (BORN, "She said so herself.")
    assert proposals(rows) == []


def test_a_later_file_amends_what_nobody_corrected_and_says_that_the_rest_stays(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(session, coordinator, person__dob=BORN)
    later = again(row, phone="020 7946 0000")
    assert hand_in(session, later).outcome is RowOutcome.AMENDED
    assert (said(rows)["person"]["dob"], said(rows)["person"]["phone"]) == (BORN, "020 7946 0000")
    latest = rows.scalars(select(Referral)).one().amendments[-1]
    assert latest.reason == "Sent again with changes. What was corrected here stays"
    assert list(latest.changes) == ["person.phone"]
    assert latest.said is not None
    assert latest.said["person"]["dob"] == ANN.dob
    assert proposals(rows) == []
    assert hand_in(session, later).outcome is RowOutcome.UNCHANGED


def test_what_a_file_says_anew_about_a_correction_waits(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(session, coordinator, person__dob=BORN)
    later = again(row, dob="05/05/1955", narrative="Fell again.")
    assert hand_in(session, later).outcome is RowOutcome.AMENDED
    assert (said(rows)["person"]["dob"], said(rows)["narrative"]) == (BORN, "Fell again.")
    (waiting,) = proposals(rows)
    assert waiting.changes == {"person.dob": "05/05/1955"}
    assert (waiting.state, waiting.sent_by_id) == (ProposalState.WAITING, waiting.agency_id)
    assert rows.scalars(select(Referral)).one().amendments[-1].reason.endswith("that waits to be confirmed")
    assert hand_in(session, later).outcome is RowOutcome.UNCHANGED
    assert len(proposals(rows)) == 1


def test_accepting_what_ones_own_file_says(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(session, coordinator, person__dob=BORN)
    later = again(row, dob="05/05/1955")
    hand_in(session, later)
    with unit_of_work(session, actor_of(coordinator)) as work:
        accept(work, proposals(rows)[0].id, version=2, reason="I rang her")
    assert said(rows)["person"]["dob"] == "05/05/1955"
    latest = rows.scalars(select(Referral)).one().amendments[-1]
    assert (latest.made_by, latest.reason.endswith(". I rang her")) == (coordinator.id, True)
    assert hand_in(session, later).outcome is RowOutcome.UNCHANGED
    assert [one.state for one in proposals(rows)] == [ProposalState.ACCEPTED]


def test_a_later_file_replaces_what_waits_and_one_that_agrees_ends_it(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(session, coordinator, person__dob=BORN, narrative="She said so herself.")
    hand_in(session, again(row, dob="05/05/1955"))
    hand_in(session, again(row, dob="05/05/1955", narrative="Fell again."))
    first, second = proposals(rows)
    assert (first.state, second.state) == (ProposalState.REPLACED, ProposalState.WAITING)
    assert second.changes == {"person.dob": "05/05/1955", "narrative": "Fell again."}
    with pytest.raises(Conflict, match="no longer asked"), unit_of_work(session, actor_of(coordinator)) as work:
        accept(work, first.id, version=2)
    hand_in(session, again(row, dob=BORN, narrative="She said so herself."))
    assert [one.state for one in proposals(rows)] == [ProposalState.REPLACED, ProposalState.REPLACED]


def test_a_file_that_lacks_the_corrected_column_says_nothing_about_it(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(session, coordinator, person__dob=BORN)
    later = replace(again(row, dob="", phone="020 7946 0000"), not_said=NotSaid(parts=frozenset({"person.dob"})))
    hand_in(session, later)
    assert (said(rows)["person"]["dob"], said(rows)["person"]["phone"]) == (BORN, "020 7946 0000")
    assert proposals(rows) == []


def test_a_person_corrected_beyond_recognition_is_still_the_row_they_came_by(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User
) -> None:
    correct(
        session, coordinator, person__dob=BORN, person__first_name="Zara", person__surname="Quite-Other",
        address__lines="99 Elsewhere Road", address__postcode="SE1 9ZZ",
    )  # fmt: skip
    assert hand_in(session, row).outcome is RowOutcome.UNCHANGED
    assert said(rows)["person"]["surname"] == "Quite-Other"


# --- a file that another agency hands in -----------------------------------------------------------------------------


def test_what_another_agency_hands_in_brings_new_referrals(
    session: GuardedSession, rows: Session, ambulance: Agency, fire: Agency
) -> None:
    given = command(ambulance, channel=Channel.CSV, source_ref="CAD9", handed_in_by=fire.id)
    assert hand_in(session, given).outcome is RowOutcome.NEW
    assert rows.scalars(select(Referral)).one().agency_id == ambulance.id


def test_what_another_agency_hands_in_changes_nothing_and_is_put_to_the_referrals_own(
    session: GuardedSession, rows: Session, row: ReceiveReferral, ambulance: Agency, fire: Agency
) -> None:
    before = said(rows)
    changed = again(row, handed_in_by=fire, phone="", narrative="Smoking in bed.")
    assert hand_in(session, changed).outcome is RowOutcome.TO_CONFIRM
    assert said(rows) == before
    (waiting,) = proposals(rows)
    assert waiting.changes == {"person.phone": "", "narrative": "Smoking in bed."}
    assert (waiting.agency_id, waiting.sent_by_id) == (ambulance.id, fire.id)
    assert waiting.original == changed.original
    assert hand_in(session, changed).outcome is RowOutcome.UNCHANGED
    assert hand_in(session, again(row, handed_in_by=fire)).outcome is RowOutcome.UNCHANGED
    assert [one.state for one in proposals(rows)] == [ProposalState.REPLACED], "the last file takes it back"


def test_what_the_agencys_own_file_or_people_have_made_true_is_not_asked_any_more(
    session: GuardedSession, rows: Session, row: ReceiveReferral, fire: Agency
) -> None:
    hand_in(session, again(row, handed_in_by=fire, narrative="Smoking in bed."))
    assert hand_in(session, again(row, narrative="Smoking in bed.")).outcome is RowOutcome.AMENDED
    assert [one.state for one in proposals(rows)] == [ProposalState.REPLACED]
    hand_in(session, again(row, handed_in_by=fire, narrative="Smoking in bed.", phone="020 7946 0000"))
    hand_in(session, again(row, narrative="Stopped smoking."))
    assert [one.state for one in proposals(rows)] == [ProposalState.REPLACED, ProposalState.WAITING]


def test_one_message_a_day_tells_the_agency_and_says_nothing_of_anybody(
    session: GuardedSession, rows: Session, row: ReceiveReferral, ambulance: Agency, fire: Agency
) -> None:
    hand_in(session, replace(row, source_ref="CAD2", person=BOB, address=ELSEWHERE))
    hand_in(session, again(row, handed_in_by=fire, narrative="One."))
    hand_in(session, again(row, handed_in_by=fire, source_ref="CAD2", person=BOB, address=ELSEWHERE, narrative="Two."))
    message = rows.scalars(select(Message).where(Message.template == "amendments_proposed")).one()
    assert (message.agency_id, message.recipient) == (ambulance.id, ambulance.teams[0].mailbox)
    assert "/referrals/proposed" in message.body
    for word in ("Ann", "Example", "Bob", "NW1", "One.", "CAD"):
        assert word not in f"{message.subject} {message.body}"


def test_a_declined_change_is_not_asked_again_and_the_next_one_is(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User, fire: Agency
) -> None:
    hand_in(session, again(row, handed_in_by=fire, narrative="Smoking in bed."))
    with unit_of_work(session, actor_of(coordinator)) as work:
        decline(work, proposals(rows)[0].id, reason=" Not so ")
    assert said(rows)["narrative"] == ""
    assert hand_in(session, again(row, handed_in_by=fire, narrative="Smoking in bed.")).outcome is RowOutcome.UNCHANGED
    assert (proposals(rows)[0].reason, proposals(rows)[0].settled_by) == ("Not so", coordinator.id)
    later = again(row, handed_in_by=fire, narrative="Smoking in bed.", phone="020 7946 0000")
    assert hand_in(session, later).outcome is RowOutcome.TO_CONFIRM
    assert proposals(rows)[1].changes == {"person.phone": "020 7946 0000"}
    with pytest.raises(Conflict, match="declined"), unit_of_work(session, actor_of(coordinator)) as work:
        accept(work, proposals(rows)[0].id, version=0)


def test_an_accepted_change_reassesses_the_case_and_the_senders_own_file_leaves_it(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User, fire: Agency
) -> None:
    urgent = again(row, handed_in_by=fire, immediate_danger=True)
    hand_in(session, urgent)
    with unit_of_work(session, actor_of(coordinator)) as work:
        accept(work, proposals(rows)[0].id, version=0)
    assert said(rows)["immediate_danger"] is True
    tags = rows.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)).all()
    assert {AuditTag.AMENDMENT_PROPOSED, AuditTag.AMENDMENT_SETTLED, AuditTag.REFERRAL_AMENDED} <= set(tags)
    assert tags.index(AuditTag.AMENDMENT_PROPOSED) < tags.index(AuditTag.REFERRAL_AMENDED)
    of_case = select(AuditEvent.case_id).where(AuditEvent.tag == AuditTag.AMENDMENT_PROPOSED)
    assert rows.scalars(of_case).one() is not None, "on the case's timeline"
    assert hand_in(session, row).outcome is RowOutcome.UNCHANGED
    assert said(rows)["immediate_danger"] is True


def test_somebody_else_under_a_known_reference_is_put_to_its_agency_and_can_only_be_declined(
    session: GuardedSession, rows: Session, row: ReceiveReferral, coordinator: User, fire: Agency
) -> None:
    other = replace(row, person=BOB, address=ELSEWHERE, handed_in_by=fire.id)
    assert hand_in(session, other).outcome is RowOutcome.TO_CONFIRM
    (waiting,) = proposals(rows)
    assert waiting.about_another
    with pytest.raises(Invalid) as invalid, unit_of_work(session, actor_of(coordinator)) as work:
        accept(work, waiting.id, version=0)
    assert list(invalid.value.problems) == ["answer"]
    with unit_of_work(session, actor_of(coordinator)) as work:
        decline(work, waiting.id, reason="")
    assert said(rows)["person"]["first_name"] == "Ann"


def test_nobody_else_settles_it(
    session: GuardedSession, rows: Session, row: ReceiveReferral, arrange: Arranger, ambulance: Agency, fire: Agency
) -> None:
    hand_in(session, again(row, handed_in_by=fire, narrative="Smoking in bed."))
    (waiting,) = proposals(rows)
    others = [arrange.user(fire, Role.COORDINATOR), arrange.user(ambulance, Role.FIELD_OFFICER)]
    for actor in [*map(actor_of, others), SYSTEM]:
        for settle in (_accept, _decline):
            with pytest.raises(NotFound), unit_of_work(session, actor) as work:
                settle(work, waiting.id)
    assert proposals(rows)[0].state is ProposalState.WAITING


def _accept(work: Any, proposal_id: UUID) -> None:
    accept(work, proposal_id, version=0)


def _decline(work: Any, proposal_id: UUID) -> None:
    decline(work, proposal_id, reason="")


def test_the_policys_two_faces_agree(
    session: GuardedSession, rows: Session, row: ReceiveReferral, arrange: Arranger, ambulance: Agency, fire: Agency
) -> None:
    hand_in(session, again(row, handed_in_by=fire, narrative="Smoking in bed."))
    (waiting,) = proposals(rows)
    users = [arrange.user(agency, role) for agency in (ambulance, fire) for role in Role]
    actors: list[Actor] = [*map(actor_of, users), PUBLIC, SYSTEM]
    seen = 0
    for actor in actors:
        selected = rows.scalars(select(ProposedAmendment.id).where(visible_proposals(actor))).all()
        assert list(selected) == ([waiting.id] if may_settle_proposal(actor, waiting).allowed else [])
        seen += len(selected)
    assert seen == 2, "the ambulance service's coordinator and supervisor"


# --- the pages -------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposed(
    session: GuardedSession, rows: Session, row: ReceiveReferral, fire: Agency, client: PageClient, coordinator: User
) -> Callable[..., str]:
    """Hands a changed row in for the ambulance service; the address of its page, its coordinator signed in."""

    def propose(**values: Any) -> str:
        hand_in(session, again(row, handed_in_by=fire, **values))
        client.sign_in(coordinator)
        return f"/referrals/proposed/{proposals(rows)[-1].id}"

    return propose


def test_a_coordinator_finds_it_compares_and_accepts(
    client: PageClient, proposed: Callable[..., str], rows: Session, fire: Agency
) -> None:
    where = proposed(narrative="Smoking <b>in bed</b>.")
    for page in ("/imports/", "/review"):
        assert "1 change to your referrals waits for you" in client.page(page).main.get_text(" ", strip=True)
    listed = client.page("/referrals/proposed").select_one("a.app-row__link")
    assert listed is not None
    assert listed["href"] == where
    with client.budget(12):
        page = client.page(where)
    assert page.select_one("main b") is None
    words = page.main.get_text(" ", strip=True)
    assert f"{fire.name} handed in a file" in words
    assert [cell.get_text() for cell in page.select("tbody td")][:2] == ["–", "Smoking <b>in bed</b>."]
    version = str(page.select_one("#version")["value"])
    assert "Choose what the referral shall say" in _post(client, where, version=version).get_text()
    done = client.post(where, data={"answer": "accept", "reason": "I rang", "version": version})
    assert done.status_code == 302
    assert "Referral amended" in client.page("/referrals/proposed").get_text()
    assert "Nothing to confirm" in client.page("/referrals/proposed").main.get_text()
    assert said(rows)["narrative"] == "Smoking <b>in bed</b>."
    assert "Accepted" in client.page(where).main.get_text()


def test_the_referral_and_its_page_lead_to_what_waits(
    client: PageClient, proposed: Callable[..., str], rows: Session
) -> None:
    where = proposed(narrative="Smoking in bed.")
    referral_id = proposals(rows)[0].referral_id
    link = client.page(f"/referrals/{referral_id}").find("a", string="See the change")
    assert link is not None
    assert link["href"] == where


def test_an_answer_to_what_was_amended_meanwhile_shows_both_anew(
    client: PageClient, proposed: Callable[..., str], rows: Session, session: GuardedSession, coordinator: User
) -> None:
    where = proposed(narrative="Smoking in bed.")
    version = str(client.page(where).select_one("#version")["value"])
    correct(session, coordinator, narrative="She stopped smoking.")
    response = client.post(where, data={"answer": "accept", "reason": "As the file has it", "version": version})
    assert response.status_code == 409
    page = BeautifulSoup(response.get_data(as_text=True), "html5lib")
    assert "Your answer was not kept" in page.get_text()
    assert "She stopped smoking." in page.get_text()
    assert page.select_one("#reason").get_text(strip=True) == "As the file has it"
    assert page.select_one("#version")["value"] != version
    assert said(rows)["narrative"] == "She stopped smoking."


def test_two_coordinators_answer_one(client: PageClient, proposed: Callable[..., str], rows: Session) -> None:
    where = proposed(narrative="Smoking in bed.")
    data = {"answer": "decline", "reason": "", "version": "0"}
    assert client.post(where, data=data).status_code == 302
    response = client.post(where, data={**data, "answer": "accept"})
    assert response.status_code == 409
    assert "declined meanwhile" in response.get_data(as_text=True)
    assert said(rows)["narrative"] == ""


def test_a_confidential_address_is_not_shown(client: PageClient, proposed: Callable[..., str]) -> None:
    where = proposed(narrative="Fled. Address is confidential.", confidential_address=True, address=ELSEWHERE)
    for path in ("/referrals/proposed", where):
        words = client.page(path).main.get_text(" ", strip=True)
        assert "Confidential address" in words
        assert "Other Road" not in words
        assert "SE1" not in words


def test_somebody_else_can_only_be_left(client: PageClient, proposed: Callable[..., str]) -> None:
    where = proposed(person=BOB, address=ELSEWHERE)
    page = client.page(where)
    assert "looks like somebody else" in page.main.get_text()
    assert [radio["value"] for radio in page.select("input[type=radio]")] == ["decline"]
    assert client.post(where, data={"answer": "accept", "version": "0"}).status_code == 200


def test_amending_by_hand_to_what_the_file_says_ends_the_question(
    client: PageClient, proposed: Callable[..., str], rows: Session
) -> None:
    proposed(narrative="Smoking in bed.")
    where = f"/referrals/{proposals(rows)[0].referral_id}/amend"
    form = client.page(where).select_one("form.app-form")
    assert form is not None
    data = {field["name"]: field.get("value", "") for field in form.select("input[type=hidden]")}
    for field in form.select("input:checked"):
        data[str(field["name"])] = field["value"]
    for field in form.select("input[type=text], input[type=tel], input[type=email]"):
        data[str(field["name"])] = field.get("value", "")
    for field in form.select("textarea"):
        data[str(field["name"])] = field.get_text().strip()
    data |= {"narrative": "Smoking in bed.", "reason": "They told me", "checked": "1"}
    assert client.post(where, data=data).status_code == 302
    assert said(rows)["narrative"] == "Smoking in bed."
    assert proposals(rows)[0].state is ProposalState.REPLACED


def test_to_others_it_is_not_there(client: PageClient, proposed: Callable[..., str], arrange: Arranger, fire: Agency,
                                   ambulance: Agency) -> None:  # fmt: skip
    where = proposed(narrative="Smoking in bed.")
    client.post("/sign-out")
    client.sign_in(arrange.user(fire, Role.COORDINATOR))
    client.page(where, status=404)
    assert client.post(where, data={"answer": "accept", "version": "0"}).status_code == 404
    assert "Nothing to confirm" in client.page("/referrals/proposed").main.get_text()
    client.post("/sign-out")
    client.sign_in(arrange.user(ambulance, Role.FIELD_OFFICER))
    client.page("/referrals/proposed", status=403)


def _post(client: PageClient, where: str, **data: str) -> BeautifulSoup:
    return BeautifulSoup(client.post(where, data=data).get_data(as_text=True), "html5lib")


# --- one answer to all of a file -------------------------------------------------------------------------------------


@pytest.fixture
def file_of_fire(
    session: GuardedSession, rows: Session, fire: Agency, ambulance: Agency, client: PageClient, coordinator: User
) -> UUID:
    """A file that the fire service handed in: it would change three referrals, and uses a fourth's number anew."""
    with unit_of_work(session, SYSTEM) as work:
        run_id = queue_run(work, agency_id=ambulance.id, profile="ambulance", file_name="<b>all</b>.csv").id
    for number, person in enumerate((ANN, replace(ANN, surname="Hill"), replace(ANN, surname="Lane"), ANN)):
        row = command(ambulance, channel=Channel.CSV, source_ref=f"CAD{number}", person=person)
        hand_in(session, row)
        later = replace(row, handed_in_by=fire.id, import_run_id=run_id, narrative="Smoking in bed.")
        if number == 3:
            later = replace(later, person=BOB, address=ELSEWHERE)
        assert hand_in(session, later).outcome is RowOutcome.TO_CONFIRM
    client.sign_in(coordinator)
    return run_id


def states(rows: Session) -> list[ProposalState]:
    return [proposal.state for proposal in proposals(rows)]


def stamp_on(client: PageClient, where: str) -> str:
    return str(client.page(where).select_one("#stamp")["value"])


def test_a_coordinator_accepts_all_of_a_file_but_what_is_about_somebody_else(
    app: Flask, client: PageClient, file_of_fire: UUID, rows: Session, coordinator: User
) -> None:
    with client.budget(14):
        listed = client.page("/referrals/proposed")
    (link,) = [link for link in listed.select("a.app-row__link") if "files" in str(link["href"])]
    where = str(link["href"])
    with client.budget(14):
        page = client.page(where)
    words = page.main.get_text(" ", strip=True)
    assert page.select_one("main b") is None
    assert "4 changes wait for your answer" in words
    assert "1 change looks like somebody else" in words
    assert ["What was seen", "3"] in [[cell.get_text() for cell in row.select("th, td")] for row in page.select("tr")]
    one_by_one = client.page(f"/referrals/proposed?file={file_of_fire}")
    assert len([link for link in one_by_one.select("a.app-row__link") if "files" not in str(link["href"])]) == 4
    stamp = stamp_on(client, where)
    assert "Choose what these referrals shall say" in _post(client, where, stamp=stamp).get_text()
    assert client.post(where, data={"answer": "accept", "stamp": stamp, "reason": "I rang"}).status_code == 302
    assert "3 changes are being settled" in client.page("/referrals/proposed").main.get_text(" ", strip=True)
    assert states(rows) == [ProposalState.WAITING] * 4, "a worker settles them"
    with app.app_context():
        assert settle_answered() == 3
        assert settle_answered() == 0
    assert states(rows) == [ProposalState.ACCEPTED] * 3 + [ProposalState.WAITING]
    referrals = rows.scalars(select(Referral).order_by(Referral.source_ref)).all()
    assert [referral.current_content["narrative"] for referral in referrals][:3] == ["Smoking in bed."] * 3
    amendment = referrals[0].amendments[-1]
    assert (amendment.made_by, amendment.reason.endswith("I rang")) == (coordinator.id, True)
    assert "Nothing to confirm" not in client.page("/referrals/proposed").get_text()


def test_a_coordinator_declines_all_of_a_file(
    app: Flask, client: PageClient, file_of_fire: UUID, rows: Session
) -> None:
    where = f"/referrals/proposed/files/{file_of_fire}"
    assert client.post(where, data={"answer": "decline", "stamp": stamp_on(client, where)}).status_code == 302
    with app.app_context():
        assert settle_answered() == 4
    assert states(rows) == [ProposalState.DECLINED] * 4
    assert [referral.amendments for referral in rows.scalars(select(Referral))] == [[]] * 4
    assert client.get(where).status_code == 404


def test_what_changed_since_it_was_shown_is_not_answered(
    client: PageClient, file_of_fire: UUID, rows: Session, session: GuardedSession, coordinator: User
) -> None:
    where = f"/referrals/proposed/files/{file_of_fire}"
    stamp = stamp_on(client, where)
    with unit_of_work(session, actor_of(coordinator)) as work:
        decline(work, proposals(rows)[0].id, reason="")
    stale = client.post(where, data={"answer": "accept", "stamp": stamp})
    assert stale.status_code == 409
    assert "3 changes wait for your answer" in " ".join(stale.get_data(as_text=True).split())
    assert stamp_on(client, where) != stamp
    assert [proposal.ordered_answer for proposal in proposals(rows)] == [None] * 4


def test_what_somebody_amends_meanwhile_waits_again(
    app: Flask, client: PageClient, file_of_fire: UUID, rows: Session, session: GuardedSession, coordinator: User
) -> None:
    where = f"/referrals/proposed/files/{file_of_fire}"
    client.post(where, data={"answer": "accept", "stamp": stamp_on(client, where)})
    with unit_of_work(session, actor_of(coordinator), now=NOW) as work:
        referral = work.session.scalars(select(Referral).where(Referral.source_ref == "CAD1")).one()
        content = with_fields(referral.current_content, {"narrative": "They rang: nobody smokes."})
        amend(work, referral, saying(referral, content), reason="They rang back")
    with app.app_context():
        settle_answered()
    found = proposals(rows)
    assert [proposal.state for proposal in found].count(ProposalState.ACCEPTED) == 2
    assert [proposal.ordered_answer for proposal in found if proposal.state is ProposalState.WAITING] == [None, None]
    referral = rows.scalars(select(Referral).where(Referral.source_ref == "CAD1")).one()
    assert referral.current_content["narrative"] == "They rang: nobody smokes."


def test_the_answer_of_somebody_who_left_is_taken_back(
    app: Flask, client: PageClient, file_of_fire: UUID, rows: Session, session: GuardedSession, coordinator: User
) -> None:
    where = f"/referrals/proposed/files/{file_of_fire}"
    client.post(where, data={"answer": "accept", "stamp": stamp_on(client, where)})
    with unit_of_work(session, SYSTEM) as work:
        work.session.get_one(User, coordinator.id).active = False
    with app.app_context():
        settle_answered()
    assert states(rows) == [ProposalState.WAITING] * 4
    assert [proposal.ordered_answer for proposal in proposals(rows)] == [None] * 4


def test_two_coordinators_answer_one_file(client: PageClient, file_of_fire: UUID, rows: Session) -> None:
    where = f"/referrals/proposed/files/{file_of_fire}"
    both_saw = stamp_on(client, where)
    client.post(where, data={"answer": "decline", "stamp": both_saw})
    late = client.post(where, data={"answer": "accept", "stamp": both_saw})
    assert (late.status_code, late.location) == (302, "/referrals/proposed")
    assert "Your answer was not kept" in client.page("/referrals/proposed").get_text()
    assert {proposal.ordered_answer for proposal in proposals(rows)} == {ProposalState.DECLINED}


def test_the_queue_says_how_many_changes_wait(client: PageClient, file_of_fire: UUID) -> None:
    tile = client.page("/cases/").select_one("main a[href='/referrals/proposed']")
    assert tile.get_text(" ", strip=True) == "4 changes to confirm"
    where = f"/referrals/proposed/files/{file_of_fire}"
    client.post(where, data={"answer": "decline", "stamp": stamp_on(client, where)})
    assert client.page("/cases/").select_one("main a[href='/referrals/proposed']") is None


def test_a_file_of_changes_is_not_there_to_others(
    client: PageClient, file_of_fire: UUID, arrange: Arranger, fire: Agency, ambulance: Agency
) -> None:
    for user in (arrange.user(fire, Role.COORDINATOR), arrange.user(ambulance, Role.FIELD_OFFICER)):
        client.post("/sign-out")
        client.sign_in(user)
        status = 404 if user.memberships[0].role is Role.COORDINATOR else 403
        assert client.get(f"/referrals/proposed/files/{file_of_fire}").status_code == status
