"""The process at work on a run: started, known for good, asked to end and made to end.

A run may be worked on several times, a process each. Whoever starts one records its pid and start time in process.json,
because until the worker speaks for itself nobody else could tell. Knows no queue, and who may do what.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hesui.files import read_json, write_json
from hesui.processes import Identity, alive, recorded, spawn
from hesui.settings import Settings
from hesui.train.runs import LIVE, RunFolder, State, Status

WORKER = "hesui.train.worker"
REMOTE = "hesui.train.remote"  # stands for a worker elsewhere
PLACE = "remote.json"  # in a run's folder: where that is
STARTING = 30.0  # seconds within which a process that was about to be started must be known
OBEY = 15.0  # seconds that a wish may go without a sign of obedience
HARDER = 15.0  # seconds between telling a process to end and ending it
STEPS = 2.0  # steps that it may go, where they take longer
SAVING = 600.0  # seconds that a worker may take that was asked to save, and does
LEAVING = 60.0  # seconds that a process may take to end after its run has ended

ENDED: tuple[State, ...] = ("stopped", "failed", "done")

_PROCESS = "process.json"
_ENDING = "ending.json"


def launch(folder: RunFolder, settings: Settings, worker: str) -> Identity:
    """Start a process that works on the run. Raises OSError where the system starts none."""
    record = folder.path / _PROCESS
    record.unlink(missing_ok=True)
    # From the spawn on, the status is the worker's: a word of ours could overwrite one of its own.
    folder.write_status(replace(_fresh(folder.status()), state="starting", heartbeat=time.time()))
    if (folder.path / PLACE).is_file():
        worker = REMOTE
    identity = spawn(worker, [str(folder.path.absolute())], folder.log, environment(folder.config().base, settings))
    write_json(record, identity._asdict())
    return identity


def requeue(folder: RunFolder) -> None:
    """Make a run that nothing works on ready for a further process, with no trace of why it ended."""
    folder.write_wanted("run")
    folder.write_status(replace(_fresh(folder.status()), state="queued"))


def look(folder: RunFolder) -> tuple[Status, bool]:
    """What the run is doing, and whether a process is at work on it."""
    status = folder.status()
    working = at_work(folder, status)
    if status.state in LIVE and not working:
        status = folder.status()  # it may have ended between the two looks, and said so
    return status, working


def state_of(folder: RunFolder, status: Status, working: bool) -> str:
    """The run's state: "interrupted" where its process is gone and nobody wanted that."""
    if folder.done:
        return "done"
    if status.state not in LIVE or working:
        return status.state
    return "interrupted" if folder.wanted() == "run" else "stopped"


def at_work(folder: RunFolder, status: Status) -> bool:
    """Whether a process is at work on the run, or about to be."""
    if living(folder, status) is not None:
        return True
    unknown = status.state == "starting" and status.pid is None and recorded(folder.path / _PROCESS) is None
    return unknown and time.time() - status.heartbeat < STARTING


def living(folder: RunFolder, status: Status) -> Identity | None:
    """The living process that works on the run."""
    said = None if status.pid is None or status.pid_started is None else Identity(status.pid, status.pid_started)
    return next(
        (found for found in (recorded(folder.path / _PROCESS), said) if found is not None and alive(found)), None
    )


def enforce_run(folder: RunFolder, now: float) -> None:
    """Make a wish come true that the worker does not obey: SIGTERM after `OBEY` seconds, SIGKILL after `HARDER` more.

    The wish is looked at between two steps: where these are slow, it may go for `STEPS` of them, and a worker that
    saves has `SAVING` seconds. A run whose process is gone is marked as stopped. `now` is in seconds since 1970.
    """
    status, working = look(folder)
    process = living(folder, status)
    if process is None:
        if not working and status.state in LIVE and folder.wanted() != "run":
            note = f"the process ended at step {status.step} before it had saved; its last checkpoint is kept"
            end(folder, "stopped", note, "train.note_ended", step=status.step)
        return
    if now < _deadline(folder, status):
        return
    told = _told(folder, process)
    if told is None:
        write_json(folder.path / _ENDING, {**process._asdict(), "told": now})
        send(process, signal.SIGTERM)
    elif now - told >= HARDER:
        send(process, signal.SIGKILL)


def send(process: Identity, number: signal.Signals) -> None:
    """Send a signal to the process and all that it started, if it still is the one that was meant."""
    with suppress(ProcessLookupError):
        if not alive(process):
            return
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        else:  # started from a terminal: its group is not its own
            os.kill(process.pid, number)


def end(folder: RunFolder, state: State, note: str, key: str, **values: object) -> None:
    """Mark a run that nothing works on as ended, and say why."""
    ended = replace(_fresh(folder.status()), state=state, note=note, note_key=key, note_values=values)
    folder.write_status(ended)


def _fresh(status: Status) -> Status:
    return replace(status, phase="", pid=None, pid_started=None, note="", note_key="", note_values={})


def _deadline(folder: RunFolder, status: Status) -> float:
    """When a living process must have ended, in seconds since 1970."""
    if status.state in ENDED:
        return status.heartbeat + LEAVING
    wanted = folder.wanted()
    if wanted == "run":
        return float("inf")
    if wanted == "stop" and status.phase == "save":
        return _asked(folder) + SAVING
    step = status.seconds / status.step if status.step else 0.0
    return _asked(folder) + max(OBEY, STEPS * step)


def _asked(folder: RunFolder) -> float:
    """When the wish was written, in seconds since 1970."""
    return (folder.path / "wanted.json").stat().st_mtime


def _told(folder: RunFolder, process: Identity) -> float | None:
    """When the process was sent a SIGTERM, in seconds since 1970."""
    try:
        found = read_json(folder.path / _ENDING)
        return float(found["told"]) if Identity(found["pid"], found["started"]) == process else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def environment(base: str, settings: Settings) -> dict[str, str]:
    """What a worker on `base` reads besides the environment that it inherits: settings may have been made otherwise."""
    root = str(Path(__file__).parents[2])
    return {
        "HESUI_HOME": str(settings.home.absolute()),
        "HESUI_BASE_MODEL": base,
        "HESUI_DEVICE": settings.device,
        "HESUI_DTYPE": settings.dtype,
        "HESUI_THREADS": str(settings.threads),
        "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",  # the log is read while it is written
    }
