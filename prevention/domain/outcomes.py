"""What each visit outcome means: for the count, for the officer, for the referrer, and for what happens next.

The codes are domain.md 1.7; the next steps are 1.11. Numbers in sentences come from the follow-up rules' data.
"""

from dataclasses import dataclass
from enum import StrEnum

from prevention.domain.followup import FollowUpKind
from prevention.domain.followup_rules import FollowUpRules, next_attempt
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome


class Needed(StrEnum):
    """A field of the visit form that an outcome may require; the value is the field's name on the form."""

    SEEN = "seen"
    ALARMS = "alarms"
    ESCAPE_PLAN = "escape-discussed"
    RISK_AFTER = "risk_after"
    LEFT_TO_DO = "left_to_do"
    REFUSED_BY = "refusal-who"
    CAPACITY = "refusal-capacity_concern"
    RISK_EXPLAINED = "refusal-risk_explained"
    ALTERNATIVE = "refusal-alternative"
    NOTES = "notes"


_REFUSAL = frozenset({Needed.REFUSED_BY, Needed.CAPACITY, Needed.RISK_EXPLAINED, Needed.ALTERNATIVE})


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """What one outcome means.

    ``counts_as_hfsv``: counted as a home fire safety visit in the national return. ``requires_next_step``: somebody
    still has something to do for this home. ``ends_need``: no visit to this home is needed any more. ``is_attempt``:
    somebody tried and failed to reach the home, so it counts as an attempt. ``needs``: what the officer must record.
    ``feedback_text_for_referrer``: safe words, nothing about health, crime, family or where anybody is. ``next_step``:
    one sentence for the officer's screen.
    """

    counts_as_hfsv: bool
    requires_next_step: bool
    ends_need: bool
    feedback_text_for_referrer: str
    next_step: str
    needs: frozenset[Needed] = frozenset()
    is_attempt: bool = False


_NOT_VISITED = "We could not complete a visit at this address. The case has been reviewed and no visit is planned."
_NOT_TAKEN_UP = "A visit was offered and was not taken up this time. Advice is available on request."
_NOW_VERY_HIGH = (
    "This home is now at very high risk: the coordinators are alerted, the case stays open and they decide what else is"
    " done. If somebody is in danger now, call 999."
)
_STILL_VERY_HIGH = (
    "This home is still at very high risk: the case stays open and the coordinator decides what else is done."
)
_STILL_TRYING = "We have not been able to complete the visit yet. We are still working on it."

_FACTS: dict[VisitOutcome, OutcomeFacts] = {
    VisitOutcome.COMPLETED: OutcomeFacts(
        counts_as_hfsv=True,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="The home was visited and safety advice was given. Thank you for the referral.",
        next_step="The coordinator checks that everything is in hand and closes the case; the referrer is told.",
        needs=frozenset({Needed.SEEN, Needed.ALARMS, Needed.ESCAPE_PLAN, Needed.RISK_AFTER}),
    ),
    VisitOutcome.COMPLETED_PARTIAL: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer="The visit was started and we are going back to finish it.",
        next_step="A return visit is planned within {again}; what you recorded is kept and opens again there.",
        needs=frozenset({Needed.LEFT_TO_DO}),
    ),
    VisitOutcome.REFUSED_AT_DOOR: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer=_NOT_TAKEN_UP,
        next_step="The coordinator looks for another way in.",
        needs=_REFUSAL,
    ),
    VisitOutcome.REFUSED_BY_PHONE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer=_NOT_TAKEN_UP,
        next_step="The coordinator looks for another way in.",
        needs=_REFUSAL,
    ),
    VisitOutcome.NO_ACCESS_NO_REPLY: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer="We called at the home and there was no reply. We are trying again.",
        next_step="",
        is_attempt=True,
    ),
    VisitOutcome.NO_ACCESS_UNSAFE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer=_STILL_TRYING,
        next_step="Do not go back alone: a supervisor plans a joint visit.",
        needs=frozenset({Needed.NOTES}),
        is_attempt=True,
    ),
    VisitOutcome.NOT_CONTACTABLE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer="We have not been able to reach anyone at the home. Please tell us if you can help.",
        next_step="The referrer is asked for help, and the coordinator decides what to do.",
        is_attempt=True,
    ),
    VisitOutcome.MOVED_AWAY: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=True,
        feedback_text_for_referrer="The visit to this address is no longer needed. Please tell us if you know more.",
        next_step="The coordinator looks for the new address: the risk goes with the person.",
    ),
    VisitOutcome.DECEASED: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="No visit is needed.",
        next_step="The case closes and nobody contacts the family again.",
    ),
    VisitOutcome.HOSPITAL_OR_RESPITE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer=_STILL_TRYING,
        next_step="The case waits, its deadline stays in view, and somebody asks again when the resident will be home.",
    ),
    VisitOutcome.WRONG_ADDRESS: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer="We could not find the home from the address given. Please check it and tell us.",
        next_step="The referrer is asked for the right address.",
        needs=frozenset({Needed.NOTES}),
    ),
    VisitOutcome.VACANT_OR_DEMOLISHED: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="Nobody lives at the address given, so no visit is planned.",
        next_step="The case closes and the referrer is told.",
    ),
    VisitOutcome.ALREADY_VISITED: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="This home was visited recently and nothing new was needed.",
        next_step="The case closes and the referrer is told.",
    ),
    VisitOutcome.DUPLICATE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="This home is already being looked after under another reference.",
        next_step="The case closes; the other case carries on.",
    ),
    VisitOutcome.NOT_ELIGIBLE_LOW_RISK: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="Advice was given. A visit is not needed under our rules.",
        next_step="The resident is sent to the online home fire safety checker and the case ends.",
    ),
    VisitOutcome.REDIRECTED_OUT_OF_AREA: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=False,
        ends_need=True,
        feedback_text_for_referrer="The address is outside the area this service covers. It was passed on.",
        next_step="The coordinator passes it to the service that covers the address, and the case ends here.",
        needs=frozenset({Needed.NOTES}),
    ),
    VisitOutcome.CANCELLED_BY_RESIDENT: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer=_STILL_TRYING,
        next_step="Somebody contacts the resident to book another time.",
    ),
    VisitOutcome.CANCELLED_BY_SERVICE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer=_STILL_TRYING,
        next_step="The visit goes back to the team to be booked again.",
        needs=frozenset({Needed.NOTES}),
    ),
    VisitOutcome.LANDLORD_RESPONSIBLE: OutcomeFacts(
        counts_as_hfsv=False,
        requires_next_step=True,
        ends_need=False,
        feedback_text_for_referrer="The landlord is responsible and has been told.",
        next_step="The landlord is told, and somebody checks that it was done.",
        needs=frozenset({Needed.NOTES}),
    ),
}


