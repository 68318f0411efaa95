"""Evaluations as people see them: start, stop, go on, delete, from any process; the work is the worker's.

Everything lies in the evaluations' folders, so a page that is reloaded or an app that is restarted finds it there.
"""

from __future__ import annotations

import platform
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from hesui.errors import InputError
from hesui.evaluate.config import EvaluateConfig, chosen
from hesui.evaluate.folder import (
    LIVE,
    EvaluationFolder,
    Status,
    evaluations,
    hash_of,
    new_evaluation,
    require_evaluation,
)
from hesui.evaluate.lineage import entry_of
from hesui.files import read_json, write_json
from hesui.processes import Identity, alive, recorded, spawn
from hesui.settings import Settings
from hesui.train.sittings import environment, send

WORKER = "hesui.evaluate.worker"
STARTING = 30.0  # seconds within which a process that was started must have spoken
OBEY = 20.0  # seconds that a process may go on after it was told to stop

_PROCESS = "process.json"
_STOP = "stop.json"


@dataclass(frozen=True, slots=True)
class View:
    """An evaluation with all that a page or a terminal shows of it."""

    folder: EvaluationFolder
    config: EvaluateConfig
    status: Status
    state: str  # the status', or "interrupted" where its process is gone
    working: bool  # a process is at work on it, or just ending

    @property
    def resumable(self) -> bool:
        """Whether it can go on."""
        return not self.working and self.state in ("stopped", "failed", "interrupted")

    @property
    def left(self) -> float | None:
        """Seconds that the state still takes; None = too early to tell."""
        return (self.status.all - self.status.done) / self.status.rate if self.status.rate > 0 else None


def prepare(settings: Settings, config: EvaluateConfig) -> EvaluationFolder:
    """A new evaluation, on which nothing works yet.

    A model behind a server is asked raw only. Raises ModelNotFound for an unknown model, InputError where no prompt or
    nobody to ask is left.
    """
    own = settings.model_copy(update={"base_model": config.base})
    entries = [entry_of(own, model, decoding) for model in config.models for decoding in config.decoding]
    entries = [entry for entry in entries if entry.base or entry.decoding == "raw"]
    if not entries:
        raise InputError(
            "a model behind a server cannot be guided; choose raw, or a local model", "error.evaluate_unguided"
        )
    facts = {"versions": _versions(), "system": platform.system(), "created": round(time.time())}
    return new_evaluation(settings.evaluations, config, chosen(config), entries, facts)


def unfinished(settings: Settings, config: EvaluateConfig) -> EvaluationFolder | None:
    """The newest evaluation with the same settings and prompts that is not done."""
    wanted = hash_of(chosen(config))
    for seen in views(settings):
        if not seen.folder.done and seen.config == config and seen.folder.facts()["set"]["sha256"] == wanted:
            return seen.folder
    return None


def start(settings: Settings, config: EvaluateConfig) -> EvaluationFolder:
    """A new evaluation in a process of its own. Raises what `prepare` raises."""
    folder = prepare(settings, config)
    _launch(folder, settings)
    return folder


def resume(settings: Settings, id: str) -> None:
    """Let an evaluation that was stopped, failed or was interrupted go on. Raises InputError."""
    seen = view(settings, id)
    if not seen.resumable:
        raise InputError(f"the evaluation {id} cannot go on now ({seen.state})", "error.evaluate_not_resumable",
                         id=id, state=seen.state)  # fmt: skip
    _launch(seen.folder, settings)


def stop(settings: Settings, id: str) -> None:
    """Tell the process at work to end; every answer it has is kept. Raises InputError where there is none."""
    seen = view(settings, id)
    process = _process(seen.folder, seen.status)
    if process is None:
        raise InputError(f"nothing works on the evaluation {id}", "error.evaluate_idle", id=id)
    write_json(seen.folder.path / _STOP, {**process._asdict(), "told": time.time()})
    send(process, signal.SIGTERM)


def tend(settings: Settings) -> None:
    """End the processes that were told to and do not."""
    for folder in evaluations(settings, shipped=False):
        process = _process(folder, folder.status())
        if process is not None and _told(folder, process) < time.time() - OBEY:
            send(process, signal.SIGKILL)


def delete(settings: Settings, id: str) -> None:
    """Remove an evaluation with all its answers. Raises InputError while it is at work, and for one that came with hesui."""
    seen = view(settings, id)
    if seen.working:
        raise InputError(f"the evaluation {id} is at work; stop it first", "error.evaluate_working", id=id)
    if seen.folder.path.parent != settings.evaluations:
        raise InputError(f"the evaluation {id} came with hesui and stays", "error.evaluate_shipped", id=id)
    shutil.rmtree(seen.folder.path)


def view(settings: Settings, id: str | None) -> View:
    """How the evaluation `id`, or else the newest one, stands. Raises InputError where there is none."""
    return _view(require_evaluation(settings, id))


def views(settings: Settings) -> list[View]:
    """How every evaluation of this installation stands, the newest first; those that cannot be read are left out."""
    found = []
    for folder in evaluations(settings, shipped=False):
        try:
            found.append(_view(folder))
        except InputError:
            continue
    return found


def _view(folder: EvaluationFolder) -> View:
    status = folder.status()
    working = _process(folder, status) is not None
    if status.state in LIVE and not working:
        status = folder.status()  # it may have ended between the two looks, and said so
    state: str = "done" if folder.done else status.state
    if state in LIVE and not working and not _about_to_begin(folder, status):
        state = "interrupted"
    return View(folder, folder.config(), status, state, working or state in LIVE)


def _about_to_begin(folder: EvaluationFolder, status: Status) -> bool:
    return not (folder.path / _PROCESS).is_file() and time.time() - max(status.created, status.heartbeat) < STARTING


def _launch(folder: EvaluationFolder, settings: Settings) -> None:
    (folder.path / _PROCESS).unlink(missing_ok=True)
    folder.write_status(Status("starting", created=folder.status().created, heartbeat=time.time()))
    identity = spawn(WORKER, [str(folder.path.absolute())], folder.log, environment(folder.config().base, settings))
    write_json(folder.path / _PROCESS, identity._asdict())


def _process(folder: EvaluationFolder, status: Status) -> Identity | None:
    """The living process that works on it."""
    said = None if status.pid is None or status.pid_started is None else Identity(status.pid, status.pid_started)
    return next(
        (found for found in (recorded(folder.path / _PROCESS), said) if found is not None and alive(found)), None
    )


def _told(folder: EvaluationFolder, process: Identity) -> float:
    """When the process was told to end, in seconds since 1970; infinity = it was not."""
    try:
        found = read_json(folder.path / _STOP)
        return float(found["told"]) if Identity(found["pid"], found["started"]) == process else float("inf")
    except (OSError, ValueError, KeyError, TypeError):
        return float("inf")


def _versions() -> Mapping[str, str | None]:
    """None where a package is not installed, as hesui itself is in a checkout that only runs."""
    found: dict[str, str | None] = {}
    for name in ("hesui", "torch", "transformers", "peft"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
