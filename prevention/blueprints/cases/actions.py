"""What can be done with a case: one short form each, or one button."""

from dataclasses import replace
from datetime import date, datetime, time
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from prevention.blueprints.cases.blueprint import bp
from prevention.blueprints.cases.forms import (
    ActionForm,
    AnswerMarkForm,
    AssignForm,
    CloseForm,
    ContactForm,
    HoldForm,
    KeepMarkForm,
    NoteForm,
    OverrideForm,
    ReasonForm,
    RedirectForm,
    RejectForm,
    RevealForm,
    TakeMarkOffForm,
    WithdrawMarkForm,
)
from prevention.blueprints.cases.performing import Action, header_for, perform
from prevention.domain.account import Permission
from prevention.domain.confidentiality import RemovalAnswer, load_confidentiality_rules
from prevention.domain.followup import OPEN_FOLLOWUP_STATES
from prevention.domain.local_time import LONDON
from prevention.domain.risk import RiskLevel
from prevention.errors import Conflict, NotAllowed
from prevention.extensions import current_session
from prevention.models.case import Case
from prevention.queries.cases.activity import followups_of
from prevention.queries.cases.counts import Owner, other_agencies, owners
from prevention.queries.cases.header import CaseHeader
from prevention.queries.confidentiality import mark_of
from prevention.queries.coverage import areas_of
from prevention.services.cases import (
    assigning,
    closing,
    contacting,
    escalating,
    holding,
    noting,
    triage,
)
from prevention.services.confidentiality import marking, revealing
from prevention.services.matches import separating
from prevention.services.work import Work
from prevention.unit_of_work import utc_now
from prevention.web.auth import current_actor
from prevention.web.filters import local_date, sentence_list
from prevention.web.guards import guarded
from prevention.web.transactions import work_as

#: When on its review day a held case, or the next try, comes up: the start of the desk's day in London.
_MORNING = time(9)

_SEPARATED = Markup(
    'Referral separated. It has a case of its own now: <a class="govuk-notification-banner__link" href="{}">{}</a>.'
)

ACCEPT = Action("Accept this case", "Accept", Permission.CASE_TRIAGE, lambda rights: rights.accept)
RESUME = Action("Take this case up again", "Take up again", Permission.CASE_TRIAGE, lambda rights: rights.resume)
SIGNPOST = Action(
    "Answer with advice only",
    "Send advice and close",
    Permission.CASE_TRIAGE,
    lambda rights: rights.signpost,
    intro="The risk is low: nobody visits. The referrer is told that advice and the online checker are there.",
)
REJECT = Action(
    "Reject this case",
    "Reject the case",
    Permission.CASE_TRIAGE,
    lambda rights: rights.reject,
    intro="The case is closed and each referrer is told why, in the words below.",
    kind="warning",
)
REDIRECT = Action(
    "Pass this case on",
    "Pass it on",
    Permission.CASE_TRIAGE,
    lambda rights: rights.redirect,
    intro="Another agency’s desk owns the case from then on and triages it. Your agency stays involved and can see it.",
)
HOLD = Action(
    "Put this case on hold",
    "Put on hold",
    Permission.CASE_TRIAGE,
    lambda rights: rights.hold,
    intro="The clock goes on: a hold does not move the deadline.",
)
ASSIGN = Action("Assign this case", "Assign", Permission.CASE_ASSIGN, lambda rights: rights.assign)
CONTACT = Action("Log a contact attempt", "Save", Permission.CASE_CONTACT, lambda rights: rights.contact)
NOTE = Action("Write a note", "Save note", Permission.CASE_CONTACT, lambda rights: rights.note, for_involved=True)
OVERRIDE = Action(
    "Change the risk level",
    "Change risk level",
    Permission.CASE_TRIAGE,
    lambda rights: rights.override,
    intro="When the risk rises, the earlier of the two deadlines stands.",
)
CLOSE = Action(
    "Close this case",
    "Close the case",
    Permission.CASE_CLOSE,
    lambda rights: rights.close,
    intro="Each referrer who gave a mailbox is told the outcome in safe words.",
)
REOPEN = Action(
    "Open this case again",
    "Open again",
    Permission.CASE_TRIAGE,
    lambda rights: rights.reopen,
    intro="It goes back to triage with its last owner. The deadline stays; if it has passed, a new clock starts.",
)
SEPARATE = Action(
    "Separate a referral from this case",
    "Separate it",
    Permission.CASE_TRIAGE,
    lambda rights: rights.separate,
    intro="The referral gets a case of its own. Nothing is deleted: visits, notes and follow-ups stay on this case.",
)
REVEAL = Action(
    "Show the confidential address", "Show the address", Permission.ADDRESS_REVEAL, lambda rights: rights.reveal
)

