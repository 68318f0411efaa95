"""Commands that run a distillation: prompts from seeds, answers within their length."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hesui.cli.options import AsJson, group
from hesui.cli.sources import opened
from hesui.console import note, print_json, read_settings
from hesui.settings import Settings

if TYPE_CHECKING:  # SQL and the rest load inside the command that needs them
    from hesui.distil.estimate import Estimate
    from hesui.distil.jobs import View
    from hesui.store.distilling import DistilStore

Until = Literal["expanded", "done"]
COLUMNS = ("prompts", "answered", "accepted", "calls", "cost")

Teacher = Annotated[
    str | None,
    typer.Option("--teacher", metavar="NAME", help="composer (built in, free), qianfan, dashscope, openai, …"),
]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="The teacher's model.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Any OpenAI-compatible address.")]
Prompts = Annotated[int | None, typer.Option("--prompts", metavar="N", help="Prompts wanted in all.")]
Classes = Annotated[
    list[str] | None, typer.Option("--class", metavar="ID", help="Only this class; repeat it. Default: all.")
]
Samples = Annotated[int | None, typer.Option("--samples", metavar="K", help="Answers drawn for each prompt.")]
Retries = Annotated[int | None, typer.Option("--retries", metavar="N", help="Further tries that tell the count.")]
Concurrency = Annotated[int | None, typer.Option("--concurrency", metavar="N", help="Calls at once.")]
Cap = Annotated[float | None, typer.Option("--cap", metavar="MONEY", help="Stop before this much is spent.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Of what is drawn by chance.")]
Rpm = Annotated[int | None, typer.Option("--rpm", metavar="N", help="Requests a minute; 0 = no limit.")]
Tpm = Annotated[int | None, typer.Option("--tpm", metavar="N", help="Tokens a minute; 0 = no limit.")]
Timeout = Annotated[float | None, typer.Option("--timeout", metavar="S", help="Seconds a call may take.")]
BatchFrom = Annotated[
    int | None, typer.Option("--batch-from", metavar="N", help="Use the provider's batch service from N prompts.")
]
Background = Annotated[bool, typer.Option("--background", help="Return at once; watch it with: hesui distil status.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many calls, tokens and how much money.")]
RunId = Annotated[str | None, typer.Option("--run", metavar="ID", help="Which run. Default: the newest.")]

app = group(invoke_without_command=True)


@app.callback(epilog="Example:  hesui distil --teacher dashscope --prompts 3000 --cap 20 --dry-run")
def run_command(
    context: typer.Context,
    teacher: Teacher = None,
    model: Model = None,
    base_url: BaseUrl = None,
    prompts: Prompts = None,
    classes: Classes = None,
    samples: Samples = None,
    retries: Retries = None,
    concurrency: Concurrency = None,
    cap: Cap = None,
    seed: Seed = None,
    rpm: Rpm = None,
    tpm: Tpm = None,
    timeout: Timeout = None,
    batch_from: BatchFrom = None,
    background: Background = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make prompts and answers with a teacher, kept within their length.

    Expands the seeds, answers every prompt, keeps what passes and freezes the splits; offline with the built-in
    composer. Ctrl-C stops it cleanly; `hesui distil resume` goes on where it was, and nothing is paid twice.
    """
    if context.invoked_subcommand is not None:
        return
    given = _given(
        teacher=teacher, model=model, base_url=base_url, prompts=prompts, classes=classes, samples=samples,
        retries=retries, concurrency=concurrency, cap=cap, seed=seed, requests_per_minute=rpm, tokens_per_minute=tpm,
        timeout=timeout, batch_from=batch_from,
    )  # fmt: skip
    _start(given, "done", background=background, dry_run=dry_run, as_json=as_json)


