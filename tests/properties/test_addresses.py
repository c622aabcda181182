"""Resolving takes any text, does not hang on the order of the register, and never takes one dwelling for another."""

from hypothesis import example, given
from hypothesis import strategies as st

from prevention.matching.addresses.choosing import AddressRegister, RegisterAddress, resolve
from prevention.matching.addresses.comparing import compare_addresses
from prevention.matching.addresses.reading import read_address
from tests.properties.test_normalise import ADDRESSES

STREETS = st.sampled_from(["High Street", "Church Road", "St John's Road", "Mill Lane", "The Grove", "Oak Avenue"])
NUMBERS = st.integers(min_value=1, max_value=12)
LETTERS = st.sampled_from(["", "", "", "A", "B", "C"])
FLATS = st.one_of(st.just(""), st.integers(min_value=1, max_value=12).map(str), st.sampled_from(["A", "B", "C"]))
FLAT_WORDS = st.sampled_from(["Flat", "FLT", "Apartment", "apt.", "Unit"])
POSTCODE = "N1 8LY"


@st.composite
def homes(draw: st.DrawFn) -> tuple[str, str, str]:
    """Flat, number with letter, street; a flat with a letter is never in a house with one."""
    flat = draw(FLATS)
    letter = "" if flat.isalpha() else draw(LETTERS)
    return flat, f"{draw(NUMBERS)}{letter}", draw(STREETS)


def registered(home: tuple[str, str, str], uprn: str = "1") -> RegisterAddress:
    flat, number, street = home
    return RegisterAddress.from_parts(
        uprn, flat=flat, building="", number=number, street=street, locality="", town="London", postcode=POSTCODE
    )


def dwelling(home: tuple[str, str, str]) -> tuple[str, str, str]:
    """The home with one spelling of "Flat A, 39" and "39A"."""
    flat, number, street = home
    return ("", f"{number}{flat}", street) if flat.isalpha() else home


@given(ADDRESSES, ADDRESSES)
def test_any_text_is_read_and_compared(text: str, other: str) -> None:
    one, two = read_address(text, other), read_address(other)
    assert compare_addresses(one, two).bits <= 50
    assert resolve(text, [RegisterAddress("1", other)], other).probability <= 1


@given(st.sampled_from(["1" * 5000, "Flat " * 400, "A1 " * 500, "12/" * 400, "(" * 900, "\u202e" * 700, "፩ ² ①"]))
def test_hostile_text_is_read_too(text: str) -> None:
    assert not resolve(text, [registered(("", "12", "High Street"))], text).sure


@given(ADDRESSES)
def test_what_stands_in_the_register_never_loses_to_itself(text: str) -> None:
    one = RegisterAddress("1", text)
    resolution = resolve(text, [one])
    assert resolution.best in {one, None}


@given(homes(), st.lists(homes(), max_size=8, unique_by=dwelling), st.data())
def test_the_order_of_the_register_changes_nothing(
    wanted: tuple[str, str, str], others: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    register = [registered(home, str(at)) for at, home in enumerate(others)]
    turned = data.draw(st.permutations(register))
    written = registered(wanted).line
    assert AddressRegister(register).resolve(written) == AddressRegister(turned).resolve(written)


@given(homes(), st.lists(homes(), max_size=12, unique_by=dwelling), st.booleans())
def test_a_few_candidates_are_chosen_from_as_a_whole_register_is(
    wanted: tuple[str, str, str], others: list[tuple[str, str, str]], here: bool
) -> None:
    register = [registered(home, str(at)) for at, home in enumerate(others)]
    written = f"{wanted[0] and f'Flat {wanted[0]}, '}{wanted[1]} {wanted[2]}, London {POSTCODE if here else 'N1'}"
    few, whole = resolve(written, register), AddressRegister(register).resolve(written)
    assert (few.sure, few.best if few.sure else None) == (whole.sure, whole.best if whole.sure else None)


@given(homes(), st.lists(homes(), max_size=12, unique_by=dwelling), FLAT_WORDS, st.booleans())
@example(("1", "1B", "High Street"), [("B", "1", "High Street")], "Flat", False)
def test_a_sure_address_is_the_very_dwelling(
    wanted: tuple[str, str, str], others: list[tuple[str, str, str]], word: str, shout: bool
) -> None:
    flat, number, street = wanted
    written = f"{f'{word} {flat}, ' if flat else ''}{number} {street}, London {POSTCODE}"
    register = {str(at): home for at, home in enumerate(others)}
    resolution = resolve(
        written.upper() if shout else written, [registered(home, uprn) for uprn, home in register.items()]
    )
    if resolution.sure:
        assert resolution.best is not None
        assert dwelling(register[resolution.best.uprn]) == dwelling(wanted)


@given(homes(), FLAT_WORDS, st.booleans())
def test_a_home_that_is_there_is_sure(wanted: tuple[str, str, str], word: str, glued: bool) -> None:
    flat, number, street = wanted
    neighbour = ("", f"{int(''.join(filter(str.isdigit, number))) + 401}", street)
    house = f"{number}{flat}" if glued and flat.isalpha() else number
    front = "" if not flat or house != number else f"{word} {flat} "
    resolution = resolve(f"{front}{house} {street} {POSTCODE}", [registered(wanted, "1"), registered(neighbour, "2")])
    assert resolution.sure
    assert resolution.best is not None
    assert resolution.best.uprn == "1"


@given(homes())
def test_reading_its_own_line_is_the_same_dwelling(home: tuple[str, str, str]) -> None:
    line = registered(home).line
    assert read_address(line) == read_address(line.upper())
    assert compare_addresses(read_address(line), read_address(line)).dwelling == "same"
