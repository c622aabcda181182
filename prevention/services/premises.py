"""Finding or making the premises a referral speaks of, and the household that lives there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import selectinload

from prevention.domain.confidentiality import load_confidentiality_rules
from prevention.domain.gazetteer import KnownAddress
from prevention.domain.referral import GivenAddress, TidiedAddress
from prevention.matching.normalise.addresses import tidy_address
from prevention.matching.normalise.dwellings import address_key
from prevention.models.premises import AddressStatus, Household, Premises
from prevention.queries.gazetteer import LocalGazetteer
from prevention.services.locks import lock_words
from prevention.services.work import Work

_THERE = (
    select(Premises)
    .where(
        or_(
            Premises.uprn == any_(bindparam("uprns", type_=ARRAY(Text))),
            Premises.address_key == any_(bindparam("keys", type_=ARRAY(Text))),
        ),
        ~Premises.confidential,  # in these words, so that the index of open UPRNs is used
    )
    .options(selectinload(Premises.households))
)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """An address as given, and whether it is to be kept secret."""

    address: GivenAddress
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class _Home:
    """Whereabouts with what the gazetteer knows of them; ``uprn`` and ``key`` are what they are found again by.

    ``own_key`` is that of the words as given, where the gazetteer has another: a home that came before the gazetteer
    knew it has only that.
    """

    given: Whereabouts
    tidied: TidiedAddress
    known: KnownAddress | None
    uprn: str | None
    key: str | None
    own_key: str | None = None

    @property
    def words(self) -> list[str]:
        return [word for word in (self.uprn, self.key, self.own_key) if word]

    def is_at(self, premises: Premises) -> bool:
        """Whether it is this home: by UPRN, by the gazetteer's key, or by its own words if no UPRN speaks against."""
        if self.uprn and premises.uprn == self.uprn:
            return True
        if premises.address_key is None:
            return False
        return premises.address_key == self.key or (premises.address_key == self.own_key and premises.uprn is None)


def place(work: Work, given: GivenAddress, *, confidential: bool = False) -> Premises:
    """The premises of an address as given; see ``place_all``."""
    return next(place_all(work, [Whereabouts(given, confidential)]))


def place_all(work: Work, given: Sequence[Whereabouts]) -> Iterator[Premises]:
    """The premises of each address as given: known by UPRN, else by normalised address, else made new.

    All are looked for at once; one is placed when it is its turn, as a home may learn its UPRN from a later address.

    Borough and ward come from the gazetteer's entry, never from the postcode (domain.md 5.2). A confidential
    address always gets a premises of its own, and nothing else is ever put there by itself: whoever refers the same
    address openly must not learn from what happens that somebody is hidden there (domain.md 4.5).
    """
    homes = _looked_up(work, given)
    lock_words(work, [f"premises:{word}" for home in homes for word in home.words])
    there = _already_there(work, homes)
    return (_place(work, home, there) for home in homes)


def household_at(work: Work, premises: Premises) -> Household:
    """The household at ``premises``, made when there is none yet."""
    if not premises.households:
        premises.households.append(Household(created_at=work.now))
    return premises.households[0]


def _looked_up(work: Work, given: Sequence[Whereabouts]) -> list[_Home]:
    tidied = [tidy_address(one.address) for one in given]
    known = LocalGazetteer(work.session).look_up([one.address for one in given])
    return [_home(*each) for each in zip(given, tidied, known, strict=True)]


def _home(given: Whereabouts, tidied: TidiedAddress, known: KnownAddress | None) -> _Home:
    key = address_key(tidied)
    if known is None:
        return _Home(given, tidied, None, tidied.uprn, key)
    return _Home(given, tidied, known, known.uprn, known.address_key or key, key)


def _already_there(work: Work, homes: list[_Home]) -> list[Premises]:
    """The open premises that share a UPRN or a key with one of ``homes``."""
    open_to_all = [home for home in homes if not home.given.confidential]
    uprns = {home.uprn for home in open_to_all if home.uprn}
    keys = {key for home in open_to_all for key in (home.key, home.own_key) if key}
    if not uprns and not keys:
        return []
    return list(work.session.scalars(_THERE, {"uprns": list(uprns), "keys": list(keys)}))


def _place(work: Work, home: _Home, there: list[Premises]) -> Premises:
    """One of ``there``, or a new one, which is then there for the next."""
    if not home.given.confidential:
        found = _found(home, there)
        if found is not None:
            if found.uprn is None and home.uprn is not None:
                found.uprn = home.uprn
            return found
    premises = _new(home)
    premises.created_at = work.now
    if premises.confidential:
        _mark(work, premises)
    work.session.add(premises)
    if not premises.confidential:
        there.append(premises)
    return premises


def _mark(work: Work, premises: Premises) -> None:
    """Say who keeps the address confidential, since when, and when that is looked at again (domain.md 4.5)."""
    premises.confidential_set_at = work.now
    premises.confidential_set_by = work.actor.user_id
    premises.confidential_review_on = load_confidentiality_rules().proposed_review(work.now)


def _found(home: _Home, there: list[Premises]) -> Premises | None:
    same = [each for each in there if home.is_at(each)]
    return min(same, key=lambda each: (each.uprn != home.uprn, each.created_at), default=None)


def _new(home: _Home) -> Premises:
    premises = _from_gazetteer(home.known) if home.known else _from_text(home.tidied)
    premises.address_key = home.key
    premises.confidential = home.given.confidential and not home.tidied.no_fixed_abode
    if home.tidied.no_fixed_abode:
        premises.status = AddressStatus.NO_FIXED_ABODE
        premises.address_text = home.given.address.lines.strip()[:500]
    return premises


def _from_gazetteer(known: KnownAddress) -> Premises:
    return Premises(
        uprn=known.uprn,
        status=AddressStatus.MATCHED,
        flat=known.flat,
        building=known.building,
        number=known.number,
        street=known.street,
        locality=known.locality,
        town=known.town,
        postcode=known.postcode,
        address_text=known.line,
        borough_code=known.borough_code,
        ward_code=known.ward_code,
        latitude=known.latitude,
        longitude=known.longitude,
    )


def _from_text(tidied: TidiedAddress) -> Premises:
    return Premises(
        uprn=tidied.uprn,
        status=AddressStatus.UNMATCHED,
        flat=tidied.flat,
        building=tidied.building,
        number=tidied.number,
        street=tidied.street,
        locality=tidied.locality,
        town=tidied.town,
        postcode=tidied.postcode,
        address_text=tidied.text,
    )
