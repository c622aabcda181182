"""A referral sent again under its own reference: what its file is silent about and what people corrected both stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from prevention.domain.imports import RowOutcome
from prevention.domain.local_time import LONDON
from prevention.domain.referral import Channel, GivenAddress, GivenPerson, NotSaid, ReceiveReferral, ReferralReason
from prevention.domain.referral_content import Content, command_from, content_of
from prevention.domain.referral_resent import Resent, compare
from prevention.errors import Invalid
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dwellings import address_key
from prevention.matching.normalise.people import tidy_person
from prevention.matching.normalise.text import fold
from prevention.models.referral import Referral
from prevention.services.referrals.amending import amend
from prevention.services.referrals.proposing import end_what_is_so, last_said, propose
from prevention.services.work import Work

_LISTS = ("reasons", "household_flags", "contact_constraints", "staff_safety")
_SOMEBODY_ELSE = "This reference was used for somebody else before. Ask the sender which is right."


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a referral that comes again: what its sender ``said`` last, what it says now, and its day."""

    said: Content
    current: Content
    day: date

    def saying(self, command: ReceiveReferral) -> Content:
        """All that its sender says with ``command``: what that cannot say stays as it was said before."""
        return _with_what_stays(self.said, content_of(command), command.not_said)

    def after(self, command: ReceiveReferral) -> "Known":
        """What is known once ``command`` was taken in."""
        said = self.saying(command)
        return Known(said, compare(self.said, said, self.current).applied_to(self.current), self.day)


def known_as(work: Work, referral: Referral, command: ReceiveReferral) -> Known:
    """What is known of a referral, as whoever sends ``command`` said it."""
    said = last_said(work, referral, command.handed_in_by)
    return Known(said, referral.current_content, referral.received_at.astimezone(LONDON).date())


def known_once_received(work: Work, command: ReceiveReferral) -> Known:
    """What will be known of a referral that has never come before."""
    content = content_of(command)
    return Known(content, content, (command.received_at or work.now).astimezone(LONDON).date())


def send_again(work: Work, referral: Referral, command: ReceiveReferral) -> RowOutcome:
    """Take in what came again for ``referral``: UNCHANGED when its sender says nothing new, else AMENDED.

    A row whose file says more about it further down changes nothing when it came before word for word: the same file
    twice would else undo and redo what its last row says.

    What ``command.not_said`` names stays as the sender said it before. What somebody has corrected stays too: of that,
    only what the sender now says anew is proposed, for a person to settle. What another agency hands in is proposed
    as a whole (TO_CONFIRM), whatever it is about.

    Raises:
        Invalid: it cannot be acted on, or ``refusal``.
    """
    known = known_as(work, referral, command)
    if why := refusal(known, command):
        raise Invalid({"source_ref": why})
    if command.said_again and (command.handed_in_by is not None or _came_before(referral, command)):
        return RowOutcome.UNCHANGED
    said = known.saying(command)
    if command.handed_in_by is None and said == known.said and _says_the_same(referral, command):
        return RowOutcome.UNCHANGED
    found = compare(known.said, said, referral.current_content)
    if command.handed_in_by is not None:
        about_another = _is_somebody_else(known, said)
        return propose(work, referral, command, said, found.new | found.disputed, about_another=about_another)
    merged = command_from(found.applied_to(referral.current_content), command)
    outcome = amend(work, referral, merged, reason=_reason(found), said=said)
    propose(work, referral, command, said, found.disputed)
    end_what_is_so(work, referral)
    return outcome


def refusal(known: Known, command: ReceiveReferral) -> str:
    """Why what is ``known`` cannot be sent again so, in a sentence; empty when it can.

    A file gives another name, date of birth and address all at once, so that it is about somebody else. Who hands in
    another agency's file is not told so: it would say who is known.
    """
    if command.channel is not Channel.CSV or command.handed_in_by is not None:
        return ""
    return _SOMEBODY_ELSE if _is_somebody_else(known, known.saying(command)) else ""


def _reason(found: Resent) -> str:
    """Why the amendment is there, as the referral's page says it."""
    words = ["Sent again with changes"]
    if found.corrections_stay or found.disputed:
        words.append("What was corrected here stays")
    if found.disputed:
        words.append("Where the file now says something else about it, that waits to be confirmed")
    return ". ".join(words)


def _says_the_same(referral: Referral, command: ReceiveReferral) -> bool:
    """Whether every column sent holds the words it held before."""
    latest = referral.amendments[-1].original if referral.amendments else referral.original
    return all(latest.get(column) == text for column, text in command.original.items())


