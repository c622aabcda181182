"""Forms of what can be done with a case. Every one carries the version of the case its page was made from."""

import hashlib
import re
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import Form, HiddenField
from wtforms.validators import DataRequired, InputRequired

from prevention.domain.address_reveal import RevealReason
from prevention.domain.case import ContactMethod, ContactResult, HoldReason, RedirectReason, RejectReason
from prevention.domain.case_moves import load_next_actions
from prevention.domain.case_selection import Holder
from prevention.domain.confidentiality import LONGEST_REASON, RemovalAnswer
from prevention.domain.risk import RiskLevel
from prevention.domain.visit import VisitOutcome
from prevention.domain.withheld_words import tells_an_address
from prevention.queries.cases.search import LONGEST_SEARCH
from prevention.web.fields import DateField, EnumPickField, EnumRadiosField, LongTextField, PickField, TickField

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_TELLS_AN_ADDRESS = (
    "This looks like an address, and the address of this home is confidential. Take it out. "
    "If it is another place that must be named, save again: addresses are masked wherever this is shown"
)

#: Outcomes a person may close a case with; the rest come from a visit, or from joining two cases.
CLOSING_OUTCOMES = tuple(
    outcome
    for outcome in VisitOutcome
    if outcome not in {VisitOutcome.COMPLETED_PARTIAL, VisitOutcome.NOT_ELIGIBLE_LOW_RISK, VisitOutcome.DUPLICATE}
)


def plain(text: str | None) -> str | None:
    """Take away control characters, which no database column can hold."""
    return _CONTROL.sub("", text) if text else text


