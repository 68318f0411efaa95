"""Commands that fill the review queue, look it over, and take data sets out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hesui.cli.options import AsJson, CounterName, group
from hesui.console import BAD_INPUT, note, print_json, read_settings
from hesui.errors import InputError
from hesui.settings import Settings

if TYPE_CHECKING:  # SQL and the rest load inside the command that needs them
    from hesui.review.agreement import Agreement
    from hesui.review.desk import ReviewDesk
    from hesui.review.importing import BadRow, Preview, Report

SHOWN = 20  # bad rows that are printed for people
Class = Annotated[str, typer.Option("--class", metavar="ID", help="The class of rows that name none.")]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Of the file. Default: recognised, each row for itself."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OURS=THEIRS", help="A table's column, e.g. completion=答复; repeat it."),
]

app = group(no_args_is_help=True)


@app.command("stats", epilog="Example:  hesui review stats --json")
def stats_command(as_json: AsJson = False) -> None:
    """How many items wait, are decided, split, or known, by class and by where they come from."""
    with _desk() as desk:
        progress, counts, sources = desk.survey.progress(), desk.survey.counts(), desk.survey.sources()
        reviewers = desk.survey.reviewers()
    classes: dict[str, dict[str, int]] = {}
    for (task, state), n in sorted(counts.items()):
        classes.setdefault(task, {})[state] = n
    if as_json:
        print_json({"items": sum(counts.values()), "states": progress.states, "second": progress.second,
                    "classes": classes, "sources": sources, "reviewers": len(reviewers)})  # fmt: skip
        return
    print(f"{sum(counts.values())} items, {progress.left} open ({progress.second} wait for a second reviewer), "
          f"{progress.decided} decided, {progress.states.get('split', 0)} split; {len(reviewers)} reviewers")  # fmt: skip
    for task, states in classes.items():
        print(f"  {task:<16}" + "  ".join(f"{state} {n}" for state, n in states.items()))
    for source, n in sorted(sources.items(), key=lambda one: -one[1])[:SHOWN]:
        print(f"  from {source}: {n}")


@app.command("agreement", epilog="Example:  hesui review agreement --json")
def agreement_command(as_json: AsJson = False) -> None:
    """How far reviewers agree: Krippendorff's alpha, Cohen's kappa of pairs, gold accuracy, seconds an item."""
    from hesui.review.agreement import survey_agreement

    with _desk() as desk:
        found = survey_agreement(desk.survey.all_reviewed(touched=False))
    if as_json:
        print_json(asdict(found))
    else:
        print("\n".join(_told(found)))


@app.command("export", epilog="Example:  hesui review export --kind dpo --format trl --out data/dpo")
def export_command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", file_okay=False, help="Folder to write.")],
    kind: Annotated[Literal["sft", "dpo", "kto", "labels"], typer.Option("--kind", help="Which data set.")] = "sft",
    format: Annotated[
        str,
        typer.Option(
            "--format", metavar="NAME", help="trl, alpaca, sharegpt or qianfan; labels: jsonl. Default: the first."
        ),
    ] = "",
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="With the demo data. Default: only where there is nothing else."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what is decided as a data set: train, validation, test, and a card.

    sft: accepted and edited answers. dpo: edits over originals, accepted over rejected answers, answers in their band
    over others. kto: accepted and rejected answers. labels: labelled texts.
    """
    from hesui.corpus.classes import load_classes
    from hesui.corpus.seeds import load_evaluation
    from hesui.review.exporting import export

    settings = read_settings()
    with _desk(settings) as desk:
        wanted = desk.only_demo() if demo is None else demo
        written = export(
            desk.survey, out, kind, format,
            demo=wanted, classes=load_classes(settings), held_out=load_evaluation(),
        )  # fmt: skip
    if as_json:
        print_json(asdict(written))
        return
    for split, n in written.rows.items():
        print(f"{split:<12}{n:>7}")
    for reason, n in written.left_out.items():
        note(f"left out, {reason.replace('_', ' ')}: {n}")
    if wanted:
        note("with the demo data, which the built-in composer wrote; leave them out with --no-demo")


