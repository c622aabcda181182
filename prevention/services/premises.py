"""Finding or making the premises a referral speaks of, and the household that lives there."""

from sqlalchemy import or_, select

from prevention.domain.gazetteer import Gazetteer, KnownAddress
from prevention.domain.referral import GivenAddress, TidiedAddress
from prevention.matching.normalise import address_key, tidy_address
from prevention.models.premises import AddressStatus, Household, Premises
from prevention.queries.gazetteer import LocalGazetteer
from prevention.services.locks import lock_words
from prevention.services.work import Work


def place(
    work: Work, given: GivenAddress, *, confidential: bool = False, gazetteer: Gazetteer | None = None
) -> Premises:
    """The premises of an address as given: known by UPRN, else by normalised address, else made new.

    The borough comes from the gazetteer's entry, never from the postcode (domain.md 5.2). A confidential
    address always gets a premises of its own, and nothing else is ever put there by itself: whoever refers the same
    address openly must not learn from what happens that somebody is hidden there (domain.md 4.5).
    """
    tidied = tidy_address(given)
    if tidied.no_fixed_abode:
        return _no_fixed_abode(work, given)
    known = _look_up(gazetteer or LocalGazetteer(work.session), tidied)
    uprn = known.uprn if known else tidied.uprn
    key = known.address_key if known and known.address_key else address_key(tidied)
    lock_words(work, [f"premises:{word}" for word in (uprn, key) if word])
    found = None if confidential else _existing(work, uprn, key)
    if found is not None:
        if found.uprn is None and uprn is not None:
            found.uprn = uprn
        return found
    premises = _from_gazetteer(known) if known else _from_text(tidied)
    premises.address_key = key
    premises.confidential = confidential
    premises.created_at = work.now
    work.session.add(premises)
    return premises


def household_at(work: Work, premises: Premises) -> Household:
    """The household at ``premises``, made when there is none yet."""
    if premises not in work.session.new:
        found = work.session.scalar(
            select(Household).where(Household.premises_id == premises.id).order_by(Household.created_at).limit(1)
        )
        if found is not None:
            return found
    household = Household(premises=premises, created_at=work.now)
    work.session.add(household)
    return household


def _look_up(gazetteer: Gazetteer, tidied: TidiedAddress) -> KnownAddress | None:
    if tidied.uprn:
        known = gazetteer.by_uprn(tidied.uprn)
        if known is not None:
            return known
    key = address_key(tidied)
    return gazetteer.by_key(key) if key else None


def _existing(work: Work, uprn: str | None, key: str | None) -> Premises | None:
    same = [Premises.uprn == uprn] if uprn else []
    same += [Premises.address_key == key] if key else []
    if not same:
        return None
    rows = work.session.scalars(select(Premises).where(or_(*same), Premises.confidential.is_(False))).all()
    return min(rows, key=lambda row: (row.uprn != uprn, row.created_at), default=None)


def _no_fixed_abode(work: Work, given: GivenAddress) -> Premises:
    premises = Premises(
        status=AddressStatus.NO_FIXED_ABODE, address_text=given.lines.strip()[:500], created_at=work.now
    )
    work.session.add(premises)
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
