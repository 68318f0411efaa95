"""A run as a folder of plain files: where what lies, written whole, read by anybody at any time.

    config.json    the settings, written first
    status.json    what the run is doing; replaced as a whole
    wanted.json    what a person wants of it; the worker looks at each step
    log.txt        everything that the worker's process printed
    metrics.jsonl  one JSON object a line, flushed; a line that a crash cut short is passed over
    checkpoints/   to go on from
    adapter/       what can be used, once there is something (of a full fine-tuning: model/)
    done.json      written last of all: its existence means that the run is complete

Knows neither how a run trains nor who starts it. The worker writes status, metrics, checkpoints, adapter and done;
everybody else writes config (once), wanted, notes and, while no worker lives, status.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import uuid4

from hesui.errors import InputError
from hesui.files import read_json, write_json
from hesui.train.config import TrainConfig

State = Literal["queued", "starting", "running", "stopping", "stopped", "failed", "done"]
Wanted = Literal["run", "stop", "cancel"]  # stop: at the next step, with a checkpoint and a usable adapter

STATES: tuple[State, ...] = get_args(State)
LIVE: frozenset[State] = frozenset({"starting", "running", "stopping"})  # a process is at work
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True)
class Status:
    """What a run is doing."""

    state: State = "queued"
    step: int = 0
    steps: int = 0  # 0 = not known yet
    phase: str = ""  # while starting: data, model, …; while running: train, probe, save
    pid: int | None = None
    pid_started: float | None = None  # seconds since 1970; a pid alone is reused
    note: str = ""  # why it ended, in English
    note_key: str = ""  # the same for the page
    note_values: Mapping[str, Any] = field(default_factory=dict)
    created: float = 0.0  # seconds since 1970
    heartbeat: float = 0.0  # when the worker last wrote
    seconds: float = 0.0  # spent training, over all sittings


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's folder."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def log(self) -> Path:
        """What the worker's process printed."""
        return self.path / "log.txt"

    @property
    def metrics(self) -> Path:
        """Where measurements lie, one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints lie."""
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        """Where the trained adapter lies."""
        return self.path / "adapter"

    @property
    def done(self) -> bool:
        """Whether the run is complete."""
        return (self.path / "done.json").is_file()

    def config(self) -> TrainConfig:
        """The run's settings. Raises InputError where they cannot be read."""
        try:
            return TrainConfig.model_validate(read_json(self.path / "config.json"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"the run {self.id} has no settings that can be read; delete it", "error.train_config", id=self.id
            ) from error

    def status(self) -> Status:
        """What the run is doing, as its worker last said."""
        try:
            return Status(**read_json(self.path / "status.json"))
        except (OSError, ValueError, TypeError):
            return Status()

    def wanted(self) -> Wanted:
        """What a person wants of the run."""
        try:
            wish = read_json(self.path / "wanted.json").get("wanted")
        except (OSError, ValueError):
            return "run"
        return next((known for known in get_args(Wanted) if known == wish), "run")

    def write_status(self, status: Status) -> None:
        """Replace the status as a whole."""
        write_json(self.path / "status.json", asdict(status))

    def write_wanted(self, wanted: Wanted) -> None:
        """Say what is wanted of the run."""
        write_json(self.path / "wanted.json", {"wanted": wanted})

    def measurements(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        """What was measured so far, in order, of one kind where given: "train", "eval", "probe", "sample", "used"."""
        try:
            with self.metrics.open(encoding="utf-8") as lines:
                for line in lines:
                    found = _measurement(line)
                    if found is not None and kind in (None, found.get("kind")):
                        yield found
        except FileNotFoundError:
            return


def new_run(home: Path, config: TrainConfig) -> RunFolder:
    """A run with these settings, queued; nothing works on it yet."""
    id = time.strftime("%Y%m%d-%H%M%S-", time.localtime()) + uuid4().hex[:4]
    folder = RunFolder(home / id)
    folder.path.mkdir(parents=True)
    write_json(folder.path / "config.json", config.record())
    folder.write_status(Status(created=time.time()))
    return folder


def runs(home: Path) -> list[RunFolder]:
    """Every run, the newest first."""
    if not home.is_dir():
        return []
    found = (entry for entry in home.iterdir() if _ID.fullmatch(entry.name) and (entry / "config.json").is_file())
    return [RunFolder(path) for path in sorted(found, reverse=True)]


def require_run(home: Path, id: str | None) -> RunFolder:
    """The run `id`, or else the newest one. Raises InputError with the runs there are."""
    found = runs(home)
    if id is None and found:
        return found[0]
    for folder in found:  # looked up: an id from outside never becomes part of a path
        if folder.id == id:
            return folder
    known = ", ".join(folder.id for folder in found) or "none yet"
    raise InputError(
        f"there is no run {id!r}; there are: {known}" if id else "there is no run yet; start one: hesui train start",
        "error.train_no_run", id=id or "", known=known,
    )  # fmt: skip


def _measurement(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
