"""What a run's settings are called on the command line, and how they become settings; knows no command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hesui.errors import InputError
from hesui.settings import Settings
from hesui.train.config import PRESETS, Method, Preset, TrainConfig, make_config

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Of hesui review export or hesui corpus split.")]
Dial = Annotated[Preset, typer.Option("--preset", help="The dial.")]
MethodName = Annotated[Method | None, typer.Option("--method", help="Default: by the kind of the data.")]
Base = Annotated[str | None, typer.Option("--base", metavar="MODEL", help="Default: HESUI_BASE_MODEL.")]
Adapter = Annotated[str | None, typer.Option("--adapter", metavar="NAME", help="Go on from this adapter.")]
Full = Annotated[bool, typer.Option("--full", help="Tune all weights instead of an adapter.")]
Rank = Annotated[int | None, typer.Option("--rank", metavar="R", help="Of the adapter.")]
Alpha = Annotated[int | None, typer.Option("--alpha", metavar="A", help="Of the adapter.")]
LearningRate = Annotated[float | None, typer.Option("--learning-rate", metavar="X", help="At its highest.")]
Epochs = Annotated[float | None, typer.Option("--epochs", metavar="N", help="0 = by the number of rows.")]
Steps = Annotated[int | None, typer.Option("--steps", metavar="N", help="Instead of epochs.")]
Batch = Annotated[int | None, typer.Option("--batch", metavar="N", help="Rows that one step learns from.")]
MicroBatch = Annotated[int | None, typer.Option("--micro-batch", metavar="N", help="Rows on the device at once.")]
Context = Annotated[int | None, typer.Option("--context", metavar="N", help="Tokens of a row at most.")]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Of what is drawn by chance.")]
Also = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, as config.json names it; repeat it."),
]


def asked_for(
    settings: Settings,
    data: Path,
    preset: Preset,
    also: Sequence[str] | None,
    *,
    method: Method | None,
    base: str | None,
    full: bool = False,
    **given: object,
) -> TrainConfig:
    """The settings that a command's options come to. Raises InputError, also where `data` is no data set."""
    from hesui.train.data import describe

    known = {"method": method or describe(data).kind, "base": base or settings.base_model}
    return config_of(data, preset, {**known, "adaptation": "full" if full else None, **given}, also or [])


def config_of(data: Path, preset: Preset, given: Mapping[str, Any], also: Sequence[str]) -> TrainConfig:
    """The settings of a dial, with those that were given (None = it was not) and the pairs of --set.

    Raises InputError, which names the first that cannot be used.
    """
    stated = {name: value for name, value in given.items() if value is not None}
    for pair in also:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InputError(f"--set {pair} has no value; write it as NAME=VALUE", "error.train_pair", pair=pair)
        stated[name.strip().replace("-", "_")] = value.strip()
    return make_config(**{**PRESETS[preset], **stated, "data": data})