@app.command("expand", epilog="Example:  hesui distil expand --prompts 3000")
def expand_command(
    teacher: Teacher = None,
    model: Model = None,
    base_url: BaseUrl = None,
    prompts: Prompts = None,
    classes: Classes = None,
    concurrency: Concurrency = None,
    cap: Cap = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Only make prompts from the seeds; `hesui distil answer` goes on from there."""
    given = _given(
        teacher=teacher, model=model, base_url=base_url, prompts=prompts, classes=classes, concurrency=concurrency,
        cap=cap, seed=seed,
    )  # fmt: skip
    _start(given, "expanded", as_json=as_json)


@app.command("answer", epilog="Example:  hesui distil answer --run 20261123-101500-ab12")
def answer_command(run: RunId = None, as_json: AsJson = False) -> None:
    """Go on with a run that was only expanded, stopped or interrupted, and answer its prompts."""
    _resume(run, as_json)


@app.command("resume", epilog="Example:  hesui distil resume")
def resume_command(run: RunId = None, background: Background = False, as_json: AsJson = False) -> None:
    """Go on with a run where it was; nothing is paid twice."""
    _resume(run, as_json, background)


@app.command("status", epilog="Example:  hesui distil status --json")
def status_command(run: RunId = None, as_json: AsJson = False) -> None:
    """How a run stands, class by class."""
    from hesui.distil.jobs import require_view

    with opened(read_settings()) as store:
        _show(require_view(store, run), as_json)


@app.command("label", epilog="Example:  hesui distil label questions.jsonl --teacher qianfan --out labelled.jsonl")
def label_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Label items, as hesui corpus chat writes them.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="The items with suggestions.")],
    teacher: Teacher = None,
    model: Model = None,
    base_url: BaseUrl = None,
    concurrency: Concurrency = None,
    cap: Cap = None,
    as_json: AsJson = False,
) -> None:
    """Let a teacher propose a label for each item, with its clues; reviewers decide."""
    from hesui.distil.config import make_config
    from hesui.distil.jobs import require_idle, require_ready
    from hesui.distil.suggesting import label_file

    settings = read_settings()
    given = _given(teacher=teacher, model=model, base_url=base_url, concurrency=concurrency, cap=cap)
    config = make_config(**given)
    require_ready(config, settings)
    with opened(settings) as store:
        require_idle(store)
        number, suggested = label_file(store, settings, config, file, out)
    if as_json:
        print_json({"items": number, "suggested": suggested, "out": str(out)})
    else:
        print(f"{suggested} of {number} items got a suggestion; {out}")


@app.command("list", epilog="Example:  hesui distil list --json")
def list_command(as_json: AsJson = False) -> None:
    """All runs, the newest first."""
    from hesui.distil.jobs import require_view

    with opened(read_settings()) as store:
        views = [require_view(store, run.id) for run in store.runs()]
    if as_json:
        print_json([{"run": seen.run.id, "state": seen.state, "teacher": seen.config.teacher} for seen in views])
    else:
        print("\n".join(f"{seen.run.id}  {seen.state:<12}{seen.config.teacher}" for seen in views) or "no run yet")


@app.command("pause", epilog="Example:  hesui distil pause")
def pause_command(run: RunId = None) -> None:
    """Make no further calls until it is resumed."""
    from hesui.distil.jobs import pause

    _wish(run, pause, "pausing")


@app.command("stop", epilog="Example:  hesui distil stop")
def stop_command(run: RunId = None) -> None:
    """Finish the calls under way, then stop; `hesui distil resume` goes on."""
    from hesui.distil.jobs import stop

    _wish(run, stop, "stopping")


def _given(**options: Any) -> dict[str, Any]:
    """The options that were stated; the others keep the run's defaults."""
    return {name: tuple(value) if name == "classes" else value for name, value in options.items() if value is not None}


def _start(given: Mapping[str, Any], until: Until, *, background: bool = False, dry_run: bool = False,
           as_json: bool = False) -> None:  # fmt: skip
    from hesui.distil.config import make_config
    from hesui.distil.jobs import estimate_run, new_run, require_idle, start

    settings = read_settings()
    config = make_config(**given)
    # Whatever would end the run at once is raised here, before there is one.
    found, endpoint = estimate_run(config, settings, keyed=not dry_run)
    if dry_run:
        _show_estimate(found, endpoint.currency if endpoint else "", as_json)
        return
    with opened(settings) as store:
        if background:
            _show_started(start(store, settings, config), as_json)
            return
        require_idle(store)
        _work(store, settings, new_run(store, config), as_json, until)


def _resume(run: str | None, as_json: bool, background: bool = False) -> None:
    from hesui.distil.jobs import require_idle, require_unfinished, resume, wake

    settings = read_settings()
    with opened(settings) as store:
        seen = require_unfinished(store, run)
        if background or seen.working:
            resume(store, settings, seen.run.id)
            _show_started(seen.run.id, as_json)
            return
        require_idle(store)
        wake(store, seen.run.id)
        _work(store, settings, seen.run.id, as_json, "done")


def _work(store: DistilStore, settings: Settings, id: str, as_json: bool, until: Until) -> None:
    from hesui.distil import pipeline
    from hesui.distil.jobs import require_view
    from hesui.distil.worker import work

    note(f"run {id}; Ctrl-C stops it, hesui distil resume goes on")
    ended = Event()
    watch = Thread(target=_watch, args=(settings, id, ended), daemon=True)
    watch.start()
    try:
        work(store, settings, id, pipeline.Until(until))
    finally:
        ended.set()
        watch.join()
    _show(require_view(store, id), as_json)


def _watch(settings: Settings, id: str, ended: Event) -> None:
    """A line of progress now and then, on standard error; one line that changes on a terminal."""
    from hesui.distil.jobs import require_view

    live = sys.stderr.isatty()
    with opened(settings) as store:
        while not ended.wait(1.0 if live else 15.0):
            line = _progress(require_view(store, id))
            print(f"\r{line:<78}" if live else line, end="" if live else "\n", file=sys.stderr, flush=True)
    if live:
        print(file=sys.stderr)


def _progress(seen: View) -> str:
    tallies = seen.tallies.values()
    total = [sum(getattr(tally, name) for tally in tallies) for name in ("prompts", "answered", "accepted")]
    cost = sum(tally.cost for tally in tallies)
    return f"{seen.run.phase}: {total[0]} prompts, {total[1]} answered, {total[2]} accepted, cost {cost:.4f}"


def _show(seen: View, as_json: bool) -> None:
    records = {task: {name: getattr(tally, name) for name in COLUMNS} for task, tally in seen.tallies.items()}
    if as_json:
        print_json(records)
        return
    note(f"run {seen.run.id}: {seen.state}" + (f", {seen.run.note}" if seen.run.note else ""))
    print(f"{'class':<16}" + "".join(f"{name:>10}" for name in COLUMNS))
    for task, record in records.items():
        print(f"{task:<16}" + "".join(f"{value:>10.4g}" if name == "cost" else f"{value:>10}"
                                      for name, value in record.items()))  # fmt: skip
    for fault in seen.faults:
        note(f"  {fault.stage} {fault.task}: {fault.outcome}, {fault.detail}")


def _show_started(id: str, as_json: bool) -> None:
    if as_json:
        print_json({"run": id})
    else:
        print(f"run {id} is at work; watch it with: hesui distil status")


def _wish(run: str | None, wish: Callable[[DistilStore, str], None], doing: str) -> None:
    from hesui.distil.jobs import require_view

    with opened(read_settings()) as store:
        seen = require_view(store, run)
        wish(store, seen.run.id)
        note(f"run {seen.run.id}: {doing}")


def _show_estimate(estimate: Estimate, currency: str, as_json: bool) -> None:
    if as_json:
        classes = [asdict(one) for one in estimate.classes]
        print_json({"prompts": estimate.prompts, "currency": currency, "classes": classes,
                    "best": asdict(estimate.best), "worst": asdict(estimate.worst)})  # fmt: skip
        return
    print(f"{'class':<16}{'prompts':>9}{'calls':>18}{'cost ' + currency:>22}")
    for one in estimate.classes:
        print(f"{one.task:<16}{one.prompts:>9}{_between(one.best.calls, one.worst.calls):>18}"
              f"{_between(one.best.cost, one.worst.cost):>22}")  # fmt: skip
    best, worst = estimate.best, estimate.worst
    print(
        f"{'in all':<16}{estimate.prompts:>9}{_between(best.calls, worst.calls):>18}{_between(best.cost, worst.cost):>22}"
    )
    note("nothing was asked; leave out --dry-run to start")


def _between(low: float, high: float) -> str:
    return f"{low:,.4g} to {high:,.4g}" if isinstance(low, float) else f"{low:,} to {high:,}"
