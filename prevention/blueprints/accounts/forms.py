"""Forms for signing in and for one's own account."""

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput, GovTextInput
from wtforms import EmailField, PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

from prevention.services.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD


class SignInForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """E-mail and password."""

    email = EmailField(
        "E-mail address", widget=GovTextInput(), validators=[InputRequired("Enter your e-mail address"), Length(max=254)]
    )
    password = PasswordField(
        "Password", widget=GovPasswordInput(), validators=[InputRequired("Enter your password"), Length(max=200)]
    )


class ChangePasswordForm(FlaskForm):  # type: ignore[misc]
    """The current password, and the new one twice."""

    current = PasswordField(
        "Current password", widget=GovPasswordInput(), validators=[InputRequired("Enter your current password")]
    )
    new = PasswordField(
        "New password",
        widget=GovPasswordInput(),
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
    repeat = PasswordField(
        "New password again",
        widget=GovPasswordInput(),
        validators=[InputRequired("Enter the new password again"), EqualTo("new", "The two passwords differ")],
    )
