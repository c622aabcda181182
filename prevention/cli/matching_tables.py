"""``flask matching …`` for whole tables of records; wants the packages of requirements/batch.txt."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import click
from flask.cli import with_appcontext

from prevention.adapters.whole_table import WholeTable, learn_from_list
from prevention.cli.matching import TO_READ, TO_WRITE, read_records
from prevention.domain.account import SYSTEM
from prevention.domain.local_time import LONDON
from prevention.domain.match import MatchDecision, Settled
from prevention.errors import Conflict, Invalid
from prevention.extensions import current_session
from prevention.matching import lists
from prevention.matching.blocking import keys
from prevention.matching.compare import compare
from prevention.matching.decide import ScoredPair
from prevention.matching.frequencies import Frequencies
from prevention.matching.model import Model, default_model, read_model, write_model
from prevention.matching.profile import best_evidence
from prevention.matching.record import Record
from prevention.matching.training import Decided, Pattern, Trained, train
from prevention.matching.training_report import report
from prevention.models.match import MatchBatch
from prevention.queries.matching_models import adopted_model, current_model
from prevention.queries.whole_table import Answered, every_answer, every_record
from prevention.services.matches.adopting import adopt
from prevention.services.matches.batches import (
    cancel_batch,
    carry_out,
    hand_on,
    last_batch,
    queue_batch,
    settle_everybody,
)
from prevention.services.work import Work
from prevention.unit_of_work import utc_now
from prevention.web.transactions import work_as

#: Odds of 4 to 1: where groups of the labelled 100,000 records are best (docs/benchmarks.md).
BITS_OF_ONE_PERSON = 2.0
_FOLDER = click.Path(file_okay=False, path_type=Path)


def progress(doing: str) -> Callable[[float], None]:
    """Tells on the terminal how far something is, on a line of its own each time."""
    return lambda share: click.echo(f"{doing}: {share:.0%}", err=True)


@click.command("deduplicate")
@click.argument("records", type=TO_READ)
@click.option("--out", required=True, type=TO_WRITE, help="Where to write whose each record is.")
@click.option("--model", "model_path", type=TO_READ, help="A model's file instead of the shipped one.")
@click.option("--list", "is_list", is_flag=True, help="RECORDS is a list of people without homes.")
@click.option(
    "--bits",
    default=BITS_OF_ONE_PERSON,
    show_default=True,
    help="From how many bits on two records are one person.",
)
def deduplicate(records: Path, *, out: Path, model_path: Path | None, is_list: bool, bits: float) -> None:
    """Put RECORDS together by person, all of them beside one another whatever their order; nobody is asked."""
    held = list(read_records(records))
    model = _read_model(model_path) if model_path else default_model()
    table = WholeTable(held, model, keys_of=lists.keys if is_list else keys)
    alike = [(pair.left, pair.right) for pair in table.pairs(progress("Compared")) if pair.bits >= bits]
    with out.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(("record_id", "person_id"))
        for record, first in zip(held, table.groups(alike), strict=True):
            lines.writerow((record.record_id, held[first].record_id))


@click.command("train")
@click.option("--records", type=TO_READ, help="A file of records; without one, those of the database.")
@click.option(
    "--list",
    "is_list",
    is_flag=True,
    help="The file is a list of people without homes: learn from it alone, for deduplicate --list.",
)
@click.option("--out", required=True, type=_FOLDER, help="The folder for the model and the report on it.")
@click.pass_context
def train_model(context: click.Context, records: Path | None, *, is_list: bool, out: Path) -> None:
    """Fit the model to one's own records, without labels, and write it with a report; nothing is adopted by that.

    Reviewers' decisions calibrate it when the database holds enough of them.
    """
    if is_list and records is None:
        raise click.UsageError("--list wants the list: --records FILE.")
    if records is not None and is_list:
        _train(list(read_records(records)), [], out, _learned, "use it: flask matching deduplicate --list --model")
    elif records is not None:
        _train(list(read_records(records)), [], out)
    else:
        context.invoke(_train_on_database, out=out)


@with_appcontext
def _train_on_database(out: Path) -> None:
    session = current_session()
    _train(list(every_record(session)), every_answer(session), out)


_Learned = tuple[Trained, Sequence[Pattern]]


def _trained(records: Sequence[Record], answers: Sequence[Answered], version: str) -> _Learned:
    """From the model that comes with the product, whichever is in use: training twice is no more than once."""
    before = default_model()
    frequencies = Frequencies.of(records)
    patterns = WholeTable(records, before, frequencies).patterns(progress("Compared"))
    decided = _decided(records, answers, before, frequencies)
    return train(patterns, before, version=version, records=len(records), decided=decided), patterns


def _learned(records: Sequence[Record], _answers: Sequence[Answered], version: str) -> _Learned:
    return learn_from_list(records, default_model(), version, progress("Compared"))


def _train(
    records: Sequence[Record],
    answers: Sequence[Answered],
    out: Path,
    learn: Callable[[Sequence[Record], Sequence[Answered], str], _Learned] = _trained,
    use: str = "take it into use: flask matching adopt",
) -> None:
    version = f"{utc_now().astimezone(LONDON):%Y-%m-%d-%H%M}"
    try:
        trained, patterns = learn(records, answers, version)
    except Invalid as invalid:
        raise click.ClickException(" ".join(invalid.problems.values())) from invalid
    out.mkdir(parents=True, exist_ok=True)
    model_path, report_path = out / f"{version}.json", out / f"{version}.md"
    model_path.write_text(write_model(trained.model), encoding="utf-8")
    report_path.write_text(report(trained, patterns), encoding="utf-8")
    click.echo(f"Model {version}, fitted to {trained.pairs:,} pairs of {len(records):,} records: {model_path}")
    click.echo(f"Read {report_path}, then {use} {model_path}")


def _decided(
    records: Sequence[Record], answers: Sequence[Answered], model: Model, frequencies: Frequencies
) -> list[Decided]:
    """What reviewers decided, with the best evidence over the records of the case that was asked about."""
    by_id: Mapping[str, Record] = {record.record_id: record for record in records}
    found = []
    for answered in answers:
        record = by_id[str(answered.record_id)]
        evidence = best_evidence([compare(record, by_id[str(other)]) for other in answered.beside], model)
        found.append(Decided(evidence, frequencies.rarity(record, model), answered.answer.is_same_person))
    return found


@click.command("adopt")
@click.argument("version")
@click.option("--yes", is_flag=True, help="Adopt it without asking.")
@with_appcontext
def adopt_model(version: str, *, yes: bool) -> None:
    """Let a model decide from now on: VERSION is its file, or the version of one that was in use before.

    What would change among the records there are is shown first; nothing that was decided before is touched.
    """
    session = current_session()
    before, after = current_model(session), _model(version)
    if before == after:
        raise click.ClickException(f"Model {after.version} is in use already.")
    records = list(every_record(session))
    for line in _changes(_answers(records, before), _answers(records, after)):
        click.echo(line)
    if not yes:
        click.confirm(f"Let model {after.version} decide instead of {before.version}?", abort=True)
    with work_as(SYSTEM) as work:
        adopt(work, after)
    click.echo(f"Model {after.version} decides from the next referral on. What {before.version} decided stays.")


def _read_model(path: Path) -> Model:
    try:
        return read_model(path.read_text(encoding="utf-8"))
    except Invalid as invalid:
        raise click.ClickException(f"{path.name} is no whole model: {', '.join(invalid.problems)}.") from invalid
    except (KeyError, TypeError, ValueError) as problem:
        raise click.ClickException(f"{path.name} is no model's file.") from problem


def _model(version: str) -> Model:
    path = Path(version)
    if path.is_file():
        return _read_model(path)
    known = adopted_model(current_session(), version)
    if known is None:
        raise click.ClickException(f"There is no file {version}, and no model of that version was in use.")
    return known


@click.command("batch")
@click.option("--dry-run", is_flag=True, help="Say what would happen; keep nothing.")
@click.option("--background", is_flag=True, help="Hand it to a worker.")
@click.option("--status", is_flag=True, help="Say how far the last one is.")
@click.option("--cancel", is_flag=True, help="Stop the one under way; what it has settled stays.")
@with_appcontext
def compare_everybody(*, dry_run: bool, background: bool, status: bool, cancel: bool) -> None:
    """Compare everybody with everybody by the model in use: after it changed, or to find what intake could not see.

    People who are surely one become one, what is likely goes to the review list, and whom somebody told apart stays so.
    """
    try:
        if dry_run:
            click.echo(f"Nothing is kept. {_told(settle_everybody(_work, _compare, _reached, keep=False))}")
        elif status or cancel or background:
            with work_as(SYSTEM) as work:
                batch = cancel_batch(work) if cancel else hand_on(work) if background else last_batch(work)
                click.echo(_standing(batch))
        else:
            with work_as(SYSTEM) as work:
                batch_id = queue_batch(work).id
            carry_out(_work, batch_id, _compare)
            with work_as(SYSTEM) as work:
                click.echo(_standing(last_batch(work)))
    except Conflict as conflict:
        raise click.ClickException(str(conflict)) from conflict


def _work() -> AbstractContextManager[Work]:
    return work_as(SYSTEM)


def _compare(records: Sequence[Record], model: Model, reached: Callable[[float], None]) -> Iterable[ScoredPair]:
    return WholeTable(records, model).pairs(reached)


def _reached(share: float, counts: Counter[Settled]) -> None:
    click.echo(f"{share:.0%}: {_told(counts)}", err=True)


def _told(counts: Mapping[Settled, int]) -> str:
    linked, asked, left = (counts.get(each, 0) for each in (Settled.LINKED, Settled.ASKED, Settled.LEFT))
    return f"{linked:,} pairs made one person, {asked:,} put on the review list, {left:,} left as they are."


def _standing(batch: MatchBatch | None) -> str:
    if batch is None:
        return "Everybody was never compared with everybody."
    counts = {Settled.LINKED: batch.linked, Settled.ASKED: batch.asked, Settled.LEFT: batch.left}
    return f"{batch.state.value.capitalize()}, {batch.share:.0%} done. {_told(counts)}"


#: Of two records: what the machine would decide, and whether they are likelier of one home than not.
_Answers = Mapping[tuple[int, int], tuple[MatchDecision, bool]]


def _answers(records: Sequence[Record], model: Model) -> _Answers:
    pairs = WholeTable(records, model).pairs(progress(f"Compared by model {model.version}"))
    return {(pair.left, pair.right): (pair.decision, pair.p_same_household >= 0.5) for pair in pairs}


def _changes(before: _Answers, after: _Answers) -> list[str]:
    """How many pairs of records are decided otherwise, from what to what, and how many of one home."""
    nothing = MatchDecision.NEW, False
    both = [(before.get(pair, nothing), after.get(pair, nothing)) for pair in before.keys() | after.keys()]
    changed = Counter((old, new) for (old, _), (new, _) in both if old is not new)
    lines = [f"Pairs of records that may be one person or of one home: {len(both):,}"]
    lines.append(f"Decided otherwise: {changed.total():,}")
    lines += [f"  {_WORDS[old]} → {_WORDS[new]}: {count:,}" for (old, new), count in sorted(changed.items())]
    homes = Counter((old, new) for (_, old), (_, new) in both)
    lines.append(f"Of one home now, and no longer: {homes[True, False]:,}; newly of one home: {homes[False, True]:,}")
    return lines


_WORDS = {MatchDecision.JOINED: "joined", MatchDecision.REVIEW: "for review", MatchDecision.NEW: "two people"}

COMMANDS = {command.name: command for command in (adopt_model, compare_everybody, deduplicate, train_model)}
