"""The pages of visits that only show: the officer's list, one visit, what was finished."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from prevention.blueprints.visits.blueprint import bp
from prevention.blueprints.visits.forms import AT_THE_DOOR
from prevention.blueprints.visits.record_differences import Difference, differences
from prevention.blueprints.visits.record_fields import fields_of, form_from
from prevention.blueprints.visits.wording import case_page, next_words
from prevention.domain.account import Permission
from prevention.domain.local_time import LONDON
from prevention.domain.referral import ReferralReason
from prevention.domain.visit import VisitOutcome, VisitState
from prevention.domain.visit_record import from_json
from prevention.extensions import current_session
from prevention.models.case import Case
from prevention.policies.sharing import shared_reasons
from prevention.policies.visits import may_manage_booking
from prevention.queries.visits import cards, history
from prevention.services.visits import drafting, opening
from prevention.services.visits.drafting import Version
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.guards import guarded
from prevention.web.transactions import work_as


@bp.get("/visits/")
@guarded(Permission.VISIT_RECORD)
def my_visits() -> ResponseReturnValue:
    """The officer's list: under way, overdue, today, the next days."""
    day_list = cards.my_visits(current_session(), current_actor(), utc_now())
    return render_template("visits/my_visits.html", days=day_list, today=utc_now().astimezone(LONDON).date())


@bp.get("/visits/<uuid:visit_id>")
@guarded(Permission.CASE_VIEW)
def show(visit_id: UUID) -> ResponseReturnValue:
    """One visit: what to know and do before it, or what came of it after.

    Whoever is to make a visit to a confidential address sees it here, and that they opened it is kept first: no trace,
    no address.
    """
    session, actor = current_session(), current_actor()
    card = cards.visit_card(session, actor, visit_id)
    if card.visit.state is VisitState.FINISHED:
        return render_template("visits/summary.html", **_summary(visit_id))
    if card.may_open and card.address is None:
        with work_as(actor) as work:
            opening.note_opened(work, visit_id)
        card = cards.visit_card(session, actor, visit_id)
    draft = history.draft_of(session, visit_id)
    return render_template(
        "visits/show.html",
        card=card,
        visit=card.visit,
        reasons=_reasons(card.visit.case),
        earlier=[
            (before, from_json(card.screened(before.record)))
            for before in history.earlier_visits(session, actor, card.visit)
        ],
        may_manage=may_manage_booking(actor, card.visit).allowed,
        at_the_door=AT_THE_DOOR[2:],
        has_draft=draft is not None and bool(drafting.read_draft(draft).fields),
        late=_not_used(card) if card.visit.state is VisitState.CANCELLED and card.may_record else [],
        case_url=case_page("cases.show", card.visit.case_id),
        reveal_url=case_page("cases.reveal", card.visit.case_id) if card.may_reveal else None,
        escalate_url=case_page("cases.urgent", card.visit.case_id),
    )


@bp.get("/visits/<uuid:visit_id>/print")
@guarded(Permission.CASE_VIEW)
def print_summary(visit_id: UUID) -> ResponseReturnValue:
    """The summary of a finished visit, for paper."""
    if _state_of(visit_id) is not VisitState.FINISHED:
        return redirect(url_for("visits.show", visit_id=visit_id))
    return render_template("visits/print_summary.html", **_summary(visit_id))


def _state_of(visit_id: UUID) -> VisitState:
    return cards.visit_card(current_session(), current_actor(), visit_id).visit.state


def _summary(visit_id: UUID) -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    card = cards.finished_visit(session, actor, visit_id)
    visit = card.visit
    names = history.names_of(session, {visit.recorded_by} if visit.recorded_by else set())
    outcome = visit.outcome or VisitOutcome.COMPLETED
    return {
        "card": card,
        "visit": visit,
        "record": from_json(card.screened(visit.record)),
        "followups": history.followups_of(session, visit_id),
        "next_words": next_words(card, outcome, counting_this=False),
        "recorded_by": names.get(visit.recorded_by) if visit.recorded_by else None,
        "late": _not_used(card),
        "case_url": case_page("cases.show", visit.case_id),
        "autosave_url": url_for("visits.autosave", visit_id=visit_id),
        "handling": "Official – sensitive. Personal details: keep it safe, destroy it when it is not needed.",
    }


def _not_used(card: cards.VisitCard) -> list[tuple[Version, list[Difference]]]:
    """Versions of the form kept beside a visit that is over, and where each differs from what was saved."""
    visit = card.visit
    saved = fields_of(from_json(visit.record))
    year = utc_now().astimezone(LONDON).year
    others = drafting.read_others(history.draft_of(current_session(), visit.id))
    compared = [(other, differences(fields_of(form_from(other.fields).to_record(year)), saved)) for other in others]
    return [
        (other, [replace(one, mine=card.screened(one.mine), other=card.screened(one.other)) for one in found])
        for other, found in compared
        if found
    ]


def _reasons(case: Case | None) -> tuple[ReferralReason, ...]:
    return shared_reasons(current_actor(), case.reasons) if case else ()
