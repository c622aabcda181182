"""A visit record goes to JSON and back unchanged, and reading never fails whatever the data."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.visit import VisitOutcome
from prevention.domain.visit_record import VisitRecord, from_json, prefill_from, problems, to_json

RECORDS = st.builds(
    VisitRecord, **{name: st.from_type(kind) for name, kind in VisitRecord.__annotations__.items() if name != "unknown"}
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(sorted(VisitRecord.__annotations__)) | st.text(max_size=8)


@given(RECORDS)
def test_there_and_back(record: VisitRecord) -> None:
    text = json.dumps(to_json(record))
    again = from_json(json.loads(text))
    assert again == record
    assert json.dumps(to_json(again)) == text


@given(st.dictionaries(KEYS, JSON, max_size=8))
def test_reading_never_fails_and_settles(data: dict[str, Any]) -> None:
    record = from_json(data)
    assert from_json(to_json(record)) == record


@given(RECORDS, st.sampled_from(VisitOutcome))
def test_problems_are_sentences_about_fields(record: VisitRecord, outcome: VisitOutcome) -> None:
    for name, sentence in problems(record, outcome).items():
        assert name
        assert sentence[0].isupper()


@given(RECORDS)
def test_pre_filling_never_brings_an_outcome(record: VisitRecord) -> None:
    start = prefill_from(record)
    assert start.outcome is None
    assert not start.equipment
    assert not any(alarm.fitted_today or alarm.working for alarm in start.alarms)
