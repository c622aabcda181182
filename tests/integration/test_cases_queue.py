"""The coordinator's queue: order, paging, filters, counts, what a row may show, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event, text

from prevention.domain.account import Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.referral import CurrentLocation
from prevention.domain.risk import RiskLevel
from prevention.models.referral import ReferralAmendment
from prevention.queries.cases.queue import Due, QueueFilter, QueueKey, queue
from prevention.unit_of_work import GuardedSession
from tests.conftest import actor_of
from tests.support.arranging import Arranger
from tests.support.client import PageClient

SOON = datetime.now(UTC).replace(microsecond=0)


def references(page: BeautifulSoup) -> list[str]:
    return [link["href"].rsplit("/", 1)[-1] for link in page.select(".app-row__link")]


def test_worst_and_most_pressing_first(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    late = arrange.case(fire, risk_level=RiskLevel.HIGH, act_by=SOON + timedelta(days=5))
    worst = arrange.case(fire, risk_level=RiskLevel.VERY_HIGH, act_by=SOON + timedelta(hours=9))
    soon = arrange.case(fire, risk_level=RiskLevel.HIGH, act_by=SOON + timedelta(days=1))
    arrange.case(fire, risk_level=RiskLevel.VERY_HIGH, state=CaseState.CLOSED, next_action_at=None)
    client.sign_in(arrange.user(fire))
    with client.budget(12):
        page = client.page("/cases/")
    assert references(page) == [str(case.id) for case in (worst, soon, late)]


def test_another_agencys_cases_are_on_the_shared_tab_only(arrange: Arranger, client: PageClient) -> None:
    fire, police = arrange.agency(), arrange.agency(AgencyKind.POLICE)
    shared = arrange.case(fire, referrals=(arrange.referral(police),))
    arrange.case(fire)
    client.sign_in(arrange.user(police))
    assert references(client.page("/cases/")) == []
    assert references(client.page("/cases/shared")) == [str(shared.id)]


def test_pages_neither_lose_nor_repeat_rows_that_tie(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    made = {str(arrange.case(fire, act_by=SOON).id) for _ in range(60)}
    client.sign_in(arrange.user(fire))
    seen: list[str] = []
    pages = []
    address = "/cases/"
    while address:
        page = client.page(address)
        pages.append(references(page))
        seen += pages[-1]
        forward = page.select_one(".govuk-pagination__next a")
        address = forward["href"] if forward else ""
    assert [len(one) for one in pages] == [25, 25, 10]
    assert set(seen) == made
    assert len(seen) == 60
    back = page.select_one(".govuk-pagination__prev a")["href"]
    page = client.page(back)
    assert references(page) == pages[1]
    page = client.page(page.select_one(".govuk-pagination__prev a")["href"])
    assert references(page) == pages[0]
    assert page.select_one(".govuk-pagination__prev a") is None


@pytest.mark.parametrize("cursor", ["x", "W10.abc", "%00", "é", "a" * 5000, "Wzk5XQ.AAAA"])
def test_a_rubbish_cursor_means_the_first_page(arrange: Arranger, client: PageClient, cursor: str) -> None:
    fire = arrange.agency()
    case = arrange.case(fire)
    client.sign_in(arrange.user(fire))
    assert references(client.page("/cases/", query_string={"after": cursor})) == [str(case.id)]


def test_each_filter_narrows_and_can_be_taken_away(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    station = arrange.team(fire, name="Soho")
    wanted = arrange.case(
        fire,
        risk_level=RiskLevel.HIGH,
        state=CaseState.ASSIGNED,
        owner_team_id=station.id,
        borough_code="E09000033",
        reasons=["HOARDING"],
        referrer_kinds=["police"],
        due_at=SOON - timedelta(hours=1),
        opened_at=SOON - timedelta(days=3),
    )
    arrange.case(fire, opened_at=SOON - timedelta(days=40))
    client.sign_in(arrange.user(fire))
    for name, value in (
        ("risk", "HIGH"),
        ("state", "ASSIGNED"),
        ("team", str(station.id)),
        ("borough", "E09000033"),
        ("reason", "HOARDING"),
        ("referrer", "police"),
        ("due", "overdue"),
        ("age", "week"),
    ):
        page = client.page("/cases/", query_string={name: value})
        assert references(page) == [str(wanted.id)], name
        tag = page.select_one(".moj-filter__tag")
        assert tag is not None, name
        assert len(references(client.page(tag["href"]))) == 2, name


def test_many_values_of_a_filter_share_a_tag_so_that_the_page_stays_small(
    arrange: Arranger, client: PageClient
) -> None:
    fire = arrange.agency()
    arrange.case(fire, risk_level=RiskLevel.HIGH)
    client.sign_in(arrange.user(fire))
    few, many = ([f"E09{number:06}" for number in range(count)] for count in (50, 200))
    sizes = [
        len(client.get("/cases/", query_string={"borough": chosen, "risk": "HIGH"}).data) for chosen in (few, many)
    ]
    assert sizes[1] - sizes[0] < 150 * 200, sizes  # each further value a few times, never once for every other
    tags = client.page("/cases/", query_string={"borough": many, "risk": "HIGH"}).select(".moj-filter__tag")
    assert [tag.get_text().split(": ", 1)[1] for tag in tags] == ["Risk: High", "Borough: 200 chosen"]
    assert len(references(client.page(tags[1]["href"]))) == 1


def test_unassigned_is_what_the_desk_still_holds(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    officer = arrange.user(fire, Role.FIELD_OFFICER)
    waiting = arrange.case(fire)
    arrange.case(fire, owner_user_id=officer.id)
    client.sign_in(arrange.user(fire))
    assert references(client.page("/cases/?unassigned=y")) == [str(waiting.id)]


@pytest.mark.parametrize(
    "query",
    ["risk=NONSENSE", "team=not-an-id", "borough=%27%3B--", "age=1&due=2&state=3&reason=<script>", "state=CLOSED"],
)
def test_rubbish_in_a_filter_is_ignored(arrange: Arranger, client: PageClient, query: str) -> None:
    fire = arrange.agency()
    case = arrange.case(fire)
    client.sign_in(arrange.user(fire))
    assert references(client.page(f"/cases/?{query}")) == [str(case.id)]


def test_nobody_filters_by_a_reason_they_may_not_know(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    arrange.case(fire, reasons=["DOMESTIC_ABUSE"])
    other = arrange.case(fire, reasons=["NO_ALARM"])
    client.sign_in(arrange.user(fire))
    page = client.page("/cases/?reason=DOMESTIC_ABUSE")
    assert str(other.id) in references(page)
    assert page.find("option", value="DOMESTIC_ABUSE") is None


def test_counts_are_of_today_in_london_and_link_to_their_lists(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    officer = arrange.user(fire, Role.FIELD_OFFICER)
    given = {"owner_user_id": officer.id}
    arrange.case(fire, risk_level=RiskLevel.VERY_HIGH, due_at=SOON - timedelta(days=2), **given)
    case = arrange.case(fire)
    arrange.followup(case)
    client.sign_in(arrange.user(fire))
    tiles = {
        tile.select_one(".app-tile__words").text: (int(tile.select_one(".app-tile__count").text), tile.a["href"])
        for tile in client.page("/cases/").select(".app-tile")
    }
    assert {name: count for name, (count, _) in tiles.items()} == {
        "very high risk": 1,
        "past deadline": 1,
        "breaching today": 0,
        "unassigned": 1,
        "for review": 0,
        "follow-ups due": 1,
    }
    for name in ("very high risk", "past deadline", "unassigned"):
        count, address = tiles[name]
        assert len(references(client.page(address))) == count, name


@pytest.mark.parametrize(
    ("now", "due", "is_today"),
    [
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 22, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 23, 1, tzinfo=UTC), False),  # 00:01 in London
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), datetime(2026, 7, 2, 9, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC), True),  # a day of 25 hours
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 25, 23, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 26, 0, 0, tzinfo=UTC), False),
    ],
)
def test_breaching_today_is_the_london_day(
    arrange: Arranger, session: GuardedSession, now: datetime, due: datetime, is_today: bool
) -> None:
    fire = arrange.agency()
    arrange.case(fire, due_at=due)
    actor = actor_of(arrange.user(fire))
    assert bool(queue(session, actor, QueueFilter(due=Due.TODAY), now).rows) is is_today


def test_a_row_masks_a_confidential_address_and_names_nobody(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    home = arrange.premises(street="Secret Street", confidential=True)
    arrange.case(
        fire,
        referrals=(arrange.referral(fire, premises=home),),
        staff_safety=["TWO_PERSON", "DOG"],
        contact_constraints=["DO_NOT_LEAVE_CARD"],
        referrer_kinds=["fire"],
        hold_reason="IN_HOSPITAL",
        state=CaseState.ON_HOLD,
    )
    client.sign_in(arrange.user(fire))
    page = client.page("/cases/")
    row = page.select_one(".app-row").get_text(" ", strip=True)
    assert "Confidential address" in row
    assert "Secret" not in page.get_text()
    assert "NW1" not in page.get_text()
    for flag in ("Two people", "Dog", "Do not leave a card", "In hospital", "Medium", "1 referral", "Camden"):
        assert flag in row


@pytest.mark.parametrize(("at_first", "now", "said"), [("HOSPITAL", "HOME", False), ("HOME", "HOSPITAL", True)])
def test_a_row_says_where_somebody_is_as_last_amended(
    arrange: Arranger, client: PageClient, at_first: str, now: str, said: bool
) -> None:
    fire = arrange.agency()
    referral = arrange.referral(fire, current_location=CurrentLocation(at_first))
    for minutes, where in enumerate(("CUSTODY", now)):
        arrange.save(
            ReferralAmendment(
                referral_id=referral.id,
                made_at=SOON + timedelta(minutes=minutes),
                reason="",
                changes={},
                original={},
                content={"current_location": where},
                content_hash="",
            )
        )
    arrange.case(fire, referrals=(referral,))
    client.sign_in(arrange.user(fire))
    assert ("In hospital" in client.page("/cases/").select_one(".app-row").text) is said


def test_the_queue_is_not_for_officers_partners_or_administrators(arrange: Arranger, client: PageClient) -> None:
    fire = arrange.agency()
    for role in (Role.FIELD_OFFICER, Role.PARTNER_REFERRER, Role.ADMINISTRATOR):
        client.sign_in(arrange.user(fire, role))
        assert client.get("/cases/").status_code == 403
        client.post("/sign-out")


def test_empty_states_say_what_to_do(arrange: Arranger, client: PageClient) -> None:
    client.sign_in(arrange.user(arrange.agency()))
    assert "No open cases" in client.page("/cases/").get_text()
    assert "No case fits these filters" in client.page("/cases/?risk=LOW").get_text()
    assert "Nothing is shared" in client.page("/cases/shared").get_text()


def test_a_page_costs_the_same_however_long_the_queue_and_reads_the_queue_index(
    arrange: Arranger, session: GuardedSession, client: PageClient
) -> None:
    fire = arrange.agency()
    user = arrange.user(fire)
    model = arrange.case(fire)
    arrange.session.execute(
        text(
            """
            INSERT INTO cases (id, version_id, reference, owner_agency_id, owner_team_id, state, risk_level, risk_rank,
                assessed_at, due_at, act_by, next_action, next_action_at, urgent, opened_at, premises_id, borough_code,
                reasons, staff_safety, contact_constraints, referrer_kinds, referral_count, last_referral_at)
            SELECT gen_random_uuid(), 1, 'C-' || n, owner_agency_id, owner_team_id, 'ACCEPTED', 'MEDIUM', n % 4,
                assessed_at, now() + n * interval '1 minute', now() + n * interval '1 minute', next_action,
                next_action_at, false, opened_at, premises_id, borough_code, reasons, staff_safety,
                contact_constraints, referrer_kinds, referral_count, last_referral_at
            FROM cases, generate_series(1, 8000) AS n WHERE cases.id = :model
            """
        ),
        {"model": model.id},
    )
    arrange.session.execute(
        text("INSERT INTO case_involvements SELECT id, owner_agency_id, now() FROM cases ON CONFLICT DO NOTHING")
    )
    arrange.session.commit()
    arrange.session.execute(text("ANALYZE cases; ANALYZE case_involvements"))
    arrange.session.commit()
    actor = actor_of(user)
    page = queue(session, actor, QueueFilter(), SOON)
    plans = [_plan_of_queue(session, actor, key) for key in (None, page.following)]
    assert all("ix_cases_queue" in plan for plan in plans), plans
    assert not any("Seq Scan on cases" in plan for plan in plans), plans
    client.sign_in(user)
    with client.budget(12):
        assert len(references(client.page("/cases/"))) == 25


def _plan_of_queue(session: GuardedSession, actor: Actor, key: QueueKey | None) -> str:
    seen: list[tuple[str, object]] = []

    def watch(_connection, _cursor, statement, parameters, *_rest) -> None:
        seen.append((statement, parameters))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", watch)
    try:
        queue(session, actor, QueueFilter(), SOON, after=key)
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    statement, parameters = next(one for one in seen if "FROM cases" in one[0])
    rows = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return "\n".join(row[0] for row in rows)
