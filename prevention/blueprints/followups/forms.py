"""Forms for ending a follow-up or giving it to somebody else."""

from collections.abc import Sequence
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms.validators import DataRequired

from prevention.queries.cases.counts import Owner
from prevention.services.followups.completing import LONGEST_NOTE
from prevention.web.fields import LongTextField, PickField


class CompleteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Done, with a note nobody has to write."""

    note = LongTextField("What was done (optional)", limit=LONGEST_NOTE, rows=3)


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """Done: what the service asked has answered."""

    note = LongTextField("What they answered (optional)", limit=LONGEST_NOTE, rows=3)


class CancelForm(FlaskForm):  # type: ignore[misc]
    """Not needed, and why."""

    reason = LongTextField(
        "Why it is not needed",
        [DataRequired("Say why this follow-up is not needed")],
        description="It is kept with the follow-up, with your name.",
        limit=LONGEST_NOTE,
        rows=3,
    )


class ReassignForm(FlaskForm):  # type: ignore[misc]
    """Whom to give it to; the choices are passed in."""

    owner = PickField("Give it to", [DataRequired("Choose a team or a person")])

    def offer(self, owners: Sequence[Owner]) -> None:
        """Fill the list: each team, followed by its people."""
        self.owner.choices = {"": "Choose one"} | {
            owner.value: owner.name if owner.user_id is None else f"{owner.name} ({owner.team_name or 'no team'})"
            for owner in owners
        }

    @property
    def team_id(self) -> UUID | None:
        """The team chosen, None when a person was."""
        return self._chosen("team")

    @property
    def user_id(self) -> UUID | None:
        """The person chosen, None when a team was."""
        return self._chosen("user")

    def _chosen(self, kind: str) -> UUID | None:
        found, _, owner_id = str(self.owner.data).partition(":")
        return UUID(owner_id) if found == kind else None
