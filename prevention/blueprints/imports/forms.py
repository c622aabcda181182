"""Handing in a file."""

from flask_wtf import FlaskForm
from wtforms.validators import InputRequired

from prevention.domain.intake.profile import shipped_profiles
from prevention.web.fields import PickField, RadiosField, UploadField

FIND_OUT = "find-out"


class UploadForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A file, and whose it is where the columns do not tell."""

    file = UploadField(
        "CSV file",
        description="Up to 50 MB. You see what would happen before anything is taken in.",
    )
    profile = RadiosField(
        "What kind of file is it?", [InputRequired("Choose what kind of file it is")], default=FIND_OUT
    )
    agency = PickField("Which service sent it?")

    def offer(self, agencies: list[tuple[str, str]]) -> None:
        """Fill in the kinds of file there are and the services that may have sent one."""
        titles = {name: profile.title for name, profile in shipped_profiles().items()}
        self.profile.choices = {FIND_OUT: "Find out from its columns", **titles}
        self.agency.choices = {"": "The service that this kind of file comes from", **dict(agencies)}


class ProfileForm(FlaskForm):  # type: ignore[misc]
    """Another kind for a file already handed in."""

    profile = RadiosField("What kind of file is it?", [InputRequired("Choose what kind of file it is")])

    def offer(self, current: str) -> None:
        """Fill in every kind but ``current``."""
        self.profile.choices = {name: profile.title for name, profile in shipped_profiles().items() if name != current}
