"""Which address of a register an address as written means, how sure that is, and how far behind the next one is.

The probability is shared out between the addresses of the register and "none of them", by the bits of each. A wrong
home is far worse than none: an address is *sure* only when its probability is high, its dwelling is the one written and
no other fits nearly as well.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, log2

from prevention.matching.addresses.comparing import SAME_DWELLING, Fit, compare_addresses
from prevention.matching.addresses.reading import KINDS, Reading, read_address

#: An address that fits by as many bits is as likely as that the register has none that was meant.
NONE_OF_THEM = 10.0
#: The same where not even half a postcode says which of the streets of a name is meant: a number and a street are too
#: little then, a flat in a block with a name is enough.
NONE_WITHOUT_POSTCODE = 13.0
#: Sure from this probability on: one in fifty is the most that may be wrong where the weights are right.
SURE = 0.98
#: … and when the next one is so many bits behind.
SURE_LEAD = 5.0
#: Flats of a house fit so many bits worse than the house itself where only the flat is not written.
_FLATS_BEHIND = 18.0
#: Only so many addresses that share the rarest words and numbers are compared where no postcode leads to them.
_MOST_COMPARED = 50


@dataclass(frozen=True, slots=True)
class RegisterAddress:
    """An address of a register: its identifier (a UPRN), and the whole address on one line with its postcode."""

    uprn: str
    line: str

    @classmethod
    def from_parts(
        cls, uprn: str, *, flat: str, building: str, number: str, street: str, locality: str, town: str, postcode: str
    ) -> "RegisterAddress":
        """An address from BS 7666 parts; a bare ``3`` or ``B`` in the column of flats is written as a flat."""
        bare = bool(flat) and (flat[0].isdigit() or len(flat) == 1)
        parts = (f"Flat {flat}" if bare else flat, building, f"{number} {street}".strip(), locality, town, postcode)
        return cls(uprn, ", ".join(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class Resolution:
    """The best address, its probability, the bits by which it leads the next one, and whether it is sure.

    ``best`` is None when no address of the register fits at all; ``lead`` is 0 where two fit equally well, and infinite
    where there is no next one.
    """

    best: RegisterAddress | None
    probability: float
    lead: float
    sure: bool
    fit: Fit | None


_NOBODY = Resolution(None, 0.0, 0.0, sure=False, fit=None)


#: An address of the register with its reading.
_Entry = tuple[RegisterAddress, Reading]


class AddressRegister:
    """A long list of addresses, ready to be looked through again and again.

    The order in which the addresses come changes no answer.
    """

    def __init__(self, addresses: Iterable[RegisterAddress]) -> None:
        self._entries: list[_Entry] = [(address, read_address(address.line)) for address in addresses]
        self._by_postcode: dict[str | None, list[_Entry]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(self._entries):
            self._by_postcode[entry[1].postcode].append(entry)
            for word in _leading_to(entry[1]):
                self._by_word[word].append(at)

    def resolve(self, written: str, postcode: str = "") -> Resolution:
        """The address that ``written`` means; ``postcode`` wins over one in the text. Never raises.

        The addresses of its postcode come first: one of them that is sure is not doubted for one of another postcode.
        """
        reading = read_address(written, postcode)
        here = self._by_postcode.get(reading.postcode, []) if reading.postcode else []
        found = _best_of(reading, here)
        return found if found.sure else _best_of(reading, [*here, *self._alike(reading)])

    def _alike(self, reading: Reading) -> list[_Entry]:
        """Those of other postcodes that share most, a word or number counting the more the fewer addresses have it."""
        shares: dict[int, float] = defaultdict(float)
        for word in _leading_to(reading):
            having = self._by_word.get(word, ())
            for at in having:
                shares[at] += log2(1 + len(self._entries) / len(having))
        nearest = sorted(shares, key=lambda at: (-shares[at], self._entries[at][0].uprn))[:_MOST_COMPARED]
        elsewhere = (self._entries[at] for at in nearest)
        return [entry for entry in elsewhere if not reading.postcode or entry[1].postcode != reading.postcode]


def resolve(written: str, candidates: Iterable[RegisterAddress], postcode: str = "") -> Resolution:
    """The address among those of a postcode or a street that ``written`` means; see :class:`AddressRegister`."""
    reading = read_address(written, postcode)
    # Without a postcode every address of the street tells how many streets of its name there are.
    some = [each for each in candidates if reading.outward is None or _may_be(reading, each.line)]
    entries = [(address, read_address(address.line)) for address in some]
    here = [entry for entry in entries if entry[1].postcode == reading.postcode]
    found = _best_of(reading, here)
    return found if found.sure else _best_of(reading, entries)


def _leading_to(reading: Reading) -> set[str]:
    """The words and numbers by which an address is found where no postcode leads to it."""
    numbers = {str(number) for way in reading.spans for span in way for number in (span.low, span.high)}
    words = {*reading.name, *reading.street}
    return numbers | (words - KINDS or words)


_PLAIN_NUMBER = re.compile(r"(?<![A-Za-z0-9])0*([0-9]{1,6})(?=[A-Za-z]?(?![A-Za-z0-9]))")
#: Where numbers are not all that is written in digits, or not only written in digits; the last part is the postcode.
_NOT_PLAIN = re.compile(
    r"[-/#&]|(?<![A-Za-z0-9])(?:[A-Za-z][0-9]|R(?:OO)?M|[0-9](?:ST|ND|RD|TH)|TO|AND|"
    r"ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN)(?![A-Za-z])(?=.*,)",
    re.IGNORECASE,
)


def _may_be(written: Reading, line: str) -> bool:
    """False where a look at the digits shows that it is another number, which spares reading most of a postcode."""
    spans = [span for way in written.spans for span in way]
    wanted = {span.low for span in spans}
    unusual = any(span.low != span.high for span in spans) or "," not in line or _NOT_PLAIN.search(line)
    if not wanted or unusual:
        return True
    there = {int(number) for number in _PLAIN_NUMBER.findall(line)}
    return not there or bool(there & wanted)


def _best_of(reading: Reading, entries: Iterable[_Entry]) -> Resolution:
    entries = list(entries)
    ranked = sorted(
        (
            (fit.bits, entry, fit)
            for entry in entries
            if (fit := compare_addresses(reading, entry[1])).dwelling != "other"
        ),
        key=lambda each: (-each[0], each[1][0].uprn, each[1][0].line),
    )
    if not ranked:
        return _NOBODY
    bits, (best, known), fit = ranked[0]
    others = [each[0] for each in ranked[1:]]
    nobody = NONE_OF_THEM if reading.outward is not None else NONE_WITHOUT_POSTCODE
    probability = 1.0 / (1.0 + sum(2.0 ** (each - bits) for each in [*others, nobody]))
    lead = bits - max(others, default=-inf)
    sure = (
        probability >= SURE
        and lead >= SURE_LEAD
        and fit.dwelling in SAME_DWELLING
        and (reading.outward is not None or _is_one_street(known, entries))
        and (known.says_flat or not any(_is_flat_there(*each, bits) for each in ranked))
    )
    return Resolution(best, probability, lead, sure=sure, fit=fit)


def _is_one_street(known: Reading, entries: Iterable[_Entry]) -> bool:
    """Whether the register has one street of this name only."""
    return len({other.outward for _, other in entries if other.street == known.street}) == 1


def _is_flat_there(other_bits: float, other: _Entry, fit: Fit, bits: float) -> bool:
    """Whether it is a flat in the house that was written without a flat: somebody may have left it out."""
    return fit.dwelling == "flat_missing" and other[1].says_flat and other_bits > bits - _FLATS_BEHIND
