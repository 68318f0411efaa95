"""Finds what is to be merged into its base: an adapter by its name, or what a run trained, by the run's id."""

from __future__ import annotations

from pathlib import Path

from hesui.errors import InputError, ModelNotFound
from hesui.models.registry import ADAPTER_CONFIG, ADAPTER_WEIGHTS, AdapterSource, Registry, require_safetensors
from hesui.settings import Settings
from hesui.train.runs import RunFolder, runs


def merge(settings: Settings, source: str, out: Path) -> Path:
    """Write an adapter, or a run's, merged into its base to the folder `out`, as hesui.models.merging.merge does.

    An adapter is of the settings' base, a run's of the base that it trained. Takes a minute for a billion parameters.
    Raises InputError and ModelError, also where `source` names neither.
    """
    settings, found = _found(settings, source)
    from hesui.models.merging import merge as merge_adapter  # loads torch

    return merge_adapter(settings, found, out)


def _found(settings: Settings, source: str) -> tuple[Settings, AdapterSource]:
    for folder in runs(settings.runs):  # looked up: a name from outside never becomes part of a path
        if folder.id == source:
            return settings.model_copy(update={"base_model": folder.config().base}), _of_run(folder)
    registry = Registry(settings)
    if source not in registry.adapters():
        known = ", ".join(registry.adapters()) or "none yet"
        raise ModelNotFound(
            f"neither an adapter nor a run is named {source!r}; the adapters: {known}; the runs: hesui train list",
            "error.merge_unknown", name=source, known=known,
        )  # fmt: skip
    return settings, registry.adapter(source)


def _of_run(folder: RunFolder) -> AdapterSource:
    if folder.config().adaptation == "full":
        raise InputError(
            f"the run {folder.id} tuned all weights: its folder {folder.path / 'model'} is a whole model already",
            "error.merge_full", id=folder.id, folder=str(folder.path / "model"),
        )  # fmt: skip
    if not (folder.adapter / ADAPTER_CONFIG).is_file():
        raise InputError(f"the run {folder.id} has no adapter yet", "error.train_no_adapter", id=folder.id)
    require_safetensors(folder.adapter, ADAPTER_WEIGHTS)
    return AdapterSource(folder.id, folder.adapter)
