"""A few settings tried on part of a data set: ordinary runs, one a combination, and a table of what came of them.

A sweep is a folder: the part of the data, written as a data set of its own, and sweep.json, which names the runs.
Knows neither how a run trains nor when it gets the device.
"""

from __future__ import annotations

import math
import shutil
import time
from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from hesui.checksums import digest
from hesui.corpus.rows import read_json_lines, write_json_lines
from hesui.corpus.splits import MANIFEST
from hesui.errors import HesuiError, InputError
from hesui.files import read_json, write_json
from hesui.settings import Settings
from hesui.train.config import TrainConfig, make_config, suggested_epochs
from hesui.train.curves import Curves, Probe, best, read
from hesui.train.data import DataSet, describe
from hesui.train.jobs import require_ready, start, view
from hesui.train.runs import LIVE, runs
from hesui.train.sittings import WORKER

ROWS = 200  # of train, where nothing else is said
MOST = 24  # runs of one sweep
SEED = 20_270_206  # of which rows are taken: the same for every sweep over the same data
AROUND = (0.5, 1.0, 2.0)  # times the suggested epochs, where nothing is said
SLOWER = 3  # by which the second learning rate is lower, where nothing is said
RECORD = "sweep.json"

Tries = Mapping[str, Sequence[Any]]  # values by the setting's name


@dataclass(frozen=True, slots=True)
class Trial:
    """One combination."""

    run: str
    values: Mapping[str, Any]  # of the settings that the sweep tries


@dataclass(frozen=True, slots=True)
class Sweep:
    """Runs that differ in a few settings."""

    id: str
    created: float  # seconds since 1970
    data: Path  # the whole of what its rows were taken from
    rows: int  # of train that each run learns from
    tries: Tries
    trials: tuple[Trial, ...]  # those that were begun so far


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one combination; NaN and None where nothing was measured."""

    trial: Trial
    state: str  # the run's, or "deleted"
    step: int
    steps: int
    loss: float  # the last one, smoothed
    evaluation: float  # the last one
    probed: Probe | None  # last
    best: Probe | None  # the best one
    seconds: float
    chosen: bool  # the best of the sweep so far

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it by itself."""
        return self.state != "queued" and self.state not in LIVE


