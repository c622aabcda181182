"""Whatever happens to a case's risk, in any order: looking again never buys time, and the case is as its last row."""

from datetime import datetime, timedelta
from itertools import count, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from prevention.domain.account import SYSTEM
from prevention.domain.agency import AgencyKind
from prevention.domain.deadlines import due_at
from prevention.domain.referral import GivenAddress, ReferralReason
from prevention.domain.risk import FactorSource, RiskLevel
from prevention.domain.risk_rules import Circumstance, Factor, load_pack
from prevention.errors import Invalid
from prevention.models.case import Case, RiskAssessment
from prevention.models.notification import Alert
from prevention.services.cases.assessing import escalate, override, reassess
from prevention.services.referrals.intake import receive
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW, Arranger
from tests.support.receiving import command

HOMES = count(1)
SPANS = load_pack("london_four_level").deadlines

steps = st.one_of(
    st.tuples(st.just("looks again"), st.none()),
    st.tuples(st.just("another voice"), st.frozensets(st.sampled_from(ReferralReason), min_size=1, max_size=2)),
    st.tuples(st.just("found"), st.sampled_from([Circumstance.BED_BOUND, Circumstance.FIRE_IN_LAST_YEAR])),
    st.tuples(st.just("override"), st.sampled_from(RiskLevel)),
    st.tuples(st.just("escalate"), st.none()),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.frozensets(st.sampled_from(ReferralReason), min_size=1, max_size=2),
    late=st.integers(0, 20),
    taken=st.lists(st.tuples(steps, st.integers(1, 200)), max_size=7),
)
def test_looking_again_never_buys_time(
    session: GuardedSession,
    arrange: Arranger,
    first: frozenset[ReferralReason],
    late: int,
    taken: list[tuple[tuple[str, object], int]],
) -> None:
    fire = arrange.agency(AgencyKind.FIRE)
    home = GivenAddress(lines=f"{next(HOMES)} Example Street", postcode="NW1 0AA")
    with unit_of_work(session, SYSTEM, now=NOW) as work:
        given_first = command(fire, *first, address=home, received_at=NOW - timedelta(days=late))
        case_id = receive(work, given_first).case_id
    now: datetime = NOW
    for (step, what), hours in taken:
        now += timedelta(hours=hours)
        with unit_of_work(session, SYSTEM, now=now) as work:
            case = work.session.get_one(Case, case_id)
            if step == "looks again":
                reassess(work, case)
            elif step == "another voice":
                receive(work, command(fire, *what, address=home))  # type: ignore[misc]
            elif step == "found":
                reassess(work, case, extra_factors=[Factor(what, FactorSource.VISIT_OBSERVED)])  # type: ignore[arg-type]
            elif step == "escalate":
                assert escalate(work, case).level is RiskLevel.VERY_HIGH
            else:
                try:
                    override(work, case, what, "Because")  # type: ignore[arg-type]
                except Invalid:
                    assert what is case.risk_level
    case = session.get_one(Case, case_id)
    rows = session.scalars(
        select(RiskAssessment)
        .where(RiskAssessment.case_id == case_id)
        .order_by(RiskAssessment.assessed_at, RiskAssessment.id)
    ).all()
    last = rows[-1]
    assert (case.risk_level, case.risk_rank, case.due_at) == (last.level, last.level.rank, last.due_at)
    for before, after in pairwise(rows):
        latest_allowed = due_at(after.level, after.assessed_at, SPANS)
        if after.level.rank <= before.level.rank and before.due_at is not None:
            assert after.due_at is not None
            assert after.due_at <= before.due_at
        if after.due_at is not None and latest_allowed is not None:
            assert after.due_at <= latest_allowed
        assert (after.due_at is None) == (after.level is RiskLevel.LOW)
        if before.overridden and not after.overridden and after.level is not before.level:
            assert after.level.rank < before.level.rank
    open_alerts = session.scalars(select(Alert).where(Alert.case_id == case_id)).all()
    ever = any(row.level is RiskLevel.VERY_HIGH for row in rows)
    assert len(open_alerts) == int(ever)
    session.rollback()
