"""Why, in words and in numbers: one sentence for the list, one line per field for the page."""

from dataclasses import dataclass

from prevention.matching.compare import LEVELS
from prevention.matching.decide import Outcome

_FIELD_WORDS = {
    "forename": "First name",
    "surname": "Surname",
    "middle": "Middle names",
    "order": "Order of names",
    "dob": "Date of birth",
    "sex": "Sex",
    "nhs_number": "NHS number",
    "phone": "Phone",
    "email": "E-mail",
    "premises": "Address",
    "prior": "Before comparing",
    "forename_rarity": "How rare the first name is",
    "surname_rarity": "How rare the surname is",
    "household": "Could be another member of the household",
}
_SILENT = frozenset({"missing", "straight"})
_AGAINST = frozenset(
    {"different", "age_differs", "similar", "other_flat", "two_parts", "near", "likely_home", "nearby"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its name, what was found, and what it adds to "same person" in bits (negative speaks against)."""

    field: str
    words: str
    bits: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence, and one line per field; the lines' bits sum to the outcome's."""

    sentence: str
    lines: tuple[Line, ...]


def explain(outcome: Outcome) -> Explanation:
    """Say why the engine decided as it did. Holds no personal data: levels only, never names, dates or addresses."""
    levels = outcome.comparison.levels()
    agree = [LEVELS[field][level] for field, level in levels.items() if level not in _SILENT | _AGAINST]
    against = [LEVELS[field][level] for field, level in levels.items() if level in _AGAINST]
    if levels["sex"] == "same":
        agree.remove(LEVELS["sex"]["same"])
    clauses = [clause for clause in (_joined(agree), *against) if clause]
    sentence = "; ".join(clauses) or "nothing to compare"
    if outcome.held_back and outcome.held_back not in sentence:
        sentence += f" ({outcome.held_back})"
    lines = tuple(
        Line(
            field=_FIELD_WORDS[contribution.field],
            words=LEVELS[contribution.field][contribution.level] if contribution.level else "",
            bits=round(contribution.bits, 3),
        )
        for contribution in outcome.contributions
    )
    return Explanation(sentence[:1].upper() + sentence[1:], lines)


def _joined(agree: list[str]) -> str:
    """ "same surname", "same postcode" → "same surname and postcode"; other findings stand on their own."""
    same = [words.removeprefix("same ") for words in agree if words.startswith("same ")]
    rest = [words for words in agree if not words.startswith("same ")]
    first = ""
    if same:
        first = "same " + (same[0] if len(same) == 1 else f"{', '.join(same[:-1])} and {same[-1]}")
    return "; ".join(part for part in (first, *rest) if part)
