"""Asking for a visit, in plain words, for oneself or for somebody else."""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, ValidationError
from wtforms.validators import Email, InputRequired, Optional

from prevention.domain.referral import (
    Agrees,
    Channel,
    FormSystem,
    GivenAddress,
    GivenPerson,
    HouseholdFlag,
    ReceiveReferral,
    ReferralReason,
    Told,
)
from prevention.domain.suggestions import handling
from prevention.web.fields import (
    AtMost,
    CheckboxesField,
    LongTextField,
    OneHomeOnly,
    PhoneField,
    PickField,
    PostcodeField,
    RadiosField,
    TextField,
    TickField,
)

ME, SOMEONE_ELSE = "me", "someone-else"
_TOKEN = re.compile(r"[0-9a-f]{32}")
_R, _H = ReferralReason, HouseholdFlag

#: The worries on offer, in the words of people who live there.
WORRIES: Mapping[ReferralReason, str] = {
    _R.NO_ALARM: "There is no working smoke alarm",
    _R.SMOKING_UNSAFE: "Somebody smokes indoors",
    _R.MOBILITY_ESCAPE: "Somebody could not get out on their own",
    _R.SENSORY_ALARM_NEED: "Somebody might not hear or see an alarm",
    _R.HOARDING: "Rooms or ways out are very full",
    _R.COOKING: "Cooking is left alone, or things get burnt",
    _R.ELECTRICAL: "Sockets, wiring or appliances seem unsafe",
    _R.EBIKE_BATTERY: "An e-bike or e-scooter is charged at home",
    _R.HEATING_FUEL_POVERTY: "Heaters seem unsafe, or the home is cold",
    _R.CANDLES: "Candles or incense are used",
    _R.HOME_OXYGEN: "Somebody uses oxygen at home",
    _R.DEMENTIA_MEMORY: "Somebody forgets things",
    _R.PREVIOUS_FIRE_NEAR_MISS: "There was a fire, or nearly one",
    _R.OTHER: "Something else, or just advice",
}
WHO_LIVES_THERE: Mapping[HouseholdFlag, str] = {
    _H.AGED_65_OR_OVER: "Somebody aged 65 or over",
    _H.LIVES_ALONE: "Somebody who lives alone",
    _H.DISABLED: "Somebody with a disability",
    _H.CHILD_UNDER_5: "A child under 5",
    _H.CARER_PRESENT: "Somebody who has a carer",
}


def _short() -> AtMost:
    return AtMost(200)


class AskForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Everything the public is asked. ``website`` is a trap for robots: people never see it."""

    token = HiddenField()
    danger = RadiosField(
        "Is anyone in danger right now?",
        [InputRequired("Say whether anyone is in danger right now")],
        choices=[("yes", "Yes"), ("no", "No")],
        big=True,
    )
    who = RadiosField(
        "Who is the visit for?",
        [InputRequired("Say who the visit is for")],
        choices=[(ME, "Me, or my home"), (SOMEONE_ELSE, "Somebody else")],
        big=True,
    )
    your_name = TextField("Your name", [_short()], render_kw={"autocomplete": "name"})
    your_contact = TextField("Your phone number or e-mail address", [_short()], width="20")
    they_know = RadiosField("Do they know that you are asking?", choices=[("yes", "Yes"), ("no", "No")], inline=True)
    postcode = PostcodeField("Postcode of the home", render_kw={"autocomplete": "postal-code"})
    address = PickField("Address")
    address_lines = LongTextField(
        "Address",
        [OneHomeOnly("clear this box")],
        limit=400,
        rows=2,
        description="For example 14b Harrow Street, London",
    )
    worries = CheckboxesField(
        "What worries you?",
        choices=[(reason.value, words) for reason, words in WORRIES.items()],
        big=True,
        description="Choose all that fit",
    )
    lives_there = CheckboxesField(
        "Who lives there? (optional)",
        choices=[(flag.value, words) for flag, words in WHO_LIVES_THERE.items()],
        big=True,
    )
    more = LongTextField("Anything else we should know? (optional)", limit=1000, rows=3)
    name = TextField("Name of the person to visit", [InputRequired("Enter the name of the person to visit"), _short()])
    phone = PhoneField("Phone number", description="So that somebody can arrange a time")
    email = TextField(
        "E-mail address",
        [
            _short(),
            Optional(),
            Email("Enter an e-mail address in the right form, like name@example.org", granular_message=False),
        ],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )
    language = TextField("Language, if not English (optional)", [_short()], width="20")
    interpreter = TickField("An interpreter is needed")
    website = StringField("Leave this box empty")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._homes: dict[str, str] = {}
        if not _TOKEN.fullmatch(self.token.data or ""):
            self.token.data = secrets.token_hex(16)

    def offer_addresses(self, found: list[tuple[str, str]]) -> None:
        """Fill the list of homes: (UPRN, address line) pairs."""
        self._homes = dict(found)
        self.address.choices = {"": "Choose an address", **self._homes} if found else {}

    @property
    def picked(self) -> str:
        """The UPRN of the home chosen from the list; empty for one that was typed."""
        return str(self.address.data or "")

    def validate_postcode(self, field: PostcodeField) -> None:
        """Ask for a home."""
        if not (self.address.data or self.address_lines.data):
            typed = "Choose the address from the list, or type it"
            raise ValidationError(typed if field.data else "Enter a postcode and find the address")

    def validate_worries(self, field: CheckboxesField) -> None:
        """Ask for a worry."""
        if not field.data:
            raise ValidationError("Choose at least one")

    def validate_phone(self, field: PhoneField) -> None:
        """Ask for a way to arrange the visit."""
        if not field.data and not self.email.data and not (self.who.data == SOMEONE_ELSE and self.your_contact.data):
            raise ValidationError("Enter a phone number or an e-mail address")

    def validate_your_name(self, field: TextField) -> None:
        """Ask who asks for somebody else."""
        if self.who.data == SOMEONE_ELSE and not field.data:
            raise ValidationError("Enter your name")

    def validate_they_know(self, field: RadiosField) -> None:
        """Ask whether the other person knows."""
        if self.who.data == SOMEONE_ELSE and not field.data:
            raise ValidationError("Say whether they know that you are asking")

    def validate_website(self, field: StringField) -> None:
        """Stop robots, which fill in everything; say so, in case it was a person after all."""
        if field.data:
            raise ValidationError("Leave the last box empty")

    def to_command(self, agency_id: UUID) -> ReceiveReferral:
        """The command this form stands for."""
        for_me = self.who.data == ME
        told, detail = Told.YES, ""
        if not for_me and self.they_know.data == "no":
            told, detail = Told.NO_OTHER, "Whoever asked for the visit has not told them."
        instructions = handling(self.more.data or "")
        contact = (self.phone.data or self.email.data) if for_me else self.your_contact.data
        return ReceiveReferral(
            agency_id=agency_id,
            source_system=FormSystem.PUBLIC,
            source_ref=self.token.data or "",
            channel=Channel.ONLINE_CHECKER,
            address=GivenAddress(
                uprn=self.picked,
                lines=self.address_lines.data or self._homes.get(self.picked, ""),
                postcode=self.postcode.data or "",
            ),
            reasons=frozenset(map(ReferralReason, self.worries.data or ())),
            narrative=self.more.data or "",
            person=GivenPerson(
                full_name=self.name.data or "",
                phone=self.phone.data or "",
                email=self.email.data or "",
                language=self.language.data or "",
                interpreter=bool(self.interpreter.data),
            ),
            referrer_name=(self.name.data if for_me else self.your_name.data) or "",
            referrer_team="Self-referral" if for_me else "Family, friend or neighbour",
            referrer_contact=contact or "",
            feedback_to=(self.email.data or "") if for_me else "",
            immediate_danger=self.danger.data == "yes",
            household_flags=frozenset(map(HouseholdFlag, self.lives_there.data or ())),
            told=told,
            told_detail=detail,
            agrees=Agrees.YES if for_me else Agrees.NOT_ASKED,
            contact_constraints=instructions.constraints,
            confidential_address=instructions.confidential_address,
        )
