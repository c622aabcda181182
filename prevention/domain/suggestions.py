"""Free text scanned for words that suggest a reason, an instruction or urgency (domain.md section 2: screening).

It *suggests*: a person accepts a reason. Instructions that keep somebody safe ("do not contact by letter") are the one
thing taken at their word, as leaving one out can hurt and obeying one too many cannot.
"""

import json
import re
from dataclasses import dataclass
from importlib import resources

from prevention.domain.referral import ContactConstraint, ReferralReason

#: Characters of a text that are read; a narrative is a few sentences.
_TEXT_LIMIT = 20_000

_R = ReferralReason
_DATA = json.loads((resources.files("prevention.domain") / "suggestion_words.json").read_text(encoding="utf-8"))


def _whole_words(patterns: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(patterns)})(?![\w-])")


_PATTERNS = tuple((ReferralReason(code), _whole_words(patterns)) for code, patterns in _DATA["reasons"].items())
_URGENT = _whole_words(_DATA["urgent"])
_HANDLING = tuple((ContactConstraint(code), _whole_words(patterns)) for code, patterns in _DATA["handling"].items())
_CONFIDENTIAL = _whole_words(_DATA["confidential_address"])

#: Words before a finding, in the same clause, that say the opposite: "no oxygen", "non smoker", "denies alcohol".
_NEGATION = re.compile(
    r"\b(?:no|not|non|never|without|denies|denied|nil|doesn't|does not|isn't|is not|wasn't|ex|former|stopped|gave up|"
    r"given up|no longer|no evidence of|no signs? of|no concerns? (?:about|re|over)|free of|negative for|has no)"
    r"(?:[ -](?:a|an|any|the|have|using|use of|known|current|home|history of|longer|drinks?))*[ -]*$"
)
_NEGATED_AFTER = re.compile(r"^[ :]*(?:\(?(?:none|nil|denied|no longer|stopped)\)?)(?=[ .,;]|$)")
#: Findings that carry their own negation are not negated again.
_OWN_NEGATION = frozenset({_R.NO_ALARM, _R.ISOLATION, _R.HEATING_FUEL_POVERTY, _R.MOBILITY_ESCAPE})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A reason the text suggests, and the words it rests on, as they stand there."""

    reason: ReferralReason
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handling:
    """Instructions found in a text: what must not happen, and whether the address must be kept confidential."""

    constraints: frozenset[ContactConstraint] = frozenset()
    confidential_address: bool = False


def _readable(text: str) -> str:
    return text[:_TEXT_LIMIT].replace("\u2019", "'").replace("\u2013", "-").replace("\x00", " ")


def _is_negated(lower: str, start: int, end: int) -> bool:
    clause = re.split(r"[.;,\n]|\bbut\b", lower[max(0, start - 60) : start])[-1]
    return bool(_NEGATION.search(clause)) or bool(_NEGATED_AFTER.match(lower[end : end + 20]))


def suggest_reasons(text: str) -> list[Suggestion]:
    """Reasons that the words suggest, in the order of the codes, each with the words found. Never raises.

    Whole words only; a plain negation in the same clause ("no oxygen", "non smoker", "denies alcohol") silences a
    finding. Smoking in bed silences plain smoking found in the same words.
    """
    written = _readable(text)
    lower = written.lower()
    if len(lower) != len(written):
        written = lower
    found = []
    taken: list[tuple[int, int]] = []
    for reason, pattern in _PATTERNS:
        words: list[str] = []
        for match in pattern.finditer(lower):
            start, end = match.span()
            if reason not in _OWN_NEGATION and _is_negated(lower, start, end):
                continue
            if reason is _R.SMOKING_IN_BED:
                taken.append((start, end))
            elif reason is _R.SMOKING_UNSAFE and any(first <= start < last for first, last in taken):
                continue
            said = written[start:end]
            if said.lower() not in {word.lower() for word in words}:
                words.append(said)
        if words:
            found.append(Suggestion(reason, tuple(words[:5])))
    return found


def urgent_words(text: str) -> tuple[str, ...]:
    """Words that ask for somebody to look at once (triage at once, domain.md section 8, SLA set). Never raises."""
    written = _readable(text)
    lower = written.lower()
    return tuple(
        dict.fromkeys(
            match.group().strip() for match in _URGENT.finditer(lower) if not _is_negated(lower, *match.span())
        )
    )


def handling(text: str) -> Handling:
    """Instructions in the text that keep somebody safe (domain.md 1.10, 4.5). Never raises."""
    lower = _readable(text).lower()
    return Handling(
        constraints=frozenset(constraint for constraint, pattern in _HANDLING if pattern.search(lower)),
        confidential_address=bool(_CONFIDENTIAL.search(lower)),
    )
