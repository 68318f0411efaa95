"""Merges a run's adapter into its base in a process of its own, so that whoever asks loads no second model.

The process goes on where whoever asked goes away. Knows neither torch nor how to merge.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

from hesui.errors import HesuiError, InputError
from hesui.processes import alive, spawn
from hesui.settings import Settings
from hesui.train.adopting import require_name
from hesui.train.jobs import view
from hesui.train.sittings import environment

PACE = 0.5  # seconds between two looks


def merge_apart(settings: Settings, id: str, name: str) -> Generator[float, None, Path]:
    """Merge what the run `id` trained into home/models/`name`: the seconds so far, again and again; at last the folder.

    Raises InputError where name or run cannot be used, HesuiError with the command's own words where it failed.
    """
    require_name(name)
    seen = view(settings, id)
    if seen.working:
        raise InputError(f"the run {seen.id} is at work; stop it first", "error.train_working", id=seen.id)
    out = settings.home.absolute() / "models" / name
    if out.exists():
        raise InputError(f"there is something at {out} already; take another name", "error.merge_taken", name=name)
    began, log = time.monotonic(), seen.folder.path / "merge.log"
    log.unlink(missing_ok=True)
    words = ["models", "merge", seen.id, "--out", str(out)]
    process = spawn("hesui", words, log, environment(seen.folder.config().base, settings))
    while alive(process):
        yield time.monotonic() - began
        time.sleep(PACE)
    if not (out / "config.json").is_file():
        reason = _last(log).removeprefix("hesui: ") or "–"
        raise HesuiError(f"it could not be merged: {reason}", "train.merge.failed", reason=reason)
    return out


def _last(log: Path) -> str:
    with suppress(OSError), log.open(encoding="utf-8", errors="replace") as lines:
        return next(iter(deque((line.strip() for line in lines if line.strip()), 1)), "")[:300]
    return ""
