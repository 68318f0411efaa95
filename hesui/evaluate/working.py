"""Works on one evaluation until it ends, in whatever process: answers, then perplexity, then measures.

Every step finds what an earlier sitting did, so going on is working again. Knows no command line and no page.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event

from hesui.errors import HesuiError, InputError
from hesui.evaluate.folder import EvaluationFolder, State, Status
from hesui.evaluate.generating import generate, missing
from hesui.evaluate.lineage import learnt
from hesui.evaluate.measures import Lookup, measure
from hesui.evaluate.perplexity import measure_perplexity
from hesui.files import write_json
from hesui.processes import locked, mine
from hesui.records import Answerer
from hesui.settings import Settings
from hesui.train import jobs as training

POLL = 1.0  # seconds between two looks at whether the device is free
BEAT = 0.5  # seconds between two times that the status is written
TIME_LIMIT = 900.0  # seconds for one batch of answers
RECENT = 20.0  # seconds over which the rate is taken

Tell = Callable[[Status], None]

log = logging.getLogger(__name__)


class Stopped(Exception):
    """It is not wanted any more."""


def work(
    folder: EvaluationFolder,
    settings: Settings,
    answerer: Callable[[Settings], Answerer],
    stop: Event,
    tell: Tell,
    look_up: Lookup | None = None,
) -> State:
    """Work on an evaluation until it is done or `stop` is set; how it stands then, which its status says too.

    `answerer` makes who answers, `tell` hears of every status, `look_up` gives what a model was trained on (left out:
    `hesui.evaluate.lineage` does). Raises InputError where another process works on it, and whatever made it fail.
    """
    own = settings.model_copy(update={"base_model": folder.config().base, "time_limit": TIME_LIMIT})
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder.path / ".lock", wait=False))
        except BlockingIOError:
            raise InputError(
                f"another process works on the evaluation {folder.id}", "error.evaluate_busy", id=folder.id
            ) from None
        diary = _Diary(folder, tell)
        try:
            with _device(own, stop, diary):
                _work(folder, own, answerer, stop, diary)
                _measure(folder, look_up or (lambda entry: learnt(own, entry)), stop, diary)
        except Stopped:
            diary.end("stopped", "it was stopped; it goes on where it was", "evaluate.note_stopped")
        except HesuiError as error:
            diary.end("failed", str(error), error.key, **error.values)
            raise
        except BaseException as error:
            log.exception("the evaluation %s failed", folder.id)
            diary.end("failed", f"unexpected error ({type(error).__name__}); the log has the details",
                      "evaluate.note_unexpected")  # fmt: skip
            raise
        return diary.status.state


def _work(
    folder: EvaluationFolder, settings: Settings, answerer: Callable[[Settings], Answerer], stop: Event, diary: _Diary
) -> None:
    config = folder.config()
    asked = len(folder.prompts()) * len(folder.entries()) * config.seeds
    left = len(missing(folder))
    diary.begin("answering", asked - left, asked)
    if left:
        folder.note(device=_device_of(settings), processor=platform.processor() or platform.machine())
        _follow(generate(folder, answerer(settings), stop.is_set), stop, diary)
        if unanswered := len(missing(folder)):
            raise InputError(
                f"{unanswered} answers ended in an error; see the log, then go on with the evaluation",
                "error.evaluate_unanswered", n=unanswered,
            )  # fmt: skip
    if config.perplexity and any(entry.base for entry in folder.entries()):
        answers = sum(bool(answer.text) for _, answer in folder.answers())
        diary.begin("perplexity", len(folder.likelihoods()), answers)
        _follow(measure_perplexity(folder, settings, stop.is_set), stop, diary)


def _measure(folder: EvaluationFolder, look_up: Lookup, stop: Event, diary: _Diary) -> None:
    diary.begin("measuring", 0, sum(1 for _ in folder.answers()))
    measure(folder, look_up, lambda done, _: _reach(diary, stop, done))
    write_json(folder.path / "done.json", {"ended": round(time.time())})
    diary.end("done", "", "")


def _device_of(settings: Settings) -> str:
    from hesui.models.device import choose_device

    return str(choose_device(settings))


def _follow(steps: Iterator[int], stop: Event, diary: _Diary) -> None:
    for done in steps:
        diary.more(done)
    if stop.is_set():
        raise Stopped


def _reach(diary: _Diary, stop: Event, done: int) -> None:
    if stop.is_set():
        raise Stopped
    diary.reach(done)


@contextmanager
def _device(settings: Settings, stop: Event, diary: _Diary) -> Iterator[None]:
    """Wait until no training run and no other evaluation has the device, and hold it. Raises Stopped."""
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(training.lent(settings))
                break
            except BlockingIOError:
                diary.wait()
            if stop.wait(POLL):
                raise Stopped
        yield


class _Diary:
    """Writes how far the evaluation is, now and then."""

    def __init__(self, folder: EvaluationFolder, tell: Tell) -> None:
        me = mine()
        self._folder = folder
        self._tell = tell
        before = folder.status()
        self.status = Status("starting", pid=me.pid, pid_started=me.started, created=before.created or time.time())
        self._since = (time.monotonic(), 0)
        self._written = 0.0
        self._write()

    def wait(self) -> None:
        """Others have the device."""
        self.status = replace(self.status, state="waiting")
        self._write()

    def begin(self, state: State, done: int, all: int) -> None:
        """A new part of the work, of which so much is done."""
        self.status = replace(self.status, state=state, done=done, all=all, rate=0.0)
        self._since = (time.monotonic(), done)
        self._write()

    def more(self, done: int) -> None:
        """So much more is done."""
        self.reach(self.status.done + done)

    def reach(self, done: int) -> None:
        """So much is done in all."""
        self.status = replace(self.status, done=done)
        now = time.monotonic()
        if now - self._written < BEAT:
            return
        start, before = self._since
        self.status = replace(self.status, rate=(done - before) / max(now - start, 1e-6))
        if now - start > RECENT:
            self._since = (now - RECENT / 2, done - round(self.status.rate * RECENT / 2))
        self._write()

    def end(self, state: State, note: str, key: str, **values: object) -> None:
        """The last word."""
        done = self.status.all if state == "done" else self.status.done
        self.status = replace(
            self.status, state=state, done=done, pid=None, pid_started=None, note=note, note_key=key, note_values=values
        )
        self._write()

    def _write(self) -> None:
        self.status = replace(self.status, heartbeat=time.time())
        self._folder.write_status(self.status)
        self._written = time.monotonic()
        self._tell(self.status)
