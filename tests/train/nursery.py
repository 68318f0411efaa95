"""Starts training workers whose libraries are loaded already: `python -m nursery`, a JSON line in, one out.

Each worker is a process of its own, forked from this one, that does what `python -m hesui.train.worker RUN_DIR` does.
{"run": DIR, "memory": bytes, "disk": bytes}, the limits as wanted, is answered with the process id; {"poll": PID} with
the exit code, negative for a signal, null while it lives.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from importlib import import_module
from pathlib import Path

import psutil

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
LIBRARIES = (
    "hesui.train.worker.__main__", "hesui.train.worker.learner", "hesui.train.worker.trainers",
    "trl.trainer.sft_config", "trl.trainer.sft_trainer",
)  # fmt: skip


def main() -> None:
    for name in LIBRARIES:
        import_module(name)
    codes: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(poll(order["poll"], codes) if "poll" in order else start(order)), flush=True)


def start(order: dict[str, object]) -> int:
    pid = os.fork()
    if pid == 0:
        work(order)
    return pid


def poll(pid: int, codes: dict[int, int]) -> int | None:
    if pid not in codes:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            codes[pid] = os.waitstatus_to_exitcode(status)
    return codes.get(pid)


def work(order: dict[str, object]) -> None:
    from hesui.train.worker.__main__ import main as worker

    code = 1
    try:
        os.setsid()
        run = Path(str(order["run"]))
        log = os.open(run / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if order.get("memory"):
            limit = psutil.Process().memory_info().vms + int(str(order["memory"]))
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        if order.get("disk"):
            small_disk(run / "checkpoints", int(str(order["disk"])))
        sys.argv = ["hesui.train.worker", str(run)]
        code = worker()
    finally:
        os._exit(code)


def small_disk(folder: Path, size: int) -> None:
    """Mount a disk of `size` bytes at `folder` that this process alone sees; needs to be root."""
    folder.mkdir(exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={size}".encode()
    if (
        libc.unshare(CLONE_NEWNS)
        or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
        or libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, options)
    ):
        os._exit(77)


if __name__ == "__main__":
    main()
