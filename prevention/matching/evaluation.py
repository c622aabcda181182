"""How good the engine is, held against a truth: figures for pairs, for records taken in one by one, and calibration."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from prevention.domain.match import MatchDecision
from prevention.matching.linking import Linked, link, score_pairs
from prevention.matching.model import Model
from prevention.matching.record import Record

_BINS = 10


@dataclass(frozen=True, slots=True)
class Truth:
    """Who a record speaks of, and of which household they were then."""

    person: str
    household: str


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and their harmonic mean, each from 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean; 0 when both are."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __str__(self) -> str:
        """The three, to four places."""
        return f"precision {self.precision:.4f}, recall {self.recall:.4f}, F1 {self.f1:.4f}"


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs whose probability lies in one tenth: how many, the mean they were given, and how many are one person."""

    pairs: int
    predicted: float
    true: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures. ``best_bits`` is the threshold at which pairs have their best F1; a calibrated model's is near 0."""

    pairs: Rates
    best_pairs: Rates
    best_bits: float
    households: Rates
    candidate_recall: float
    candidates_per_record: float
    calibration_error: float
    reliability: tuple[Bin, ...]
    taken_in: Rates
    taken_in_b_cubed: Rates
    automatic_right: float
    for_review: float
    after_review: Rates
    after_review_b_cubed: Rates
    linked_households: Rates

    def lines(self) -> Iterator[str]:
        """The figures in words, a line each."""
        yield f"Pairs at even odds: {self.pairs}"
        yield f"Pairs at their best, {self.best_bits:+.2f} bits: {self.best_pairs}"
        yield f"Pairs of one dwelling at even odds: {self.households}"
        yield f"Candidates: {self.candidate_recall:.4f} of true pairs, {self.candidates_per_record:.1f} a record"
        yield f"Expected calibration error: {self.calibration_error:.4f}"
        for at, bucket in enumerate(self.reliability):
            tenth = f"{at / _BINS:.1f}–{(at + 1) / _BINS:.1f}"
            yield f"  {tenth}  {bucket.pairs:8}  said {bucket.predicted:.3f}  true {bucket.true:.3f}"
        yield f"Taken in one by one, those for review apart: {self.taken_in}; B-cubed F1 {self.taken_in_b_cubed.f1:.4f}"
        yield f"Joined by the machine and right: {self.automatic_right:.4f}; for review: {self.for_review:.4f}"
        reviewed = f"{self.after_review}; B-cubed F1 {self.after_review_b_cubed.f1:.4f}"
        yield f"Once every review is answered rightly: {reviewed}"
        yield f"Households: {self.linked_households}"


def evaluate(records: Sequence[Record], truth: Mapping[str, Truth], model: Model | None = None) -> Evaluation:
    """Score all candidate pairs and take all records in, in their order, and compare both with the truth."""
    persons = [truth[record.record_id].person for record in records]
    households = [truth[record.record_id].household for record in records]
    scored = []
    for left, right, outcome in score_pairs(records, model):
        one, other = truth[left.record_id], truth[right.record_id]
        scored.append(
            (outcome.bits, outcome.p_same_person, one.person == other.person,
             outcome.p_same_household >= 0.5, one.household == other.household)
        )  # fmt: skip
    true_pairs, true_household_pairs = pairs_within(persons), pairs_within(households)
    best, best_bits = best_rates([(bits, same) for bits, _, same, _, _ in scored], true_pairs)
    joined = [same for bits, _, same, _, _ in scored if bits >= 0]
    at_home = [same for _, _, _, said, same in scored if said]
    bins = reliability([(likely, same) for _, likely, same, _, _ in scored])
    linked = list(link(records, model))
    automatic = [each for each in linked if each.decision is MatchDecision.JOINED]
    reviewed = after_review(linked, persons)
    rightly = sum(truth[each.record_id].person == truth[each.person_id].person for each in automatic)
    return Evaluation(
        pairs=rates_of(sum(joined), len(joined), true_pairs),
        best_pairs=best,
        best_bits=best_bits,
        households=rates_of(sum(at_home), len(at_home), true_household_pairs),
        candidate_recall=sum(same for _, _, same, _, _ in scored) / max(1, true_pairs),
        candidates_per_record=len(scored) / max(1, len(records)),
        calibration_error=calibration_error(bins),
        reliability=bins,
        taken_in=pairwise([each.person_id for each in linked], persons),
        taken_in_b_cubed=b_cubed([each.person_id for each in linked], persons),
        automatic_right=rightly / max(1, len(automatic)),
        for_review=sum(each.decision is MatchDecision.REVIEW for each in linked) / max(1, len(linked)),
        after_review=pairwise(reviewed, persons),
        after_review_b_cubed=b_cubed(reviewed, persons),
        linked_households=pairwise([each.household_id for each in linked], households),
    )


