"""A referral sent again, held against what people have corrected in it: a person's word is not silently replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prevention.domain.referral_content import Content, flat, with_fields

#: Fields that only make sense together: nobody wants the postcode of one home beside the street of another.
_TOGETHER = (
    ("address.uprn", "address.lines", "address.postcode", "address.no_fixed_abode"),
    ("person.full_name", "person.title", "person.first_name", "person.middle_name", "person.surname"),
    ("current_location", "location_detail"),
    ("told", "told_detail"),
    ("source_grade", "source_grade_scheme"),
)


@dataclass(frozen=True, slots=True)
class Resent:
    """What the sender says that it did not say before, in fields named as by ``flat``.

    ``new`` is what nobody has corrected. ``disputed`` is what somebody has, and of which the sender now says something
    else again. ``corrections_stay``: somebody corrected what the sender only repeats.
    """

    new: Content
    disputed: Content
    corrections_stay: bool

    def applied_to(self, content: Content) -> Content:
        """``content`` with what is new and nobody disputes."""
        return with_fields(content, self.new)


def compare(before: Content, said: Content, content: Content) -> Resent:
    """Hold what the sender says now against what it said ``before``, and against the referral's ``content``.

    Where the two differ, somebody has corrected the referral. Lists are compared entry by entry, so that what each side
    added or took away holds and nothing in them is disputed.
    """
    was, says, stands = flat(before), flat(said), flat(content)
    new: Content = {}
    disputed: Content = {}
    corrections_stay = False
    for fields in _groups(says):
        one = {field: says[field] for field in fields}
        earlier = {field: was.get(field) for field in fields}
        current = {field: stands.get(field) for field in fields}
        if one == current:
            continue
        if one == earlier:
            corrections_stay = True
        elif earlier == current:
            new |= one
        elif isinstance(one[fields[0]], list):
            new |= {field: _entries(field, earlier[field], one[field], current[field]) for field in fields}
        else:
            disputed |= one
    return Resent(new, disputed, corrections_stay)


def _groups(fields: Content) -> Iterator[tuple[str, ...]]:
    grouped = {field for group in _TOGETHER for field in group}
    yield from _TOGETHER
    yield from ((field,) for field in fields if field not in grouped)


def _entries(field: str, was: Any, says: Any, stands: Any) -> list[str]:
    """``stands`` with what the sender added and without what it took away; a referral keeps a reason at least."""
    before, now, current = set(was or ()), set(says), set(stands or ())
    both = (current - (before - now)) | (now - before)
    return sorted(both or (current if field == "reasons" else both))
