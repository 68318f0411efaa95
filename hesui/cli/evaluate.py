"""Commands that measure models: how well they obey length, and what it costs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hesui.cli.options import AsJson, CounterName, group
from hesui.console import FAILED, note, print_json, read_settings
from hesui.requests import validate_models
from hesui.settings import Settings

if TYPE_CHECKING:
    from hesui.evaluate.config import EvaluateConfig
    from hesui.evaluate.folder import EvaluationFolder, Status
    from hesui.evaluate.jobs import View
    from hesui.evaluate.standings import Standing

Models = Annotated[
    str | None,
    typer.Option("--models", metavar="A,B", help="Base, adapters, servers. Default: base and the first adapter."),
]
Decoding = Annotated[str, typer.Option("--decoding", metavar="raw,guided", help="Each is an entry of its own.")]
Prompts = Annotated[
    Path | None, typer.Option("--prompts", metavar="PATH", help="Rows, or a data set, whose test split is asked.")
]
Classes = Annotated[list[str] | None, typer.Option("--class", metavar="ID", help="Only this class; repeat it.")]
Language = Annotated[str | None, typer.Option("--language", metavar="zh|en", help="Only prompts in it.")]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", help="The first N prompts.")]
Seeds = Annotated[int | None, typer.Option("--seeds", metavar="N", help="Answers to each prompt.")]
Temperature = Annotated[float | None, typer.Option("--temperature", metavar="T", help="0 = greedy.")]
TopP = Annotated[float | None, typer.Option("--top-p", metavar="P", help="Nucleus mass.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", metavar="N", help="0 = derived from the demand.")]
Perplexity = Annotated[
    bool | None, typer.Option("--perplexity/--no-perplexity", help="Measure answers under the base, too.")
]
Anew = Annotated[bool, typer.Option("--anew", help="Start over, though the same was begun before.")]
Background = Annotated[bool, typer.Option("--background", help="Return at once; watch it with: hesui evaluate status.")]
Id = Annotated[str | None, typer.Argument(metavar="ID", help="Which evaluation. Default: the newest.")]

app = group(invoke_without_command=True)


@app.callback(epilog="Example:  hesui evaluate --models base,tuned --decoding raw,guided --limit 100 --seeds 1")
def evaluate_command(
    context: typer.Context,
    models: Models = None,
    decoding: Decoding = "raw",
    prompts: Prompts = None,
    classes: Classes = None,
    language: Language = None,
    limit: Limit = None,
    seeds: Seeds = None,
    temperature: Temperature = None,
    top_p: TopP = None,
    max_tokens: MaxTokens = None,
    counter: CounterName = None,
    perplexity: Perplexity = None,
    anew: Anew = False,
    background: Background = False,
    as_json: AsJson = False,
) -> None:
    """Ask models a set of prompts and measure the answers.

    Every answer is stored as it comes: Ctrl-C stops cleanly, and the same command goes on where it was.
    """
    if context.invoked_subcommand is not None:
        return
    settings = read_settings()
    config = _config(
        settings, models=_listed(models), decoding=_listed(decoding), prompts=prompts and str(prompts), classes=classes,
        language=language, limit=limit, seeds=seeds, temperature=temperature, top_p=top_p, max_tokens=max_tokens,
        counter=counter, perplexity=perplexity,
    )  # fmt: skip
    from hesui.evaluate import jobs

    known = None if anew else jobs.unfinished(settings, config)
    if known is not None:
        note(f"going on with {known.id}, which asks the same")
    if background:
        folder = known or jobs.start(settings, config)
        if known is not None:
            jobs.resume(settings, known.id)
        _show_started(folder.id, as_json)
        return
    _work(settings, known or jobs.prepare(settings, config), as_json)


@app.command("resume", epilog="Example:  hesui evaluate resume")
def resume_command(id: Id = None, background: Background = False, as_json: AsJson = False) -> None:
    """Go on with an evaluation where it was."""
    from hesui.evaluate import jobs

    settings = read_settings()
    seen = jobs.view(settings, id)
    if background:
        jobs.resume(settings, seen.folder.id)
        _show_started(seen.folder.id, as_json)
    else:
        _work(settings, seen.folder, as_json)


@app.command("status", epilog="Example:  hesui evaluate status --json")
def status_command(id: Id = None, as_json: AsJson = False) -> None:
    """How an evaluation stands."""
    from hesui.evaluate import jobs

    seen = jobs.view(read_settings(), id)
    if as_json:
        print_json(_record(seen))
    else:
        print(f"{seen.folder.id}  {_progress(seen.status, seen.state, seen.left)}")


@app.command("list", epilog="Example:  hesui evaluate list --json")
def list_command(as_json: AsJson = False) -> None:
    """All evaluations made here, the newest first."""
    from hesui.evaluate import jobs

    views = jobs.views(read_settings())
    if as_json:
        print_json([_record(seen) for seen in views])
    else:
        lines = (f"{seen.folder.id}  {seen.state:<12}{','.join(seen.config.models)}" for seen in views)
        print("\n".join(lines) or "no evaluation yet; start one: hesui evaluate")


@app.command("stop", epilog="Example:  hesui evaluate stop")
def stop_command(id: Id = None) -> None:
    """End the process that works on an evaluation; its answers are kept."""
    from hesui.evaluate import jobs

    settings = read_settings()
    seen = jobs.view(settings, id)
    jobs.stop(settings, seen.folder.id)
    note(f"{seen.folder.id}: stopping; hesui evaluate resume goes on")


@app.command("delete", epilog="Example:  hesui evaluate delete 20261124-210319-a89f")
def delete_command(id: Annotated[str, typer.Argument(metavar="ID", help="Which evaluation.")]) -> None:
    """Remove an evaluation with all its answers."""
    from hesui.evaluate import jobs

    jobs.delete(read_settings(), id)
    note(f"{id} is removed")


def leaderboard_command(
    prompts: Annotated[
        str | None,
        typer.Option("--set", metavar="HASH", help="Which prompts; the beginning will do. Default: the newest."),
    ] = None,
    counter: CounterName = None,
    ops: Annotated[
        list[str] | None, typer.Option("--op", metavar="OP", help="eq, approx, le, ge, range; repeat it.")
    ] = None,
    classes: Classes = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", metavar="zh|en", help="Repeat it for both.")
    ] = None,
    decoding: Annotated[str | None, typer.Option("--decoding", metavar="raw,guided", help="Only these.")] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="KIND", help="text, csv, json, markdown or model-index.")
    ] = "text",
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Only this one; model-index is of one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How models stand, computed from the stored answers by any counting rule."""
    from hesui.evaluate.board import Board, require_set
    from hesui.evaluate.reporting import report, require_format
    from hesui.evaluate.standings import standings
    from hesui.evaluate.views import make_filters

    kind = None if form == "text" else require_format(form)
    filters = make_filters(counter=counter, ops=ops, tasks=classes, languages=language, decodings=_listed(decoding))
    found = require_set(Board(read_settings()).refresh(), prompts)
    everything = standings(found, filters)
    if model is not None:
        validate_models([model], {row.system.entry.model for row in everything})
    rows = [row for row in everything if model in (None, row.system.entry.model)]
    if as_json:
        print_json([{"set": found.id[:12], **row.record(filters.counter)} for row in rows])
    elif kind is not None and rows:
        print(report(kind, found, filters, rows), end="")
    else:
        note(f"{found.name}, {found.prompts} prompts ({found.id[:12]}), counted by {filters.counter}")
        _show(rows)


