"""The form of the review list: one answer and, where it helps, why."""

from flask_wtf import FlaskForm
from wtforms.validators import InputRequired

from prevention.domain.match import ReviewAnswer
from prevention.web.fields import EnumRadiosField, LongTextField


class AnswerForm(FlaskForm):  # type: ignore[misc]  # the package ships no types
    """How the referral and the case are related."""

    answer = EnumRadiosField(
        ReviewAnswer,
        "How are they related?",
        [InputRequired("Choose how they are related")],
        hints={
            ReviewAnswer.SAME_CONCERN.value: "One visit answers both.",
            ReviewAnswer.SAME_HOME_SAME_CONCERN.value: "One visit answers both. Nobody is taken for somebody else.",
            ReviewAnswer.SAME_PERSON_NEW_CONCERN.value: "Both stay open and are known to be about one person.",
            ReviewAnswer.SAME_HOUSEHOLD.value: "Both stay open and are known to be about one household.",
            ReviewAnswer.NOT_RELATED.value: "Both stay as they are. You are not asked again.",
        },
    )
    reason = LongTextField(
        "Why? (optional)",
        limit=500,
        rows=2,
        filters=[lambda text: text.replace("\x00", "") if text else text],
    )
