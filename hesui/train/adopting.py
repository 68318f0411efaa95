"""Copies what a run trained to where Compare finds it, as a whole or not at all. Knows no process."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import regex

from hesui.errors import InputError
from hesui.files import read_json, write_json
from hesui.models.registry import ADAPTER_CONFIG, TUNED
from hesui.records import BASE
from hesui.settings import Settings
from hesui.train.runs import RunFolder

_NAME = regex.compile(r"[A-Za-z0-9_\p{Han}][A-Za-z0-9_\-\p{Han}]{0,63}")
ORIGIN = "run.json"  # in an adapter's folder: the run that it came from


def require_name(name: str) -> None:
    """Raise InputError where an adapter cannot be called so."""
    if _NAME.fullmatch(name) is None or name.casefold() in (BASE, TUNED):
        raise InputError(
            f"the name {name!r} cannot be used; take up to 64 letters, digits, Chinese characters, - or _, "
            f"not - at the beginning, and neither {BASE} nor {TUNED}",
            "error.train_name",
            name=name,
        )


def require_adapter(folder: RunFolder, settings: Settings) -> None:
    """Raise InputError where the run has no adapter yet, or one for another base than Compare shows."""
    if not (folder.adapter / ADAPTER_CONFIG).is_file():
        raise InputError(f"the run {folder.id} has no adapter yet", "error.train_no_adapter", id=folder.id)
    base, shown = folder.config().base, settings.base_model
    if base != shown and Path(base).absolute() != Path(shown).absolute():
        raise InputError(
            f"the run {folder.id} tuned the base {base}, but Compare shows {shown}; set HESUI_BASE_MODEL to {base}",
            "error.train_other_base",
            id=folder.id,
            base=base,
            shown=shown,
        )


def adopt(folder: RunFolder, target: Path) -> Path:
    """Copy the run's adapter to `target`, in place of an earlier copy of the same run.

    Raises InputError where anything else lies there.
    """
    # Beside the run, because the listing of adapters must not see one half copied.
    draft, old = (folder.path / f"opened.{uuid4().hex[:8]}.{kind}" for kind in ("part", "old"))
    try:
        shutil.copytree(folder.adapter, draft)
        write_json(draft / ORIGIN, {"run": folder.id})
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            _require_own(folder, target)
            target.rename(old)
        draft.rename(target)
    finally:
        for left in (draft, old):
            shutil.rmtree(left, ignore_errors=True)
    return target


def _require_own(folder: RunFolder, target: Path) -> None:
    try:
        origin = read_json(target / ORIGIN).get("run")
    except (OSError, ValueError):
        origin = None
    if origin != folder.id:
        raise InputError(
            f"the name {target.name!r} is taken by another adapter; take another one",
            "error.train_name_taken",
            name=target.name,
        )
