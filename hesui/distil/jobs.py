"""Runs as people see them: start, pause, stop and go on, from any process; the work itself is the worker's.

A run's state and wishes lie in the database, so a page that is reloaded or an app that is restarted finds them there.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hesui.corpus.classes import load_classes
from hesui.corpus.seeds import load_seeds
from hesui.distil.config import COMPOSER, Config, config_of
from hesui.distil.estimate import Estimate, estimate
from hesui.distil.teachers import Endpoint, resolve
from hesui.errors import InputError
from hesui.processes import Identity, alive, spawn
from hesui.settings import Settings
from hesui.store.distilling import DistilStore, Fault, Run, Tally

WORKER = "hesui.distil.worker"
LABEL = "label"  # the phase of a run that only proposes labels
JUDGE = "judge"  # the phase of a run that only compares answers
ASIDE = (LABEL, JUDGE)  # phases of runs that make neither prompts nor answers
WORKING = ("queued", "running", "paused")
STARTING = 20.0  # seconds that a worker may take to claim its run
ENDED = ("done",)


@dataclass(frozen=True, slots=True)
class View:
    """A run with all that a page or a terminal shows of it."""

    run: Run
    state: str  # the run's, or "interrupted" where its process is gone
    config: Config
    tallies: Mapping[str, Tally]  # by class
    faults: tuple[Fault, ...]  # the latest

    @property
    def working(self) -> bool:
        """Whether a process is at work on it."""
        return self.state in WORKING

    @property
    def resumable(self) -> bool:
        """Whether it can go on."""
        return not self.working and self.state not in ENDED


def new_run(store: DistilStore, config: Config) -> str:
    """A run with these settings, not yet started; its id."""
    id = time.strftime("%Y%m%d-%H%M%S-", time.localtime()) + secrets.token_hex(2)
    store.create_run(id, config.record())
    return id


def start(store: DistilStore, settings: Settings, config: Config) -> str:
    """Start a run in a process of its own; its id. Raises InputError while another one works."""
    require_idle(store)
    estimate_run(config, settings)
    id = new_run(store, config)
    _launch(id, settings)
    return id


def resume(store: DistilStore, settings: Settings, id: str) -> None:
    """Let a run go on where it was: wake it from a pause, or give it a new process. Raises InputError."""
    if require_unfinished(store, id).working:
        store.update_run(id, wanted="run")
        return
    require_idle(store)
    wake(store, id)
    _launch(id, settings)


def pause(store: DistilStore, id: str) -> None:
    """Ask for no further calls until it is resumed. Raises InputError where nothing works on it."""
    require_working(store, id)
    store.update_run(id, wanted="pause")


def stop(store: DistilStore, id: str) -> None:
    """Finish the calls under way, then end the process; the run can go on later. Raises InputError."""
    require_working(store, id)
    store.update_run(id, wanted="stop")


def view(store: DistilStore, id: str) -> View | None:
    """How a run stands; None where there is none of that id."""
    run = store.run(id)
    if run is None:
        return None
    return View(run, _state(run), config_of(run.config), store.tallies(id), tuple(store.last_faults(id)))


def latest(store: DistilStore) -> View | None:
    """The newest run that makes prompts and answers; None where there is none."""
    found = runs(store)
    return view(store, found[0].id) if found else None


def runs(store: DistilStore) -> list[Run]:
    """The runs that make prompts and answers, the newest first; those that only label or judge are left out."""
    return [run for run in store.runs() if run.phase not in ASIDE]


def require_ready(config: Config, settings: Settings, *, keyed: bool = True) -> Endpoint | None:
    """The teacher's address, None for the composer.

    Raises InputError or TeacherError where it cannot be asked: no key, a wrong address, a cap that cannot be kept.
    """
    if config.teacher == COMPOSER:
        return None
    return resolve(config, settings, keyed=keyed)


def estimate_run(config: Config, settings: Settings, *, keyed: bool = True) -> tuple[Estimate, Endpoint | None]:
    """What a run with these settings will take, and whom it asks.

    Raises whatever would end the run at once: what `require_ready` raises, and InputError on an unknown class or on
    one without anything to start from.
    """
    endpoint = require_ready(config, settings, keyed=keyed)
    price = endpoint.price if endpoint else None
    return estimate(config, load_classes(settings), load_seeds(settings), price), endpoint


def wake(store: DistilStore, id: str) -> None:
    """Make a run ready to be worked on again, with no trace of why it stopped."""
    store.update_run(id, state="queued", wanted="run", note="", note_key="", note_values={})


def require_view(store: DistilStore, id: str | None) -> View:
    """How the run `id`, or else the newest one, stands. Raises InputError where there is none."""
    found = latest(store) if id is None else view(store, id)
    if found is None:
        known = ", ".join(run.id for run in runs(store)) or "none yet"
        raise InputError(
            f"there is no run {id!r}; there are: {known}" if id else "there is no run yet; start one: hesui distil",
            "error.distil_no_run",
            id=id or "",
            known=known,
        )
    return found


def require_unfinished(store: DistilStore, id: str | None) -> View:
    """As `require_view`. Raises InputError where the run is done, too."""
    found = require_view(store, id)
    if found.state in ENDED:
        raise InputError(f"the run {found.run.id} is done; start a new one", "error.distil_done", id=found.run.id)
    return found


def require_idle(store: DistilStore) -> None:
    """Raise InputError while a run is at work: two would share the machine and the teacher's limits."""
    run = at_work(store)
    if run is not None:
        raise InputError(
            f"the run {run.id} is still at work; stop it first, or wait for its end", "error.distil_busy", id=run.id
        )


def at_work(store: DistilStore) -> Run | None:
    """The run that a process works on."""
    return next((run for run in store.runs() if _state(run) in WORKING), None)


def require_working(store: DistilStore, id: str) -> View:
    """The run `id`. Raises InputError where no process is at work on it."""
    found = require_view(store, id)
    if not found.working:
        raise InputError(f"no process works on the run {id} ({found.state})", "error.distil_idle",
                         id=id, state=found.state)  # fmt: skip
    return found


def dead_owner(run: Run) -> list[tuple[int | None, float | None]]:
    """The process that held a run, where it is gone."""
    gone = run.pid is None or run.pid_started is None or not alive(Identity(run.pid, run.pid_started))
    return [(run.pid, run.pid_started)] if gone else []


def folder(settings: Settings, id: str) -> Path:
    """Where a run's log lies; `id` is one that the database knows."""
    return settings.home / "distil" / id


def splits_folder(settings: Settings, id: str) -> Path:
    """Where a run's frozen splits lie."""
    return settings.home / "datasets" / id


def _state(run: Run) -> str:
    if run.state not in WORKING:
        return run.state
    if run.state == "queued" and time.time() - run.updated < STARTING:
        return run.state
    return "interrupted" if dead_owner(run) else run.state


def _launch(id: str, settings: Settings) -> None:
    environment = {
        "HESUI_HOME": str(settings.home),
        "HESUI_DATABASE_URL": settings.database,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")])),
    }
    spawn(WORKER, [id], folder(settings, id) / "log.txt", environment)
