"""What another agency withholds, and an address that is confidential, stand in no page, list, file or search."""

import pytest
from sqlalchemy import select

from prevention.domain.account import Role
from prevention.domain.agency import AgencyKind
from prevention.domain.match import ReviewAnswer
from prevention.domain.referral import GivenAddress, GivenPerson, ReferralReason
from prevention.models.agency import Agency
from prevention.models.case import Case
from prevention.models.match import MatchCandidate
from prevention.models.referral import Referral, ReferralAmendment
from tests.support.arranging import Arranger
from tests.support.client import PASSWORD, PageClient

R = ReferralReason
HOME = GivenAddress(lines="77 Canary Street, London", postcode="NW1 0AA")
ANN = GivenPerson(first_name="Ann", surname="Zephyrine", dob="27/03/1950", nhs_number="943 476 5919")

#: What each kind of agency said that the others may not read, and who may all the same.
SAID = {
    "police-words": frozenset({AgencyKind.POLICE}),
    "police-grade": frozenset({AgencyKind.POLICE}),
    "omestic abuse": frozenset({AgencyKind.POLICE}),
    "MERLIN-778899": frozenset({AgencyKind.POLICE}),
    "943 476 5919": frozenset({AgencyKind.POLICE, AgencyKind.AMBULANCE}),
    "ambulance-words": frozenset({AgencyKind.FIRE, AgencyKind.AMBULANCE}),
    "ental health": frozenset({AgencyKind.FIRE, AgencyKind.AMBULANCE}),
}


@pytest.fixture
def agencies(arrange: Arranger) -> dict[AgencyKind, Agency]:
    """One service of each kind."""
    return {kind: arrange.agency(kind) for kind in (AgencyKind.FIRE, AgencyKind.AMBULANCE, AgencyKind.POLICE)}


@pytest.fixture
def shared(arrange: Arranger, agencies: dict[AgencyKind, Agency]) -> Case:
    """A case of the fire service that all three speak of."""
    named = GivenPerson(first_name="Ann", surname="Zephyrine", dob="27/03/1950", phone="07700 900982")
    case = arrange.received(agencies[AgencyKind.FIRE], address=HOME, person=named)
    arrange.received(
        agencies[AgencyKind.POLICE],
        address=HOME,
        person=GivenPerson(
            first_name="Ann", surname="Zephyrine", dob="27/03/1950", phone="07700 900982", nhs_number="943 476 5919"
        ),
        reasons=frozenset({R.NO_ALARM, R.DOMESTIC_ABUSE}),
        narrative="police-words",
        source_grade="police-grade",
        source_ref="MERLIN-778899",
    )
    arrange.received(
        agencies[AgencyKind.AMBULANCE],
        address=HOME,
        person=named,
        reasons=frozenset({R.NO_ALARM, R.MENTAL_HEALTH}),
        narrative="ambulance-words",
    )
    found = arrange.session.get_one(Case, case.id, populate_existing=True)
    assert found.referral_count == 3
    return found


def everywhere(client: PageClient, case: Case) -> dict[str, str]:
    """Every page and file that speaks of the case, or may."""
    client.query_budget = 300
    paths = (
        f"/cases/{case.id}",
        f"/cases/{case.id}/print",
        "/cases/",
        "/cases/shared",
        "/follow-ups",
        "/review",
        "/alerts/open",
        "/messages",
        "/visits/",
        "/referrals/mine?whose=agency",
    )
    return {
        **{path: client.get(path).get_data(as_text=True) for path in paths},
        "export": client.post("/cases/export.csv").get_data(as_text=True),
        "search": client.post("/cases/search", data={"q": "Zephyrine"}).get_data(as_text=True),
    }


@pytest.mark.parametrize("kind", [AgencyKind.FIRE, AgencyKind.AMBULANCE, AgencyKind.POLICE])
def test_nobody_reads_what_is_not_theirs(
    kind: AgencyKind, agencies: dict[AgencyKind, Agency], shared: Case, arrange: Arranger, client: PageClient
) -> None:
    client.sign_in(arrange.user(agencies[kind], Role.COORDINATOR))
    kept_back = [words for words, readers in SAID.items() if kind not in readers]
    for where, body in everywhere(client, shared).items():
        if where in {"/cases/", "/cases/shared"}:  # the filter offers the reader's own kinds of reasons
            continue
        assert [words for words in kept_back if words in body] == [], where


@pytest.mark.parametrize("typed", ["943 476 5919", "9434765919", "police-grade", "police-words", "ambulance-words"])
def test_nothing_is_found_by_what_is_kept_back(
    typed: str, agencies: dict[AgencyKind, Agency], shared: Case, arrange: Arranger, client: PageClient
) -> None:
    client.sign_in(arrange.user(agencies[AgencyKind.FIRE], Role.COORDINATOR))
    answer = client.post("/cases/search", data={"q": typed})
    assert answer.status_code == 200
    assert shared.reference not in answer.get_data(as_text=True)


