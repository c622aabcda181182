"""Forms for signing in, for one's own account, and for administrators' users."""

from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import DataRequired, Email, EqualTo, InputRequired, Length, Optional

from prevention.domain.account import Role, roles_for
from prevention.models.account import Membership, User
from prevention.models.agency import Agency, Team
from prevention.services.accounts.administering import UserDetails
from prevention.services.accounts.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from prevention.web.fields import PhoneField, PickField, RadiosField, SecretField, TextField

ROLE_HINTS = {
    Role.FIELD_OFFICER: "Visits homes, records visits and outreach, and refers",
    Role.COORDINATOR: "Runs the queue: decides, assigns, books, imports, reviews likely duplicates",
    Role.SUPERVISOR: "As a coordinator, and answers for the queue",
    Role.ADMINISTRATOR: "Looks after agencies, teams and users; sees no cases",
    Role.PARTNER_REFERRER: "Refers, and sees only their own referrals",
}


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """E-mail and password. ``held`` is a form that was sent after its session had ended (web/held_forms.py)."""

    email = TextField("E-mail address", [InputRequired("Enter your e-mail address"), Length(max=254)])
    password = SecretField("Password", [InputRequired("Enter your password"), Length(max=200)])
    held = HiddenField()


class ChangePasswordForm(FlaskForm):  # type: ignore[misc]
    """The current password, and the new one twice."""

    current = SecretField("Current password", [InputRequired("Enter your current password")])
    new = SecretField(
        "New password",
        description=f"At least {SHORTEST_PASSWORD} characters. Three random words make a good one.",
        validators=[
            InputRequired("Enter a new password"),
            Length(
                min=SHORTEST_PASSWORD,
                max=LONGEST_PASSWORD,
                message=f"The password must have between {SHORTEST_PASSWORD} and {LONGEST_PASSWORD} characters",
            ),
        ],
    )
    repeat = SecretField(
        "New password again",
        validators=[InputRequired("Enter the new password again"), EqualTo("new", "The two passwords differ")],
    )


class FindUserForm(FlaskForm):  # type: ignore[misc]
    """Words of a name or an e-mail address."""

    words = TextField("Find a user", [Length(max=100)], description="Part of a name or e-mail address")


class UserForm(FlaskForm):  # type: ignore[misc]
    """A user of an agency. ``version`` is the one the form was made from, empty for a new user."""

    name = TextField(
        "Name", [DataRequired("Enter the person’s name"), Length(max=120, message="Use 120 characters or fewer")]
    )
    email = TextField(
        "E-mail address",
        [
            DataRequired("Enter the e-mail address they sign in with"),
            Email("Enter an e-mail address, for example ana.cole@example.org", granular_message=False),
            Length(max=254),
        ],
        description="They sign in with it",
    )
    phone = PhoneField("Work phone number", [Optional()], description="Optional")
    role = RadiosField("Role", [InputRequired("Choose a role")])
    team = PickField("Team", [Optional()])
    version = HiddenField()

    def offer(self, agency: Agency, teams: list[Team], keep: Team | None = None) -> None:
        """Offer the roles of the agency's kind and its active teams, and the team they are in although inactive."""
        self.role.choices = {role.value: role.label for role in roles_for(agency.kind)}
        self.role.hints = {role.value: ROLE_HINTS[role] for role in roles_for(agency.kind)}
        on_offer = [*teams, *([keep] if keep is not None and keep not in teams else [])]
        self.team_names = {"": "No team"} | {str(team.id): team.name for team in on_offer}
        self.team.choices = self.team_names

    def keep_person(self, user: User) -> None:
        """Leave the person as they are: the reader may change only the role and team."""
        self._kept = user
        for name in ("name", "email", "phone"):
            del self[name]

    def fill(self, member: Membership) -> None:
        """Show the user as stored."""
        if "name" in self:
            self.name.data, self.email.data, self.phone.data = member.user.name, member.user.email, member.user.phone
        self.role.data = member.role.value
        self.team.data = str(member.team_id or "")
        self.version.data = str(member.user.version_id)

    def to_command(self) -> UserDetails:
        """What was typed; for a person kept as they are, what is stored."""
        typed = "name" in self
        return UserDetails(
            name=(self.name.data or "") if typed else self._kept.name,
            email=(self.email.data or "") if typed else self._kept.email,
            phone=(self.phone.data or "") if typed else self._kept.phone,
            role=Role(self.role.data),
            team_id=UUID(self.team.data) if self.team.data else None,
        )
