"""Does a referral speak of the concern an existing case is about? (domain.md section 8, Dedup keys.)

A machine joins only the same person at the same premises while the case is open and fresh. What is weaker, but might
send two crews to one home, is for a person to settle. The same household months later is a new concern.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from prevention.domain.match import MatchDecision
from prevention.domain.rule_files import read_rule_file


@dataclass(frozen=True, slots=True)
class ConcernRules:
    """``same_concern_within``: the longest silence on a case after which a referral still joins by itself.

    ``asked_within``: the longest after which a person is asked. ``looked_back``: cases opened longer ago than this are
    not looked at (domain.md section 8, Dedup keys). ``most_people_of_a_household``: an address with open cases of more
    people than this is a care home or a hostel, where a neighbour's case says nothing.
    """

    version: str
    same_concern_within: timedelta
    asked_within: timedelta
    looked_back: timedelta
    most_people_of_a_household: int


@cache
def load_concern_rules() -> ConcernRules:
    """The rules of ``rule_packs/concern.json``."""
    data = read_rule_file("concern")
    return ConcernRules(
        version=data["version"],
        same_concern_within=timedelta(days=data["same_concern_within_days"]),
        asked_within=timedelta(days=data["asked_within_days"]),
        looked_back=timedelta(days=data["looked_back_days"]),
        most_people_of_a_household=data["most_people_of_a_household"],
    )


def same_concern(
    person: MatchDecision,
    *,
    same_premises: bool,
    case_is_open: bool,
    silence: timedelta,
    dated: bool,
    rules: ConcernRules,
) -> MatchDecision:
    """What becomes of a referral beside a case.

    ``person`` is how surely the referral's person is one the case speaks of: JOINED surely, REVIEW perhaps, NEW
    somebody else or nobody named. ``silence`` is the time between the referral and the nearest that feeds the case,
    whichever came first, as files come in any order. Not ``dated``, one of the two does not say when it was made, and
    the time it was handed in stands for it: good enough to ask about the same person, and for nothing else.
    """
    if not case_is_open:
        return MatchDecision.NEW
    fresh = silence <= rules.same_concern_within
    at_this_home = same_premises and fresh and dated
    if person is MatchDecision.JOINED and at_this_home:
        return MatchDecision.JOINED
    asked = {
        MatchDecision.JOINED: silence <= rules.asked_within,
        MatchDecision.REVIEW: fresh,
        MatchDecision.NEW: at_this_home,
    }
    return MatchDecision.REVIEW if asked[person] else MatchDecision.NEW
