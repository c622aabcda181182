"""What is typed into the search box as a query: nothing typed can be an operator."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql

from prevention.queries.cases.search import matching

WORD = r"'[^\W_]+'(:\*)?"
TERM = rf"({WORD}|\({WORD}( \| {WORD})+\))"


def queries(typed: str) -> list[str]:
    condition = matching(typed)
    if condition is None:
        return []
    compiled = condition.compile(dialect=postgresql.dialect())
    return [value for value in compiled.params.values() if value != "simple"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("O'Brien", ["'o' & 'brien':*"]),
        ("se1 7pb", ["'se17pb':*", "'se17pb':*"]),
        ("14 harrow", ["'14' & 'harrow':*", "'14harrow':*"]),
        ("020 7946 0018", ["'020' & '7946' & '0018':*", "'02079460018':*"]),
        ("+44 (0)20 7946 0018", ["'44' & '0' & '20' & '7946' & '0018':*", "'442079460018':*"]),
        ("7946 0018 20", ["'7946' & '0018' & '20':*", "'7946001820':*", "'07946001820':*"]),
        ("14 harrow rd", ["'14' & 'harrow' & ('rd':* | 'road':*)", "'14harrowrd':*"]),
        ("mount rise", ["('mount' | 'mt') & 'rise':*"]),
        ("x", []),
        ("", []),
    ],
)
def test_words_postcodes_and_phones(typed: str, expected: list[str]) -> None:
    assert queries(typed) == expected


@given(st.text(max_size=300))
def test_only_quoted_words_and_our_own_operators(typed: str) -> None:
    for query in queries(typed):
        assert re.fullmatch(rf"{TERM}( & {TERM})*", query), query