class ActionForm(FlaskForm):  # type: ignore[misc]  # the package ships no types
    """What every form about a case carries: the version it was made from, and when."""

    version = HiddenField()
    seen = HiddenField()
    told = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version the page was made from; 0, which no case has, when that cannot be read."""
        typed = str(self.version.data or "")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0

    def warn_of_addresses(self) -> bool:
        """Whether something typed may tell where the home is, and nobody has been warned of these very words yet.

        The warning stands at the field. The same words sent again are kept: not every street is this home's.
        """
        written = [field for field in self if isinstance(field, LongTextField) and tells_an_address(field.data or "")]
        digest = hashlib.sha256("\n".join(str(field.data) for field in written).encode()).hexdigest()
        if not written or self.told.data == digest:
            return False
        self.told.data = digest
        for field in written:
            field.errors = [*field.errors, _TELLS_AN_ADDRESS]
        return True


class RejectForm(ActionForm):
    """Turning a case down."""

    reason = EnumRadiosField(
        RejectReason,
        "Why is this case not taken on?",
        [InputRequired("Choose why the case is not taken on")],
        hints={reason.value: f"The referrer is told: {reason.safe_words}" for reason in RejectReason},
    )
    note = LongTextField(
        "Note for your agency (optional)",
        limit=1000,
        rows=3,
        filters=[plain],
        description="The referrer does not see it",
    )

    def ask_for_decision(self) -> None:
        """Say that a home at very high risk is not turned down by a code alone."""
        self.note.label.text = "Manager’s decision"
        self.note.description = "This home is at very high risk: say why nobody goes. The referrer does not see it"


class RedirectForm(ActionForm):
    """Passing a case on."""

    to = PickField("Who should have this case?", [InputRequired("Choose who should have this case")])
    why = EnumRadiosField(RedirectReason, "Why?", [InputRequired("Choose why the case is passed on")])
    reason = LongTextField(
        "Anything the next owner should know (optional)",
        limit=1000,
        rows=3,
        filters=[plain],
        description="The agencies involved see this",
    )

    def ask_who_goes(self) -> None:
        """Say that a home at very high risk does not leave this list without a word on who goes there."""
        self.reason.label.text = "What the next owner should know"
        self.reason.description = (
            "The agencies involved see this. Needed where the case leaves this list: who goes there now"
        )


class HoldForm(ActionForm):
    """Putting a case off."""

    reason = EnumRadiosField(HoldReason, "Why does it wait?", [InputRequired("Choose why the case waits")])
    review_on = DateField(
        "When does somebody look again?",
        [DataRequired("Enter the day on which somebody looks again")],
        description=f"Within {load_next_actions().longest_hold.words}. It is at the top of your list at 9am that day.",
    )


class _HolderFields(Form):
    """Who gets a case, or several, and what they are told."""

    owner = PickField(
        "Team or officer",
        [InputRequired("Choose a team or an officer")],
        description="Teams that cover the borough come first. The number is how many open cases they have, a team "
        "together with its officers.",
    )
    note = LongTextField("Note for them (optional)", limit=500, rows=3, filters=[plain])

    @property
    def holder(self) -> Holder:
        """The team or officer of a valid form."""
        kind, _, which = str(self.owner.data).partition(":")
        return Holder(UUID(which) if kind == "team" else None, UUID(which) if kind == "user" else None)


class AssignForm(_HolderFields, ActionForm):
    """Giving a case to a team or an officer."""


class AssignSeveralForm(_HolderFields, FlaskForm):  # type: ignore[misc]
    """Giving several cases to a team or an officer."""


class SelectForm(FlaskForm):  # type: ignore[misc]
    """Ticking cases of the queue; the rows carry boxes of their own."""

    all = TickField("All on this page")


class ContactForm(ActionForm):
    """Logging an attempt to reach the home."""

    method = EnumRadiosField(ContactMethod, "How did you try?", [InputRequired("Choose how you tried")])
    result = EnumRadiosField(ContactResult, "What came of it?", [InputRequired("Choose what came of it")])
    note = LongTextField("Note (optional)", limit=1000, rows=3, filters=[plain], description="Only your agency sees it")
    try_again_on = DateField("When to try next (optional)", description="Leave it empty to go by the rules")


class NoteForm(ActionForm):
    """Writing a note."""

    text = LongTextField("Note", [DataRequired("Write the note")], limit=4000, rows=6, filters=[plain])
    shared = TickField(
        "Share it with the other agencies involved", description="Unticked, only your own agency can read it"
    )


class OverrideForm(ActionForm):
    """Setting the risk level by hand."""

    level = EnumRadiosField(RiskLevel, "Risk level", [InputRequired("Choose a risk level")])
    reason = LongTextField(
        "Why?",
        [DataRequired("Say why you are changing the risk level")],
        limit=1000,
        rows=3,
        filters=[plain],
        description="Your name and this reason stay with the case",
    )


class CloseForm(ActionForm):
    """Closing a case."""

    outcome = EnumPickField(VisitOutcome, "Outcome", [InputRequired("Choose the outcome")], members=CLOSING_OUTCOMES)
    manager_decision = LongTextField(
        "Manager’s decision",
        limit=1000,
        rows=3,
        filters=[plain],
        description="This home is at very high risk: say it where nobody got in",
    )


class ReasonForm(ActionForm):
    """One question: why?"""

    reason = LongTextField("Why?", [DataRequired("Say why")], limit=1000, rows=3, filters=[plain])


class RevealForm(ActionForm):
    """Asking for a confidential address."""

    reason = EnumRadiosField(
        RevealReason, "Why do you need this address?", [InputRequired("Choose why you need this address")]
    )


class KeepMarkForm(ActionForm):
    """Keeping an address confidential after a review."""

    review_on = DateField("When to look again", [DataRequired("Enter the day to look again")])
    reason = LongTextField(
        "Why is the address still confidential?",
        [DataRequired("Say why the address is still confidential")],
        limit=LONGEST_REASON,
        rows=3,
        filters=[plain],
        description="Your name and this reason stay with the case. Leave the address out",
    )


class TakeMarkOffForm(ActionForm):
    """Asking a second person to agree that an address need not be confidential any more."""

    reason = LongTextField(
        "Why is the address no longer confidential?",
        [DataRequired("Say why the address is no longer confidential")],
        limit=LONGEST_REASON,
        rows=3,
        filters=[plain],
        description="How you know that nobody is in danger if it becomes known. Leave the address out",
    )


class AnswerMarkForm(ActionForm):
    """A second person's answer whether the mark comes off."""

    agree = EnumRadiosField(
        RemovalAnswer, "Is this address still confidential?", [InputRequired("Choose whether it is still confidential")]
    )
    words = LongTextField(
        "Why?", [DataRequired("Say why")], limit=LONGEST_REASON, rows=3, filters=[plain],
        description="Your name and this reason stay with the case. Leave the address out",
    )  # fmt: skip


class WithdrawMarkForm(ActionForm):
    """Leaving a question be that one asked oneself."""

    words = LongTextField("Why?", [DataRequired("Say why")], limit=LONGEST_REASON, rows=3, filters=[plain])


class SearchForm(FlaskForm):  # type: ignore[misc]
    """The search box. It is posted, so that what was typed is in no address and no log."""

    q = LongTextField("Search", filters=[plain])
    after = HiddenField()

    @property
    def typed(self) -> str:
        """What was typed, on one line."""
        return " ".join(str(self.q.data or "").split())

    @property
    def problem(self) -> str:
        """Why it cannot be searched for; empty when it can."""
        if not self.typed:
            return "Enter a name, address, postcode, phone number or reference"
        if len(self.typed) > LONGEST_SEARCH:
            return f"Use {LONGEST_SEARCH} characters or fewer"
        return ""
