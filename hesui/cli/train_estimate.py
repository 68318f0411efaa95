"""The command that says what a run will take, before it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from hesui.cli import train_options as options
from hesui.cli.options import AsJson
from hesui.console import note, print_json, read_settings
from hesui.settings import Settings
from hesui.train.config import TrainConfig

if TYPE_CHECKING:  # they load what reads every kind of data set
    from hesui.train.data import DataSet
    from hesui.train.estimating import Estimate, Measurement, Warned

POLL = 0.2  # seconds between two looks at a measurement

Afresh = Annotated[bool, typer.Option("--afresh", help="Measure again, whatever was measured before.")]


def estimate_command(
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
    afresh: Afresh = False,
    as_json: AsJson = False,
) -> None:
    """Say what a run would take: time, memory and disk, from a measurement of a minute or less.

    What was measured is kept: the same data with another dial or other epochs are answered at once.
    """
    from hesui.train.data import describe
    from hesui.train.estimating import estimate, room
    from hesui.train.jobs import located

    settings = read_settings()
    described = describe(data)
    config = located(options.asked_for(
        settings, data, preset, also, method=method, base=base, full=full, adapter=adapter, rank=rank, alpha=alpha,
        learning_rate=learning_rate, epochs=epochs, steps=steps, batch=batch, micro_batch=micro_batch, context=context,
        seed=seed,
    ))  # fmt: skip
    told = estimate(config, _measured(settings, config, described, afresh), room(settings))
    if as_json:
        print_json(told.record())
    else:
        _tell(told)


def _measured(settings: Settings, config: TrainConfig, data: DataSet, afresh: bool) -> Measurement:
    from hesui.train.estimating import known, require_known_cost
    from hesui.train.measuring import Measuring

    require_known_cost(config, data)
    found = None if afresh else known(settings, config, data)
    if found is not None:
        return found
    said = ""
    with Measuring(settings, config, data) as going:
        while (found := going.result()) is None:
            if going.phase != said:
                said = going.phase
                note(f"measuring ({said})")
            time.sleep(POLL)
    return found


def _tell(told: Estimate) -> None:
    print(f"about {_span(told.seconds)}, {told.steps} steps, {told.epochs:g} epochs on {told.device}")
    print(f"memory about {told.memory_mb} MB, free {told.free_memory_mb} MB")
    print(f"disk about {told.disk_mb} MB, free {told.free_disk_mb} MB")
    for warned in told.warnings:
        print(f"warning: {_warning(warned)}")


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 90 * 60 else f"{seconds / 3600:.1f} hours"


def _warning(warned: Warned) -> str:
    sentences = {
        "train.estimate.memory": "it does not fit into memory; try one after the other: {settings}, or a smaller base",
        "train.estimate.disk": "the disk has no room for it: {wanted} MB are needed, {free} MB are free",
        "train.estimate.crowded": "others were computing while it was measured; on a quiet machine it takes about {quiet}",
        "train.estimate.left_out": "{n} rows are longer than the context and are left out",
    }
    values = {name: _span(value) if name == "quiet" else value for name, value in warned.values.items()}
    return sentences[warned.key].format(**values)
