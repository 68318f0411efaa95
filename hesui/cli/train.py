"""Commands that train: start a run, watch it, stop it, let it go on, open what it made in Compare."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from hesui.cli import train_options as options
from hesui.cli.options import AsJson, group
from hesui.cli.train_estimate import estimate_command
from hesui.console import FAILED, INTERRUPTED, finite, note, print_json, read_settings
from hesui.errors import InputError
from hesui.settings import Settings

if TYPE_CHECKING:
    from hesui.train.config import TrainConfig
    from hesui.train.jobs import View

POLL = 0.5  # seconds between two looks at a run that is waited for
TOLD = 20  # lines of progress of a run, about

Run = Annotated[str, typer.Argument(metavar="RUN", help="Its id, as hesui train list shows it.")]
RunOrNewest = Annotated[str | None, typer.Argument(metavar="RUN", help="Its id. Default: the newest run.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it to its end; Ctrl-C stops it and saves.")]

app = group()


@app.command("start", epilog="Example:  hesui train start --data datasets/greetings --preset quick --wait")
def start_command(
    data: options.Data,
    preset: options.Dial = "standard",
    method: options.MethodName = None,
    base: options.Base = None,
    adapter: options.Adapter = None,
    full: options.Full = False,
    rank: options.Rank = None,
    alpha: options.Alpha = None,
    learning_rate: options.LearningRate = None,
    epochs: options.Epochs = None,
    steps: options.Steps = None,
    batch: options.Batch = None,
    micro_batch: options.MicroBatch = None,
    context: options.Context = None,
    seed: options.Seed = None,
    also: options.Also = None,
    on: Annotated[Literal["here", "hf-jobs"], typer.Option("--on", help="Where the worker works.")] = "here",
    flavor: Annotated[str, typer.Option("--flavor", metavar="NAME", help="The Hub's machine.")] = "a10g-small",
    timeout: Annotated[str, typer.Option("--timeout", metavar="TIME", help="After which the Hub ends it.")] = "6h",
    package: Annotated[str, typer.Option("--package", metavar="SPEC", help="What the job installs.")] = "hesui",
    key: Annotated[str, typer.Option("--key", metavar="TEXT", help="The same key twice starts one run.")] = "",
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Start a training run in a process of its own, or queue it behind the one at work.

    It goes on when this terminal is closed; watch it with hesui train show.
    """
    from hesui.train.jobs import start

    settings = read_settings()
    config = options.asked_for(
        settings, data, preset, also, method=method, base=base, full=full, adapter=adapter, rank=rank, alpha=alpha,
        learning_rate=learning_rate, epochs=epochs, steps=steps, batch=batch, micro_batch=micro_batch, context=context,
        seed=seed,
    )  # fmt: skip
    place = _place(config, flavor, timeout, package) if on == "hf-jobs" else None
    id = start(settings, config, key=key, place=place).id
    _begun(settings, id, wait, as_json)


app.command("estimate", epilog="Example:  hesui train estimate --data datasets/greetings --preset quick")(
    estimate_command
)


@app.command("list", epilog="Example:  hesui train list --json")
def list_command(as_json: AsJson = False) -> None:
    """The runs there are, the newest first, and the place of those that wait."""
    from hesui.train.jobs import queue, tend, views

    settings = read_settings()
    tend(settings)
    places = {folder.id: place for place, folder in enumerate(queue(settings))}
    rows = [_row(seen, places) for seen in views(settings)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = row["state"] if row["place"] is None else f"queued at {row['place']}"
        print(f"{row['run']:<22}{state:<14}{row['step']:>7} of {row['steps']:<7}{row['method'] or '?':<5}{row['data']}")


@app.command("show", epilog="Example:  hesui train show --json")
def show_command(run: RunOrNewest = None, as_json: AsJson = False) -> None:
    """How a run stands: what was measured last, and what to make of it."""
    from hesui.train.jobs import tend, view

    settings = read_settings()
    tend(settings)
    seen = view(settings, run)
    record = _record(seen)
    if as_json:
        print_json(record)
        return
    print(f"run {seen.id}: {_told(seen)}")
    for name in ("last", "probe"):
        values = {key: value for key, value in (record[name] or {}).items() if key not in ("kind", "time")}
        if values:
            print(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in values.items()))
    for advice in record["advice"]:
        print(f"{advice['level']}: {advice['key']}, try {advice['setting']} = {_short(advice['value'])}")


