"""What a run will take, from a short measurement: steps, seconds, memory, disk, and what speaks against starting it.

A measurement is kept and serves every run that differs only in what costs nothing, so that a turn of the dial is
answered at once. Knows neither how to measure nor any model.
"""

from __future__ import annotations

import json
import math
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from hesui.errors import HesuiError, InputError
from hesui.files import read_json, write_json
from hesui.settings import Settings
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet
from hesui.train.thrift import thriftier
from hesui.train.worker.plan import Plan, make_plan

OUT = "measurement.json"
ON_DISK = 2 + 1 + 1 + 1 / 3  # checkpoints: the last two, the best, the one that is being written, and what is published
SPARE_MB = 32  # of the disk, which a run leaves to everything else
MOMENTS = 3  # numbers in a checkpoint for each that is trained; in memory there is its gradient too
CROWDED = 0.7  # of the time; below, a run may well be quicker than was measured
RANKS = 64  # up to here LoRA's own products are a small part of a step, so one measurement serves all ranks
LIBRARIES = ("torch", "transformers", "peft", "trl")  # what a measurement depends on besides
CONTAINER = Path("/sys/fs/cgroup")

# Settings that cost nothing, or whose cost is worked out; one that is not named here gets a measurement of its own.
FREE = frozenset({
    "data", "rank", "alpha", "dropout", "learning_rate", "warm_up", "weight_decay", "epochs", "steps", "most_steps", "beta",
    "max_grad_norm", "save_every", "probe_every", "probe_prompts", "patience", "counter", "seed",
})  # fmt: skip


class Timed(NamedTuple):
    """How long so many took."""

    n: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured with one base, device, data set and method; in seconds where it says nothing else."""

    made: float  # since 1970
    device: str
    rows: int  # of train that fit
    left_out: int  # rows of train that are too long
    tokens_max: int  # of the longest row
    rank: int  # at which it was measured
    processes: int  # that share a step, of which one was measured
    load: float  # until the first step
    step: float  # on average
    tokens_per_second: float  # while training, padding left out
    evaluation: float  # loss on validation; 0 = there is none
    probes: tuple[Timed, ...]  # answers to so many prompts, the fewest first; none = there is nothing to ask
    ability: float  # perplexity before or after
    save: float  # of a checkpoint
    checkpoint: int  # bytes
    memory_mb: int  # the most that was held on the accelerator, else by the process
    free_mb: int  # on the accelerator, before; 0 = there is none
    share: float  # of the time of steps that a core was ours; less where others compute on it too
    load_share: float  # the same while loading

    def record(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Warned:
    """What speaks against starting a run."""

    key: str  # names its sentence
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take; memory and disk in MB of 2**20 bytes."""

    steps: int
    epochs: float
    seconds: float  # at most, where it may end early
    tokens_per_second: float
    memory_mb: int
    free_memory_mb: int
    disk_mb: int
    free_disk_mb: int
    device: str
    warnings: tuple[Warned, ...]

    def record(self) -> dict[str, Any]:
        """As a JSON object."""
        warnings = [{"key": one.key, **one.values} for one in self.warnings]
        return {**{name: getattr(self, name) for name in self.__slots__}, "warnings": warnings}


class Room(NamedTuple):
    """What there is, in MB."""

    memory: int
    disk: int


def estimate(config: TrainConfig, found: Measurement, room: Room) -> Estimate:
    """What a run with these settings will take."""
    plan = make_plan(config, found.rows, found.processes)
    scale = config.rank / found.rank if config.adaptation == "lora" else 1.0
    checkpoint = found.checkpoint * scale / 2**20
    memory = found.memory_mb + (checkpoint - found.checkpoint / 2**20) * (MOMENTS + 1) / MOMENTS
    if not found.free_mb:  # all of them share the machine's
        memory *= found.processes
    told = Estimate(
        steps=plan.steps,
        epochs=round(plan.epochs, 2),
        seconds=_seconds(config, plan, found),
        tokens_per_second=round(found.tokens_per_second, 1),
        memory_mb=round(memory),
        free_memory_mb=found.free_mb or room.memory,
        disk_mb=math.ceil(ON_DISK * checkpoint),
        free_disk_mb=room.disk,
        device=found.device,
        warnings=(),
    )
    return _warned(told, config, found)


def room(settings: Settings) -> Room:
    """The memory and the disk that are free here now."""
    home = next(place for place in (settings.home.absolute(), *settings.home.absolute().parents) if place.is_dir())
    return Room(round(_free_memory() / 2**20), round(shutil.disk_usage(home).free / 2**20))


def require_known_cost(config: TrainConfig, data: DataSet) -> None:
    """Raise InputError where nothing can be said beforehand: the model's own answers have no length yet, or the data
    are not what the method learns from."""
    data.require(config.method)
    if config.method == "grpo" or config.method != data.kind:
        raise InputError(
            f"the cost of {config.method} on data of the kind {data.kind} is not estimated: the model draws answers "
            "while it learns, and how long they get is not known before; start it and look at its progress",
            "train.estimate.unknown", method=config.method.upper(), kind=data.kind.upper(),
        )  # fmt: skip


