"""Whatever is joined and separated, in any order: every referral feeds one case, and each case's sums are true."""

from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.case import CaseState
from prevention.domain.referral import GivenAddress, GivenPerson, ReferralReason
from prevention.domain.risk import RiskLevel
from prevention.domain.risk_rules import assess, load_pack
from prevention.errors import Conflict
from prevention.models.case import Case, ReferralLink, RiskAssessment
from prevention.models.referral import Referral
from prevention.services.cases.assessing import factors_of
from prevention.services.cases.joining import join, separate
from prevention.services.referrals.intake import receive
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import command

NUMBERS = count(1)
REASONS = tuple(ReferralReason)
PEOPLE = tuple(
    GivenPerson(first_name=first, surname=last, dob=dob)
    for first, last, dob in (
        ("Ann", "Example", "03/02/1941"),
        ("Bob", "Sample", "11/09/1968"),
        ("Cleo", "Muster", "30/06/1990"),
        ("Dev", "Exemple", "21/12/1955"),
    )
)

said = st.tuples(st.sampled_from(PEOPLE), st.frozensets(st.sampled_from(REASONS), min_size=1, max_size=3))
moves = st.tuples(st.sampled_from(("join", "separate")), st.integers(0, 5), st.integers(0, 9))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(referrals=st.lists(said, min_size=2, max_size=5), steps=st.lists(moves, max_size=8))
@pytest.mark.parametrize("pack", ["london_four_level"])
def test_nothing_is_lost(
    session: GuardedSession,
    arrange: Arranger,
    pack: str,
    referrals: list[tuple[GivenPerson, frozenset[ReferralReason]]],
    steps: list[tuple[str, int, int]],
) -> None:
    agencies = [arrange.agency(kind, rule_pack=pack) for kind in (AgencyKind.FIRE, AgencyKind.AMBULANCE)]
    home = GivenAddress(lines=f"{next(NUMBERS)} Example Street", postcode="NW1 0AA")  # nobody of another example's
    ids: list[UUID] = []
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        for number, (person, reasons) in enumerate(referrals):
            given_one = command(agencies[number % 2], *reasons, person=person, address=home)
            ids.append(receive(work, given_one).referral_id)
    for hour, (step, which, target) in enumerate(steps, start=1):
        with unit_of_work(session, SYSTEM, now=NOW + timedelta(hours=hour)) as work:
            take(work.session, ids, step, which, target, work)
        check(session, ids)
    check(session, ids)
    session.rollback()


def take(session: Session, ids: list[UUID], step: str, which: int, target: int, work: object) -> None:
    referral = session.get_one(Referral, ids[which % len(ids)])
    link = session.scalars(
        select(ReferralLink).where(ReferralLink.referral_id == referral.id, ReferralLink.valid_to.is_(None))
    ).one()
    try:
        if step == "separate":
            separate(work, link, reason="Tried")  # type: ignore[arg-type]
        else:
            fed = session.scalars(
                select(Case)
                .join(ReferralLink)
                .where(ReferralLink.referral_id.in_(ids))
                .order_by(Case.opened_at, Case.id)
            ).unique()
            cases = list(fed)
            case = cases[target % len(cases)]
            join(work, referral, case, decided_by=None, reason="Tried")  # type: ignore[arg-type]
    except Conflict:
        return


def check(session: GuardedSession, ids: list[UUID]) -> None:
    session.rollback()
    pack = load_pack("london_four_level")
    open_links = session.scalars(
        select(ReferralLink).where(ReferralLink.referral_id.in_(ids), ReferralLink.valid_to.is_(None))
    ).all()
    assert sorted(link.referral_id for link in open_links) == sorted(ids)
    every = session.scalars(select(Case).join(ReferralLink).where(ReferralLink.referral_id.in_(ids))).unique().all()
    for case in every:
        fed = [link.referral for link in open_links if link.case_id == case.id]
        if not fed:
            assert case.state is CaseState.CLOSED
            continue
        assert case.state.is_open
        assert case.owner_team_id is not None
        assert case.next_action_at is not None
        assert case.reasons == sorted({code for referral in fed for code in referral.reasons})
        assert case.referral_count == len(fed)
        assert case.referrer_kinds == sorted({referral.agency.kind.value for referral in fed})
        found = assess([factor for referral in fed for factor in factors_of(referral)], pack)
        assert case.risk_level is found.level
        assert case.risk_rank == found.level.rank
        assert (case.due_at is None) == (case.risk_level is RiskLevel.LOW)
        assert case.act_by == (case.due_at or case.next_action_at)
        assert session.scalar(select(func.count()).where(RiskAssessment.case_id == case.id))
