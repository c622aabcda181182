"""Does a referral speak of the concern an existing case is about? (domain.md section 8, Dedup keys.)

A machine joins only the same person at the same premises while the case is open and fresh. What is weaker, but might
send two crews to one home, is for a person to settle. The same household months later is a new concern.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from prevention.domain.match import MatchDecision
from prevention.domain.rule_files import read_rule_file


@dataclass(frozen=True, slots=True)
class ConcernRules:
    """``same_concern_within``: the longest silence on a case after which a referral still joins by itself.

    ``looked_back``: cases opened longer ago than this are not looked at (domain.md section 8, Dedup keys).
    """

    version: str
    same_concern_within: timedelta
    looked_back: timedelta


@cache
def load_concern_rules() -> ConcernRules:
    """The rules of ``rule_packs/concern.json``."""
    data = read_rule_file("concern")
    return ConcernRules(
        version=data["version"],
        same_concern_within=timedelta(days=data["same_concern_within_days"]),
        looked_back=timedelta(days=data["looked_back_days"]),
    )


def same_concern(
    person: MatchDecision,
    *,
    same_premises: bool,
    case_is_open: bool,
    received_at: datetime,
    last_referral_at: datetime,
    rules: ConcernRules,
) -> MatchDecision:
    """What becomes of a referral beside a case.

    ``person`` is how surely the referral's person is one the case speaks of: JOINED surely, REVIEW perhaps, NEW
    somebody else or nobody named. Times are aware; files come in any order, so the gap counts either way.
    """
    fresh = abs(received_at - last_referral_at) <= rules.same_concern_within
    if person is MatchDecision.JOINED and case_is_open:
        return MatchDecision.JOINED if same_premises and fresh else MatchDecision.REVIEW
    if person is MatchDecision.REVIEW and fresh:
        return MatchDecision.REVIEW
    if same_premises and case_is_open and fresh:
        return MatchDecision.REVIEW
    return MatchDecision.NEW
