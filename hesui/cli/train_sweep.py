"""Commands that try a few settings on part of a data set and show what came of each, side by side."""

from __future__ import annotations

import math
import time
from collections import Counter as Tally
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hesui.cli import train_options as options
from hesui.cli.options import AsJson, group
from hesui.console import FAILED, finite, note, print_json, read_settings
from hesui.errors import InputError
from hesui.settings import Settings

if TYPE_CHECKING:  # they load what reads every kind of data set
    from hesui.train.curves import Curves, Probe
    from hesui.train.sweeps import Line, Sweep

POLL = 1.0  # seconds between two looks at a sweep that is waited for
ROWS = 200  # of train, where nothing else is said
NUMBERS = ("loss", "eval", "satisfied", "hit2", "hit5", "hit10", "at best", "seconds")  # the table's columns

SweepOrNewest = Annotated[str | None, typer.Argument(metavar="SWEEP", help="Its id. Default: the newest sweep.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it to its end; Ctrl-C only ends the waiting.")]
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE.html", dir_okay=False, help="Write the curves over each other.")
]

app = group(invoke_without_command=True, no_args_is_help=False)


@app.callback(
    epilog="Example:  hesui train sweep --data datasets/greetings --try learning_rate=1e-3,2e-3 --try epochs=5,10"
)
def sweep_command(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Of hesui review export or hesui corpus split.")
    ] = None,
    preset: options.Dial = "standard",
    method: options.MethodName = None,
    base: options.Base = None,
    tries: Annotated[
        list[str] | None,
        typer.Option(
            "--try", metavar="NAME=A,B", help="Values of a setting; repeat it. Default: epochs and learning_rate."
        ),
    ] = None,
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, help="Of train; 0 = all.")] = ROWS,
    also: options.Also = None,
    plot: Plot = None,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Train once for each combination of a few settings, on part of the data, and compare.

    The runs wait in the queue like any other; a best setting is the best for so few rows.
    """
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise InputError("no data set is named; give one with --data DIR", "error.train_data_missing", path="--data")
    from hesui.train.sweeps import begin, parse_tries

    settings = read_settings()
    config = options.asked_for(settings, data, preset, also, method=method, base=base)
    sweep = begin(settings, config, parse_tries(tries or []), rows)
    if not as_json:
        note(f"sweep {sweep.id}: {len(sweep.trials)} runs over {sweep.rows} rows; see them: hesui train sweep show")
    _tell(settings, sweep, plot, wait, as_json)


@app.command("show", epilog="Example:  hesui train sweep show --wait --plot curves.html")
def show_command(sweep: SweepOrNewest = None, plot: Plot = None, wait: Wait = False, as_json: AsJson = False) -> None:
    """What came of each combination so far; the best one is marked."""
    from hesui.train.sweeps import require_sweep

    settings = read_settings()
    _tell(settings, require_sweep(settings, sweep), plot, wait, as_json)


@app.command("list", epilog="Example:  hesui train sweep list --json")
def list_command(as_json: AsJson = False) -> None:
    """The sweeps there are, the newest first."""
    from hesui.train.sweeps import sweeps

    rows = [
        {"sweep": one.id, "data": str(one.data), "rows": one.rows, "tries": one.tries, "runs": len(one.trials)}
        for one in sweeps(read_settings())
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['sweep']:<22}{row['runs']:>3} runs  {row['rows']:>6} rows  {row['data']}")


def _tell(settings: Settings, sweep: Sweep, plot: Path | None, wait: bool, as_json: bool) -> None:
    from hesui.train.jobs import tend
    from hesui.train.sweeps import curves, lines

    tend(settings)
    if wait:
        _follow(settings, sweep)
    found = lines(settings, sweep)
    if plot is not None:
        _draw(curves(settings, sweep), plot)
    if as_json:
        print_json(_record(sweep, found))
    else:
        print("\n".join(_table(sweep, found)))
        note("in the app: Train, History, choose up to four runs to lay over each other")
    if wait and any(line.state in ("failed", "interrupted") for line in found):
        raise typer.Exit(FAILED)


def _follow(settings: Settings, sweep: Sweep) -> None:
    """Tell how the runs get on until all have ended, and let each begin when it is its turn."""
    from hesui.train.jobs import tend
    from hesui.train.sweeps import lines

    said = ""
    while True:
        tend(settings)
        found = lines(settings, sweep)
        states = Tally(line.state for line in found)
        news = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        if news != said:
            said = news
            note(f"sweep {sweep.id}: {news}")
        if all(line.over for line in found):
            return
        time.sleep(POLL)


def _record(sweep: Sweep, found: list[Line]) -> dict[str, Any]:
    return {
        "sweep": sweep.id, "data": str(sweep.data), "rows": sweep.rows,
        "runs": [
            {
                "run": line.trial.run, "values": line.trial.values, "state": line.state, "step": line.step,
                "steps": line.steps, "loss": finite(line.loss), "eval": finite(line.evaluation),
                "last": _probe(line.probed), "best": _probe(line.best), "seconds": round(line.seconds, 1),
                "chosen": line.chosen,
            }
            for line in found
        ],
    }  # fmt: skip


def _probe(probe: Probe | None) -> dict[str, Any] | None:
    return {name: finite(value) for name, value in probe._asdict().items()} if probe else None


def _table(sweep: Sweep, found: list[Line]) -> list[str]:
    """The lines of a table: what was tried, how it stands, and the numbers, shares at the last step and at the best."""
    names = [*sweep.tries]
    table = [["", *names, "run", "state", *NUMBERS], *(_cells(line, names) for line in found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _cells(line: Line, names: list[str]) -> list[str]:
    last, best = line.probed, line.best
    shares = [last.satisfied, last.hit2, last.hit5, last.hit10] if last else [math.nan] * 4
    at_best = (
        f"{best.satisfied:.0%}, {best.hit2:.0%}, {best.hit5:.0%}, {best.hit10:.0%} (step {best.step})" if best else "-"
    )
    values = (line.trial.values[name] for name in names)
    return [
        "*" if line.chosen else "", *(f"{value:g}" if isinstance(value, float) else str(value) for value in values),
        line.trial.run, line.state, _number(line.loss), _number(line.evaluation),
        *(f"{share:.0%}" if math.isfinite(share) else "-" for share in shares), at_best, f"{line.seconds:.0f}",
    ]  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _draw(curves: Mapping[str, Curves], file: Path) -> None:
    """Write the curves over each other as a page of its own, drawn as the app draws them.

    Raises InputError where the file cannot be written.
    """
    from hesui import ui
    from hesui.ui.train.plots import overlay

    folder = Path(ui.__file__).parent
    style = "".join((folder / name).read_text(encoding="utf-8") for name in ("style.css", "train.css"))
    page = (
        '<!doctype html><html lang="en" class="en"><head><meta charset="utf-8"><title>hesui</title>'
        f"<style>{style} body {{ margin: 2em; background: var(--paper); }}</style></head><body>{overlay(curves)}</body></html>"
    )
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write {file}: {error.strerror}", "error.file_unwritable", file=file.name, reason=error.strerror
        ) from None
    note(f"curves: {file}")