@app.command("log", epilog="Example:  hesui train log --lines 50")
def log_command(
    run: RunOrNewest = None,
    lines: Annotated[int, typer.Option("--lines", min=1, metavar="N", help="The last N lines.")] = 200,
) -> None:
    """What the run's process printed."""
    from hesui.train.jobs import view

    path = view(read_settings(), run).folder.log
    with suppress(FileNotFoundError), path.open(encoding="utf-8", errors="replace") as stream:
        sys.stdout.writelines(deque(stream, lines))


@app.command("stop", epilog="Example:  hesui train stop 20261124-101500-ab12 --wait")
def stop_command(run: Run, wait: Wait = False) -> None:
    """End a run at its next step, with a checkpoint and a usable adapter; hesui train resume goes on."""
    from hesui.train.jobs import stop

    _wish(run, stop, "stopping and saving", wait)


@app.command("cancel", epilog="Example:  hesui train cancel 20261124-101500-ab12")
def cancel_command(run: Run, wait: Wait = False) -> None:
    """End a run at its next step and save nothing more."""
    from hesui.train.jobs import cancel

    _wish(run, cancel, "ending", wait)


@app.command("kill", epilog="Example:  hesui train kill 20261124-101500-ab12")
def kill_command(run: Run) -> None:
    """End a run's process at once; its last checkpoint stays."""
    from hesui.train.jobs import kill

    _wish(run, kill, "killed", False)


@app.command("resume", epilog="Example:  hesui train resume 20261124-101500-ab12 --wait")
def resume_command(run: Run, wait: Wait = False, as_json: AsJson = False) -> None:
    """Let a run that was stopped, failed or was interrupted go on from its last checkpoint."""
    from hesui.train.jobs import resume

    settings = read_settings()
    resume(settings, run)
    _begun(settings, run, wait, as_json)


@app.command("move", epilog="Example:  hesui train move 20261124-101500-ab12 0")
def move_command(
    run: Run, place: Annotated[int, typer.Argument(metavar="PLACE", min=0, help="0 is the next to begin.")]
) -> None:
    """Put a run that waits at another place in the queue."""
    from hesui.train.jobs import move

    move(read_settings(), run, place)
    note(f"run {run}: moved")


@app.command("delete", epilog="Example:  hesui train delete 20261124-101500-ab12")
def delete_command(run: Run) -> None:
    """Delete a run with its checkpoints; what was opened in Compare stays."""
    from hesui.train.jobs import delete

    delete(read_settings(), run)
    note(f"run {run}: deleted")


@app.command("note", epilog='Example:  hesui train note 20261124-101500-ab12 "too many epochs"')
def note_command(run: Run, text: Annotated[str, typer.Argument(metavar="TEXT", help="In place of the last.")]) -> None:
    """Write down what you think of a run."""
    from hesui.train.jobs import note as write_note

    write_note(read_settings(), run, text)


@app.command("use", epilog="Example:  hesui train use 20261124-101500-ab12 --name greetings-r8")
def use_command(
    run: Run,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What Compare is to call it.")],
    as_json: AsJson = False,
) -> None:
    """Offer a run's adapter in Compare and to every other command."""
    from hesui.train.jobs import open_in_compare

    folder = open_in_compare(read_settings(), run, name)
    if as_json:
        print_json({"run": run, "model": name, "location": str(folder)})
    else:
        print(f"{name}: {folder}")


