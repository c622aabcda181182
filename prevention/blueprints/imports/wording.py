"""An import in words: how far it is, which columns, which lines, which encoding."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from prevention.domain.imports import ImportState, RowOutcome
from prevention.models.imports import ImportRun

_ENCODINGS = {"ascii": "plain letters", "utf-8": "Unicode (UTF-8)", "cp1252": "Windows letters (Windows-1252)"}
_OUTCOMES = {
    RowOutcome.NEW: "new",
    RowOutcome.JOINED: "joined to open cases",
    RowOutcome.REVIEW: "for review",
    RowOutcome.AMENDED: "amended",
    RowOutcome.UNCHANGED: "unchanged",
    RowOutcome.TO_CONFIRM: "to confirm",
    RowOutcome.REFUSED: "refused",
}


def progress_words(run: ImportRun, *, tells_outcomes: bool, another_runs: bool = False) -> str:
    """How far an import is. ``another_runs``: one that waits does so for an import before it."""
    if run.state is ImportState.PREVIEWING:
        return "Reading the file and trying out its first rows"
    if run.state is ImportState.QUEUED:
        return "Waiting for another import to finish" if another_runs else "Waiting for its turn"
    if run.state is ImportState.CANCELLING:
        return f"Stopping after {run.done:,} rows"
    return f"{run.done:,} of {run.total:,} rows: {outcome_words(run, tells_outcomes=tells_outcomes)}"


def outcome_words(run: ImportRun, *, tells_outcomes: bool) -> str:
    """What became of the rows so far: "849 new, 401 for review, 2 refused". What there is none of is left out."""
    told = RowOutcome if tells_outcomes else (RowOutcome.REFUSED,)
    return _counts({outcome: getattr(run, outcome.value.lower()) for outcome in told})


def tried_words(preview: Mapping[str, Any]) -> str:
    """What would become of the rows that a preview tried out."""
    return _counts({outcome: preview.get(f"tried_{outcome.value.lower()}", 0) for outcome in RowOutcome})


def _counts(outcomes: Mapping[RowOutcome, int]) -> str:
    return (
        ", ".join(f"{count:,} {_OUTCOMES[outcome]}" for outcome, count in outcomes.items() if count) or "none refused"
    )


def field_words(field: str) -> str:
    """A field of the intake: ``person.dob`` → "Person: date of birth"."""
    group, _, part = field.rpartition(".")
    words = {"dob": "date of birth", "nhs_number": "NHS number", "uprn": "UPRN", "source_ref": "reference"}
    plain = words.get(part, part.replace("_", " "))
    return f"{group.capitalize()}: {plain}" if group else plain[:1].upper() + plain[1:]


def encoding_words(encoding: str) -> str:
    """What a file is written in."""
    return _ENCODINGS.get(encoding, encoding)


def by_sentence(found: Iterable[tuple[int, str, str]]) -> list[list[str]]:
    """Lines, sentence and column of what was found in a file, each sentence once with all its lines."""
    lines: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line, sentence, column in found:
        lines[sentence, column].append(line)
    return [[line_words(at), sentence, column or "–"] for (sentence, column), at in lines.items()]


def line_words(lines: Iterable[int]) -> str:
    """Line numbers with runs of them drawn together: ``2, 5 to 9, 12``."""
    runs: list[list[int]] = []
    for line in sorted(set(lines)):
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
