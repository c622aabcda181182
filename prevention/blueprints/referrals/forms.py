"""Forms by which people refer: shape and wording, and the command they stand for (domain.md section 8, intake form)."""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask_wtf import FlaskForm
from wtforms import HiddenField, ValidationError
from wtforms.validators import Email, InputRequired, Length, Optional

from prevention.domain.agency import AgencyKind
from prevention.domain.local_time import LONDON
from prevention.domain.referral import (
    Agrees,
    CapacityConcern,
    Channel,
    ContactConstraint,
    CurrentLocation,
    GivenAddress,
    GivenPerson,
    HouseholdFlag,
    LawfulBasis,
    ReceiveReferral,
    ReferralReason,
    SharingPreference,
    StaffSafety,
    Told,
)
from prevention.domain.referral_content import Content
from prevention.domain.suggestions import Suggestion, handling, suggest_reasons
from prevention.matching.normalise.identifiers import tidy_email, tidy_nhs_number
from prevention.unit_of_work import utc_now
from prevention.web.fields import (
    AtMost,
    CheckboxesField,
    DateField,
    EnumCheckboxesField,
    EnumPickField,
    EnumRadiosField,
    LongTextField,
    OneHomeOnly,
    PhoneField,
    PickField,
    PostcodeField,
    RadiosField,
    TextField,
    TickField,
    WholeNumberField,
)

LONGEST_FIELD = 500
LONGEST_NARRATIVE = 4000
#: Answers on offer; the last one asks why.
TOLD_ANSWERS = (Told.YES, Told.NO_UNABLE, Told.NO_UNSAFE, Told.NO_OTHER)
_TOKEN = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:.]?([0-5][0-9])")

_R = ReferralReason
#: The reasons each kind of agency meets most, shown first as large buttons; the rest stand behind "More reasons".
COMMON_REASONS: Mapping[AgencyKind, tuple[ReferralReason, ...]] = {
    AgencyKind.FIRE: (
        _R.NO_ALARM, _R.HOARDING, _R.SMOKING_UNSAFE, _R.MOBILITY_ESCAPE, _R.ELECTRICAL, _R.COOKING,
        _R.PREVIOUS_FIRE_NEAR_MISS, _R.EBIKE_BATTERY,
    ),
    AgencyKind.AMBULANCE: (
        _R.NO_ALARM, _R.HOARDING, _R.SMOKING_UNSAFE, _R.HOME_OXYGEN, _R.MOBILITY_ESCAPE, _R.FALLS,
        _R.DEMENTIA_MEMORY, _R.SELF_NEGLECT,
    ),
    AgencyKind.POLICE: (
        _R.ARSON_THREAT, _R.NO_ALARM, _R.HOARDING, _R.DOMESTIC_ABUSE, _R.FRAUD_VICTIM, _R.BURGLARY_REPEAT,
        _R.ALCOHOL_DRUGS, _R.MENTAL_HEALTH,
    ),
    AgencyKind.PARTNER: (
        _R.NO_ALARM, _R.HOARDING, _R.SMOKING_UNSAFE, _R.MOBILITY_ESCAPE, _R.DEMENTIA_MEMORY, _R.HOME_OXYGEN,
        _R.EMOLLIENT, _R.HEATING_FUEL_POVERTY,
    ),
}  # fmt: skip

#: Where the fields of the command that ``services.referrals.checking`` names stand on the form.
_FIELD_OF = {"address": "postcode", "dob": "born", "uprn": "postcode"}


def new_token() -> str:
    """A name for one showing of a form, so that sending it twice gives one receipt."""
    return secrets.token_hex(16)


def yes_or_no() -> list[tuple[str, str]]:
    """The choices of a plain question."""
    return [("yes", "Yes"), ("no", "No")]


def short() -> AtMost:
    """The limit of a one-line answer."""
    return AtMost(LONGEST_FIELD)


def read_local(day: date, time: str) -> datetime | None:
    """A London day and a time typed as ``14:30``, ``1430`` or ``9.05`` as aware UTC; None when it is no time."""
    match = _TIME.fullmatch(time.strip())
    if match is None:
        return None
    hour, minute = map(int, match.groups())
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON).astimezone(UTC)


