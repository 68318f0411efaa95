"""Why a run failed, as its status says it: one sentence, by the name of its cause, and what to do about it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from hesui.errors import HesuiError
from hesui.models.device import is_out_of_memory
from hesui.train.config import TrainConfig
from hesui.train.thrift import thriftier
from hesui.train.worker.checkpoints import SPARE, full

FULL = (errno.ENOSPC, errno.EDQUOT)
EXHAUSTED = 8 * 2**20  # bytes; with fewer left, whatever failed to write failed for that


class Note(NamedTuple):
    """The end of a status."""

    note: str
    note_key: str
    note_values: Mapping[str, Any] = MappingProxyType({})


def explain(error: BaseException, config: TrainConfig | None, place: Path) -> Note:
    """What to tell of an error that ended the run whose folder is `place`."""
    if isinstance(error, HesuiError):
        return Note(str(error), error.key, {name: _plain(value) for name, value in error.values.items()})
    if _disk_is_full(error, place):
        told = full(SPARE, shutil.disk_usage(place).free)
        return Note(str(told), told.key, told.values)
    if is_out_of_memory(error):
        return _out_of_memory(config)
    reason = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"
    return Note(f"unexpected error ({reason}); the log has the details", "error.train_unexpected", {"reason": reason})


def diverged(step: int, config: TrainConfig) -> HesuiError:
    """The error that says that the loss is no number any more."""
    lower = f"{config.learning_rate / 10:.1g}"
    return HesuiError(
        f"the loss is no number at step {step}: training diverged; start again with a lower learning_rate, e.g. {lower}",
        "error.train_diverged", step=step, lower=lower,
    )  # fmt: skip


def _out_of_memory(config: TrainConfig | None) -> Note:
    settings = ", ".join(thriftier(config)) if config else "micro_batch=1"
    return Note(
        f"memory ran out; try one after the other: {settings}, or a smaller base", "error.train_memory",
        {"settings": settings},
    )  # fmt: skip


def _disk_is_full(error: BaseException, place: Path) -> bool:
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    text = str(error)
    writing = isinstance(error, OSError) or "No space left" in text or "writing" in text  # torch and safetensors
    return writing and shutil.disk_usage(place).free < EXHAUSTED


def _plain(value: object) -> Any:
    return value if isinstance(value, bool | int | float | str | None) else str(value)