def pairwise(found: Sequence[Hashable], true: Sequence[Hashable]) -> Rates:
    """Of the pairs put together, how many belong together; and of those that belong, how many are together."""
    return rates_of(pairs_within(list(zip(found, true, strict=True))), pairs_within(found), pairs_within(true))


def b_cubed(found: Sequence[Hashable], true: Sequence[Hashable]) -> Rates:
    """The same for each record by itself, averaged: a large group does not outweigh many small ones."""
    both, of_found, of_true = Counter(zip(found, true, strict=True)), Counter(found), Counter(true)
    precision = sum(count * count / of_found[group] for (group, _), count in both.items())
    recall = sum(count * count / of_true[group] for (_, group), count in both.items())
    return Rates(precision / max(1, len(found)), recall / max(1, len(found)))


def pairs_within(groups: Iterable[Hashable]) -> int:
    """How many pairs these groups make, one given for each record."""
    return sum(comb(count, 2) for count in Counter(groups).values())


def rates_of(right: int, found: int, true: int) -> Rates:
    """Of ``found`` pairs ``right`` are of the ``true`` ones; nothing found is nothing wrong."""
    return Rates(right / found if found else 1.0, right / true if true else 1.0)


def best_rates(scored: Iterable[tuple[float, bool]], true_pairs: int) -> tuple[Rates, float]:
    """Of pairs as (bits, whether they are one): the best F1 over all thresholds, and that threshold in bits."""
    best, best_bits, right = Rates(1.0, 0.0), 0.0, 0
    ranked = sorted(scored, reverse=True)
    for at, (bits, same) in enumerate(ranked, start=1):
        right += same
        if at < len(ranked) and ranked[at][0] == bits:
            continue
        rates = rates_of(right, at, true_pairs)
        if rates.f1 > best.f1:
            best, best_bits = rates, bits
    return best, best_bits


def calibration_error(bins: Sequence[Bin]) -> float:
    """How far what was said is from what is true, on average over all pairs."""
    return sum(each.pairs * abs(each.predicted - each.true) for each in bins) / max(1, sum(each.pairs for each in bins))


def reliability(told: Iterable[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Pairs as (probability, whether they are one) by tenths of what they were told."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for likely, same in told:
        groups[min(_BINS - 1, int(likely * _BINS))].append((likely, same))
    return tuple(
        Bin(
            len(group),
            sum(likely for likely, _ in group) / max(1, len(group)),
            sum(same for _, same in group) / max(1, len(group)),
        )
        for group in groups
    )


def after_review(linked: Sequence[Linked], persons: Sequence[str]) -> list[str]:
    """Groups after a reviewer who knows put each record for review with most of its person's earlier ones."""
    group_of: dict[str, str] = {}
    groups_of_person: dict[str, Counter[str]] = {}
    for each, person in zip(linked, persons, strict=True):
        known = groups_of_person.setdefault(person, Counter())
        group = each.record_id
        if each.decision is MatchDecision.JOINED:
            group = group_of[each.person_id]
        elif each.decision is MatchDecision.REVIEW and known:
            group = known.most_common(1)[0][0]
        group_of[each.record_id] = group
        known[group] += 1
    return [group_of[each.record_id] for each in linked]