def parse_tries(pairs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values to try by the setting's name, from texts like "learning_rate=1e-3,2e-3". Raises InputError."""
    tries: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, _, listed = pair.partition("=")
        name = name.strip().replace("-", "_")
        values = tuple(dict.fromkeys(value.strip() for value in listed.split(",") if value.strip()))
        if not name or not values:
            raise InputError(
                f"cannot read --try {pair!r}; write a setting and its values like learning_rate=1e-3,2e-3",
                "error.sweep_try", given=pair,
            )  # fmt: skip
        tries[name] = values
    return tries


def usual_tries(config: TrainConfig, rows: int) -> dict[str, tuple[float, ...]]:
    """What is worth trying first: the suggested epochs, half and twice as many, and a third of the learning rate."""
    epochs = suggested_epochs(rows, config.method)
    slower = float(f"{config.learning_rate / SLOWER:.1g}")
    return {
        "learning_rate": (slower, config.learning_rate),
        "epochs": tuple(round(epochs * factor, 1) for factor in AROUND),
    }


def begin(
    settings: Settings, config: TrainConfig, tries: Tries | None = None, rows: int = ROWS, *, worker: str = WORKER
) -> Sweep:
    """Queue a run like `config` for every combination of `tries` on so many rows of its data; 0 takes all.

    Without `tries`, `usual_tries`. Raises InputError where the data or a setting cannot be used, and for more than
    `MOST` combinations; then nothing was begun.
    """
    data = describe(config.data.absolute())
    data.require(config.method)
    records = _drawn(data, config, rows)
    tries = tries or usual_tries(config, len(records))
    combined = list(_combined(tries))
    place = _home(settings) / (time.strftime("%Y%m%d-%H%M%S-", time.localtime()) + uuid4().hex[:4])
    part = place / f"{data.path.name}-{len(records)}"
    configs = [make_config(**{**config.record(), **one, "data": part}) for one in combined]
    _make(place, part.name, data, records)
    _require_ready(settings, configs, place)
    listed = {name: tuple(values) for name, values in tries.items()}
    sweep = Sweep(place.name, time.time(), data.path, len(records), listed, ())
    for at, (one, tried) in enumerate(zip(combined, configs, strict=True)):
        run = start(settings, tried, key=f"{sweep.id}/{at}", worker=worker)
        values = {name: tried.record()[name] for name in one}
        sweep = replace(sweep, trials=(*sweep.trials, Trial(run.id, values)))
        write_json(place / RECORD, _record(sweep))
    return sweep


def sweeps(settings: Settings) -> list[Sweep]:
    """Every sweep that can be read, the newest first."""
    home = _home(settings)
    folders = sorted((path for path in home.iterdir() if path.is_dir()), reverse=True) if home.is_dir() else []
    return [found for path in folders if (found := _read(path)) is not None]


def require_sweep(settings: Settings, id: str | None) -> Sweep:
    """The sweep `id`, or else the newest one. Raises InputError with those there are."""
    found = sweeps(settings)
    if id is None and found:
        return found[0]
    for sweep in found:  # looked up: an id from outside never becomes part of a path
        if sweep.id == id:
            return sweep
    known = ", ".join(sweep.id for sweep in found) or "none yet"
    raise InputError(
        f"there is no sweep {id!r}; there are: {known}" if id else "there is no sweep yet; begin one: hesui train sweep",
        "error.sweep_unknown", id=id or "", known=known,
    )  # fmt: skip


def lines(settings: Settings, sweep: Sweep) -> list[Line]:
    """What came of each combination so far, in the order in which they were begun."""
    found = [_line(settings, trial) for trial in sweep.trials]
    ranked = [at for at, line in enumerate(found) if not math.isnan(_rank(line)[1])]
    chosen = max(ranked, key=lambda at: (*_rank(found[at]), -at), default=None)
    return [replace(line, chosen=at == chosen) for at, line in enumerate(found)]


def curves(settings: Settings, sweep: Sweep) -> dict[str, Curves]:
    """What each run has measured, by what was tried in it; those that were deleted are left out."""
    known = {folder.id: folder for folder in runs(settings.runs)}
    return {told(trial): read(known[trial.run]) for trial in sweep.trials if trial.run in known}


def told(trial: Trial) -> str:
    """The combination in words, as --try writes it."""
    return " ".join(f"{name}={_short(value)}" for name, value in trial.values.items())


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _combined(tries: Tries) -> Iterator[dict[str, Any]]:
    if "data" in tries:
        raise InputError("a sweep is over one data set; begin one for each", "error.sweep_data")
    count = math.prod(len(values) for values in tries.values())
    if count > MOST:
        raise InputError(
            f"these values make {count} runs, at most {MOST} are allowed in one sweep; try fewer values",
            "error.sweep_many", count=count, limit=MOST,
        )  # fmt: skip
    return (dict(zip(tries, one, strict=True)) for one in product(*tries.values()))


def _require_ready(settings: Settings, configs: Sequence[TrainConfig], place: Path) -> None:
    """Raise InputError or ModelError where one of the runs could not begin; then nothing of the sweep is left."""
    try:
        for config in configs:
            require_ready(config, settings)
    except HesuiError:
        shutil.rmtree(place)
        raise


def _drawn(data: DataSet, config: TrainConfig, rows: int) -> list[dict[str, Any]]:
    """Rows of train, drawn by a fixed seed, in their order."""
    needed = data.format == "rows" and config.method == "sft"  # a row without an answer teaches nothing there
    records = [
        record for _, record in read_json_lines(data.path / "train.jsonl") if not needed or record.get("reference")
    ]
    places = sorted(Random(SEED).sample(range(len(records)), min(rows or len(records), len(records))))
    return [records[at] for at in places]


def _make(place: Path, name: str, data: DataSet, train: list[dict[str, Any]]) -> None:
    """Make the sweep's folder with its data set, whole or not at all."""
    draft = place.with_name(f".{place.name}.part")
    try:
        _write_part(data, draft / name, train)
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_part(data: DataSet, target: Path, train: list[dict[str, Any]]) -> None:
    """Write a data set of the rows `train` and all held-out ones; its manifest, last of all, holds the hashes."""
    field = "task" if data.format == "rows" else "class"
    counts, hashes = {}, {}
    for split in data.rows:
        name = f"{split}.jsonl"
        records = train if split == "train" else [record for _, record in read_json_lines(data.path / name)]
        write_json_lines(records, target / name)
        counts[split] = dict(sorted(Tally(str(record.get(field) or "") for record in records).items()))
        hashes[name] = digest(target / name)
    manifest = read_json(data.path / MANIFEST)
    write_json(target / MANIFEST, {**manifest, "counts": counts, "sha256": hashes})


def _line(settings: Settings, trial: Trial) -> Line:
    try:
        seen = view(settings, trial.run)
    except InputError:
        return Line(trial, "deleted", 0, 0, math.nan, math.nan, None, None, 0.0, False)
    found = read(seen.folder)
    return Line(
        trial, seen.state, seen.status.step, seen.status.steps,
        loss=found.smooth[-1].value if found.smooth else math.nan,
        evaluation=found.evaluation[-1].value if found.evaluation else math.nan,
        probed=found.probes[-1] if found.probes else None, best=best(found), seconds=seen.status.seconds, chosen=False,
    )  # fmt: skip


def _rank(line: Line) -> tuple[int, float]:
    """By which lines are compared: the length probe, else the evaluation loss, else the loss."""
    if line.best is not None:
        return 2, line.best.score
    return (1, -line.evaluation) if not math.isnan(line.evaluation) else (0, -line.loss)


def _record(sweep: Sweep) -> dict[str, Any]:
    return {
        "created": sweep.created, "data": str(sweep.data), "rows": sweep.rows,
        "tries": {name: list(values) for name, values in sweep.tries.items()},
        "trials": [{"run": trial.run, "values": dict(trial.values)} for trial in sweep.trials],
    }  # fmt: skip


def _read(folder: Path) -> Sweep | None:
    try:
        record = read_json(folder / RECORD)
        tries = {name: tuple(values) for name, values in record["tries"].items()}
        trials = tuple(Trial(str(one["run"]), dict(one["values"])) for one in record["trials"])
        return Sweep(
            folder.name,
            float(record["created"]),
            Path(record["data"]),
            int(record["rows"]),
            tries,
            trials,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _home(settings: Settings) -> Path:
    return settings.home / "sweeps"
