"""What a trained model says, for a person who decides whether to adopt it: in Markdown, without personal data."""

from collections.abc import Iterator, Sequence
from math import floor

from prevention.matching.compare import LEVELS
from prevention.matching.model import Model
from prevention.matching.score import score
from prevention.matching.training import ENOUGH_DECISIONS, ENOUGH_OF_EACH, Pattern, Trained

_THRESHOLDS = range(-8, 13)
#: A block of the chart for so many bits.
_BITS_A_BLOCK = 2


def report(trained: Trained, patterns: Sequence[Pattern]) -> str:
    """The report on a model that was trained on ``patterns``."""
    return "\n".join((*_head(trained), *_thresholds(trained.model, patterns), *_weights(trained))) + "\n"


def _head(trained: Trained) -> Iterator[str]:
    model, before = trained.model, trained.before
    yield f"# Model {model.version}"
    yield ""
    yield model.about
    yield ""
    kinds = f"{model.prior_shares.m:.1%} of one person, {model.prior_shares.h:.1%} of two members of a household"
    yield f"- Pairs that share a key: {trained.pairs:,}; by the new model {kinds}, the rest strangers."
    yield f"- Unlike the records of model {before.version} by {trained.unlike:.2f} bits a pair."
    if trained.rounds is not None:
        yield f"- Nothing moved any more after {trained.rounds} rounds."
    prior = f"{model.prior.person:+.2f} bits for one person ({before.prior.person:+.2f} before)"
    yield f"- Before anything is compared: {prior}."
    yield f"- {_calibration(trained)}"
    yield ""


def _calibration(trained: Trained) -> str:
    if trained.calibrated is None:
        return (
            f"Not calibrated: {trained.decisions:,} decisions of reviewers; {ENOUGH_DECISIONS} are needed, "
            f"{ENOUGH_OF_EACH} of them each way."
        )
    moved = f"every answer moved by {trained.calibrated:+.2f} bits"
    return f"Calibrated on {trained.decisions:,} decisions of reviewers: {moved}."


def _thresholds(model: Model, patterns: Sequence[Pattern]) -> Iterator[str]:
    """What the model expects of itself at each threshold: it has no truth to hold itself against."""
    scored = [(score(pattern.comparison, model, pattern.rarity), pattern.pairs) for pattern in patterns]
    told = [(each.bits, each.p_same_person, pairs) for each, pairs in scored]
    true = sum(likely * pairs for _, likely, pairs in told)
    yield "## Thresholds"
    yield ""
    yield f"A machine joins at {model.join:g} bits and a person is asked from {model.review:g}, but for what is held"
    yield "back whatever the score. *Right* and *found* are what the model expects of itself."
    yield ""
    yield "| from bits | pairs | right | found |"
    yield "|--:|--:|--:|--:|"
    for threshold in _THRESHOLDS:
        above = [(likely, pairs) for bits, likely, pairs in told if bits >= threshold]
        pairs = sum(each for _, each in above)
        right = sum(likely * each for likely, each in above)
        yield f"| {threshold:+d} | {pairs:,} | {right / max(1, pairs):.2%} | {right / max(1e-9, true):.2%} |"
    yield ""


def _weights(trained: Trained) -> Iterator[str]:
    yield "## Match weights"
    yield ""
    yield "Bits for one person and for another member of the household, each against strangers, before and now. m, h"
    yield "and u are the shares of pairs of one person, of two members and of strangers that reach the level."
    for name, levels in LEVELS.items():
        yield ""
        yield f"### {name}"
        yield ""
        yield "| level | before | now | | member before | now | m | h | u |"
        yield "|---|--:|--:|---|--:|--:|--:|--:|--:|"
        for level, words in levels.items():
            old, new = trained.before.bits[name][level], trained.model.bits[name][level]
            shares = trained.model.shares[name][level]
            yield (
                f"| {words} | {old.person:+.2f} | {new.person:+.2f} | {_bar(new.person)} | {old.household:+.2f} "
                f"| {new.household:+.2f} | {shares.m:.3g} | {shares.h:.3g} | {shares.u:.3g} |"
            )


def _bar(bits: float) -> str:
    """The weight as a bar: filled for the same person, hollow against."""
    return ("█" if bits > 0 else "░") * floor(abs(bits) / _BITS_A_BLOCK + 0.5)
