"""Hands referrals in through the one door, as every channel does."""

from datetime import datetime
from itertools import count
from typing import Any

from prevention.domain.account import SYSTEM, Actor
from prevention.domain.referral import Channel, GivenAddress, GivenPerson, ReceiveReferral, ReferralReason
from prevention.models.agency import Agency
from prevention.models.premises import GazetteerAddress
from prevention.services.referrals.intake import Receipt, receive
from prevention.unit_of_work import GuardedSession, unit_of_work
from tests.support.arranging import NOW

#: A home, and the person most tests are about.
HOME = GivenAddress(lines="12 Example Street\nLondon", postcode="NW1 0AA")
ELSEWHERE = GivenAddress(lines="7 Other Road\nLondon", postcode="SE1 0AA")
ANN = GivenPerson(first_name="Ann", surname="Example", dob="03/02/1941", phone="07700 900123")
BOB = GivenPerson(first_name="Bob", surname="Sample", dob="11/09/1968")

_numbers = count(1)


def command(agency: Agency, *reasons: ReferralReason, **values: Any) -> ReceiveReferral:
    """A referral from ``agency`` about Ann at her home, with a reference of its own unless one is given."""
    usual: dict[str, Any] = {
        "source_system": "test",
        "source_ref": f"ref-{next(_numbers)}",
        "channel": Channel.WEB_FORM,
        "address": HOME,
        "person": ANN,
        "narrative": "",
    }
    return ReceiveReferral(
        agency_id=agency.id, reasons=frozenset(reasons or {ReferralReason.NO_ALARM}), **usual | values
    )


def hand_in(session: GuardedSession, given: ReceiveReferral, *, actor: Actor = SYSTEM, now: datetime = NOW) -> Receipt:
    """Receive one referral and commit."""
    with unit_of_work(session, actor, now=now) as work:
        return receive(work, given)


def gazetteer_address(**values: Any) -> GazetteerAddress:
    """An entry of the local gazetteer: 12 Example Street, in Camden."""
    usual: dict[str, Any] = {
        "uprn": "100020000012",
        "flat": "",
        "building": "",
        "number": "12",
        "street": "Example Street",
        "locality": "",
        "town": "London",
        "postcode": "NW1 0AA",
        "borough_code": "E09000007",
        "latitude": 51.53,
        "longitude": -0.13,
    }
    return GazetteerAddress(**usual | values)
