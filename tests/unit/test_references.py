"""References people read out: unguessable, forgiving, and never mistaken for one another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.reference import ReferenceKind, new_reference, read_reference


@given(st.sampled_from(ReferenceKind), st.sampled_from(["", " ", "-", "  /  "]), st.booleans())
def test_what_is_read_out_is_understood(kind: ReferenceKind, gap: str, small: bool) -> None:
    reference = new_reference(kind)
    typed = reference.replace("-", gap)
    assert read_reference(typed.lower() if small else typed) == reference


def test_look_alike_letters_are_forgiven() -> None:
    assert read_reference("r o1il-2345") == "R-0111-2345"
    assert read_reference("I-ABCD-EFGH") == "I-ABCD-EFGH"


@pytest.mark.parametrize("typed", ["", "   ", "☂", "C-", "C-1234-567", "C-1234-56789", "X-1234-5678", "C-123U-5678"])
def test_what_is_no_reference(typed: str) -> None:
    assert read_reference(typed) is None


@given(st.text(max_size=40))
def test_nothing_typed_breaks_it(typed: str) -> None:
    found = read_reference(typed)
    assert found is None or read_reference(found) == found
