"""My referrals: like a parcel, in safe words, for one's own eyes."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState, HoldReason, RejectReason
from prevention.domain.visit import VisitOutcome
from prevention.models.account import User
from prevention.models.outreach import Outreach, OutreachDoor, OutreachKind
from prevention.models.premises import AddressStatus
from prevention.models.referral import Referral
from tests.support.arranging import NOW, Arranger
from tests.support.client import PageClient


@pytest.fixture
def paramedic(arrange: Arranger, client: PageClient) -> User:
    user = arrange.user(arrange.agency(AgencyKind.AMBULANCE), Role.FIELD_OFFICER)
    client.sign_in(user)
    return user


def _referral(arrange: Arranger, user: User, *, state: CaseState = CaseState.TRIAGE, **values: object) -> Referral:
    """A referral of ``user`` feeding a case in ``state``; values starting with ``case_`` are the case's."""
    case = {name.removeprefix("case_"): value for name, value in values.items() if name.startswith("case_")}
    own = {name: value for name, value in values.items() if not name.startswith("case_")}
    agency = user.memberships[0].agency
    referral = arrange.referral(agency, referred_by=user.id, **own)
    arrange.case(arrange.agency(), referrals=(referral,), state=state, **case)
    return referral


@pytest.mark.parametrize(
    ("state", "case", "words"),
    [
        (CaseState.TRIAGE, {}, "Received"),
        (CaseState.ASSIGNED, {}, "Being looked at"),
        (CaseState.ON_HOLD, {"case_hold_reason": HoldReason.IN_HOSPITAL}, "Being looked at"),
        (CaseState.BOOKED, {}, "Visit booked"),
        (CaseState.COMPLETED, {}, "Visited"),
        (
            CaseState.CLOSED,
            {"case_outcome": VisitOutcome.COMPLETED},
            "The home was visited and safety advice was given",
        ),
        (CaseState.REJECTED, {"case_reject_reason": RejectReason.OUT_OF_AREA}, "outside the area"),
    ],
)
def test_how_far_it_has_come_in_safe_words(
    client: PageClient, paramedic: User, arrange: Arranger, state: CaseState, case: dict[str, object], words: str
) -> None:
    referral = _referral(arrange, paramedic, state=state, narrative="Very private words", **case)
    row = client.page("/referrals/mine").select_one("li.app-row").get_text(" ", strip=True)
    assert referral.receipt in row
    assert words in row
    assert "private" not in row
    assert "hospital" not in row.lower()


@pytest.mark.parametrize(
    ("outcome", "steps"),
    [
        (VisitOutcome.COMPLETED, ["Received", "Being looked at", "Visit booked", "Visited", "Closed"]),
        (VisitOutcome.NOT_CONTACTABLE, ["Received", "Being looked at", "Closed"]),
    ],
)
def test_a_case_closed_without_a_visit_does_not_look_visited(
    client: PageClient, paramedic: User, arrange: Arranger, outcome: VisitOutcome, steps: list[str]
) -> None:
    referral = _referral(arrange, paramedic, state=CaseState.CLOSED, case_outcome=outcome)
    shown = client.page(f"/referrals/{referral.id}").select("ol.app-steps li")
    assert [step.get_text(" ", strip=True).lstrip("✓ ").removesuffix(" (passed)") for step in shown] == steps


def test_nothing_yet(client: PageClient, paramedic: User) -> None:
    assert "You have not referred anybody yet" in client.page("/referrals/mine").main.get_text()


def test_pages_go_on_and_back_and_lose_nobody(client: PageClient, paramedic: User, arrange: Arranger) -> None:
    sent = [_referral(arrange, paramedic, received_at=NOW + timedelta(minutes=number // 2)) for number in range(45)]
    seen: list[str] = []
    page = client.page("/referrals/mine")
    while True:
        seen += [row.get_text() for row in page.select("li.app-row .app-reference")]
        following = page.select_one("a[rel=next]")
        if following is None:
            break
        page = client.page(str(following["href"]))
    assert sorted(seen) == sorted(one.receipt for one in sent)
    back = client.page(str(page.select_one("a[rel=prev]")["href"]))
    assert [row.get_text() for row in back.select("li.app-row .app-reference")] == seen[20:40]
    client.page("/referrals/mine?after=rubbish")
    client.page("/referrals/mine?before=" + "x" * 3000)


def test_staff_see_their_agencys_a_partner_their_own_only(
    client: PageClient, paramedic: User, arrange: Arranger
) -> None:
    agency = paramedic.memberships[0].agency
    colleague = _referral(arrange, arrange.user(agency, Role.FIELD_OFFICER))
    assert colleague.receipt not in client.page("/referrals/mine").get_text()
    assert colleague.receipt in client.page("/referrals/mine?whose=agency").get_text()
    client.page(f"/referrals/{colleague.id}")
    client.post("/sign-out")
    client.sign_in(arrange.user(agency, Role.PARTNER_REFERRER))
    assert colleague.receipt not in client.page("/referrals/mine?whose=agency").get_text()
    client.page(f"/referrals/{colleague.id}", status=404)
    client.page(f"/referrals/{colleague.id}/sent", status=404)


def test_a_confidential_address_is_kept_back(client: PageClient, paramedic: User, arrange: Arranger) -> None:
    home = arrange.premises(street="Secret Street", confidential=True)
    content = {"address": {"lines": "1 Secret Street", "postcode": "NW1 0AA", "uprn": ""}, "confidential_address": True}
    referral = _referral(arrange, paramedic, premises=home, content=content)
    for path in ("/referrals/mine", f"/referrals/{referral.id}", f"/referrals/{referral.id}/sent"):
        assert "Secret Street" not in client.page(path).get_text()
        assert "NW1 0AA" not in client.page(path).get_text()


def test_referring_from_a_door_fills_in_the_home_and_is_noted_there(
    client: PageClient, paramedic: User, arrange: Arranger, rows: Session
) -> None:
    arrange.agency(AgencyKind.FIRE)
    home = arrange.premises(status=AddressStatus.UNMATCHED, address_text="3 Nowhere Lane, London", postcode=None)
    membership = paramedic.memberships[0]
    outreach = arrange.save(
        Outreach(
            reference="O-1", agency_id=membership.agency_id, kind=OutreachKind.CAMPAIGN, title="Doors", place="Camden",
            held_on=NOW.date(), created_by=paramedic.id, created_at=NOW,
        )
    )  # fmt: skip
    door = arrange.save(OutreachDoor(outreach_id=outreach.id, position=1, premises_id=home.id))
    page = client.page(f"/referrals/new?outreach={outreach.id}&door={door.id}")
    assert page.select_one("#address_lines").get_text(strip=True) == "3 Nowhere Lane, London"
    token = str(page.select_one("input[name=token]")["value"])
    fields = {
        "token": token, "outreach": str(outreach.id), "door": str(door.id), "danger": "no", "told": "YES",
        "address_lines": "3 Nowhere Lane, London", "reasons": ["NO_ALARM"], "narrative": "No alarm.", "checked": "1",
    }  # fmt: skip
    with client.budget(60):
        assert client.post("/referrals/new", data=fields).status_code == 302
    assert rows.get_one(OutreachDoor, door.id).referral_id == rows.scalars(select(Referral.id)).one()
    client.page("/referrals/new?outreach=rubbish&door=' OR 1=1")