KEEP_MARK = Action(
    "Keep this address confidential",
    "Keep it confidential",
    Permission.ADDRESS_REVEAL,
    lambda rights: rights.mark,
    intro="Somebody of your agency is asked again on the day you choose.",
)
TAKE_MARK_OFF = Action(
    "Ask to show this address again",
    "Ask a second person",
    Permission.ADDRESS_REVEAL,
    lambda rights: rights.mark,
    intro="Nothing is shown until a second person agrees: of the service whose referral keeps the address "
    "confidential, or else of yours.",
    kind="warning",
)
ANSWER_MARK = Action(
    "Answer: is this address still confidential?",
    "Save answer",
    Permission.ADDRESS_REVEAL,
    lambda _: True,
    intro="When the mark comes off, everybody who may see the case sees the address.",
    for_involved=True,
)
WITHDRAW_MARK = Action(
    "Leave this address confidential", "Withdraw the question", Permission.ADDRESS_REVEAL, lambda rights: rights.mark
)


@bp.route("/<uuid:case_id>/accept", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def accept(case_id: UUID) -> ResponseReturnValue:
    form, header = ActionForm(), header_for(case_id, ACCEPT)

    def apply(work: Work) -> None:
        triage.accept(work, case_id, version=form.seen_version)

    return perform(header, ACCEPT, form, apply, "Case accepted. Next: assign it to a team or an officer.")


@bp.route("/<uuid:case_id>/reject", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def reject(case_id: UUID) -> ResponseReturnValue:
    form, header = RejectForm(), header_for(case_id, REJECT)
    if header.case.risk_level is RiskLevel.VERY_HIGH:
        form.ask_for_decision()

    def apply(work: Work) -> None:
        triage.reject(work, case_id, version=form.seen_version, reason=form.reason.data, note=form.note.data or "")

    return perform(header, REJECT, form, apply, "Case rejected and closed. The referrers are told why.")


@bp.route("/<uuid:case_id>/advice", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def signpost(case_id: UUID) -> ResponseReturnValue:
    form, header = ActionForm(), header_for(case_id, SIGNPOST)

    def apply(work: Work) -> None:
        triage.signpost(work, case_id, version=form.seen_version)

    return perform(header, SIGNPOST, form, apply, "Case answered with advice and closed. The referrers are told.")


@bp.route("/<uuid:case_id>/redirect", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def redirect_case(case_id: UUID) -> ResponseReturnValue:
    header = header_for(case_id, REDIRECT)
    form = RedirectForm()
    session, agency_id = current_session(), header.case.owner_agency_id
    teams = [owner for owner in owners(session, agency_id, [areas_of(header.case)]) if owner.user_id is None]
    form.to.choices = {
        "": "Choose one",
        **{f"agency:{other}": name for other, name in other_agencies(session, agency_id)},
        **{owner.value: f"Your agency: {_words(owner)}" for owner in teams},
        "outside": "A service outside this list (closes the case here)",
    }
    if header.case.risk_level is RiskLevel.VERY_HIGH:
        form.ask_who_goes()

    def apply(work: Work) -> None:
        kind, _, which = str(form.to.data).partition(":")
        version, why, note = form.seen_version, form.why.data, form.reason.data or ""
        if kind == "team":
            triage.pass_to_team(work, case_id, version=version, team_id=UUID(which), why=why, note=note)
        else:
            agency = UUID(which) if kind == "agency" else None
            triage.redirect(work, case_id, version=version, agency_id=agency, why=why, note=note)

    return perform(
        header,
        REDIRECT,
        form,
        apply,
        "Case passed on. The new owner sees it in their queue.",
        names={"agency": "to", "owner": "to"},
    )


@bp.route("/<uuid:case_id>/hold", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def hold(case_id: UUID) -> ResponseReturnValue:
    form, header = HoldForm(), header_for(case_id, HOLD)

    def apply(work: Work) -> None:
        holding.hold(
            work,
            case_id,
            version=form.seen_version,
            reason=form.reason.data,
            until=_morning_of(form.review_on.data) or work.now,
        )

    return perform(header, HOLD, form, apply, "Case on hold. It comes up again on its review date; the clock goes on.")


@bp.route("/<uuid:case_id>/resume", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def resume(case_id: UUID) -> ResponseReturnValue:
    form, header = ActionForm(), header_for(case_id, RESUME)

    def apply(work: Work) -> None:
        holding.resume(work, case_id, version=form.seen_version)

    return perform(header, RESUME, form, apply, "The hold has ended. The case goes on where it was.")


@bp.route("/<uuid:case_id>/assign", methods=["GET", "POST"])
@guarded(Permission.CASE_ASSIGN)
def assign(case_id: UUID) -> ResponseReturnValue:
    header = header_for(case_id, ASSIGN)
    form = AssignForm()
    choices = owners(current_session(), header.case.owner_agency_id, [areas_of(header.case)])
    form.owner.choices = {"": "Choose one", **{owner.value: _choice(owner, header) for owner in choices}}

    def apply(work: Work) -> None:
        to = form.holder
        assigning.assign(
            work,
            case_id,
            version=form.seen_version,
            team_id=to.team_id,
            user_id=to.user_id,
            note=form.note.data or "",
        )

    who = next((owner.name for owner in choices if owner.value == form.owner.data), "")
    return perform(header, ASSIGN, form, apply, f"Case assigned to {who}. They see it from now on.")


@bp.route("/<uuid:case_id>/contact", methods=["GET", "POST"])
@guarded(Permission.CASE_CONTACT)
def contact(case_id: UUID) -> ResponseReturnValue:
    form, header = ContactForm(), header_for(case_id, CONTACT)

    def apply(work: Work) -> None:
        contacting.log_contact(
            work,
            case_id,
            version=form.seen_version,
            method=form.method.data,
            result=form.result.data,
            note=form.note.data or "",
            try_again_at=_morning_of(form.try_again_on.data),
        )

    return perform(header, CONTACT, form, apply, "Contact attempt saved. The case says what comes next.")


@bp.route("/<uuid:case_id>/note", methods=["GET", "POST"])
@guarded(Permission.CASE_CONTACT)
def note(case_id: UUID) -> ResponseReturnValue:
    form, header = NoteForm(), header_for(case_id, NOTE)

    def apply(work: Work) -> None:
        noting.add_note(
            work, case_id, version=form.seen_version, text=form.text.data or "", shared=bool(form.shared.data)
        )

    return perform(header, NOTE, form, apply, "Note saved.")


@bp.route("/<uuid:case_id>/risk", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def override(case_id: UUID) -> ResponseReturnValue:
    form, header = OverrideForm(), header_for(case_id, OVERRIDE)

    def apply(work: Work) -> None:
        triage.override_risk(
            work, case_id, version=form.seen_version, level=form.level.data, reason=form.reason.data or ""
        )

    return perform(header, OVERRIDE, form, apply, "Risk level changed. Your name and reason stay with it.")


@bp.route("/<uuid:case_id>/close", methods=["GET", "POST"])
@guarded(Permission.CASE_CLOSE)
def close(case_id: UUID) -> ResponseReturnValue:
    header = header_for(case_id, CLOSE)
    form = CloseForm(data={"outcome": header.case.outcome})
    if header.case.risk_level is not RiskLevel.VERY_HIGH:
        del form.manager_decision

    def apply(work: Work) -> None:
        closing.close(
            work,
            case_id,
            version=form.seen_version,
            outcome=form.outcome.data,
            manager_decision=(form.manager_decision.data or "") if "manager_decision" in form else "",
        )

    action = replace(CLOSE, intro=f"{CLOSE.intro} {_still_to_do(case_id)}".strip())
    return perform(header, action, form, apply, "Case closed. The referrers who gave a mailbox are told the outcome.")


def _still_to_do(case_id: UUID) -> str:
    """What was promised to the home and is not done, so that nobody closes a case for want of knowing it."""
    waiting = [
        f"{one.kind.label.lower()} by {local_date(one.due_at)}"
        for one in followups_of(current_session(), current_actor(), case_id)
        if one.state in OPEN_FOLLOWUP_STATES
    ]
    return f"Still to do, and on Follow-ups after closing too: {sentence_list(waiting)}." if waiting else ""


@bp.route("/<uuid:case_id>/reopen", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def reopen(case_id: UUID) -> ResponseReturnValue:
    form, header = ReasonForm(), header_for(case_id, REOPEN)

    def apply(work: Work) -> None:
        closing.reopen(work, case_id, version=form.seen_version, reason=form.reason.data or "")

    return perform(header, REOPEN, form, apply, "Case opened again. Next: set the risk level and decide who visits.")


@bp.route("/<uuid:case_id>/referrals/<uuid:link_id>/separate", methods=["GET", "POST"])
@guarded(Permission.CASE_TRIAGE)
def separate(case_id: UUID, link_id: UUID) -> ResponseReturnValue:
    form, header = ReasonForm(), header_for(case_id, SEPARATE)

    def apply(work: Work) -> Case:
        version, reason = form.seen_version, form.reason.data or ""
        return separating.separate_referral(work, case_id, link_id, version=version, reason=reason)

    def done(own: Case) -> str:
        return _SEPARATED.format(url_for("cases.show", case_id=own.id), own.reference)

    return perform(header, SEPARATE, form, apply, done)


@bp.post("/<uuid:case_id>/urgent")
@guarded(Permission.CASE_ESCALATE)
def urgent(case_id: UUID) -> ResponseReturnValue:
    """One tap by anybody involved: very high at once."""
    with work_as(current_actor()) as work:
        raised = escalating.escalate(work, case_id)
    which = "The case" if raised.id == case_id else "The case that goes on for this one"
    flash(f"Raised as an urgent fire risk. {which} is very high and its coordinators are alerted now.", "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


@bp.route("/<uuid:case_id>/address", methods=["GET", "POST"])
@guarded(Permission.ADDRESS_REVEAL)
def reveal(case_id: UUID) -> ResponseReturnValue:
    """The confidential address, in this one answer: asking again asks for the reason again."""
    header = header_for(case_id, REVEAL)
    form = RevealForm()
    if not form.validate_on_submit():
        return render_template("cases/reveal.html", header=header, case=header.case, action=REVEAL, form=form)
    try:
        with work_as(current_actor()) as work:
            address = revealing.reveal_address(work, case_id, reason=form.reason.data)
    except Conflict:
        return redirect(url_for("cases.show", case_id=case_id), 303)
    header = header_for(case_id, REVEAL)
    return render_template("cases/revealed.html", header=header, case=header.case, address=address)


@bp.route("/<uuid:case_id>/address/keep", methods=["GET", "POST"])
@guarded(Permission.ADDRESS_REVEAL)
def keep_mark(case_id: UUID) -> ResponseReturnValue:
    """Review the mark of a confidential address, and keep it until another day."""
    header = header_for(case_id, KEEP_MARK)
    form = KeepMarkForm(data={"review_on": load_confidentiality_rules().proposed_review(utc_now())})

    def apply(work: Work) -> None:
        marking.keep(
            work,
            case_id,
            version=form.seen_version,
            review_on=form.review_on.data,
            reason=form.reason.data or "",
        )

    return perform(header, KEEP_MARK, form, apply, "The address stays confidential. You are asked again on that day.")


@bp.route("/<uuid:case_id>/address/show-again", methods=["GET", "POST"])
@guarded(Permission.ADDRESS_REVEAL)
def take_mark_off(case_id: UUID) -> ResponseReturnValue:
    """Ask a second person to agree that the address is shown again."""
    form, header = TakeMarkOffForm(), header_for(case_id, TAKE_MARK_OFF)

    def apply(work: Work) -> None:
        marking.ask_to_take_off(work, case_id, version=form.seen_version, reason=form.reason.data or "")

    return perform(
        header, TAKE_MARK_OFF, form, apply, "A second person is asked. Until they agree, the address is not shown."
    )


@bp.route("/<uuid:case_id>/address/answer", methods=["GET", "POST"])
@guarded(Permission.ADDRESS_REVEAL)
def answer_mark(case_id: UUID) -> ResponseReturnValue:
    """Answer a colleague, or another service, who asks to show the address again. One's own question is withdrawn."""
    header = header_for(case_id, ANSWER_MARK)
    mark = mark_of(current_session(), current_actor(), header.case, [agency.id for agency in header.involved])
    if mark is None or not (mark.may_answer or mark.may_withdraw):
        raise NotAllowed("Nobody asks you about this address.")
    form = AnswerMarkForm() if mark.may_answer else WithdrawMarkForm()
    agree = mark.may_answer and form.agree.data is RemovalAnswer.COMES_OFF

    def apply(work: Work) -> None:
        marking.answer_removal(work, case_id, version=form.seen_version, agree=agree, words=form.words.data or "")

    done = "The address is no longer confidential: it is shown from now on." if agree else "It stays confidential."
    return perform(header, ANSWER_MARK if mark.may_answer else WITHDRAW_MARK, form, apply, done)


def _morning_of(day: date | None) -> datetime | None:
    return datetime.combine(day, _MORNING, tzinfo=LONDON) if day else None


def _words(owner: Owner) -> str:
    return f"{owner.name}: {owner.open_cases} open"


def _choice(owner: Owner, header: CaseHeader) -> str:
    covers = f", covers {header.borough}" if owner.covers and header.borough and owner.user_id is None else ""
    name = f"{owner.name} ({owner.team_name})" if owner.user_id and owner.team_name else owner.name
    return f"{name}: {owner.open_cases} open{covers}"
