"""Lines of a file in words, and what was found on them said once."""

import pytest

from prevention.blueprints.imports.wording import by_sentence, encoding_words, field_words, line_words, outcome_words
from prevention.models.imports import ImportRun


@pytest.mark.parametrize(
    ("lines", "words"),
    [([], ""), ([4], "4"), ([2, 3], "2 to 3"), ([9, 2, 3, 4, 7, 3], "2 to 4, 7, 9")],
)
def test_lines_in_a_row_are_drawn_together(lines: list[int], words: str) -> None:
    assert line_words(lines) == words


def test_outcomes_leave_out_what_there_is_none_of_and_what_is_not_to_be_told() -> None:
    run = ImportRun(new=1849, joined=0, review=3, amended=0, unchanged=0, to_confirm=2, refused=0)
    assert outcome_words(run, tells_outcomes=True) == "1,849 new, 3 for review, 2 to confirm"
    assert outcome_words(run, tells_outcomes=False) == "none refused"


def test_the_same_sentence_is_said_once_for_each_column() -> None:
    found = [(2, "Too long", "CAD"), (3, "Too long", "CAD"), (3, "Too long", "DoB"), (9, "Who?", "")]
    assert by_sentence(found) == [["2 to 3", "Too long", "CAD"], ["3", "Too long", "DoB"], ["9", "Who?", "–"]]


def test_fields_and_encodings_have_names_people_know() -> None:
    assert (field_words("person.dob"), field_words("source_ref")) == ("Person: date of birth", "Reference")
    assert (encoding_words("cp1252"), encoding_words("latin-1")) == ("Windows letters (Windows-1252)", "latin-1")
