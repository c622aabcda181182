"""WTForms fields drawn with the GOV.UK Design System. Shapes and wording only: no field here knows the database."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import phonenumbers
from govuk_frontend_wtf.wtforms_widgets import (
    GovCharacterCount,
    GovCheckboxesInput,
    GovCheckboxInput,
    GovDateInput,
    GovFileInput,
    GovPasswordInput,
    GovRadioInput,
    GovSelect,
    GovTextArea,
    GovTextInput,
)
from wtforms import (
    BooleanField,
    Field,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.form import BaseForm
from wtforms.validators import StopValidation, ValidationError

from prevention.web.widgets import Choices, DateParts, Tick, Widget

POSTCODE = re.compile(r"^(GIR ?0AA|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][ABD-HJLNP-UW-Z]{2})$")
"""The shape of a UK postcode after upper-casing (domain.md 5.2); whether it exists is the gazetteer's business."""

_NOT_READABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class OneHomeOnly:
    """Validator of a field that says where the home is in another way than the list of addresses (``address``).

    Refused beside a home picked from that list: of two, the one that is meant could be dropped without a word.
    ``instead`` says how to leave this one out, such as "clear this box".
    """

    def __init__(self, instead: str) -> None:
        self._message = f"You chose a home from the list too. Keep one: {instead}, or that choice"

    def __call__(self, form: BaseForm, field: Field) -> None:
        """Raise ValidationError when both say something."""
        if field.data and form["address"].data:
            raise ValidationError(self._message)


class AtMost:
    """Refuses more than ``most`` characters. Names the field: a page's list of errors may hold several alike."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: BaseForm, field: Field) -> None:
        """Refuse what is too long."""
        if len(field.data or "") > self.most:
            asked = field.label.text.removesuffix(" (optional)")
            raise ValidationError(f"Use {self.most:,} characters or fewer in “{asked}”")


class TextField(StringField):
    """One line of text, trimmed; empty becomes ``""``. ``width`` is a class of the design system such as ``"20"``."""

    def __init__(self, label: str = "", validators: Sequence[Any] = (), *, width: str = "", **kwargs: Any) -> None:
        super().__init__(label, list(validators), **kwargs)
        self.widget = Widget(GovTextInput(), **({"classes": f"govuk-input--width-{width}"} if width else {}))

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep the first value without the spaces around it and without control characters."""
        if valuelist:
            self.data = _readable(str(valuelist[0])).strip()


class LongTextField(TextAreaField):
    """Several lines of text, trimmed. With ``limit`` (characters) the page counts down while typing."""

    def __init__(
        self, label: str = "", validators: Sequence[Any] = (), *, limit: int | None = None, rows: int = 5, **kwargs: Any
    ) -> None:
        super().__init__(label, list(validators), **kwargs)
        self.limit = limit
        params: dict[str, Any] = {"rows": rows}
        if limit is not None:
            params["maxlength"] = limit
        self.widget = Widget(GovCharacterCount() if limit is not None else GovTextArea(), **params)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep the text without the spaces around it and without control characters, with Unix line ends."""
        if valuelist:
            self.data = _readable(str(valuelist[0]).replace("\r\n", "\n")).strip()

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse text longer than the limit, with the number of characters to take away."""
        over = len(self.data or "") - self.limit if self.limit is not None else 0
        if over > 0:
            raise ValidationError(f"Use {self.limit:,} characters or fewer. You have {over:,} too many")


class SecretField(PasswordField):
    """A password with a show button; never filled in again by the server."""

    widget = Widget(GovPasswordInput())


class UploadField(FileField):
    """One file. The page's form needs ``form_files = true``."""

    widget = Widget(GovFileInput())


class TickField(BooleanField):
    """One checkbox on its own."""

    def __init__(self, label: str = "", validators: Sequence[Any] = (), *, big: bool = False, **kwargs: Any) -> None:
        super().__init__(label, list(validators), **kwargs)
        self.big = big
        self.widget = Tick(GovCheckboxInput())


