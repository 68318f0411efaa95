"""Training runs as people see them: start, queue, stop, resume, delete, from any process; the work is the worker's.

Everything lies in the runs' folders, so a page that is reloaded or an app that is restarted finds it there. Whoever
decides who gets the device holds the lock `runs/.device` meanwhile; that a process is at work is read from its run.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from hesui.errors import InputError
from hesui.files import read_json, write_json, write_text
from hesui.models.registry import Registry
from hesui.processes import CLOCK_ERROR, Identity, locked
from hesui.settings import EMBEDDED, Settings
from hesui.train.adopting import adopt, require_adapter, require_name
from hesui.train.config import TrainConfig, require_teachable
from hesui.train.runs import LIVE, RunFolder, Status, Wanted, new_run, require_run, runs
from hesui.train.sittings import PLACE, WORKER, end, enforce_run, launch, living, look, requeue, send, state_of

TRIES = 3  # sittings without a further step until a run no longer resumes by itself
LONGEST_NOTE = 10_000  # characters

_QUEUE = "queue.json"
_KEY = "key.json"
_AUTO = "auto.json"
_NOTE = "note.txt"
_LENT = ".lent"


@dataclass(frozen=True, slots=True)
class View:
    """A run with all that a page or a terminal shows of it."""

    folder: RunFolder
    status: Status
    state: str  # the status', or "interrupted" where its process is gone
    config: TrainConfig | None  # None where its file cannot be read
    working: bool  # a process is at work on it, or just ending
    resumable: bool

    @property
    def id(self) -> str:
        """The run's id."""
        return self.folder.id

    @property
    def live(self) -> bool:
        """Whether it is queued or trains."""
        return self.state == "queued" or self.state in LIVE

    @property
    def process(self) -> Identity | None:
        """The process that its worker said it is; a stop carries it, so that it stops no later one."""
        if self.status.pid is None or self.status.pid_started is None:
            return None
        return Identity(self.status.pid, self.status.pid_started)


def view(settings: Settings, id: str | None) -> View:
    """How the run `id`, or else the newest one, stands. Raises InputError where there is none."""
    return _view(require_run(settings.runs, id))


def views(settings: Settings) -> list[View]:
    """How every run stands, the newest first."""
    return [_view(folder) for folder in runs(settings.runs)]


def start(
    settings: Settings,
    config: TrainConfig,
    *,
    key: str = "",
    worker: str = WORKER,
    place: Mapping[str, str] | None = None,
) -> RunFolder:
    """A new run: at work at once where the device is free, else queued.

    The same `key` twice gives one run. With a `place`, as hesui.train.remote has it, its worker works there. Raises
    InputError and ModelError where the run could not even begin.
    """
    config = located(config)
    require_ready(config, settings)
    with _device(settings):
        known = _of_key(settings, key)
        if known is not None:
            return known
        folder = new_run(settings.runs, config)
        if key:
            write_json(folder.path / _KEY, {"key": _hash(key)})
        if place is not None:
            write_json(folder.path / PLACE, place)
        _append(settings, folder)
        _advance(settings, worker)
    return folder


def resume(settings: Settings, id: str, *, worker: str = WORKER) -> None:
    """Let a run that was stopped, failed or was interrupted go on, with or without a checkpoint. Raises InputError."""
    with _device(settings):
        _resume(settings, id)
        _advance(settings, worker)


def auto_resume(settings: Settings, *, worker: str = WORKER) -> list[str]:
    """Let interrupted runs go on where the settings say so; their ids.

    A run that ended `TRIES` times at the same step waits for a person.
    """
    if not settings.auto_resume:
        return []
    with _device(settings):
        found = [seen.folder for seen in views(settings) if seen.state == "interrupted" and seen.resumable]
        resumed = [folder.id for folder in reversed(found) if _may_try(folder)]
        for id in resumed:
            _resume(settings, id)
        _advance(settings, worker)
    return resumed


def advance(settings: Settings, *, worker: str = WORKER) -> RunFolder | None:
    """Launch the next queued run where nothing is at work; the run that was launched."""
    with _device(settings):
        return _advance(settings, worker)


def tend(settings: Settings, *, worker: str = WORKER) -> None:
    """All that whoever looks at the runs does for them: enforce wishes, resume, launch the next."""
    enforce(settings)
    auto_resume(settings, worker=worker)
    advance(settings, worker=worker)