class CallerFields(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Who rang or wrote, for the coordinator's form. Stands first so that its errors are listed first."""

    channel = EnumRadiosField(
        Channel,
        "How did it come in?",
        [InputRequired("Say how the referral came in")],
        members=(Channel.PHONE, Channel.EMAIL_TRANSCRIBED, Channel.IN_PERSON),
        default=Channel.PHONE,
        inline=True,
    )
    agency = PickField("Which agency is it from?", [InputRequired("Choose the agency the referral is from")])
    received_on = DateField("Day it came in")
    received_time = TextField("Time it came in", [Length(max=5, message="Write the time like 14:30")], width="5")
    observed_on = DateField("Day the concern was seen (optional)")
    observed_time = TextField(
        "Time it was seen (optional)", [Length(max=5, message="Write the time like 14:30")], width="5"
    )


class ReferralFields(FlaskForm):  # type: ignore[misc]
    """Everything a referral may say. ``kind`` decides which reasons come first."""

    token = HiddenField()
    outreach = HiddenField()
    door = HiddenField()
    danger = RadiosField(
        "Is anyone in danger right now?",
        [InputRequired("Say whether anyone is in danger right now")],
        choices=yes_or_no(),
        big=True,
    )
    postcode = PostcodeField("Postcode of the home")
    address = PickField("Address")
    address_lines = LongTextField(
        "Address, or where the person can be found",
        [OneHomeOnly("clear this box")],
        limit=400,
        rows=2,
        description="For example 14b Harrow Street",
    )
    no_fixed_abode = TickField("No fixed abode", [OneHomeOnly("take this tick away")])
    reasons = EnumCheckboxesField(ReferralReason, "What worries you?", big=True, description="Choose all that apply")
    more_reasons = EnumCheckboxesField(ReferralReason, "More reasons", big=True)
    narrative = LongTextField(
        "What did you see?",
        [InputRequired("Write one sentence about what you saw")],
        limit=LONGEST_NARRATIVE,
        rows=3,
        description="One sentence. The home and behaviour, not diagnosis.",
    )
    told = EnumRadiosField(
        Told,
        "Does the person know you are referring them?",
        [InputRequired("Say whether the person knows")],
        members=TOLD_ANSWERS,
        big=True,
    )
    told_detail = TextField("Why were they not told?", [short()])
    agrees = EnumRadiosField(Agrees, "Do they agree to be contacted?", default=Agrees.NOT_ASKED, big=True, inline=False)
    current_location = EnumPickField(
        CurrentLocation, "Where is the person now?", empty=None, default=CurrentLocation.UNKNOWN
    )
    location_detail = TextField("If not at home, which hospital or place? (optional)", [short()])
    full_name = TextField("Name", [short()])
    born = DateField("Date of birth", description="For example 27 3 1950")
    age = WholeNumberField("Or age in years", highest=120)
    phone = PhoneField("Their phone number")
    email = TextField("Their e-mail address", [short()])
    nhs_number = TextField("NHS number", [short()], width="20")
    language = TextField("Language, if not English", [short()], width="20")
    interpreter = TickField("They need an interpreter")
    household_flags = EnumCheckboxesField(HouseholdFlag, "Who lives there?", big=True)
    staff_safety = EnumCheckboxesField(StaffSafety, "Warnings for the crew", big=True)
    contact_constraints = EnumCheckboxesField(ContactConstraint, "When somebody contacts the home", big=True)
    confidential_address = TickField(
        "Keep the address confidential",
        big=True,
        description="A refuge, a relocated victim or a witness. The address is hidden in lists and messages.",
    )
    capacity_concern = EnumRadiosField(
        CapacityConcern,
        "Are you worried about their capacity to decide?",
        default=CapacityConcern.UNKNOWN,
        inline=True,
    )
    sharing_preference = EnumPickField(
        SharingPreference,
        "What did they say about sharing with other services?",
        empty=None,
        default=SharingPreference.NOT_ASKED,
    )
    lawful_basis = EnumPickField(LawfulBasis, "Lawful basis for sharing", empty=None, default=LawfulBasis.PUBLIC_TASK)
    feedback_to = TextField(
        "Mailbox for the outcome",
        [
            short(),
            Optional(),
            Email("Enter an e-mail address in the right form, like team@example.org", granular_message=False),
        ],
        description="A team mailbox, so that somebody reads it when you are off duty",
    )
    referrer_name = TextField("Name", [short()])
    referrer_team = TextField("Team, station or call sign", [short()])
    referrer_contact = TextField("Phone number", [short()], width="20")
    own_reference = TextField(
        "Your own reference (optional)", [short()], description="CAD, Merlin, incident or record number", width="20"
    )
    other_agencies_told = TextField("Who else have you told? (optional)", [short()])
    source_grade = TextField("Grade", [short()], width="10")
    source_grade_scheme = TextField("Grading scheme", [short()], width="10", description="For example Police BRAG")
    suspect = TickField("The person is a suspect")

    def __init__(self, *args: Any, kind: AgencyKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._homes: dict[str, str] = {}
        common = COMMON_REASONS[kind]
        self.common_codes = frozenset(common)
        self.reasons.choices = _labelled(common)
        self.more_reasons.choices = _labelled(reason for reason in ReferralReason if reason not in common)
        if not _TOKEN.fullmatch(self.token.data or ""):
            self.token.data = new_token()

    def begin_another(self) -> None:
        """Make what is typed a referral of its own: with its next sending it changes none that was sent before."""
        self.token.data = new_token()

    def offer_addresses(self, found: list[tuple[str, str]]) -> None:
        """Fill the list of homes: (UPRN, address line) pairs."""
        self._homes = dict(found)
        self.address.choices = {"": "Choose an address", **self._homes} if found else {}

    def validate_born(self, field: DateField) -> None:
        """Refuse a day that has not come."""
        if field.data and field.data > utc_now().astimezone(LONDON).date():
            raise ValidationError("The date of birth must be in the past")

    def validate_told_detail(self, field: TextField) -> None:
        """Ask why, where the answer was another reason."""
        if self.told.data is Told.NO_OTHER and not field.data:
            raise ValidationError("Say why the person was not told")

    def validate_reasons(self, _field: CheckboxesField) -> None:
        """Ask for a reason in either group."""
        if not self.reasons.data and not self.more_reasons.data:
            raise ValidationError("Choose at least one reason")

    def validate_postcode(self, field: PostcodeField) -> None:
        """Ask for a home: one picked, one typed, or none."""
        if not (self.address.data or self.address_lines.data or self.no_fixed_abode.data):
            typed = "Choose the address from the list, or type it"
            raise ValidationError(typed if field.data else "Enter a postcode and find the address")

    def validate_email(self, field: TextField) -> None:
        """Refuse what nobody could write to."""
        typed = _typed_here(field)
        if typed and tidy_email(typed) is None:
            raise ValidationError("Enter an e-mail address in the right form, like name@example.org")

    def validate_nhs_number(self, field: TextField) -> None:
        """Refuse a number with a slip: it would find nobody, and could not be seen to be wrong later."""
        typed = _typed_here(field)
        if typed and tidy_nhs_number(typed) is None:
            raise ValidationError("Check the NHS number: its 10 digits do not fit together. If in doubt, leave it out")

    @property
    def chosen_reasons(self) -> frozenset[ReferralReason]:
        """The reasons of both groups."""
        return frozenset([*(self.reasons.data or ()), *(self.more_reasons.data or ())])

    def suggestions(self) -> list[Suggestion]:
        """Reasons that what was written suggests and nobody has chosen."""
        chosen = self.chosen_reasons
        return [found for found in suggest_reasons(self.narrative.data or "") if found.reason not in chosen]

    def group_of(self, reason: ReferralReason) -> str:
        """The name of the field that offers ``reason``."""
        return self.reasons.name if reason in self.common_codes else self.more_reasons.name

    def to_command(
        self, *, agency_id: UUID, source_system: str, source_ref: str, channel: Channel = Channel.WEB_FORM
    ) -> ReceiveReferral:
        """The command this form stands for. Text stays as typed; the picked home goes by its UPRN.

        Instructions that keep somebody safe, found in what was written, are taken at their word as from a file.
        """
        instructions = handling(self.narrative.data or "")
        return ReceiveReferral(
            agency_id=agency_id,
            source_system=source_system,
            channel=channel,
            address=self._address(),
            reasons=self.chosen_reasons,
            narrative=self.narrative.data or "",
            source_ref=source_ref,
            person=self._person(),
            referrer_name=self.referrer_name.data or "",
            referrer_team=self.referrer_team.data or "",
            referrer_contact=self.referrer_contact.data or "",
            feedback_to=self.feedback_to.data or "",
            immediate_danger=self.danger.data == "yes",
            household_flags=frozenset(self.household_flags.data or ()),
            current_location=self.current_location.data or CurrentLocation.UNKNOWN,
            location_detail=self.location_detail.data or "",
            told=self.told.data or Told.NOT_RECORDED,
            told_detail=self.told_detail.data or "",
            agrees=self.agrees.data or Agrees.NOT_ASKED,
            capacity_concern=self.capacity_concern.data or CapacityConcern.UNKNOWN,
            lawful_basis=self.lawful_basis.data or LawfulBasis.PUBLIC_TASK,
            sharing_preference=self.sharing_preference.data or SharingPreference.NOT_ASKED,
            staff_safety=frozenset(self.staff_safety.data or ()),
            contact_constraints=frozenset(self.contact_constraints.data or ()) | instructions.constraints,
            confidential_address=bool(self.confidential_address.data) or instructions.confidential_address,
            source_grade=self._said("source_grade"),
            source_grade_scheme=self._said("source_grade_scheme"),
            other_agencies_told=self.other_agencies_told.data or "",
            suspect=bool(self._said("suspect")),
            original={"reference": reference} if (reference := self._said("own_reference")) else {},
        )

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Put the sentences of an ``Invalid`` beside the fields they are about, the rest above the form."""
        for name, sentence in problems.items():
            field = self._fields.get(_FIELD_OF.get(name, name))
            if field is None:
                self.form_errors.append(sentence)
            else:
                field.errors = [*field.errors, sentence]

    def _said(self, name: str) -> str:
        """What stands in a field that some of the forms leave out."""
        field = self._fields.get(name)
        return str(field.data or "") if field is not None else ""

    def _address(self) -> GivenAddress:
        postcode = self.postcode.data or ""
        if self.no_fixed_abode.data:
            return GivenAddress(lines=self.address_lines.data or "", postcode=postcode, no_fixed_abode=True)
        if self.address_lines.data:
            return GivenAddress(lines=self.address_lines.data, postcode=postcode)
        picked = str(self.address.data or "")
        return GivenAddress(uprn=picked, lines=self._homes.get(picked, ""), postcode=postcode)

    def _person(self) -> GivenPerson:
        return GivenPerson(
            full_name=self.full_name.data or "",
            dob=self.born.data.isoformat() if self.born.data else "",
            age=str(self.age.data) if self.age.data is not None else "",
            nhs_number=self.nhs_number.data or "",
            phone=self.phone.data or "",
            email=self.email.data or "",
            language=self.language.data or "",
            interpreter=bool(self.interpreter.data),
        )


class StaffForm(ReferralFields):
    """What a crew fills in at the kerb. Grades and suspects are for the police's own."""

    def __init__(self, *args: Any, kind: AgencyKind, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, **kwargs)
        if kind is not AgencyKind.POLICE:
            for name in ("source_grade", "source_grade_scheme", "suspect"):
                del self[name]


class PhoneForm(CallerFields, ReferralFields):
    """What a coordinator writes down for somebody who rang, wrote or came in."""

    def __init__(self, *args: Any, kind: AgencyKind, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, **kwargs)
        self.own_reference.label.text = "Their reference (optional)"

    def validate_received_time(self, field: TextField) -> None:
        """Refuse what is no time, and a time that has not come."""
        self._check_moment(self.received_on.data, field)
        if self.received_on.data is None and field.data and not self.received_on.errors:
            raise ValidationError("Enter the day too")

    def validate_observed_time(self, field: TextField) -> None:
        """As for the time it came in."""
        if self.observed_on.data is None and field.data and not self.observed_on.errors:
            raise ValidationError("Enter the day too")
        self._check_moment(self.observed_on.data, field)

    @property
    def received_at(self) -> datetime | None:
        """When it came in, aware UTC; None means now."""
        return self._moment(self.received_on.data, self.received_time.data)

    @property
    def concern_observed_at(self) -> datetime | None:
        """When the concern was seen, aware UTC; None when nobody said."""
        return self._moment(self.observed_on.data, self.observed_time.data)

    @staticmethod
    def _moment(day: date | None, time: str | None) -> datetime | None:
        return read_local(day, time or "12:00") if day else None

    def _check_moment(self, day: date | None, field: TextField) -> None:
        moment = self._moment(day, field.data)
        if day and moment is None:
            raise ValidationError("Write the time like 14:30")
        if moment and moment > utc_now():
            raise ValidationError("The day and time must be in the past")


class AmendForm(ReferralFields):
    """A referral's current content, to be corrected, with the reason why."""

    version = HiddenField()
    reason = TextField(
        "Why are you changing this referral?",
        [InputRequired("Say why you are changing this referral"), short()],
        description="The person who referred and other coordinators can read this",
    )
    _address_kept = False

    def __init__(self, *args: Any, kind: AgencyKind, **kwargs: Any) -> None:
        super().__init__(*args, kind=kind, **kwargs)
        del self.own_reference

    def keep_address(self) -> None:
        """Leave the home as it is: its address is not on the page, so none has to be given."""
        self._address_kept = True

    def validate_postcode(self, field: PostcodeField) -> None:
        """Ask for a home, unless the one there stays."""
        if not self._address_kept:
            super().validate_postcode(field)


def values_of(content: Content, common: Iterable[ReferralReason], *, with_address: bool) -> dict[str, Any]:
    """A referral's content as the values of ``ReferralFields``. What was received in other shapes stays readable."""
    person, address = content["person"], content["address"]
    reasons = [ReferralReason(code) for code in content["reasons"]]
    born = _as_date(person["dob"])
    return {
        "danger": "yes" if content["immediate_danger"] else "no",
        "postcode": address["postcode"] if with_address else "",
        "address": address["uprn"] if with_address else "",
        "address_lines": address["lines"] if with_address and not address["uprn"] else "",
        "no_fixed_abode": address["no_fixed_abode"] if with_address else False,
        "reasons": [reason for reason in reasons if reason in common],
        "more_reasons": [reason for reason in reasons if reason not in common],
        "narrative": content["narrative"],
        "told": Told(content["told"]),
        "told_detail": content["told_detail"],
        "agrees": Agrees(content["agrees"]),
        "current_location": CurrentLocation(content["current_location"]),
        "location_detail": content["location_detail"],
        "full_name": _full_name(person),
        "born": born,
        "age": int(person["age"]) if str(person["age"]).isdecimal() and len(person["age"]) < 4 else None,
        "phone": person["phone"],
        "email": person["email"],
        "nhs_number": person["nhs_number"],
        "language": person["language"],
        "interpreter": person["interpreter"],
        "household_flags": [HouseholdFlag(code) for code in content["household_flags"]],
        "staff_safety": [StaffSafety(code) for code in content["staff_safety"]],
        "contact_constraints": [ContactConstraint(code) for code in content["contact_constraints"]],
        "confidential_address": content["confidential_address"],
        "capacity_concern": CapacityConcern(content["capacity_concern"]),
        "sharing_preference": SharingPreference(content["sharing_preference"]),
        "lawful_basis": LawfulBasis(content["lawful_basis"]),
        "feedback_to": content["feedback_to"],
        "referrer_name": content["referrer_name"],
        "referrer_team": content["referrer_team"],
        "referrer_contact": content["referrer_contact"],
        "other_agencies_told": content["other_agencies_told"],
        "source_grade": content["source_grade"],
        "source_grade_scheme": content["source_grade_scheme"],
        "suspect": content["suspect"],
    }


def _typed_here(field: TextField) -> str:
    """What somebody wrote here, else nothing: what a file said stays as it was received, right or wrong."""
    typed = (field.data or "").strip()
    return "" if typed == (field.object_data or "").strip() else typed


def _labelled(reasons: Iterable[ReferralReason]) -> dict[str, str]:
    return {reason.value: reason.label for reason in reasons}


def _as_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _full_name(person: Mapping[str, Any]) -> str:
    parts = (person["title"], person["first_name"], person["middle_name"], person["surname"])
    return str(person["full_name"]) or " ".join(str(part) for part in parts if part)