@app.command("import", epilog="Example:  hesui review import answers.csv --class greeting --map completion=答复")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What to import.")],
    task: Class,
    format: Format = None,
    columns: Columns = None,
    name: Annotated[str, typer.Option("--name", help="Of the import. Default: the file's.")] = "",
    licence: Annotated[str, typer.Option("--licence", metavar="NAME", help="Of what is imported.")] = "",
    counter: CounterName = None,
    gold: Annotated[
        bool, typer.Option("--gold", help="The file's labels and verdicts are known answers, to measure reviewers by.")
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", metavar="FILE", help="Where bad rows go. Default: FILE.rejected.jsonl."),
    ] = None,
    look: Annotated[bool, typer.Option("--preview", help="Only show what would come of the first rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the answers or texts of a file into the queue; importing it again adds nothing.

    Good rows go in; every bad row is told with its line, what came and why, and goes to a file of its own. Exit code 2
    where no row is good.
    """
    from hesui.corpus.classes import load_classes, require_class
    from hesui.length import DEFAULT_COUNTER
    from hesui.requests import validate_counter
    from hesui.review.imported import Plan
    from hesui.review.importing import import_file, preview, read_candidates

    settings = read_settings()
    classes = load_classes(settings)
    plan = Plan(
        task=require_class(task, classes).id, classes=classes, settings=settings, source=name or file.name,
        licence=licence, counter=validate_counter(counter) if counter else DEFAULT_COUNTER, format=format,
        columns=_columns(columns or ()), gold=gold,
    )  # fmt: skip
    if look:
        _show_preview(preview(file, plan), as_json)
        return
    side = rejected or file.with_name(f"{file.name}.rejected.jsonl")
    with _desk(settings) as desk:
        report = import_file(desk.add, read_candidates(file, plan), side)
    _show_report(report, as_json)
    if not report.good:
        raise typer.Exit(BAD_INPUT)


@app.command("add", epilog="Example:  hesui review add latest")
def add_command(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help='A distillation\'s id, or "latest".')] = "latest",
    negatives: Annotated[
        bool, typer.Option("--negatives", help="The answers that the length filter rejected, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put the answers of a distillation into the queue; adding them again adds nothing."""
    from hesui.cli.sources import LATEST
    from hesui.corpus.classes import load_classes
    from hesui.review.candidates import run_items
    from hesui.store.distilling import DistilStore

    settings = read_settings()
    with _desk(settings) as desk:
        store = DistilStore(desk.database)
        found = run_items(
            store, None if run == LATEST else run, load_classes(settings), settings.overlap, negatives=negatives
        )
        added = desk.add(found)
    if as_json:
        print_json({"new": added})
    else:
        print(f"{added} new items")


@app.command("demo", epilog="Example:  hesui review demo --remove")
def demo_command(
    remove: Annotated[bool, typer.Option("--remove", help="Remove them, with what was decided on them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put composed answers with typical faults into the queue, to try it; or remove them."""
    with _desk() as desk:
        n = desk.remove_demo() if remove else desk.add_demo()
    if as_json:
        print_json({"removed" if remove else "new": n})
    else:
        print(f"{n} demo items removed" if remove else f"{n} new demo items")


@contextmanager
def _desk(settings: Settings | None = None) -> Iterator[ReviewDesk]:
    """The queue, closed afterwards."""
    from hesui.review.desk import ReviewDesk
    from hesui.store.migrate import open_store

    settings = settings or read_settings()
    database = open_store(settings)
    try:
        yield ReviewDesk(database, settings)
    finally:
        database.close()


def _columns(given: Iterable[str]) -> dict[str, str]:
    columns = {}
    for pair in given:
        ours, equals, theirs = pair.partition("=")
        if not (ours.strip() and equals and theirs.strip()):
            raise InputError(
                f"--map {pair!r} names no column; write it like completion=答复", "error.column_map", value=pair
            )
        columns[ours.strip()] = theirs.strip()
    return columns


def _show_preview(found: Preview, as_json: bool) -> None:
    if as_json:
        print_json({"format": found.format, "columns": found.columns,
                    "good": [{"class": one.task, "text": one.text} for one in found.items],
                    "bad": list(map(_bad, found.bad))})  # fmt: skip
        return
    print(f"format: {found.format or 'none that can be reviewed'}")
    if found.columns:
        print(f"columns: {', '.join(found.columns)}")
    for one in found.items:
        print(f"  {one.task:<14}{' '.join(one.text.split())[:60]}")
    for bad in found.bad:
        note(f"  line {bad.line}: {bad.reason}")


def _show_report(report: Report, as_json: bool) -> None:
    if as_json:
        print_json({"good": report.good, "new": report.new, "bad": report.bad,
                    "rejected": report.rejected and str(report.rejected),
                    "problems": list(map(_bad, report.problems))})  # fmt: skip
        return
    print(f"{report.good} good rows, {report.new} new items, {report.bad} bad rows")
    for bad in report.problems[:SHOWN]:
        note(f"  line {bad.line}: {bad.reason}; it begins: {bad.found[:60]}")
    if report.rejected:
        note(f"all bad rows are in {report.rejected}")


def _bad(row: BadRow) -> dict[str, Any]:
    return {"line": row.line, "found": row.found, "reason": str(row.reason)}


def _told(found: Agreement) -> Iterator[str]:
    for one in found.alphas:
        value = f"{one.alpha:.3f}" if one.alpha is not None else f"undefined ({one.undefined})"
        yield f"alpha, {one.kind}{f' {one.task}' if one.task else ''}: {value}, n = {one.items} items"
    for pair in found.kappas:
        value = "undefined" if pair.kappa is None else f"{pair.kappa:.3f}"
        yield f"kappa, {pair.one} and {pair.other}: {value}, n = {pair.items}"
    for person in found.reviewers:
        gold = f"{person.gold_right} of {person.gold_seen} gold" if person.gold_seen else "no gold item seen"
        seconds = "–" if person.seconds is None else f"{person.seconds:.1f} s"
        yield f"{person.name}: {person.decisions} decisions, {seconds} an item, {gold}"
    if not found.reviewers:
        yield "nobody has decided anything yet"
