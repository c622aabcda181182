"""Follow-ups: what must happen later (domain.md section 8, ``follow_up_type``)."""

from enum import StrEnum


class FollowUpKind(StrEnum):
    """What must happen."""

    REVISIT = "REVISIT"
    FIT_EQUIPMENT = "FIT_EQUIPMENT"
    ORDER_EQUIPMENT = "ORDER_EQUIPMENT"
    CALL_BACK = "CALL_BACK"
    JOINT_VISIT = "JOINT_VISIT"
    SEND_LETTER = "SEND_LETTER"
    RAISE_SAFEGUARDING = "RAISE_SAFEGUARDING"
    CHASE_ONWARD_REFERRAL = "CHASE_ONWARD_REFERRAL"
    SHARE_WITH_CARER = "SHARE_WITH_CARER"
    REVIEW_REFUSAL = "REVIEW_REFUSAL"
    RECHECK_AFTER_MOVE = "RECHECK_AFTER_MOVE"
    ALARM_EXPIRY = "ALARM_EXPIRY"
    SANCTUARY_REVIEW = "SANCTUARY_REVIEW"
    MARAC_ACTION = "MARAC_ACTION"
    OPERATIONAL_RISK_FLAG = "OPERATIONAL_RISK_FLAG"
    FEEDBACK_TO_REFERRER = "FEEDBACK_TO_REFERRER"
    ACKNOWLEDGE_REVEAL = "ACKNOWLEDGE_REVEAL"
    REVIEW_CONFIDENTIAL_ADDRESS = "REVIEW_CONFIDENTIAL_ADDRESS"
    ANSWER_MARK_REMOVAL = "ANSWER_MARK_REMOVAL"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return {
            "REVISIT": "Visit again",
            "MARAC_ACTION": "MARAC action",
            "FEEDBACK_TO_REFERRER": "Tell the referrer",
            "ACKNOWLEDGE_REVEAL": "Check a look at a confidential address",
            "ANSWER_MARK_REMOVAL": "Answer: is this address still confidential?",
        }.get(self.value, self.value.replace("_", " ").capitalize())


#: About a confidential address: for those who may reveal one, and never put off as not needed.
ABOUT_CONFIDENTIAL_ADDRESSES = frozenset(
    {
        FollowUpKind.ACKNOWLEDGE_REVEAL,
        FollowUpKind.REVIEW_CONFIDENTIAL_ADDRESS,
        FollowUpKind.ANSWER_MARK_REMOVAL,
    }
)
#: Ended by what is decided on the case's page, not by saying that they are done.
ENDED_BY_DECIDING = ABOUT_CONFIDENTIAL_ADDRESSES - {FollowUpKind.ACKNOWLEDGE_REVEAL}
#: Falling due, these become the next thing to do for their case.
NEXT_ACTION_KINDS = frozenset({FollowUpKind.REVISIT, FollowUpKind.CALL_BACK})


class FollowUpState(StrEnum):
    """Where a follow-up stands: waiting for its time, due (somebody was told), or ended."""

    WAITING = "WAITING"
    DUE = "DUE"
    DONE = "DONE"
    CANCELLED = "CANCELLED"

    @property
    def label(self) -> str:
        """The words shown on screen."""
        return self.value.capitalize()


#: The states of a follow-up that has still to be done.
OPEN_FOLLOWUP_STATES = (FollowUpState.WAITING, FollowUpState.DUE)