def queue(settings: Settings) -> list[RunFolder]:
    """The runs that wait, in the order in which they will be launched."""
    waiting = {folder.id: folder for folder in runs(settings.runs) if _waits(folder)}
    ordered = dict.fromkeys(id for id in _order(settings) if id in waiting)
    return [waiting[id] for id in [*ordered, *sorted(waiting.keys() - ordered.keys())]]


def move(settings: Settings, id: str, place: int) -> None:
    """Put a waiting run at a place in the queue; 0 is the next one to be launched. Raises InputError."""
    with _device(settings):
        order = [folder.id for folder in queue(settings)]
        if require_run(settings.runs, id).id not in order:
            raise InputError(f"the run {id} does not wait in the queue", "error.train_not_queued", id=id)
        order.remove(id)
        order.insert(max(place, 0), id)
        _write_order(settings, order)


def stop(settings: Settings, id: str, expected: Identity | None = None) -> None:
    """End a run at its next step, with a checkpoint and a usable adapter; one that waits leaves the queue.

    `expected` is the process that was seen at work: a stop that arrives late stops no later one. Raises InputError
    where nothing works on the run, or another process does.
    """
    with _device(settings):
        _wish(settings, id, "stop", expected)


def cancel(settings: Settings, id: str, expected: Identity | None = None) -> None:
    """End a run at its next step without saving. Raises InputError as `stop` does."""
    with _device(settings):
        _wish(settings, id, "cancel", expected)


def kill(settings: Settings, id: str, expected: Identity | None = None) -> None:
    """End a run's process and all that it started at once; the last checkpoint stays. Raises InputError."""
    with _device(settings):
        folder = _wish(settings, id, "cancel", expected)
        process = living(folder, folder.status())
        if process is not None:
            send(process, signal.SIGKILL)


@contextmanager
def lent(settings: Settings) -> Iterator[None]:
    """Inside, the device is somebody else's than a run's, and no run is launched; those that wait go on waiting.

    Raises BlockingIOError while a run is at work, or where it is lent already.
    """
    with ExitStack() as held:
        with _device(settings):
            if _at_work(settings):
                raise BlockingIOError("a run is at work")
            held.enter_context(locked(settings.runs / _LENT, wait=False))
        yield


def enforce(settings: Settings, now: float | None = None) -> None:
    """End what does not obey, run by run, as `sittings.enforce_run` says. `now` is in seconds since 1970."""
    with _device(settings):
        for folder in runs(settings.runs):
            enforce_run(folder, time.time() if now is None else now)


def delete(settings: Settings, id: str) -> None:
    """Delete a run with all that it made, but for what was opened in Compare. Raises InputError while it works."""
    with _device(settings):
        folder = _require_idle(settings, id)
        gone = folder.path.with_name(f".{folder.id}.deleted")
        folder.path.rename(gone)  # at once for whoever looks, however long the rest takes
    shutil.rmtree(gone)


def note(settings: Settings, id: str, text: str) -> None:
    """Write down what a person thinks of a run, in place of what they wrote before. Raises InputError."""
    if len(text) > LONGEST_NOTE:
        raise InputError(f"the note has {len(text)} characters; {LONGEST_NOTE} are allowed", "error.train_note",
                         count=len(text), limit=LONGEST_NOTE)  # fmt: skip
    readable = text.encode("utf-8", "replace").decode()
    write_text(require_run(settings.runs, id).path / _NOTE, readable)


