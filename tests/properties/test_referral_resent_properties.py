"""Whatever is sent, corrected and sent again: nobody's word is lost, and the same words again change nothing."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prevention.domain.referral import GivenAddress, GivenPerson, HouseholdFlag, ReferralReason
from prevention.domain.referral_content import Content, flat
from prevention.domain.referral_resent import compare

_words = st.sampled_from(["", "a", "b", "c"])
_reasons = st.lists(st.sampled_from(sorted(ReferralReason)[:4]), min_size=1, unique=True).map(sorted)
_flags = st.lists(st.sampled_from(sorted(HouseholdFlag)[:3]), unique=True).map(sorted)


def _parts(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {name: st.booleans() if field.type == "bool" or field.type is bool else _words
         for name, field in kind.__dataclass_fields__.items()}  # type: ignore[attr-defined]
    )  # fmt: skip


contents: st.SearchStrategy[Content] = st.fixed_dictionaries(
    {
        "address": _parts(GivenAddress),
        "person": _parts(GivenPerson),
        "reasons": _reasons,
        "household_flags": _flags,
        "narrative": _words,
        "immediate_danger": st.booleans(),
        "current_location": _words,
        "location_detail": _words,
        "told": _words,
        "told_detail": _words,
        "source_grade": _words,
        "source_grade_scheme": _words,
    }
)


@given(before=contents, content=contents)
def test_saying_the_same_again_changes_nothing(before: Content, content: Content) -> None:
    found = compare(before, before, content)
    assert found.applied_to(content) == content
    assert not found.disputed


@given(before=contents, said=contents)
def test_where_nobody_corrected_the_sender_is_followed(before: Content, said: Content) -> None:
    found = compare(before, said, before)
    assert found.applied_to(before) == said
    assert not found.disputed


@given(before=contents, said=contents, content=contents)
def test_what_a_person_corrected_is_never_replaced_but_asked(before: Content, said: Content, content: Content) -> None:
    found = compare(before, said, content)
    was, says, stood, stands = flat(before), flat(said), flat(content), flat(found.applied_to(content))
    for field, value in stood.items():
        if isinstance(value, list):
            added, taken = set(value) - set(was[field]), set(was[field]) - set(value)
            assert added - set(stands[field]) <= set(was[field]), "what a person added stays"
            assert not (taken & set(stands[field])) - set(says[field]), "what a person took away does not come back"
        elif value != was[field]:
            assert stands[field] == value
            if says[field] not in (was[field], value):
                assert found.disputed[field] == says[field]
