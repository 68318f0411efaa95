"""Commands that measure models on a reviewed label set: how well they tell labels, and whether size helps."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hesui.cli.options import AsJson, group
from hesui.console import note, print_json, read_settings
from hesui.settings import Settings

if TYPE_CHECKING:  # the models and SQL load inside the command that needs them
    from hesui.evaluate.labelled import LabelSet
    from hesui.evaluate.labels import LabelScores
    from hesui.evaluate.scale import Scale, Trend
    from hesui.review.desk import ReviewDesk

TOLD = {
    "grows": "they grow with size: the label can be told from the text",
    "flat": "they do not grow with size: look at the label's definition, and at the rows below",
    "unclear": "this set cannot tell whether they grow with size",
}
WHY = {
    "few_rows": "too few rows",
    "ceiling": "every model is nearly always right, so there is nothing to grow to",
    "chance": "even the largest model only guesses: the text does not tell the label, or these models were never taught it",
    "wide": "the intervals are too wide; take more rows, or sizes further apart",
}
SHOWN = 10  # rows that are printed for people

Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="What hesui review export --kind labels wrote, or a file of its rows.")
]
Models = Annotated[str, typer.Option("--models", metavar="A,B,…", help="base, adapters, or folders of whole models.")]
Split = Annotated[str, typer.Option("--split", metavar="NAME", help="Of a folder: test, validation, train or all.")]
Class = Annotated[str, typer.Option("--class", metavar="ID", help="The class of rows that name none.")]
Tokens = Annotated[int, typer.Option("--max-tokens", metavar="N", min=1, help="Room for one answer.")]

app = group()


@app.command("labels", epilog="Example:  hesui evaluate labels data/labels --models base,tuned --json")
def labels_command(
    data: Data,
    models: Models,
    split: Split = "test",
    task: Class = "",
    tokens: Tokens = 64,
    as_json: AsJson = False,
) -> None:
    """How well models tell the labels of a reviewed set: accuracy, precision, recall and F1 with their intervals.

    Each model is told the class's definition and asked for a label alone. An answer that names none is wrong.
    """
    from hesui.evaluate.family import members

    settings = read_settings()
    found = _label_set(data, settings, split, task)
    scores = {
        name: _scores(found, said) for name, said in _said(found, members(_names(models), settings), tokens)
    }  # fmt: skip
    if as_json:
        records = {name: score_record(one) for name, one in scores.items()}
        print_json({"data": str(data), "class": found.task.id, "rows": len(found.rows), "models": records})
        return
    print(f"{len(found.rows)} rows of class {found.task.id}")
    for name, one in scores.items():
        _show_scores(name, one)


@app.command("scale", epilog="Example:  hesui evaluate scale data/labels --models small,medium,large")
def scale_command(
    data: Data,
    models: Models,
    split: Split = "test",
    task: Class = "",
    tokens: Tokens = 64,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="Doubtful rows at most.")] = 100,
    queue: Annotated[
        Path | None,
        typer.Option(
            "--queue", metavar="FILE", dir_okay=False,
            help="Doubtful rows for hesui review import. Default: DATA.doubts.jsonl, where scores do not grow.",
        ),
    ] = None,
    to_review: Annotated[
        bool, typer.Option("--to-review", help="Also put them into the review queue; decided items are reopened.")
    ] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Whether larger models tell the labels better; where they do not, the rows to look at again.

    Labels that follow a definition are learnt better by larger models. NAME=600M states the size of a model whose
    files are not here, as one behind a server.
    """
    from hesui.evaluate.family import members, parameters
    from hesui.evaluate.scale import Told, require_sizes, scale
    from hesui.evaluate.second_look import write_queue

    settings = read_settings()
    found = _label_set(data, settings, split, task)
    family = members(_names(models), settings)
    sizes = {member.name: parameters(member) for member in family}
    require_sizes(list(sizes.values()))
    told = [Told(name, sizes[name], tuple(said)) for name, said in _said(found, family, tokens)]
    result = scale([row.label for row in found.rows], told, [label.id for label in found.task.labels])
    doubts = result.doubts[:most]
    wanted = queue is not None or result.verdict != "grows"
    out = queue or data.with_name(f"{data.name}.doubts.jsonl")
    written = write_queue(found, doubts, out) if wanted and doubts else 0
    review = None
    if to_review and written:
        from hesui.evaluate.second_look import queue as put

        with _desk(settings) as desk:
            review = put(desk, settings, found, doubts)
    if as_json:
        print_json(_scale_record(found, result, str(out) if written else None, written, review and review._asdict()))
        return
    _show_scale(found, result, written)
    if written:
        note(f"{written} doubtful rows: {out}; hesui review import {out} --class {found.task.id} takes them in")
    if review:
        note(f"review queue: {review.new} new, {review.reopened} reopened, {review.waiting} there already")


def score_record(found: LabelScores) -> dict[str, Any]:
    """Scores as a JSON object, their intervals with them."""
    each = {
        one.label: {
            "rows": one.rows, "said": one.said,
            **{name: (value := getattr(one, name)) and value._asdict() for name in ("precision", "recall", "f1")},
        }
        for one in found.labels
    }  # fmt: skip
    means = {name: getattr(found, name)._asdict() for name in ("accuracy", "precision", "recall", "f1")}
    return {"rows": found.rows, "unreadable": found.unreadable, **means, "labels": each, "confusion": found.confusion}


