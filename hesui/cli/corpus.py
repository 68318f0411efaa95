"""Commands that look over, check, divide and convert prompts and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hesui.cli.options import AsJson, group
from hesui.cli.sources import EVALUATION, default_source, negatives_of, rows_of
from hesui.console import FAILED, note, print_json, read_settings
from hesui.corpus.cleaning import shortened
from hesui.corpus.rows import Row, write_json_lines
from hesui.errors import InputError

BAR = 40  # characters of the longest bar
SHOWN = 20  # findings of a kind that are printed for people

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="[SOURCE]",
        help='A file of rows, "seeds", "eval", "latest" or a run\'s id. Default: the newest run, else the seeds.',
    ),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="rows, trl, prompt-completion, alpaca, sharegpt, qianfan, csv."),
]
Class = Annotated[str, typer.Option("--class", metavar="ID", help="The class of rows that name none.")]

app = group(no_args_is_help=True)


@app.command("stats", epilog="Example:  hesui corpus stats seeds --json")
def stats_command(
    source: Source = None,
    tokens: Annotated[bool, typer.Option(help="Count tokens under the base model.")] = True,
    as_json: AsJson = False,
) -> None:
    """Counts by class, lengths, errors, tokens and the context that fits."""
    from hesui.corpus.statistics import describe

    settings = read_settings()
    rows = rows_of(source or default_source(settings), settings)
    length = None
    if tokens:
        from hesui.models.tokens import token_length

        length = token_length(settings)
    statistics = asdict(describe(rows, length))
    if as_json:
        print_json(statistics)
    else:
        print("\n".join(_described(statistics)))


@app.command("check", epilog="Example:  hesui corpus check latest --json")
def check_command(source: Source = None, as_json: AsJson = False) -> None:
    """Near-duplicates, leaks into what is held out, rows that cannot be right.

    Exit code 1 where something is found.
    """
    from hesui.corpus.checking import examine
    from hesui.corpus.classes import load_classes

    settings = read_settings()
    source = source or default_source(settings)
    measuring = source == EVALUATION
    held_out = [] if measuring else rows_of(EVALUATION, settings)
    findings = asdict(examine(rows_of(source, settings), load_classes(settings), held_out, demanding=not measuring))
    if as_json:
        print_json(findings)
    else:
        for kind, found in findings.items():
            print(f"{kind.replace('_', ' ')}: {len(found)}")
            for one in found[:SHOWN]:
                print("  " + ", ".join(str(value) for value in one.values() if value))
    if any(findings.values()):
        raise typer.Exit(FAILED)


@app.command("split", epilog="Example:  hesui corpus split latest --out data/splits")
def split_command(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", file_okay=False, help="Folder to freeze into.")],
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Freeze train, validation and test, divided by family; what leaks is left out and listed."""
    from hesui.corpus.splits import freeze

    settings = read_settings()
    rows = rows_of(source or default_source(settings), settings)
    manifest = freeze(rows, out, rows_of(EVALUATION, settings))
    if as_json:
        print_json(asdict(manifest))
        return
    for split, counts in manifest.counts.items():
        print(f"{split:<12}{sum(counts.values()):>7}   {', '.join(f'{task} {n}' for task, n in counts.items())}")
    note(f"left out because they leak: {len(manifest.held_back)}; frozen in {out}")


@app.command("import", epilog="Example:  hesui corpus import mine.json --class greeting --out mine.jsonl")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What to import; a folder is a saved data set.")],
    task: Class,
    format: Format = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", dir_okay=False, help="Write rows here; default: the seeds.")
    ] = None,
    licence: Annotated[str, typer.Option("--licence", metavar="NAME", help="Of what is imported.")] = "",
    as_json: AsJson = False,
) -> None:
    """Read prompts and answers in any of the formats, cleaned and with their demands read.

    The rows become a file, or are added to the seeds.
    """
    from hesui.corpus.classes import load_classes, require_class
    from hesui.corpus.families import Families
    from hesui.corpus.formats import read
    from hesui.corpus.rows import write_rows
    from hesui.corpus.seeds import add_seeds

    settings = read_settings()
    require_class(task, load_classes(settings))
    rows = read(file, task, format, source=file.name, licence=licence)
    if out is None:
        added = add_seeds(list(rows), settings)
        where = "the seeds"
    else:
        families = Families()
        added = write_rows(map(families.assign, rows), out)
        where = str(out)
    if as_json:
        print_json({"rows": added, "out": where})
    else:
        print(f"{added} rows into {where}")