class PickField(SelectField):
    """A drop-down list from ``choices`` (value, label), passed in by the view. Prefer radios for fewer than eight."""

    widget = Widget(GovSelect())

    def __init__(self, label: str = "", validators: Sequence[Any] = (), *, choices: Any = None, **kwargs: Any) -> None:
        super().__init__(label, list(validators), choices=_as_choices(choices), validate_choice=False, **kwargs)

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a value that is not on offer; nothing chosen is for the validators to judge."""
        _refuse_unknown(self, "Choose one from the list")


class RadiosField(RadioField):
    """Radios from ``choices`` (value, label). ``big``: 56 px targets; ``hints``: a line below, by value."""

    def __init__(
        self,
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        choices: Any = None,
        big: bool = False,
        inline: bool = False,
        hints: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, list(validators), choices=_as_choices(choices), validate_choice=False, **kwargs)
        self.big = big
        self.hints = dict(hints or {})
        self.widget = Choices(GovRadioInput(), **({"classes": "govuk-radios--inline"} if inline else {}))

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse a value that is not on offer; nothing chosen is for the validators to judge."""
        _refuse_unknown(self, "Choose one of the answers")


class CheckboxesField(SelectMultipleField):
    """Checkboxes from ``choices`` (value, label); ``data`` is a list of the chosen values."""

    def __init__(
        self,
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        choices: Any = None,
        big: bool = False,
        hints: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, list(validators), choices=_as_choices(choices), validate_choice=False, **kwargs)
        self.big = big
        self.hints = dict(hints or {})
        self.widget = Choices(GovCheckboxesInput())

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse values that are not on offer."""
        _refuse_unknown(self, "Choose from the list")


class EnumRadiosField(RadiosField):
    """Radios for a StrEnum whose members have ``.label``; ``data`` is a member or None.

    ``members`` limits and orders what is on offer; the default is all in their own order.
    """

    def __init__(
        self,
        enum: type[StrEnum],
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        members: Iterable[StrEnum] | None = None,
        **kwargs: Any,
    ) -> None:
        self.enum = enum
        kwargs.setdefault("coerce", _coerce_to(enum))
        super().__init__(label, validators, choices=_enum_choices(enum if members is None else members), **kwargs)


class EnumCheckboxesField(CheckboxesField):
    """Checkboxes for a StrEnum whose members have ``.label``; ``data`` is a list of members."""

    def __init__(
        self,
        enum: type[StrEnum],
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        members: Iterable[StrEnum] | None = None,
        **kwargs: Any,
    ) -> None:
        self.enum = enum
        kwargs.setdefault("coerce", _coerce_to(enum))
        super().__init__(label, validators, choices=_enum_choices(enum if members is None else members), **kwargs)


class EnumPickField(PickField):
    """A drop-down list for a StrEnum; ``data`` is a member or None.

    The first choice reads ``empty``; ``empty=None`` leaves it out.
    """

    def __init__(
        self,
        enum: type[StrEnum],
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        members: Iterable[StrEnum] | None = None,
        empty: str | None = "Choose one",
        **kwargs: Any,
    ) -> None:
        self.enum = enum
        choices = _enum_choices(enum if members is None else members)
        if empty is not None:
            choices.insert(0, ("", empty))
        kwargs.setdefault("coerce", _coerce_to(enum))
        super().__init__(label, validators, choices=choices, **kwargs)


class DateField(Field):
    """A date typed as day, month, year. ``data`` is a ``date`` or None.

    What was typed stays in the boxes when it is wrong. 31 February, two-digit years and years outside 1900-2100 are
    refused with words that say which part is wrong. All boxes empty is None: use DataRequired to insist.
    """

    widget = DateParts(GovDateInput())

    data: date | None

    def __init__(self, label: str = "", validators: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(label, list(validators), **kwargs)

    @property
    def parts(self) -> tuple[str, str, str]:
        """Day, month and year as they stand in the boxes."""
        if self.raw_data:
            day, month, year = ([str(part).strip() for part in self.raw_data] + ["", "", ""])[:3]
            return day, month, year
        if isinstance(self.data, date):
            return str(self.data.day), str(self.data.month), str(self.data.year)
        return "", "", ""

    def _value(self) -> str:
        return self.data.isoformat() if isinstance(self.data, date) else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read three boxes, or one ISO date (as autosave sends it)."""
        self.data = None
        if len(valuelist) == 1 and "-" in str(valuelist[0]):
            valuelist = list(reversed(str(valuelist[0]).strip().split("-")))
        typed = [str(part).strip() for part in valuelist]
        self.raw_data = [*typed, "", "", ""][:3]
        if not any(typed):
            return
        names = ("day", "month", "year")
        missing = [name for name, part in zip(names, [*typed, "", "", ""], strict=False) if not part]
        if missing:
            raise ValueError(f"The date must include a {' and a '.join(missing)}")
        if len(typed) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in typed):
            raise ValueError("Write the date in numbers, for example 27 3 1950")
        day, month, year = (int(part) for part in typed)
        if not 1900 <= year <= 2100:
            raise ValueError("Write the year with four numbers, for example 1950")
        if not 1 <= month <= 12:
            raise ValueError("The month must be between 1 and 12")
        try:
            self.data = date(year, month, day)
        except ValueError:
            raise ValueError(f"There is no day {day} in that month") from None

    def pre_validate(self, form: BaseForm) -> None:
        """Keep the words about what was typed: a later validator would replace them by "Enter a date"."""
        if self.process_errors:
            raise StopValidation


