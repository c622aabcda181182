"""A policy's two faces agree: what it says of a row is what its condition finds, whoever asks."""

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from prevention.domain.account import PUBLIC, SYSTEM, Actor, Role
from prevention.domain.agency import AgencyKind
from prevention.models.case import Case, CaseInvolvement, ReferralLink
from prevention.models.match import MatchCandidate
from prevention.policies.cases import may_view_case, visible_cases
from prevention.policies.matches import may_review, reviewable_cases
from prevention.unit_of_work import GuardedSession
from tests.support.arranging import NOW, Arranger


@pytest.fixture
def world(arrange: Arranger) -> list[Actor]:
    """Three agencies; a case for every way of owning and being involved; an actor for every role in each."""
    agencies = [arrange.agency(kind) for kind in (AgencyKind.FIRE, AgencyKind.AMBULANCE, AgencyKind.POLICE)]
    cases = []
    for owner in agencies:
        for flags in product((False, True), repeat=len(agencies)):
            case = arrange.case(owner, referrals=(arrange.referral(owner),))
            for agency, involved in zip(agencies, flags, strict=True):
                if involved and agency is not owner:
                    arrange.save(CaseInvolvement(case_id=case.id, agency_id=agency.id, since=NOW))
            cases.append(case)
    for number, case in enumerate(cases):
        arrange.candidate(case.referral_links[0].referral, cases[(number * 7 + 5) % len(cases)])
    actors = [
        Actor(user_id=None, agency_id=agency.id, agency_kind=agency.kind, role=role)
        for agency in agencies
        for role in Role
    ]
    return [*actors, PUBLIC, SYSTEM]


def test_visible_cases_are_those_that_may_be_viewed(world: list[Actor], session: GuardedSession) -> None:
    cases = session.scalars(select(Case)).all()
    involved = _involved(session)
    for actor in world:
        found = set(session.scalars(select(Case.id).where(visible_cases(actor))))
        assert found == {case.id for case in cases if may_view_case(actor, involved[case.id]).allowed}, actor


def test_reviewable_pairs_are_those_that_may_be_reviewed(world: list[Actor], session: GuardedSession) -> None:
    own = aliased(Case)
    pairs = (
        select(MatchCandidate.id, Case, own)
        .join(Case, Case.id == MatchCandidate.case_id)
        .join(ReferralLink, ReferralLink.referral_id == MatchCandidate.referral_id)
        .join(own, own.id == ReferralLink.case_id)
    )
    involved = _involved(session)
    every = session.execute(pairs).all()
    assert every
    for actor in world:
        found = {row[0] for row in session.execute(pairs.where(reviewable_cases(actor, Case, own)))}
        expected = {
            candidate
            for candidate, case, one in every
            if may_review(actor, case, involved[case.id], one, involved[one.id]).allowed
        }
        assert found == expected, actor


def _involved(session: GuardedSession) -> dict[object, set[object]]:
    found: dict[object, set[object]] = {}
    for row in session.scalars(select(CaseInvolvement)):
        found.setdefault(row.case_id, set()).add(row.agency_id)
    return found
