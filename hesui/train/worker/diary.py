"""What the worker tells of a run: its status, with a heartbeat, and its measurements, a line each.

Knows nothing of training.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from uuid import uuid4

from hesui.processes import mine
from hesui.train.runs import RunFolder, Status
from hesui.train.worker.wish import Wish

log = logging.getLogger(__name__)

PULSE = 1.0  # seconds between two heartbeats


class Diary:
    """The status and the measurements of one run, written by one process; others that train with it keep silent."""

    def __init__(self, folder: RunFolder, wish: Wish, silent: bool = False) -> None:
        self._silent = silent
        self._folder = folder
        self._wish = wish
        self._lock = Lock()
        before = folder.status()
        self._seconds = before.seconds
        self._began = time.monotonic()
        self._status = Status(created=before.created, step=before.step, steps=before.steps)

    @property
    def status(self) -> Status:
        """The status as it was last written."""
        return self._status

    def tell(self, **changes: Any) -> None:
        """Write the status with `changes`. Raises OSError where the disk takes nothing more."""
        with self._lock:
            now = time.time()
            seconds = self._seconds + time.monotonic() - self._began
            self._status = replace(self._status, **changes, heartbeat=now, seconds=seconds)
            if not self._silent:
                self._folder.write_status(self._status)

    def measure(self, kind: str, step: int, **values: Any) -> None:
        """Append a measurement, there for every reader at once."""
        if self._silent:
            return
        line = json.dumps({"kind": kind, "step": step, "time": time.time(), **values}, ensure_ascii=False)
        with self._folder.metrics.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Inside, the status has a heartbeat; it says "stopping" as soon as somebody wants that."""
        identity = mine()
        self.tell(state="starting", pid=identity.pid, pid_started=identity.started)
        over = Event()
        thread = Thread(target=self._beat, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _beat(self, over: Event) -> None:
        while not over.wait(PULSE):
            with suppress(OSError):  # a full disk is the main thread's to tell
                self.tell(**({"state": "stopping"} if self._wish.now() != "run" else {}))


def cut(metrics: Path, step: int) -> None:
    """Drop what was measured after `step`, and lines that a crash cut short: these steps are made again."""
    if not metrics.exists():
        return
    draft = metrics.with_name(f"{metrics.name}.{uuid4().hex[:8]}.part")
    try:
        with metrics.open(encoding="utf-8", errors="replace") as lines, draft.open("w", encoding="utf-8") as kept:
            kept.writelines(line for line in lines if _until(line, step))
            kept.flush()
            os.fsync(kept.fileno())
        draft.replace(metrics)
    finally:
        draft.unlink(missing_ok=True)


def _until(line: str, step: int) -> bool:
    try:
        return line.endswith("\n") and int(json.loads(line)["step"]) <= step
    except (ValueError, TypeError, KeyError):
        return False
