"""What models there are: one base, and adapters by name; reads folders, never weights, and loads no torch.

A name that comes from outside is looked up in the listing and never becomes part of a path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hesui.errors import ModelNotFound, UnsafeWeights
from hesui.records import BASE
from hesui.settings import EMBEDDED, TINY, Settings

TUNED = "tuned"  # the name of the embedded base's own adapter
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
TAUGHT = "hesui.json"  # beside an adapter's configuration, where the training here taught it more than text
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")


@dataclass(frozen=True, slots=True)
class BaseSource:
    """Where the base comes from."""

    name: str  # as the settings name it
    location: str  # a folder, or a Hub id
    local: bool


@dataclass(frozen=True, slots=True)
class AdapterSource:
    """Where an adapter lies."""

    name: str
    folder: Path

    @property
    def marks(self) -> bool:
        """Whether it was trained with countdown marks, which the engine then writes for it."""
        try:
            taught = json.loads((self.folder / TAUGHT).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return False
        return isinstance(taught, dict) and taught.get("markers") is True


class Registry:
    """The models that `settings` offer; every call looks at the disk anew, so that a finished run shows up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def base(self) -> BaseSource:
        """The base. Raises ModelNotFound for a missing folder, UnsafeWeights where it holds pickled weights only."""
        name = self._settings.base_model
        location = str(TINY / "base") if name == EMBEDDED else name
        folder = Path(location)
        if not folder.is_dir():
            if name == EMBEDDED or _looks_like_path(name):
                raise ModelNotFound(
                    f"no base model at {location}; set HESUI_BASE_MODEL to a model folder or a Hub id"
                    + (", or rebuild the embedded one with: hesui models build-tiny" if name == EMBEDDED else ""),
                    "error.base_not_found",
                    location=location,
                )
            return BaseSource(name, location, local=False)
        require_safetensors(folder, "*.safetensors")
        return BaseSource(name, location, local=True)

    def adapters(self) -> dict[str, AdapterSource]:
        """Every adapter by its name, the embedded one first."""
        return {source.name: source for source in self._adapters()}

    def names(self) -> list[str]:
        """What a request may name as its model: the base, then the adapters."""
        return [BASE, *self.adapters()]

    def adapter(self, name: str) -> AdapterSource:
        """The adapter called `name`.

        Raises ModelNotFound with the names there are, UnsafeWeights where its weights are pickled.
        """
        source = self.adapters().get(name)
        if source is None:
            raise ModelNotFound(
                f"no model is named {name!r}; choose one of: {', '.join(self.names())}",
                "error.model_not_found",
                name=name,
                names=", ".join(self.names()),
            )
        require_safetensors(source.folder, ADAPTER_WEIGHTS)
        return source

    def _adapters(self) -> Iterator[AdapterSource]:
        built_in = TINY / "adapter"
        if self._settings.base_model == EMBEDDED and (built_in / ADAPTER_CONFIG).is_file():
            yield AdapterSource(TUNED, built_in)
        folder = self._settings.adapters
        if not folder.is_dir():
            return
        for entry in sorted(folder.iterdir()):
            reserved = entry.name == BASE or (entry.name == TUNED and self._settings.base_model == EMBEDDED)
            if not reserved and (entry / ADAPTER_CONFIG).is_file():
                yield AdapterSource(entry.name, entry)


def require_safetensors(folder: Path, wanted: str) -> None:
    """Raise UnsafeWeights where `folder` has only pickled weights, ModelNotFound where it has none."""
    if any(folder.glob(wanted)):
        return
    pickled = sorted(file.name for pattern in PICKLED for file in folder.glob(pattern))
    if pickled:
        raise UnsafeWeights(
            f"{folder.name} holds pickled weights ({', '.join(pickled)}), which can run code when loaded; "
            "save the model as safetensors (save_pretrained does so) and try again",
            "error.unsafe_weights",
            name=folder.name,
            files=", ".join(pickled),
        )
    raise ModelNotFound(
        f"{folder.name} holds no weights ({wanted}); copy the whole model folder",
        "error.weights_missing",
        name=folder.name,
        wanted=wanted,
    )


def _looks_like_path(name: str) -> bool:
    # A Hub id is "name" or "owner/name"; anything else that is not a folder is a path with a mistake in it.
    return name.count("/") > 1 or name.startswith((".", "/", "~")) or "\\" in name
