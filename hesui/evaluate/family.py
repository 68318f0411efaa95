"""Which models a list of names means, and how large each is. Reads configurations and the heads of weight files, never
weights, and loads no torch.

A name is the base, an adapter's, that of a model behind a server, or the folder of a whole model. A model's size is the
number of its stored parameters, those of its base with it, or what is stated: NAME=600M.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from hesui.errors import InputError, ModelError
from hesui.models.registry import Registry, require_safetensors
from hesui.records import BASE, Answerer
from hesui.settings import Settings

CONFIG = "config.json"  # of a whole model
WEIGHTS = "*.safetensors"
LARGEST_HEAD = 100_000_000  # bytes; what the format allows

_STATED = re.compile(r"(?P<name>.+)=(?P<number>\d+(?:\.\d+)?)(?P<unit>[kmb]?)", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


@dataclass(frozen=True, slots=True)
class Member:
    """One model as it is asked."""

    name: str  # as it was given
    model: str  # what requests call it
    settings: Settings  # with its base
    folders: tuple[Path, ...]  # that hold its weights; () = they are not on this machine
    stated: int = 0  # its size as it was given; 0 = it is read


def members(names: Sequence[str], settings: Settings) -> list[Member]:
    """The models that are named, each once, in their order.

    Raises InputError where none is named, ModelNotFound where one does not exist, UnsafeWeights where it is pickled.
    """
    if not names:
        raise InputError("no model is chosen; choose at least one", "error.model_none")
    found = {member.name: member for member in (_member(name, settings) for name in names)}
    return list(found.values())


def parameters(member: Member) -> int:
    """How many parameters a model has. Raises ModelError where its files do not say."""
    if member.stated:
        return member.stated
    if not member.folders:
        reason = "its files are not on this machine"
        raise ModelError(
            f"the size of {member.name} cannot be read: {reason}; name its folder, or write {member.name}=600M",
            "error.model_size", name=member.name, reason=reason,
        )  # fmt: skip
    return sum(stored_parameters(file) for folder in member.folders for file in sorted(folder.glob(WEIGHTS)))


def stored_parameters(file: Path) -> int:
    """The numbers that a safetensors file holds, by its head. Raises ModelError.

    The format: https://github.com/huggingface/safetensors#format. Weights packed in fewer bits count as stored.
    """
    try:
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            if size > LARGEST_HEAD:
                raise ValueError("its head is too long")
            head = json.loads(stream.read(size))
        return sum(_numbers(told) for name, told in head.items() if name != "__metadata__")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"the size of {file.name} cannot be read ({error}); copy the model anew",
            "error.model_size", name=file.name, reason=error,
        ) from None  # fmt: skip


def asking(group: Sequence[Member], engine: Callable[[Settings], Answerer]) -> Iterator[tuple[Member, Answerer]]:
    """Each model with who answers for it; models of one base follow one another and share it."""
    bases = dict.fromkeys(member.settings.base_model for member in group)
    for base in bases:
        answerer: Answerer | None = None
        for member in group:
            if member.settings.base_model == base:
                answerer = answerer or engine(member.settings)
                yield member, answerer


def _member(given: str, settings: Settings) -> Member:
    stated = None if (Path(given) / CONFIG).is_file() else _STATED.fullmatch(given)
    if stated is None:
        return _named(given, settings)
    size = float(stated["number"]) * _UNITS[stated["unit"].lower()]
    return replace(_named(stated["name"], settings), stated=round(size))


def _named(name: str, settings: Settings) -> Member:
    registry = Registry(settings)
    folder = Path(name)
    if name in settings.remotes:
        return Member(name, name, settings, ())
    if name not in registry.names() and (folder / CONFIG).is_file():
        require_safetensors(folder, WEIGHTS)
        return Member(name, BASE, settings.model_copy(update={"base_model": str(folder)}), (folder,))
    base = registry.base()
    folders = (Path(base.location),) if base.local else ()
    if name == BASE:
        return Member(name, BASE, settings, folders)
    adapter = registry.adapter(name).folder
    return Member(name, name, settings, (*folders, adapter) if folders else ())


def _numbers(told: Mapping[str, Any]) -> int:
    shape = [int(size) for size in told["shape"]]
    if any(size < 0 for size in shape):
        raise ValueError("a shape is negative")
    return prod(shape)
