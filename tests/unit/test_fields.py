"""The shapes fields accept, and the words they refuse with."""

from datetime import date
from enum import StrEnum
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, Form, FormField
from wtforms.validators import DataRequired, InputRequired, Optional

from prevention.web import fields, form_errors


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Everything(Form):
    born = fields.DateField("Born", [Optional()])
    postcode = fields.PostcodeField()
    phone = fields.PhoneField()
    alarms = fields.WholeNumberField("Alarms", [Optional()], highest=20)
    storey = fields.WholeNumberField("Storey", [Optional()], lowest=-5, highest=99)
    one = fields.EnumRadiosField(Colour, "One")
    many = fields.EnumCheckboxesField(Colour, "Many")
    pick = fields.EnumPickField(Colour, "Pick", members=[Colour.BLUE])
    notes = fields.LongTextField("Notes", limit=10)


def send(form: type[Form] = Everything, **typed: Any) -> Form:
    pairs = [(name, v) for name, value in typed.items() for v in (value if isinstance(value, list) else [value])]
    sent = form(MultiDict(pairs))
    sent.validate()
    return sent


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (["27", "3", "1950"], date(1950, 3, 27)),
        ([" 01", "12 ", "2026"], date(2026, 12, 1)),
        (["29", "2", "2024"], date(2024, 2, 29)),
        (["1950-03-27"], date(1950, 3, 27)),
        (["", "", ""], None),
        ([], None),
    ],
)
def test_a_date_is_read(typed: list[str], value: date | None) -> None:
    form = send(born=typed)
    assert form.born.data == value
    assert not form.born.errors


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["31", "2", "2026"], "no day 31"),
        (["29", "2", "2023"], "no day 29"),
        (["27", "13", "1950"], "month must be between 1 and 12"),
        (["27", "3", "50"], "four numbers"),
        (["27", "", "1950"], "must include a month"),
        (["", "3", ""], "must include a day and a year"),
        (["x", "3", "1950"], "in numbers"),
        (["²", "3", "1950"], "in numbers"),
        (["1", "2", "1990", "4"], "in numbers"),
        (["1"], "must include a month and a year"),
        (["9" * 10000, "1", "2020"], "in numbers"),
    ],
)
def test_a_wrong_date_is_refused_and_stays_in_the_boxes(typed: list[str], words: str) -> None:
    form = send(born=typed)
    assert words in form.born.errors[0]
    assert form.born.data is None
    assert form.born.parts == tuple([*typed, "", ""][:3])


def test_a_required_date_keeps_its_own_words() -> None:
    class Strict(Form):
        born = fields.DateField("Born", [DataRequired("Enter a date")])

    assert send(Strict, born=["31", "2", "2026"]).errors == {"born": ["There is no day 31 in that month"]}
    assert send(Strict, born=["", "", ""]).errors == {"born": ["Enter a date"]}
    assert Strict(data={"born": date(1950, 3, 27)}).born.parts == ("27", "3", "1950")


@pytest.mark.parametrize(("typed", "value"), [("se17pb", "SE1 7PB"), (" Sw1a-1aa ", "SW1A 1AA"), ("", "")])
def test_a_postcode_is_tidied(typed: str, value: str) -> None:
    form = send(postcode=typed)
    assert form.postcode.data == value
    assert not form.postcode.errors


@pytest.mark.parametrize("typed", ["SE1", "12345", "<script>", "A" * 10000])
def test_a_wrong_postcode_is_refused(typed: str) -> None:
    assert "full UK postcode" in send(postcode=typed).postcode.errors[0]


@pytest.mark.parametrize(
    ("typed", "value"),
    [("020 7946 0018", "+442079460018"), ("07700 900 982", "+447700900982"), ("0033 1 23 45 67 89", "+33123456789")],
)
def test_a_phone_number_becomes_e164(typed: str, value: str) -> None:
    assert send(phone=typed).phone.data == value


def test_a_wrong_phone_number_is_refused() -> None:
    assert "phone number" in send(phone="ring next door").phone.errors[0]


@pytest.mark.parametrize(("typed", "value"), [("0", 0), ("20", 20), ("", None)])
def test_a_whole_number_is_read(typed: str, value: int | None) -> None:
    form = send(alarms=typed)
    assert form.alarms.data == value
    assert not form.alarms.errors


@pytest.mark.parametrize("typed", ["21", "-1", "1.5", "two", "9" * 5000])
def test_a_wrong_whole_number_is_refused(typed: str) -> None:
    assert "between 0 and 20" in send(alarms=typed).alarms.errors[0]


@pytest.mark.parametrize(("typed", "value"), [("-5", -5), ("-1", -1), ("0", 0), ("99", 99)])
def test_a_whole_number_below_zero_is_read_where_it_may_be(typed: str, value: int) -> None:
    form = send(storey=typed)
    assert form.storey.data == value
    assert not form.storey.errors


@pytest.mark.parametrize("typed", ["-6", "100", "-", "--1", "-1.5", "- 1", "-" + "9" * 5000])
def test_a_wrong_whole_number_below_zero_is_refused(typed: str) -> None:
    assert "between -5 and 99" in send(storey=typed).storey.errors[0]


def test_enum_fields_give_members_and_refuse_strangers() -> None:
    form = send(one="RED", many=["BLUE", "RED"], pick="BLUE")
    assert form.one.data is Colour.RED
    assert form.many.data == [Colour.BLUE, Colour.RED]
    assert form.pick.data is Colour.BLUE
    assert not form.errors
    wrong = send(one="GREEN", many=["RED", "GREEN"], pick="RED")
    assert set(wrong.errors) == {"one", "many", "pick"}
    assert send().errors == {}
    assert send(pick="").pick.data is None


def test_an_enum_field_can_be_required() -> None:
    class Strict(Form):
        one = fields.EnumRadiosField(Colour, "One", [InputRequired("Choose one")])
        many = fields.EnumCheckboxesField(Colour, "Many", [InputRequired("Choose at least one")])

    assert send(Strict).errors == {"one": ["Choose one"], "many": ["Choose at least one"]}


def test_long_text_says_how_much_is_too_much() -> None:
    assert send(notes="x" * 12).notes.errors == ["Use 10 characters or fewer. You have 2 too many"]
    assert send(notes="a\r\nb ").notes.data == "a\nb"


def test_the_error_list_reaches_into_sub_forms_and_lists() -> None:
    class Room(Form):
        name = fields.TextField("Name", [DataRequired("Name the room")])

    class Visit(Form):
        where = FormField(Room)
        rooms = FieldList(FormField(Room), min_entries=2)
        words = FieldList(fields.TextField("Word", [DataRequired("Say something")]), min_entries=2)

    form = Visit(MultiDict({"rooms-0-name": "Hall", "rooms-1-name": "", "words-0": "x", "words-1": ""}))
    assert not form.validate()
    form.form_errors.append("The visit overlaps another")
    assert form_errors.error_list(form) == [
        {"text": "The visit overlaps another"},
        {"text": "Name the room", "href": "#where-name"},
        {"text": "Name the room", "href": "#rooms-1-name"},
        {"text": "Say something", "href": "#words-1"},
    ]


@pytest.mark.parametrize("field", [fields.TextField("Name"), fields.LongTextField("Notes")])
def test_characters_nobody_can_type_or_store_are_left_out(field: Any) -> None:
    class One(Form):
        text = field

    form = One(MultiDict({"text": " Jo\x00an\x1b \u202eWhit\u2066field\r\n"}))
    assert form.text.data == "Joan Whitfield"