def trend_record(found: Trend) -> dict[str, Any]:
    """A trend as a JSON object."""
    named = {name: (value := getattr(found, name)) and value._asdict() for name in ("rank", "order", "gain")}
    return {"measure": found.measure, "verdict": found.verdict, "why": found.why, **named}


def _label_set(data: Path, settings: Settings, split: str, task: str) -> LabelSet:
    from hesui.corpus.classes import load_classes
    from hesui.evaluate.labelled import read_label_set

    return read_label_set(data, load_classes(settings), split, task)


def _names(models: str) -> list[str]:
    return [name.strip() for name in models.split(",") if name.strip()]


def _said(found: LabelSet, family: Sequence[Any], tokens: int) -> Iterator[tuple[str, list[str | None]]]:
    """What each model says about the rows, model by model."""
    from hesui.evaluate.family import asking
    from hesui.evaluate.labelling import ask_labels
    from hesui.models.routing import Router

    items = [row.asked for row in found.rows]
    for member, answerer in asking(family, Router):
        told = ask_labels(
            answerer, member.model, found.task, items, tokens=tokens, progress=_progress(member.name, len(items))
        )
        skipped = sum(one.end is None for one in told)
        if skipped:
            note(f"{member.name}: {skipped} texts do not fit the model; they count as wrong")
        yield member.name, [one.label for one in told]


def _progress(name: str, all: int) -> Any:
    return lambda done: print(f"{name}: {done} of {all}", file=sys.stderr, flush=True)


def _scores(found: LabelSet, said: Sequence[str | None]) -> LabelScores:
    from hesui.evaluate.labels import score

    return score([row.label for row in found.rows], said, [label.id for label in found.task.labels])


def _show_scores(name: str, found: LabelScores) -> None:
    print(f"\n{name}: accuracy {found.accuracy}, {found.unreadable} answers name no label")
    print(f"  {'label':<12}{'rows':>6}{'said':>6}  {'precision':<24}{'recall':<24}F1")
    for one in found.labels:
        cells = [str(value) if value is not None else "–" for value in (one.precision, one.recall, one.f1)]
        print(f"  {one.label:<12}{one.rows:>6}{one.said:>6}  {cells[0]:<24}{cells[1]:<24}{cells[2]}")
    print(f"  {'mean':<24}  {found.precision!s:<24}{found.recall!s:<24}{found.f1}")


def _scale_record(
    found: LabelSet, result: Scale, queue: str | None, doubts: int, review: dict[str, Any] | None
) -> dict[str, Any]:
    points = [
        {"model": one.model, "parameters": one.parameters, **score_record(one.scores)} for one in result.points
    ]  # fmt: skip
    return {
        "class": found.task.id, "rows": result.rows, "verdict": result.verdict, "few_models": result.few_models,
        "trends": [trend_record(trend) for trend in result.trends], "models": points, "doubtful": len(result.doubts),
        "queue": queue, "queued": doubts, "review": review,
    }  # fmt: skip


def _show_scale(found: LabelSet, result: Scale, written: int) -> None:
    print(f"{result.rows} rows of class {found.task.id}")
    print(f"{'model':<24}{'parameters':>14}  {'precision':<24}{'F1':<24}no label")
    for one in result.points:
        print(f"{one.model[-23:]:<24}{one.parameters:>14,}  {one.scores.precision!s:<24}{one.scores.f1!s:<24}"
              f"{one.scores.unreadable}")  # fmt: skip
    for trend in result.trends:
        print(_trend_line(trend))
    if result.few_models and result.trends[0].rank:
        p = result.trends[0].rank.p
        print(f"so few models prove nothing by their order alone (p = {p:.2g}); what is told rests on the rows")
    print(f"precision and F1: {TOLD[result.verdict]}")
    for doubt in result.doubts[:SHOWN] if written else ():
        row = found.rows[doubt.row]
        print(f"  {doubt.strength:.0%}  {row.label} or {doubt.label}?  {' '.join(row.asked.text.split())[:60]}")


def _trend_line(trend: Trend) -> str:
    between = "" if trend.order.low is None else f" [{trend.order.low:.2f}, {trend.order.high:.2f}]"
    gain = "" if trend.gain.low is None else f" [{trend.gain.low:+.1%}, {trend.gain.high:+.1%}]"
    why = f" ({WHY[trend.why]})" if trend.why else ""
    return (f"{trend.measure}: rank correlation with size {trend.order.value:.2f}{between}, smallest to largest "
            f"{trend.gain.value:+.1%}{gain}: {trend.verdict}{why}")  # fmt: skip


@contextmanager
def _desk(settings: Settings) -> Iterator[ReviewDesk]:
    """The review queue, closed afterwards."""
    from hesui.review.desk import ReviewDesk
    from hesui.store.migrate import open_store

    database = open_store(settings)
    try:
        yield ReviewDesk(database, settings)
    finally:
        database.close()