def _config(settings: Settings, **given: Any) -> EvaluateConfig:
    from hesui.evaluate.config import make_config
    from hesui.models.registry import Registry

    stated = {name: value for name, value in given.items() if value not in (None, ())}
    stated.setdefault("models", tuple(Registry(settings).names()[:2]))
    return make_config(base=settings.base_model, **stated)


def _listed(names: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in names.split(",") if name.strip()) if names is not None else None


def _work(settings: Settings, folder: EvaluationFolder, as_json: bool) -> None:
    from hesui.evaluate.board import Board
    from hesui.evaluate.standings import standings
    from hesui.evaluate.views import Filters
    from hesui.evaluate.working import work
    from hesui.models.routing import Router

    note(f"evaluation {folder.id}; Ctrl-C stops it, the same command goes on")
    stop = Event()
    with _stopping_on_signals(stop):
        state = work(folder, settings, Router, stop, _Line())
    if state != "done":
        note(f"{folder.id} is {state}; hesui evaluate resume goes on")
        raise typer.Exit(FAILED)
    found = Board(settings).refresh()[folder.facts()["set"]["sha256"]]
    rows = [row for row in standings(found, Filters()) if row.system.evaluation == folder.id]
    if as_json:
        records = [row.record(Filters().counter) for row in rows]
        print_json({"evaluation": folder.id, "set": found.id[:12], "rows": records})
    else:
        _show(rows)


