"""Deadlines: examples of domain.md 1.1 and section 8, month ends, leap years and both clock changes."""

from datetime import UTC, datetime, timedelta

import pytest

from prevention.domain.deadlines import (
    due_after_reassessment,
    due_at,
)
from prevention.domain.risk import RiskLevel
from prevention.domain.risk_rules import load_pack
from prevention.errors import Invalid

RULES = load_pack("london_four_level").deadlines
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("level", "assessed", "due"),
    [
        (RiskLevel.VERY_HIGH, "2026-11-23T12:00", "2026-11-23T16:00"),
        (
            RiskLevel.VERY_HIGH,
            "2026-03-28T23:30",
            "2026-03-29T03:30",
        ),  # spring: 23:30 GMT to 04:30 BST
        (
            RiskLevel.VERY_HIGH,
            "2026-10-24T23:30",
            "2026-10-25T03:30",
        ),  # autumn: 00:30 BST to 03:30 GMT
        (RiskLevel.HIGH, "2026-11-23T12:00", "2026-11-30T12:00"),
        (
            RiskLevel.HIGH,
            "2026-03-25T09:00",
            "2026-04-01T08:00",
        ),  # 09:00 by the clock on the wall, both times
        (RiskLevel.HIGH, "2026-10-21T08:00", "2026-10-28T09:00"),
        (
            RiskLevel.HIGH,
            "2026-03-22T01:30",
            "2026-03-29T01:30",
        ),  # 01:30 does not exist: 02:30 BST
        (
            RiskLevel.HIGH,
            "2026-10-18T00:30",
            "2026-10-25T00:30",
        ),  # 01:30 comes twice: the first, BST
        (RiskLevel.MEDIUM, "2026-11-23T12:00", "2026-12-23T12:00"),
        (RiskLevel.MEDIUM, "2026-01-31T12:00", "2026-02-28T12:00"),
        (RiskLevel.MEDIUM, "2028-01-31T12:00", "2028-02-29T12:00"),
        (
            RiskLevel.MEDIUM,
            "2028-02-29T12:00",
            "2028-03-29T11:00",
        ),  # 12:00 GMT to 12:00 BST
        (RiskLevel.MEDIUM, "2026-08-31T12:00", "2026-09-30T12:00"),
        (RiskLevel.MEDIUM, "2026-12-31T12:00", "2027-01-31T12:00"),
        (
            RiskLevel.MEDIUM,
            "2026-06-30T23:30",
            "2026-07-31T23:30",
        ),  # local 1 July 00:30 to 1 August 00:30
    ],
)
def test_due_at(level: RiskLevel, assessed: str, due: str) -> None:
    assert due_at(level, utc(assessed), RULES) == utc(due)


def test_low_has_no_deadline() -> None:
    assert due_at(RiskLevel.LOW, NOON, RULES) is None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_at(RiskLevel.HIGH, NOON.replace(tzinfo=None), RULES)


def test_rules_carry_their_version() -> None:
    assert RULES.version == "london_four_level 2026.1"


def test_risk_that_rises_takes_the_earlier_time() -> None:
    later, sooner = NOON + timedelta(days=7), NOON + timedelta(hours=4)
    assert due_after_reassessment(later, RiskLevel.HIGH, RiskLevel.VERY_HIGH, sooner) == sooner
    assert due_after_reassessment(sooner, RiskLevel.HIGH, RiskLevel.VERY_HIGH, later) == sooner
    assert due_after_reassessment(None, RiskLevel.LOW, RiskLevel.HIGH, later) == later


def test_risk_that_stays_never_buys_time() -> None:
    assert due_after_reassessment(NOON, RiskLevel.HIGH, RiskLevel.HIGH, NOON + timedelta(days=7)) == NOON


def test_risk_that_falls_needs_a_reason() -> None:
    later = NOON + timedelta(days=7)
    with pytest.raises(Invalid) as refused:
        due_after_reassessment(NOON, RiskLevel.VERY_HIGH, RiskLevel.HIGH, later, "  ")
    assert refused.value.problems == {"reason": "Say why the risk is lower than before"}
    assert due_after_reassessment(NOON, RiskLevel.VERY_HIGH, RiskLevel.HIGH, later, "Alarm found working") == later
    assert due_after_reassessment(NOON, RiskLevel.HIGH, RiskLevel.LOW, None, "Moved to ground floor") is None