def read_note(folder: RunFolder) -> str:
    """What a person wrote about the run."""
    try:
        return (folder.path / _NOTE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def open_in_compare(settings: Settings, id: str, name: str) -> Path:
    """Copy a run's adapter to where Compare finds it, as a whole or not at all; the folder.

    Raises InputError where the run has none, works, has another base, or where the name cannot be used: an adapter
    of another origin is never replaced.
    """
    require_name(name)
    with _device(settings):
        folder = _require_idle(settings, id)
        require_adapter(folder, settings)
        return adopt(folder, settings.adapters / name)


@contextmanager
def _device(settings: Settings) -> Iterator[None]:
    """Hold the lock under which it is decided who gets the device; the system frees it when its holder dies."""
    with locked(settings.runs / ".device"):
        yield


def _at_work(settings: Settings) -> bool:
    return any(look(folder)[1] for folder in runs(settings.runs))


def _lent(settings: Settings) -> bool:
    """Whether something other than a run has the device."""
    try:
        with locked(settings.runs / _LENT, wait=False):
            return False
    except BlockingIOError:
        return True


def _view(folder: RunFolder) -> View:
    status, working = look(folder)
    state = state_of(folder, status, working)
    try:
        config = folder.config()
    except InputError:
        config = None
    resumable = config is not None and not working and state in ("stopped", "failed", "interrupted")
    return View(folder, status, state, config, working, resumable)


def _waits(folder: RunFolder) -> bool:
    status, working = look(folder)
    return not working and state_of(folder, status, working) == "queued"


def located(config: TrainConfig) -> TrainConfig:
    """The settings with folders that mean the same wherever the run is resumed from."""
    base = str(Path(config.base).absolute()) if config.base != EMBEDDED and Path(config.base).is_dir() else config.base
    return config.model_copy(update={"data": config.data.absolute(), "base": base})


def require_ready(config: TrainConfig, settings: Settings) -> None:
    """Raise InputError or ModelError where a run with these settings could not even begin."""
    from hesui.train.data import describe  # loads what reads every kind of data set

    require_teachable(config)
    describe(config.data).require(config.method)
    registry = Registry(settings.model_copy(update={"base_model": config.base}))
    registry.base()
    if config.adapter:
        registry.adapter(config.adapter)


def _advance(settings: Settings, worker: str) -> RunFolder | None:
    if _at_work(settings) or _lent(settings):
        return None
    for folder in queue(settings):
        try:
            launch(folder, settings, worker)
        except (InputError, OSError) as error:
            end(folder, "failed", f"it could not be started: {error}", "train.note_unlaunched", reason=str(error))
        else:
            return folder
    return None


def _resume(settings: Settings, id: str) -> None:
    seen = _view(require_run(settings.runs, id))
    if seen.state == "done":
        raise InputError(f"the run {id} is done; start a new one", "error.train_done", id=id)
    if not seen.resumable:
        raise InputError(f"the run {id} cannot be resumed now ({seen.state})", "error.train_not_resumable",
                         id=id, state=seen.state)  # fmt: skip
    requeue(seen.folder)
    _append(settings, seen.folder)


def _may_try(folder: RunFolder) -> bool:
    """Count a sitting that begins by itself; whether it may."""
    step = folder.status().step
    try:
        last = read_json(folder.path / _AUTO)
    except (OSError, ValueError):
        last = {}
    times = last.get("times", 0) + 1 if last.get("step") == step else 1
    if times > TRIES:
        return False
    write_json(folder.path / _AUTO, {"step": step, "times": times})
    return True


def _wish(settings: Settings, id: str, wanted: Wanted, expected: Identity | None) -> RunFolder:
    seen = _view(require_run(settings.runs, id))
    if seen.state == "queued" and not seen.working:
        end(seen.folder, "stopped", "it was taken out of the queue", "train.note_unqueued")
        return seen.folder
    if not seen.working:
        raise InputError(f"no process works on the run {id} ({seen.state})", "error.train_idle",
                         id=id, state=seen.state)  # fmt: skip
    if expected is not None and not _same(expected, living(seen.folder, seen.status)):
        raise InputError(f"another process works on the run {id} by now; look at it again", "error.train_other",
                         id=id)  # fmt: skip
    if seen.folder.wanted() != wanted:  # a second wish must not restart the watchdog's clock
        seen.folder.write_wanted(wanted)
    return seen.folder


def _same(one: Identity, other: Identity | None) -> bool:
    return other is not None and one.pid == other.pid and abs(one.started - other.started) <= CLOCK_ERROR


def _require_idle(settings: Settings, id: str) -> RunFolder:
    seen = _view(require_run(settings.runs, id))
    if seen.working:
        raise InputError(f"the run {id} is at work; stop it first", "error.train_working", id=id)
    return seen.folder


def _of_key(settings: Settings, key: str) -> RunFolder | None:
    if not key:
        return None
    for folder in runs(settings.runs):
        with suppress(OSError, ValueError):
            if read_json(folder.path / _KEY).get("key") == _hash(key):
                return folder
    return None


def _hash(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _order(settings: Settings) -> list[str]:
    try:
        found = read_json(settings.runs / _QUEUE).get("order", [])
    except (OSError, ValueError):
        return []
    return [str(id) for id in found] if isinstance(found, list) else []


def _append(settings: Settings, folder: RunFolder) -> None:
    order = [other.id for other in queue(settings) if other.id != folder.id]
    _write_order(settings, [*order, folder.id])


def _write_order(settings: Settings, order: list[str]) -> None:
    write_json(settings.runs / _QUEUE, {"order": order})