@app.command("export", epilog="Example:  hesui corpus export latest --format trl --out train.jsonl")
def export_command(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="What to write.")],
    format: Format = "rows",
    source: Source = None,
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="train, validation or test only.")
    ] = None,
    context: Annotated[
        int | None,
        typer.Option("--context", metavar="N", min=1, help="Cut the oldest turns until a row has N tokens at most."),
    ] = None,
    negatives: Annotated[
        bool, typer.Option("--negatives", help="A run's rejected answers with their reasons, as rows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write prompts and answers in any of the formats."""
    from hesui.corpus.formats import write

    settings = read_settings()
    source = source or default_source(settings)
    if negatives:
        written = write_json_lines(negatives_of(source, settings), out)
    else:
        rows: Iterable[Row] = _of_split(rows_of(source, settings), split)
        if context is not None:
            from hesui.models.tokens import token_length

            rows = shortened(rows, token_length(settings), context)
        written = write(rows, out, format or "rows")
    if as_json:
        print_json({"rows": written, "out": str(out)})
    else:
        print(f"{written} rows into {out}")


@app.command("chat", epilog="Example:  hesui corpus chat group.jsonl --out questions.jsonl")
def chat_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines or CSV of speaker, time, text.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="The label items.")],
    task: Class = "coreference",
    window: Annotated[float, typer.Option("--window", metavar="S", help="Seconds between messages that join.")] = 18,
    licence: Annotated[str, typer.Option("--licence", metavar="NAME", help="Of the log.")] = "",
    as_json: AsJson = False,
) -> None:
    """Turn a chat log into questions to be labelled; speakers become pseudonyms."""
    from hesui.corpus.chatlog import label_record, read_chat
    from hesui.corpus.classes import load_classes, require_class

    require_class(task, load_classes(read_settings()))
    written = write_json_lines(map(label_record, read_chat(file, task, window=window, licence=licence)), out)
    if as_json:
        print_json({"items": written, "out": str(out)})
    else:
        print(f"{written} questions into {out}")


@app.command("classes", epilog="Example:  hesui corpus classes --json")
def classes_command(as_json: AsJson = False) -> None:
    """The task classes there are, the shipped ones and your own."""
    from hesui.corpus.classes import load_classes

    classes = load_classes(read_settings())
    if as_json:
        print_json([task.model_dump(mode="json") for task in classes.values()])
    else:
        for task in classes.values():
            print(f"{task.id:<16}{task.kind:<8}{task.name.en}: {task.asks.en}")


def _of_split(rows: Iterable[Row], split: str | None) -> Iterable[Row]:
    from hesui.corpus.splits import SPLITS, split_of

    if split is None:
        return rows
    if split not in SPLITS:
        known = ", ".join(SPLITS)
        raise InputError(f"unknown split {split!r}; there are: {known}", "error.split_unknown", name=split, known=known)
    return (row for row in rows if split_of(row.family) == split)


def _described(statistics: Mapping[str, Any]) -> Iterable[str]:
    yield f"{statistics['rows']} rows"
    yield from _bars("classes", list(statistics["classes"].items()))
    yield from _bars("demands", list(statistics["ops"].items()))
    for task, bins in statistics["numbers"].items():
        yield from _bars(f"demanded lengths, {task}", _binned(bins))
    yield from _bars("answer lengths", _binned(statistics["answer_lengths"]))
    yield from _bars("count - target", _binned(statistics["errors"]))
    if statistics["obeying"] is not None:
        yield f"\n{statistics['obeying']:.1%} of {statistics['answers']} answers meet their demand"
    if tokens := statistics["tokens"]:
        quantiles = ", ".join(f"{name} {tokens[name]}" for name in ("p50", "p90", "p95", "p99", "max"))
        yield f"tokens: {quantiles}; recommended context {tokens['context']}"


def _bars(title: str, bars: Sequence[tuple[str, int]]) -> Iterable[str]:
    if not bars:
        return
    yield f"\n{title}"
    most = max(n for _, n in bars) or 1
    for name, n in bars:
        yield f"  {name:<14}{n:>7}  {'▇' * round(BAR * n / most)}"


def _binned(bins: Iterable[Sequence[int]]) -> list[tuple[str, int]]:
    return [(f"{low}–{high}" if low != high else str(low), n) for low, high, n in bins]
