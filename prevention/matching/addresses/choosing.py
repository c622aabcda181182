"""Which address of a register an address as written means, how sure that is, and how far behind the next one is.

The probability is shared out between the addresses of the register and "none of them", by the bits of each. A wrong
home is far worse than none: an address is *sure* only when its probability is high, its dwelling is the one written and
no other fits nearly as well.
"""

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


class AddressRegister:
    """Addresses ready to be looked through: those of one postcode, a street, or a whole list.

    The order in which the addresses come changes no answer.
    """

    def __init__(self, addresses: Iterable[RegisterAddress]) -> None:
        self._entries = [(address, read_address(address.line)) for address in addresses]
        self._by_postcode: dict[str | None, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for at, (_, reading) in enumerate(self._entries):
            self._by_postcode[reading.postcode].append(at)
            for word in _leading_to(reading):
                self._by_word[word].append(at)

    def resolve(self, written: str, postcode: str = "") -> Resolution:
        """The address that ``written`` means; ``postcode`` wins over one in the text. Never raises.

        The addresses of its postcode come first: one of them that is sure is not doubted for one of another postcode.
        """
        reading = read_address(written, postcode)
        here = set(self._by_postcode.get(reading.postcode, ())) if reading.postcode else set()
        found = self._best_of(reading, here)
        return found if found.sure else self._best_of(reading, here | self._alike(reading))

    def _best_of(self, reading: Reading, candidates: set[int]) -> Resolution:
        ranked = sorted(
            (
                (fit.bits, self._entries[at][0], at, fit)
                for at in candidates
                if (fit := compare_addresses(reading, self._entries[at][1])).dwelling != "other"
            ),
            key=lambda each: (-each[0], each[1].uprn, each[1].line),
        )
        if not ranked:
            return _NOBODY
        bits, best, at, fit = ranked[0]
        others = [each[0] for each in ranked[1:]]
        nobody = NONE_OF_THEM if reading.outward is not None else NONE_WITHOUT_POSTCODE
        probability = 1.0 / (1.0 + sum(2.0 ** (each - bits) for each in [*others, nobody]))
        lead = bits - max(others, default=-inf)
        sure = (
            probability >= SURE
            and lead >= SURE_LEAD
            and fit.dwelling in SAME_DWELLING
            and self._is_located(reading, at, candidates)
            and (self._entries[at][1].says_flat or not any(self._is_flat_there(each, bits) for each in ranked))
        )
        return Resolution(best, probability, lead, sure=sure, fit=fit)

    def _is_flat_there(self, other: tuple[float, RegisterAddress, int, Fit], bits: float) -> bool:
        """Whether it is a flat in the house that was written without a flat: somebody may have left it out."""
        return (
            other[3].dwelling == "flat_missing"
            and self._entries[other[2]][1].says_flat
            and other[0] > bits - _FLATS_BEHIND
        )

    def _is_located(self, written: Reading, best: int, candidates: Iterable[int]) -> bool:
        """Whether the text says where its street is: by (half) a postcode, or by being the only one of its name."""
        if written.outward is not None:
            return True
        street = self._entries[best][1].street
        places = {self._entries[at][1].outward for at in candidates if self._entries[at][1].street == street}
        return len(places) == 1

    def _alike(self, reading: Reading) -> set[int]:
        """The addresses that share most, counting a word or number the more the fewer addresses have it."""
        shares: dict[int, float] = defaultdict(float)
        for word in _leading_to(reading):
            having = self._by_word.get(word, ())
            for at in having:
                shares[at] += log2(1 + len(self._entries) / len(having))
        nearest = sorted(shares, key=lambda at: (-shares[at], self._entries[at][0].uprn))
        return set(nearest[:_MOST_COMPARED])


def _leading_to(reading: Reading) -> set[str]:
    """The words and numbers by which an address is found where no postcode leads to it."""
    numbers = {str(number) for way in reading.spans for span in way for number in (span.low, span.high)}
    words = {*reading.name, *reading.street}
    return numbers | (words - KINDS or words)


def resolve(written: str, candidates: Iterable[RegisterAddress], postcode: str = "") -> Resolution:
    """The address among a few candidates that ``written`` means; see :class:`AddressRegister`."""
    return AddressRegister(candidates).resolve(written, postcode)