def _place(config: TrainConfig, flavor: str, timeout: str, package: str) -> dict[str, str]:
    """A job of the Hub, as the run's folder names it."""
    from hesui.train.remote import Place, require_sendable

    require_sendable(config)
    return asdict(Place(flavor, timeout, package))


def _begun(settings: Settings, id: str, wait: bool, as_json: bool) -> None:
    from hesui.train.jobs import queue

    if as_json:
        print_json({"run": id})
        sys.stdout.flush()
    elif not wait:
        waits = any(folder.id == id for folder in queue(settings))
        print(f"run {id} {'waits in the queue' if waits else 'is at work'}; watch it with: hesui train show {id}")
    if wait:
        note(f"run {id}; Ctrl-C stops it and saves, hesui train resume goes on")
        _follow(settings, id)


def _wish(run: str, wish: Callable[[Settings, str], None], doing: str, wait: bool) -> None:
    settings = read_settings()
    wish(settings, run)
    note(f"run {run}: {doing}")
    if wait:
        _follow(settings, run)


def _follow(settings: Settings, id: str) -> None:
    """Tell how a run gets on until it ends; exit code 1 where it failed, 130 where Ctrl-C stopped it."""
    told, stopping = "", False
    while True:
        try:
            seen, told = _look(settings, id, told)
            if not seen.live and not seen.working:
                break
            time.sleep(POLL)
        except KeyboardInterrupt:
            if stopping:
                raise
            stopping = True
            _stop(settings, id)
    if seen.state in ("failed", "interrupted"):
        raise typer.Exit(FAILED)
    if stopping:
        raise typer.Exit(INTERRUPTED)


def _look(settings: Settings, id: str, told: str) -> tuple[View, str]:
    """How the run stands, and what was told of it last, which is what `told` was where there is no news."""
    from hesui.train.jobs import tend, view

    tend(settings)
    seen = view(settings, id)
    step, steps = seen.status.step, seen.status.steps
    news = f"{seen.state} {step * TOLD // steps if steps else 0}"
    if news != told:
        note(_told(seen))
    return seen, news


def _stop(settings: Settings, id: str) -> None:
    from hesui.train.jobs import stop

    note("stopping and saving; Ctrl-C once more leaves it to itself")
    with suppress(InputError):  # it may just have ended
        stop(settings, id)


def _told(seen: View) -> str:
    last = _last(seen, "train")
    loss = f", loss {_short(last['loss'])}" if last and last.get("loss") is not None else ""
    of = f", step {seen.status.step} of {seen.status.steps}" if seen.status.steps else ""
    phase = f" ({seen.status.phase})" if seen.live and seen.status.phase else ""
    why = f", {seen.status.note}" if seen.status.note and not seen.live else ""
    return f"{seen.state}{phase}{of}{loss}{why}"


def _record(seen: View) -> dict[str, Any]:
    from hesui.train.advice import advise
    from hesui.train.curves import eta, read

    curves = read(seen.folder)
    advice = advise(curves, seen.status, seen.config) if seen.config else []
    record = {
        "run": seen.id, "state": seen.state, "step": seen.status.step, "steps": seen.status.steps,
        "last": _last(seen, "train"), "probe": _last(seen, "probe"),
        "advice": [one.record() for one in advice], "eta": eta(seen.status, curves) if seen.working else None,
        "note": seen.status.note,
    }  # fmt: skip
    return {name: finite(value) for name, value in record.items()}


def _row(seen: View, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "run": seen.id, "state": seen.state, "step": seen.status.step, "steps": seen.status.steps,
        "place": places.get(seen.id), "method": seen.config and seen.config.method,
        "data": str(seen.config.data) if seen.config else "",
    }  # fmt: skip


def _last(seen: View, kind: str) -> dict[str, Any] | None:
    return next(iter(deque(seen.folder.measurements(kind), 1)), None)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