class _Line:
    """A line of progress now and then, on standard error; one line that changes on a terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._state, self._told = "", 0.0

    def __call__(self, status: Status) -> None:
        now = time.monotonic()
        if status.state == self._state and now - self._told < (1.0 if self._live else 15.0):
            return
        left = (status.all - status.done) / status.rate if status.rate > 0 else None
        line = _progress(status, status.state, left)
        changed = status.state != self._state
        self._state, self._told = status.state, now
        if self._live:
            print(f"\r{line:<78}", end="\n" if status.state == "done" else "", file=sys.stderr, flush=True)
        elif changed or left is not None:
            note(line)


def _progress(status: Status, state: str, left: float | None) -> str:
    done = f" {status.done:,} of {status.all:,}" if status.all else ""
    ahead = "" if left is None or state in ("done", "stopped", "failed") else f", {left:,.0f} s left"
    return f"{state}{done}{ahead}" + (f": {status.note}" if status.note else "")


def _record(seen: View) -> dict[str, Any]:
    return {
        "evaluation": seen.folder.id, "state": seen.state, "done": seen.status.done, "all": seen.status.all,
        "eta": seen.left, "models": list(seen.config.models), "decoding": list(seen.config.decoding),
        "note": seen.status.note,
    }  # fmt: skip


@contextmanager
def _stopping_on_signals(stop: Event) -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM ask for an end; a second Ctrl-C ends at once."""

    def ask(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show_started(id: str, as_json: bool) -> None:
    if as_json:
        print_json({"evaluation": id})
    else:
        print(f"evaluation {id} is at work; watch it with: hesui evaluate status")


def _show(rows: Sequence[Standing]) -> None:
    heads = ("n", "sat", "±2", "±5", "±10", "MAE", "bias", "whole", "ppl×", "Δ±10")
    print(f"{'model':<28}" + "".join(f"{head:>9}" for head in heads))
    for row in rows:
        entry = row.system.entry
        shares = [row.shares[name] for name in ("satisfied", "hit2", "hit5", "hit10")]
        cells = [f"{row.n:,}", *(f"{share.value:.1%}" if share else "–" for share in shares)]
        cells += ["–" if row.mae is None else f"{row.mae:.2f}", "–" if row.bias is None else f"{row.bias:+.1%}"]
        whole = row.shares["complete"]
        cells += [f"{whole.value:.1%}" if whole else "–"]
        cells += ["–" if row.perplexity_ratio is None else f"{row.perplexity_ratio:.2f}"]
        cells += ["–" if row.gap is None else f"{row.gap.hits['hit10']:+.1%}" + _star(row.gap.p["hit10"])]
        name = f"{entry.model} {entry.decoding}" + (" (assisted)" if entry.assisted else "")
        print(f"{name:<28}" + "".join(f"{cell:>9}" for cell in cells))


def _star(p: float) -> str:
    return "*" if p <= 0.05 else ""