#: The outcomes of a visit that got into the home, and so can say something about it.
GOT_IN = frozenset({VisitOutcome.COMPLETED, VisitOutcome.COMPLETED_PARTIAL})


def facts(outcome: VisitOutcome) -> OutcomeFacts:
    """What ``outcome`` means."""
    return _FACTS[outcome]


def feedback_for_referrer(outcome: VisitOutcome | None, *, closed: bool) -> str:
    """What the referrer is told, in safe words. ``closed``: the case is over, so nothing promises another attempt."""
    if outcome is None:
        return _NOT_VISITED if closed else "Thank you. The referral is being looked at."
    said = facts(outcome)
    if closed and not said.ends_need:
        refused = {VisitOutcome.REFUSED_AT_DOOR, VisitOutcome.REFUSED_BY_PHONE, VisitOutcome.LANDLORD_RESPONSIBLE}
        return said.feedback_text_for_referrer if outcome in refused else _NOT_VISITED
    return said.feedback_text_for_referrer


def what_happens_next(
    outcome: VisitOutcome,
    level: RiskLevel,
    rules: FollowUpRules,
    *,
    attempts_so_far: int = 1,
    do_not_leave_card: bool = False,
    level_before: RiskLevel | None = None,
    at_the_door: bool = True,
) -> str:
    """One or two sentences for the officer's screen: what to do while they are ``at_the_door``, and what happens next.

    ``attempts_so_far`` counts failed attempts, this one included. ``do_not_leave_card`` turns the card round
    (domain.md 1.10: a card can put someone in danger). ``level_before`` is the level before the visit, where known.
    """
    card = f"{_about_the_card(do_not_leave_card=do_not_leave_card)} " if at_the_door else ""
    if outcome is VisitOutcome.NO_ACCESS_NO_REPLY:
        return card + _after_no_reply(level, rules, attempts_so_far)
    if outcome is VisitOutcome.COMPLETED and level is RiskLevel.VERY_HIGH:
        return _NOW_VERY_HIGH if level_before not in {None, level} else _STILL_VERY_HIGH
    if outcome is VisitOutcome.COMPLETED_PARTIAL:
        found = next_attempt(outcome, level, attempts_so_far, rules)
        again = found.rule.within.words if found else "the time the coordinator sets"
        return facts(outcome).next_step.format(again=again)
    if outcome in {VisitOutcome.REFUSED_AT_DOOR, VisitOutcome.REFUSED_BY_PHONE}:
        return _after_refusal(outcome, level, rules)
    if outcome is VisitOutcome.NO_ACCESS_UNSAFE and do_not_leave_card:
        return card + facts(outcome).next_step
    return facts(outcome).next_step


def _about_the_card(*, do_not_leave_card: bool) -> str:
    if do_not_leave_card:
        return "Do not leave a card and do not speak to neighbours."
    return "Leave a card."


def _after_no_reply(level: RiskLevel, rules: FollowUpRules, attempts: int) -> str:
    outcome = VisitOutcome.NO_ACCESS_NO_REPLY
    again = next_attempt(outcome, level, attempts, rules)
    held = [item.rule for item in rules.outcomes if item.holds(outcome, level, attempts)]
    call = next((rule for rule in held if rule.kind is FollowUpKind.CALL_BACK), None)
    if again and call:
        return (
            f"Somebody phones the resident and the referrer within {call.within.words}, a second attempt is made "
            f"within {again.rule.within.words}, and a manager decides what happens next."
        )
    if again:
        count = f" (attempt {attempts + 1} of {again.of_attempts})" if again.of_attempts else ""
        return f"Somebody tries again within {again.rule.within.words}, at another time of day{count}."
    letter = next((rule for rule in held if rule.kind is FollowUpKind.SEND_LETTER), None)
    if letter is None:
        return "The coordinator decides what happens next."
    told = any(rule.kind is FollowUpKind.FEEDBACK_TO_REFERRER for rule in held)
    return f"A letter or text goes out within {letter.within.words}{', and the referrer is told' if told else ''}."


def _after_refusal(outcome: VisitOutcome, level: RiskLevel, rules: FollowUpRules) -> str:
    for item in rules.outcomes:
        if item.rule.kind is FollowUpKind.REVIEW_REFUSAL and item.holds(outcome, level, 1):
            manager = (
                "a manager decides on a joint visit, safeguarding or a panel"
                if level is RiskLevel.VERY_HIGH
                else ("the coordinator looks for another way in")
            )
            return f"The referrer is told, {manager}, and the refusal is looked at again in {item.rule.within.words}."
    return "The referrer is told, and advice can be sent; the coordinator then closes the case."