def _came_before(referral: Referral, command: ReceiveReferral) -> bool:
    """Whether the sender has sent these very columns already, first or in between."""
    sent = [amendment.original for amendment in referral.amendments if amendment.said is not None]
    return command.original in (referral.original, *sent)


def _is_somebody_else(known: Known, said: Content) -> bool:
    """Whether it is about nobody the referral spoke of: neither as its sender said before, nor as it was corrected."""
    return _are_two_people(known.day, known.said, said) and _are_two_people(known.day, known.current, said)


def _are_two_people(day: date, before: Content, after: Content) -> bool:
    """Whether name, date of birth and address are all given both times, and all three differ after tidying."""
    if before["person"] == after["person"] or before["address"] == after["address"]:
        return False
    was, now = (tidy_person(GivenPerson(**content["person"]), day) for content in (before, after))
    names = [(fold(person.first_name), fold(person.surname)) for person in (was, now)]
    if not all(map(any, names)) or was.dob is None or now.dob is None:
        return False
    return names[0] != names[1] and was.dob != now.dob and _is_another_home(before["address"], after["address"])


def _is_another_home(before: Content, after: Content) -> bool:
    """Whether both say where, and not the same place."""
    was, now = tidy_address(GivenAddress(**before)), tidy_address(GivenAddress(**after))
    places = [(place.uprn, address_key(place), fold(place.text)) for place in (was, now)]
    if not all(map(any, places)):
        return False
    return not any(one and one == other for one, other in zip(*places, strict=True))


def _with_what_stays(before: Content, after: Content, not_said: NotSaid) -> Content:
    """``after``, with what it could not say taken from ``before``."""
    if not_said == NotSaid():
        return after
    kept = dict(after)
    for part in after:
        if part in _LISTS:
            kept[part] = _list_of(part, before[part], after[part], not_said)
        elif part == "person":
            kept[part] = {
                name: _text_of(f"person.{name}", before[part][name], text, not_said)
                for name, text in after[part].items()
            }
        elif part == "address":
            kept[part] = _address_of(before[part], after[part], not_said)
        elif part == "narrative" and part in not_said.parts:  # words for reasons that are not known stand in it
            new = after[part] not in before[part]
            kept[part] = f"{before[part]}\n{after[part]}".strip() if new else before[part]
        else:
            kept[part] = _text_of(part, before[part], after[part], not_said)
    return kept


def _text_of(name: str, before: Any, after: Any, not_said: NotSaid) -> Any:
    stays = name in not_said.parts or (name in not_said.partly and _is_part_of(str(after), str(before)))
    return before if stays else after


def _is_part_of(text: str, whole: str) -> bool:
    """Whether ``whole`` says every word of ``text`` in the same order, with others perhaps between them."""
    words = iter(whole.split())
    return all(word in words for word in text.split())


def _list_of(part: str, before: Iterable[str], after: Iterable[str], not_said: NotSaid) -> list[str]:
    stays = {value for value in before if part in not_said.parts or (part, value) in not_said.values}
    says = set(after)
    if part == "reasons" and stays and says == {ReferralReason.OTHER}:
        says &= set(before)  # OTHER stands for "none is given", and there is one
    return sorted(stays | says)


def _address_of(before: Content, after: Content, not_said: NotSaid) -> Content:
    """Parts that cannot be said stay, but not beside another home: an old UPRN would send crews to the wrong door."""
    kept = {name: _text_of(f"address.{name}", before[name], text, not_said) for name, text in after.items()}
    if kept == after:
        return after
    same_lines = _are_same_lines(before, kept["lines"])
    same_postcode = _are_same_postcodes(before["postcode"], kept["postcode"])
    if not same_lines and "address.postcode" in not_said.parts:
        kept["postcode"] = ""
    if not (same_lines and same_postcode) and "address.uprn" in not_said.parts:
        kept["uprn"] = ""
    kept["no_fixed_abode"] = after["no_fixed_abode"] or (same_lines and same_postcode and before["no_fixed_abode"])
    return kept


def _are_same_lines(before: Content, lines: str) -> bool:
    """Whether ``lines`` are the same home however written; silence on either side says nothing against it."""
    if not before["lines"].strip() or not lines.strip():
        return True
    was, now = (
        tidy_address(GivenAddress(lines=text, postcode=before["postcode"])) for text in (before["lines"], lines)
    )
    key = address_key(was)
    return (key is not None and key == address_key(now)) or fold(was.text) == fold(now.text)


def _are_same_postcodes(before: str, after: str) -> bool:
    was, now = ("".join(fold(text).split()) for text in (before, after))
    return not was or not now or was == now
