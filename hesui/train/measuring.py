"""The measurement before a run, in a process of its own that can be given up at any time; one on a machine at once.

A run goes first: while one is at work nothing is measured, and one that begins ends a measurement. Knows neither torch
nor what is measured.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from uuid import uuid4

from hesui.errors import HesuiError, InputError
from hesui.files import write_json
from hesui.processes import Identity, alive, locked, spawn
from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.config import TrainConfig
from hesui.train.data import DataSet
from hesui.train.estimating import Measurement, keep, read_measurement, require_known_cost
from hesui.train.runs import RunFolder
from hesui.train.sittings import environment, send

REHEARSAL = "hesui.train.worker.rehearsal"
LIMIT = 600.0  # seconds that a measurement may take
BETWEEN = 1.0  # seconds between two looks at whether a run has begun
GONE = 1.0  # seconds within which a process that is killed is gone
ENDING = ".measuring"


class Measuring:
    """A measurement under way, as a context; leaving it ends the process and keeps nothing but the result."""

    def __init__(
        self, settings: Settings, config: TrainConfig, data: DataSet, *, worker: str = REHEARSAL, limit: float = LIMIT
    ) -> None:
        self._settings = settings
        self._config = jobs.located(config)
        self._data = data
        self._worker = worker
        self._limit = limit
        self._stack = ExitStack()
        self._process: Identity | None = None
        self._looked = 0.0

    def __enter__(self) -> Measuring:
        """Begin. Raises InputError where a run or another measurement is at work, or nothing can be measured."""
        require_known_cost(self._config, self._data)
        jobs.require_ready(self._config, self._settings)
        with self._stack:
            home = self._settings.home / "estimates"
            home.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(_alone(home))
            self._require_idle()
            for left in home.glob(f"*{ENDING}"):  # by an app that was killed
                shutil.rmtree(left, ignore_errors=True)
            self._folder = RunFolder(home / f"{uuid4().hex[:12]}{ENDING}")
            self._folder.path.mkdir()
            self._stack.callback(shutil.rmtree, self._folder.path, ignore_errors=True)
            write_json(self._folder.path / "config.json", self._config.record())
            self._stack.callback(self._end)
            self._began = time.monotonic()
            words = [str(self._folder.path.absolute())]
            self._process = spawn(
                self._worker, words, self._folder.log, environment(self._folder.config().base, self._settings)
            )
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def phase(self) -> str:
        """What is being done: model, data, probe, train."""
        return self._folder.status().phase or "model"

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def result(self) -> Measurement | None:
        """What was measured, which is kept from now on; None while it is under way.

        Raises HesuiError where it failed, took too long, or a run has begun meanwhile.
        """
        ended = self._process is None or not alive(self._process)  # asked first: it writes before it ends
        found = read_measurement(self._folder.path)
        if found is not None:
            keep(self._settings, self._config, self._data, found)
            return found
        if ended:
            raise self._died()
        if self.seconds > self._limit:
            raise InputError(
                f"measuring took more than {self._limit:.0f} seconds and was given up; try a smaller base, "
                "a smaller context or micro_batch", "train.estimate.slow", seconds=round(self._limit),
            )  # fmt: skip
        if time.monotonic() - self._looked > BETWEEN:
            self._require_idle()
            self._looked = time.monotonic()
        return None

    def _require_idle(self) -> None:
        for seen in jobs.views(self._settings):
            if seen.working:
                raise InputError(
                    f"the run {seen.id} is at work; measure once the device is free", "train.estimate.later",
                    id=seen.id,
                )  # fmt: skip

    def _died(self) -> HesuiError:
        """The error that says that the process ended without a word: as a rule the system wanted its memory."""
        last = ""
        with suppress(OSError), self._folder.log.open(encoding="utf-8", errors="replace") as lines:
            last = next(iter(deque((line.strip() for line in lines if line.strip()), 1)), "")[:200]
        return HesuiError(
            f"the process that measured was ended, most likely for want of memory ({last or 'it printed nothing'})",
            "train.estimate.died", reason=last or "–",
        )  # fmt: skip

    def _end(self) -> None:
        if self._process is None:
            return
        send(self._process, signal.SIGKILL)
        until = time.monotonic() + GONE
        while alive(self._process) and time.monotonic() < until:  # else it might still write into the folder
            time.sleep(0.02)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Inside, nobody else measures. Raises InputError where somebody does."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(home / ".lock", wait=False))
        except BlockingIOError:
            raise InputError(
                "another estimate is being measured; try again in a minute", "train.estimate.busy"
            ) from None
        yield
