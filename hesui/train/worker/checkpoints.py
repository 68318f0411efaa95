"""Checkpoints as folders: complete ones bear a mark that is written last; few are kept, one may be published.

Knows nothing of what a checkpoint holds but for the files that a model or an adapter consists of.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from hesui.errors import HesuiError
from hesui.files import read_json, write_json
from hesui.models.registry import ADAPTER_CONFIG, ADAPTER_WEIGHTS, TAUGHT

KEPT = 2  # the last ones, to go on from
SPARE = 32 * 2**20  # bytes of the disk that are left to everything else
PUBLISHED = (ADAPTER_CONFIG, ADAPTER_WEIGHTS, "config.json", "generation_config.json",
             "model*.safetensors", "model.safetensors.index.json", "tokenizer*", "chat_template.jinja",
             "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt")  # fmt: skip

_MARK = "complete.json"
_NAME = re.compile(r"checkpoint-([0-9]+)")


class Checkpoint(NamedTuple):
    """A complete one."""

    step: int
    path: Path


def complete(folder: Path) -> list[Checkpoint]:
    """The complete checkpoints in `folder`, the oldest first."""
    found = [Checkpoint(int(match[1]), path) for match, path in _named(folder) if _is_complete(path, int(match[1]))]
    return sorted(found)


def sweep(folder: Path) -> None:
    """Delete what a crash left half-written."""
    for match, path in _named(folder):
        if not _is_complete(path, int(match[1])):
            shutil.rmtree(path, ignore_errors=True)


def seal(path: Path, step: int) -> None:
    """Say that the checkpoint is complete, once the disk has all of it."""
    for file in path.rglob("*"):
        if file.is_file():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
    write_json(path / _MARK, {"step": step})


def prune(folder: Path, best: int | None) -> None:
    """Delete all but the last ones and the one of step `best`."""
    for checkpoint in complete(folder)[:-KEPT]:
        if checkpoint.step != best:
            (checkpoint.path / _MARK).unlink(missing_ok=True)  # half of it deleted, it must not look complete
            shutil.rmtree(checkpoint.path, ignore_errors=True)


def require_room(folder: Path, wanted: int) -> None:
    """Raise HesuiError unless the disk takes `wanted` bytes more."""
    free = shutil.disk_usage(folder).free
    if free < wanted + SPARE:
        raise full(wanted + SPARE, free)


def full(wanted: int, free: int) -> HesuiError:
    """The error that says that the disk is full; both in bytes."""
    return HesuiError(
        f"the disk is full: a checkpoint needs {_mb(wanted)} MB, {_mb(free)} MB are free; make room and resume the run",
        "error.train_disk", wanted=_mb(wanted), free=_mb(free),
    )  # fmt: skip


def size(path: Path) -> int:
    """Bytes of all files in `path`."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def weight(model: Any) -> int:
    """Bytes of a checkpoint of a torch model: what is trained, and two moments of each weight."""
    trained = (one for one in model.parameters() if one.requires_grad)
    return sum(3 * one.numel() * one.element_size() for one in trained)


def publish(checkpoint: Path, target: Path, base: str = "", taught: Mapping[str, Any] | None = None) -> None:
    """Put what can be used of a checkpoint at `target`, in place of what lies there; readable for everybody.

    `base` is what an adapter's configuration is to call its base, where that is not where it was loaded from;
    `taught` is what whoever answers with it must know, if anything.
    """
    draft = target.with_name(f"{target.name}.{uuid4().hex[:8]}.part")
    old = target.with_name(f"{target.name}.{uuid4().hex[:8]}.old")
    try:
        draft.mkdir(parents=True)
        for file in {file for pattern in PUBLISHED for file in checkpoint.glob(pattern)}:
            shutil.copyfile(file, draft / file.name)
        config = draft / ADAPTER_CONFIG
        if base and config.is_file():
            write_json(config, {**read_json(config), "base_model_name_or_path": base})
        if taught:
            write_json(draft / TAUGHT, taught)
        for file in draft.iterdir():
            file.chmod(0o644)  # safetensors writes for the owner alone
        if target.exists():
            target.rename(old)
        draft.rename(target)
    finally:
        for left in (draft, old):
            shutil.rmtree(left, ignore_errors=True)


def _named(folder: Path) -> list[tuple[re.Match[str], Path]]:
    if not folder.is_dir():
        return []
    return [(match, path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]


def _is_complete(path: Path, step: int) -> bool:
    try:
        return read_json(path / _MARK).get("step") == step
    except (OSError, ValueError):
        return False


def _mb(size: int) -> int:
    return round(size / 2**20)