def known(settings: Settings, config: TrainConfig, data: DataSet) -> Measurement | None:
    """The measurement that serves this run, if there is one."""
    try:
        return _read(read_json(_place(settings, config, data)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(settings: Settings, config: TrainConfig, data: DataSet, found: Measurement) -> None:
    """Keep a measurement for later."""
    place = _place(settings, config, data)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_json(place, found.record())


def write_measurement(folder: Path, found: Measurement) -> None:
    """Write what was measured in `folder`."""
    write_json(folder / OUT, found.record())


def write_failure(folder: Path, note: str, key: str, values: Mapping[str, Any]) -> None:
    """Write why nothing could be measured in `folder`."""
    write_json(folder / OUT, {"failed": {"note": note, "key": key, "values": dict(values)}})


def read_measurement(folder: Path) -> Measurement | None:
    """What was measured in `folder`; None before there is anything. Raises HesuiError where it could not be measured."""
    try:
        record = read_json(folder / OUT)
    except (OSError, ValueError):
        return None
    failed = record.get("failed")
    if failed:
        raise HesuiError(str(failed["note"]), str(failed["key"]), **failed["values"])
    return _read(record)


def _read(record: Mapping[str, Any]) -> Measurement:
    return Measurement(**{**record, "probes": tuple(Timed(*one) for one in record["probes"])})


def _place(settings: Settings, config: TrainConfig, data: DataSet) -> Path:
    """Where the measurement lies that serves this run."""
    fields = {name: value for name, value in config.record().items() if name not in FREE}
    fields["rank"] = config.rank if config.rank > RANKS else 0
    fields["micro_batch"] = min(config.micro_batch or config.batch, config.batch)
    learnt = {name: value for name, value in sorted(data.sha256.items()) if not name.startswith("test")}
    here = [platform.node(), settings.device, settings.dtype, settings.threads, *map(_version, LIBRARIES)]
    marked = [fields, learnt, here, _written(Path(config.base)), _written(settings.adapters / (config.adapter or "?"))]
    mark = sha256(json.dumps(marked, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
    return settings.home / "estimates" / f"{mark[:32]}.json"


def _written(folder: Path) -> int:
    """When the model in a folder was written, in ns; 0 where there is none."""
    names = ("config.json", "adapter_config.json")
    return max((file.stat().st_mtime_ns for name in names if (file := folder / name).is_file()), default=0)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _seconds(config: TrainConfig, plan: Plan, found: Measurement) -> float:
    """Everything that a run does, each as often as hesui.train.worker.watch does it."""
    evaluations = math.ceil(plan.steps / plan.probe_every)
    probes = evaluations + 1 if config.probe_prompts and found.probes else 0
    saves = math.ceil(plan.steps / plan.save_every)
    return (
        found.load
        + plan.steps * found.step
        + evaluations * found.evaluation
        + probes * _probe(config.probe_prompts, found.probes)
        + saves * found.save
        + 2 * found.ability
    )


def _probe(prompts: int, timed: Sequence[Timed]) -> float:
    """Seconds for so many prompts, on a straight line through the few and the many that were measured."""
    if not timed:
        return 0.0
    few, many = timed[0], timed[-1]
    if len(timed) == 1 or many.n == few.n:
        return many.seconds * prompts / many.n
    each = max(many.seconds - few.seconds, 0.0) / (many.n - few.n)
    return max(many.seconds + each * (prompts - many.n), 0.0)


def _warned(told: Estimate, config: TrainConfig, found: Measurement) -> Estimate:
    warnings = []
    if told.memory_mb > told.free_memory_mb:
        values = {"wanted": told.memory_mb, "free": told.free_memory_mb, "settings": ", ".join(thriftier(config))}
        warnings.append(Warned("train.estimate.memory", values))
    if told.disk_mb + SPARE_MB > told.free_disk_mb:
        wanted = told.disk_mb + SPARE_MB
        warnings.append(Warned("train.estimate.disk", {"wanted": wanted, "free": told.free_disk_mb}))
    if found.share < CROWDED:
        quiet = (told.seconds - found.load) * found.share + found.load * found.load_share
        warnings.append(Warned("train.estimate.crowded", {"quiet": quiet}))
    if found.left_out:
        warnings.append(Warned("train.estimate.left_out", {"n": found.left_out}))
    return replace(told, warnings=tuple(warnings))


def _free_memory() -> int:
    """Bytes that this machine has to give, or the container that it seems to be."""
    free = psutil.virtual_memory().available
    try:
        limit, used = (int((CONTAINER / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no container, or one without a limit
        return free
    return min(free, limit - used)
