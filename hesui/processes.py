"""Child processes that outlive the page: started in a session of their own, known by pid and start time.

A pid alone is reused by the system; with the start time it names one process for good. Output goes to a file, never
to a pipe that only a page would drain.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from hesui.files import read_json

STEP_BACK = 5  # of 19: a third of what an equal would get
CLOCK_ERROR = 1.0  # seconds by which two readings of one start time may differ


class Identity(NamedTuple):
    """One process, for good."""

    pid: int
    started: float  # seconds since 1970


def mine() -> Identity:
    """This process."""
    return Identity(os.getpid(), psutil.Process().create_time())


def recorded(path: Path) -> Identity | None:
    """The process that a file names; None where there is no such file."""
    try:
        found = read_json(path)
        return Identity(int(found["pid"]), float(found["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def step_back() -> None:
    """Let every other program go first from now on: this process and what it starts get what is left of the CPU."""
    os.nice(STEP_BACK)
    # Linux may weigh sessions against each other, and nice values only within one. A terminal's session is not ours.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(STEP_BACK), encoding="ascii")


def alive(identity: Identity) -> bool:
    """Whether the process still runs; a zombie does not."""
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.started) <= CLOCK_ERROR
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock that `path` stands for; the system frees it when its holder dies. POSIX only.

    Raises BlockingIOError where another holds it and there is no wish to `wait`.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def spawn(module: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Identity:
    """Start `python -m module …` in a session of its own, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603 - a list of words, no shell
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    identity = Identity(child.pid, psutil.Process(child.pid).create_time())
    threading.Thread(target=child.wait, daemon=True).start()  # else it stays behind as a zombie
    return identity