def test_a_queue_cannot_be_narrowed_by_a_reason_that_is_kept_back(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    case = arrange.received(agencies[AgencyKind.FIRE], address=HOME, person=ANN)
    client.sign_in(arrange.user(agencies[AgencyKind.FIRE], Role.COORDINATOR))
    # No such case: were the reason looked at, nothing would be listed.
    assert case.reference in client.get("/cases/?reason=DOMESTIC_ABUSE").get_data(as_text=True)


def test_another_agencys_suspect_is_not_named(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    case = arrange.received(agencies[AgencyKind.FIRE], address=HOME, person=ANN)
    named = GivenPerson(
        first_name="Ann",
        surname="Zephyrine",
        middle_name="Obol",
        dob="27/03/1950",
        nhs_number="943 476 5919",
        phone="07700 900001",
        email="suspect@example.org",
    )
    joined = arrange.received(agencies[AgencyKind.POLICE], address=HOME, person=named, suspect=True)
    assert joined.id == case.id
    client.query_budget = 300
    client.sign_in(arrange.user(agencies[AgencyKind.FIRE], Role.COORDINATOR))
    for path in (f"/cases/{case.id}", f"/cases/{case.id}/print"):
        body = client.get(path).get_data(as_text=True)
        assert "Whom they name" in body
        assert "07700 900001" not in body
        assert "suspect@example.org" not in body
        assert "Check this one" not in body
    for typed in ("07700 900001", "Zephyrine Obol"):
        assert case.reference not in client.post("/cases/search", data={"q": typed}).get_data(as_text=True)
    client.post("/sign-out")
    client.sign_in(arrange.user(agencies[AgencyKind.POLICE], Role.COORDINATOR))
    assert "07700 900001" in client.get(f"/cases/{case.id}").get_data(as_text=True)


def test_another_agencys_suspect_is_not_named_on_the_review_list(
    agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    case = arrange.received(fire, address=HOME, person=ANN)
    said = arrange.received(police, suspect=True, person=GivenPerson(first_name="Quentin", surname="Obol"))
    candidate = arrange.candidate(said.referral_links[0].referral, case)
    client.sign_in(arrange.user(fire, Role.COORDINATOR))
    body = client.get(f"/review/{candidate.id}").get_data(as_text=True)
    assert "Obol" not in body
    assert candidate.words not in body
    assert "The surnames are the same" not in body


@pytest.mark.parametrize("hidden_first", [True, False])
def test_a_confidential_address_is_neither_compared_nor_merged(
    hidden_first: bool, agencies: dict[AgencyKind, Agency], arrange: Arranger, client: PageClient
) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    first = arrange.received(
        police if hidden_first else fire, address=HOME, person=ANN, confidential_address=hidden_first
    )
    second = arrange.received(
        fire if hidden_first else police, address=HOME, person=ANN, confidential_address=not hidden_first
    )
    hidden, plain = (first, second) if hidden_first else (second, first)
    assert hidden.id != plain.id
    client.query_budget = 300
    client.sign_in(arrange.user(fire, Role.COORDINATOR))
    candidate = arrange.session.scalars(select(MatchCandidate)).one()
    for path in ("/review", f"/review/{candidate.id}"):
        assert "same address" not in client.get(path).get_data(as_text=True).lower()
        assert "and address" not in client.get(path).get_data(as_text=True).lower()
    answer = client.post(f"/review/{candidate.id}", data={"answer": ReviewAnswer.SAME_CONCERN.value})
    assert answer.status_code == 400
    body = client.get(f"/cases/{hidden.id}").get_data(as_text=True)
    assert "Confidential address" in body
    assert "77 Canary" not in body


def test_a_file_of_one_agency_changes_nothing_of_another(arrange: Arranger, agencies: dict[AgencyKind, Agency]) -> None:
    fire, police = agencies[AgencyKind.FIRE], agencies[AgencyKind.POLICE]
    arrange.received(police, address=HOME, person=ANN, source_ref="same-reference", narrative="as sent")
    arrange.received(fire, address=HOME, person=ANN, source_ref="same-reference", narrative="put in its mouth")
    said = arrange.session.execute(select(Referral.agency_id, Referral.narrative)).all()
    assert set(map(tuple, said)) == {(police.id, "as sent"), (fire.id, "put in its mouth")}
    assert arrange.session.scalars(select(ReferralAmendment)).all() == []


def test_the_999_page_repeats_no_more_than_the_form_can_hold(client: PageClient) -> None:
    typed = {"danger": "yes", "name": "Ann", **{f"strange-{number}": "x" for number in range(500)}}
    body = client.post("/ask-for-a-visit", data={**typed, "worries": ["NO_ALARM"] * 5000}).get_data(as_text=True)
    assert "strange-" not in body
    assert 'name="name" value="Ann"' in body
    assert body.count('name="worries"') <= 50


def test_an_address_with_control_characters_is_no_page_to_go_to(arrange: Arranger, client: PageClient) -> None:
    user = arrange.user(arrange.agency())
    answer = client.post(
        "/sign-in", query_string={"next": "/x\r\nSet-Cookie: a=b"}, data={"email": user.email, "password": PASSWORD}
    )
    assert answer.status_code == 302
    assert answer.location == "/"