class PostcodeField(TextField):
    """A UK postcode; ``data`` is upper case with one space (``SW1A 1AA``) or ``""``. Wrong shape is an error."""

    def __init__(self, label: str = "Postcode", validators: Sequence[Any] = (), **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"})
        super().__init__(label, validators, width="10", **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Tidy case and spacing; keep what cannot be a postcode as it was typed."""
        super().process_formdata(valuelist)
        squeezed = re.sub(r"[^A-Z0-9]", "", (self.data or "").upper())
        if squeezed and POSTCODE.match(squeezed):
            self.data = f"{squeezed[:-3]} {squeezed[-3:]}"

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what cannot be a UK postcode."""
        if self.data and not POSTCODE.match(self.data):
            raise ValidationError("Enter a full UK postcode, for example SE1 7PB")


class PhoneField(TextField):
    """A phone number; ``data`` is E.164 (``+442079460018``) or ``""``. British unless it starts with + or 00."""

    def __init__(self, label: str = "Phone number", validators: Sequence[Any] = (), **kwargs: Any) -> None:
        kwargs.setdefault("render_kw", {"inputmode": "tel", "autocomplete": "off"})
        super().__init__(label, validators, width="20", **kwargs)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.data or ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Turn what was typed into E.164."""
        super().process_formdata(valuelist)
        if not self.data:
            return
        try:
            number = phonenumbers.parse(re.sub(r"^00", "+", self.data), "GB")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValueError("Enter a phone number, for example 020 7946 0018 or 07700 900 982")
        self.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def pre_validate(self, form: BaseForm) -> None:
        """Keep the words about what was typed."""
        if self.process_errors:
            raise StopValidation


class WholeNumberField(IntegerField):
    """A whole number, of zero or more unless ``lowest`` is below, typed in a short box; ``data`` is an int or None.

    Insist with InputRequired, because 0 counts.
    """

    def __init__(
        self,
        label: str = "",
        validators: Sequence[Any] = (),
        *,
        lowest: int = 0,
        highest: int = 9999,
        width: str = "4",
        **kwargs: Any,
    ) -> None:
        super().__init__(label, list(validators), **kwargs)
        self.lowest = lowest
        self.highest = highest
        keys = {"inputmode": "numeric"} if lowest >= 0 else {}  # many numeric keypads have no minus
        self.widget = Widget(GovTextInput(), classes=f"govuk-input--width-{width}", **keys)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; empty is None."""
        self.data = None
        typed = str(valuelist[0]).strip().replace(",", "") if valuelist else ""
        if not typed:
            return
        digits = typed.removeprefix("-") if self.lowest < 0 else typed
        readable = digits.isascii() and digits.isdigit() and len(digits) <= 9
        if not readable or not self.lowest <= int(typed) <= self.highest:
            raise ValueError(f"Enter a whole number between {self.lowest:,} and {self.highest:,}")
        self.data = int(typed)

    def pre_validate(self, form: BaseForm) -> None:
        """Keep the words about what was typed."""
        if self.process_errors:
            raise StopValidation


def _readable(text: str) -> str:
    """Leave out what nobody types on purpose: NUL and other controls (the database refuses NUL), bidi overrides."""
    return _NOT_READABLE.sub("", text)


def _as_choices(choices: Any) -> Any:
    """Turn (value, label) pairs into the mapping WTForms wants; a callable or None stays as it is."""
    return choices if choices is None or callable(choices) else dict(choices)


def _enum_choices(members: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(member.value, str(getattr(member, "label", member.value))) for member in members]


def _coerce_to(enum: type[StrEnum]) -> Callable[[Any], StrEnum | None]:
    """Make a coercion to a member; unknown or empty becomes None, and pre_validate judges what was sent."""
    known = {member.value: member for member in enum}

    def coerce(value: Any) -> StrEnum | None:
        return known.get(str(value)) if value not in (None, "") else None

    return coerce


def _refuse_unknown(field: SelectField, words: str) -> None:
    offered = {str(choice[0]) for choice in field.iter_choices()}
    if any(str(value) not in offered for value in field.raw_data or [] if value != ""):
        raise ValidationError(words)
