"""The form on the pattern page: one of every field."""

from flask_wtf import FlaskForm
from wtforms.validators import DataRequired, InputRequired, Length

from prevention.domain.case import ContactMethod, ContactResult, HoldReason
from prevention.domain.risk import RiskLevel
from prevention.web.fields import (
    CheckboxesField,
    DateField,
    EnumCheckboxesField,
    EnumPickField,
    EnumRadiosField,
    LongTextField,
    PhoneField,
    PickField,
    PostcodeField,
    RadiosField,
    SecretField,
    TextField,
    TickField,
    UploadField,
    WholeNumberField,
)


class PatternsForm(FlaskForm):  # type: ignore[misc]  # the package ships no types
    """Every kind of field, each with what makes it complain."""

    name = TextField(
        "Resident’s name", [DataRequired("Enter a name"), Length(max=200, message="Use 200 characters or fewer")]
    )
    born = DateField("Date of birth", [DataRequired("Enter a date of birth")], description="For example, 27 3 1950")
    postcode = PostcodeField(validators=[DataRequired("Enter a postcode")])
    address = PickField("Address", choices=[("", "Choose an address"), ("1", "14 Harrow Street"), ("2", "Flat 2")])
    phone = PhoneField()
    alarms = WholeNumberField("Smoke alarms fitted", [InputRequired("Enter how many, 0 if none")], highest=20)
    method = EnumRadiosField(
        ContactMethod,
        "How did you try?",
        [InputRequired("Say how")],
        big=True,
        hints={"DOORSTEP": "Somebody went there"},
    )
    found = EnumCheckboxesField(
        ContactResult, "What did you find?", [InputRequired("Choose at least one")], big=True, description="Choose all"
    )
    hold = EnumPickField(HoldReason, "Why does it wait?")
    level = EnumRadiosField(RiskLevel, "Risk after the visit", inline=True)
    consent = TickField("The resident agrees to be contacted", big=True, description="Ask, do not assume")
    told = RadiosField("Were they told?", choices=[("yes", "Yes"), ("no", "No")], inline=True)
    rooms = CheckboxesField("Rooms seen", choices=[("kitchen", "Kitchen"), ("bedroom", "Bedroom")])
    notes = LongTextField("What worries you?", limit=300, description="Home and behaviour, not diagnosis")
    file = UploadField("Extract (CSV)")
    password = SecretField("Password")
